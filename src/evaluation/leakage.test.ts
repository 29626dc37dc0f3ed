import { describe, expect, it } from 'vitest';
import { Random } from '../training/random.js';
import { type EmbeddedClip, leakageOf, leakageText } from './leakage.js';
import { fitSoftmax } from './softmax-regression.js';

const emotions = ['anger', 'fear', 'surprise'];

/** People whose embeddings hold `identity` times their own direction, `expression` times the label's, and noise. */
function people(identity: number, expression: number, seed = 1, clips = 6): EmbeddedClip[] {
  const random = new Random(seed);
  const vector = () => Float32Array.from({ length: 10 }, () => random.normal());
  const own = Array.from({ length: 8 }, vector);
  const shown = emotions.map(vector);
  return own.flatMap((direction, s) =>
    Array.from({ length: clips }, (_, i) => ({
      clip: `P${s}-${i}`,
      subject: `P${s}`,
      emotion: emotions[i % 3]!,
      embedding: vector().map((v, k) => v + identity * direction[k]! + expression * shown[i % 3]![k]!),
    })),
  );
}

describe('leakageOf', () => {
  it('finds a person who is there, and nobody in noise', () => {
    const there = leakageOf(people(3, 0))!;
    expect(there.probe.accuracy).toBeGreaterThan(0.9);
    expect(there.retrieval.rank1).toBeGreaterThan(0.9);
    expect(there.retrieval.otherExpression!.rank1).toBeGreaterThan(0.9);
    let [probe, rank] = [0, 0];
    for (let seed = 1; seed <= 10; seed++) {
      const none = leakageOf(people(0, 0, seed))!;
      expect(none.probe.chance).toBeCloseTo(1 / 8, 10);
      expect(none.probe.chanceGivenExpression).toBeCloseTo(1 / 8, 10);
      expect(none.retrieval.chance).toBeCloseTo(5 / 47, 10);
      expect(none.retrieval.otherExpression!.chance).toBeCloseTo(4 / 32, 10);
      probe += none.probe.accuracy / 10;
      rank += none.retrieval.rank1 / 10;
    }
    expect(Math.abs(probe - 1 / 8)).toBeLessThan(0.05);
    expect(Math.abs(rank - 5 / 47)).toBeLessThan(0.05);
  });

  it('does not take the expression for the person', () => {
    // Each person shows one label only: telling the label names one of two or three people.
    const confounded = people(0, 8).map((clip) => ({ ...clip }));
    const kept = confounded.filter(({ subject, emotion }) => emotion === emotions[Number(subject[1]) % 3]);
    const found = leakageOf(kept)!;
    expect(found.probe.accuracy).toBeGreaterThan(1.5 * found.probe.chance);
    expect(found.probe.chanceGivenExpression).toBeGreaterThan(2 * found.probe.chance);
    expect(found.probe.accuracy).toBeLessThan(found.probe.chanceGivenExpression + 0.25);
    expect(found.retrieval.otherExpression).toBeNull();
  });

  it('counts a clip in two codecs once', () => {
    const clips = people(0, 0);
    const twice = [...clips, ...clips];
    expect(leakageOf(twice)).toEqual(leakageOf(clips));
  });

  it('says nothing about one person, and reads as text', () => {
    expect(leakageOf(people(1, 1).slice(0, 6))).toBeUndefined();
    expect(leakageText(leakageOf(people(1, 1))!)).toMatch(/probe +\d+\.\d% +chance 12\.5%/);
  });
});

describe('fitSoftmax', () => {
  it('reaches the optimum of its convex loss', () => {
    // One feature, two classes: the fit is a threshold at the point where both are as likely.
    const random = new Random(4);
    const x = Array.from({ length: 400 }, (_, i) => Float32Array.of((i % 2 ? 1 : -1) + 3 + random.normal()));
    const { predict } = fitSoftmax(
      x,
      x.map((_, i) => i % 2),
      2,
    );
    let threshold = 0;
    for (let t = 0; t < 6; t += 0.01) if (predict(Float32Array.of(t)) === 0) threshold = t;
    expect(Math.abs(threshold - 3)).toBeLessThan(0.2);
  });
});
