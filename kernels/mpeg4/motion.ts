/** Motion vectors: their codes (6.3.7.2, table B-12) and their prediction (7.6.5). */
import { bitPos, bitsAt, seek } from '../bits';
import { MVD } from './memory';
import { candidateAt, mbCols, mbX, mbY, packetId, stampAt, stampIndex } from './state';

/** What `readComponent` gives when there is no such code. */
export const NO_VECTOR: i32 = 0x7fffffff;

let leftValid: bool = false;
let aboveValid: bool = false;
let aboveRightValid: bool = false;

/** Finds which neighbours of the current macroblock lie in its packet. Marks it as lying there. */
export function beginVectors(): void {
  const at = stampAt + (<usize>stampIndex << 2);
  const row = <usize>(mbCols + 2) << 2;
  leftValid = load<u32>(at - 4) == packetId;
  aboveValid = load<u32>(at - row) == packetId;
  aboveRightValid = load<u32>(at - row + 4) == packetId;
}

// @ts-ignore: decorator
@inline
export function stampMacroblock(): void {
  store<u32>(stampAt + (<usize>stampIndex << 2), packetId);
}

/** Offset in bytes of block n's cell in a vector grid. */
// @ts-ignore: decorator
@inline
export function cellOffset(n: i32): usize {
  return (<usize>((mbY << 1) + (n >> 1)) * (<usize>mbCols << 1) + <usize>((mbX << 1) + (n & 1))) << 2;
}

/** The median of the three candidates of block n (0: also of the whole macroblock), as a pair of i16: x low, y high. */
export function predictVector(n: i32): i32 {
  const at = candidateAt + cellOffset(n);
  const row = <usize>mbCols << 3;
  // Whether left, above and above right (for block 3: above left) may be used; inside the macroblock always.
  const hasA = n & 1 ? true : leftValid;
  const hasB = n & 2 ? true : aboveValid;
  const hasC = n & 2 ? true : aboveRightValid;
  const offsetC: isize = n == 0 ? 8 : n == 3 ? -4 : 4;
  const valid = <i32>hasA + <i32>hasB + <i32>hasC;
  const a: u32 = hasA ? load<u32>(at - 4) : 0;
  const b: u32 = hasB ? load<u32>(at - row) : 0;
  const c: u32 = hasC ? load<u32>(at - row + offsetC) : 0;
  if (valid < 2) return <i32>(a | b | c);
  const va = i32x4.splat(<i32>a);
  const vb = i32x4.splat(<i32>b);
  const least = i16x8.min_s(va, vb);
  const most = i16x8.max_s(va, vb);
  return i32x4.extract_lane(i16x8.max_s(least, i16x8.min_s(most, i32x4.splat(<i32>c))), 0);
}

/** horizontal_mv_data or vertical_mv_data with its residual, added to the prediction and wrapped into the range of `fcode`. */
export function readComponent(prediction: i32, fcode: i32): i32 {
  const bits = bitsAt(bitPos);
  const e = <u32>load<u16>(MVD + (<usize>(bits >>> 52) << 1));
  if (e == 0) return NO_VECTOR;
  const length = e & 15;
  let value = <i32>(e >>> 4);
  if (value == 0) {
    seek(bitPos + length);
    return prediction;
  }
  const shift = fcode - 1;
  const sign = <i32>(<i64>(bits << length) >> 63);
  if (shift) value = ((value - 1) << shift) + <i32>((bits << (length + 1)) >>> (64 - shift)) + 1;
  seek(bitPos + length + 1 + shift);
  value = prediction + ((value ^ sign) - sign);
  const unused = 27 - fcode;
  return (value << unused) >> unused;
}
