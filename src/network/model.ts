/** A trained model as one file: export to ONNX with the card inside, loading, prediction. */
import { ModelError } from '../errors.js';
import { compile, input, readOnnxMetadata, softmax } from '../graph/index.js';
import { clipShape, type ModelCard, modelCardSchema } from './card.js';
import type { NetworkConfig } from './config.js';
import { buildExpression } from './expression.js';
import { FoldedLayers } from './layers.js';
import { createSession } from './runtime.js';
import type { WeightSet } from './weights.js';

/** Bytes of a model file that are read at most. */
const maxModelBytes = 512 * 2 ** 20;
/** Values in one call of the run-time: more clips are predicted in parts. */
const maxValues = 16 * 2 ** 20;

/** What a network answers for n clips. */
export interface Prediction {
  /** Softmax of the logits, [n, classes]. */
  probabilities: Float32Array;
  /** z_e, [n, embedding]. */
  embedding: Float32Array;
}

/** A loaded expression model. Close it when done. */
export interface ExpressionModel {
  readonly card: ModelCard;
  /** SHA-256 of the file, hexadecimal. */
  readonly hash: string;
  /** `input` is float32 [n, T, C, S, S] in the card's signal and normalisation; any n from 1. Throws ModelError on a wrong length. */
  predict(input: Float32Array, n: number): Promise<Prediction>;
  close(): Promise<void>;
}

export interface LoadOptions {
  /** Threads inside an operator; 1 by default: start several models rather than one with many threads. */
  threads?: number;
}

/** One `.onnx` file: batch norm folded, batch dimension N free, outputs `logits`, `probabilities`, `embedding`, the card in `metadata_props`. */
export function exportModel(weights: WeightSet, card: ModelCard): Uint8Array {
  const checked = checkCard(card);
  return compileInference(weights, checked.network, clipShape(checked), checked.labels.length, {
    'vultus.card': JSON.stringify(checked),
    'vultus.name': checked.name,
    'vultus.version': checked.version,
    'vultus.labels': checked.labels.join(','),
    'vultus.signal': checked.signal.kind,
    'vultus.licence': checked.licence,
  });
}

/** The folded network over clips [N, ...clip] as an ONNX file. */
export function compileInference(
  weights: WeightSet,
  network: NetworkConfig,
  clip: readonly [number, number, number, number],
  classes: number,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  // Built for two clips, not one, so that nothing takes the batch for an axis to broadcast.
  const x = input('input', [2, ...clip]);
  const { embedding, logits } = buildExpression(new FoldedLayers(weights), x, network, classes);
  return compile({ logits, probabilities: softmax(logits), embedding }, { batch: 'N', metadata });
}

/** Runs a file of `compileInference`. */
export async function openInference(
  bytes: Uint8Array,
  clip: readonly number[],
  classes: number,
  embedding: number,
  threads: number,
): Promise<{ predict(input: Float32Array, n: number): Promise<Prediction>; close(): Promise<void> }> {
  const session = await createSession(bytes, { threads });
  const wanted = ['logits', 'probabilities', 'embedding'];
  if (session.inputs.join() !== 'input' || wanted.some((name) => !session.outputs.includes(name))) {
    await session.close();
    throw new ModelError(
      `the model's inputs (${session.inputs}) or outputs (${session.outputs}) are not those of vultus`,
    );
  }
  const size = clip.reduce((a, b) => a * b, 1);
  const perRun = Math.max(1, Math.floor(maxValues / size));
  return {
    async predict(values, n) {
      if (!Number.isInteger(n) || n < 1 || values.length !== n * size) {
        throw new ModelError(`predict: ${values.length} values for ${n} clips of [${clip}]`);
      }
      const probabilities = new Float32Array(n * classes);
      const vectors = new Float32Array(n * embedding);
      for (let first = 0; first < n; first += perRun) {
        const count = Math.min(perRun, n - first);
        const data = values.subarray(first * size, (first + count) * size);
        const results = await session.run(
          { input: { type: 'float32', shape: [count, ...clip], data } },
          { probabilities: null, embedding: null },
        );
        const place = (name: 'probabilities' | 'embedding', target: Float32Array, width: number) => {
          const part = results[name]!;
          if (part.data.length !== count * width) throw new ModelError(`the model's ${name} is [${part.shape}]`);
          target.set(part.data, first * width);
        };
        place('probabilities', probabilities, classes);
        place('embedding', vectors, embedding);
      }
      return { probabilities, embedding: vectors };
    },
    close: () => session.close(),
  };
}

/** Loads a model from a path, a URL (file: or http:) or its bytes. Throws ModelError saying what is wrong. */
export async function loadModel(
  source: string | URL | Uint8Array,
  options: LoadOptions = {},
): Promise<ExpressionModel> {
  const bytes = source instanceof Uint8Array ? source : await readSource(source);
  const card = readCard(bytes);
  const clip = clipShape(card);
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes));
  const hash = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const inference = await openInference(bytes, clip, card.labels.length, card.network.embedding, options.threads ?? 1);
  return { card, hash, predict: inference.predict, close: inference.close };
}

/** The card inside a model file's bytes. Throws ModelError. */
export function readCard(bytes: Uint8Array): ModelCard {
  const text = readOnnxMetadata(bytes)['vultus.card'];
  if (text === undefined)
    throw new ModelError('this ONNX file holds no vultus model card; train one with `vultus train`');
  let card: unknown;
  try {
    card = JSON.parse(text);
  } catch (cause) {
    throw new ModelError('the model card is no JSON', { cause });
  }
  return checkCard(card);
}

function checkCard(card: unknown): ModelCard {
  const result = modelCardSchema.safeParse(card);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ModelError(`the model card is not valid: ${issue?.path.join('.') || 'card'}: ${issue?.message}`);
}

async function readSource(source: string | URL): Promise<Uint8Array> {
  const url = source instanceof URL ? source : /^(https?|file):\/\//.test(source) ? new URL(source) : undefined;
  const check = (size: number) => {
    if (size > maxModelBytes) throw new ModelError(`${source}: ${size} bytes, more than a model file may have`);
  };
  try {
    if (url && url.protocol !== 'file:') {
      const response = await fetch(url);
      if (!response.ok) throw new ModelError(`${source}: HTTP status ${response.status}`);
      check(Number(response.headers.get('content-length') ?? 0));
      const bytes = new Uint8Array(await response.arrayBuffer());
      check(bytes.length);
      return bytes;
    }
    const { readFile, stat } = await import('node:fs/promises');
    const path = url ?? (source as string);
    check((await stat(path)).size);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    throw new ModelError(`the model ${source} cannot be read: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}
