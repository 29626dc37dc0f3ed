import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { abstentionCurve, answeredAt } from './abstention.js';

const clip = (truth: number, ...probabilities: number[]) => ({ truth, probabilities });
const clips = [clip(0, 0.9, 0.1), clip(1, 0.4, 0.6), clip(1, 0.7, 0.3), clip(0, 0.5, 0.5)];

describe('answeredAt', () => {
  it('counts the clips that reach the threshold, and those of them that are right', () => {
    expect(answeredAt(clips, 0.5)).toEqual({ threshold: 0.5, coverage: 1, accuracy: 0.75 });
    expect(answeredAt(clips, 0.6)).toEqual({ threshold: 0.6, coverage: 0.75, accuracy: 2 / 3 });
    expect(answeredAt(clips, 0.8)).toEqual({ threshold: 0.8, coverage: 0.25, accuracy: 1 });
  });
  it('has no accuracy where nothing is answered', () => {
    expect(answeredAt(clips, 0.95)).toEqual({ threshold: 0.95, coverage: 0, accuracy: null });
    expect(answeredAt([], 0.5)).toEqual({ threshold: 0.5, coverage: 0, accuracy: null });
  });
});

describe('abstentionCurve', () => {
  it('goes from all clips to the surest one', () => {
    expect(abstentionCurve(clips).map(({ coverage }) => coverage)).toEqual([1, 0.75, 0.5, 0.25]);
  });
  it('never answers more at a higher threshold', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }), (shares) => {
        const curve = abstentionCurve(shares.map((p, i) => clip(i % 2, p, 1 - p)));
        for (let i = 1; i < curve.length; i++) expect(curve[i]!.coverage).toBeLessThan(curve[i - 1]!.coverage);
        if (curve.length > 0) expect(curve[0]!.coverage).toBe(1);
      }),
    );
  });
});
