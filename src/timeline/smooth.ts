/** Takes the jitter out of probabilities over time: each window becomes a weighted mean of its neighbours. */
import type { ExpressionWindow } from './window.js';

/** Middle of a window: the time its probabilities stand for. */
export function centre(window: { start: number; end: number }): number {
  return (window.start + window.end) / 2;
}

/**
 * Gaussian smoothing by time, not by count: gaps in the video do not bleed into each other. Rows add up to 1 as before.
 * @param sigma standard deviation in seconds; 0 leaves the probabilities as they are
 * @returns one row of probabilities per window
 */
export function smooth(
  windows: readonly Pick<ExpressionWindow, 'start' | 'end' | 'probabilities'>[],
  sigma: number,
): Float64Array[] {
  const reach = 3 * sigma;
  let first = 0;
  return windows.map((window, i) => {
    if (!(sigma > 0)) return Float64Array.from(window.probabilities);
    const time = centre(window);
    const row = new Float64Array(window.probabilities.length);
    let total = 0;
    while (first < i && centre(windows[first]!) < time - reach) first++;
    for (let j = first; j < windows.length; j++) {
      const distance = centre(windows[j]!) - time;
      if (distance > reach) break;
      const weight = Math.exp(-(distance * distance) / (2 * sigma * sigma));
      const { probabilities } = windows[j]!;
      for (let c = 0; c < row.length; c++) row[c]! += weight * probabilities[c]!;
      total += weight;
    }
    for (let c = 0; c < row.length; c++) row[c]! /= total;
    return row;
  });
}
