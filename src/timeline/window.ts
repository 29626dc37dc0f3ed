/** The unit of analysis: a stretch of video and what the network says about it. */
import type { FaceBox } from '../residual/track.js';

/** One position of the sliding window over one face. Times are in seconds from the start of the video. */
export interface ExpressionWindow {
  /** Number of the face. */
  face: number;
  start: number;
  end: number;
  /** Probability of each label, in the order of the model card's `labels`; they add up to 1. */
  probabilities: number[];
  /** Display index of the P-frame in the middle of the window. */
  frame: number;
  /** P-frames inside the window. */
  frames: number;
  /** Mean absolute residual in the face box, in luma steps (0..255), over samples that have a temporal residual. */
  energy: number;
  /** Share of the face box without a temporal residual (intra or lost macroblocks, outside the picture), 0..1. */
  masked: number;
  /** The face box at the end of the window, in luma pixels; it may reach outside the picture. */
  box: FaceBox;
  /** How sure it is that the box is on the face, 0..1: below 0.25 it may well be beside it. */
  confidence: number;
}

/** Where a window lies among the P-frames of a video. */
export interface PlannedWindow {
  start: number;
  end: number;
  /** First P-frame inside, counted among P-frames only, and the first one behind. */
  from: number;
  to: number;
}

export interface WindowOptions {
  /** Length of a window in seconds. */
  window: number;
  /** Seconds from one window's start to the next one's. */
  hop: number;
}

/** Measured (bench/timeline.ts): longer windows merge expressions that follow one another, shorter ones are less sure in H.264. */
export const defaultWindow = 1.2;
export const defaultHop = 0.2;

/**
 * Lays windows over a video. A video of less than one and a quarter windows is one window; otherwise windows start every
 * `hop` seconds, and a last one ends where the video ends if P-frames or half a hop would be left out. Stretches without P-frames have no window, so that their
 * number is bounded by the number of P-frames whatever the time stamps say.
 * @param times presentation times of the P-frames in seconds, ascending
 * @param end where the last frame's display ends
 */
export function planWindows(
  times: ArrayLike<number>,
  begin: number,
  end: number,
  { window, hop }: WindowOptions,
): PlannedWindow[] {
  if (!(window > 0 && hop > 0)) throw new RangeError('window and hop must be positive numbers of seconds');
  if (times.length === 0) return [];
  if (end - begin < 1.25 * window) return [{ start: begin, end, from: 0, to: times.length }];
  // Half a microsecond forgives rounding in time stamps and in the sums of hops.
  const slack = 5e-7;
  const planned: PlannedWindow[] = [];
  let from = 0;
  let to = 0;
  const place = (start: number, stop: number) => {
    while (from < times.length && times[from]! < start - slack) from++;
    to = Math.max(to, from);
    while (to < times.length && times[to]! < stop - slack) to++;
    if (to > from) planned.push({ start, end: stop, from, to });
  };
  for (let k = 0; begin + k * hop + window <= end + slack; k++) {
    place(begin + k * hop, begin + k * hop + window);
    const next = times[from];
    if (next === undefined) break;
    // Over a gap in the stream: on to the first window that reaches the next P-frame.
    if (from === to) k = Math.max(k, Math.floor((next - window - begin) / hop));
  }
  const last = planned.at(-1);
  if (!last || to < times.length || end - last.end > hop / 2) place(end - window, end);
  return planned;
}
