/**
 * H.264 planes at other scales and in regions, held against the whole planes at scale 1; pictures parsed alone, held
 * against the same pictures parsed in sequence; and avcC packets against Annex B.
 */
import { describe, expect, it } from 'vitest';
import {
  type CompressedFrame,
  copyFrame,
  NO_REFERENCE,
  type Plane,
  type Rect,
  UNKNOWN_REFERENCE,
} from '../../../src/bitstream/frame.js';
import { H264Parser } from '../../../src/bitstream/h264/parser.js';
import { defaultLimits } from '../../../src/limits.js';
import { avcCOf, h264Track, lengthPrefixed, parameterSetsOf } from '../../support/h264.js';
import { accessUnits } from './access-units.js';
import { type Clip, clips, makeH264 } from './clips.js';
import { openParser } from './open.js';

const planes = ['luma', 'cb', 'cr'] as const;
const scales = [1, 2, 4, 8] as const;

const named = (part: string): Clip => clips.find(({ name }) => name.startsWith(part))!;

const packetsOf = (clip: Clip): Uint8Array[] => accessUnits(makeH264(clip).stream);

/** The samples of a plane without its stride, or of a window in it. */
function samples(plane: Plane, x = 0, y = 0, width = plane.width, height = plane.height): Int16Array {
  const out = new Int16Array(width * height);
  for (let j = 0; j < height; j++) {
    const from = (y + j) * plane.stride + x;
    out.set(plane.data.subarray(from, from + width), j * width);
  }
  return out;
}

/** As `expect(ours).toEqual(theirs)`, but quick about long arrays, and brief about their differences. */
function expectSame(ours: unknown, theirs: unknown, what = 'frame'): void {
  if (ours instanceof Error || !(ours instanceof Object) || !(theirs instanceof Object)) {
    expect(ours, what).toEqual(theirs);
  } else if (ArrayBuffer.isView(ours) && ArrayBuffer.isView(theirs)) {
    const bytes = (view: ArrayBufferView): Buffer => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
    expect(bytes(ours).equals(bytes(theirs)), what).toBe(true);
  } else {
    expect(Object.keys(ours).sort(), what).toEqual(Object.keys(theirs).sort());
    for (const [key, value] of Object.entries(ours)) {
      expectSame(value, (theirs as Record<string, unknown>)[key], `${what}.${key}`);
    }
  }
}

/** A plane in rows without gaps. */
const packed = (plane: Plane | undefined) => plane && { ...plane, stride: plane.width, data: samples(plane) };

/** Everything in a frame but its planes. */
function withoutPlanes({ luma, cb, cr, scale, region, ...rest }: CompressedFrame) {
  return rest;
}

describe('regions of H.264 pictures', () => {
  it.each([named('grid 12'), named('grid 30'), named('cropped 170x134')])('are windows: $name', (clip) => {
    const parser = openParser();
    const { width, height } = clip;
    const regions: Rect[] = [
      { x: 0, y: 0, width: 16, height: 16 },
      { x: 33, y: 21, width: 40, height: 37 },
      { x: width - 7, y: height - 5, width: 7, height: 5 },
      { x: 5, y: 3, width: 1, height: 1 },
      { x: 0, y: height >> 1, width, height: 9 },
    ];
    for (const packet of packetsOf(clip).slice(0, 4)) {
      for (const scale of scales) {
        const whole = copyFrame(parser.parse(packet, 0, { scale }));
        for (const region of regions) {
          const part = parser.parse(packet, 0, { scale, region });
          const got = part.region;
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
            expectSame(samples(plane), window, name);
          }
          expectSame(withoutPlanes(part), withoutPlanes(whole));
        }
      }
    }
  });
});

/**
 * The definition: a value is the mean of the scale x scale residual samples that it covers, before they are rounded. The
 * check takes the rounded samples: it may be off by the rounding of both, and by the truncated halvings inside the
 * integer transform, which the exact mean does not have.
 */
describe('scaled H.264 planes', () => {
  const chosen = ['grid 1:', 'grid 8', 'grid 12', 'grid 28', 'scaling lists jvt', 'intra only', 'no dead zone'].map(
    named,
  );
  it.each(chosen)('are means: $name', (clip) => {
    const parser = openParser();
    for (const scale of [2, 4, 8] as const) {
      let count = 0;
      let sum = 0;
      let sumAbsolute = 0;
      let worst = 0;
      let nonzero = 0;
      for (const packet of packetsOf(clip).slice(0, 4)) {
        const whole = copyFrame(parser.parse(packet));
        const small = parser.parse(packet, 0, { scale });
        for (const name of planes) {
          const full = whole[name]!;
          const plane = small[name]!;
          expect([plane.width, plane.height]).toEqual([full.width / scale, full.height / scale]);
          for (let y = 0; y < plane.height; y++) {
            for (let x = 0; x < plane.width; x++) {
              let mean = 0;
              for (let j = 0; j < scale; j++) {
                for (let i = 0; i < scale; i++) mean += full.data[(y * scale + j) * full.stride + x * scale + i]!;
              }
              mean /= scale * scale;
              const difference = plane.data[y * plane.stride + x]! - mean;
              if (mean !== 0) nonzero++;
              count++;
              sum += difference;
              sumAbsolute += Math.abs(difference);
              worst = Math.max(worst, Math.abs(difference));
            }
          }
        }
      }
      expect(nonzero, 'there is something to compare').toBeGreaterThan(300 / scale);
      expect(worst, `scale ${scale}: worst difference`).toBeLessThan(1.5);
      expect(sumAbsolute / count, `scale ${scale}: mean absolute difference`).toBeLessThan(0.3);
      expect(Math.abs(sum / count), `scale ${scale}: bias`).toBeLessThan(0.1);
    }
  });

  it('leave out what was not asked for', () => {
    const parser = openParser();
    const [first, packet] = packetsOf(named('grid 30'));
    parser.headers(first!);
    const whole = copyFrame(parser.parse(packet!));
    const grey = parser.parse(packet!, 0, { chroma: false });
    expect([grey.cb, grey.cr]).toEqual([undefined, undefined]);
    expectSame(packed(grey.luma), packed(whole.luma));
    const bare = parser.parse(packet!, 0, { scale: 0 });
    expect([bare.luma, bare.cb, bare.cr]).toEqual([undefined, undefined, undefined]);
    expectSame(withoutPlanes(bare), withoutPlanes(whole));
  });
});

/** What a picture says by itself: all but the names of the pictures that its vectors refer to, and its own. */
function byItself(frame: CompressedFrame) {
  const { pictureOrder, motion, ...rest } = frame;
  const { references, backwardReferences, guessed, ...vectors } = motion;
  const used = (list: Int32Array | undefined) => Uint8Array.from(list ?? [], (r) => Number(r !== NO_REFERENCE));
  return { ...rest, motion: vectors, usesForward: used(references), usesBackward: used(backwardReferences) };
}

describe('an H.264 picture alone', () => {
  it.each(clips.filter((_, i) => i % 4 === 3))('is the same as in sequence: $name', (clip) => {
    const packets = packetsOf(clip);
    const config = parameterSetsOf(packets[0]!);
    const parser = openParser();
    packets.slice(0, 8).forEach((packet, index) => {
      const inSequence = parser.parse(packet);
      expect(inSequence.motion.guessed).toBeUndefined();
      const alone = new H264Parser(h264Track(config), defaultLimits).parse(packet);
      if (alone.type !== 'B') {
        expectSame(byItself(alone), byItself(inSequence));
        if (index > 0 && inSequence.type === 'P')
          expect(alone.motion.references!.every((r) => r === NO_REFERENCE || r === UNKNOWN_REFERENCE)).toBe(true);
        return;
      }
      compareB(alone, inSequence);
    });
  });

  /** Direct vectors of a B-picture need another picture: what is not marked as guessed must be right. */
  function compareB(alone: CompressedFrame, inSequence: CompressedFrame): void {
    for (const name of planes) expectSame(packed(alone[name]), packed(inSequence[name]), name);
    for (const name of ['macroblockType', 'intra', 'qp', 'bits', 'damage'] as const) {
      expectSame(alone[name], inSequence[name], name);
    }
    const { guessed, cols } = alone.motion;
    const wrong = new Set<number>();
    for (const list of ['vectors', 'backward'] as const) {
      const ours = alone.motion[list]!;
      const right = inSequence.motion[list]!;
      for (let i = 0; i < ours.length; i++) {
        if (ours[i] === right[i]) continue;
        const cell = i >> 1;
        wrong.add((Math.floor(cell / cols) >> 2) * alone.mbCols + ((cell % cols) >> 2));
      }
    }
    for (const mb of wrong) expect(guessed?.[mb], `macroblock ${mb} differs and is not marked as guessed`).toBe(1);
  }

  it('marks direct vectors as guessed where their picture is unknown', () => {
    for (const clip of [named('grid 6'), named('temporal direct over pyramid')]) {
      const packets = packetsOf(clip);
      const config = parameterSetsOf(packets[0]!);
      const marked = packets.map((packet) => {
        const { type, motion } = new H264Parser(h264Track(config), defaultLimits).parse(packet);
        return type === 'B' ? (motion.guessed?.reduce((a, b) => a + b, 0) ?? 0) : 0;
      });
      expect(Math.max(...marked)).toBeGreaterThan(10);
    }
  });
});

describe('avcC', () => {
  it.each(clips.filter((_, i) => i % 9 === 2))('gives what Annex B gives: $name', (clip) => {
    const packets = packetsOf(clip);
    const annexB = openParser();
    const avcC = new H264Parser(h264Track(avcCOf(packets[0]!)), defaultLimits);
    for (const packet of packets.slice(0, 8)) {
      const { bits, ...ours } = avcC.parse(lengthPrefixed(packet));
      const { bits: same, ...theirs } = annexB.parse(packet);
      expectSame(ours, theirs);
      expect(Math.abs(bits - same)).toBeLessThan(64);
    }
  });
});
