/** The optimiser as part of the training graph, and the learning rate over the steps. */
import {
  add,
  constant,
  div,
  minimum,
  mul,
  reduceSum,
  reshape,
  scale,
  split,
  sqrt,
  square,
  sub,
  type Tensor,
} from '../graph/index.js';

export const adamBeta1 = 0.9;
export const adamBeta2 = 0.999;
const adamEpsilon = 1e-8;

/** Run-time scalars of one update, in the order in which `scheduleValues` packs them. */
export interface Schedule {
  lr: Tensor;
  /** 1 / (1 - beta1^t) and 1 / (1 - beta2^t), t from 1: Adam's bias corrections. */
  correction1: Tensor;
  correction2: Tensor;
  /** Bound on the global gradient norm. */
  clip: Tensor;
  /** Decay of the weights' moving average. */
  averageDecay: Tensor;
}

export const scheduleSize = 5;

/** Takes the packed scalars [5] apart. */
export function unpackSchedule(packed: Tensor): Schedule {
  const [lr, correction1, correction2, clip, averageDecay] = split(packed, 0, [1, 1, 1, 1, 1]).map((x) =>
    reshape(x, []),
  );
  return { lr: lr!, correction1: correction1!, correction2: correction2!, clip: clip!, averageDecay: averageDecay! };
}

/** The packed scalars for the update after `done` updates. */
export function scheduleValues(
  done: number,
  values: { lr: number; clip: number; averageDecay?: number },
): Float32Array {
  const t = done + 1;
  // The average follows quickly at first: after few steps it would still be the initial weights.
  const decay = Math.min(values.averageDecay ?? 0, (1 + done) / (10 + done));
  return Float32Array.of(values.lr, 1 / (1 - adamBeta1 ** t), 1 / (1 - adamBeta2 ** t), values.clip, decay);
}

/** Scales a flat gradient down to a norm of at most `limit`; also gives the norm it had. */
export function clipByNorm(gradient: Tensor, limit: Tensor): { gradient: Tensor; norm: Tensor } {
  const norm = sqrt(reduceSum(square(gradient)));
  const factor = minimum(div(limit, add(norm, constant(1e-6))), constant(1));
  return { gradient: mul(gradient, factor), norm };
}

/**
 * AdamW (Loshchilov and Hutter 2019) over flat vectors [p]; `decay` [p] is the weight decay of each value.
 * m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w = w - lr (m c1 / (sqrt(v c2) + epsilon) + decay w).
 */
export function adamW(
  state: { weights: Tensor; m: Tensor; v: Tensor },
  gradient: Tensor,
  decay: Tensor,
  schedule: Schedule,
): { weights: Tensor; m: Tensor; v: Tensor } {
  const m = add(scale(state.m, adamBeta1), scale(gradient, 1 - adamBeta1));
  const v = add(scale(state.v, adamBeta2), scale(square(gradient), 1 - adamBeta2));
  const step = div(mul(m, schedule.correction1), add(sqrt(mul(v, schedule.correction2)), constant(adamEpsilon)));
  const weights = sub(state.weights, mul(add(step, mul(state.weights, decay)), schedule.lr));
  return { weights, m, v };
}

/** Linear warm-up from 0 to `peak` over `warmup` steps, then half a cosine down to 0 at `total` steps; `step` from 0. */
export function cosineLearningRate(
  step: number,
  { peak, warmup, total }: { peak: number; warmup: number; total: number },
): number {
  if (step < warmup) return (peak * (step + 1)) / warmup;
  const done = Math.min(1, (step - warmup) / Math.max(1, total - warmup));
  return peak * 0.5 * (1 + Math.cos(Math.PI * done));
}
