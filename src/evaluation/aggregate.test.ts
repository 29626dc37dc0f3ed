import { describe, expect, it } from 'vitest';
import { Random } from '../training/random.js';
import { meanWithMargin, pairedDifference, type RunFigures, studentQuantile, summarise } from './aggregate.js';

const runs = (...list: [fold: number, seed: number, a: number | null][]): RunFigures[] =>
  list.map(([fold, seed, a]) => ({ fold, seed, figures: { a } }));

describe('summarise', () => {
  it('averages seeds before folds', () => {
    const { a } = summarise(runs([1, 1, 0.2], [1, 2, 0.4], [2, 1, 0.5]));
    // Folds .3 and .5: mean .4, deviation .1414, t = 12.706 with one degree of freedom.
    expect(a!.mean).toBeCloseTo(0.4, 12);
    expect(a!.margin).toBeCloseTo((12.706 * Math.SQRT2 * 0.1) / Math.SQRT2, 6);
    expect([a!.folds, a!.runs]).toEqual([2, 3]);
  });
  it('has no margin for one fold, and leaves out what is missing', () => {
    expect(summarise(runs([1, 1, 0.5], [2, 1, null])).a).toEqual({ mean: 0.5, margin: null, folds: 1, runs: 1 });
    expect(summarise(runs([1, 1, null]))).toEqual({});
  });
});

describe('pairedDifference', () => {
  it('takes out what makes a fold hard', () => {
    const base = runs([1, 1, 0.2], [2, 1, 0.6], [3, 1, 0.9]);
    const better = runs([1, 1, 0.3], [2, 1, 0.7], [3, 1, 1], [4, 1, 0]);
    const found = pairedDifference(better, base, 'a')!;
    expect(found.mean).toBeCloseTo(0.1, 12);
    expect(found.margin).toBeCloseTo(0, 10);
    expect(found.folds).toBe(3);
    expect(pairedDifference(runs([7, 1, 1]), base, 'a')).toBeUndefined();
  });
});

describe('the interval', () => {
  it('holds the truth 95 times in 100', () => {
    const random = new Random(3);
    let held = 0;
    const all = 4000;
    for (let i = 0; i < all; i++) {
      const { mean, margin } = meanWithMargin(Array.from({ length: 4 }, () => 7 + random.normal()));
      if (Math.abs(mean - 7) <= margin!) held++;
    }
    expect(Math.abs(held / all - 0.95)).toBeLessThan(0.012);
  });
  it('quantiles beyond the table go on smoothly to the normal one', () => {
    expect(studentQuantile(31)).toBeCloseTo(2.0395, 3);
    expect(studentQuantile(60)).toBeCloseTo(2.0003, 3);
    expect(studentQuantile(100000)).toBeCloseTo(1.96, 3);
  });
});
