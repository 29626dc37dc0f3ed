/** Runs a model over clips of a data set: from the files, as anyone would use it. */
import { join } from 'node:path';
import type { Dataset } from '../dataset/dataset.js';
import { facesOf } from '../dataset/faces.js';
import type { DatasetClip } from '../dataset/manifest.js';
import { readKeyFramePlanes } from '../dataset/read-clip.js';
import { readerOf } from '../dataset/reader.js';
import { MalformedStreamError } from '../errors.js';
import type { ModelCard } from '../network/card.js';
import type { ExpressionModel } from '../network/model.js';
import { FrameCropper } from '../residual/crop.js';
import { KeyFrameTensor } from '../residual/key-tensor.js';
import { evenPlan, framesNeeded } from '../residual/sampling.js';
import { ClipTensor, centreView } from '../residual/tensor.js';
import type { ClipOutcome } from './report.js';

export interface EvaluateOptions {
  onProgress?: (done: number, all: number) => void;
  signal?: AbortSignal;
}

/** Outcomes of some clips, in their order. */
export interface Evaluation {
  outcomes: ClipOutcome[];
  /** z_e of each outcome. */
  embeddings: Float32Array[];
  /** Wall clock for reading and predicting one clip, milliseconds, mean. */
  milliseconds: number;
  /** Clips with frames that could not be read, or not wholly. They count like the others. */
  damaged: string[];
  /** Clips that a fused model had to judge by their P-frames alone: no I-frame of them can be decoded here. */
  withoutKeys: string[];
  /** P-frames parsed (`keyframes`: I-frames decoded; baselines: P-frames decoded). */
  parsed: number;
}

/** Clips that are predicted in one call. */
const batch = 32;

/** Clips that are predicted in one call, as the model reads them. Arrays hold until the next batch is asked for. */
export interface ClipBatch {
  rows: readonly DatasetClip[];
  /** [n, T, C, S, S] */
  input: Float32Array;
  /** Of a fused model: the I-frames of each clip, `undefined` where none can be decoded. */
  keys: (Float32Array | undefined)[];
  /** Clips with frames that could not be read, or not wholly. */
  damaged: string[];
  /** P-frames parsed. */
  parsed: number;
}

/** The clips in batches, in their order. Throws as `evaluateClips`. */
export async function* clipBatches(
  { card, keyframes }: Pick<ExpressionModel, 'card' | 'keyframes'>,
  dataset: Dataset,
  clips: readonly DatasetClip[],
  abort?: AbortSignal,
): AsyncGenerator<ClipBatch> {
  const { labels, signal, normalisation } = card;
  const cropper = new FrameCropper(signal);
  const read = readerOf(signal);
  const tensor = new ClipTensor(signal, normalisation);
  const input = new Float32Array(batch * tensor.length);
  const readKeys = keyframes && keyFrameReader(keyframes);
  for (let at = 0; at < clips.length; at += batch) {
    const rows = clips.slice(at, at + batch);
    const found: ClipBatch = {
      rows,
      input: input.subarray(0, rows.length * tensor.length),
      keys: [],
      damaged: [],
      parsed: 0,
    };
    for (const [i, row] of rows.entries()) {
      abort?.throwIfAborted();
      if (!labels.includes(row.emotion)) {
        throw new MalformedStreamError(
          `manifest.csv: line ${row.line}, column emotion: the model has no label ${row.emotion}, only ${labels.join(', ')}`,
        );
      }
      const clip = await withPath(row, () =>
        read(join(dataset.root, row.path), {
          cropper,
          faces: facesOf(dataset.faces, row),
          track: 'linear',
          needed: (count, afterKey) =>
            count === 0 ? [] : framesNeeded(signal, evenPlan(signal.frames, 0, count), afterKey),
          signal: abort,
        }),
      );
      const { count } = clip.sequence;
      if (count === 0) {
        const lacks = signal.kind === 'keyframes' ? 'no I-frame that can be decoded' : 'no P-frame';
        throw new MalformedStreamError(`${row.path} has ${lacks}: there is nothing to read`);
      }
      found.parsed += clip.parsed;
      if (readKeys) found.keys[i] = await withPath(row, () => readKeys(dataset, row, abort));
      if (clip.damaged > 0) found.damaged.push(row.path);
      const view = centreView(cropper.size, signal.size);
      tensor.fill(clip.sequence, evenPlan(signal.frames, 0, count), view, input, i * tensor.length);
    }
    yield found;
  }
}

/**
 * Predicts every clip. Only the P-frames that the model's signal needs are parsed. Throws what reading a clip throws, with
 * the clip's path in the message, and MalformedStreamError for a label that the model does not have or a clip without
 * P-frames.
 */
export async function evaluateClips(
  model: ExpressionModel,
  dataset: Dataset,
  clips: readonly DatasetClip[],
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { labels } = model.card;
  const result: Evaluation = { outcomes: [], embeddings: [], milliseconds: 0, damaged: [], withoutKeys: [], parsed: 0 };
  const begin = performance.now();
  for await (const { rows, input, keys, damaged, parsed } of clipBatches(model, dataset, clips, options.signal)) {
    result.parsed += parsed;
    result.damaged.push(...damaged);
    const { probabilities, embedding } = await model.predict(input, rows.length, keys);
    rows.forEach((row, i) => {
      if (model.keyframes && !keys[i]) result.withoutKeys.push(row.path);
      const answer = Array.from(probabilities.subarray(i * labels.length, (i + 1) * labels.length));
      result.outcomes.push(outcomeOf(row, labels, answer));
      const size = embedding.length / rows.length;
      result.embeddings.push(embedding.slice(i * size, (i + 1) * size));
    });
    options.onProgress?.(result.outcomes.length, clips.length);
  }
  result.milliseconds = (performance.now() - begin) / Math.max(1, clips.length);
  return result;
}

/** Reads the I-frames of a clip for the second network of a fused model; none that can be decoded: `undefined`. */
function keyFrameReader({ signal, normalisation }: ModelCard) {
  const cropper = new FrameCropper(signal);
  const tensor = new KeyFrameTensor(signal, normalisation);
  return async (dataset: Dataset, row: DatasetClip, abort: AbortSignal | undefined) => {
    const faces = facesOf(dataset.faces, row);
    const options = { cropper, faces, track: 'linear' as const, signal: abort };
    return tensor.of(await readKeyFramePlanes(join(dataset.root, row.path), options));
  };
}

/** What one clip's probabilities mean; the first of equals is the answer. */
export function outcomeOf(row: DatasetClip, labels: readonly string[], probabilities: readonly number[]): ClipOutcome {
  return {
    path: row.path,
    subject: row.subject,
    condition: row.condition,
    gender: row.gender,
    age: row.age,
    ethnicity: row.ethnicity,
    truth: labels.indexOf(row.emotion),
    predicted: probabilities.indexOf(Math.max(...probabilities)),
    probabilities,
  };
}

/** Runs `read`; an error of the four kinds says which clip it was. */
async function withPath<T>(row: DatasetClip, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && error.name.endsWith('Error') && error.name !== 'AbortError') {
      error.message = `${row.path}: ${error.message}`;
    }
    throw error;
  }
}
