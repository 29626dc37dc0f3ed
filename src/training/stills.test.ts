import { describe, expect, it } from 'vitest';
import { runOnnx } from '../../test/graph/check.js';
import { constant, constantInt32, gradients, reduceSum } from '../graph/index.js';
import { jointLoss } from './stills.js';

const [n, classes] = [3, 2];
const own = [0.2, -0.4, 1, 0.1, -0.3, 0.7];
const stills = [1.5, -0.2, 0.3, 0.9, -1, 0.4];
const labels = [0, 1, 1];
const loss = (logits: readonly number[]) => {
  const [a, b] = logits as [number, number];
  return (label: number) => Math.log(Math.exp(a) + Math.exp(b)) - (label === 0 ? a : b);
};
const row = (values: readonly number[], i: number) => values.slice(i * classes, (i + 1) * classes);
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

async function run(present: readonly number[], alone: number) {
  const first = constant(own, [n, classes]);
  const second = constant(stills, [n, classes]);
  const joint = jointLoss(first, second, constantInt32(labels), {
    ...{ weights: constant([1, 1, 1]), smoothing: 0, alone },
  });
  const [dStills] = gradients(joint.loss, [second]);
  const feeds = { present: { type: 'float32' as const, shape: [n], data: Float32Array.from(present) } };
  const got = await runOnnx({ loss: joint.loss, logits: reduceSum(joint.logits, [1]), d: dStills! }, feeds);
  return { loss: got.loss![0]!, d: Array.from(got.d!) };
}

describe('jointLoss', () => {
  it('is the cross-entropy of the sum of logits, where I-frames are shown, and of each network alone', async () => {
    const present = [1, 0, 1];
    const sums = labels.map((label, i) => loss(row(own, i).map((v, c) => v + present[i]! * row(stills, i)[c]!))(label));
    const first = mean(labels.map((label, i) => loss(row(own, i))(label)));
    const second = mean([0, 2].map((i) => loss(row(stills, i))(labels[i]!)));
    const { loss: got } = await run(present, 0.5);
    expect(got).toBeCloseTo(mean(sums) + 0.5 * (first + second), 4);
    expect((await run(present, 0)).loss).toBeCloseTo(mean(sums), 5);
  });

  it('teaches the second network nothing by a clip whose I-frames are kept back', async () => {
    const { d } = await run([1, 0, 1], 0.5);
    expect(Math.max(...row(d, 1).map(Math.abs))).toBeLessThan(1e-5);
    expect(Math.max(...row(d, 0).map(Math.abs))).toBeGreaterThan(0.05);
    expect((await run([0, 0, 0], 0.5)).loss).toBeLessThan(10);
  });
});
