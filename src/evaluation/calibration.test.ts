import { describe, expect, it } from 'vitest';
import { expectedCalibrationError, negativeLogLikelihood } from './calibration.js';

describe('expectedCalibrationError', () => {
  const clips = (count: number, rightOf: number, p: number) =>
    Array.from({ length: count }, (_, i) => ({ truth: i < rightOf ? 0 : 1, probabilities: [p, 1 - p] }));

  it('is 0 where beliefs come true, and the distance where they do not', () => {
    expect(expectedCalibrationError(clips(10, 8, 0.8))).toBeCloseTo(0);
    expect(expectedCalibrationError(clips(10, 5, 0.9))).toBeCloseTo(0.4);
    expect(expectedCalibrationError([...clips(10, 5, 0.9), ...clips(30, 18, 0.6)])).toBeCloseTo(0.1);
    expect(expectedCalibrationError(clips(4, 4, 1))).toBe(0);
    expect(expectedCalibrationError([])).toBe(0);
  });

  it('goes with the likelihood', () => {
    expect(negativeLogLikelihood(clips(2, 1, 0.5))).toBeCloseTo(Math.log(2));
    expect(negativeLogLikelihood([])).toBe(0);
  });
});
