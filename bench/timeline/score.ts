/** How well segments tell what a long video shows: by moment, by segment, and the times of onset, apex and offset. */
import type { Segment } from '../../src/timeline/segments.js';
import type { Shown, Truth } from './videos.js';

/** A stretch with one label. */
interface Stretch {
  label: string;
  start: number;
  end: number;
}

/** Errors in seconds, answer less truth: late is positive. */
export interface TimeErrors {
  /** Against the first moving frame. */
  onset: number[];
  /** Against the stretch from the strongest frame to the decline's first: 0 inside. */
  apex: number[];
  /** Against the first frame of the decline, and against half of the way from there to the clip's end. */
  decline: number[];
  offset: number[];
}

/** Counts, which add up over videos. */
export interface Tally {
  labels: readonly string[];
  /** By truth and answer, pictures; the last column is `uncertain` or no answer. */
  confusion: number[][];
  /** By label: segments there are, segments found, and those of them that match. */
  segments: { truth: number; found: number; matched: number }[];
  times: TimeErrors;
}

/** A segment is found when one of its label overlaps it by this share of both together. */
const overlapNeeded = 0.5;

/** Where the face is halfway to the expression, and halfway back: before and behind it is nearer to rest. */
export function halfway({ end, phases }: Shown): { rise: number; fall: number } | undefined {
  if (!phases) return undefined;
  return { rise: (phases.onset + phases.apex) / 2, fall: (phases.decline + end) / 2 };
}

/**
 * The label of a moment, or `undefined` for the guard zone: the first half of the rise, and what follows half of the decline,
 * whose end is not annotated. Expression in between, neutral before the first moving frame and in neutral clips.
 */
export function truthAt(shown: Shown, time: number): string | undefined {
  const half = halfway(shown);
  if (!half) return shown.label;
  if (time < shown.phases!.onset) return 'neutral';
  return time >= half.rise && time < half.fall ? shown.label : undefined;
}

/** The video cut at the halfway points; the pieces of neutral between two expressions are one. */
export function trueSegments(shown: readonly Shown[]): Stretch[] {
  const found: Stretch[] = [];
  const add = (label: string, start: number, end: number) => {
    const last = found.at(-1);
    if (last?.label === label && label === 'neutral') last.end = end;
    else if (end > start) found.push({ label, start, end });
  };
  for (const one of shown) {
    const half = halfway(one);
    if (!half) add(one.label, one.start, one.end);
    else {
      add('neutral', one.start, half.rise);
      add(one.label, half.rise, half.fall);
      add('neutral', half.fall, one.end);
    }
  }
  return found;
}

export function emptyTally(labels: readonly string[]): Tally {
  return {
    labels,
    confusion: labels.map(() => new Array<number>(labels.length + 1).fill(0)),
    segments: labels.map(() => ({ truth: 0, found: 0, matched: 0 })),
    times: { onset: [], apex: [], decline: [], offset: [] },
  };
}

/** The counts of several videos together. */
export function together(tallies: readonly Tally[]): Tally {
  const sum = emptyTally(tallies[0]!.labels);
  for (const { confusion, segments, times } of tallies) {
    for (const [i, row] of confusion.entries()) for (const [j, n] of row.entries()) sum.confusion[i]![j]! += n;
    for (const [i, counts] of segments.entries()) {
      for (const key of ['truth', 'found', 'matched'] as const) sum.segments[i]![key] += counts[key];
    }
    for (const key of ['onset', 'apex', 'decline', 'offset'] as const) sum.times[key].push(...times[key]);
  }
  return sum;
}

/** Adds one video's to `tally`. */
export function judge(tally: Tally, { times, shown }: Truth, segments: readonly Segment[]): void {
  const { labels } = tally;
  let [clip, at] = [0, 0];
  for (const time of times) {
    while (clip + 1 < shown.length && time >= shown[clip + 1]!.start) clip++;
    while (at + 1 < segments.length && time >= segments[at]!.end) at++;
    const truth = truthAt(shown[clip]!, time);
    if (truth === undefined) continue;
    const segment = segments[at];
    const answer = segment && time >= segment.start && time < segment.end ? labels.indexOf(segment.label) : -1;
    tally.confusion[labels.indexOf(truth)]![answer < 0 ? labels.length : answer]!++;
  }
  const truths = trueSegments(shown);
  for (const { label } of truths) tally.segments[labels.indexOf(label)]!.truth++;
  for (const { label } of segments) {
    const counts = tally.segments[labels.indexOf(label)];
    if (counts) counts.found++;
  }
  for (const [truth, found] of matches(truths, segments)) {
    tally.segments[labels.indexOf(truth.label)]!.matched++;
    const one = shown.find(
      ({ label, start, end }) => label === truth.label && start <= truth.start && end >= truth.end,
    );
    if (one?.phases) noteTimes(tally.times, one, found);
  }
}

function noteTimes(times: TimeErrors, shown: Shown, { onset, apex, offset }: Segment): void {
  const phases = shown.phases!;
  times.onset.push(onset! - phases.onset);
  times.apex.push(apex! < phases.apex ? apex! - phases.apex : Math.max(0, apex! - phases.decline));
  times.decline.push(offset! - phases.decline);
  times.offset.push(offset! - halfway(shown)!.fall);
}

/** One found segment for each true one at most, the best overlaps first. */
function matches(truths: readonly Stretch[], segments: readonly Segment[]): [Stretch, Segment][] {
  const pairs = truths.flatMap((truth) =>
    segments
      .filter(({ label }) => label === truth.label)
      .map((segment) => ({ truth, segment, overlap: overlapOf(truth, segment) }))
      .filter(({ overlap }) => overlap >= overlapNeeded),
  );
  pairs.sort((a, b) => b.overlap - a.overlap);
  const used = new Set<object>();
  return pairs.flatMap(({ truth, segment }): [Stretch, Segment][] => {
    if (used.has(truth) || used.has(segment)) return [];
    used.add(truth).add(segment);
    return [[truth, segment]];
  });
}

function overlapOf(a: Stretch, b: Stretch): number {
  const both = Math.min(a.end, b.end) - Math.max(a.start, b.start);
  return both <= 0 ? 0 : both / (Math.max(a.end, b.end) - Math.min(a.start, b.start));
}

/** What a tally says. */
export interface Score {
  /** Moments of the truth that are judged, and the share of them that has an answer. */
  moments: number;
  coverage: number;
  /** Of the moments answered. */
  accuracy: number;
  /** Mean over the labels of the share that is right, of the moments answered; and of all, where no answer is wrong. */
  recall: number;
  recallOfAll: number;
  /** F1 of the segments by label, `null` where there are none, and the mean over the expressions, neutral left out. */
  f1: (number | null)[];
  expressionF1: number;
  /** What settings are compared by: mean of `recallOfAll` and `expressionF1`. */
  worth: number;
}

export function scoreOf({ labels, confusion, segments }: Tally): Score {
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const mean = (values: readonly number[]) => (values.length === 0 ? 0 : sum(values) / values.length);
  const answered = confusion.map((row) => sum(row.slice(0, -1)));
  const all = confusion.map(sum);
  const right = confusion.map((row, i) => row[i]!);
  const shareOf = (counts: readonly number[]) => counts.flatMap((n, i) => (n > 0 ? [right[i]! / n] : []));
  const f1 = segments.map(({ truth, found, matched }) =>
    truth + found === 0 ? null : (2 * matched) / (truth + found),
  );
  const expressionF1 = mean(f1.filter((value, i): value is number => value !== null && labels[i] !== 'neutral'));
  const recallOfAll = mean(shareOf(all));
  return {
    moments: sum(all),
    coverage: sum(answered) / Math.max(1, sum(all)),
    accuracy: sum(right) / Math.max(1, sum(answered)),
    recall: mean(shareOf(answered)),
    recallOfAll,
    f1,
    expressionF1,
    worth: (recallOfAll + expressionF1) / 2,
  };
}

/** Middle of the signed errors, and the absolute error that 90% do not exceed, in milliseconds. */
export function spread(errors: readonly number[]): { count: number; median: number; within90: number } {
  const signed = Float64Array.from(errors).sort();
  const sizes = signed.map(Math.abs).sort();
  const at = (values: Float64Array, share: number) =>
    Math.round(1000 * (values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? Number.NaN));
  return { count: errors.length, median: at(signed, 0.5), within90: at(sizes, 0.9) };
}
