/** A network without directions of its z_e: the map folded into the layer that gives z_e, and a classifier for what is left. */
import type { SoftmaxRegression } from '../../evaluation/softmax-regression.js';
import type { WeightArray, WeightSet } from '../../network/weights.js';
import { type AffineMap, apply } from './eraser.js';

/** Weights of the same network whose z_e is `map` of what it was, with this classifier of relu(z_e). */
export function erasedWeights(weights: WeightSet, map: AffineMap, { weight, bias }: SoftmaxRegression): WeightSet {
  const changed = new Map(weights);
  const before = weights.get('embedding.bias')!;
  changed.set('embedding.weight', timesTransposed(weights.get('embedding.weight')!, map.matrix));
  changed.set('embedding.bias', { shape: before.shape, data: apply(map, before.data) });
  const { shape } = weights.get('classifier.weight')!;
  const [size, classes] = shape as [number, number];
  const transposed = Float32Array.from(
    { length: size * classes },
    (_, i) => weight[(i % classes) * size + Math.floor(i / classes)]!,
  );
  changed.set('classifier.weight', { shape, data: transposed });
  changed.set('classifier.bias', { shape: [classes], data: Float32Array.from(bias) });
  return changed;
}

/** What the classifier reads. */
export const relu = (x: Float32Array): Float32Array => x.map((v) => Math.max(0, v));

/** W [f, d] times the transpose of a matrix [d, d]. */
function timesTransposed({ shape, data }: WeightArray, matrix: Float64Array): WeightArray {
  const [rows, d] = shape as [number, number];
  const result = new Float32Array(rows * d);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < d; i++) {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += data[r * d + k]! * matrix[i * d + k]!;
      result[r * d + i] = sum;
    }
  }
  return { shape, data: result };
}
