/**
 * Quarter turns. A phone held upright writes pictures that lie on their side, and a note how to turn them for display. Blocks
 * and vectors are read as they were coded; only what is shown to a network or to a person is turned.
 */
import type { Rect } from '../bitstream/frame.js';
import type { DecodedPicture } from '../bitstream/parser.js';

export interface Size {
  width: number;
  height: number;
}

/** Size of a picture after it was turned by 0, 90, 180 or 270 degrees. */
export function turnedSize({ width, height }: Size, degrees: number): Size {
  return degrees % 180 === 0 ? { width, height } : { width: height, height: width };
}

/** Where a box lies after the picture of that size was turned clockwise. Back again: `360 - degrees` and the turned size. */
export function turnBox({ x, y, width, height }: Rect, picture: Size, degrees: number): Rect {
  const [right, bottom] = [picture.width - x - width, picture.height - y - height];
  if (degrees === 90) return { x: bottom, y: x, width: height, height: width };
  if (degrees === 180) return { x: right, y: bottom, width, height };
  if (degrees === 270) return { x: y, y: right, width: height, height: width };
  return { x, y, width, height };
}

/** The picture turned clockwise; itself for 0 degrees. */
export function turnPicture(picture: DecodedPicture, degrees: number): DecodedPicture {
  if (degrees === 0) return picture;
  const { width, height, y, cb, cr } = picture;
  const [chromaWidth, chromaHeight] = [(width + 1) >> 1, (height + 1) >> 1];
  return {
    ...turnedSize(picture, degrees),
    y: turnPlane(y, width, height, degrees),
    cb: turnPlane(cb, chromaWidth, chromaHeight, degrees),
    cr: turnPlane(cr, chromaWidth, chromaHeight, degrees),
  };
}

/** Samples in rows of `width`, turned clockwise. */
export function turnPlane<T extends Uint8Array | Int16Array>(
  plane: T,
  width: number,
  height: number,
  degrees: number,
): T {
  const out = plane.slice() as T;
  if (degrees === 0) return out;
  // Where the first sample goes, and how far the next one in its row, and the next row, lie from it.
  const [start, right, down] =
    degrees === 90
      ? [height - 1, height, -1]
      : degrees === 180
        ? [width * height - 1, -1, -width]
        : [(width - 1) * height, -height, 1];
  for (let y = 0, from = 0; y < height; y++) {
    for (let x = 0, to = start + y * down; x < width; x++, to += right) out[to] = plane[from++]!;
  }
  return out;
}
