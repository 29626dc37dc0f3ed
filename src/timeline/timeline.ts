/** The last station: what a sequence of windows says about a video. */
import { type Segment, segments } from './segments.js';
import { smooth } from './smooth.js';
import type { ExpressionWindow } from './window.js';

export interface TimelineOptions {
  /** Standard deviation of the smoothing in seconds. Default 0.25. */
  smoothing?: number;
  /** A moment whose highest smoothed probability is below this is `uncertain`. Default 0.5. */
  threshold?: number;
  /** Shortest segment in seconds. Default 0.4. */
  minimum?: number;
}

export const defaultTimeline: Readonly<Required<TimelineOptions>> = Object.freeze({
  smoothing: 0.25,
  threshold: 0.5,
  minimum: 0.4,
});

export interface Timeline {
  segments: Segment[];
  /** Mean probability of each label over all windows, in the order of the labels; adds up to 1. Empty without windows. */
  distribution: number[];
}

/** Smooths the windows' probabilities, cuts them into segments and averages them. */
export function timeline(
  windows: readonly ExpressionWindow[],
  labels: readonly string[],
  options: TimelineOptions = {},
): Timeline {
  const { smoothing, threshold, minimum } = { ...defaultTimeline, ...options };
  if (windows.length === 0) return { segments: [], distribution: [] };
  return {
    segments: segments(windows, smooth(windows, smoothing), labels, { threshold, minimum }),
    distribution: labels.map((_, c) => windows.reduce((sum, w) => sum + w.probabilities[c]!, 0) / windows.length),
  };
}
