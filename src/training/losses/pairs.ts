/** Matrices of all pairs of a batch: what belongs together is on the diagonal; and averages over rows as matrices. */
import {
  add,
  constant,
  div,
  exp,
  log,
  matmul,
  mul,
  oneHot,
  reduceMax,
  reduceSum,
  reshape,
  stopGradient,
  sub,
  type Tensor,
  transpose,
} from '../../graph/index.js';

/** The n x n identity matrix, row by row. */
export function identityMatrix(n: number): Float32Array {
  return Float32Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
}

/**
 * log of the mean of exp(x) over the entries off the diagonal of x [n, n]: over all of them ([0, 1]: a scalar) or over
 * each column ([0]: [n]). Finite for every finite x.
 */
export function logMeanExpOffDiagonal(x: Tensor, axes: readonly [0] | readonly [0, 1]): Tensor {
  const n = x.shape[0]!;
  const diagonal = constant(identityMatrix(n), [n, n]);
  const others = constant(
    identityMatrix(n).map((v) => 1 - v),
    [n, n],
  );
  // The diagonal is moved below anything else before the maximum is taken, and counts for nothing after it.
  const far = add(mul(x, others), mul(diagonal, constant(-1e30)));
  const top = stopGradient(reduceMax(far, axes, true));
  const sum = reduceSum(mul(exp(mul(sub(x, top), others)), others), axes, true);
  const count = axes.length === 2 ? n * (n - 1) : n - 1;
  const mean = add(log(sum), sub(top, constant(Math.log(count))));
  return reshape(mean, axes.length === 2 ? [] : [n]);
}

/** The matrix [n, n] that replaces each row of n by the mean of all. */
export function averageOfAll(n: number): Tensor {
  return constant(new Float32Array(n * n).fill(1 / n), [n, n]);
}

/** The matrix [n, n] that replaces each row by the mean of the rows of its label; labels int32 [n]. Symmetric. */
export function averageOfLabel(labels: Tensor, classes: number): Tensor {
  const rows = oneHot(labels, classes);
  const same = matmul(rows, transpose(rows, [1, 0]));
  return div(same, reduceSum(same, [1], true));
}
