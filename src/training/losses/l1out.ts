/**
 * L1Out, the leave-one-out upper bound of mutual information:
 *
 *   I = mean_n [ log q(z_i^n | z_e^n) - log 1/(N-1) sum_{m != n} q(z_i^n | z_e^m) ]
 *
 * Poole, Ozair, van den Oord, Alemi, Tucker: On Variational Bounds of Mutual Information, ICML 2019, equation 10, with
 * the conditional density replaced by the learned q: an upper bound in expectation when q is exact.
 */
import { constant, mul, reduceMean, reduceSum, sub, type Tensor } from '../../graph/index.js';
import {
  conditionalGaussian,
  type Gaussian,
  gainOverMarginal,
  negativeLogLikelihood,
  pairwiseLogDensity,
} from './gaussian.js';
import { identityMatrix, logMeanExpOffDiagonal } from './pairs.js';
import type { Regulariser, RegulariserConfig } from './regulariser.js';

/** The bound, in nats, for z_i [n, d] and any Gaussian q of it: a scalar; n from 2. */
export function l1outBound(zi: Tensor, q: Gaussian): Tensor {
  const density = pairwiseLogDensity(zi, q);
  const n = zi.shape[0]!;
  const own = reduceSum(mul(density, constant(identityMatrix(n), [n, n])), [0]);
  // Column m of the matrix is one z_i under every z_e.
  return reduceMean(sub(own, logMeanExpOffDiagonal(density, [0])));
}

export function l1out(config: RegulariserConfig): Regulariser {
  return {
    inner: (layers, ze, zi) => negativeLogLikelihood(zi, conditionalGaussian(layers, ze, zi.shape[1]!, config)),
    penalty: (layers, ze, zi) => {
      const q = conditionalGaussian(layers, ze, zi.shape[1]!, config);
      return { bound: l1outBound(zi, q), gain: gainOverMarginal(zi, q) };
    },
  };
}
