import { describe, expect, it } from 'vitest';
import { LimitExceededError, MalformedStreamError, UnsupportedStreamError } from '../../errors.js';
import { defaultLimits, withLimits } from '../../limits.js';
import { createParser } from '../index.js';
import { readUserData, unknownEncoder } from './user-data.js';

/** Fields in order, each `[value, bits]`, as whole bytes. */
function pack(...fields: readonly (readonly [value: number, bits: number])[]): number[] {
  const bits = fields.map(([value, count]) => value.toString(2).padStart(count, '0').slice(-count)).join('');
  return (bits.padEnd(Math.ceil(bits.length / 8) * 8, '0').match(/.{8}/g) ?? []).map((byte) =>
    Number.parseInt(byte, 2),
  );
}

interface Fields {
  objectType?: number;
  verid?: number;
  shape?: number;
  width?: number;
  sprite?: number;
  not8Bit?: boolean;
  newpred?: boolean;
  reducedResolution?: boolean;
  scalability?: boolean;
  resolution?: number;
}

function layer(f: Fields = {}): Uint8Array {
  const verid = f.verid ?? 1;
  const fields: [number, number][] = [
    [0, 1],
    [f.objectType ?? 1, 8],
  ];
  if (verid === 1) fields.push([0, 1]);
  else fields.push([1, 1], [verid, 4], [1, 3]);
  fields.push([1, 4], [0, 1], [f.shape ?? 0, 2], [1, 1], [f.resolution ?? 25, 16], [1, 1], [0, 1]);
  fields.push([1, 1], [f.width ?? 64, 13], [1, 1], [48, 13], [1, 1], [0, 1], [1, 1]);
  fields.push([f.sprite ?? 0, verid === 1 ? 1 : 2]);
  if (f.sprite === 2) fields.push([1, 6], [0, 2], [0, 1]);
  if (f.not8Bit) fields.push([1, 1], [5, 4], [10, 4]);
  else fields.push([0, 1]);
  fields.push([0, 1]); // quant_type
  if (verid !== 1) fields.push([0, 1]); // quarter_sample
  fields.push([1, 1], [1, 1], [0, 1]); // complexity, resync, partitioning
  if (verid !== 1) {
    if (f.newpred) fields.push([1, 1], [0, 3]);
    else fields.push([0, 1]);
    fields.push([f.reducedResolution ? 1 : 0, 1]);
  }
  if (f.scalability) fields.push([1, 1], [0, 6], [1, 5], [1, 5], [1, 5], [1, 5], [0, 1]);
  else fields.push([0, 1]);
  return new Uint8Array([0, 0, 1, 0x20, ...pack(...fields, [0x7f, 8])]);
}

function parser(config: Uint8Array, limits = defaultLimits) {
  const track = { container: 'm4v', codec: 'mpeg4', width: 64, height: 48, rotation: 0, config, frameRate: undefined };
  return createParser(track, limits);
}

/** A P-VOP that is not coded. */
function notCoded(codingType = 1): number[] {
  return [0, 0, 1, 0xb6, ...pack([codingType, 2], [0, 1], [1, 1], [3, 5], [1, 1], [0, 1], [0x3f, 5])];
}

describe('video object layers', () => {
  it.each([
    ['non-rectangular shape', { shape: 1 }],
    ['static sprites', { sprite: 1 }],
    ['not_8_bit (10 bits per pixel)', { not8Bit: true }],
    ['newpred', { verid: 2, newpred: true }],
    ['reduced resolution VOPs', { verid: 2, reducedResolution: true }],
    ['scalability (enhancement layer)', { scalability: true }],
    ['Studio profile', { objectType: 14 }],
  ] as const)('refuses and names %s', (feature, fields) => {
    expect(() => parser(layer(fields))).toThrow(UnsupportedStreamError);
    expect(() => parser(layer(fields))).toThrow(feature);
  });

  it('refuses nonsense', () => {
    expect(() => parser(layer({ width: 0 }))).toThrow(MalformedStreamError);
    expect(() => parser(layer({ resolution: 0 }))).toThrow(MalformedStreamError);
    expect(() => parser(layer().subarray(0, 12))).toThrow(MalformedStreamError);
  });

  it('checks the size before memory is asked for', () => {
    expect(() => parser(layer(), withLimits({ pixels: 64 * 48 - 1 }))).toThrow(LimitExceededError);
    expect(() => parser(layer(), withLimits({ pixels: 64 * 48 }))).not.toThrow();
    expect(() => parser(layer({ width: 8191 }), withLimits({ pixels: 100_000 }))).toThrow(LimitExceededError);
  });
});

describe('pictures', () => {
  it('names global motion compensation when an S-VOP comes', () => {
    const reader = parser(layer({ verid: 2, sprite: 2 }));
    expect(() => reader.headers(new Uint8Array(notCoded(3)))).toThrow('global motion compensation');
  });

  it('gives a picture that is not coded as skipped macroblocks', () => {
    const reader = parser(layer());
    const packet = new Uint8Array(notCoded());
    const place = { offset: 0, size: packet.length, time: 3 / 25 };
    expect(reader.headers(packet)).toEqual([{ type: 'P', coded: false, width: 64, height: 48, ...place }]);
    const frame = reader.parse(packet);
    expect(frame.coded).toBe(false);
    expect([...frame.macroblockType]).toEqual(new Array(12).fill(0));
    expect(frame.luma!.data.every((value) => value === 0)).toBe(true);
    expect(frame.damage).toBeUndefined();
  });

  it('needs a layer, a picture, and a packet within limits', () => {
    const packet = new Uint8Array(notCoded());
    expect(() => parser(new Uint8Array()).parse(packet)).toThrow(MalformedStreamError);
    expect(() => parser(layer()).parse(new Uint8Array([1, 2, 3]))).toThrow('no picture');
    expect(() => parser(layer()).parse(packet, 1)).toThrow('no picture 1');
    expect(() => parser(layer(), withLimits({ packetBytes: 4 })).parse(packet)).toThrow(LimitExceededError);
  });

  it('flags a B-picture whose anchors were not parsed', () => {
    const header = pack([2, 2], [0, 1], [1, 1], [3, 5], [1, 1], [1, 1], [0, 3], [4, 5], [1, 3], [1, 3], [0, 16]);
    const frame = parser(layer()).parse(new Uint8Array([0, 0, 1, 0xb6, ...header]));
    expect(frame.type).toBe('B');
    expect(frame.damage?.message).toContain('anchors');
    expect([...frame.macroblockType]).toEqual(new Array(12).fill(4));
  });
});

describe('user data', () => {
  const read = (text: string) => readUserData(new TextEncoder().encode(text), 0, text.length, unknownEncoder);

  it('tells encoders apart', () => {
    expect(read('XviD0064').xvid).toBe(64);
    expect(read('DivX503b1393p').divx).toEqual({ version: 503, build: 1393, packed: true });
    expect(read('DivX501Build413').divx).toEqual({ version: 501, build: 413, packed: false });
    expect(read('Lavc58.35.100').lavc).toBe((58 << 16) + (35 << 8) + 100);
    expect(read('something else')).toEqual(unknownEncoder);
  });
});
