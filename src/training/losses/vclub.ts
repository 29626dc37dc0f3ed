/**
 * vCLUB, the variational contrastive log-ratio upper bound of mutual information:
 *
 *   I = mean_n [ log q(z_i^n | z_e^n) - mean_m log q(z_i^m | z_e^n) ]
 *
 * Cheng, Hao, Dai, Liu, Gan, Carin: CLUB, ICML 2020, equation 15; the game of Liu et al. 2021 (both players minimise:
 * q its negative log-likelihood, the encoder the bound). The second mean is over all m, n included, as in the paper, so
 * the bound's expectation is (N - 1) / N of CLUB's. The normalising terms of q cancel; what is left needs only the
 * first two moments of z_i. Given the expression (ours), m runs over the clips of n's label: I(z_e; z_i | label).
 */
import {
  add,
  exp,
  matmul,
  mul,
  neg,
  reduceMean,
  reduceSum,
  scale,
  square,
  sub,
  type Tensor,
} from '../../graph/index.js';
import { conditionalGaussian, type Gaussian, gainOverMarginal, negativeLogLikelihood } from './gaussian.js';
import type { Regulariser, RegulariserConfig } from './regulariser.js';

/**
 * The bound, in nats, for z_i [n, d] and any Gaussian q of it: a scalar, possibly below 0 when q is bad. `among` [n, n] takes
 * the second mean: over the whole batch, or over the rows of one label for the conditional bound.
 */
export function vclubBound(zi: Tensor, { mean, logVariance }: Gaussian, among: Tensor): Tensor {
  const first = matmul(among, zi);
  const second = matmul(among, square(zi));
  // mean_m (z_i^m - mu_n)^2
  const apart = add(sub(second, scale(mul(mean, first), 2)), square(mean));
  const own = square(sub(zi, mean));
  return scale(reduceMean(reduceSum(mul(sub(apart, own), exp(neg(logVariance))), [1])), 0.5);
}

export function vclub(config: RegulariserConfig): Regulariser {
  return {
    inner: (layers, ze, zi) => negativeLogLikelihood(zi, conditionalGaussian(layers, ze, zi.shape[1]!, config)),
    penalty: (layers, ze, zi, among) => {
      const q = conditionalGaussian(layers, ze, zi.shape[1]!, config);
      return { bound: vclubBound(zi, q, among), gain: gainOverMarginal(zi, q) };
    },
  };
}
