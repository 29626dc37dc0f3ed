/** `vultus crossval`: how good a config is on people it never saw, with an interval. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { sourcesFor, trainingEvents } from '../experiments.js';
import { parseCount, parseCounts } from '../options.js';
import { clearProgress, notice, print } from '../output.js';

interface CrossvalFlags {
  data: string;
  config: string;
  out: string;
  protocol?: string;
  folds?: number[];
  seeds?: number[];
  threads?: number;
  cache?: string;
}

const examples = `
Example:
  $ vultus crossval --data london-expressions --config configs/summed.json --out runs/cv
  $ vultus crossval --data london-expressions --config configs/min-min.json --protocol configs/protocols/few-16.json \\
      --folds 1,4,7 --seeds 1,2,3 --out runs/few-16

A run per fold and seed. The same command again goes on where it was stopped, and does what was added to --folds or --seeds.
The folder gets results.json, report.html and a folder per run.`;

/** Adds the command to the program. */
export function registerCrossval(program: Command, signal: AbortSignal): void {
  program
    .command('crossval')
    .description('cross-validate a config, no person on two sides')
    .requiredOption('--data <dir>', 'folder of the data set')
    .requiredOption('--config <file>', 'signal, network, losses (JSON, // comments allowed)')
    .requiredOption('--out <dir>', 'folder of the runs and the report')
    .option('--protocol <file>', 'which training clips to learn from (configs/protocols)')
    .addOption(new Option('--folds <list>', 'test folds, like 1,4,7 (default: all)').argParser(parseCounts))
    .addOption(new Option('--seeds <list>', 'seeds, like 1,2,3 (default: the config’s)').argParser(parseCounts))
    .option('--threads <n>', 'threads of the run-time (default: all cores)', parseCount)
    .option('--cache <dir>', 'where parsed clips are kept (default: the user’s cache folder)')
    .addHelpText('after', examples)
    .action((flags: CrossvalFlags) => run(flags, signal));
}

async function run(flags: CrossvalFlags, signal: AbortSignal): Promise<void> {
  const { crossval } = await import('../../training/crossval.js');
  const { figureText } = await import('../../training/crossval-html.js');
  const { parseTrainingConfig } = await import('../../training/config.js');
  const { parseProtocol } = await import('../../training/protocol.js');
  const { defaultCacheFolder } = await import('../../training/clip-store.js');
  const config = parseTrainingConfig(await readFile(flags.config, 'utf8'), basename(flags.config));
  const protocol =
    flags.protocol === undefined
      ? undefined
      : parseProtocol(await readFile(flags.protocol, 'utf8'), basename(flags.protocol));
  const threads = flags.threads || availableParallelism();
  const { close, ...sources } = await sourcesFor([config], threads);
  try {
    const results = await crossval({
      ...{ data: flags.data, config, out: flags.out, threads, signal, ...sources },
      ...(protocol && { protocol }),
      cache: flags.cache ?? defaultCacheFolder(),
      folds: flags.folds,
      seeds: flags.seeds,
      events: trainingEvents('  '),
      onRun: ({ fold, seed, done, number, all }) =>
        notice(`run ${number} of ${all}: fold ${fold}, seed ${seed}${done ? ': done before' : ''}`),
    });
    clearProgress();
    if (results.failed.length > 0) process.exitCode = 1;
    const width = Math.max(0, ...Object.keys(results.summary).map((name) => name.length)) + 2;
    for (const [name, one] of Object.entries(results.summary)) {
      await print(`${name.padEnd(width)}${figureText(name, one)}`);
    }
    notice(`${results.done} runs; ± is half the 95% interval over folds; see ${flags.out}/report.html`);
  } finally {
    await close();
  }
}
