/** Motion vector prediction, 8.4.1, on the caches around the macroblock, and the way between caches and motion field. */
import {
  MV, MVD, REF, REF_GT0, REF_POC, directMasks, field, mbCols, mbCount, mvdLeft, mvdTop, refIdxOffset, splat16, refPocOffset,
  underived, vectorBytes,
} from './memory';
import { availA, availB, availC, availD, cabac, mb, mbX, mbY, sliceType } from './state';

/** Decoding order of 4x4 blocks by raster index (6.4.3 inverted). */
const ORDER = memory.data<u8>([0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15]);

/** Cell of 4x4 block (x, y) in a cache. */
// @ts-ignore: decorator
@inline
export function cell(x: i32, y: i32): usize {
  return <usize>(8 * y + x + 9);
}

// @ts-ignore: decorator
@inline
export function refAt(list: i32, at: usize): i32 {
  return <i32>load<i8>(REF + <usize>list * 40 + at);
}

// @ts-ignore: decorator
@inline
export function mvAt(list: i32, at: usize): i32 {
  return load<i32>(MV + <usize>list * 160 + (at << 2));
}

// @ts-ignore: decorator
@inline
export function pack(x: i32, y: i32): i32 {
  return (x & 0xffff) | (y << 16);
}

// @ts-ignore: decorator
@inline
export function mvX(mv: i32): i32 {
  return <i32>(<i16>mv);
}

// @ts-ignore: decorator
@inline
export function mvY(mv: i32): i32 {
  return mv >> 16;
}

/** Fills the cells around the macroblock from the motion field. */
export function fillMotion(list: i32): void {
  const stride = <usize>mbCols << 4;
  const mvs = field + <usize>list * vectorBytes + <usize>(mbY * 4) * stride + (<usize>mbX << 4);
  const refStride = <usize>mbCols << 1;
  const refs = field + refIdxOffset + <usize>list * <usize>mbCount * 4 + <usize>(mbY * 2) * refStride + (<usize>mbX << 1);
  const mvCache = MV + <usize>list * 160;
  const refCache = REF + <usize>list * 40;
  if (availB) {
    v128.store(mvCache + 4, v128.load(mvs - stride));
    const left = <u32>load<u8>(refs - refStride);
    const right = <u32>load<u8>(refs - refStride, 1);
    store<u32>(refCache + 1, left * 0x0101 | right * 0x01010000);
  } else {
    v128.store(mvCache + 4, i64x2.splat(0));
    store<u32>(refCache + 1, 0xfefefefe);
  }
  if (availA) {
    for (let y: usize = 0; y < 4; y++) store<i32>(mvCache + (y << 5) + 32, load<i32>(mvs + y * stride - 4));
    const upper = load<u8>(refs - 1);
    const lower = load<u8>(refs + refStride - 1);
    store<u8>(refCache, upper, 8);
    store<u8>(refCache, upper, 16);
    store<u8>(refCache, lower, 24);
    store<u8>(refCache, lower, 32);
  } else {
    for (let y: usize = 0; y < 4; y++) {
      store<i32>(mvCache + (y << 5), 0, 32);
      store<u8>(refCache + (y << 3), 0xfe, 8);
    }
  }
  if (availC) {
    store<i32>(mvCache, load<i32>(mvs - stride, 16), 20);
    store<u8>(refCache, load<u8>(refs - refStride, 2), 5);
  } else {
    store<i32>(mvCache, 0, 20);
    store<u8>(refCache, 0xfe, 5);
  }
  if (availD) {
    store<i32>(mvCache, load<i32>(mvs - stride - 4));
    store<u8>(refCache, load<u8>(refs - refStride - 1));
  } else {
    store<i32>(mvCache, 0);
    store<u8>(refCache, 0xfe);
  }
}

/** Fills the cells that are contexts of ref_idx and mvd. */
export function fillContexts(list: i32): void {
  const mvd = MVD + <usize>list * 80;
  const gt0 = REF_GT0 + <usize>list * 40;
  const refCache = REF + <usize>list * 40;
  // 40 cells: the third store reaches into the other list's or behind, hence 8 bytes.
  splat16(gt0, 0, 2);
  store<u64>(gt0, 0, 32);
  splat16(mvd, 0, 5);
  if (availB) {
    store<u64>(mvd + 2, load<u64>(mvdTop + (<usize>(list * mbCols + mbX) << 3)));
    const direct = <u32>load<u8>(directMasks + <usize>(mb - mbCols));
    if (<i32>load<i8>(refCache, 1) > 0 && (direct & 4) == 0) store<u16>(gt0, 0x0101, 1);
    if (<i32>load<i8>(refCache, 3) > 0 && (direct & 8) == 0) store<u16>(gt0, 0x0101, 3);
  }
  if (availA) {
    for (let y: usize = 0; y < 4; y++) store<u16>(mvd + (y << 4), load<u16>(mvdLeft + (<usize>list << 3) + (y << 1)), 16);
    const direct = <u32>load<u8>(directMasks + <usize>(mb - 1));
    if (<i32>load<i8>(refCache, 8) > 0 && (direct & 2) == 0) {
      store<u8>(gt0, 1, 8);
      store<u8>(gt0, 1, 16);
    }
    if (<i32>load<i8>(refCache, 24) > 0 && (direct & 8) == 0) {
      store<u8>(gt0, 1, 24);
      store<u8>(gt0, 1, 32);
    }
  }
}

/** Keeps the |mvd| of the macroblock's lower and right edge for its neighbours. */
export function keepContexts(list: i32): void {
  const mvd = MVD + <usize>list * 80;
  store<u64>(mvdTop + (<usize>(list * mbCols + mbX) << 3), load<u64>(mvd, 2 * 33));
  for (let y: usize = 0; y < 4; y++) store<u16>(mvdLeft + (<usize>list << 3) + (y << 1), load<u16>(mvd + (y << 4), 2 * 12));
}

/** The same for a macroblock without mvd: intra, skipped, direct. */
export function clearContexts(): void {
  store<u64>(mvdTop + (<usize>mbX << 3), 0);
  store<u64>(mvdTop + (<usize>(mbCols + mbX) << 3), 0);
  store<u64>(mvdLeft, 0);
  store<u64>(mvdLeft, 0, 8);
}

/** Writes the macroblock's cells to the motion field, with the POC of each reference. */
export function keepMotion(list: i32): void {
  const stride = <usize>mbCols << 4;
  const mvs = field + <usize>list * vectorBytes + <usize>(mbY * 4) * stride + (<usize>mbX << 4);
  const mvCache = MV + <usize>list * 160;
  v128.store(mvs, v128.load(mvCache, 4 * 9));
  v128.store(mvs + stride, v128.load(mvCache, 4 * 17));
  v128.store(mvs + 2 * stride, v128.load(mvCache, 4 * 25));
  v128.store(mvs + 3 * stride, v128.load(mvCache, 4 * 33));
  const refStride = <usize>mbCols << 1;
  const at = <usize>list * <usize>mbCount * 4 + <usize>(mbY * 2) * refStride + (<usize>mbX << 1);
  const refs = field + refIdxOffset + at;
  const pocs = field + refPocOffset + (at << 2);
  const table = REF_POC + (<usize>list << 7);
  for (let y: usize = 0; y < 2; y++) {
    for (let x: usize = 0; x < 2; x++) {
      const ref = <i32>load<i8>(REF + <usize>list * 40 + (y << 4) + (x << 1), 9);
      store<i8>(refs + y * refStride + x, <i8>ref);
      store<i32>(pocs + ((y * refStride + x) << 2), ref < 0 ? i32.MIN_VALUE : load<i32>(table + (<usize>(ref & 31) << 2)));
    }
  }
}

/** Sets the reference of a w x h rectangle of 4x4 cells. */
// @ts-ignore: decorator
@inline
export function setRef(list: i32, x: i32, y: i32, w: i32, h: i32, ref: i32): void {
  let at = REF + <usize>list * 40 + cell(x, y);
  for (; h > 0; h--) {
    for (let i: usize = 0; i < <usize>w; i++) store<u8>(at + i, <u8>ref);
    at += 8;
  }
}

// @ts-ignore: decorator
@inline
export function setMv(list: i32, x: i32, y: i32, w: i32, h: i32, mv: i32): void {
  let at = MV + <usize>list * 160 + (cell(x, y) << 2);
  for (; h > 0; h--) {
    for (let i: usize = 0; i < <usize>w; i++) store<i32>(at + (i << 2), mv);
    at += 32;
  }
}

// @ts-ignore: decorator
@inline
function median(a: i32, b: i32, c: i32): i32 {
  return max(min(a, b), min(max(a, b), c));
}

/** Cell of neighbour C of the partition at (x, y) of width w, or of D where C is not available (8.4.1.3.2). */
// @ts-ignore: decorator
@inline
function cellC(list: i32, x: i32, y: i32, w: i32): usize {
  const at = cell(x, y);
  const right = x + w;
  if (y == 0) return refAt(list, at - 8 + w) != -2 ? at - 8 + w : at - 9;
  if (right < 4 && load<u8>(ORDER + <usize>(4 * (y - 1) + right)) < load<u8>(ORDER + <usize>(4 * y + x))) return at - 8 + w;
  return at - 9;
}

/** Median prediction, 8.4.1.3.1. Vectors are packed: x in the low half. */
export function predict(list: i32, x: i32, y: i32, w: i32, ref: i32): i32 {
  const at = cell(x, y);
  const c = cellC(list, x, y, w);
  const refA = refAt(list, at - 1);
  const refB = refAt(list, at - 8);
  const refC = refAt(list, c);
  const a = mvAt(list, at - 1);
  if (refB == -2 && refC == -2 && refA != -2) return a;
  const matches = i32(refA == ref) + i32(refB == ref) + i32(refC == ref);
  const b = mvAt(list, at - 8);
  const d = mvAt(list, c);
  if (matches == 1) return refA == ref ? a : refB == ref ? b : d;
  return pack(median(mvX(a), mvX(b), mvX(d)), median(mvY(a), mvY(b), mvY(d)));
}

/** Directional prediction of 16x8 partitions. */
export function predict16x8(list: i32, y: i32, ref: i32): i32 {
  const at = y == 0 ? cell(0, 0) - 8 : cell(0, 2) - 1;
  return refAt(list, at) == ref ? mvAt(list, at) : predict(list, 0, y, 4, ref);
}

/** Directional prediction of 8x16 partitions. */
export function predict8x16(list: i32, x: i32, ref: i32): i32 {
  const at = x == 0 ? cell(0, 0) - 1 : cellC(list, 2, 0, 2);
  return refAt(list, at) == ref ? mvAt(list, at) : predict(list, x, 0, 2, ref);
}

/** Vector of P_Skip, 8.4.1.1. */
export function predictSkip(): i32 {
  if (!availA || !availB) return 0;
  const at = cell(0, 0);
  if (refAt(0, at - 1) == 0 && mvAt(0, at - 1) == 0) return 0;
  if (refAt(0, at - 8) == 0 && mvAt(0, at - 8) == 0) return 0;
  return predict(0, 0, 0, 4, 0);
}

/** Marks the macroblock when a neighbour that it may have been predicted from is marked. */
export function inheritUnderived(): void {
  const at = underived + <usize>mb;
  if (
    (availA && load<u8>(at - 1)) ||
    (availB && load<u8>(at - mbCols)) ||
    (availC && load<u8>(at - mbCols + 1)) ||
    (availD && load<u8>(at - mbCols - 1))
  ) {
    store<u8>(at, 1);
  }
}

// @ts-ignore: decorator
@inline
export function contextsNeeded(): bool {
  return cabac && sliceType != 2;
}
