/**
 * What an epoch says about the game against identity, and when it rings the alarm: a penalty whose estimator is worse than
 * useless, or which is idle, looks like success in every other figure.
 */

import type { RegulariserConfig } from './losses/regulariser.js';
import type { StepResult } from './trainer.js';

/** Sums over the steps of an epoch; part of a checkpoint. */
export interface GameSums {
  steps: number;
  bound: number;
  gain: number;
  inner: number;
  /** Steps with an inner loss. */
  learnt: number;
  /** Steps whose bound was not above 0: the encoder got no gradient of it. */
  idle: number;
  /** Weight of the last step. */
  lambda: number;
  apex: number;
}

/** Sums of no step. */
export function freshGame(): GameSums {
  return { steps: 0, bound: 0, gain: 0, inner: 0, learnt: 0, idle: 0, lambda: 0, apex: 0 };
}

/** Adds one step. */
export function addGame(sums: GameSums, { penalty, apex }: StepResult): void {
  sums.steps++;
  sums.apex += apex ?? 0;
  if (!penalty) return;
  sums.bound += penalty.bound;
  sums.gain += penalty.gain ?? 0;
  sums.lambda = penalty.lambda;
  if (penalty.bound <= 0) sums.idle++;
  if (penalty.inner === undefined) return;
  sums.inner += penalty.inner;
  sums.learnt++;
}

/** The game in one epoch; means over its steps. */
export interface GameRecord {
  /** The estimate of dependence between z_e and z_i, before it is cut off at 0. */
  bound: number;
  /** Nats by which the estimator explains z_i better than its marginal; null where the kind has no such figure. */
  gain: number | null;
  /** Loss of the inner steps; null where there were none. */
  inner: number | null;
  /** Share of steps in which the penalty was idle (bound not above 0). */
  idle: number;
  /** Weight of the penalty at the end of the epoch. */
  lambda: number;
  /** Mean absolute difference of the apex faces (0 black, 1 white); null without the constraint. */
  apex: number | null;
  /** What is wrong and what to do; absent while the game is sound. */
  alarm?: string;
}

const withGain = new Set(['vclub', 'l1out']);

/**
 * The record of an epoch (from 1). The alarm keeps still while lambda rises: the estimator is learning then. HSIC and
 * gradient reversal have no estimate in nats; of theirs only idleness can ring.
 */
export function gameRecord(
  sums: GameSums,
  regulariser: RegulariserConfig | undefined,
  epoch: number,
  withApex: boolean,
): GameRecord {
  const mean = (sum: number, count = sums.steps) => sum / Math.max(1, count);
  const kind = regulariser?.kind ?? 'none';
  const record: GameRecord = {
    bound: mean(sums.bound),
    gain: withGain.has(kind) ? mean(sums.gain) : null,
    inner: sums.learnt > 0 ? mean(sums.inner, sums.learnt) : null,
    idle: mean(sums.idle),
    lambda: sums.lambda,
    apex: withApex ? mean(sums.apex) : null,
  };
  const alarm = kind === 'none' || epoch <= regulariser!.warmup ? undefined : alarmOf(record);
  return alarm === undefined ? record : { ...record, alarm };
}

function alarmOf({ bound, gain, idle }: GameRecord): string | undefined {
  if (gain !== null && gain < 0) {
    return (
      `the estimator explains identity ${(-gain).toFixed(2)} nats worse than knowing nothing, so the penalty means ` +
      'nothing: raise innerSteps, innerLr or memory, or fix its variance'
    );
  }
  if (bound < 0) {
    return `the bound is negative (${bound.toFixed(3)} on average), so the penalty does nothing: raise innerSteps or innerLr`;
  }
  if (idle > 0.5) {
    return (
      `the penalty was idle in ${Math.round(100 * idle)}% of the steps (bound at 0): either nothing of identity is left, ` +
      'which a leakage probe must show, or the estimator is too weak'
    );
  }
  return undefined;
}
