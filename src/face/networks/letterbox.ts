/**
 * The way from a picture (or a rectangle of it) to a network's square input: padded with black to a square, then resized by
 * TensorFlow's first bilinear rule (align_corners and half_pixel_centers both false), as the networks were trained.
 */
import { type Colour, type Component, componentsOf, type Picture } from './picture.js';

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
 * zeros: half before and half after it (the odd pixel after it) if `centred`, else all after it. `into` is memory to use, of at
 * least that length.
 */
export function letterbox(
  picture: Picture,
  rect: PixelRect,
  size: number,
  centred: boolean,
  colour: Colour = {},
  into?: Float32Array,
): Float32Array {
  const { planes, toRgb } = componentsOf(picture, colour);
  const side = Math.max(rect.width, rect.height);
  const paddingBefore = (length: number) => (centred ? side - length - Math.round((side - length) / 2) : 0);
  const columns = taps(side, size, paddingBefore(rect.width), rect.width, rect.x);
  const rows = taps(side, size, paddingBefore(rect.height), rect.height, rect.y);

  const out = into ? into.subarray(0, 3 * size * size).fill(0) : new Float32Array(3 * size * size);
  const area = size * size;
  const targets = planes.map((_, c) => out.subarray(c * area, (c + 1) * area));
  planes.forEach((plane, c) => {
    resize(plane, columns, rows, targets[c]!);
  });
  const [red, green, blue] = targets as [Float32Array, Float32Array, Float32Array];
  for (let y = rows.from; y < rows.to; y++) {
    toRgb(red, green, blue, y * size + columns.from, columns.to - columns.from);
  }
  return out;
}

/** Where the output samples of an axis are read: which lie in the picture at all, and for each its two source positions. */
interface Taps {
  /** Output samples with at least one position in the picture; the others stay zero. */
  from: number;
  to: number;
  /** Source positions of sample i: `first[i]` and `second[i]`; -1 in the padding. */
  first: Int32Array;
  second: Int32Array;
  /** Weight of the second. */
  fraction: Float64Array;
}

/** `length` samples from `origin` on, after `before` samples of padding, in a square of `side`, resized to `size`. */
function taps(side: number, size: number, before: number, length: number, origin: number): Taps {
  const [first, second, fraction] = [new Int32Array(size), new Int32Array(size), new Float64Array(size)];
  const place = (position: number) => {
    const at = position - before;
    return at >= 0 && at < length ? origin + at : -1;
  };
  let [from, to] = [size, 0];
  for (let i = 0; i < size; i++) {
    const source = i * (side / size);
    const floor = Math.floor(source);
    fraction[i] = source - floor;
    first[i] = place(floor);
    second[i] = place(Math.min(side - 1, Math.ceil(source)));
    if (first[i]! < 0 && second[i]! < 0) continue;
    from = Math.min(from, i);
    to = i + 1;
  }
  return { from, to, first, second, fraction };
}

/** One component, columns first; rows that two output rows share are resized once. */
function resize(plane: Component, columns: Taps, rows: Taps, out: Float32Array): void {
  const { from, to } = columns;
  const size = columns.first.length;
  const at = (positions: Int32Array) =>
    positions.map((x) => (x < 0 ? -1 : (x >> plane.shift) * plane.step + plane.offset));
  const [left, right] = [at(columns.first), at(columns.second)];
  let [upper, lower] = [new Float32Array(size), new Float32Array(size)];
  let [inUpper, inLower] = [-2, -2];
  const load = (row: number, line: Float32Array) => {
    if (row < 0) line.fill(plane.black);
    else blendColumns(plane, (row >> plane.shift) * plane.stride, left, right, columns, line);
    return row;
  };
  for (let y = rows.from; y < rows.to; y++) {
    const [first, second, fraction] = [rows.first[y]!, rows.second[y]!, rows.fraction[y]!];
    if (first === inLower) {
      [upper, lower] = [lower, upper];
      [inUpper, inLower] = [inLower, inUpper];
    }
    if (first !== inUpper) inUpper = load(first, upper);
    // A row that nothing is taken of is not read.
    const below = fraction === 0 ? upper : lower;
    if (fraction > 0 && second !== inLower) inLower = load(second, lower);
    for (let x = from, o = y * size + from; x < to; x++, o++) {
      const value = upper[x]!;
      out[o] = value + (below[x]! - value) * fraction;
    }
  }
}

function blendColumns(
  { data, black }: Component,
  row: number,
  left: Int32Array,
  right: Int32Array,
  { from, to, fraction }: Taps,
  line: Float32Array,
): void {
  for (let x = from; x < to; x++) {
    const a = left[x]! < 0 ? black : data[row + left[x]!]!;
    const b = right[x]! < 0 ? black : data[row + right[x]!]!;
    line[x] = a + (b - a) * fraction[x]!;
  }
}
