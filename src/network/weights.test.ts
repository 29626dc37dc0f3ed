/** Safetensors: what is written is read back; what does not follow the format is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModelError } from '../errors.js';
import { readSafetensors, type WeightSet, writeSafetensors } from './weights.js';

const set: WeightSet = new Map([
  ['a.weight', { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, Number.NaN, 1e-38) }],
  ['scalar', { shape: [], data: Float32Array.of(7) }],
  ['b', { shape: [1], data: Float32Array.of(Number.POSITIVE_INFINITY) }],
]);

/** A file from its parts. */
function file(header: unknown, dataBytes: number, headerLength?: number): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength ?? text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const f32 = (shape: number[], begin: number, end: number) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });

describe('safetensors', () => {
  it('reads back what it wrote, at any alignment', () => {
    const bytes = writeSafetensors(set, { note: 'ü', empty: '' });
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    for (const each of [bytes, shifted.subarray(3)]) {
      const { weights, metadata } = readSafetensors(each);
      expect(metadata).toEqual({ note: 'ü', empty: '' });
      expect([...weights]).toEqual([...set]);
    }
  });

  it('follows the published layout', () => {
    const bytes = writeSafetensors(new Map([['x', { shape: [2], data: Float32Array.of(1, 2) }]]), { k: 'v' });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect((8 + length) % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    expect(header).toEqual({ __metadata__: { k: 'v' }, x: f32([2], 0, 8) });
    expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 128, 63, 0, 0, 0, 64]);
  });

  it('reads tensors in any order of the header', () => {
    const bytes = file({ b: f32([1], 4, 8), a: f32([1], 0, 4) }, 8);
    new DataView(bytes.buffer).setFloat32(bytes.length - 4, 5, true);
    expect(readSafetensors(bytes).weights.get('b')!.data[0]).toBe(5);
  });

  const bad: [string, Uint8Array, RegExp][] = [
    ['nothing', new Uint8Array(0), /too short/],
    ['a header longer than the file', file({}, 0, 1000), /header of 1000/],
    ['a header of 2^60 bytes', file({}, 0, 2 ** 60), /header of/],
    ['no JSON', file('{', 0), /JSON/],
    ['an array', file([], 0), /object/],
    ['metadata that are no strings', file({ __metadata__: { a: 1 } }, 0), /metadata/],
    ['another type', file({ a: { dtype: 'F16', shape: [2], data_offsets: [0, 4] } }, 4), /F16/],
    ['a shape that does not fit', file({ a: f32([3], 0, 8) }, 8), /shape/],
    ['a negative size', file({ a: f32([-1], 0, 4) }, 4), /described/],
    ['an overlap', file({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12), /overlap/],
    ['a hole', file({ a: f32([1], 4, 8) }, 8), /hole/],
    ['data that end early', file({ a: f32([2], 0, 8) }, 4), /describes 8/],
    ['data left over', file({ a: f32([1], 0, 4) }, 8), /describes 4/],
    ['unknown fields', file({ a: { ...f32([1], 0, 4), more: 1 } }, 4), /described/],
  ];
  for (const [what, bytes, why] of bad) {
    it(`refuses ${what}`, () => {
      expect(() => readSafetensors(bytes)).toThrow(ModelError);
      expect(() => readSafetensors(bytes)).toThrow(why);
    });
  }

  it('meets flipped and missing bytes with a ModelError or other numbers, nothing else', () => {
    const bytes = writeSafetensors(set, { note: 'n' });
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, value, length) => {
        const damaged = bytes.slice(0, length);
        if (at < length) damaged[at] = value;
        try {
          readSafetensors(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(ModelError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('refuses to write a tensor whose shape does not fit', () => {
    expect(() => writeSafetensors(new Map([['a', { shape: [2], data: new Float32Array(3) }]]))).toThrow(ModelError);
  });
});
