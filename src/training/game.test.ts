/** The game inside the trainer: gradients, exact resuming, and the alarm when the estimator is starved. */
import { afterAll, describe, expect, it } from 'vitest';
import type { NetworkConfig } from '../network/config.js';
import type { Value } from '../network/runtime.js';
import type { Signal } from '../residual/signal.js';
import { standardise } from './clip-features.js';
import { Estimator } from './estimator.js';
import { expressionStep } from './expression-step.js';
import { addGame, freshGame, gameRecord } from './game-record.js';
import { createTrainer } from './loop.js';
import { apexSchema, apexSize } from './losses/apex.js';
import { regulariserSchema } from './losses/index.js';
import { Random } from './random.js';
import { TrainingStep } from './step.js';
import type { SideBatch, Trainer, TrainerOptions } from './trainer.js';

const network: NetworkConfig = {
  channels: [4, 8],
  blocks: [1, 1],
  stemStride: 2,
  temporal: 'mean',
  embedding: 6,
  dropout: 0.1,
};
const signal: Signal = {
  kind: 'residual',
  size: 16,
  frames: 2,
  margin: 1.2,
  residualGain: 1,
  motionGain: 1,
  window: 12,
};
const [batch, people, d] = [16, 8, 5];
const clipSize = 2 * 16 * 16;

/**
 * Clips that tell the person and nothing else: how bright a person's clips are. Labels are drawn blindly, so that the
 * cross-entropy neither wants the person nor pushes it out.
 */
const random = new Random(5);
const persons = Array.from({ length: people }, (_, i) => i);
const features = standardise(
  new Map(persons.map((i) => [String(i), Float32Array.from({ length: d }, () => random.normal())])),
  persons.map((i) => ({ clip: String(i) })),
);
const faces = Float32Array.from({ length: batch * apexSize ** 2 }, () => random.uniform());
function draw(step: number): { input: Float32Array; labels: Int32Array; side: SideBatch } {
  const noise = new Random(1000 + step);
  const input = new Float32Array(batch * clipSize);
  const labels = new Int32Array(batch);
  const identity = new Float32Array(batch * d);
  for (let i = 0; i < batch; i++) {
    const person = noise.int(people);
    labels[i] = noise.int(2);
    identity.set(features.get(String(person))!, i * d);
    for (let p = 0; p < clipSize; p++) {
      const texture = ((p % 16) + (p >> 4)) & 2 ? 1 : -1;
      input[i * clipSize + p] = texture + (person - 3.5) / 2 + noise.normal();
    }
  }
  const apexWeights = Float32Array.from({ length: batch }, (_, i) => (i % 3 ? 1 : 0));
  return { input, labels, side: { identity, apex: faces, apexWeights } };
}

const options = (game: Record<string, unknown> | undefined, apex = false): TrainerOptions => ({
  network,
  signal,
  classes: 2,
  batch,
  stepsPerEpoch: 10,
  hyper: { epochs: 30, lr: 0.003, weightDecay: 0.01, warmup: 1, clip: 5, labelSmoothing: 0.05 },
  seed: 7,
  threads: 1,
  ...(game && {
    game: {
      regulariser: regulariserSchema.parse({ hidden: 16, memory: 3, ...game }),
      identitySize: d,
      ...(apex && { apex: apexSchema.parse({ mu: 0.5, hidden: 8 }) }),
    },
  }),
});

const open: Trainer[] = [];
const make = async (game?: Record<string, unknown>, apex = false) => {
  const trainer = await createTrainer(options(game, apex));
  open.push(trainer);
  return trainer;
};
afterAll(() => Promise.all(open.map((trainer) => trainer.close())));

async function run(trainer: Trainer, steps: number) {
  const results: Awaited<ReturnType<Trainer['step']>>[] = [];
  for (let i = 0; i < steps; i++) {
    const { input, labels, side } = draw(trainer.steps);
    results.push(await trainer.step(input, labels, undefined, side));
  }
  return results;
}

describe.each(['vclub', 'l1out', 'mine', 'hsic', 'gradient-reversal'] as const)('%s', (kind) => {
  it('moves the encoder and the decoder along the true gradient of the whole loss', async () => {
    const all = { ...options({ kind, lambda: 0.7 }, true) };
    const parts = expressionStep(all, [2, 1, 16, 16], new Random(3));
    const step = await TrainingStep.create({ ...parts.definition, weightDecay: {} }, { threads: 1 });
    const { input, labels, side } = draw(1);
    const feed = (data: Float32Array | Int32Array, ...shape: number[]): Value => ({
      type: data instanceof Int32Array ? 'int32' : 'float32',
      shape,
      data,
    });
    const feeds = {
      input: feed(input, batch, 2, 1, 16, 16),
      labels: feed(labels, batch),
      weights: feed(new Float32Array(batch).fill(1), batch),
      identity: feed(side.identity!, batch, d),
      lambda: feed(Float32Array.of(0.7)),
      apex: feed(side.apex!, batch, apexSize ** 2),
      apexWeights: feed(side.apexWeights!, batch),
      ...Object.fromEntries(
        parts.masks.map(({ name, shape }) => [
          name,
          feed(new Float32Array(shape.reduce((a, b) => a * b)).fill(1), ...shape),
        ]),
      ),
    };
    const groups = [parts.network, parts.decoder!];
    const settings = { lr: 0, clip: Number.POSITIVE_INFINITY, done: 0 };
    const lossAt = async () =>
      (await step.run(feeds, { network: settings, decoder: settings }))['network.loss']!.data[0]!;
    // The last layer of the residual blocks starts at zero gain: move away, so that every path is open.
    const nudge = new Random(11);
    for (const group of [...groups, ...(parts.estimator ? [parts.estimator] : [])]) {
      const { data } = group.value('weights')!;
      for (let i = 0; i < data.length; i++) data[i]! += 0.05 * nudge.normal();
    }
    if (parts.estimator) {
      const { regulariser } = all.game!;
      const shape = { batch, embedding: 6, identity: d };
      const estimator = await Estimator.create(regulariser!, parts.regulariser!, shape, parts.estimator, 1);
      const { embedding } = await step.run(feeds, { network: settings, decoder: settings });
      estimator.remember(embedding!.data as Float32Array, side.identity!);
      for (let i = 0; i < 10; i++) await estimator.learn();
      await estimator.close();
    }
    const bound = (await step.run(feeds, { network: settings, decoder: settings })).bound!.data[0]!;
    // A negative bound is cut off: its side of the loss would not be tested.
    expect(bound).toBeGreaterThan(0);
    for (const group of groups) {
      group.value('m')!.data.fill(0);
      await lossAt();
      const gradient = group.value('m')!.data.map((v) => 10 * v);
      const norm = Math.hypot(...gradient);
      expect(norm).toBeGreaterThan(1e-3);
      const before = Float32Array.from(group.value('weights')!.data);
      const shifted = async (t: number) => {
        group.value('weights')!.data.set(before.map((w, i) => w + (t * gradient[i]!) / norm));
        return await lossAt();
      };
      const h = 2e-3;
      const slope = ((await shifted(h)) - (await shifted(-h))) / (2 * h);
      await shifted(0);
      expect(Math.abs(slope / norm - 1), `${group.name}: ${slope} against ${norm}`).toBeLessThan(0.03);
    }
    await step.close();
  });

  it('goes on from a checkpoint bit for bit, memory and apex decoder included', async () => {
    const game = { kind, lambda: 0.5, innerSteps: 2, warmup: 1 };
    const whole = await make(game, true);
    const first = await make(game, true);
    const expected = await run(whole, 8);
    const begun = await run(first, 5);
    const bytes = first.saveCheckpoint();
    const second = await make(game, true);
    await run(second, 2);
    second.loadCheckpoint(bytes);
    expect([...begun, ...(await run(second, 3))]).toEqual(expected);
    expect(second.saveCheckpoint()).toEqual(whole.saveCheckpoint());
    const other = await make({ ...game, memory: 2 }, true);
    expect(() => other.loadCheckpoint(bytes)).toThrow('another network, signal, averaging or game');
  });
});

describe('the game', () => {
  it('starts from the very weights that a run without it has, and with lambda 0 it changes nothing', async () => {
    const [plain, idle] = [await make(), await make({ kind: 'vclub', lambda: 0 })];
    expect(idle.weights()).toEqual(plain.weights());
    const a = await run(plain, 6);
    const b = await run(idle, 6);
    b.forEach(({ loss }, i) => {
      expect(loss).toBeCloseTo(a[i]!.loss, 4);
    });
  });

  it('lambda rises from 0 over the warm-up', async () => {
    const results = await run(await make({ kind: 'vclub', lambda: 0.8, warmup: 0.2 }), 4);
    expect(results.map(({ penalty }) => penalty!.lambda)).toEqual([0, expect.closeTo(0.4), 0.8, 0.8]);
  });

  it('takes out of z_e a person whom the task neither wants nor forbids', async () => {
    const share = async (trainer: Trainer) => {
      const rows: { person: string; ze: Float32Array }[] = [];
      for (let s = 0; s < 12; s++) {
        const { input, side } = draw(5000 + s);
        const { embedding } = await trainer.predict(input, batch);
        for (let i = 0; i < batch; i++) {
          rows.push({ person: side.identity!.slice(i * d, i * d + d).join(), ze: embedding.slice(i * 6, i * 6 + 6) });
        }
      }
      return betweenPeople(rows);
    };
    const [plain, game] = [await make(), await make({ kind: 'vclub', lambda: 0.3, innerSteps: 10, hidden: 32 })];
    await run(plain, 160);
    const results = await run(game, 160);
    const [before, after] = [await share(plain), await share(game)];
    expect(before).toBeGreaterThan(0.3);
    expect(after).toBeLessThan(0.6 * before);
    expect(results.at(-1)!.penalty!.inner).toBeGreaterThan(0);
  }, 60_000);

  it('wants its side inputs', async () => {
    const trainer = await make({ kind: 'vclub' });
    const { input, labels, side } = draw(0);
    await expect(trainer.step(input, labels)).rejects.toThrow('side values');
    const short = { identity: side.identity!.subarray(1) };
    await expect(trainer.step(input, labels, undefined, short)).rejects.toThrow('side values');
  });
});

describe('the alarm', () => {
  const recordOf = async (game: Record<string, unknown>, epoch = 2) => {
    const sums = freshGame();
    for (const result of await run(await make(game), 12)) addGame(sums, result);
    return gameRecord(sums, regulariserSchema.parse(game), epoch, false);
  };
  it('rings when the estimator is starved', async () => {
    const starved = await recordOf({ kind: 'vclub', lambda: 0.1, innerSteps: 0 });
    expect(starved.gain).toBeLessThan(0);
    expect(starved.inner).toBeNull();
    expect(starved.alarm).toContain('raise innerSteps');
  });
  it('keeps still while lambda rises, and when the estimator learns', async () => {
    expect((await recordOf({ kind: 'vclub', innerSteps: 0, warmup: 2 }, 2)).alarm).toBeUndefined();
    const sums = freshGame();
    const trainer = await make({ kind: 'vclub', lambda: 0.01, innerSteps: 10, innerLr: 5e-3 });
    await run(trainer, 60);
    for (const result of await run(trainer, 20)) addGame(sums, result);
    const sound = gameRecord(sums, regulariserSchema.parse({ kind: 'vclub' }), 2, false);
    expect(sound.gain).toBeGreaterThan(0);
    expect(sound.alarm).toBeUndefined();
  });
  it('tells a negative bound from an idle one', () => {
    const config = regulariserSchema.parse({ kind: 'mine' });
    const sums = (bounds: number[]) => {
      const all = freshGame();
      for (const bound of bounds)
        addGame(all, { loss: 1, correct: 0, gradNorm: 0, lr: 0, penalty: { bound, lambda: 1 } });
      return gameRecord(all, config, 2, false).alarm;
    };
    expect(sums([-1, -2, 0.5])).toContain('is negative');
    expect(sums([-0.1, -0.1, 4])).toContain('idle in 67%');
    expect(sums([1, 2])).toBeUndefined();
  });
});

/** Share of z_e's variance that lies between people. */
function betweenPeople(rows: readonly { person: string; ze: Float32Array }[]): number {
  let [between, all] = [0, 0];
  for (let k = 0; k < rows[0]!.ze.length; k++) {
    const mean = (some: typeof rows) => some.reduce((sum, { ze }) => sum + ze[k]!, 0) / some.length;
    const whole = mean(rows);
    for (const person of new Set(rows.map((row) => row.person))) {
      const own = rows.filter((row) => row.person === person);
      between += own.length * (mean(own) - whole) ** 2;
    }
    all += rows.reduce((sum, { ze }) => sum + (ze[k]! - whole) ** 2, 0);
  }
  return between / all;
}
