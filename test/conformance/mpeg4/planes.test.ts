/**
 * The planes at other scales and in regions, held against the whole planes at scale 1; and frames parsed alone, held
 * against the same frames parsed in sequence.
 */
import assert from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { type CompressedFrame, copyFrame, type Plane, type Rect, type Scale } from '../../../src/bitstream/frame.js';
import { createParser } from '../../../src/bitstream/index.js';
import { defaultLimits } from '../../../src/limits.js';
import { makeClip } from '../../support/clips.js';
import { parameterSets, rawTrack, readM4v } from '../../support/streams.js';
import { type ConformanceClip, mpeg4Clips, oddClips, xvidClips } from './clips.js';
import { codedPictures } from './reconstruct.js';

const all = [...mpeg4Clips, ...xvidClips, ...oddClips];
const planes = ['luma', 'cb', 'cr'] as const;
const scales = [1, 2, 4, 8] as const;

function open(clip: ConformanceClip) {
  const { packets } = readM4v(makeClip(clip.source, clip.encoder, 'm4v'));
  const parser = createParser(rawTrack(clip.width, clip.height), defaultLimits);
  return { packets, parser, pictures: codedPictures(parser, packets) };
}

/** The samples of a plane without its stride, or of a window in it. */
function samples(plane: Plane, x = 0, y = 0, width = plane.width, height = plane.height): Int16Array {
  const out = new Int16Array(width * height);
  for (let j = 0; j < height; j++) {
    const from = (y + j) * plane.stride + x;
    out.set(plane.data.subarray(from, from + width), j * width);
  }
  return out;
}

/** Everything in a frame but its planes. */
function withoutPlanes({ luma, cb, cr, scale, region, ...rest }: CompressedFrame) {
  return rest;
}

describe('regions', () => {
  it.each([mpeg4Clips[0]!, oddClips[1]!])('are windows of the whole planes: $name', (clip) => {
    const { parser, pictures } = open(clip);
    const { width, height } = clip;
    const regions: Rect[] = [
      { x: 0, y: 0, width: 16, height: 16 },
      { x: 33, y: 21, width: 40, height: 37 },
      { x: width - 7, y: height - 5, width: 7, height: 5 },
      { x: 5, y: 3, width: 1, height: 1 },
      { x: 0, y: height >> 1, width, height: 9 },
    ];
    for (const { packet, picture } of pictures.slice(0, 6)) {
      for (const scale of scales) {
        const whole = copyFrame(parser.parse(packet, picture, { scale }));
        for (const region of regions) {
          const part = parser.parse(packet, picture, { scale, region });
          const got = part.region;
          // The asked rectangle is covered, and not much more than it.
          expect(got.x).toBeLessThanOrEqual(region.x);
          expect(got.y).toBeLessThanOrEqual(region.y);
          expect(got.x + got.width).toBeGreaterThanOrEqual(Math.min(width, region.x + region.width));
          expect(got.y + got.height).toBeGreaterThanOrEqual(Math.min(height, region.y + region.height));
          expect(got.width).toBeLessThan(region.width + 4 * scale);
          expect(got.height).toBeLessThan(region.height + 4 * scale);
          for (const name of planes) {
            const step = name === 'luma' ? scale : 2 * scale;
            const plane = part[name]!;
            expect([got.x % step, got.y % step]).toEqual([0, 0]);
            expect([plane.width, plane.height]).toEqual([Math.ceil(got.width / step), Math.ceil(got.height / step)]);
            const window = samples(whole[name]!, got.x / step, got.y / step, plane.width, plane.height);
            assert.deepStrictEqual(samples(plane), window);
          }
          assert.deepStrictEqual(withoutPlanes(part), withoutPlanes(whole));
        }
      }
    }
  });
});

/** The orthonormal inverse DCT's value at sample `i` of `size` for coefficient `k`. */
const basis = (size: number, k: number, i: number): number =>
  (k === 0 ? Math.sqrt(1 / size) : Math.sqrt(2 / size)) * Math.cos(((2 * i + 1) * k * Math.PI) / (2 * size));

/**
 * The definition, in floating point and from the other side: the residual of an 8x8 block at scale 1, transformed
 * forward (orthonormal DCT), cut to its n x n lowest coefficients (n = 8 / scale), transformed back, divided by
 * `scale` and cut to the range of the plane. Our planes come from the integer coefficients, the check from rounded samples: they may differ by the
 * rounding of 64 samples to integers, no more. `block`: 64 samples in rows.
 */
function scaledBlock(block: Int16Array, scale: Scale, intra: boolean): Float64Array {
  const n = 8 / scale;
  const out = new Float64Array(n * n);
  for (let v = 0; v < n; v++) {
    for (let u = 0; u < n; u++) {
      let coefficient = 0;
      for (let j = 0; j < 8; j++) {
        for (let i = 0; i < 8; i++) coefficient += block[j * 8 + i]! * basis(8, u, i) * basis(8, v, j);
      }
      for (let j = 0; j < n; j++) {
        for (let i = 0; i < n; i++) out[j * n + i]! += (coefficient * basis(n, u, i) * basis(n, v, j)) / scale;
      }
    }
  }
  return out.map((value) => Math.min(255, Math.max(intra ? 0 : -256, value)));
}

/** True of a block whose samples were cut at the end of their range: what they were before is not to be had. */
function isCut(block: Int16Array, intra: boolean): boolean {
  return block.some((value) => value <= -256 || value >= 255 || (intra && value <= 0));
}

/** Absolute errors of `small` in the blocks (x, y, rows `step` apart from line y) that make up one luma macroblock. */
function macroblockErrors(
  full: Plane,
  small: Plane,
  x: number,
  y: number,
  scale: Scale,
  field: boolean,
  intra: boolean,
): number[] {
  const n = 8 / scale;
  const size = 2 * n;
  const errors: number[] = [];
  for (let block = 0; block < 4; block++) {
    const left = 8 * (block & 1);
    // dct_type 1: blocks 0 and 1 are the top field's lines, 2 and 3 the bottom field's.
    const first = field ? block >> 1 : 8 * (block >> 1);
    const step = field ? 2 : 1;
    const lines = Int16Array.from({ length: 64 }, (_, i) => {
      return full.data[(y + first + (i >> 3) * step) * full.stride + x + left + (i & 7)]!;
    });
    if (isCut(lines, intra)) continue;
    const expected = scaledBlock(lines, scale, intra);
    const firstSmall = field ? block >> 1 : n * (block >> 1);
    for (let j = 0; j < n; j++) {
      for (let i = 0; i < n; i++) {
        const row = (y / 16) * size + firstSmall + j * step;
        const got = small.data[row * small.stride + (x / 16) * size + n * (block & 1) + i]!;
        errors.push(Math.abs(got - expected[j * n + i]!));
      }
    }
  }
  return errors;
}

describe('scaled planes', () => {
  it.each([
    { ...mpeg4Clips[0]!, interlaced: false },
    { ...mpeg4Clips[3]!, interlaced: false },
    { ...xvidClips[0]!, interlaced: false },
    { ...mpeg4Clips[11]!, interlaced: true },
  ])('follow their definition: $name', (clip) => {
    const { parser, pictures } = open(clip);
    for (const scale of [2, 4, 8] as const) {
      const n = 8 / scale;
      const errors: number[] = [];
      let nonzero = 0;
      for (const { packet, picture } of pictures.slice(0, 8)) {
        const whole = copyFrame(parser.parse(packet, picture));
        const small = parser.parse(packet, picture, { scale });
        for (const name of planes) {
          expect([small[name]!.width, small[name]!.height]).toEqual([
            whole[name]!.width / scale,
            whole[name]!.height / scale,
          ]);
          nonzero += samples(small[name]!).filter((value) => value !== 0).length;
        }
        for (const name of ['cb', 'cr'] as const) {
          for (let y = 0; y < whole[name]!.height; y += 8) {
            for (let x = 0; x < whole[name]!.width; x += 8) {
              const block = samples(whole[name]!, x, y, 8, 8);
              const intra = whole.intra[(y >> 3) * whole.mbCols + (x >> 3)] === 1;
              if (isCut(block, intra)) continue;
              const expected = scaledBlock(block, scale, intra);
              const got = samples(small[name]!, x / scale, y / scale, n, n);
              got.forEach((value, i) => {
                errors.push(Math.abs(value - expected[i]!));
              });
            }
          }
        }
        for (let y = 0; y < clip.height; y += 16) {
          for (let x = 0; x < clip.width; x += 16) {
            const intra = whole.intra[(y >> 4) * whole.mbCols + (x >> 4)] === 1;
            const errorsAs = (field: boolean): number[] =>
              macroblockErrors(whole.luma!, small.luma!, x, y, scale, field, intra);
            const frame = errorsAs(false);
            // The frame does not tell which macroblocks have field DCT: one of the two definitions must hold.
            const field = clip.interlaced ? errorsAs(true) : frame;
            errors.push(...(Math.max(...field) < Math.max(...frame) ? field : frame));
          }
        }
      }
      expect(nonzero, 'there is something to compare').toBeGreaterThan(1000 / scale);
      expect(errors.length, 'most blocks are compared').toBeGreaterThan((30_000 * 8) / (scale * scale));
      const worst = errors.reduce((a, b) => Math.max(a, b), 0);
      expect(worst, `scale ${scale}: worst difference`).toBeLessThan(1.5);
      const mean = errors.reduce((a, b) => a + b, 0) / errors.length;
      expect(mean, `scale ${scale}: mean difference`).toBeLessThan(0.3);
    }
  });

  it('leaves out what was not asked for', () => {
    const { parser, pictures } = open(mpeg4Clips[0]!);
    const { packet, picture } = pictures[3]!;
    const whole = copyFrame(parser.parse(packet, picture));
    const grey = parser.parse(packet, picture, { chroma: false });
    expect(grey.cb).toBeUndefined();
    expect(grey.cr).toBeUndefined();
    assert.deepStrictEqual(samples(grey.luma!), samples(whole.luma!));
    const bare = parser.parse(packet, picture, { scale: 0 });
    expect([bare.luma, bare.cb, bare.cr]).toEqual([undefined, undefined, undefined]);
    assert.deepStrictEqual(withoutPlanes(bare), withoutPlanes(whole));
  });
});

describe('a P-VOP alone', () => {
  it.each(all)('is the same as in sequence: $name', (clip) => {
    const { packets, parser, pictures } = open(clip);
    const config = parameterSets(packets[0]!);
    const inSequence = pictures.map(({ packet, picture }) => copyFrame(parser.parse(packet, picture)));
    let alone = 0;
    pictures.forEach(({ packet, picture, type }, index) => {
      if (type !== 'P' || index % 3 !== 1) return;
      const fresh = createParser(rawTrack(clip.width, clip.height, config), defaultLimits);
      assert.deepStrictEqual(copyFrame(fresh.parse(packet, picture)), inSequence[index]);
      alone++;
    });
    expect(alone > 0 || pictures.every(({ type }) => type === 'I')).toBe(true);
  });
});
