/** The regularisers against Gaussians whose mutual information is known, plain sums over pairs, and central differences. */
import { describe, expect, it } from 'vitest';
import { checkOperator, runOnnx } from '../../../test/graph/check.js';
import { constant, constantInt32, input, type Tensor } from '../../graph/index.js';
import { TrainingLayers } from '../../network/layers.js';
import { type Parameters, recordParameters } from '../../network/parameters.js';
import type { Value } from '../../network/runtime.js';
import { ParameterGroup } from '../group.js';
import { Random } from '../random.js';
import { TrainingStep } from '../step.js';
import { apexLoss } from './apex.js';
import { gainOverMarginal, negativeLogLikelihood, pairwiseLogDensity } from './gaussian.js';
import { meanCosine } from './gradient-reversal.js';
import { hsicOf } from './hsic.js';
import { createRegulariser, regulariserSchema } from './index.js';
import { l1outBound } from './l1out.js';
import { donskerVaradhan } from './mine.js';
import { averageOfAll, averageOfLabel } from './pairs.js';
import { vclubBound } from './vclub.js';

/** Pairs of d standard normal dimensions, each pair of correlation rho. */
function correlated(n: number, d: number, rho: number, random: Random) {
  const x = Float32Array.from({ length: n * d }, () => random.normal());
  const y = x.map((v) => rho * v + Math.sqrt(1 - rho ** 2) * random.normal());
  return { x, y };
}
const information = (d: number, rho: number) => (-d / 2) * Math.log(1 - rho ** 2);
const value = (data: Float32Array, shape: number[]): Value => ({ type: 'float32', shape, data });
const layersOf = (parameters: Parameters) => new TrainingLayers(parameters, () => undefined);

/** The true conditional of `correlated`, as constants. */
function exact(x: Float32Array, n: number, d: number, rho: number) {
  return {
    mean: constant(
      x.map((v) => rho * v),
      [n, d],
    ),
    logVariance: constant(new Float32Array(n * d).fill(Math.log(1 - rho ** 2)), [n, d]),
  };
}

describe('with the exact conditional', () => {
  const [n, d] = [512, 4];
  it.each([0, 0.3, 0.6, 0.8])('vCLUB is d rho^2 / (1 - rho^2), rho = %d', async (rho) => {
    let mean = 0;
    for (let seed = 1; seed <= 4; seed++) {
      const { x, y } = correlated(n, d, rho, new Random(seed));
      const got = await runOnnx({ bound: vclubBound(constant(y, [n, d]), exact(x, n, d, rho), averageOfAll(n)) }, {});
      mean += got.bound![0]! / 4;
    }
    const club = (d * rho ** 2) / (1 - rho ** 2);
    expect(Math.abs(mean - club)).toBeLessThan(0.05 + 0.08 * club);
  });

  it('L1Out stays above the information and below vCLUB; the gain over the marginal is the information', async () => {
    const rho = 0.6;
    const sums = { l1out: 0, vclub: 0, gain: 0 };
    for (let seed = 1; seed <= 4; seed++) {
      const { x, y } = correlated(n, d, rho, new Random(seed));
      const [zi, q] = [constant(y, [n, d]), exact(x, n, d, rho)];
      const outputs = {
        l1out: l1outBound(zi, q),
        vclub: vclubBound(zi, q, averageOfAll(n)),
        gain: gainOverMarginal(zi, q),
      };
      const got = await runOnnx(outputs, {});
      for (const key of ['l1out', 'vclub', 'gain'] as const) sums[key] += got[key]![0]! / 4;
    }
    const truth = information(d, rho);
    expect(Math.abs(sums.l1out - truth)).toBeLessThan(0.12 * truth + 0.03);
    expect(sums.l1out).toBeLessThan(sums.vclub);
    expect(Math.abs(sums.gain - truth)).toBeLessThan(0.12 * truth + 0.03);
  });

  it('Donsker-Varadhan with the optimal critic is the information', async () => {
    const rho = 0.5;
    const { x, y } = correlated(n, 1, rho, new Random(3));
    const log = (a: number, b: number) =>
      -0.5 * Math.log(1 - rho ** 2) - (b - rho * a) ** 2 / (2 * (1 - rho ** 2)) + b ** 2 / 2;
    const critic = Float32Array.from({ length: n * n }, (_, i) => log(x[Math.floor(i / n)]!, y[i % n]!));
    const got = await runOnnx({ bound: donskerVaradhan(constant(critic, [n, n])) }, {});
    expect(Math.abs(got.bound![0]! - information(1, rho))).toBeLessThan(0.05);
  });
});

describe('against their definitions, pair by pair', () => {
  const [n, d] = [7, 3];
  const random = new Random(5);
  const draw = () => Float32Array.from({ length: n * d }, () => random.normal());
  const [z, mean, logVariance] = [draw(), draw(), draw()];
  const density = (a: number, b: number) => {
    let sum = 0;
    for (let k = 0; k < d; k++) {
      const [m, l] = [mean[a * d + k]!, logVariance[a * d + k]!];
      sum -= 0.5 * (l + (z[b * d + k]! - m) ** 2 / Math.exp(l) + Math.log(2 * Math.PI));
    }
    return sum;
  };
  const all = Array.from({ length: n }, (_, i) => i);
  const average = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

  it('vCLUB, L1Out, pairwise densities', async () => {
    const zi = constant(z, [n, d]);
    const q = { mean: constant(mean, [n, d]), logVariance: constant(logVariance, [n, d]) };
    const got = await runOnnx(
      { vclub: vclubBound(zi, q, averageOfAll(n)), l1out: l1outBound(zi, q), pairs: pairwiseLogDensity(zi, q) },
      {},
    );
    all.forEach((a) => {
      for (const b of all) expect(got.pairs![a * n + b]!).toBeCloseTo(density(a, b), 3);
    });
    const vclub = average(all.map((i) => density(i, i) - average(all.map((m) => density(i, m)))));
    expect(got.vclub![0]!).toBeCloseTo(vclub, 3);
    const others = (i: number) => average(all.filter((m) => m !== i).map((m) => Math.exp(density(m, i))));
    expect(got.l1out![0]!).toBeCloseTo(average(all.map((i) => density(i, i) - Math.log(others(i)))), 3);
  });
});

describe('HSIC', () => {
  it('of a Gaussian pair is its closed form', async () => {
    const [n, rho] = [700, 0.8];
    const { x, y } = correlated(n, 1, rho, new Random(8));
    const got = await runOnnx({ h: hsicOf(constant(x, [n, 1]), constant(y, [n, 1]), false, averageOfAll(n)) }, {});
    // E|x - x'|^2 = 2, so the kernel is exp(-(x - x')^2 / 2): s^2 = 1. Determinants of I + 2 S / s^2 and I + S / (s^2 + 1).
    const joint = 1 / Math.sqrt(3 ** 2 - (2 * rho) ** 2);
    const apart = 1 / 3;
    const mixed = 1 / 2 / Math.sqrt(1.5 ** 2 - (rho / 2) ** 2);
    const truth = joint + apart - 2 * mixed;
    expect(Math.abs(got.h![0]! - truth)).toBeLessThan(0.15 * truth);
  });
  it('normalised: 1 for equal variables, whatever their size; near 0 for independent ones', async () => {
    const n = 300;
    const { x, y } = correlated(n, 2, 0, new Random(9));
    const [a, b] = [constant(x, [n, 2]), constant(y, [n, 2])];
    const big = constant(
      x.map((v) => 50 * v),
      [n, 2],
    );
    const got = await runOnnx(
      { same: hsicOf(a, big, true, averageOfAll(n)), other: hsicOf(a, b, true, averageOfAll(n)) },
      {},
    );
    expect(got.same![0]!).toBeCloseTo(1, 3);
    expect(got.other![0]!).toBeLessThan(0.05);
  });
});

describe('given the expression', () => {
  const [n, classes, d] = [240, 4, 3];
  const random = new Random(11);
  const labels = Int32Array.from({ length: n }, (_, i) => i % classes);
  const means = Float32Array.from({ length: classes * d }, () => 3 * random.normal());
  /** Normal noise about the label's mean: two such variables depend on each other through the label alone. */
  const ofLabel = () =>
    Float32Array.from({ length: n * d }, (_, i) => means[labels[Math.floor(i / d)]! * d + (i % d)]! + random.normal());
  const label = () => averageOfLabel(constantInt32([...labels]), classes);

  it('vCLUB is its definition over the pairs of one label, and 0 where only the label is shared', async () => {
    const z = ofLabel();
    const mean = Float32Array.from({ length: n * d }, (_, i) => means[labels[Math.floor(i / d)]! * d + (i % d)]!);
    const zero = new Float32Array(n * d);
    const zi = constant(z, [n, d]);
    const q = { mean: constant(mean, [n, d]), logVariance: constant(zero, [n, d]) };
    const got = await runOnnx({ given: vclubBound(zi, q, label()), all: vclubBound(zi, q, averageOfAll(n)) }, {});
    expect(Math.abs(got.given![0]!)).toBeLessThan(1e-3);
    expect(got.all![0]!).toBeGreaterThan(5);

    const other = Float32Array.from({ length: n * d }, () => random.normal());
    const density = (a: number, b: number) => {
      let sum = 0;
      for (let k = 0; k < d; k++) sum -= 0.5 * (z[b * d + k]! - other[a * d + k]!) ** 2;
      return sum;
    };
    let truth = 0;
    for (let a = 0; a < n; a++) {
      const same = Array.from({ length: n }, (_, b) => b).filter((b) => labels[b] === labels[a]);
      truth += (density(a, a) - same.reduce((sum, b) => sum + density(a, b), 0) / same.length) / n;
    }
    const drawn = await runOnnx({ given: vclubBound(zi, { ...q, mean: constant(other, [n, d]) }, label()) }, {});
    expect(drawn.given![0]!).toBeCloseTo(truth, 2);
  });

  it('HSIC sees no dependence through the label alone, and sees the rest', async () => {
    const [a, b] = [ofLabel(), ofLabel()];
    const shared = b.map((v, i) => v + 2 * (a[i]! - means[labels[Math.floor(i / d)]! * d + (i % d)]!));
    const [x, y, s] = [a, b, shared].map((data) => constant(data, [n, d])) as [Tensor, Tensor, Tensor];
    const got = await runOnnx(
      {
        apart: hsicOf(x, y, true, label()),
        all: hsicOf(x, y, true, averageOfAll(n)),
        rest: hsicOf(x, s, true, label()),
      },
      {},
    );
    expect(got.all![0]!).toBeGreaterThan(0.3);
    expect(got.apart![0]!).toBeLessThan(0.06);
    expect(got.rest![0]!).toBeGreaterThan(0.2);
  });

  it('is refused where the bound has no such form', () => {
    expect(regulariserSchema.safeParse({ kind: 'mine', given: 'expression' }).success).toBe(false);
  });
});

describe('gradients equal central differences', () => {
  const matrix = { shape: [5, 3] };
  const q = (mean: Tensor, logVariance: Tensor) => ({ mean, logVariance });
  it('vCLUB', () => checkOperator([matrix, matrix, matrix], (z, m, l) => vclubBound(z!, q(m!, l!), averageOfAll(5))));
  it('given the expression', () => {
    const among = averageOfLabel(constantInt32([0, 1, 0, 1, 1]), 2);
    return checkOperator([matrix, matrix, matrix], (z, m, l) => vclubBound(z!, q(m!, l!), among));
  });
  it('L1Out', () => checkOperator([matrix, matrix, matrix], (z, m, l) => l1outBound(z!, q(m!, l!))));
  it('likelihood', () => checkOperator([matrix, matrix, matrix], (z, m, l) => negativeLogLikelihood(z!, q(m!, l!))));
  it('Donsker-Varadhan', () => checkOperator([{ shape: [5, 5] }], (t) => donskerVaradhan(t!)));
  it('cosine', () => checkOperator([matrix, matrix], (x, y) => meanCosine(x!, y!)));
  it('apex', () => checkOperator([matrix, matrix], (x, y) => apexLoss(x!, y!, constant([1, 0, 1, 1, 0]))));
});

describe('a learned estimator', () => {
  const [batch, d, rho] = [64, 4, 0.7];
  const random = new Random(21);

  /** Trains the estimator of a kind for `steps` inner steps, then means of its penalty over fresh batches. */
  async function learn(kind: string, steps: number, over: Record<string, unknown> = {}) {
    const config = regulariserSchema.parse({ kind, hidden: 32, ...over });
    const regulariser = createRegulariser(config);
    const [ze, zi] = [input('ze', [batch, d]), input('zi', [batch, d])];
    const specs = recordParameters((p) => regulariser.inner!(layersOf(p), ze, zi));
    const group = new ParameterGroup('q', specs, new Random(2));
    const step = await TrainingStep.create(
      { groups: [group], build: ({ q }) => ({ losses: { q: regulariser.inner!(layersOf(q!), ze, zi) }, outputs: {} }) },
      { threads: 1 },
    );
    const watch = await TrainingStep.create(
      {
        groups: [group],
        build: ({ q }) => {
          const { bound, gain } = regulariser.penalty!(layersOf(q!), ze, zi, averageOfAll(batch));
          return { losses: {}, outputs: { bound, ...(gain && { gain }) } };
        },
      },
      { threads: 1 },
    );
    const feeds = () => {
      const { x, y } = correlated(batch, d, rho, random);
      return { ze: value(x, [batch, d]), zi: value(y, [batch, d]) };
    };
    for (let done = 0; done < steps; done++) await step.run(feeds(), { q: { lr: 3e-3, clip: 10, done } });
    const means = { bound: 0, gain: 0 };
    for (let i = 0; i < 40; i++) {
      const got = await watch.run(feeds(), {});
      means.bound += got.bound!.data[0]! / 40;
      means.gain += (got.gain?.data[0] ?? Number.NaN) / 40;
    }
    await step.close();
    await watch.close();
    return means;
  }

  it('vCLUB approaches its exact value, its gain the information', async () => {
    const { bound, gain } = await learn('vclub', 1500);
    const club = ((batch - 1) / batch) * ((d * rho ** 2) / (1 - rho ** 2));
    expect(Math.abs(bound / club - 1)).toBeLessThan(0.2);
    expect(Math.abs(gain / information(d, rho) - 1)).toBeLessThan(0.2);
  }, 60_000);

  it('L1Out approaches the information', async () => {
    const { bound } = await learn('l1out', 1500);
    expect(Math.abs(bound / information(d, rho) - 1)).toBeLessThan(0.25);
  }, 60_000);

  it('MINE finds most of the information and not more', async () => {
    const { bound } = await learn('mine', 1500);
    expect(bound).toBeGreaterThan(0.5 * information(d, rho));
    expect(bound).toBeLessThan(1.15 * information(d, rho));
  }, 60_000);

  it('a predictor learns the cosine that a reversed gradient fights', async () => {
    const { bound } = await learn('gradient-reversal', 800);
    expect(bound).toBeGreaterThan(0.5);
  }, 60_000);

  it('starved of inner steps, or far too sure of itself, knows less than nothing', async () => {
    expect((await learn('vclub', 0)).gain).toBeLessThan(0);
    expect((await learn('vclub', 0, { variance: 1e-3 })).gain).toBeLessThan(-100);
    expect((await learn('l1out', 0)).gain).toBeLessThan(0);
  });
});
