/** Losses: each gives a scalar, the mean over the samples (axis 0). */
import { ModelError } from '../errors.js';
import { reduceSum, reshape } from './broadcast.js';
import { abs, add, div, equal, exp, log, mul, neg, scale, square, sub, toFloat } from './elementwise.js';
import { reduceMax, reduceMean } from './reduce.js';
import { apply, constant, constantInt32, expectFloat, stopGradient, type Tensor } from './tensor.js';

/** Softmax over the last axis. */
export function softmax(x: Tensor): Tensor {
  expectFloat('Softmax', x);
  return apply('Softmax', [x], { axis: { int: -1 } }, x.shape, (dy, y) => [
    mul(y, sub(dy, reduceSum(mul(dy, y), [-1], true))),
  ]);
}

/** log(softmax(x)) over the last axis, finite for every finite x. */
export function logSoftmax(x: Tensor): Tensor {
  const shifted = sub(x, stopGradient(reduceMax(x, [-1], true)));
  return sub(shifted, log(reduceSum(exp(shifted), [-1], true)));
}

/** Labels int32 [n] as float32 rows [n, classes] with a 1 each. */
export function oneHot(labels: Tensor, classes: number): Tensor {
  if (labels.type !== 'int32' || labels.shape.length !== 1) throw new ModelError('oneHot: labels are int32 [n]');
  const all = constantInt32(Array.from({ length: classes }, (_, i) => i));
  return toFloat(equal(reshape(labels, [labels.shape[0]!, 1]), reshape(all, [1, classes])));
}

/**
 * Cross-entropy of logits [n, classes] against labels int32 [n]: -sum t log softmax(logits), where t is 1 - smoothing on
 * the label plus smoothing / classes everywhere. With `weights` [n] the mean is weighted (and divided by their sum).
 */
export function crossEntropy(
  logits: Tensor,
  labels: Tensor,
  options: { smoothing?: number; weights?: Tensor } = {},
): Tensor {
  const [, classes] = logits.shape as [number, number];
  const smoothing = options.smoothing ?? 0;
  const target = add(scale(oneHot(labels, classes), 1 - smoothing), constant(smoothing / classes));
  const each = neg(reduceSum(mul(target, logSoftmax(logits)), [1]));
  return options.weights === undefined
    ? reduceMean(each)
    : div(reduceSum(mul(each, options.weights)), reduceSum(options.weights));
}

/** Mean of |x - y| over everything. */
export function l1Loss(x: Tensor, y: Tensor): Tensor {
  return reduceMean(abs(sub(x, y)));
}

/**
 * Minus log density of x [n, d] under N(mean, diag exp(logVariance)), both [n, d]: summed over d, one value per sample,
 * [n]. 0.5 sum (logVariance + (x - mean)^2 / exp(logVariance) + log 2 pi).
 */
export function gaussianNegativeLogLikelihood(x: Tensor, mean: Tensor, logVariance: Tensor): Tensor {
  const spread = mul(square(sub(x, mean)), exp(neg(logVariance)));
  return scale(reduceSum(add(add(logVariance, spread), constant(Math.log(2 * Math.PI))), [1]), 0.5);
}
