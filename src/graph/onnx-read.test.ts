/** ONNX files come back as they were written, and damaged ones are refused. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ModelError } from '../errors.js';
import { type OnnxModel, writeOnnx } from './onnx.js';
import { readOnnx } from './onnx-read.js';

const model: OnnxModel = {
  name: 'every part',
  nodes: [
    {
      name: 'n',
      type: 'com.example:Thing',
      inputs: ['x', '', 'w'],
      outputs: ['y', 'z'],
      attributes: {
        f: { float: -0.5 },
        i: { int: -3 },
        s: { string: 'SAME' },
        l: { ints: [1, -1, 0] },
        none: { ints: [] },
      },
    },
  ],
  initializers: [
    { name: 'w', type: 'float32', shape: [2, 1], values: Float32Array.of(1.5, Number.NEGATIVE_INFINITY) },
    { name: 'a', type: 'int32', shape: [1], values: Int32Array.of(-7) },
    { name: 'b', type: 'int64', shape: [2], values: BigInt64Array.of(-1n, 2n) },
    { name: 'c', type: 'int8', shape: [3], values: Int8Array.of(-128, 0, 127) },
    { name: 'd', type: 'uint8', shape: [], values: Uint8Array.of(255) },
    { name: 'e', type: 'bool', shape: [1], values: Uint8Array.of(1) },
  ],
  inputs: [{ name: 'x', type: 'float32', shape: ['N', 3] }],
  outputs: [{ name: 'y', type: 'int32', shape: [] }],
  metadata: { key: 'value', __proto__own: '' },
};

describe('readOnnx', () => {
  it('gives back every part', () => {
    expect(readOnnx(writeOnnx(model))).toEqual(model);
  });

  it('and a whole model, byte for byte', () => {
    const bytes = readFileSync(new URL('../../models/residual.onnx', import.meta.url));
    expect(Buffer.compare(writeOnnx(readOnnx(bytes)), bytes)).toBe(0);
  });

  it('asks for values that are made as their place comes, and refuses a wrong number of them', () => {
    const late = (values: Float32Array) => ({
      ...model,
      initializers: [{ name: 'w', type: 'float32' as const, shape: [2], values: () => values }],
    });
    expect(readOnnx(writeOnnx(late(Float32Array.of(3, 4)))).initializers[0]!.values).toEqual(Float32Array.of(3, 4));
    expect(() => writeOnnx(late(Float32Array.of(3)))).toThrow(ModelError);
  });

  it('refuses every cut and damaged byte with a ModelError, or reads something', () => {
    const bytes = writeOnnx(model);
    for (let i = 0; i < bytes.length; i++) {
      for (const bad of [bytes.subarray(0, i), bytes.with(i, bytes[i]! ^ 0xff), bytes.with(i, 0x7f)]) {
        try {
          readOnnx(bad);
        } catch (error) {
          expect(error).toBeInstanceOf(ModelError);
        }
      }
    }
    expect(() => readOnnx(bytes.subarray(0, 40))).toThrow(ModelError);
    expect(() => readOnnx(new Uint8Array(0))).toThrow('no graph');
  });
});
