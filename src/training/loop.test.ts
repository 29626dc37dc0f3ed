/** The trainer: it learns, it resumes exactly, it predicts what it exports, and it refuses what it must. */
import { afterAll, describe, expect, it } from 'vitest';
import { relativeError } from '../../test/graph/check.js';
import { ModelError } from '../errors.js';
import type { ModelCard } from '../network/card.js';
import type { NetworkConfig } from '../network/config.js';
import { exportModel, loadModel } from '../network/model.js';
import type { Signal } from '../residual/signal.js';
import { createTrainer } from './loop.js';
import { Random } from './random.js';
import type { Trainer, TrainerOptions } from './trainer.js';

const network: NetworkConfig = {
  channels: [4, 8],
  blocks: [1, 1],
  stemStride: 2,
  temporal: 'conv',
  embedding: 12,
  dropout: 0.1,
};
const signal: Signal = {
  kind: 'residual+motion',
  size: 16,
  frames: 3,
  margin: 1.2,
  residualGain: 1,
  motionGain: 1,
  window: 12,
};
const options: TrainerOptions = {
  network,
  signal,
  classes: 4,
  batch: 16,
  stepsPerEpoch: 2,
  hyper: { epochs: 40, lr: 0.01, weightDecay: 0.01, warmup: 1, clip: 5, labelSmoothing: 0.05 },
  seed: 7,
  threads: 1,
};
const clipSize = 3 * 3 * 16 * 16;

/** 32 clips of noise: nothing but their memory can tell the labels, which have nothing to do with them. */
const random = new Random(99);
const clips = Float32Array.from({ length: 32 * clipSize }, () => random.normal());
const labels = Int32Array.from({ length: 32 }, () => random.int(4));
const half = (i: number) =>
  [clips.subarray(i * 16 * clipSize, (i + 1) * 16 * clipSize), labels.subarray(i * 16, i * 16 + 16)] as const;

const open: Trainer[] = [];
const make = async (changes: Partial<TrainerOptions> = {}) => {
  const trainer = await createTrainer({ ...options, ...changes });
  open.push(trainer);
  return trainer;
};
afterAll(() => Promise.all(open.map((trainer) => trainer.close())));

async function run(trainer: Trainer, steps: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) losses.push((await trainer.step(...half(trainer.steps % 2))).loss);
  return losses;
}

function correct(probabilities: Float32Array): number {
  let hits = 0;
  labels.forEach((label, i) => {
    const row = probabilities.subarray(i * 4, i * 4 + 4);
    if (row.indexOf(Math.max(...row)) === label) hits++;
  });
  return hits;
}

const card: ModelCard = {
  name: 'test',
  version: '1',
  labels: ['a', 'b', 'c', 'd'],
  signal,
  network,
  normalisation: { kind: 'gain' },
  sampling: { training: 'none', use: 'none' },
  data: { name: 'noise', sha256: '0'.repeat(64), folds: [0, 'b'], clips: 32 },
  licence: 'MIT',
  date: '2026-01-31',
  metrics: [],
  training: { seed: 7, epochs: 40, hyperparameters: { lr: 0.01 } },
  intendedUse: 'tests',
  forbiddenUse: 'all else',
  notes: '',
};

describe('learning', () => {
  for (const temporal of ['conv', 'mean', 'gru', 'attention'] as const) {
    it(`a tiny network (${temporal}) overfits 32 clips to 100%`, async () => {
      const trainer = await make({ network: { ...network, temporal }, hyper: { ...options.hyper, epochs: 120 } });
      const before = correct((await trainer.predict(clips, 32)).probabilities);
      expect(before).toBeLessThan(20);
      const losses = await run(trainer, 240);
      expect(losses[0]).toBeGreaterThan(1);
      expect(losses.at(-1)).toBeLessThan(0.45);
      const { probabilities, embedding } = await trainer.predict(clips, 32);
      expect(correct(probabilities)).toBe(32);
      expect(embedding.length).toBe(32 * 12);
    });
  }

  it('weights of 0 take clips out of the step', async () => {
    const [a, b] = [await make(), await make()];
    const weights = new Float32Array(16).fill(1);
    weights[3] = 0;
    const [values, targets] = half(0);
    const other = Int32Array.from(targets);
    other[3] = (other[3]! + 1) % 4;
    expect((await a.step(values, targets, weights)).loss).toBe((await b.step(values, other, weights)).loss);
    expect(a.weights()).toEqual(b.weights());
  });

  it('reports the norm before clipping, and clipping bounds the update', async () => {
    const free = await make({ hyper: { ...options.hyper, clip: Number.POSITIVE_INFINITY } });
    const held = await make({ hyper: { ...options.hyper, clip: 1e-6 } });
    const [a, b] = [await free.step(...half(0)), await held.step(...half(0))];
    expect(a.gradNorm).toBeGreaterThan(0.01);
    expect(b.gradNorm).toBe(a.gradNorm);
    expect(held.weights()).not.toEqual(free.weights());
  });
});

describe('resuming', () => {
  it('a resumed run equals an uninterrupted one bit for bit', async () => {
    const changes = { hyper: { ...options.hyper, ema: 0.9 } };
    const whole = await make(changes);
    const first = await make(changes);
    const lossesWhole = await run(whole, 9);
    const lossesFirst = await run(first, 5);
    const bytes = first.saveCheckpoint({ epoch: '2' });
    const second = await make({ ...changes, seed: 1234 });
    await run(second, 2);
    expect(second.loadCheckpoint(bytes)).toEqual({ epoch: '2' });
    expect(second.steps).toBe(5);
    expect([...lossesFirst, ...(await run(second, 4))]).toEqual(lossesWhole);
    expect(second.saveCheckpoint()).toEqual(whole.saveCheckpoint());
  });

  it('two threads give one result, run after run', async () => {
    const [a, b] = [await make({ threads: 2 }), await make({ threads: 2 })];
    expect(await run(a, 4)).toEqual(await run(b, 4));
    expect(a.weights()).toEqual(b.weights());
  });

  it('refuses a checkpoint of another network, a damaged one, and changes nothing', async () => {
    const trainer = await make();
    const before = trainer.saveCheckpoint();
    const other = await make({ network: { ...network, channels: [4, 9] } });
    expect(() => trainer.loadCheckpoint(other.saveCheckpoint())).toThrow(ModelError);
    for (const length of [0, 7, 100, before.length - 1]) {
      expect(() => trainer.loadCheckpoint(before.slice(0, length))).toThrow(ModelError);
    }
    expect(trainer.saveCheckpoint()).toEqual(before);
  });
});

describe('averaging', () => {
  it('predicts with the moving average', async () => {
    const plain = await make();
    const averaged = await make({ hyper: { ...options.hyper, ema: 0.999 } });
    await run(plain, 3);
    await run(averaged, 3);
    const [w, a] = [plain.weights().get('stem.weight')!.data, averaged.weights().get('stem.weight')!.data];
    expect(relativeError(a, w)).toBeGreaterThan(1e-3);
    expect(relativeError(a, w)).toBeLessThan(1);
  });
});

describe('export', () => {
  it('the exported file predicts what the trainer predicts, for any number of clips', async () => {
    const trainer = await make();
    await run(trainer, 10);
    const expected = await trainer.predict(clips, 32);
    const model = await loadModel(exportModel(trainer.weights(), card));
    expect(model.card).toEqual(card);
    expect(model.hash).toMatch(/^[0-9a-f]{64}$/);
    for (const n of [1, 5, 32]) {
      const { probabilities, embedding } = await model.predict(clips.subarray(0, n * clipSize), n);
      expect(relativeError(probabilities, expected.probabilities.subarray(0, n * 4))).toBeLessThan(1e-4);
      expect(relativeError(embedding, expected.embedding.subarray(0, n * 12))).toBeLessThan(1e-4);
    }
    await model.close();
  });
});

describe('refusals', () => {
  it('wrong shapes, labels and options are ModelErrors', async () => {
    const trainer = await make();
    const [values, targets] = half(0);
    await expect(trainer.step(values.subarray(1), targets)).rejects.toThrow(ModelError);
    await expect(
      trainer.step(
        values,
        targets.map(() => 4),
      ),
    ).rejects.toThrow(/labels from 0 to 3/);
    await expect(trainer.predict(values, 15)).rejects.toThrow(ModelError);
    await expect(make({ batch: 0 })).rejects.toThrow(/batch/);
    await expect(make({ network: { ...network, blocks: [1] } })).rejects.toThrow(/blocks/);
    await expect(make({ hyper: { ...options.hyper, lr: Number.NaN } })).rejects.toThrow(/lr/);
  });

  it('a loss that is not finite stops the step before it spoils the weights', async () => {
    const trainer = await make();
    const before = trainer.saveCheckpoint();
    const [values, targets] = half(0);
    await expect(trainer.step(new Float32Array(values.length).fill(Number.NaN), targets)).rejects.toThrow(/is NaN/);
    const weights = (bytes: Uint8Array) => bytes.slice(-1000);
    expect(weights(trainer.saveCheckpoint())).toEqual(weights(before));
    expect((await trainer.step(values, targets)).loss).toBeGreaterThan(0);
  });
});
