/**
 * MINE, the Donsker-Varadhan lower bound of mutual information by a learned critic T:
 *
 *   I = mean_n T(z_e^n, z_i^n) - log mean_{m != n} exp T(z_e^n, z_i^m)
 *
 * Belghazi et al.: Mutual Information Neural Estimation, ICML 2018, equation 10. The critic maximises it, the encoder
 * minimises it: a min-max game, here for comparison. All pairs of the batch stand for the product of the marginals; the
 * critic is bounded softly, because the bound's variance grows with its exponential. The moving average with which the
 * paper corrects the gradient's bias is left out: the pairs of a batch are many.
 */
import { add, constant, mul, neg, reduceSum, relu, reshape, scale, sub, type Tensor, tanh } from '../../graph/index.js';
import type { Layers } from '../../network/layers.js';
import { identityMatrix, logMeanExpOffDiagonal } from './pairs.js';
import type { Regulariser, RegulariserConfig } from './regulariser.js';

/** |T| stays below this many nats. */
const criticLimit = 10;

/** The bound, in nats, for a critic's values of all pairs [n, n]; the diagonal holds the pairs that belong together. */
export function donskerVaradhan(critic: Tensor): Tensor {
  const n = critic.shape[0]!;
  const own = scale(reduceSum(mul(critic, constant(identityMatrix(n), [n, n]))), 1 / n);
  return sub(own, logMeanExpOffDiagonal(critic, [0, 1]));
}

/** T(z_e^n, z_i^m) for all pairs, [n, n]. The first layer's two halves are computed once a sample, not once a pair. */
function criticOf(layers: Layers, ze: Tensor, zi: Tensor, hidden: number): Tensor {
  const n = ze.shape[0]!;
  const left = reshape(layers.dense('expression', ze, hidden, 'he'), [n, 1, hidden]);
  const right = reshape(layers.dense('identity', zi, hidden, 'he'), [1, n, hidden]);
  const first = reshape(relu(add(left, right)), [n * n, hidden]);
  const second = relu(layers.dense('hidden', first, hidden, 'he'));
  const value = reshape(layers.dense('value', second, 1), [n, n]);
  return scale(tanh(scale(value, 1 / criticLimit)), criticLimit);
}

export function mine({ hidden }: RegulariserConfig): Regulariser {
  return {
    inner: (layers, ze, zi) => neg(donskerVaradhan(criticOf(layers, ze, zi, hidden))),
    penalty: (layers, ze, zi) => ({ bound: donskerVaradhan(criticOf(layers, ze, zi, hidden)) }),
  };
}
