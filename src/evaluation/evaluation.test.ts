import { describe, expect, it } from 'vitest';
import { subjectBootstrap } from './interval.js';
import { confusionMatrix, metricsBy, metricsOf } from './metrics.js';
import { ageBand, type ClipOutcome, reportOf, reportText } from './report.js';

const pairs = (...list: [number, number][]) => list.map(([truth, predicted]) => ({ truth, predicted }));

describe('metrics', () => {
  it('agree with a case worked by hand', () => {
    // Class 0: 3 clips, 2 right. Class 1: 1 clip, right. Class 2: 2 clips, none right (one called 0, one 1).
    const confusion = confusionMatrix(pairs([0, 0], [0, 0], [0, 1], [1, 1], [2, 0], [2, 1]), 3);
    expect(confusion).toEqual([
      [2, 1, 0],
      [0, 1, 0],
      [1, 1, 0],
    ]);
    const { n, war, uar, macroF1 } = metricsOf(confusion);
    expect(n).toBe(6);
    expect(war).toBe(0.5);
    expect(uar).toBeCloseTo((2 / 3 + 1 + 0) / 3, 12);
    // F1: 2*2/(3+3), 2*1/(1+3), 0.
    expect(macroF1).toBeCloseTo((2 / 3 + 1 / 2 + 0) / 3, 12);
  });
  it('leave out classes that do not occur, and are 0 for nothing', () => {
    expect(metricsOf(confusionMatrix(pairs([0, 0], [2, 2]), 4))).toEqual({ n: 2, war: 1, uar: 1, macroF1: 1 });
    expect(metricsOf(confusionMatrix([], 3))).toEqual({ n: 0, war: 0, uar: 0, macroF1: 0 });
    // Answering a class that never occurs costs F1, not UAR.
    expect(metricsOf(confusionMatrix(pairs([0, 0], [0, 1]), 2))).toMatchObject({ uar: 0.5, macroF1: 1 / 3 });
  });
  it('by group keep every named outcome once', () => {
    const named = pairs([0, 0], [0, 1], [1, 1]).map((o, i) => ({ ...o, name: ['b', 'a', undefined][i] }));
    const groups = metricsBy(named, 2, (o) => o.name);
    expect(Object.keys(groups)).toEqual(['a', 'b']);
    expect([groups.a!.war, groups.b!.war]).toEqual([0, 1]);
  });
});

describe('subjectBootstrap', () => {
  const war = (some: readonly { right: boolean }[]) => some.filter((o) => o.right).length / some.length;
  const people = (rights: number[]) =>
    rights.flatMap((n, s) => Array.from({ length: 10 }, (_, i) => ({ subject: `P${s}`, right: i < n })));
  it('holds the score, is the same each time, and is wider when people differ', () => {
    const alike = people([5, 5, 5, 5]);
    expect(subjectBootstrap(alike, war)).toEqual({ low: 0.5, high: 0.5 });
    const unlike = subjectBootstrap(people([0, 10, 0, 10]), war)!;
    expect(unlike).toEqual(subjectBootstrap(people([0, 10, 0, 10]), war));
    expect(unlike.low).toBeLessThan(0.25);
    expect(unlike.high).toBeGreaterThan(0.75);
  });
  it('says nothing about one person', () => {
    expect(subjectBootstrap(people([5]), war)).toBeUndefined();
  });
});

describe('reportOf', () => {
  const outcome = (i: number, truth: number, predicted: number): ClipOutcome => ({
    path: `${i}.mp4`,
    subject: `P${i % 3}`,
    condition: i % 2 ? 'wild' : 'lab',
    gender: i % 2 ? 'female' : 'male',
    age: i === 0 ? undefined : 20 + 5 * i,
    ethnicity: undefined,
    truth,
    predicted,
    // The third is not sure enough to be answered.
    probabilities: i === 2 ? [0.4, 0.35, 0.25] : predicted === 0 ? [0.8, 0.1, 0.1] : [0.1, 0.9, 0],
  });
  const report = reportOf([outcome(0, 0, 0), outcome(1, 1, 0), outcome(2, 0, 0), outcome(3, 1, 1)], ['anger', 'fear']);
  it('measures all, by condition and by group', () => {
    expect(report).toMatchObject({ n: 4, war: 0.75, subjects: 3, recall: [1, 0.5] });
    expect(report.byCondition.wild).toMatchObject({ n: 2, war: 0.5 });
    expect(Object.keys(report.byGroup)).toEqual(['gender: female', 'gender: male', 'age: 25-34', 'age: 35 and over']);
  });
  it('tells what is left when the unsure are not answered', () => {
    expect(report.answered).toEqual({ threshold: 0.5, coverage: 0.75, accuracy: 2 / 3 });
    expect(reportText(report)).toContain(
      '75.0% of the clips at a probability of 0.5 or more: 66.7% of these are right',
    );
  });
  it('reads as text', () => {
    const text = reportText(report);
    expect(text).toContain('WAR       75.0% (95%: ');
    expect(text).toMatch(/fear +1 +1 {2}50\.0%/);
    expect(text.split('\n').every((line) => line.length <= 100)).toBe(true);
  });
  it('knows age bands', () => {
    expect([24.9, 25, 34, 35].map(ageBand)).toEqual(['under 25', '25-34', '25-34', '35 and over']);
  });
});
