/**
 * Gradient reversal: a predictor f(z_e) of z_i descends 1 - cos(f(z_e), z_i), and the encoder is moved against the same
 * gradient: its penalty is the cosine.
 *
 * After Ganin and Lempitsky: Unsupervised Domain Adaptation by Backpropagation, ICML 2015 (equation 13: the reversal
 * layer), written as two losses of two players and with the identity feature in place of a label, so that no identity
 * label is needed here either. The cosine is bounded: an unbounded error would reward any z_e far enough away.
 */
import {
  add,
  constant,
  div,
  mul,
  reduceMean,
  reduceSum,
  relu,
  sqrt,
  square,
  sub,
  type Tensor,
} from '../../graph/index.js';
import type { Layers } from '../../network/layers.js';
import type { Regulariser, RegulariserConfig } from './regulariser.js';

/** Mean over the rows of the cosine between x and y [n, d]. */
export function meanCosine(x: Tensor, y: Tensor): Tensor {
  const norms = mul(reduceSum(square(x), [1]), reduceSum(square(y), [1]));
  return reduceMean(div(reduceSum(mul(x, y), [1]), sqrt(add(norms, constant(1e-12)))));
}

function predict(layers: Layers, ze: Tensor, zi: Tensor, hidden: number): Tensor {
  const first = relu(layers.dense('hidden1', ze, hidden, 'he'));
  const second = relu(layers.dense('hidden2', first, hidden, 'he'));
  return layers.dense('prediction', second, zi.shape[1]!);
}

export function gradientReversal({ hidden }: RegulariserConfig): Regulariser {
  return {
    inner: (layers, ze, zi) => sub(constant(1), meanCosine(predict(layers, ze, zi, hidden), zi)),
    penalty: (layers, ze, zi) => ({ bound: meanCosine(predict(layers, ze, zi, hidden), zi) }),
  };
}
