/** `vultus ablate`: a declared grid of configs, cross-validated and compared. */
import { availableParallelism } from 'node:os';
import { type Command, Option } from 'commander';
import { sourcesFor, trainingEvents } from '../experiments.js';
import { parseCount, parseCounts } from '../options.js';
import { clearProgress, notice, print } from '../output.js';

interface AblateFlags {
  data: string;
  grid: string;
  out: string;
  folds?: number[];
  seeds?: number[];
  finished?: boolean;
  threads?: number;
  cache?: string;
}

const examples = `
Example:
  $ vultus ablate --data london-expressions --grid configs/grids/lambda.json --out runs/lambda

The same command again goes on where it was stopped. The folder gets report.html, results.json, results.csv, and a folder per
protocol and cell, each a cross-validation.`;

/** Adds the command to the program. */
export function registerAblate(program: Command, signal: AbortSignal): void {
  program
    .command('ablate')
    .description('compare configs of a declared grid by cross-validation')
    .requiredOption('--data <dir>', 'folder of the data set')
    .requiredOption('--grid <file>', 'base config, cells, axes, protocols, folds, seeds (JSON, // comments allowed)')
    .requiredOption('--out <dir>', 'folder of the runs and the report')
    .addOption(new Option('--folds <list>', 'instead of the grid file’s, like 1,4,7').argParser(parseCounts))
    .addOption(new Option('--seeds <list>', 'instead of the grid file’s, like 1,2,3').argParser(parseCounts))
    .option('--finished', 'run nothing: report on the runs that are done, by several processes at once, say')
    .option('--threads <n>', 'threads of the run-time (default: all cores)', parseCount)
    .option('--cache <dir>', 'where parsed clips are kept (default: the user’s cache folder)')
    .addHelpText('after', examples)
    .action((flags: AblateFlags) => run(flags, signal));
}

async function run(flags: AblateFlags, signal: AbortSignal): Promise<void> {
  const { ablate } = await import('../../training/ablate.js');
  const { readGrid } = await import('../../training/grid.js');
  const { figureText } = await import('../../training/crossval-html.js');
  const { defaultCacheFolder } = await import('../../training/clip-store.js');
  const grid = await readGrid(flags.grid);
  const threads = flags.threads || availableParallelism();
  const { close, ...sources } = await sourcesFor(
    grid.cells.map(({ config }) => config),
    threads,
  );
  try {
    const { cells, done } = await ablate({
      ...{ data: flags.data, out: flags.out, grid, threads, signal, ...sources },
      cache: flags.cache ?? defaultCacheFolder(),
      folds: flags.folds,
      seeds: flags.seeds,
      finished: flags.finished,
      events: trainingEvents('  '),
      onRun: ({ cell, fold, seed, done: before, number, all }) => {
        const where = `${cell.protocolName}, ${cell.name}, fold ${fold}, seed ${seed}`;
        notice(`run ${number} of ${all}: ${where}${before ? ': done before' : ''}`);
      },
    });
    clearProgress();
    for (const { protocol, name, results, difference } of cells) {
      const war = results.summary.WAR;
      if (results.failed.length > 0) process.exitCode = 1;
      if (!war) {
        await print(`${protocol}: ${name}: diverged`);
        continue;
      }
      const apart = difference.WAR ? `  less the first: ${figureText('WAR', difference.WAR)}` : '';
      await print(`${protocol}: ${name}: WAR ${figureText('WAR', war)}${apart}`);
    }
    notice(`${done} runs; ± is half the 95% interval over folds; see ${flags.out}/report.html`);
  } finally {
    await close();
  }
}
