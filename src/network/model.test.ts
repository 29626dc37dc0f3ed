/** Model files: folding changes nothing, the card comes back, and what is no model is refused with its reason. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relativeError, runOnnx } from '../../test/graph/check.js';
import { evaluate } from '../../test/graph/reference.js';
import { ModelError } from '../errors.js';
import { compile, input, neg, sizeOf, softmax } from '../graph/index.js';
import { Random } from '../training/random.js';
import { clipShape, type ModelCard, modelCardSchema } from './card.js';
import { defaultNetworkConfig, type NetworkConfig } from './config.js';
import { buildExpression } from './expression.js';
import { InferenceLayers, TrainingLayers } from './layers.js';
import { exportModel, loadModel, readCard } from './model.js';
import { constantParameters, recordParameters } from './parameters.js';
import type { WeightArray, WeightSet } from './weights.js';

const network: NetworkConfig = {
  channels: [16, 32],
  blocks: [2, 1],
  stemStride: 2,
  temporal: 'conv',
  embedding: 6,
  dropout: 0.3,
};
const card: ModelCard = {
  name: 'test',
  version: '0.1.0',
  labels: ['anger', 'joy', 'Überraschung'],
  signal: { kind: 'summed', size: 16, frames: 3, margin: 1.2, residualGain: 0.1, motionGain: 0.5, window: 12 },
  network,
  normalisation: { kind: 'gain+clip', limit: 8 },
  sampling: { training: 'jittered', use: 'even' },
  data: { name: 'noise', sha256: 'ab'.repeat(32), folds: [0, 1], clips: 9 },
  licence: 'MIT',
  date: '2026-11-23',
  metrics: [
    { split: 'fold 9', n: 10, war: 0.5, uar: 0.4, macroF1: 0.3, byCondition: { lab: { n: 4, war: 1 } }, byGroup: {} },
  ],
  training: { seed: 1, epochs: 2, hyperparameters: { lr: 0.1, ema: null } },
  intendedUse: 'tests',
  forbiddenUse: 'all else',
  notes: '',
};

/** Weights at random, the statistics too, so that folding has something to fold. */
function randomWeights(config: NetworkConfig): WeightSet {
  const random = new Random(11);
  const specs = recordParameters((parameters) =>
    buildExpression(new InferenceLayers(parameters), input('input', [2, ...clipShape(card)]), config, 3),
  );
  return new Map(
    specs.map(({ name, shape }): [string, WeightArray] => {
      const positive = name.endsWith('.variance') || name.endsWith('.gamma');
      const scale = name.endsWith('.weight') ? 1 / Math.sqrt(sizeOf(shape.slice(1))) : 0.5;
      const data = Float32Array.from({ length: sizeOf(shape) }, () =>
        positive ? 0.5 + random.uniform() : scale * random.normal(),
      );
      return [name, { shape, data }];
    }),
  );
}

const random = new Random(5);
const size = sizeOf(clipShape(card));
const clips = Float32Array.from({ length: 3 * size }, () => random.normal());
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vultus-model-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('the network', () => {
  for (const temporal of ['mean', 'conv', 'gru', 'attention'] as const) {
    it(`exported with batch norm folded answers like the unfolded one in float64 (${temporal})`, async () => {
      const config = { ...network, temporal };
      const weights = randomWeights(config);
      const x = input('input', [3, ...clipShape(card)]);
      const { logits, embedding } = buildExpression(new InferenceLayers(constantParameters(weights)), x, config, 3);
      const [probabilities, vectors] = evaluate([softmax(logits), embedding], { input: clips }) as [
        Float64Array,
        Float64Array,
      ];
      const model = await loadModel(exportModel(weights, { ...card, network: config }));
      const answer = await model.predict(clips, 3);
      expect(relativeError(answer.probabilities, probabilities)).toBeLessThan(1e-5);
      expect(relativeError(answer.embedding, vectors)).toBeLessThan(1e-5);
      await model.close();
    });
  }

  it('is as small as its stem stride says', () => {
    const build = (stemStride: 1 | 2 | 4) => {
      const config = { ...defaultNetworkConfig, stemStride };
      const names = recordParameters((parameters) =>
        buildExpression(new TrainingLayers(parameters, () => undefined), input('x', [1, 2, 3, 64, 64]), config, 7),
      ).map(({ name }) => name);
      return names.includes('stage1.block1.shortcut.weight');
    };
    expect([1, 2, 4].map((stride) => build(stride as 1 | 2 | 4))).toEqual([false, false, true]);
  });

  it('predicts many clips as it predicts them one by one', async () => {
    const model = await loadModel(exportModel(randomWeights(network), card));
    const together = await model.predict(clips, 3);
    for (let i = 0; i < 3; i++) {
      const alone = await model.predict(clips.subarray(i * size, (i + 1) * size), 1);
      expect(relativeError(alone.embedding, together.embedding.subarray(i * 6, i * 6 + 6))).toBeLessThan(1e-5);
    }
    await model.close();
  });
});

describe('model files', () => {
  const bytes = exportModel(randomWeights(network), card);

  it('hold their card, and load from bytes, path and URL with the same hash', async () => {
    const path = join(folder, 'model.onnx');
    await writeFile(path, bytes);
    expect(readCard(bytes)).toEqual(card);
    const hashes = new Set<string>();
    for (const source of [bytes, path, pathToFileURL(path), pathToFileURL(path).href]) {
      const model = await loadModel(source);
      expect(model.card).toEqual(card);
      hashes.add(model.hash);
      await model.close();
    }
    expect(hashes.size).toBe(1);
  });

  it('are refused with the reason when they are something else', async () => {
    const plain = compile({ y: neg(input('x', [1])) });
    await expect(loadModel(plain)).rejects.toThrow(/no vultus model card/);
    const other = compile({ y: neg(input('x', [1])) }, { metadata: { 'vultus.card': JSON.stringify(card) } });
    await expect(loadModel(other)).rejects.toThrow(/inputs \(x\)/);
    const torn = compile({ y: neg(input('x', [1])) }, { metadata: { 'vultus.card': '{' } });
    await expect(loadModel(torn)).rejects.toThrow(/no JSON/);
    await expect(loadModel(new Uint8Array(0))).rejects.toThrow(/no graph/);
    await expect(loadModel(new TextEncoder().encode('hello, world'))).rejects.toThrow(ModelError);
    await expect(loadModel(join(folder, 'absent.onnx'))).rejects.toThrow(/cannot be read/);
    await expect(loadModel(folder)).rejects.toThrow(ModelError);
  });

  it('cut short or with flipped bytes give a ModelError or load; nothing else', async () => {
    for (let i = 0; i < 40; i++) {
      const damaged = bytes.slice(0, i % 2 === 0 ? bytes.length : random.int(bytes.length));
      // The names and the structure lie at the front and at the back; the middle is weights.
      const at = random.int(2000);
      damaged[i % 4 === 0 ? at : damaged.length - 1 - at] = random.int(256);
      const model = await loadModel(damaged).catch((error: unknown) => {
        expect(error).toBeInstanceOf(ModelError);
        return undefined;
      });
      await model?.close();
    }
  });

  it('refuse a wrong number of values', async () => {
    const model = await loadModel(bytes);
    await expect(model.predict(clips, 2)).rejects.toThrow(ModelError);
    await expect(model.predict(new Float32Array(0), 0)).rejects.toThrow(ModelError);
    await model.close();
  });

  it('are not written from weights that do not fit or a card that is not valid', () => {
    const weights = new Map(randomWeights(network));
    weights.set('stem.weight', { shape: [1], data: new Float32Array(1) });
    expect(() => exportModel(weights, card)).toThrow(/stem\.weight is \[1\]/);
    weights.delete('stem.weight');
    expect(() => exportModel(weights, card)).toThrow(/stem\.weight is missing/);
    expect(() => exportModel(randomWeights(network), { ...card, labels: ['a', 'a', 'b'] })).toThrow(/repeat/);
    expect(() => exportModel(randomWeights(network), { ...card, date: 'today' })).toThrow(/date/);
  });

  it('cards refuse what they do not know', () => {
    expect(modelCardSchema.safeParse({ ...card, extra: 1 }).success).toBe(false);
    expect(modelCardSchema.safeParse({ ...card, network: { ...network, blocks: [1] } }).success).toBe(false);
  });

  it('answer with probabilities: they sum to one', async () => {
    const x = input('x', [2, 3]);
    const { y } = await runOnnx({ y: softmax(x) }, { x: { type: 'float32', shape: [2, 3], data: clips.slice(0, 6) } });
    expect(y![0]! + y![1]! + y![2]!).toBeCloseTo(1, 6);
  });
});
