/**
 * The variational distribution q_theta(z_i | z_e) = N(mu(z_e), diag sigma^2(z_e)): a perceptron of two hidden layers with
 * two heads. The log-variance is bounded softly, l tanh(x / l), because an unbounded one saturates on easy dimensions and
 * then makes every bound explode; or it is fixed.
 */
import {
  add,
  constant,
  exp,
  expand,
  gaussianNegativeLogLikelihood,
  matmul,
  mul,
  neg,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  scale,
  square,
  sub,
  type Tensor,
  tanh,
  transpose,
} from '../../graph/index.js';
import type { Layers } from '../../network/layers.js';
import type { RegulariserConfig } from './regulariser.js';

/** Mean and log-variance of q for each sample, [n, d] each. */
export interface Gaussian {
  mean: Tensor;
  logVariance: Tensor;
}

/** The part of the configuration that shapes q. */
export type GaussianConfig = Pick<RegulariserConfig, 'hidden' | 'logVarianceLimit' | 'variance'>;

/** q(z_i | z_e) for every row of z_e [n, e], over `size` dimensions. */
export function conditionalGaussian(layers: Layers, ze: Tensor, size: number, config: GaussianConfig): Gaussian {
  const first = relu(layers.dense('hidden1', ze, config.hidden, 'he'));
  const hidden = relu(layers.dense('hidden2', first, config.hidden, 'he'));
  const mean = layers.dense('mean', hidden, size);
  if (config.variance !== undefined) {
    return { mean, logVariance: expand(constant(Math.log(config.variance)), mean.shape) };
  }
  const limit = config.logVarianceLimit;
  const logVariance = scale(tanh(scale(layers.dense('logVariance', hidden, size), 1 / limit)), limit);
  return { mean, logVariance };
}

/** Mean over the samples of -log q(z_i^n | z_e^n), summed over dimensions: what q descends. */
export function negativeLogLikelihood(zi: Tensor, { mean, logVariance }: Gaussian): Tensor {
  return reduceMean(gaussianNegativeLogLikelihood(zi, mean, logVariance));
}

/** Mean over the samples of log q(z_i | z_e) - log N(z_i; 0, I): below 0, q knows less than nothing. */
export function gainOverMarginal(zi: Tensor, q: Gaussian): Tensor {
  const zero = expand(constant(0), zi.shape);
  return sub(reduceMean(gaussianNegativeLogLikelihood(zi, zero, zero)), negativeLogLikelihood(zi, q));
}

/** log q(z_i^m | z_e^n) for all pairs: [n, m]. */
export function pairwiseLogDensity(zi: Tensor, { mean, logVariance }: Gaussian): Tensor {
  const [n, d] = mean.shape as [number, number];
  const precision = exp(neg(logVariance));
  const columns = transpose(zi, [1, 0]);
  const weighted = mul(mean, precision);
  // sum_d (z - mu)^2 / sigma^2, multiplied out so that it is two matrix products.
  const own = reshape(reduceSum(add(mul(weighted, mean), logVariance), [1]), [n, 1]);
  const squares = sub(matmul(precision, square(columns)), scale(matmul(weighted, columns), 2));
  return scale(add(add(squares, own), constant(d * Math.log(2 * Math.PI))), -0.5);
}
