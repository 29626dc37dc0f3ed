/**
 * HSIC, the Hilbert-Schmidt independence criterion, normalised to [0, 1]:
 *
 *   HSIC(K, L) = tr(K H L H) / n^2,  H = I - 1/n;   value = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L))
 *
 * Gretton, Bousquet, Smola, Schoelkopf: Measuring Statistical Dependence with Hilbert-Schmidt Norms, ALT 2005 (biased
 * estimate); normalised as by Cortes, Mohri and Rostamizadeh (2012). Kernels are Gaussian, exp(-|x - y|^2 / 2 s^2), with
 * s^2 half the batch's mean squared distance, so that shrinking z_e gains nothing (the gradient
 * flows through s as well, for the same reason). There is no estimator to train. Given the expression (ours), H takes away the
 * means of each label's clips: the dependence within labels.
 */
import {
  add,
  constant,
  div,
  exp,
  matmul,
  mul,
  neg,
  reduceSum,
  relu,
  reshape,
  scale,
  sqrt,
  square,
  sub,
  type Tensor,
  transpose,
} from '../../graph/index.js';
import type { Regulariser } from './regulariser.js';

/** Squared distances of all rows of x [n, d]: [n, n]. */
function squaredDistances(x: Tensor): Tensor {
  const n = x.shape[0]!;
  const squares = reduceSum(square(x), [1]);
  const products = matmul(x, transpose(x, [1, 0]));
  // relu: rounding must not make a distance negative.
  return relu(sub(add(reshape(squares, [n, 1]), reshape(squares, [1, n])), scale(products, 2)));
}

/** The kernel matrix with its rows' and columns' means taken away, H K H with H = I - among. Mean squared distance: over pairs of two. */
function centredKernel(x: Tensor, among: Tensor): Tensor {
  const n = x.shape[0]!;
  const distances = squaredDistances(x);
  const mean = scale(reduceSum(distances), 1 / (n * (n - 1)));
  const k = exp(neg(div(distances, add(mean, constant(1e-12)))));
  const rows = sub(k, matmul(among, k));
  return sub(rows, matmul(rows, among));
}

/**
 * HSIC of x [n, d] and y [n, e], biased; a scalar from 0. `normalised`: divided by its largest possible value. `among` [n, n],
 * a symmetric projection, says over which rows kernels are centred: all, or those of one label (conditional).
 */
export function hsicOf(x: Tensor, y: Tensor, normalised: boolean, among: Tensor): Tensor {
  const n = x.shape[0]!;
  const [k, l] = [centredKernel(x, among), centredKernel(y, among)];
  // tr(HKH HLH) is the sum of the products, both being symmetric.
  const product = (a: Tensor, b: Tensor) => scale(reduceSum(mul(a, b)), 1 / n ** 2);
  if (!normalised) return product(k, l);
  return div(product(k, l), sqrt(add(mul(product(k, k), product(l, l)), constant(1e-12))));
}

export function hsic(): Regulariser {
  return { inner: undefined, penalty: (_, ze, zi, among) => ({ bound: hsicOf(ze, zi, true, among) }) };
}
