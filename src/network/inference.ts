/** A network folded for use: written as an ONNX file, and run. */
import { ModelError } from '../errors.js';
import { compile, input, softmax } from '../graph/index.js';
import type { NetworkConfig } from './config.js';
import { buildExpression } from './expression.js';
import { FoldedLayers } from './layers.js';
import { createSession } from './runtime.js';
import type { WeightSet } from './weights.js';

/** Values in one call of the run-time: more clips are predicted in parts. */
const maxValues = 16 * 2 ** 20;

/** What a network answers for n clips. */
export interface Prediction {
  /** Softmax of the logits, [n, classes]. */
  probabilities: Float32Array;
  /** z_e, [n, embedding]. */
  embedding: Float32Array;
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
