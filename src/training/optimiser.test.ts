/** The optimiser against a plain float64 transcription of its papers, and the schedule against its definition. */
import { describe, expect, it } from 'vitest';
import { relativeError, runOnnx } from '../../test/graph/check.js';
import { constant, input, mul, reduceSum, square, sub } from '../graph/index.js';
import type { Value } from '../network/runtime.js';
import { ParameterGroup } from './group.js';
import { clipByNorm, cosineLearningRate } from './optimiser.js';
import { Random } from './random.js';
import { TrainingStep } from './step.js';

const feed = (shape: number[], values: number[]): Value => ({
  type: 'float32',
  shape,
  data: Float32Array.from(values),
});

/** A group of two decayed and one undecayed weight; the loss is sum scale (w - target)^2. */
function group(name: string, average = false): ParameterGroup {
  const initial = { kind: 'constant', value: 0.5 } as const;
  const specs = [
    { name: 'w', shape: [2], initial, trained: true, decay: true },
    { name: 'b', shape: [1], initial, trained: true, decay: false },
  ];
  return new ParameterGroup(name, specs, new Random(1), average);
}

const target = [1, -2, 3];
const scales = [1, 10, 0.1];

async function quadratic(average = false) {
  const one = group('g', average);
  const step = await TrainingStep.create(
    {
      groups: [one],
      weightDecay: { g: 0.1 },
      build: ({ g }) => {
        const initial = { kind: 'constant', value: 0 } as const;
        const [w, b] = [g!.weight('w', [2], initial), g!.weight('b', [1], initial)];
        const loss = (x: typeof w, from: number, to: number) =>
          reduceSum(mul(square(sub(x, constant(target.slice(from, to)))), constant(scales.slice(from, to))));
        const [a, c] = [loss(w, 0, 2), loss(b, 2, 3)];
        return { losses: { g: reduceSum(sub(a, mul(c, constant(-1)))) }, outputs: {} };
      },
    },
    { threads: 1 },
  );
  return { one, step };
}

describe('AdamW', () => {
  it('does what its paper says, with decay, clipping and averaging', async () => {
    const { one, step } = await quadratic(true);
    const w = [0.5, 0.5, 0.5];
    const [m, v, average] = [[0, 0, 0], [0, 0, 0], [...w]];
    for (let t = 1; t <= 30; t++) {
      const lr = 0.05 / t;
      const results = await step.run({}, { g: { lr, clip: 3, done: t - 1, averageDecay: 0.9 } });
      const g = w.map((value, i) => 2 * scales[i]! * (value - target[i]!));
      const norm = Math.hypot(...g);
      expect(relativeError(results['g.norm']!.data, [norm])).toBeLessThan(1e-5);
      const decay = Math.min(0.9, t / (9 + t));
      for (let i = 0; i < 3; i++) {
        const clipped = g[i]! * Math.min(1, 3 / (norm + 1e-6));
        m[i] = 0.9 * m[i]! + 0.1 * clipped;
        v[i] = 0.999 * v[i]! + 0.001 * clipped ** 2;
        const update = m[i]! / (1 - 0.9 ** t) / (Math.sqrt(v[i]! / (1 - 0.999 ** t)) + 1e-8);
        w[i] = w[i]! - lr * (update + (i < 2 ? 0.1 * w[i]! : 0));
        average[i] = decay * average[i]! + (1 - decay) * w[i]!;
      }
    }
    expect(relativeError(one.value('weights')!.data, w)).toBeLessThan(1e-5);
    expect(relativeError(one.value('m')!.data, m)).toBeLessThan(1e-5);
    expect(relativeError(one.value('v')!.data, v)).toBeLessThan(1e-5);
    expect(relativeError(one.value('average')!.data, average)).toBeLessThan(1e-5);
    await step.close();
  });

  it('updates several groups by losses of their own, and leaves the others alone', async () => {
    const [a, b, c] = [group('a'), group('b'), group('c')];
    const step = await TrainingStep.create(
      {
        groups: [a, b, c],
        build: (parameters) => {
          const initial = { kind: 'constant', value: 0 } as const;
          const [x, y, z] = ['a', 'b', 'c'].map((name) => parameters[name]!.weight('w', [2], initial));
          // a descends x y z, b ascends it: a game.
          const product = reduceSum(mul(mul(x!, y!), z!));
          return { losses: { a: product, b: mul(product, constant(-1)) }, outputs: { product } };
        },
      },
      { threads: 1 },
    );
    const settings = { lr: 0.1, clip: Number.POSITIVE_INFINITY, done: 0 };
    const results = await step.run({}, { a: settings, b: settings });
    expect(results.product!.data[0]).toBeCloseTo(0.25, 6);
    // Adam's first step is lr in the sign of the gradient; `b` of each group has none.
    expect(relativeError(a.value('weights')!.data, [0.4, 0.4, 0.5])).toBeLessThan(1e-5);
    expect(relativeError(b.value('weights')!.data, [0.6, 0.6, 0.5])).toBeLessThan(1e-5);
    expect([...c.value('weights')!.data]).toEqual([0.5, 0.5, 0.5]);
    await step.close();
  });
});

describe('clipping', () => {
  it('keeps short gradients and shortens long ones', async () => {
    const x = input('x', [2]);
    for (const [limit, expected] of [
      [10, [3, 4]],
      [1, [0.6, 0.8]],
      [Number.POSITIVE_INFINITY, [3, 4]],
    ] as const) {
      const { gradient, norm } = clipByNorm(x, input('limit', []));
      const feeds = { x: feed([2], [3, 4]), limit: feed([], [limit]) };
      const results = await runOnnx({ gradient, norm }, feeds);
      expect(relativeError(results.gradient!, expected)).toBeLessThan(1e-6);
      expect(results.norm![0]).toBeCloseTo(5, 5);
    }
  });
});

describe('cosine schedule', () => {
  it('rises over the warm-up, falls to zero, stays there', () => {
    const rate = (step: number) => cosineLearningRate(step, { peak: 2, warmup: 4, total: 14 });
    expect([0, 1, 2, 3].map(rate)).toEqual([0.5, 1, 1.5, 2]);
    expect(rate(4)).toBe(2);
    expect(rate(9)).toBeCloseTo(1, 12);
    expect(rate(14)).toBeCloseTo(0, 12);
    expect(rate(99)).toBeCloseTo(0, 12);
    expect(cosineLearningRate(0, { peak: 1, warmup: 0, total: 1 })).toBe(1);
  });
});
