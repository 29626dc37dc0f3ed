/**
 * The way from a picture (or a rectangle of it) to a network's square input: padded with black to a square, then resized by
 * TensorFlow's first bilinear rule (align_corners and half_pixel_centers both false), as the networks were trained.
 */
import { type Colour, type Picture, rowReader } from './picture.js';

/** A rectangle of whole pixels, inside its picture. */
export interface PixelRect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The whole picture as a rectangle. */
export function wholePicture({ width, height }: Picture): PixelRect {
  return { x: 0, y: 0, width, height };
}

/**
 * Network input [1, 3, size, size], samples 0..255, of the rectangle `rect` of the picture. The shorter side is padded with
 * zeros: half before and half after it (the odd pixel after it) if `centred`, else all after it.
 */
export function letterbox(
  picture: Picture,
  rect: PixelRect,
  size: number,
  centred: boolean,
  colour: Colour = {},
): Float32Array {
  const read = rowReader(picture, colour);
  const side = Math.max(rect.width, rect.height);
  const paddingBefore = (length: number) => (centred ? side - length - Math.round((side - length) / 2) : 0);
  const columns = taps(side, size, paddingBefore(rect.width), rect.width, rect.x);
  const rows = taps(side, size, paddingBefore(rect.height), rect.height, rect.y);

  const out = new Float32Array(3 * size * size);
  const plane = size * size;
  const samples = new Float32Array(6 * size);
  const upper = new Float32Array(3 * size);
  const lower = new Float32Array(3 * size);
  /** Which row of the picture `upper` and `lower` hold; -2: none yet. */
  let [inUpper, inLower] = [-2, -2];
  const blendRow = (row: number, into: Float32Array): number => {
    if (row < 0) into.fill(0);
    else {
      read(row, columns.both, samples);
      blendColumns(samples, columns, into);
    }
    return row;
  };

  for (let y = 0; y < size; y++) {
    const [first, second, fraction] = [rows.both[2 * y]!, rows.both[2 * y + 1]!, rows.fraction[y]!];
    const firstRow = rows.inside[2 * y] ? first : -1;
    const secondRow = rows.inside[2 * y + 1] ? second : -1;
    if (firstRow !== inUpper) inUpper = blendRow(firstRow, upper);
    if (secondRow !== inLower) inLower = blendRow(secondRow, lower);
    for (let x = 0, at = y * size, i = 0; x < size; x++, at++, i += 3) {
      const red = upper[i]!;
      const green = upper[i + 1]!;
      const blue = upper[i + 2]!;
      out[at] = red + (lower[i]! - red) * fraction;
      out[at + plane] = green + (lower[i + 1]! - green) * fraction;
      out[at + 2 * plane] = blue + (lower[i + 2]! - blue) * fraction;
    }
  }
  return out;
}

/** For every output position its two source positions in the picture, whether they lie inside it, and the second's weight. */
interface Taps {
  both: Int32Array;
  inside: Uint8Array;
  fraction: Float64Array;
}

/** `length` samples from `origin` on, after `before` samples of padding, in a square of `side`, resized to `size`. */
function taps(side: number, size: number, before: number, length: number, origin: number): Taps {
  const both = new Int32Array(2 * size);
  const inside = new Uint8Array(2 * size);
  const fraction = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const source = i * (side / size);
    const floor = Math.floor(source);
    fraction[i] = source - floor;
    [floor, Math.min(side - 1, Math.ceil(source))].forEach((position, tap) => {
      const at = position - before;
      inside[2 * i + tap] = at >= 0 && at < length ? 1 : 0;
      // A position in the padding reads some pixel of the picture, to be multiplied away.
      both[2 * i + tap] = origin + Math.min(Math.max(at, 0), length - 1);
    });
  }
  return { both, inside, fraction };
}

function blendColumns(samples: Float32Array, { inside, fraction }: Taps, into: Float32Array): void {
  for (let x = 0; x < fraction.length; x++) {
    const weight = fraction[x]!;
    for (let c = 0; c < 3; c++) {
      const left = inside[2 * x] ? samples[6 * x + c]! : 0;
      const right = inside[2 * x + 1] ? samples[6 * x + 3 + c]! : 0;
      into[3 * x + c] = left + (right - left) * weight;
    }
  }
}
