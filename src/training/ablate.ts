/**
 * A grid of cross-validations and one report on them. Cells are compared with the first of their protocol fold by fold.
 * Runs are done fold by fold and seed by seed over all cells, so that an unfinished grid already compares like with like.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pairedDifference } from '../evaluation/aggregate.js';
import { writeWhole } from '../files/write-whole.js';
import { ablateHtml } from './ablate-html.js';
import type { AblateResults, CellResults } from './ablate-results.js';
import { type CrossvalOptions, crossval } from './crossval.js';
import type { CrossvalResults } from './crossval-results.js';
import type { Grid, GridCell } from './grid.js';

/** A grid and what `crossval` takes. */
export interface AblateOptions extends Omit<CrossvalOptions, 'config' | 'protocol' | 'onRun'> {
  grid: Grid;
  /** Before a run begins or is found done. */
  onRun?: (state: { cell: GridCell; fold: number; seed: number; done: boolean; number: number; all: number }) => void;
}

/** Figures whose differences are given. */
const compared = /^(WAR|UAR|macro-F1|probe, |retrieval, |retrieval of other expressions, |milliseconds)/;

/**
 * Runs what is missing; writes `results.json`, `results.csv` and `report.html` after every run. Throws as `train` does.
 */
export async function ablate(options: AblateOptions): Promise<AblateResults> {
  const { grid, out } = options;
  await mkdir(out, { recursive: true });
  await writeWhole(join(out, 'grid.json'), grid.source);
  const folds = options.folds ?? grid.folds;
  const seeds = options.seeds ?? grid.seeds;
  const results = new Map<GridCell, CrossvalResults>();
  // Without folds or seeds named, each cell's own decide; they are known once its first results are.
  const rounds = seeds && folds ? seeds.flatMap((seed) => folds.map((fold) => ({ seed, fold }))) : [undefined];
  const all = rounds.length * grid.cells.length;
  let number = 0;
  for (const [r, round] of rounds.entries()) {
    // So far: everything before this round, and this one.
    const until = round && rounds.slice(0, r + 1).map((one) => one!);
    for (const cell of grid.cells) {
      number++;
      const onRun: CrossvalOptions['onRun'] = (run) => {
        const earlier = round && (run.fold !== round.fold || run.seed !== round.seed);
        if (!earlier) options.onRun?.({ ...run, cell, ...(round && { number, all }) });
      };
      const found = await crossval({
        ...options,
        config: cell.config,
        out: join(out, cell.folder),
        ...(cell.protocol && { protocol: cell.protocol }),
        ...(round ? { only: until } : { folds, seeds }),
        onRun,
      });
      if (options.finished && found.done === 0) continue;
      results.set(cell, found);
      await report(options, results);
    }
  }
  return await report(options, results);
}

async function report(
  { grid, out }: AblateOptions,
  results: ReadonlyMap<GridCell, CrossvalResults>,
): Promise<AblateResults> {
  const first = new Map<string, CrossvalResults>();
  for (const [cell, found] of results) if (!first.has(cell.protocolName)) first.set(cell.protocolName, found);
  const cells = [...results].map(([cell, found]): CellResults => {
    const base = first.get(cell.protocolName)!;
    const names = base === found ? [] : Object.keys(found.summary).filter((name) => compared.test(name));
    const differences = names.flatMap((name) => {
      const difference = pairedDifference(found.runs, base.runs, name);
      return difference ? [[name, difference] as const] : [];
    });
    return {
      name: cell.name,
      protocol: cell.protocolName,
      folder: cell.folder,
      results: found,
      difference: Object.fromEntries(differences),
    };
  });
  const sum = (of: (found: CrossvalResults) => number) => [...results.values()].reduce((s, found) => s + of(found), 0);
  const all: AblateResults = { name: grid.name, cells, done: sum((f) => f.done), all: sum((f) => f.all) };
  await writeWhole(join(out, 'results.json'), `${JSON.stringify(all, null, 1)}\n`);
  await writeWhole(join(out, 'results.csv'), csvOf(cells));
  await writeWhole(join(out, 'report.html'), ablateHtml(all));
  return all;
}

function csvOf(cells: readonly CellResults[]): string {
  const quote = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = cells.flatMap(({ name, protocol, results, difference }) =>
    Object.entries(results.summary).map(([figure, { mean, margin, folds, runs }]) => {
      const apart = difference[figure];
      const row = [protocol, name, figure, mean, margin ?? '', folds, runs, apart?.mean ?? '', apart?.margin ?? ''];
      return row.map((value) => quote(String(value))).join(',');
    }),
  );
  return `${['protocol,cell,figure,mean,margin95,folds,runs,difference,difference_margin95', ...lines].join('\n')}\n`;
}
