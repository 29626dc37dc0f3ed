/** The windows of a face as what can be told apart on a screen: some hundred moments, whatever the video's length. */
import type { FaceView } from '../timeline/result.js';
import { centre, smooth } from '../timeline/smooth.js';
import { unbroken } from '../timeline/timeline.js';
import type { ExpressionWindow } from '../timeline/window.js';

/** Moments of a face at most, but for one more in each stretch of its presence. */
const MOST = 480;

/** A point of the drawn curves: one window, or several neighbours in a long video. */
export interface Moment {
  time: number;
  /** Mean over its windows of the smoothed probabilities, in the order of the labels. */
  probabilities: number[];
  /** Lowest and highest probability, not smoothed, of its windows and of those within twice the smoothing's deviation. */
  low: number[];
  high: number[];
  /** Mean over its windows of the highest smoothed probability. */
  top: number;
  /** Mean, lowest and highest residual energy. */
  energy: number;
  energyRange: [low: number, high: number];
  /** Lowest confidence that the box is on the face. */
  confidence: number;
}

/** Moments without a gap between them, and the time that they stand for. */
export interface Span {
  start: number;
  end: number;
  moments: Moment[];
}

/** Windows that one moment stands for. */
export function windowsPerMoment({ windows }: Pick<FaceView, 'windows'>): number {
  return Math.ceil(windows.length / MOST);
}

/** One span for each time that the face is there. */
export function spansOf(view: Pick<FaceView, 'windows' | 'smoothing'>): Span[] {
  const bucket = windowsPerMoment(view);
  const reach = 2 * view.smoothing;
  return unbroken(view.windows).map((span) => {
    const rows = smooth(span, view.smoothing);
    const moments: Moment[] = [];
    let first = 0;
    for (let from = 0; from < span.length; from += bucket) {
      const to = Math.min(span.length, from + bucket);
      while (centre(span[first]!) < centre(span[from]!) - reach) first++;
      let last = to;
      while (last < span.length && centre(span[last]!) <= centre(span[to - 1]!) + reach) last++;
      moments.push(momentOf(span.slice(from, to), rows.slice(from, to), span.slice(first, last)));
    }
    return { start: span[0]!.start, end: span.at(-1)!.end, moments };
  });
}

function momentOf(
  own: readonly ExpressionWindow[],
  rows: readonly Float64Array[],
  near: readonly ExpressionWindow[],
): Moment {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const classes = own[0]!.probabilities.map((_, c) => c);
  const energies = own.map(({ energy }) => energy);
  return {
    time: mean(own.map(centre)),
    probabilities: classes.map((c) => mean(rows.map((row) => row[c]!))),
    low: classes.map((c) => Math.min(...near.map(({ probabilities }) => probabilities[c]!))),
    high: classes.map((c) => Math.max(...near.map(({ probabilities }) => probabilities[c]!))),
    top: mean(rows.map((row) => Math.max(...row))),
    energy: mean(energies),
    energyRange: [Math.min(...energies), Math.max(...energies)],
    confidence: Math.min(...own.map(({ confidence }) => confidence)),
  };
}

/** A part of the time axis with a round length. */
export interface Bin {
  start: number;
  end: number;
}

const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/** The shortest round number of seconds of which `most` fill the duration. */
export function roundStep(duration: number, most: number): number {
  return steps.find((step) => duration / step <= most) ?? 3600 * Math.ceil(duration / most / 3600);
}

/** At most `most` bins over the duration. */
export function bins(duration: number, most: number): Bin[] {
  const step = roundStep(duration, most);
  const count = Math.max(1, Math.ceil(duration / step - 1e-6));
  return Array.from({ length: count }, (_, i) => ({ start: i * step, end: Math.min(duration, (i + 1) * step) }));
}
