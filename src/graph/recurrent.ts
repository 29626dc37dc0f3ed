/** A gated recurrent unit (Cho et al. 2014, in the form of cuDNN and PyTorch), unrolled over time from plain operators. */
import { ModelError } from '../errors.js';
import { reshape } from './broadcast.js';
import { add, mul, sigmoid, sub, tanh } from './elementwise.js';
import { gemm, matmul } from './matmul.js';
import { slice, split } from './shape.js';
import { constant, type Tensor } from './tensor.js';

export interface GruWeights {
  /** [f, 3 h]: input to the reset, update and new gates, in this order. */
  input: Tensor;
  /** [h, 3 h]: state to the same. */
  hidden: Tensor;
  /** [3 h] */
  inputBias: Tensor;
  /** [3 h] */
  hiddenBias: Tensor;
}

/**
 * x [n, t, f] to the states after each step, t tensors [n, h]. From the state 0:
 * r = sigmoid(x Wr + h Ur), z = sigmoid(x Wz + h Uz), new = tanh(x Wn + r (h Un)), h' = new + z (h - new), biases understood.
 */
export function gru(x: Tensor, weights: GruWeights): readonly Tensor[] {
  const [n, t, f] = x.shape as [number, number, number];
  const size = weights.hidden.shape[0]!;
  if (
    x.shape.length !== 3 ||
    weights.hidden.shape[1] !== 3 * size ||
    weights.input.shape.join() !== `${f},${3 * size}`
  ) {
    throw new ModelError(`gru: [${x.shape}] with [${weights.input.shape}] and [${weights.hidden.shape}]`);
  }
  const inputs = reshape(gemm(reshape(x, [n * t, f]), weights.input, weights.inputBias), [n, t, 3 * size]);
  const states: Tensor[] = [];
  let state: Tensor | undefined;
  for (let step = 0; step < t; step++) {
    const at = reshape(slice(inputs, [{ axis: 1, start: step, count: 1 }]), [n, 3 * size]);
    const [xr, xz, xn] = split(at, 1, [size, size, size]) as [Tensor, Tensor, Tensor];
    // From the zero state, h U + bias is the bias alone: [1, 3 h], broadcast over the batch.
    const bias = reshape(weights.hiddenBias, [1, 3 * size]);
    const kept: Tensor = state ? add(matmul(state, weights.hidden), bias) : bias;
    const [hr, hz, hn] = split(kept, 1, [size, size, size]) as [Tensor, Tensor, Tensor];
    const reset = sigmoid(add(xr, hr));
    const update = sigmoid(add(xz, hz));
    const fresh = tanh(add(xn, mul(reset, hn)));
    state = state ? add(fresh, mul(update, sub(state, fresh))) : mul(fresh, sub(constant(1), update));
    states.push(state);
  }
  return states;
}
