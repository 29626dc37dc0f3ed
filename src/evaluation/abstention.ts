/** What saying `uncertain` buys: answers below a probability are withheld, and those that are given are right more often. */
import type { Judged } from './calibration.js';

/** Clips whose highest probability reaches `threshold`. */
export interface Answered {
  threshold: number;
  /** Share of all clips, 0..1; 0 where there are no clips. */
  coverage: number;
  /** Share of the answered that are right; `null` where none is answered. */
  accuracy: number | null;
}

/** Coverage and accuracy at one threshold, which is reached by a probability equal to it. */
export function answeredAt(judged: readonly Judged[], threshold: number): Answered {
  let [answered, right] = [0, 0];
  for (const { truth, probabilities } of judged) {
    const values = Array.from(probabilities);
    const highest = Math.max(...values);
    if (!(highest >= threshold)) continue;
    answered++;
    if (values.indexOf(highest) === truth) right++;
  }
  return {
    threshold,
    coverage: judged.length === 0 ? 0 : answered / judged.length,
    accuracy: answered === 0 ? null : right / answered,
  };
}

/** Accuracy against coverage: a point for every threshold at which coverage changes, from all clips to the surest ones. */
export function abstentionCurve(judged: readonly Judged[]): Answered[] {
  const thresholds = new Set(judged.map(({ probabilities }) => Math.max(...Array.from(probabilities))));
  return [...thresholds].sort((a, b) => a - b).map((threshold) => answeredAt(judged, threshold));
}
