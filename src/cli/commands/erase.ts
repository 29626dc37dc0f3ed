/** `vultus erase`: a finished run's network without what its z_e tells of the person. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { writeWhole } from '../../files/write-whole.js';
import type { EraseOptions, KeptErasure } from '../../training/erasure/erase.js';
import { UsageError } from '../failure.js';
import { parseCount, parseCounts } from '../options.js';
import { clearProgress, notice, print, progress } from '../output.js';

interface Flags {
  run: string;
  data: string;
  directions: number[];
  identity: 'person' | 'face';
  out?: string;
  threads: number;
  cache?: string;
}

const examples = `
Example:
  $ vultus erase --run runs/cv --data london-expressions
  $ vultus erase --run runs/residual --data london-expressions --directions 4 --out erased.onnx

A linear probe then finds less of the person, and expressions stay as far as they do not lie in the same directions: the table says how
far, and 0 is the run as it is. Nothing is trained but a classifier, in a minute or two a run; the same command
again goes on where it was stopped. The folder gets erasure-results.json and erasure.html. vultus fuse calibrates the model of --out.`;

export function registerErase(program: Command, signal: AbortSignal): void {
  program
    .command('erase')
    .description('take identity out of finished runs, in closed form')
    .requiredOption('--run <dir>', 'folder of vultus train, or of vultus crossval: all its finished runs')
    .requiredOption('--data <dir>', 'folder of the data set')
    .addOption(
      new Option('--directions <list>', 'how many directions of z_e to take out')
        .argParser(parseCounts)
        .default([1, 2, 4, 8, 16, 32], '1,2,4,8,16,32'),
    )
    .addOption(
      new Option('--identity <what>', 'the person whom the manifest names, or a descriptor of each clip’s face')
        .choices(['person', 'face'])
        .default('person'),
    )
    .option('--out <file>', 'the model to write: of one run, with one number of directions')
    .option('--threads <n>', 'threads of the run-time', parseCount, 1)
    .option('--cache <dir>', 'where parsed clips are kept (default: the user’s cache folder)')
    .addHelpText('after', examples)
    .action((flags: Flags) => run(flags, signal));
}

async function run(flags: Flags, signal: AbortSignal): Promise<void> {
  const { out } = flags;
  const directions = [...new Set(flags.directions)].filter((n) => n > 0).sort((a, b) => a - b);
  if (directions.length === 0) throw new UsageError('--directions: say how many, from 1');
  const folders = await runsIn(flags.run);
  if (folders.length === 0) throw new UsageError(`${flags.run} holds no finished run of vultus train or crossval`);
  if (out !== undefined && (folders.length > 1 || directions.length > 1)) {
    throw new UsageError(
      `--out writes one model, and these are ${folders.length * directions.length}: name one run, and one number with --directions`,
    );
  }
  const { erase, eraseRun, nameOf } = await import('../../training/erasure/erase.js');
  const { erasureHead, erasureHtml, erasureResults, erasureRows } = await import(
    '../../training/erasure/erasure-results.js'
  );
  const { defaultCacheFolder } = await import('../../training/clip-store.js');
  const { faceIdentity } = await import('../../training/face-identity.js');
  const threads = Math.max(1, flags.threads);
  const face = flags.identity === 'face' ? faceIdentity(threads) : undefined;
  const identity: EraseOptions['identity'] = face ?? 'person';
  try {
    const runs: KeptErasure[] = [];
    for (const [i, folder] of folders.entries()) {
      const options = {
        ...{ run: folder, data: flags.data, directions, identity, threads, signal },
        cache: flags.cache ?? defaultCacheFolder(),
        onProgress: (what: string, done: number, all: number) =>
          progress(`run ${i + 1} of ${folders.length}: ${what} ${done} of ${all}`),
      };
      if (out === undefined) runs.push(await erase(options));
      else {
        const made = await eraseRun(options);
        await writeWhole(out, made.models[1]!.model);
        runs.push(made);
      }
      clearProgress();
      notice(`run ${i + 1} of ${folders.length}: ${folder}`);
    }
    const results = erasureResults(runs, nameOf(identity));
    const rows = [erasureHead, ...erasureRows(results)];
    const widths = erasureHead.map((_, c) => Math.max(...rows.map((row) => row[c]!.length)) + 2);
    for (const row of rows)
      await print(
        row
          .map((cell, c) => cell.padEnd(widths[c]!))
          .join('')
          .trimEnd(),
      );
    if (out !== undefined) notice(`${out} written`);
    else {
      await writeWhole(join(flags.run, 'erasure-results.json'), `${JSON.stringify(results, null, 1)}\n`);
      await writeWhole(join(flags.run, 'erasure.html'), erasureHtml(results));
      notice(`see ${join(flags.run, 'erasure.html')}`);
    }
  } finally {
    await face?.close();
  }
}

/** The folder itself if it holds a finished run, else those of each fold and seed. */
async function runsIn(folder: string): Promise<string[]> {
  const finished = async (path: string) =>
    (await stat(join(path, 'metrics.json')).catch(() => undefined)) !== undefined;
  if (await finished(folder)) return [folder];
  const found: string[] = [];
  for (const fold of await numbered(folder, 'fold')) {
    for (const seed of await numbered(fold, 'seed')) if (await finished(seed)) found.push(seed);
  }
  return found;
}

/** Folders `<word>-<number>` in a folder, by number. */
async function numbered(folder: string, word: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const number = (name: string) => Number(name.slice(word.length + 1));
  const own = names.filter((name) => new RegExp(`^${word}-\\d+$`).test(name)).sort((a, b) => number(a) - number(b));
  return own.map((name) => join(folder, name));
}
