/**
 * The planes at other scales and in regions, held against the whole planes at scale 1; and frames parsed alone, held
 * against the same frames parsed in sequence.
 */
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
            expect(samples(plane)).toEqual(window);
          }
          expect(withoutPlanes(part)).toEqual(withoutPlanes(whole));
        }
      }
    }
  });
});

/**
 * The definition, in floating point and from the other side: the residual of an 8x8 block at scale 1, transformed
 * forward (orthonormal DCT), cut to its n x n lowest coefficients (n = 8 / scale), transformed back and divided by
 * `scale`. Our planes come from the integer coefficients, the check from rounded samples: they may differ by the
 * rounding of 64 samples to integers, no more.
 */
function scaledBlock(plane: Plane, x: number, y: number, scale: Scale): Float64Array {
  const n = 8 / scale;
  const basis = (size: number, k: number, i: number): number =>
    (k === 0 ? Math.sqrt(1 / size) : Math.sqrt(2 / size)) * Math.cos(((2 * i + 1) * k * Math.PI) / (2 * size));
  const out = new Float64Array(n * n);
  for (let v = 0; v < n; v++) {
    for (let u = 0; u < n; u++) {
      let coefficient = 0;
      for (let j = 0; j < 8; j++) {
        for (let i = 0; i < 8; i++) {
          coefficient += plane.data[(y + j) * plane.stride + x + i]! * basis(8, u, i) * basis(8, v, j);
        }
      }
      for (let j = 0; j < n; j++) {
        for (let i = 0; i < n; i++) out[j * n + i]! += (coefficient * basis(n, u, i) * basis(n, v, j)) / scale;
      }
    }
  }
  return out;
}

describe('scaled planes', () => {
  it.each([mpeg4Clips[0]!, mpeg4Clips[3]!, mpeg4Clips[11]!])('follow their definition: $name', (clip) => {
    const { parser, pictures } = open(clip);
    for (const scale of [2, 4, 8] as const) {
      const n = 8 / scale;
      let count = 0;
      let sum = 0;
      let worst = 0;
      let nonzero = 0;
      for (const { packet, picture } of pictures.slice(0, 8)) {
        const whole = copyFrame(parser.parse(packet, picture));
        const small = parser.parse(packet, picture, { scale });
        for (const name of planes) {
          const full = whole[name]!;
          const plane = small[name]!;
          expect([plane.width, plane.height]).toEqual([full.width / scale, full.height / scale]);
          // Where field DCT may weave the lines of a macroblock the definition holds for the fields, not here.
          for (let y = 0; y < full.height; y += 8) {
            for (let x = 0; x < full.width; x += 8) {
              const block = samples(full, x, y, 8, 8);
              if (block.some((value) => value <= -255 || value >= 255)) continue;
              const expected = scaledBlock(full, x, y, scale);
              const got = samples(plane, x / scale, y / scale, n, n);
              got.forEach((value, i) => {
                const error = Math.abs(value - expected[i]!);
                worst = Math.max(worst, error);
                sum += error;
                count++;
                if (value !== 0) nonzero++;
              });
            }
          }
        }
      }
      expect(nonzero, 'there is something to compare').toBeGreaterThan(1000 / scale);
      expect(worst, `scale ${scale}: worst difference`).toBeLessThan(1.5);
      expect(sum / count, `scale ${scale}: mean difference`).toBeLessThan(0.3);
    }
  });

  it('leaves out what was not asked for', () => {
    const { parser, pictures } = open(mpeg4Clips[0]!);
    const { packet, picture } = pictures[3]!;
    const whole = copyFrame(parser.parse(packet, picture));
    const grey = parser.parse(packet, picture, { chroma: false });
    expect(grey.cb).toBeUndefined();
    expect(grey.cr).toBeUndefined();
    expect(samples(grey.luma!)).toEqual(samples(whole.luma!));
    const bare = parser.parse(packet, picture, { scale: 0 });
    expect([bare.luma, bare.cb, bare.cr]).toEqual([undefined, undefined, undefined]);
    expect(withoutPlanes(bare)).toEqual(withoutPlanes(whole));
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
      expect(fresh.parse(packet, picture)).toEqual(inSequence[index]);
      alone++;
    });
    expect(alone > 0 || pictures.every(({ type }) => type === 'I')).toBe(true);
  });
});
