/**
 * Subject-independent cross-validation: every fold is tested once by models that never saw its people, the epoch chosen
 * by a validation fold among the others. A run per fold and seed, each in a folder of its own; what is finished is not
 * done again and what was interrupted goes on, so one command may be called until it is through.
 */
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadDataset } from '../dataset/dataset.js';
import { knownLabels } from '../dataset/manifest.js';
import { ModelError } from '../errors.js';
import { summarise } from '../evaluation/aggregate.js';
import { writeWhole } from '../files/write-whole.js';
import { crossvalHtml } from './crossval-html.js';
import type { CrossvalResults } from './crossval-results.js';
import type { TrainEvents, TrainOptions } from './options.js';
import { packageVersion } from './package-version.js';
import { train } from './run.js';
import { type FinishedRun, figuresOf, readRun } from './run-figures.js';
import { isDivergence } from './step.js';

/** A config, the data, and which folds and seeds to run. */
export interface CrossvalOptions
  extends Pick<
    TrainOptions,
    'data' | 'config' | 'out' | 'threads' | 'cache' | 'protocol' | 'identity' | 'apex' | 'signal'
  > {
  /** Test folds; all of the data set by default. */
  folds?: readonly number[] | undefined;
  /** Each fold is run with each; the config's seed by default. */
  seeds?: readonly number[] | undefined;
  /** Pairs to be run, in place of all folds with all seeds. */
  only?: readonly { fold: number; seed: number }[] | undefined;
  /** Train nothing: the results are those of the runs that are done, by this process or another. */
  finished?: boolean | undefined;
  /** Before a run begins or is found done. */
  onRun?: (state: { fold: number; seed: number; done: boolean; number: number; all: number }) => void;
  /** Of the run under way. */
  events?: Partial<TrainEvents>;
}

/** Runs what is missing, writes `results.json` and `report.html` after every run. Throws as `train` does. */
export async function crossval(options: CrossvalOptions): Promise<CrossvalResults> {
  const { config, out, protocol } = options;
  const dataset = await loadDataset(options.data, { labels: [...new Set([...knownLabels, ...(config.labels ?? [])])] });
  const codecs = [config.codec].flat();
  const present = dataset.clips.filter(({ codec }) => codecs.includes(codec)).map(({ fold }) => fold);
  const all = [...new Set(present)].sort((a, b) => a - b);
  const folds = options.only?.map(({ fold }) => fold) ?? options.folds ?? all;
  for (const fold of folds) {
    if (!all.includes(fold)) throw new ModelError(`there is no fold ${fold}; the data set has ${all.join(', ')}`);
  }
  const seeds = options.seeds ?? [config.seed];
  await openFolder(out, {
    config: { ...config, seed: undefined },
    data: dataset.hash,
    faces: dataset.facesHash,
    protocol,
  });

  const jobs = options.only ?? seeds.flatMap((seed) => folds.map((fold) => ({ fold, seed })));
  const finished: FinishedRun[] = [];
  const failed: CrossvalResults['failed'] = [];
  const resultsOf = (): CrossvalResults => ({
    name: config.name,
    package: packageVersion(),
    data: { name: dataset.name, sha256: dataset.hash, faces: dataset.facesHash },
    protocol: protocol ? { name: protocol.name, kind: protocol.kind, sha256: hashesOf(finished) } : null,
    config,
    ...combine(finished),
    failed,
    done: finished.length + failed.length,
    all: jobs.length,
  });
  for (const [i, { fold, seed }] of jobs.entries()) {
    options.signal?.throwIfAborted();
    const folder = join(out, `fold-${fold}`, `seed-${seed}`);
    const run = await readRun(folder);
    const why = await readFailure(folder);
    const done = run !== undefined || why !== undefined;
    if (done || !options.finished) options.onRun?.({ fold, seed, done, number: i + 1, all: jobs.length });
    if (run) finished.push(run);
    else if (why !== undefined) failed.push({ fold, seed, why });
    else if (options.finished) continue;
    else {
      try {
        await train({
          ...options,
          config: { ...config, seed },
          out: folder,
          testFold: fold,
          validationFold: all[(all.indexOf(fold) + 1) % all.length]!,
          resume: await exists(join(folder, 'checkpoint.safetensors')),
          leakage: true,
        });
        finished.push((await readRun(folder))!);
      } catch (error) {
        if (!isDivergence(error)) throw error;
        options.events?.notice?.(`fold ${fold}, seed ${seed}: ${error.message}; the others go on`);
        await writeWhole(join(folder, 'failed.json'), `${JSON.stringify({ why: error.message })}\n`);
        failed.push({ fold, seed, why: error.message });
      }
    }
    const results = resultsOf();
    await writeWhole(join(out, 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
    await writeWhole(join(out, 'report.html'), crossvalHtml(results));
  }
  return resultsOf();
}

/** A folder goes on only with what it was begun with; folds and seeds may be added. */
async function openFolder(out: string, what: Record<string, unknown>): Promise<void> {
  await mkdir(out, { recursive: true });
  const path = join(out, 'crossval.json');
  const text = `${JSON.stringify(what, null, 1)}\n`;
  const before = await readFile(path, 'utf8').catch(() => undefined);
  if (before === undefined) await writeWhole(path, text);
  else if (before !== text) {
    throw new ModelError(`${out} holds runs of another config, data set or protocol: name another --out`);
  }
}

/** Why the run in this folder diverged, if it did. Without its folder it is tried again. */
async function readFailure(folder: string): Promise<string | undefined> {
  const text = await readFile(join(folder, 'failed.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as { why: string }).why;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function hashesOf(runs: readonly FinishedRun[]): string[] {
  return [...new Set(runs.flatMap(({ metrics }) => metrics.protocol?.sha256 ?? []))];
}

function combine(
  runs: readonly FinishedRun[],
): Pick<CrossvalResults, 'labels' | 'summary' | 'confusion' | 'curves' | 'runs'> {
  const labels = runs[0]?.metrics.test.labels ?? [];
  const figures = runs.map(figuresOf);
  const confusion = labels.map((_, i) =>
    labels.map((_, j) => runs.reduce((sum, { metrics }) => sum + metrics.test.confusion[i]![j]!, 0)),
  );
  const epochs = Math.max(0, ...runs.map((run) => run.epochs.length));
  const curves = Array.from({ length: epochs }, (_, e) => {
    const entries = runs.flatMap((run) => run.epochs[e] ?? []);
    const mean = (of: (entry: (typeof entries)[number]) => number) =>
      entries.reduce((sum, entry) => sum + of(entry), 0) / entries.length;
    return { epoch: e + 1, trainAccuracy: mean((x) => x.trainAccuracy), validationWar: mean((x) => x.validation.war) };
  });
  return { labels, summary: summarise(figures), confusion, curves, runs: figures };
}
