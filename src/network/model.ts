/** A trained model as one file: export to ONNX with the card inside, loading, prediction. */
import { ModelError } from '../errors.js';
import { mirrorClips } from '../residual/mirror.js';
import { clipShape, type ModelCard } from './card.js';
import { checkCard, metadataOf, readCard } from './card-file.js';
import { combine, keyFrameModel, openKeyFrames, temper } from './fused.js';
import { compileInference, openInference, type Prediction } from './inference.js';
import type { WeightSet } from './weights.js';

export { readCard } from './card-file.js';
export { compileInference, openInference, type Prediction } from './inference.js';

/** Bytes of a model file that are read at most. */
const maxModelBytes = 512 * 2 ** 20;

/** A loaded expression model. Close it when done. */
export interface ExpressionModel {
  readonly card: ModelCard;
  /** SHA-256 of the file, hexadecimal. */
  readonly hash: string;
  /** Of a fused model: the card of the network that reads I-frames, which says how `keys` are made. */
  readonly keyframes: ModelCard | undefined;
  /**
   * `input` is float32 [n, T, C, S, S] in the card's signal and normalisation; any n from 1. A fused model also takes the
   * I-frames of each clip, [K, 1, S, S] as `keyframes` says, or `undefined` for a clip without: that clip is judged by its
   * P-frames alone. Throws ModelError on a wrong length.
   */
  predict(input: Float32Array, n: number, keys?: readonly (Float32Array | undefined)[]): Promise<Prediction>;
  close(): Promise<void>;
}

export interface LoadOptions {
  /** Threads inside an operator; 1 by default: start several models rather than one with many threads. */
  threads?: number;
  /** Stops loading with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** One `.onnx` file: batch norm folded, batch dimension N free, outputs `logits`, `probabilities`, `embedding`, the card in `metadata_props`. */
export function exportModel(weights: WeightSet, card: ModelCard): Uint8Array {
  const checked = checkCard(card);
  return compileInference(weights, checked.network, clipShape(checked), checked.labels.length, metadataOf(checked));
}

/** Loads a model from a path, a URL (file: or http:) or its bytes. Throws ModelError saying what is wrong. */
export async function loadModel(
  source: string | URL | Uint8Array,
  options: LoadOptions = {},
): Promise<ExpressionModel> {
  const bytes = source instanceof Uint8Array ? source : await readSource(source, options.signal);
  const card = readCard(bytes);
  const clip = clipShape(card);
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes));
  const hash = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const threads = options.threads ?? 1;
  const embedded = card.keyframes && keyFrameModel(bytes);
  const inference = await openInference(bytes, clip, card.labels.length, card.network.embedding, threads);
  const keys = embedded && (await openKeyFrames(embedded, card, threads).catch(closing(inference)));
  const answer: ExpressionModel['predict'] = async (input, n, keyInputs = []) => {
    const { probabilities, embedding } = await inference.predict(input, n);
    await temper(probabilities, n, card, keys, keyInputs);
    return { probabilities, embedding };
  };
  return {
    ...{ card, hash, keyframes: keys?.card },
    async predict(input, n, keyInputs = []) {
      const found = await answer(input, n, keyInputs);
      if (!card.mirror) return found;
      const mirroredKeys = keys ? keyInputs.map((each) => each && mirrorClips(each, keys.card.signal)) : [];
      const other = (await answer(mirrorClips(input, card.signal), n, mirroredKeys)).probabilities;
      const classes = card.labels.length;
      for (let i = 0; i < n; i++) {
        const [from, to] = [i * classes, (i + 1) * classes];
        // own * other, to the power of 1/2.
        combine(found.probabilities.subarray(from, to), other.subarray(from, to), 1, 2);
      }
      return found;
    },
    async close() {
      await inference.close();
      await keys?.close();
    },
  };
}

/** Closes it, and throws on. */
function closing(inference: { close(): Promise<void> }): (error: unknown) => Promise<never> {
  return async (error) => {
    await inference.close();
    throw error;
  };
}

/** A fused model as one that reads P-frames alone, with that network's own temperature. Closing it closes the model. */
export function withoutKeyFrames(model: ExpressionModel): ExpressionModel {
  return { ...model, keyframes: undefined, predict: (input, n) => model.predict(input, n) };
}

async function readSource(source: string | URL, signal: AbortSignal | undefined): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const url = source instanceof URL ? source : /^(https?|file):\/\//.test(source) ? new URL(source) : undefined;
  const check = (size: number) => {
    if (size > maxModelBytes) throw new ModelError(`${source}: ${size} bytes, more than a model file may have`);
  };
  try {
    if (url && url.protocol !== 'file:') {
      const response = await fetch(url, signal ? { signal } : {});
      if (!response.ok) throw new ModelError(`${source}: HTTP status ${response.status}`);
      check(Number(response.headers.get('content-length') ?? 0));
      const bytes = new Uint8Array(await response.arrayBuffer());
      check(bytes.length);
      return bytes;
    }
    const { readFile, stat } = await import('node:fs/promises');
    const path = url ?? (source as string);
    check((await stat(path)).size);
    return await readFile(path, { signal });
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    signal?.throwIfAborted();
    throw new ModelError(`the model ${source} cannot be read: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}
