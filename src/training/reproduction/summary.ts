/** What the rounds of one experiment come to: scores over all test clips, and their mean over rounds with an interval. */
import { type Metrics, metricsOf } from '../../evaluation/metrics.js';
import type { FailedRound, RoundResult } from './rounds.js';

/** Mean over rounds; the interval is Student's, 95%, and `null` with fewer than two rounds. */
export interface OverRounds {
  mean: number;
  low: number | null;
  high: number | null;
}

/** An experiment's outcome. */
export interface ExperimentSummary {
  name: string;
  about: string;
  labels: readonly string[];
  /** Over the test clips of all rounds together; each clip is tested at most once. */
  pooled: Metrics;
  /** `confusion[truth][answer]` over all rounds, in the order of `labels`. */
  confusion: number[][];
  /** Share of each label's clips that are right; `null` where there are none. */
  recall: (number | null)[];
  war: OverRounds;
  uar: OverRounds;
  rounds: { test: number; validation: number; clips: number; war: number; uar: number; bestEpoch: number }[];
  failed: FailedRound[];
}

/** Sums up. `undefined` for `pooled` never happens: without a round that was tested, all scores are 0 of 0 clips. */
export function summaryOf(
  name: string,
  about: string,
  labels: readonly string[],
  results: readonly (RoundResult | FailedRound)[],
): ExperimentSummary {
  const tested = results.filter((one): one is RoundResult => 'result' in one);
  const confusion = labels.map(() => labels.map(() => 0));
  for (const { result } of tested) {
    result.confusion.forEach((row, i) => {
      row.forEach((count, j) => {
        // A round speaks of the labels that its data set has; the corpus may have more.
        const truth = labels.indexOf(result.labels[i]!);
        const answer = labels.indexOf(result.labels[j]!);
        confusion[truth]![answer]! += count;
      });
    });
  }
  return {
    name,
    about,
    labels,
    pooled: metricsOf(confusion),
    confusion,
    recall: confusion.map((row, i) => {
      const n = row.reduce((a, b) => a + b, 0);
      return n === 0 ? null : row[i]! / n;
    }),
    war: overRounds(tested.map(({ result }) => result.war)),
    uar: overRounds(tested.map(({ result }) => result.uar)),
    rounds: tested.map(({ test, validation, bestEpoch, result }) => ({
      test,
      validation,
      clips: result.n,
      war: result.war,
      uar: result.uar,
      bestEpoch,
    })),
    failed: results.filter((one): one is FailedRound => 'error' in one),
  };
}

/** Student's t at 0.975 for 1, 2, ... degrees of freedom. */
const quantiles = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145];

/** Mean and 95% interval of the mean. */
export function overRounds(scores: readonly number[]): OverRounds {
  const n = scores.length;
  const mean = n === 0 ? 0 : scores.reduce((a, b) => a + b, 0) / n;
  if (n < 2) return { mean, low: null, high: null };
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (n - 1);
  const half = (quantiles[n - 2] ?? 2.131) * Math.sqrt(variance / n);
  return { mean, low: Math.max(0, mean - half), high: Math.min(1, mean + half) };
}
