/** A grid's report as one HTML page without scripts: the table a reviewer asks for, and the plots. */
import { dotPlot, escapeHtml, linePlot, page, type Series, table } from '../report/plots.js';
import type { AblateResults, CellResults } from './ablate-results.js';
import { dataNote, figureText } from './crossval-html.js';

const probe = 'probe, people trained on';
const shown = [
  'WAR',
  'UAR',
  'macro-F1',
  probe,
  'retrieval of other expressions, people trained on',
  'probe, new people',
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
${byCondition(cells)}
${leakageAgainstLambda(cells)}`;
  });
  return page(
    all.name,
    `<h1>${escapeHtml(all.name)}</h1>
<p>${data ? `${escapeHtml(data.name)}, data ${escapeHtml(data.sha256.slice(0, 12))}. ` : ''}${all.done} of ${all.all} runs.
Mean over folds after averaging seeds, ± half the 95% interval (Student's t over folds). In brackets: less the first row, paired
by fold.${data ? dataNote(data.name) : ''}</p>
${body.join('\n')}
${overSubjects(all.cells)}
${againstTime(all.cells)}
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
  const words = [probe, 'probe, new people', 'retrieval of other expressions, people trained on'].flatMap((name) => {
    const [what, who] = name.split(', ');
    const chance = summary[`${what} chance, ${who}`];
    const given = summary[`${what} chance given expression, ${who}`];
    if (!chance) return [];
    return `${name} ${figureText(name, { ...chance, margin: null })}${given ? ` (knowing the expression ${figureText(name, { ...given, margin: null })})` : ''}`;
  });
  return words.length > 0 ? `<p>Chance: ${escapeHtml(words.join('; '))}.</p>` : '';
}

function byCondition(cells: readonly CellResults[]): string {
  const names = [...new Set(cells.flatMap(({ results }) => Object.keys(results.summary)))].filter((name) =>
    name.startsWith('WAR, '),
  );
  const groups = names.map((figure) => ({
    name: figure.slice(5),
    bars: cells.map(({ name, results }) => {
      const one = results.summary[figure];
      return one && { name, y: one.mean, margin: one.margin };
    }),
  }));
  return dotPlot(
    'WAR per condition and group',
    groups,
    cells.map(({ name }) => name),
  );
}

/** Cells of one regulariser in a row by lambda; those without one stand at 0 of every row. */
function leakageAgainstLambda(cells: readonly CellResults[]): string {
  const kindOf = ({ results }: CellResults) => results.config.regulariser?.kind ?? 'none';
  const lambdaOf = ({ results }: CellResults) => results.config.regulariser?.lambda ?? 0;
  const kinds = [...new Set(cells.map(kindOf))].filter((kind) => kind !== 'none');
  const plain = cells.find((cell) => kindOf(cell) === 'none');
  const series = (figure: string): Series[] =>
    kinds.flatMap((kind) => {
      const own = [...(plain ? [plain] : []), ...cells.filter((cell) => kindOf(cell) === kind)];
      const points = own.flatMap((cell) => {
        const one = cell.results.summary[figure];
        return one ? [{ x: cell === plain ? 0 : lambdaOf(cell), y: one.mean, margin: one.margin }] : [];
      });
      return new Set(points.map(({ x }) => x)).size > 1 ? [{ name: kind, points }] : [];
    });
  const plot = (figure: string, title: string) =>
    linePlot(series(figure), { title, x: 'lambda', shares: true, spacing: 'even' });
  return `${plot(probe, 'Identity leakage (probe, people trained on) against lambda')}${plot('WAR', 'WAR against lambda')}`;
}

/** Learning curves over the number of training subjects, a series for each cell. */
function overSubjects(cells: readonly CellResults[]): string {
  const names = [...new Set(cells.map(({ name }) => name))];
  const series = (figure: string): Series[] =>
    names.map((name) => ({
      name,
      points: cells.flatMap((cell) => {
        const kind = cell.results.protocol?.kind;
        const [one, subjects] = [cell.results.summary[figure], cell.results.summary['training subjects']];
        if (cell.name !== name || kind === 'confounded' || !one || !subjects) return [];
        return [{ x: Math.round(subjects.mean), y: one.mean, margin: one.margin }];
      }),
    }));
  const enough = series('WAR').some(({ points }) => new Set(points.map(({ x }) => x)).size > 1);
  if (!enough) return '';
  return `<h2>Over the number of training subjects</h2>
${linePlot(series('WAR'), { title: 'WAR', x: 'training subjects', shares: true, spacing: 'even' })}
${linePlot(series(probe), { title: 'Probe, people trained on', x: 'training subjects', shares: true, spacing: 'even' })}`;
}

function againstTime(cells: readonly CellResults[]): string {
  const [protocol] = cells.map((cell) => cell.protocol);
  const series = cells.flatMap(({ name, protocol: own, results: { summary } }) => {
    const [war, time] = [summary.WAR, summary['milliseconds per clip']];
    if (own !== protocol || !war || !time) return [];
    return [{ name, points: [{ x: Number(time.mean.toFixed(2)), y: war.mean, margin: war.margin }] }];
  });
  if (series.length < 2) return '';
  return `<h2>Accuracy against time</h2><p>Reading and predicting a test clip from its file, on the machine of the runs.</p>
${linePlot(series, { title: `WAR, protocol ${protocol}`, x: 'milliseconds per clip', shares: true, scatter: true })}`;
}
