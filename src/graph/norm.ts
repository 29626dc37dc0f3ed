/** Batch normalisation over [n, c, h, w]: with the batch's own statistics in training, with running ones afterwards. */
import { ModelError } from '../errors.js';
import { reshape } from './broadcast.js';
import { add, clip, div, mul, neg, scale, sqrt, square, sub } from './elementwise.js';
import { globalAveragePool } from './pool.js';
import { reduceMean } from './reduce.js';
import { apply, constant, expectFloat, type Tensor } from './tensor.js';

/** Added to the variance before its root. */
export const batchNormEpsilon = 1e-5;

function check(x: Tensor, ...vectors: readonly Tensor[]): void {
  expectFloat('BatchNormalization', x, ...vectors);
  if (x.shape.length !== 4 || vectors.some((v) => v.shape.join() !== `${x.shape[1]}`)) {
    throw new ModelError(`BatchNormalization: [${x.shape}] with ${vectors.map((v) => `[${v.shape}]`).join(', ')}`);
  }
}

/** Mean over n, h and w for each channel: [n, c, h, w] to [c]. */
function channelMean(x: Tensor): Tensor {
  return reshape(reduceMean(globalAveragePool(x), [0]), [x.shape[1]!]);
}

/** a x + b, channel by channel: the operator that does it in one pass is batch norm itself, with mean 0 and variance 1. */
function affine(x: Tensor, a: Tensor, b: Tensor): Tensor {
  const channels = x.shape[1]!;
  const [mean, variance] = [0, 1].map((value) => constant(new Float32Array(channels).fill(value)));
  return apply('BatchNormalization', [x, a, b, mean, variance], { epsilon: { float: 0 } }, x.shape, undefined);
}

/**
 * Normalises with the batch's own statistics; also gives them (mean and biased variance, [c]), for the running averages.
 * The gradient counts the statistics as functions of x, so nothing else may be differentiated through them.
 */
export function batchNormTraining(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
): { y: Tensor; mean: Tensor; variance: Tensor } {
  check(x, gamma, beta);
  const channels = x.shape[1]!;
  const mean = channelMean(x);
  // E[x^2] - E[x]^2 can fall below zero by rounding.
  const variance = clip(sub(channelMean(square(x)), square(mean)), 0, 3.0e38);
  const y = apply(
    'BatchNormalization',
    [x, gamma, beta, mean, variance],
    { epsilon: { float: batchNormEpsilon } },
    x.shape,
    (dy) => {
      // With r = 1 / sqrt(variance + epsilon) and means taken over n, h, w:
      // dx = gamma r (dy - mean(dy) - xhat mean(dy xhat)) = a dy + b x + c, channel by channel.
      const r = div(constant(1), sqrt(add(variance, constant(batchNormEpsilon))));
      const meanDy = channelMean(dy);
      const meanDyXhat = mul(r, sub(channelMean(mul(dy, x)), mul(mean, meanDy)));
      const a = mul(gamma, r);
      const b = neg(mul(mul(a, r), meanDyXhat));
      const c = neg(add(mul(a, meanDy), mul(b, mean)));
      const zero = constant(new Float32Array(channels));
      const count = (x.shape[0]! * x.shape[2]! * x.shape[3]!) as number;
      return [
        add(affine(dy, a, zero), affine(x, b, c)),
        scale(meanDyXhat, count),
        scale(meanDy, count),
        undefined,
        undefined,
      ];
    },
  );
  return { y, mean, variance };
}

/** Normalises with given statistics: gamma (x - mean) / sqrt(variance + epsilon) + beta. No gradient to the statistics. */
export function batchNormInference(x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor): Tensor {
  check(x, gamma, beta, mean, variance);
  return apply(
    'BatchNormalization',
    [x, gamma, beta, mean, variance],
    { epsilon: { float: batchNormEpsilon } },
    x.shape,
    (dy) => {
      const r = div(constant(1), sqrt(add(variance, constant(batchNormEpsilon))));
      const count = x.shape[0]! * x.shape[2]! * x.shape[3]!;
      const meanDy = channelMean(dy);
      return [
        mul(dy, reshape(mul(gamma, r), [1, x.shape[1]!, 1, 1])),
        scale(mul(r, sub(channelMean(mul(dy, x)), mul(mean, meanDy))), count),
        scale(meanDy, count),
        undefined,
        undefined,
      ];
    },
  );
}

/**
 * Folds inference batch norm into the convolution before it, on plain arrays: w [k, c, kh, kw] becomes w gamma r and the
 * bias beta - mean gamma r, with r = 1 / sqrt(variance + epsilon).
 */
export function foldBatchNorm(
  w: Float32Array,
  norm: { gamma: Float32Array; beta: Float32Array; mean: Float32Array; variance: Float32Array },
): { w: Float32Array; bias: Float32Array } {
  const k = norm.gamma.length;
  const per = w.length / k;
  const folded = new Float32Array(w.length);
  const bias = new Float32Array(k);
  for (let i = 0; i < k; i++) {
    const factor = norm.gamma[i]! / Math.sqrt(norm.variance[i]! + batchNormEpsilon);
    for (let j = i * per; j < (i + 1) * per; j++) folded[j] = w[j]! * factor;
    bias[i] = norm.beta[i]! - norm.mean[i]! * factor;
  }
  return { w: folded, bias };
}
