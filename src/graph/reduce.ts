/** Means and maxima along axes (sums: broadcast.ts). */
import { expand, reduce, reduceSum } from './broadcast.js';
import { div, equal, mul, scale, toFloat } from './elementwise.js';
import type { Tensor } from './tensor.js';

/** Mean over `axes`. */
export function reduceMean(x: Tensor, axes?: readonly number[], keepDims = false): Tensor {
  return reduce('ReduceMean', x, axes, keepDims, (dy, _, count) => expand(scale(dy, 1 / count), x.shape));
}

/** Maximum over `axes`; where several are largest, they share the gradient evenly. */
export function reduceMax(x: Tensor, axes?: readonly number[], keepDims = false): Tensor {
  return reduce('ReduceMax', x, axes, keepDims, (dy, y) => {
    const largest = toFloat(equal(x, y));
    const list = y.shape.flatMap((n, i) => (n === 1 && x.shape[i] !== 1 ? [i] : []));
    return mul(largest, div(dy, reduceSum(largest, list, true)));
  });
}
