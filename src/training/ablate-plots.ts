/**
 * The plots a reviewer asks of a grid, each with a caption that says what, of how many, which interval, and a table of the same.
 * What the grid does not answer is left out: every function gives '' then.
 */
import type { Summary } from '../evaluation/aggregate.js';
import { type ForestRow, forestPlot } from '../report/forest-plot.js';
import { dotPlot, linePlot, type Series, table } from '../report/plots.js';
import type { CellResults } from './ablate-results.js';
import { figureText } from './crossval-html.js';

/** Figures of leakage, and what chance gives for each. */
export const trainedProbe = 'probe, people trained on';
export const newProbe = 'probe, new people';
export const chanceOf = (probe: string) => probe.replace('probe, ', 'probe chance, ');

/** WAR of every cell of a protocol. */
export function accuracyForest(cells: readonly CellResults[]): string {
  const rows = cells.flatMap(({ name, results }, i) => forestRow(name, 'WAR', results.summary.WAR, i));
  const plot = forestPlot(
    'Accuracy (WAR) on people never seen',
    rows,
    `Share of test clips named right. ${counts(cells, 'WAR')}`,
  );
  return withTable(plot, ['', 'WAR'], textRows(rows));
}

/** How much every cell differs from the first of its protocol. */
export function differenceForest(cells: readonly CellResults[], figure: string, title: string): string {
  const [first] = cells;
  const rows = cells
    .flatMap(({ name, difference }, i) => forestRow(name, figure, difference[figure], i))
    .map((row) => ({ ...row, text: row.y > 0 ? `+${row.text}` : row.text }));
  if (rows.length === 0) return '';
  const plot = forestPlot(
    `${title}, less that of ${first!.name}`,
    rows,
    `Difference in points, paired by fold. ${counts(cells, figure)} An interval that holds 0 tells no difference.`,
    true,
  );
  return withTable(plot, ['', 'difference'], textRows(rows));
}

/** WAR per condition and group, a dot for every cell. */
export function groupForest(cells: readonly CellResults[]): string {
  const names = [...new Set(cells.flatMap(({ results }) => Object.keys(results.summary)))].filter((name) =>
    name.startsWith('WAR, '),
  );
  const groups = names.map((figure) => ({
    name: figure.slice(5),
    bars: cells.map(({ name, results }) => {
      const one = results.summary[figure];
      return one && Number.isFinite(one.mean) ? { name, y: one.mean, margin: one.margin } : undefined;
    }),
  }));
  const cellNames = cells.map(({ name }) => name);
  const plot = dotPlot('WAR per condition and group', groups, cellNames, counts(cells, 'WAR'));
  const rows = names.map((figure) => [figure.slice(5), ...cells.map(({ results }) => text(results, figure))]);
  return withTable(plot, ['', ...cellNames], rows);
}

/** Cells that differ in lambda alone, with the one without a regulariser at 0. */
interface LambdaRow {
  name: string;
  cells: { lambda: number; cell: CellResults }[];
}

/** Identity leakage and WAR against lambda. */
export function lambdaPlots(cells: readonly CellResults[]): string {
  const rows = lambdaRows(cells);
  if (rows.length === 0) return '';
  const series = (figure: string, words: string, dashed: boolean): Series[] =>
    rows.flatMap(({ name, cells: own }, colour) => {
      const points = own.flatMap(({ lambda, cell }) => point(lambda, cell.results.summary[figure]));
      return distinct(points) > 1
        ? [{ name: rows.length > 1 ? `${name}: ${words}` : words, points, dashed, colour }]
        : [];
    });
  const chance = (figure: string, words: string): Series[] => {
    const points = rows[0]!.cells.flatMap(({ lambda, cell }) => point(lambda, cell.results.summary[chanceOf(figure)]));
    return points.length > 1 ? [{ name: words, chance: true, points: points.map(({ x, y }) => ({ x, y })) }] : [];
  };
  const leaks = [...series(trainedProbe, 'people trained on', false), ...series(newProbe, 'new people', true)];
  const axis = { x: 'lambda', shares: true, spacing: 'log' } as const;
  const among = `${counts(cells, 'WAR')} Lambdas of different penalties cannot be compared.`;
  const leakage = linePlot(
    leaks.length > 0
      ? [...leaks, ...chance(trainedProbe, 'chance, people trained on'), ...chance(newProbe, 'chance, new people')]
      : [],
    {
      ...{ title: 'Identity leakage against lambda', ...axis },
      caption: `Share of clips of which a linear probe names the person from z_e. ${among}`,
    },
  );
  const accuracy = linePlot(series('WAR', 'WAR', false), {
    ...{ title: 'Accuracy (WAR) against lambda', ...axis },
    caption: `The same cells: what the penalty costs or gives on people never seen. ${among}`,
  });
  const head = ['', 'lambda', 'WAR', trainedProbe, newProbe];
  const body = rows.flatMap(({ name, cells: own }) =>
    own.map(({ lambda, cell: { results } }) => [
      ...[name, String(lambda), text(results, 'WAR')],
      ...[text(results, trainedProbe), text(results, newProbe)],
    ]),
  );
  return withTable(leakage, head, body) + withTable(accuracy, head, body);
}

function lambdaRows(cells: readonly CellResults[]): LambdaRow[] {
  // Name and regulariser apart; what is left is the same whatever the order in which keys were set.
  const rest = ({ results: { config } }: CellResults, own: unknown) => {
    const { name: _, regulariser: __, ...others } = config;
    return JSON.stringify([others, own]);
  };
  const plain = cells.filter(({ results }) => (results.config.regulariser?.kind ?? 'none') === 'none');
  const rows = new Map<string, LambdaRow>();
  for (const cell of cells) {
    const { regulariser } = cell.results.config;
    if (!regulariser || regulariser.kind === 'none') continue;
    const key = rest(cell, { ...regulariser, lambda: 0 });
    let row = rows.get(key);
    if (!row) {
      const base = plain.find((other) => rest(other, null) === rest(cell, null));
      const same = [...rows.values()].filter(({ name }) => name.startsWith(regulariser.kind)).length;
      const name = same > 0 ? `${regulariser.kind} (${cell.name})` : regulariser.kind;
      row = { name, cells: base ? [{ lambda: 0, cell: base }] : [] };
      rows.set(key, row);
    }
    row.cells.push({ lambda: regulariser.lambda, cell });
  }
  return [...rows.values()]
    .filter(({ cells: own }) => distinct(own.map(({ lambda }) => ({ x: lambda }))) > 1)
    .map(({ name, cells: own }) => ({ name, cells: own.sort((a, b) => a.lambda - b.lambda) }));
}

/** WAR and leakage over the number of training subjects, a line for each cell; confounded protocols are left out. */
export function subjectPlots(cells: readonly CellResults[]): string {
  const names = [...new Set(cells.map(({ name }) => name))];
  const own = cells.filter(({ results }) => results.protocol?.kind !== 'confounded');
  const series = (figure: string): Series[] =>
    names.flatMap((name, colour) => {
      const points = own.flatMap(({ name: other, results: { summary } }) =>
        other === name && summary['training subjects']
          ? point(Math.round(summary['training subjects'].mean), summary[figure])
          : [],
      );
      return distinct(points) > 1 ? [{ name, points, colour }] : [];
    });
  if (series('WAR').length === 0) return '';
  const axis = { x: 'training subjects', shares: true, spacing: 'log' } as const;
  const lines = series(trainedProbe);
  const chance = own.flatMap(({ name, results: { summary } }) =>
    name === names[0] && summary['training subjects']
      ? point(Math.round(summary['training subjects'].mean), summary[chanceOf(trainedProbe)])
      : [],
  );
  const accuracy = linePlot(series('WAR'), {
    ...{ title: 'Accuracy (WAR) over the number of training subjects', ...axis },
    caption: `Test people are the same for all. ${counts(own, 'WAR')}`,
  });
  const leakage = linePlot(
    lines.length > 0 ? [...lines, { name: 'chance', chance: true, points: chance.map(({ x, y }) => ({ x, y })) }] : [],
    {
      ...{ title: 'Identity leakage over the number of training subjects', ...axis },
      caption: `Probe on the people trained on; chance falls with their number. ${counts(own, trainedProbe)}`,
    },
  );
  const rows = own.map(({ name, protocol, results }) => [
    ...[`${protocol}: ${name}`, text(results, 'training subjects').replace(/\.\d.*/, '')],
    ...[text(results, 'WAR'), text(results, trainedProbe)],
  ]);
  const head = ['', 'training subjects', 'WAR', trainedProbe];
  return withTable(accuracy, head, rows) + withTable(leakage, head, rows);
}

/** WAR against the time that a clip takes, for the cells of one protocol. */
export function timePlot(cells: readonly CellResults[]): string {
  const series = cells.flatMap(({ name, results: { summary } }, colour): Series[] => {
    const [war, time] = [summary.WAR, summary['milliseconds per clip']];
    if (!time || !Number.isFinite(time.mean)) return [];
    const points = point(Number(time.mean.toPrecision(3)), war).map((one) => ({ ...one, label: name }));
    return points.length > 0 ? [{ name, points, colour }] : [];
  });
  if (series.length < 2) return '';
  const plot = linePlot(series, {
    ...{ title: `Accuracy (WAR) against time, protocol ${cells[0]!.protocol}`, x: 'milliseconds per clip' },
    ...{ shares: true, scatter: true },
    caption: `Reading and predicting a test clip from its file, on the machine of the runs. ${counts(cells, 'WAR')}`,
  });
  const rows = cells.map(({ name, results }) => [name, text(results, 'milliseconds per clip'), text(results, 'WAR')]);
  return withTable(plot, ['', 'milliseconds per clip', 'WAR'], rows);
}

function forestRow(name: string, figure: string, one: Summary | undefined, colour: number): ForestRow[] {
  if (!one || !Number.isFinite(one.mean)) return [];
  return [{ name, y: one.mean, margin: one.margin, text: figureText(figure, one), colour }];
}

function textRows(rows: readonly ForestRow[]): string[][] {
  return rows.map(({ name, text }) => [name, text]);
}

function point(x: number, one: Summary | undefined): { x: number; y: number; margin: number | null }[] {
  return one && Number.isFinite(one.mean) && Number.isFinite(x) ? [{ x, y: one.mean, margin: one.margin }] : [];
}

function distinct(points: readonly { x: number }[]): number {
  return new Set(points.map(({ x }) => x)).size;
}

function text(results: CellResults['results'], figure: string): string {
  const one = results.summary[figure];
  return one ? figureText(figure, one) : '';
}

/** Of how many folds and runs the figures are, and what the bars mean. */
function counts(cells: readonly CellResults[], figure: string): string {
  const all = cells.flatMap(({ results }) => results.summary[figure] ?? []);
  const range = (values: readonly number[]) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return low === high ? String(low) : `${low} to ${high}`;
  };
  if (all.length === 0) return '';
  const folds = all.map((one) => one.folds);
  const bars = Math.max(...folds) > 1 ? "Bars: 95% interval, Student's t over folds." : 'One fold: no interval.';
  return `Mean over ${range(folds)} ${Math.max(...folds) === 1 ? 'fold' : 'folds'}, runs of a cell: ${range(all.map((one) => one.runs))}. ${bars}`;
}

function withTable(plot: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (plot === '') return '';
  return `<div>${plot}<details><summary>As a table</summary>${table(head, rows)}</details></div>`;
}
