/** `vultus reproduce`: a corpus as it was downloaded to the field's protocol, run, beside published figures. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { percent, sourcesFor } from '../experiments.js';
import { UsageError } from '../failure.js';
import { parseCount } from '../options.js';
import { clearProgress, notice, print, progress } from '../output.js';
import { addPrepareOptions, corpusNamed, type PrepareFlags, prepareCorpus, variantNamed } from './dataset.js';

interface ReproduceFlags extends PrepareFlags {
  config?: string;
  only?: string[];
  epochs?: number;
  seed?: number;
  threads?: number;
  cache?: string;
}

const examples = `
Example:
  $ vultus reproduce ck-plus --root CK+ --out runs/ck-plus
  $ vultus reproduce ravdess --root RAVDESS --out runs/ravdess --only residual summed

The folder gets data/ (as vultus dataset prepare makes it), runs/<experiment>/fold-<n>/, report.json and report.html. Ctrl-C
keeps what is done; the same command goes on, and ends with the same report. Exit code 1: files of this copy are missing or
damaged, or a round failed; the report says which.`;

export function registerReproduce(program: Command, signal: AbortSignal): void {
  const command = program
    .command('reproduce')
    .description('run a corpus’ protocol and set the scores beside published ones')
    .argument('<name>', 'name of the corpus (vultus dataset list)')
    .requiredOption('--out <dir>', 'folder of data, runs and report');
  addPrepareOptions(command)
    .option('--config <file>', 'training config that the experiments change (default: the built-in one)')
    .option('--only <names...>', 'only these experiments (default: all)')
    .option('--epochs <n>', 'instead of the config’s', parseCount)
    .option('--seed <n>', 'instead of the config’s', parseCount)
    .option('--threads <n>', 'threads of the run-time (default: all cores)', parseCount)
    .option('--cache <dir>', 'where parsed clips are kept (default: the user’s cache folder)')
    .addHelpText('after', examples)
    .action((name: string, flags: ReproduceFlags) => run(name, flags, signal));
}

async function run(name: string, flags: ReproduceFlags, signal: AbortSignal): Promise<void> {
  const { baseConfig, configOf, experiments } = await import('../../training/reproduction/experiments.js');
  const { reproduce } = await import('../../training/reproduction/reproduce.js');
  const { parseTrainingConfig } = await import('../../training/config.js');
  const { defaultCacheFolder } = await import('../../training/clip-store.js');
  const corpus = await corpusNamed(name);
  const variant = variantNamed(corpus, flags.variant);
  const strange = flags.only?.find((one) => !experiments.some((experiment) => experiment.name === one));
  if (strange !== undefined) {
    const names = experiments.map((one) => one.name).join(', ');
    throw new UsageError(`there is no experiment ${strange}: choose from ${names}`);
  }
  if (flags.epochs === 0) throw new UsageError('--epochs must be at least 1');
  const read = flags.config
    ? parseTrainingConfig(await readFile(flags.config, 'utf8'), basename(flags.config))
    : baseConfig();
  const base: Record<string, unknown> = {
    ...read,
    ...(flags.epochs !== undefined && { epochs: flags.epochs }),
    ...(flags.seed !== undefined && { seed: flags.seed }),
  };
  const chosen = experiments.filter((one) => flags.only?.includes(one.name) ?? true);
  const threads = flags.threads || availableParallelism();
  // A config that is none is refused before hours of work.
  const configs = chosen.map((one) => configOf(base, one, corpus.variants[variant]!.labels, ['any']));

  const data = join(flags.out, 'data');
  const prepared = await prepareCorpus(corpus, flags, data, signal);
  let doing = '';
  const { close, ...sources } = await sourcesFor(configs, threads);
  const report = await reproduce({
    ...sources,
    corpus,
    variant,
    data,
    prepared,
    out: flags.out,
    base,
    experiments: chosen,
    threads,
    cache: flags.cache ?? defaultCacheFolder(),
    signal,
    events: {
      notice,
      round: (experiment, { test }, at, all) => {
        doing = `${experiment}, fold ${test} (${at + 1} of ${all})`;
        progress(doing);
      },
      work: (what, done, all) => progress(`${doing}: ${what} ${done} of ${all} clips`),
      epoch: ({ epoch, validation }, epochs) =>
        progress(`${doing}: epoch ${epoch} of ${epochs}, validation WAR ${(100 * validation.war).toFixed(1)}%`),
    },
  }).finally(close);
  clearProgress();
  const width = Math.max(...report.experiments.map((one) => one.name.length)) + 2;
  await print(`${report.title}, ${report.about}: ${report.data.clips} clips of ${report.data.subjects} subjects\n`);
  for (const { name: own, pooled, war, failed, rounds } of report.experiments) {
    const range =
      war.low === null || war.high === null ? '' : ` (over rounds ${percent(war.low)} to ${percent(war.high)})`;
    const lost = failed.length === 0 ? '' : `; ${failed.length} of ${failed.length + rounds.length} rounds failed`;
    await print(`${own.padEnd(width)}WAR ${percent(pooled.war)}${range}  UAR ${percent(pooled.uar)}${lost}`);
  }
  for (const { name: own, reason } of report.left) await print(`${own.padEnd(width)}not trained: ${reason}`);
  if (report.data.differences.length > 0) {
    await print('This copy is not the published corpus: its scores cannot be set beside published ones.');
  }
  for (const { method, accuracy, differs } of report.published) {
    await print(`published   ${method}: ${accuracy}%${differs ? `; differs: ${differs}` : ''}`);
  }
  for (const { failed, name: own } of report.experiments) {
    for (const { test, error } of failed) notice(`${own}, fold ${test}: ${error}`);
  }
  notice(`${join(flags.out, 'report.html')} written`);
  if (prepared.faulty || report.experiments.some(({ failed }) => failed.length > 0)) process.exitCode = 1;
}
