/**
 * How sure a score is. Clips of one person go right or wrong together, so the interval is that of a bootstrap over
 * subjects: people are drawn with replacement, each with all clips, and the middle 95% of the scores are kept.
 */
import { Random } from '../training/random.js';

export interface Interval {
  low: number;
  high: number;
}

/**
 * 95% percentile interval of `score`, 2000 draws, always the same ones. With fewer than two subjects there is nothing to
 * draw from: `undefined`.
 */
export function subjectBootstrap<T extends { subject: string }>(
  outcomes: readonly T[],
  score: (outcomes: readonly T[]) => number,
  draws = 2000,
): Interval | undefined {
  const bySubject = new Map<string, T[]>();
  for (const outcome of outcomes) bySubject.set(outcome.subject, [...(bySubject.get(outcome.subject) ?? []), outcome]);
  const subjects = [...bySubject.values()];
  if (subjects.length < 2) return undefined;
  const random = new Random(2021);
  const scores = new Float64Array(draws);
  for (let d = 0; d < draws; d++) {
    const drawn: T[] = [];
    for (let s = 0; s < subjects.length; s++) drawn.push(...subjects[random.int(subjects.length)]!);
    scores[d] = score(drawn);
  }
  scores.sort();
  return { low: scores[Math.floor(0.025 * (draws - 1))]!, high: scores[Math.ceil(0.975 * (draws - 1))]! };
}
