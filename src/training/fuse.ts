/**
 * Joins a model that reads P-frames with one that reads I-frames: how much the second counts, and how sharp the answers are to
 * be, is chosen by the likelihood of the validation fold. The test fold is tested once, with the finished file.
 */
import type { Dataset } from '../dataset/dataset.js';
import type { DatasetClip } from '../dataset/manifest.js';
import { ModelError } from '../errors.js';
import { expectedCalibrationError, type Judged, negativeLogLikelihood } from '../evaluation/calibration.js';
import { evaluateClips } from '../evaluation/evaluate.js';
import { learntFrom } from '../evaluation/overlap.js';
import { type ClipOutcome, type EvaluationReport, reportOf } from '../evaluation/report.js';
import { replaceOnnxMetadata } from '../graph/index.js';
import type { ModelCard } from '../network/card.js';
import { metadataOf } from '../network/card-file.js';
import { combine, fuseModels } from '../network/fused.js';
import { loadModel, readCard } from '../network/model.js';
import { sameRecipe, testMetrics } from './model-card.js';

export interface FuseOptions {
  /** Bytes of the two model files. Without the second, the first is calibrated and tested alone. */
  residual: Uint8Array;
  keyframes?: Uint8Array | undefined;
  dataset: Dataset;
  /** Clips of codecs that are read directly. */
  clips: readonly DatasetClip[];
  name: string;
  validationFold: number;
  testFold: number;
  threads: number;
  onProgress?: (what: string, done: number, all: number) => void;
  signal?: AbortSignal;
}

export interface Fused {
  model: Uint8Array;
  card: ModelCard;
  /** Of the validation clips: of the first alone and of both, calibrated. The same twice where there is one. */
  validation: { residual: Fit; fused: Fit };
  test: EvaluationReport;
}

/** A choice and what it gives. */
export interface Fit {
  weight: number;
  temperature: number;
  /** Mean negative log-likelihood in nats, and expected calibration error. */
  loss: number;
  ece: number;
}

const weights = Array.from({ length: 41 }, (_, i) => i / 20);
const temperatures = Array.from({ length: 41 }, (_, i) => 0.25 * 16 ** (i / 40));

/**
 * Makes networks trained on everyone a model as `like` is one: with its weight, its temperatures, and its scores, which are those
 * of the same recipe on people that it had not seen. Throws ModelError where they do not fit each other.
 */
export function fuseLike(
  residual: Uint8Array,
  keyframes: Uint8Array | undefined,
  like: ModelCard,
  name: string,
): Fused['model'] {
  const card = readCard(residual);
  if (!like.keyframes !== !keyframes) {
    throw new ModelError(`${like.name} is of ${like.keyframes ? 'two networks' : 'one network'}: name as many`);
  }
  for (const key of ['signal', 'network', 'labels', 'normalisation', 'mirror'] as const) {
    if (JSON.stringify(card[key]) !== JSON.stringify(like[key])) {
      throw new ModelError(`${card.name} and ${like.name} differ in ${key}: they are not of one recipe`);
    }
  }
  const second = keyframes && readCard(keyframes);
  assertSameData(card, second);
  const { temperature, keyframes: joined } = like;
  const date = new Date().toISOString().slice(0, 10);
  return fileOf(residual, keyframes, {
    ...{ ...card, name, date, metrics: sameRecipe(like), notes: joinedNotes(card, second) },
    ...(temperature !== undefined && { temperature }),
    ...(joined && { keyframes: joined }),
  });
}

/** What a joined model's card says where its networks did not learn from the same people. */
function joinedNotes(first: ModelCard, second: ModelCard | undefined): string {
  if (!second || second.data.folds.join() === first.data.folds.join()) return first.notes;
  return `${first.notes} Its network for I-frames learnt from folds ${second.data.folds.join(', ')} of ${second.data.name} only.`.trim();
}

/** Two encodings of one data set will do: people and folds are the same. */
function assertSameData(first: ModelCard, second: ModelCard | undefined): void {
  if (!second) return;
  const { sha256: hash, origin } = second.data;
  if (!learntFrom(first, { hash, origin: origin && { name: origin.name, hash: origin.sha256 } })) {
    throw new ModelError('the two models were trained on different data sets');
  }
}

/** One or two networks under a card. */
export function fileOf(residual: Uint8Array, keyframes: Uint8Array | undefined, card: ModelCard): Uint8Array {
  return keyframes ? fuseModels(residual, keyframes, card) : replaceOnnxMetadata(residual, metadataOf(card));
}

/** Throws ModelError where the models do not fit each other, or one of them saw the test fold. */
export async function fuse(options: FuseOptions): Promise<Fused> {
  const { dataset, clips, validationFold, testFold } = options;
  const card = readCard(options.residual);
  const second = options.keyframes && readCard(options.keyframes);
  if (validationFold === testFold) throw new ModelError('the fold that chooses cannot be the fold that is tested');
  assertSameData(card, second);
  for (const { name, data } of second ? [card, second] : [card]) {
    if (learntFrom({ data }, dataset) && data.folds.includes(testFold)) {
      throw new ModelError(`${name} was trained on fold ${testFold}: name another test fold`);
    }
  }
  const ofFold = (fold: number) => clips.filter((row) => row.fold === fold);
  const [validation, test] = [ofFold(validationFold), ofFold(testFold)];
  if (validation.length === 0 || test.length === 0) {
    throw new ModelError(`fold ${validation.length === 0 ? validationFold : testFold} has no clip`);
  }
  const own = await judge(options.residual, options, validation, 'validating P-frames');
  const residual = best(own, own, [0]);
  const { keyframes } = options;
  const fused = keyframes
    ? best(own, await judge(keyframes, options, validation, 'validating I-frames'), weights)
    : residual;

  const { weight, temperature } = fused;
  const fusedCard: ModelCard = {
    ...card,
    name: options.name,
    date: new Date().toISOString().slice(0, 10),
    notes: joinedNotes(card, second),
    temperature: residual.temperature,
    ...(keyframes && { keyframes: { weight, temperature } }),
    metrics: [],
  };
  const outcomes = await judge(fileOf(options.residual, keyframes, fusedCard), options, test, 'testing');
  const metrics = testMetrics(test, outcomes, card.labels, testFold);
  const finished: ModelCard = { ...fusedCard, metrics };
  const model = fileOf(options.residual, keyframes, finished);
  return { model, card: finished, validation: { residual, fused }, test: reportOf(outcomes, card.labels) };
}

async function judge(
  bytes: Uint8Array,
  { dataset, threads, onProgress, signal }: FuseOptions,
  clips: readonly DatasetClip[],
  what: string,
): Promise<ClipOutcome[]> {
  const model = await loadModel(bytes, { threads });
  try {
    const { outcomes } = await evaluateClips(model, dataset, clips, {
      onProgress: (done, all) => onProgress?.(what, done, all),
      ...(signal && { signal }),
    });
    return outcomes;
  } finally {
    await model.close();
  }
}

/** The weight, of those given, and the temperature that make the truth likeliest. */
export function best(own: readonly Judged[], other: readonly Judged[], among: readonly number[]): Fit {
  let found: Fit | undefined;
  for (const weight of among) {
    for (const temperature of temperatures) {
      const judged = own.map(({ truth, probabilities }, i) => {
        const joined = Float32Array.from(probabilities);
        combine(joined, Float32Array.from(other[i]!.probabilities), weight, temperature);
        return { truth, probabilities: joined };
      });
      const loss = negativeLogLikelihood(judged);
      if (!found || loss < found.loss) found = { weight, temperature, loss, ece: expectedCalibrationError(judged) };
    }
  }
  return found!;
}
