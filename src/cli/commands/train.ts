/** `vultus train`: a data set and a config to a model. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { sourcesFor, time, trainingEvents } from '../experiments.js';
import { UsageError } from '../failure.js';
import { parseCount } from '../options.js';
import { clearProgress, notice, print } from '../output.js';

interface TrainFlags {
  data: string;
  config: string;
  out: string;
  testFold: number;
  valFold: number;
  everyone: boolean;
  start?: string;
  protocol?: string;
  epochs?: number;
  seed?: number;
  threads?: number;
  cache?: string;
  resume: boolean;
  verify: boolean;
  leakage: boolean;
}

const examples = `
Example:
  $ vultus train --data london-expressions --config configs/summed.json --out runs/summed
  $ vultus train --data london-expressions --config configs/summed.json --out runs/summed --resume

The run folder gets model.onnx, metrics.json, record.jsonl, record.html and checkpoint.safetensors. Ctrl-C saves a
checkpoint; --resume goes on from it and ends as the uninterrupted run would have.`;

export function registerTrain(program: Command, signal: AbortSignal): void {
  program
    .command('train')
    .description('train a model on a folder with manifest.csv')
    .requiredOption('--data <dir>', 'folder of the data set')
    .requiredOption('--config <file>', 'signal, network and hyperparameters (JSON, // comments allowed)')
    .requiredOption('--out <dir>', 'folder of the run')
    .option('--test-fold <n>', 'fold that is tested once, at the end', parseCount, 9)
    .option('--val-fold <n>', 'fold by which the epoch is chosen', parseCount, 8)
    .option('--everyone', 'train on all folds and take the last epoch: for a recipe that was tested before', false)
    .option('--start <file>', 'best.safetensors of another run of this network: begin with its weights')
    .option('--protocol <file>', 'which training clips to learn from (configs/protocols)')
    .option('--leakage', 'also measure how well z_e names the person', false)
    .option('--epochs <n>', 'instead of the config file’s', parseCount)
    .option('--seed <n>', 'instead of the config file’s', parseCount)
    .option('--threads <n>', 'threads of the run-time (default: all cores)', parseCount)
    .option('--cache <dir>', 'where parsed clips are kept (default: the user’s cache folder)')
    .option('--resume', 'go on with the run in --out', false)
    .option('--verify', 'compare all files with their sums in the manifest first', false)
    .addHelpText('after', examples)
    .action((flags: TrainFlags) => run(flags, signal));
}

async function run(flags: TrainFlags, signal: AbortSignal): Promise<void> {
  const { train } = await import('../../training/run.js');
  const { parseTrainingConfig } = await import('../../training/config.js');
  const { parseProtocol } = await import('../../training/protocol.js');
  const { defaultCacheFolder } = await import('../../training/clip-store.js');
  const { leakageText } = await import('../../evaluation/leakage.js');
  const { reportText } = await import('../../evaluation/report.js');
  if (flags.epochs === 0) throw new UsageError('--epochs must be at least 1');
  const config = parseTrainingConfig(await readFile(flags.config, 'utf8'), basename(flags.config));
  if (flags.epochs !== undefined) config.epochs = flags.epochs;
  if (flags.seed !== undefined) config.seed = flags.seed;
  const protocol =
    flags.protocol === undefined
      ? undefined
      : parseProtocol(await readFile(flags.protocol, 'utf8'), basename(flags.protocol));
  const threads = flags.threads || availableParallelism();
  const { close, ...sources } = await sourcesFor([config], threads);
  const result = await train({
    ...sources,
    ...(protocol && { protocol }),
    leakage: flags.leakage,
    data: flags.data,
    config,
    out: flags.out,
    validationFold: flags.valFold,
    testFold: flags.testFold,
    everyone: flags.everyone,
    start: flags.start === undefined ? undefined : await readFile(flags.start),
    threads,
    cache: flags.cache ?? defaultCacheFolder(),
    resume: flags.resume,
    verify: flags.verify,
    signal,
    events: trainingEvents(),
  }).finally(close);
  clearProgress();
  await print(
    flags.everyone
      ? `trained on everyone; fold ${flags.testFold}, which it has seen, so that this is no score of new people\n`
      : `test fold ${flags.testFold}, epoch ${result.bestEpoch} (chosen by validation fold ${flags.valFold})\n`,
  );
  await print(reportText(result.test));
  const { train: own, test: others } = result.leakage ?? {};
  if (own) await print(`\npeople trained on: ${leakageText(own)}`);
  if (others) await print(`\nnew people: ${leakageText(others)}`);
  notice(`${result.model} written; ${time(result.seconds)}, ${Math.round(result.framesPerSecond)} frames/s`);
}
