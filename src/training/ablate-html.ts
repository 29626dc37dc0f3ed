/** A grid's report as one HTML page without scripts: the table a reviewer asks for, and the plots. */
import { escapeHtml, page, table } from '../report/plots.js';
import * as plots from './ablate-plots.js';
import type { AblateResults, CellResults } from './ablate-results.js';
import { dataNote, figureText } from './crossval-html.js';

const { newProbe, trainedProbe: probe } = plots;
const shown = [
  'WAR',
  'UAR',
  'macro-F1',
  probe,
  'retrieval of other expressions, people trained on',
  newProbe,
  'milliseconds per clip',
];

/** The page. */
export function ablateHtml(all: AblateResults): string {
  const protocols = [...new Set(all.cells.map(({ protocol }) => protocol))];
  const data = all.cells[0]?.results.data;
  const body = protocols.map((protocol) => {
    const cells = all.cells.filter((cell) => cell.protocol === protocol);
    return `<h2>Protocol: ${escapeHtml(protocol)}</h2>
${comparison(cells)}
${charts(
  plots.accuracyForest(cells),
  plots.differenceForest(cells, 'WAR', 'Accuracy (WAR)'),
  plots.lambdaPlots(cells),
  plots.differenceForest(cells, probe, 'Identity leakage (probe, people trained on)'),
  plots.groupForest(cells),
)}`;
  });
  return page(
    all.name,
    `<h1>${escapeHtml(all.name)}</h1>
<p>${data ? `${escapeHtml(data.name)}, data ${escapeHtml(data.sha256.slice(0, 12))}. ` : ''}${all.done} of ${all.all} runs.
Mean over folds after averaging seeds, ± half the 95% interval (Student's t over folds). In brackets: less the first row, paired
by fold.${data ? dataNote(data.name) : ''}</p>
${body.join('\n')}
${section('Over the number of training subjects', plots.subjectPlots(all.cells))}
${section('Accuracy against time', plots.timePlot(all.cells.filter(({ protocol }) => protocol === protocols[0])))}
<p>Each cell's own page: ${all.cells.map(({ folder, name, protocol }) => `<a href="${escapeHtml(`${folder}/report.html`.replaceAll('\\', '/'))}">${escapeHtml(`${protocol}: ${name}`)}</a>`).join(', ')}.</p>`,
  );
}

function comparison(cells: readonly CellResults[]): string {
  const columns = shown.filter((name) => cells.some(({ results }) => results.summary[name]));
  const chance = chanceOf(cells);
  const rows = cells.map(({ name, results, difference }) => [
    name,
    ...columns.map((figure) => {
      const one = results.summary[figure];
      if (!one) return '';
      const apart = difference[figure];
      if (!apart) return figureText(figure, one);
      const plus = apart.mean >= 0 ? '+' : '';
      return `${figureText(figure, one)} (${plus}${figureText(figure, apart)})`;
    }),
    `${results.summary.WAR?.folds ?? 0} / ${results.done}${results.failed.length > 0 ? ` (${results.failed.length} diverged)` : ''}`,
    String(Math.round(results.summary['epochs with an alarm']?.mean ?? 0)),
  ]);
  return `${table(['', ...columns, 'folds / runs', 'epochs with an alarm'], rows)}${chance}`;
}

function chanceOf(cells: readonly CellResults[]): string {
  const summary = cells[0]?.results.summary ?? {};
  const words = [probe, newProbe, 'retrieval of other expressions, people trained on'].flatMap((name) => {
    const [what, who] = name.split(', ');
    const chance = summary[`${what} chance, ${who}`];
    const given = summary[`${what} chance given expression, ${who}`];
    if (!chance) return [];
    return `${name} ${figureText(name, { ...chance, margin: null })}${given ? ` (knowing the expression ${figureText(name, { ...given, margin: null })})` : ''}`;
  });
  return words.length > 0 ? `<p>Chance: ${escapeHtml(words.join('; '))}.</p>` : '';
}

function charts(...all: string[]): string {
  const drawn = all.filter((one) => one !== '').join('\n');
  return drawn && `<div class="charts">${drawn}</div>`;
}

function section(title: string, drawn: string): string {
  return drawn && `<h2>${title}</h2>\n${charts(drawn)}`;
}
