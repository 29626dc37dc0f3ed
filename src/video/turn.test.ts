/** Quarter turns, and that a picture coded on its side gives the planes of the upright one. */
import { describe, expect, it } from 'vitest';
import { fieldFrame } from '../../test/support/motion-field.js';
import type { CompressedFrame } from '../bitstream/frame.js';
import { FrameCropper } from '../residual/crop.js';
import { turnBox, turnedSize, turnPicture, turnPlane } from './turn.js';

const turns = [90, 180, 270] as const;

describe('turning', () => {
  it('a quarter clockwise puts the lower left corner in the upper left one', () => {
    // 1 2 3      4 1
    // 4 5 6  ->  5 2
    //            6 3
    const plane = Uint8Array.of(1, 2, 3, 4, 5, 6);
    expect([...turnPlane(plane, 3, 2, 90)]).toEqual([4, 1, 5, 2, 6, 3]);
    expect([...turnPlane(plane, 3, 2, 180)]).toEqual([6, 5, 4, 3, 2, 1]);
    expect([...turnPlane(plane, 3, 2, 270)]).toEqual([3, 6, 2, 5, 1, 4]);
  });

  it.each(turns)('%i degrees and back is where it was, boxes with their pixels', (degrees) => {
    const [width, height] = [5, 3];
    const y = Uint8Array.from({ length: 15 }, (_, i) => i);
    const chroma = Uint8Array.from({ length: 6 }, (_, i) => i);
    const picture = { width, height, y, cb: chroma, cr: chroma };
    const turned = turnPicture(picture, degrees);
    expect(turnPicture(turned, 360 - degrees)).toEqual(picture);
    const box = { x: 1, y: 2, width: 1, height: 1 };
    const there = turnBox(box, picture, degrees);
    expect(turned.y[there.y * turned.width + there.x]).toBe(y[2 * 5 + 1]);
    expect(turnBox(there, turnedSize(picture, degrees), 360 - degrees)).toEqual(box);
  });
});

/** A P-picture of 96x64 whose residual and vectors differ everywhere. */
function drawn(): CompressedFrame {
  const [width, height] = [96, 64];
  const frame = fieldFrame((x, y) => ({ x: x + Math.sin(x + y) * 9, y: y + Math.cos(3 * x - y) * 9 }), {
    width,
    height,
  });
  const data = Int16Array.from({ length: width * height }, (_, i) => ((i * 7919) % 301) - 150);
  frame.intra[5] = 1;
  return { ...frame, luma: { data, width, height, stride: width } };
}

/** The same picture as it is coded by a camera that lies on its side: turned back, vectors with it. */
function onItsSide(frame: CompressedFrame, degrees: 90 | 180 | 270): CompressedFrame {
  const back = 360 - degrees;
  const { cols, rows, vectors } = frame.motion;
  const component = (axis: number) =>
    turnPlane(
      Int16Array.from({ length: cols * rows }, (_, i) => vectors[2 * i + axis]!),
      ...([cols, rows, back] as const),
    );
  const [x, y] = [component(0), component(1)];
  const [minusX, minusY] = [x.map((v) => -v), y.map((v) => -v)];
  const [first, second] = back === 90 ? [minusY, x] : back === 180 ? [minusX, minusY] : [y, minusX];
  const { width, height } = turnedSize(frame, back);
  const [mbCols, mbRows] = [width / 16, height / 16];
  const turnMb = (plane: Uint8Array) => turnPlane(plane, frame.mbCols, frame.mbRows, back);
  return {
    ...frame,
    ...{ width, height, mbCols, mbRows, region: { x: 0, y: 0, width, height } },
    luma: { data: turnPlane(frame.luma!.data, frame.width, frame.height, back), width, height, stride: width },
    motion: {
      ...frame.motion,
      ...turnedGrid(cols, rows, back),
      vectors: Int16Array.from({ length: 2 * cols * rows }, (_, i) => (i % 2 ? second : first)[i >> 1]!),
    },
    macroblockType: turnMb(frame.macroblockType),
    intra: turnMb(frame.intra),
    qp: turnMb(frame.qp),
  };
}

function turnedGrid(width: number, height: number, degrees: number): { cols: number; rows: number } {
  const size = turnedSize({ width, height }, degrees);
  return { cols: size.width, rows: size.height };
}

describe('crop planes', () => {
  it.each(turns)('of a picture coded on its side (%i degrees) are those of the upright one', (degrees) => {
    const upright = drawn();
    const signal = { size: 16, margin: 1.2 };
    const [box, before] = [
      { x: 20.5, y: 9, width: 41, height: 41 },
      { x: 18, y: 10.25, width: 40, height: 40 },
    ];
    const coded = (where: typeof box) => turnBox(where, upright, 360 - degrees);
    const expected = new FrameCropper(signal, 20).crop(upright, 3, box, before);
    const turned = new FrameCropper(signal, 20, degrees).crop(
      onItsSide(upright, degrees),
      3,
      coded(box),
      coded(before),
    );
    const apart = (a: Int16Array, b: Int16Array) =>
      a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
    expect(Math.max(...expected.motion)).toBeGreaterThan(40);
    expect(apart(turned.motion, expected.motion)).toBeLessThanOrEqual(1);
    expect(apart(turned.residual, expected.residual)).toBeLessThanOrEqual(1);
    expect(turned.mask).toEqual(expected.mask);
  });
});
