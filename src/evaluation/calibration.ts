/** How far probabilities are what they say. */

/** One clip's truth and the probability of every class. */
export interface Judged {
  truth: number;
  probabilities: ArrayLike<number>;
}

/**
 * Expected calibration error (Guo et al., ICML 2017): over bins of the highest probability, the mean distance between that
 * probability and the share that is right, weighted by clips. 0..1; 0 where there are no clips.
 */
export function expectedCalibrationError(judged: readonly Judged[], bins = 10): number {
  const clips = new Array<number>(bins).fill(0);
  const right = new Array<number>(bins).fill(0);
  const belief = new Array<number>(bins).fill(0);
  for (const { truth, probabilities } of judged) {
    const values = Array.from(probabilities);
    const highest = Math.max(...values);
    const bin = Math.min(bins - 1, Math.floor(highest * bins));
    clips[bin]!++;
    belief[bin]! += highest;
    if (values.indexOf(highest) === truth) right[bin]!++;
  }
  const distance = clips.reduce((sum, _, bin) => sum + Math.abs(belief[bin]! - right[bin]!), 0);
  return judged.length === 0 ? 0 : distance / judged.length;
}

/** Mean of -log of the truth's probability, in nats. */
export function negativeLogLikelihood(judged: readonly Judged[]): number {
  const sum = judged.reduce((total, { truth, probabilities }) => {
    return total - Math.log(Math.max(probabilities[truth] ?? 0, 1e-12));
  }, 0);
  return judged.length === 0 ? 0 : sum / judged.length;
}
