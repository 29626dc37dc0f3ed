/**
 * Takes identity out of a network that is trained: z_e without its directions of largest covariance with the person (`eraser.ts`),
 * a classifier fitted anew to what is left, and how much of person and expression that leaves. Nothing else is trained, and both
 * fits have one optimum: a whole curve over directions costs less than one point of a curve over lambda.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetClip } from '../../dataset/manifest.js';
import { ModelError } from '../../errors.js';
import type { RunFigures } from '../../evaluation/aggregate.js';
import { clipBatches, outcomeOf } from '../../evaluation/evaluate.js';
import { type EmbeddedClip, leakageOf } from '../../evaluation/leakage.js';
import { type ClipOutcome, type EvaluationReport, reportOf } from '../../evaluation/report.js';
import { fitSoftmax } from '../../evaluation/softmax-regression.js';
import { writeWhole } from '../../files/write-whole.js';
import type { ModelCard } from '../../network/card.js';
import { type ExpressionModel, exportModel, loadModel, readCard } from '../../network/model.js';
import { readSafetensors, type WeightSet } from '../../network/weights.js';
import { type FeatureSource, openFeatures, standardise } from '../clip-features.js';
import { embedClips } from '../embed.js';
import { fileOf } from '../fuse.js';
import { cardMetricsOf } from '../model-card.js';
import { packageVersion } from '../package-version.js';
import { openParsedClips } from '../parsed-clips.js';
import { figuresOf, type RunMetrics, readRun } from '../run-figures.js';
import { ofSamePeople, type Plan, planRun } from '../run-plan.js';
import { erasedWeights, relu } from './erased-model.js';
import { type AffineMap, apply, Eraser } from './eraser.js';

/** A finished run, and what to take out of it. */
export interface EraseOptions {
  /** Folder of `train`, or of one fold and seed of `crossval`. */
  run: string;
  /** Folder of the data set that it was trained on. */
  data: string;
  /** How many directions to take out, each from 1; every one makes a model. Where there are fewer, all that there are. */
  directions: readonly number[];
  /** What counts as identity: the person whom the manifest names, or a descriptor of each clip's face, which needs no names. */
  identity: 'person' | FeatureSource;
  threads: number;
  /** Folder of the clip cache. */
  cache: string;
  onProgress?: (what: string, done: number, all: number) => void;
  signal?: AbortSignal;
}

/** The network without so many directions. */
export interface Erased {
  /** 0: the run's own model. */
  directions: number;
  model: Uint8Array;
  /** Those of a run, by the same names. The probe of people trained on sees clips that its eraser was not fitted to. */
  figures: RunFigures['figures'];
}

export interface Erasure {
  metrics: RunMetrics;
  /** 0 directions first, then those asked for. */
  models: Erased[];
}

/** The figures of an erasure, as a run's folder keeps them: what was found once is not worked out again. */
export interface KeptErasure {
  metrics: RunMetrics;
  models: Pick<Erased, 'directions' | 'figures'>[];
}

/** `eraseRun`, or what an earlier call found of the same model with the same choice. Throws as that does. */
export async function erase(options: EraseOptions): Promise<KeptErasure> {
  const path = join(options.run, 'erasure.json');
  const checked = await checkedRun(options);
  const identity = nameOf(options.identity);
  const sha256 = createHash('sha256').update(checked.model).digest('hex');
  const key = { package: packageVersion(), identity, directions: options.directions, model: sha256 };
  const text = await readFile(path, 'utf8').catch(() => undefined);
  const known = text === undefined ? undefined : (JSON.parse(text) as { key: unknown } & KeptErasure);
  if (known && JSON.stringify(known.key) === JSON.stringify(key)) return known;
  const { metrics, models } = await eraseChecked(options, checked);
  const found: KeptErasure = { metrics, models: models.map(({ directions, figures }) => ({ directions, figures })) };
  await writeWhole(path, `${JSON.stringify({ key, ...found })}\n`);
  return found;
}

/** What counts as identity, in words. */
export function nameOf(identity: EraseOptions['identity']): string {
  return identity === 'person' ? 'person' : identity.name;
}

/** Throws ModelError where the folder holds no finished run of one network on these data, or one of everyone; and as reading clips does. */
export async function eraseRun(options: EraseOptions): Promise<Erasure> {
  return eraseChecked(options, await checkedRun(options));
}

/** A run that can be erased from, checked against its data. */
interface CheckedRun {
  metrics: RunMetrics;
  plan: Plan;
  model: Uint8Array;
}

async function checkedRun({ run: folder, data, cache }: EraseOptions): Promise<CheckedRun> {
  const finished = await readRun(folder);
  if (!finished) throw new ModelError(`${folder} holds no finished run of vultus train or crossval`);
  const { metrics } = finished;
  const { config, folds, protocol } = metrics;
  if (config.stills) throw new ModelError(`${folder} is a run of two networks: identity is erased from one`);
  const chosen = { validationFold: folds.validation, testFold: folds.test, ...(protocol && { protocol }) };
  const plan = await planRun({ data, config, cache, ...chosen });
  if (plan.dataset.hash !== metrics.data.sha256) {
    throw new ModelError(`${folder} is a run on another data set than ${data}`);
  }
  const model = await readFile(join(folder, 'model.onnx'));
  if (readCard(model).data.folds.includes(folds.test)) {
    throw new ModelError(`${folder} learnt from fold ${folds.test} too: what erasing costs cannot be told`);
  }
  return { metrics, plan, model };
}

async function eraseChecked(options: EraseOptions, { metrics, plan, model }: CheckedRun): Promise<Erasure> {
  const { run: folder, data, cache, threads, onProgress, signal } = options;
  const { config, folds } = metrics;
  const run = {
    ...{ data, config, cache, threads, out: folder, resume: false },
    ...{ validationFold: folds.validation, testFold: folds.test },
    events: { work: (what: string, done: number, all: number) => onProgress?.(what, done, all) },
    ...(signal && { signal }),
  };
  const { weights } = readSafetensors(await readFile(join(folder, 'best.safetensors')));
  const trained = ofSamePeople(plan.split.train, plan.whole);
  const store = await openParsedClips(run, plan.dataset, plan.whole);
  const base = await loadModel(model, { threads });
  let embedded: Map<DatasetClip, Float32Array>;
  try {
    const clips = await embedClips(trained, store, base);
    embedded = new Map(clips.map(({ embedding }, i) => [trained[i]!, embedding]));
  } finally {
    await base.close();
    store.close();
  }
  const source = { ...options, ...plan, card: base.card, weights, embedded };
  const { all, half, fitted } = await fitErasers(source);
  const candidates: Candidate[] = [
    { directions: 0, model, half: half.map(0) },
    ...[...new Set(options.directions.map((n) => Math.min(n, all.strengths.length)))].map((n) => ({
      ...{ directions: n, half: half.map(n) },
      model: withoutDirections(source, n, all.map(n)),
    })),
  ];
  return { metrics, models: await measure(source, candidates, fitted, metrics) };
}

/** What the steps share. */
interface Source extends EraseOptions, Plan {
  card: ModelCard;
  weights: WeightSet;
  /** z_e of the clips of the people trained on. */
  embedded: ReadonlyMap<DatasetClip, Float32Array>;
}

interface Candidate {
  directions: number;
  model: Uint8Array;
  /** The map fitted to half of the clips. */
  half: AffineMap;
}

/** One eraser for use, fitted to all clips trained on, and one fitted to half of them, which leaves the others for the probe. */
async function fitErasers(source: Source): Promise<{ all: Eraser; half: Eraser; fitted: ReadonlySet<DatasetClip> }> {
  const { identity, split, labels, embedded } = source;
  const vectors = identity === 'person' ? personVectors(split.train) : await descriptors(identity, source);
  const rows = split.train.filter((row) => vectors(row) !== undefined);
  const eraserOf = (clips: readonly DatasetClip[]) =>
    new Eraser({
      embeddings: clips.map((row) => embedded.get(row)!),
      identities: clips.map((row) => vectors(row)!),
      labels: clips.map(({ emotion }) => labels.indexOf(emotion)),
    });
  const half = everySecond(rows);
  return { all: eraserOf(rows), half: eraserOf(half), fitted: new Set(half) };
}

/** 1 for the clip's person, 0 for the others. */
function personVectors(clips: readonly DatasetClip[]): (row: DatasetClip) => Float32Array {
  const people = [...new Set(clips.map(({ subject }) => subject))].sort();
  return ({ subject }) => Float32Array.from(people, (name) => (name === subject ? 1 : 0));
}

async function descriptors(
  from: FeatureSource,
  { cache, dataset, split, onProgress, signal }: Source,
): Promise<(row: DatasetClip) => Float32Array | undefined> {
  const { features } = await openFeatures(cache, dataset, split.train, from, {
    onProgress: (done, all) => onProgress?.('describing', done, all),
    abort: signal,
  });
  const standard = standardise(
    features,
    split.train.filter(({ clip }) => features.has(clip)),
  );
  return ({ clip }) => standard.get(clip);
}

/** Of each person's clips of each expression every second one, the first of an odd number for every second person. */
function everySecond(clips: readonly DatasetClip[]): DatasetClip[] {
  const cells = new Map<string, DatasetClip[]>();
  for (const row of clips) {
    const key = `${row.subject} ${row.emotion}`;
    cells.set(key, [...(cells.get(key) ?? []), row]);
  }
  return [...cells.values()].flatMap((rows, c) => rows.filter((_, i) => (i + c) % 2 === 0));
}

function withoutDirections(source: Source, directions: number, map: AffineMap): Uint8Array {
  const { card, split, labels, weights, embedded } = source;
  const classifier = fitSoftmax(
    split.train.map((row) => relu(apply(map, embedded.get(row)!))),
    split.train.map(({ emotion }) => labels.indexOf(emotion)),
    labels.length,
  );
  const { training } = card;
  const erasure = { 'erasure.directions': directions, 'erasure.identity': nameOf(source.identity) };
  return exportModel(erasedWeights(weights, map, classifier), {
    ...{ ...card, date: new Date().toISOString().slice(0, 10), metrics: [] },
    training: { ...training, hyperparameters: { ...training.hyperparameters, ...erasure } },
  });
}

/** What the models, as their files answer, tell of expression and person. Clips are parsed once for all of them. */
async function measure(
  { dataset, split, labels, embedded, threads, onProgress, signal }: Source,
  candidates: readonly Candidate[],
  fitted: ReadonlySet<DatasetClip>,
  metrics: RunMetrics,
): Promise<Erased[]> {
  const models: ExpressionModel[] = [];
  const judged = candidates.map(() => ({ validation: [] as ClipOutcome[], test: [] as ClipOutcome[] }));
  const shown = candidates.map(() => [] as EmbeddedClip[]);
  try {
    for (const { model } of candidates) models.push(await loadModel(model, { threads }));
    const { card } = models[0]!;
    const clips = [...split.validation, ...split.test];
    let done = 0;
    for await (const { rows, input } of clipBatches({ card, keyframes: undefined }, dataset, clips, signal)) {
      for (const [m, model] of models.entries()) {
        const { probabilities, embedding } = await model.predict(input, rows.length);
        const size = embedding.length / rows.length;
        for (const [i, row] of rows.entries()) {
          const test = row.fold === metrics.folds.test;
          const answer = Array.from(probabilities.subarray(i * labels.length, (i + 1) * labels.length));
          judged[m]![test ? 'test' : 'validation'].push(outcomeOf(row, labels, answer));
          if (test) shown[m]!.push({ ...row, embedding: embedding.slice(i * size, (i + 1) * size) });
        }
      }
      done += rows.length;
      onProgress?.('testing', done, clips.length);
    }
  } finally {
    for (const model of models) await model.close();
  }
  const left = [...embedded].filter(([row]) => !fitted.has(row));
  return candidates.map(({ directions, model, half }, m) => {
    const [validation, test] = [reportOf(judged[m]!.validation, labels), reportOf(judged[m]!.test, labels)];
    const leakage = {
      train: leakageOf(left.map(([row, z]) => ({ ...row, embedding: apply(half, z) }))) ?? null,
      test: leakageOf(shown[m]!) ?? null,
    };
    onProgress?.('probing', m + 1, candidates.length);
    const { figures } = figuresOf({ metrics: { ...metrics, validation, test, leakage }, epochs: [] });
    return {
      directions,
      model: m === 0 ? model : scored(model, models[m]!.card, metrics.folds, { validation, test }),
      figures,
    };
  });
}

/** The model with its scores in its card. */
function scored(
  model: Uint8Array,
  card: ModelCard,
  folds: RunMetrics['folds'],
  { validation, test }: { validation: EvaluationReport; test: EvaluationReport },
): Uint8Array {
  const metrics = [
    { split: `validation fold ${folds.validation} (the epoch was chosen by it)`, ...cardMetricsOf(validation) },
    { split: `test fold ${folds.test} (${test.subjects} subjects never seen)`, ...cardMetricsOf(test) },
  ];
  return fileOf(model, undefined, { ...card, metrics });
}
