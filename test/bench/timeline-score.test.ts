/** The measures by which the timeline's defaults were chosen. */
import { describe, expect, it } from 'vitest';
import { emptyTally, judge, scoreOf, spread, together, trueSegments } from '../../bench/timeline/score.js';
import { thinned } from '../../bench/timeline/windows.js';
import type { Segment } from '../../src/timeline/segments.js';

const labels = ['happiness', 'neutral'];
// A picture every 0.1 s. Rise from 0.4 to 0.8, decline from 1.2, over at 2: halfway at 0.6 and 1.6. Then a neutral clip.
const truth = {
  times: Float64Array.from({ length: 30 }, (_, i) => i / 10 + 0.001),
  duration: 3,
  shown: [
    { label: 'happiness', start: 0, end: 2, phases: { onset: 0.4, apex: 0.8, decline: 1.2 } },
    { label: 'neutral', start: 2, end: 3, phases: undefined },
  ],
};
const segment = (label: string, start: number, end: number, apex: number | null = (start + end) / 2): Segment => ({
  ...{ label, start, end, probability: 0.9, apex },
  ...{ onset: apex === null ? null : start, offset: apex === null ? null : end },
});
const told = (...segments: Segment[]) => {
  const tally = emptyTally(labels);
  judge(tally, truth, segments);
  return tally;
};

describe('the measures of a timeline', () => {
  it('cut the truth at half of rise and decline', () => {
    expect(trueSegments(truth.shown)).toEqual([
      { label: 'neutral', start: 0, end: expect.closeTo(0.6, 9) },
      { label: 'happiness', start: expect.closeTo(0.6, 9), end: 1.6 },
      { label: 'neutral', start: 1.6, end: 3 },
    ]);
  });
  it('give full marks to the truth, and leave the guard zone out', () => {
    const tally = told(segment('neutral', 0, 0.6), segment('happiness', 0.6, 1.6), segment('neutral', 1.6, 3));
    expect(scoreOf(tally)).toMatchObject({ moments: 24, coverage: 1, accuracy: 1, f1: [1, 1], worth: 1 });
  });
  it('count uncertain as no answer, and a missed segment', () => {
    const tally = told(segment('neutral', 0, 0.6), segment('uncertain', 0.6, 1.6, null), segment('neutral', 1.6, 3));
    const { coverage, accuracy, recallOfAll, f1 } = scoreOf(tally);
    expect([coverage, accuracy, recallOfAll, f1]).toEqual([14 / 24, 1, 0.5, [0, 1]]);
  });
  it('want half of both together from a segment, and measure its times late as positive', () => {
    expect(told(segment('happiness', 1.2, 2.2)).segments[0]).toEqual({ truth: 1, found: 1, matched: 0 });
    const { segments, times } = told(segment('happiness', 0.5, 1.7, 1.3));
    expect(segments[0]).toEqual({ truth: 1, found: 1, matched: 1 });
    const expected = { onset: [0.1], apex: [0.1], decline: [0.5], offset: [0.1] };
    for (const [key, [value]] of Object.entries(expected)) {
      expect(times[key as keyof typeof times]).toEqual([expect.closeTo(value!, 9)]);
    }
  });
  it('add up over videos', () => {
    const once = told(segment('happiness', 0.6, 1.6));
    expect(scoreOf(together([once, once]))).toMatchObject({ moments: 48, f1: [1, 0] });
  });
  it('tell the middle of signed errors and the size of nearly all', () => {
    expect(spread([-0.2, 0.1, 0.3])).toEqual({ count: 3, median: 100, within90: 300 });
  });
});

describe('thinned', () => {
  it('keeps the windows that a coarser hop would lay, and the last', () => {
    const windows = [0, 0.1, 0.2, 0.3, 0.4, 0.47].map((start) => ({ start, end: start + 1, probabilities: [1] }));
    expect(thinned(windows, 0.2).map(({ start }) => start)).toEqual([0, 0.2, 0.4, 0.47]);
  });
});
