/**
 * Two networks in one file: one that reads P-frames, and one that reads the I-frames between them. The second stands, whole,
 * in the metadata of the first: whoever runs the file without vultus has the first alone. Their log-probabilities are added.
 */
import { ModelError } from '../errors.js';
import { fromBase64, toBase64 } from '../files/base64.js';
import { readOnnxMetadata, replaceOnnxMetadata } from '../graph/index.js';
import { clipShape, type ModelCard } from './card.js';
import { metadataOf, readCard } from './card-file.js';
import { openInference, type Prediction } from './inference.js';

const key = 'vultus.keyframes';

/** Probabilities below this are taken for it: a network that is certain and wrong must not silence the other. */
const least = 1e-5;

/**
 * One file of two models. The card is the first one's, with `keyframes` and what else is true of both together. Throws ModelError
 * where the two do not fit.
 */
export function fuseModels(residual: Uint8Array, keyframes: Uint8Array, card: ModelCard): Uint8Array {
  const other = readCard(keyframes);
  if (!card.keyframes) throw new ModelError('the card of a fused model needs the weight of its key frames');
  if (card.signal.kind === 'keyframes' || other.signal.kind !== 'keyframes') {
    throw new ModelError('a model that reads P-frames is fused with one that reads key frames, in this order');
  }
  if (card.labels.join() !== other.labels.join()) throw new ModelError('the two models have different labels');
  return replaceOnnxMetadata(residual, { ...metadataOf(card), [key]: toBase64(keyframes) });
}

/** The second model's bytes. Throws ModelError where the file does not hold them. */
export function keyFrameModel(bytes: Uint8Array): Uint8Array {
  const text = readOnnxMetadata(bytes)[key];
  if (text === undefined) throw new ModelError('the card tells of key frames, but the file holds no network for them');
  try {
    return fromBase64(text);
  } catch (cause) {
    throw new ModelError('the network for key frames is damaged', { cause });
  }
}

/** The second network of a fused model, running. */
export interface KeyFrameNetwork {
  card: ModelCard;
  predict(input: Float32Array, n: number): Promise<Prediction>;
  close(): Promise<void>;
}

export async function openKeyFrames(bytes: Uint8Array, first: ModelCard, threads: number): Promise<KeyFrameNetwork> {
  const card = readCard(bytes);
  if (card.labels.join() !== first.labels.join()) throw new ModelError('the two networks have different labels');
  const inference = await openInference(bytes, clipShape(card), card.labels.length, card.network.embedding, threads);
  return { card, ...inference };
}

/** Makes the first network's probabilities [n, classes] the model's answer: with key frames where there are any, calibrated. */
export async function temper(
  probabilities: Float32Array,
  n: number,
  card: ModelCard,
  network: KeyFrameNetwork | undefined,
  keys: readonly (Float32Array | undefined)[],
): Promise<void> {
  const classes = card.labels.length;
  for (let i = 0; i < n; i++) {
    const own = probabilities.subarray(i * classes, (i + 1) * classes);
    const input = keys[i];
    if (input && network && card.keyframes) {
      const other = (await network.predict(input, 1)).probabilities;
      combine(own, other, card.keyframes.weight, card.keyframes.temperature);
    } else if (card.temperature !== undefined) {
      combine(own, own, 0, card.temperature);
    }
  }
}

/** own * other^weight, to the power of 1 / temperature, normalised; into `own`. */
export function combine(own: Float32Array, other: Float32Array, weight: number, temperature: number): void {
  const logs = Array.from(own, (p, c) => {
    return (Math.log(Math.max(p, least)) + weight * Math.log(Math.max(other[c]!, least))) / temperature;
  });
  const highest = Math.max(...logs);
  const sum = logs.reduce((total, log) => total + Math.exp(log - highest), 0);
  for (let c = 0; c < own.length; c++) own[c] = Math.exp(logs[c]! - highest) / sum;
}
