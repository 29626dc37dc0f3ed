/** `vultus dataset`: corpora of the field, as they were downloaded, to folders with manifest.csv. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { Corpus } from '../../dataset/corpora/index.js';
import type { LoadedFinder } from '../../dataset/preparation/detector.js';
import type { CorpusReport } from '../../dataset/preparation/report.js';
import { UsageError } from '../failure.js';
import { parseJobs } from '../options.js';
import { clearProgress, notice, print, progress } from '../output.js';
import { registerReencode } from './reencode.js';

/** What `prepare` and `reproduce` share. */
export interface PrepareFlags {
  root: string;
  out: string;
  variant?: string;
  keepCodec: boolean;
  boxes: 'detect' | 'frame';
  jobs: number;
}

const examples = `
Example:
  $ vultus dataset list
  $ vultus dataset prepare ck-plus --root CK+ --out data/ck-plus
  $ vultus dataset prepare crema-d --root CREMA-D --out data/crema-d --keep-codec

The data set gets clips/, manifest.csv, faces.csv, folds.json, report.json and report.html. Nothing in --root is changed.
After an interruption the same command goes on and ends with the same bytes. Exit code 1: some clips were left out because
files of this copy are missing or damaged; report.html names them.`;

export function registerDataset(program: Command, signal: AbortSignal): void {
  const dataset = program
    .command('dataset')
    .description('corpora of the field to folders with manifest.csv; such folders in other encodings');
  dataset.command('list').description('the corpora that can be read, with their variants').action(list);
  const prepare = dataset
    .command('prepare')
    .description('convert a corpus as it was downloaded')
    .argument('<name>', 'name of the corpus (vultus dataset list)')
    .requiredOption('--out <dir>', 'folder of the data set');
  addPrepareOptions(prepare)
    .addHelpText('after', examples)
    .action(async (name: string, flags: PrepareFlags) => {
      const corpus = await corpusNamed(name);
      const report = await prepareCorpus(corpus, flags, flags.out, signal);
      await print(reportText(report));
      notice(`${join(flags.out, 'report.html')} written`);
      if (report.faulty) process.exitCode = 1;
    });
  registerReencode(dataset, signal);
}

/** The options that say how a corpus is prepared. */
export function addPrepareOptions(command: Command): Command {
  return command
    .requiredOption('--root <dir>', 'the corpus as it was unpacked')
    .option('--variant <name>', 'which part and labels (default: the first that the list names)')
    .option('--keep-codec', 'copy videos that can be read as they are rather than convert them', false)
    .addOption(
      new Option('--boxes <how>', 'faces: detect them on I-frames, or take the whole frame')
        .choices(['detect', 'frame'])
        .default('detect'),
    )
    .option('--jobs <n>', 'clips converted at the same time', parseJobs, Math.max(1, availableParallelism() - 1));
}

/** The corpus of this name. Throws UsageError naming all. */
export async function corpusNamed(name: string): Promise<Corpus> {
  const { corpora } = await import('../../dataset/corpora/index.js');
  const corpus = corpora.find((one) => one.name === name);
  if (corpus) return corpus;
  throw new UsageError(`no corpus ${name}: there are ${corpora.map((one) => one.name).join(', ')}`);
}

/** The variant asked for, or the corpus' first. Throws UsageError naming all. */
export function variantNamed(corpus: Corpus, name: string | undefined): string {
  const names = Object.keys(corpus.variants);
  const variant = name ?? names[0]!;
  if (names.includes(variant)) return variant;
  throw new UsageError(`${corpus.name} has no variant ${variant}: there are ${names.join(', ')}`);
}

/** Prepares with progress on the terminal. */
export async function prepareCorpus(
  corpus: Corpus,
  flags: PrepareFlags,
  out: string,
  signal: AbortSignal,
): Promise<CorpusReport> {
  const { prepare } = await import('../../dataset/preparation/prepare.js');
  const variant = variantNamed(corpus, flags.variant);
  let finder: LoadedFinder | undefined;
  if (flags.boxes === 'detect') {
    const { loadFinder } = await import('../../dataset/preparation/detector.js');
    finder = await loadFinder();
  }
  try {
    return await prepare({
      corpus,
      variant,
      root: flags.root,
      out,
      keepCodec: flags.keepCodec,
      finder,
      jobs: flags.jobs,
      signal,
      events: {
        progress: (done, all) => progress(`preparing ${done} of ${all} clips`),
        fault: ({ path, reason }) => notice(reason.includes(path) ? reason : `${path}: ${reason}`),
      },
    });
  } finally {
    clearProgress();
    await finder?.close();
  }
}

/** The report in a few lines. */
export function reportText(report: CorpusReport): string {
  const { clips, subjects, skipped, differences, withoutFace } = report;
  const kinds = new Map<string, number>();
  for (const { kind } of skipped) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const lines = [
    `${report.title}, ${report.about}: ${clips.found} clips of ${subjects.found} subjects, ${report.frames.all} frames`,
    `labels    ${Object.entries(report.labels)
      .map(([label, { found }]) => `${label} ${found}`)
      .join(', ')}`,
    `left out  ${[...kinds].map(([kind, n]) => `${n} ${kind}`).join(', ') || 'nothing'}`,
    `counts    ${differences.length === 0 ? 'as published' : differences.join('; ')}`,
  ];
  if (withoutFace.length > 0) lines.push(`no face   found in ${withoutFace.length} clips: the whole picture is taken`);
  return lines.join('\n');
}

async function list(): Promise<void> {
  const { corpora } = await import('../../dataset/corpora/index.js');
  for (const corpus of corpora) {
    await print(`${corpus.name.padEnd(12)}${corpus.title}. ${corpus.licence} ${corpus.obtain}`);
    for (const [name, { about, published }] of Object.entries(corpus.variants)) {
      await print(`  ${name.padEnd(16)}${about}: ${published.clips} clips`);
    }
  }
}
