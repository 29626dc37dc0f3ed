/** A trained model in 8-bit integers: calibrated on clips that it learnt from, tested once on people that it did not see. */
import type { Dataset } from '../dataset/dataset.js';
import type { DatasetClip } from '../dataset/manifest.js';
import { ModelError } from '../errors.js';
import { clipBatches, evaluateClips } from '../evaluation/evaluate.js';
import { learntFrom } from '../evaluation/overlap.js';
import { type EvaluationReport, reportOf } from '../evaluation/report.js';
import { clipShape, type ModelCard } from '../network/card.js';
import { keyFrameModel } from '../network/fused.js';
import { loadModel, readCard } from '../network/model.js';
import { quantiseNetwork } from '../network/quantise.js';
import { fileOf } from './fuse.js';
import { sameRecipe, testMetrics } from './model-card.js';
import { Random } from './random.js';

export interface QuantiseOptions {
  /** Bytes of the model. */
  model: Uint8Array;
  /** Name in the card. */
  name: string;
  dataset: Dataset;
  /** Clips of codecs that are read directly. */
  clips: readonly DatasetClip[];
  /** So many of those that the model learnt from are drawn for the ranges of its activations. */
  calibration: number;
  /** The fold that is tested once, or a quantised model of the same recipe, whose scores are taken over: nothing is tested. */
  test: number | ModelCard;
  threads: number;
  onProgress?: (what: string, done: number, all: number) => void;
  signal?: AbortSignal;
}

export interface Quantised {
  model: Uint8Array;
  card: ModelCard;
  /** Undefined where nothing was tested. */
  test: EvaluationReport | undefined;
}

/** What is drawn is the same for the same clips. */
const seed = 8;

/** Throws ModelError where the model saw the test fold, or none of the clips; and as reading clips does. */
export async function quantise(options: QuantiseOptions): Promise<Quantised> {
  const { dataset, clips, test } = options;
  const card = readCard(options.model);
  if (card.quantisation) throw new ModelError(`${card.name} is quantised already`);
  const learnt = learntFrom(card, dataset);
  const seen = clips.filter(({ fold }) => !learnt || card.data.folds.includes(fold));
  if (typeof test === 'number' && learnt && card.data.folds.includes(test)) {
    throw new ModelError(`${card.name} was trained on fold ${test}: name another test fold`);
  }
  if (typeof test !== 'number' && !test.quantisation) throw new ModelError(`${test.name} is not quantised`);
  const calibration = sample(
    seen.filter(({ fold }) => fold !== test),
    options.calibration,
  );
  if (calibration.length === 0) throw new ModelError('none of the clips is of a fold that the model learnt from');
  const tested = typeof test === 'number' ? clips.filter(({ fold }) => fold === test) : [];
  if (typeof test === 'number' && tested.length === 0) throw new ModelError(`fold ${test} has no clip`);

  const networks = await quantiseNetworks(options, calibration);
  const name = options.name;
  const quantisation = { clips: calibration.length, folds: [...new Set(calibration.map(({ fold }) => fold))].sort() };
  const date = new Date().toISOString().slice(0, 10);
  const plain: ModelCard = { ...card, name, date, quantisation, metrics: [] };
  if (typeof test !== 'number') {
    const like = { ...plain, metrics: sameRecipe(test) };
    return { model: fileOf(...networks, like), card: like, test: undefined };
  }
  const model = await loadModel(fileOf(...networks, plain), { threads: options.threads });
  try {
    const { outcomes } = await evaluateClips(model, dataset, tested, {
      onProgress: (done, all) => options.onProgress?.('testing', done, all),
      ...(options.signal && { signal: options.signal }),
    });
    const finished = { ...plain, metrics: testMetrics(tested, outcomes, card.labels, test) };
    return { model: fileOf(...networks, finished), card: finished, test: reportOf(outcomes, card.labels) };
  } finally {
    await model.close();
  }
}

/** Both networks of the model, quantised; `undefined` for the second where there is none. */
async function quantiseNetworks(
  { model: bytes, dataset, threads, onProgress, signal }: QuantiseOptions,
  clips: readonly DatasetClip[],
): Promise<[Uint8Array, Uint8Array | undefined]> {
  const card = readCard(bytes);
  const second = card.keyframes && keyFrameModel(bytes);
  const keyframes = second && readCard(second);
  const [inputs, keys]: [Float32Array[], Float32Array[]] = [[], []];
  let done = 0;
  for await (const batch of clipBatches({ card, keyframes }, dataset, clips, signal)) {
    inputs.push(batch.input.slice());
    for (const key of batch.keys) if (key) keys.push(key);
    done += batch.rows.length;
    onProgress?.('calibrating', done, clips.length);
  }
  const each = (arrays: readonly Float32Array[], shape: readonly number[]) =>
    async function* () {
      const length = shape.reduce((a, b) => a * b, 1);
      for (const input of arrays) yield { input, n: input.length / length };
    };
  const shape = clipShape(card);
  const first = await quantiseNetwork(bytes, shape, each(inputs, shape), threads);
  if (!second || !keyframes) return [first, undefined];
  const keyShape = clipShape(keyframes);
  return [first, await quantiseNetwork(second, keyShape, each(keys, keyShape), threads)];
}

/** So many of the clips, drawn without replacement, in their order. */
function sample(clips: readonly DatasetClip[], count: number): DatasetClip[] {
  const random = new Random(seed);
  const drawn = clips.map((row) => ({ row, at: random.next() })).sort((a, b) => a.at - b.at);
  const chosen = new Set(drawn.slice(0, count).map(({ row }) => row));
  return clips.filter((row) => chosen.has(row));
}
