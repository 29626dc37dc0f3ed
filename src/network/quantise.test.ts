/** Quantised networks: close to the float ones, integers where it counts, and exactly what the integers say. */
import { describe, expect, it } from 'vitest';
import { tinyModel } from '../../test/support/tiny-model.js';
import { ModelError } from '../errors.js';
import { type OnnxModel, writeOnnx } from '../graph/onnx.js';
import { readOnnx } from '../graph/onnx-read.js';
import { Random } from '../training/random.js';
import { clipShape } from './card.js';
import { loadModel, readCard } from './model.js';
import { bestRange, quantiseNetwork } from './quantise.js';
import { createSession } from './runtime.js';

const random = new Random(5);
const normals = (length: number) => Float32Array.from({ length }, () => random.normal());

/** A convolution [1, 2, 1, 1] of a picture [n, 2, 3, 3] and a ReLU. */
function oneConvolution(weights: readonly number[], bias: number): OnnxModel {
  return {
    name: 'one',
    nodes: [
      {
        name: 'c',
        type: 'Conv',
        inputs: ['x', 'w', 'b'],
        outputs: ['y'],
        attributes: { kernel_shape: { ints: [1, 1] } },
      },
      { name: 'r', type: 'Relu', inputs: ['y'], outputs: ['z'], attributes: {} },
    ],
    initializers: [
      { name: 'w', type: 'float32', shape: [1, 2, 1, 1], values: Float32Array.from(weights) },
      { name: 'b', type: 'float32', shape: [1], values: Float32Array.of(bias) },
    ],
    inputs: [{ name: 'input', type: 'float32', shape: ['N', 2, 3, 3] }],
    outputs: [{ name: 'z', type: 'float32', shape: ['N', 1, 3, 3] }],
    metadata: { who: 'kept' },
  };
}

describe('quantiseNetwork', () => {
  it('computes what the integers say, to rounding of the result alone, where everything lies on their grids', async () => {
    const model = oneConvolution([63 / 64, -21 / 64], 0.5);
    const file = { ...model, nodes: [{ ...model.nodes[0]!, inputs: ['input', 'w', 'b'] }, model.nodes[1]!] };
    // 0 to 255 quarters: the scale is 1/4, the zero 0.
    const input = Float32Array.from({ length: 18 }, (_, i) => ((i * 15) % 256) / 4);
    input[17] = 255 / 4;
    const bytes = await quantiseNetwork(
      writeOnnx(file),
      [2, 3, 3],
      async function* () {
        yield { input, n: 1 };
      },
      1,
    );
    const session = await createSession(bytes, { threads: 1 });
    const { z } = await session.run({ input: { type: 'float32', shape: [1, 2, 3, 3], data: input } }, { z: null });
    await session.close();
    const exact = Float32Array.from({ length: 9 }, (_, i) => {
      return Math.max(0, (63 / 64) * input[i]! - (21 / 64) * input[i + 9]! + 0.5);
    });
    const step = Math.max(...exact) / 255;
    expect(Math.max(...exact)).toBeGreaterThan(5);
    z!.data.forEach((value, i) => {
      expect(Math.abs(value - exact[i]!)).toBeLessThan(1.01 * step);
    });
    expect(readOnnx(bytes).metadata).toEqual({ who: 'kept' });
  });

  it('answers nearly as the float network, from weights of 7 bits', async () => {
    const rest = { stemStride: 2, temporal: 'conv', embedding: 16, dropout: 0 } as const;
    const bytes = tinyModel('summed', 32, 4, { channels: [16, 32], blocks: [1, 1], ...rest });
    const card = readCard(bytes);
    const shape = clipShape(card);
    const length = shape.reduce((a, b) => a * b, 1);
    const input = normals(8 * length);
    const small = await quantiseNetwork(
      bytes,
      shape,
      async function* () {
        for (const from of [0, 4]) yield { input: input.subarray(from * length, (from + 4) * length), n: 4 };
      },
      1,
    );
    expect(small.length).toBeLessThan(0.5 * bytes.length);
    const { nodes, initializers } = readOnnx(small);
    const convolutions = nodes.filter(({ type }) => type === 'Conv');
    expect(convolutions.length).toBeGreaterThan(3);
    for (const { inputs } of convolutions) for (const name of inputs) expect(name).toMatch(/\.rounded$/);
    for (const { type, values } of initializers) {
      if (type === 'int8') expect(Math.max(...(values as Int8Array).map(Math.abs))).toBeLessThanOrEqual(63);
    }
    const [float, int] = [await loadModel(bytes), await loadModel(small)];
    const [own, other] = [await float.predict(input, 8), await int.predict(input, 8)];
    await float.close();
    await int.close();
    const apart = own.probabilities.map((p, i) => Math.abs(p - other.probabilities[i]!));
    expect(Math.max(...apart)).toBeLessThan(0.05);
    // And it is not the float network that answered.
    expect(Math.max(...apart)).toBeGreaterThan(0);
  });

  it('refuses what has no convolution', async () => {
    const none = {
      ...oneConvolution([1, 1], 0),
      nodes: [{ name: 'r', type: 'Relu', inputs: ['input'], outputs: ['z'], attributes: {} }],
    };
    await expect(quantiseNetwork(writeOnnx(none), [2, 3, 3], async function* () {}, 1)).rejects.toThrow(ModelError);
  });
});

describe('bestRange', () => {
  it('keeps an even spread whole, and cuts off a lone value far away', () => {
    const even = new Float64Array(1000).fill(10);
    expect(bestRange(even, { low: -1, high: 3 })).toEqual({ low: -1, high: 3 });
    const lone = new Float64Array(1000);
    lone.fill(1e6, 0, 100);
    lone[999] = 1;
    expect(bestRange(lone, { low: 0, high: 10 }).high).toBeLessThan(2);
  });
});
