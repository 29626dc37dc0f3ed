/** The last station: what a sequence of windows says about a video. */
import { type Segment, segments } from './segments.js';
import { smooth } from './smooth.js';
import type { ExpressionWindow } from './window.js';

export interface TimelineOptions {
  /** Standard deviation of the smoothing in seconds. Default 0.4. */
  smoothing?: number;
  /** A moment whose highest smoothed probability is below this is `uncertain`. Default 0.5. */
  threshold?: number;
  /** Shortest segment in seconds. Default 0.2. */
  minimum?: number;
}

export const defaultTimeline: Readonly<Required<TimelineOptions>> = Object.freeze({
  smoothing: 0.4,
  threshold: 0.5,
  minimum: 0.2,
});

export interface Timeline {
  segments: Segment[];
  /** Mean probability of each label over all windows, in the order of the labels; adds up to 1. Empty without windows. */
  distribution: number[];
}

/** The windows in stretches without a gap between one window's end and the next one's start. */
export function unbroken<T extends Pick<ExpressionWindow, 'start' | 'end'>>(windows: readonly T[]): T[][] {
  const spans: T[][] = [];
  for (const window of windows) {
    const last = spans.at(-1)?.at(-1);
    if (last && window.start <= last.end) spans.at(-1)!.push(window);
    else spans.push([window]);
  }
  return spans;
}

/** Smooths the windows' probabilities, cuts them into segments and averages them. */
export function timeline(
  windows: readonly Pick<ExpressionWindow, 'start' | 'end' | 'probabilities'>[],
  labels: readonly string[],
  options: TimelineOptions = {},
): Timeline {
  const { smoothing, threshold, minimum } = { ...defaultTimeline, ...options };
  if (windows.length === 0) return { segments: [], distribution: [] };
  const spans = unbroken(windows);
  return {
    segments: spans.flatMap((span) => segments(span, smooth(span, smoothing), labels, { threshold, minimum })),
    distribution: labels.map((_, c) => windows.reduce((sum, w) => sum + w.probabilities[c]!, 0) / windows.length),
  };
}
