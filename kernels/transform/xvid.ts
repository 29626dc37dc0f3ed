/**
 * The 8x8 inverse DCT in Xvid's arithmetic (Walken's): rows with a factor of their own per row and 11 bits dropped, then
 * columns by multiplications with tangents that keep the upper 16 bits, and 6 bits dropped. Bit-exact to ffmpeg's `xvid`.
 */
import { transpose } from './simple';

const ROW_SHIFT: i32 = 11;
const COL_SHIFT: i32 = 6;
// tan(1 pi / 16), tan(2 pi / 16), tan(3 pi / 16) in 16 bits, sqrt(1 / 2) in 15.
const TAN1: i32 = 0x32ec;
const TAN2: i32 = 0x6a0a;
const TAN3: i32 = 0xab0e;
const SQRT2: i32 = 0x5a82;

/** Factors c1..c7 of one row: cos(k pi / 16) * sqrt(2) * 2^14, times the column factor of rows 1 and 7, 2 and 6, 3 and 5. */
// @ts-ignore: decorator
@inline
function factors(at: i32, r0: i32, r1: i32, r2: i32, r3: i32): void {
  const to = FACTORS + (<usize>at << 4);
  v128.store(to, i32x4(r0, r1, r2, r3));
}

/** Pairs of factors, lanes are rows 0..3; rows 4..7 have the same in the order 4, 5, 6, 7 = 0, 3, 2, 1. */
const FACTORS: usize = memory.data(32 * 16, 16);
let ready: bool = false;

/** c[k] of rows 0 and 4, of 1 and 7, of 2 and 6, of 3 and 5. */
const TAB04: StaticArray<i32> = [0, 22725, 21407, 19266, 16384, 12873, 8867, 4520];
const TAB17: StaticArray<i32> = [0, 31521, 29692, 26722, 22725, 17855, 12299, 6270];
const TAB26: StaticArray<i32> = [0, 29692, 27969, 25172, 21407, 16819, 11585, 5906];
const TAB35: StaticArray<i32> = [0, 26722, 25172, 22654, 19266, 15137, 10426, 5315];

// @ts-ignore: decorator
@inline
function both(table: StaticArray<i32>, a: i32, b: i32): i32 {
  const fa = a < 0 ? -unchecked(table[-a]) : unchecked(table[a]);
  const fb = b < 0 ? -unchecked(table[-b]) : unchecked(table[b]);
  return (fb << 16) | (fa & 0xffff);
}

/** Factor pairs for inputs of frequencies that go together, of either sign. */
function prepare(index: i32, a: i32, b: i32): void {
  const r04 = both(TAB04, a, b);
  const r17 = both(TAB17, a, b);
  const r26 = both(TAB26, a, b);
  const r35 = both(TAB35, a, b);
  factors(index, r04, r17, r26, r35);
  factors(index + 16, r04, r35, r26, r17);
}

function prepareAll(): void {
  prepare(0, 4, 4); // in0, in4
  prepare(1, 4, -4);
  prepare(2, 2, 6); // in2, in6
  prepare(3, 6, -2);
  prepare(4, 1, 3); // in1, in3
  prepare(5, 3, -7);
  prepare(6, 5, -1);
  prepare(7, 7, -5);
  prepare(8, 5, 7); // in5, in7
  prepare(9, -1, -5);
  prepare(10, 7, 3);
  prepare(11, 3, -1);
  factors(12, 65536, 3597, 2260, 1203); // rounding of rows 0..3
  factors(28, 0, 120, 512, 512); // and of rows 4..7
  ready = true;
}

// @ts-ignore: decorator
@inline
function dot(p: v128, half: usize, index: usize): v128 {
  return i32x4.dot_i16x8_s(p, v128.load(FACTORS + (half << 8) + (index << 4)));
}

// @ts-ignore: decorator
@inline
function low(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

// @ts-ignore: decorator
@inline
function high(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** The row pass for four rows (`half` 0: rows 0..3); results as 16 bits to lanes of the vectors at `to`. */
// @ts-ignore: decorator
@inline
function rows(p04: v128, p26: v128, p13: v128, p57: v128, half: usize, to: usize): void {
  const round = v128.load(FACTORS + (half << 8) + (12 << 4));
  const s = i32x4.add(dot(p04, half, 0), round);
  const d = i32x4.add(dot(p04, half, 1), round);
  const u = dot(p26, half, 2);
  const t = dot(p26, half, 3);
  const a0 = i32x4.add(s, u);
  const a1 = i32x4.add(d, t);
  const a2 = i32x4.sub(d, t);
  const a3 = i32x4.sub(s, u);
  const b0 = i32x4.add(dot(p13, half, 4), dot(p57, half, 8));
  const b1 = i32x4.add(dot(p13, half, 5), dot(p57, half, 9));
  const b2 = i32x4.add(dot(p13, half, 6), dot(p57, half, 10));
  const b3 = i32x4.add(dot(p13, half, 7), dot(p57, half, 11));
  put(to, i32x4.add(a0, b0));
  put(to + 16, i32x4.add(a1, b1));
  put(to + 32, i32x4.add(a2, b2));
  put(to + 48, i32x4.add(a3, b3));
  put(to + 64, i32x4.sub(a3, b3));
  put(to + 80, i32x4.sub(a2, b2));
  put(to + 96, i32x4.sub(a1, b1));
  put(to + 112, i32x4.sub(a0, b0));
}

// @ts-ignore: decorator
@inline
function put(to: usize, sum: v128): void {
  const value = i32x4.shr_s(sum, ROW_SHIFT);
  v128.store64_lane(to, i16x8.narrow_i32x4_s(value, value), 0);
}

/** Upper half of a product with a 16-bit fraction. */
// @ts-ignore: decorator
@inline
function times(factor: i32, x: v128): v128 {
  return i32x4.shr_s(i32x4.mul(x, i32x4.splat(factor)), 16);
}

// @ts-ignore: decorator
@inline
function row4(at: usize): v128 {
  return i32x4.extend_low_i16x8_s(v128.load64_zero(at));
}

// @ts-ignore: decorator
@inline
function out(to: usize, value: v128): void {
  const v = i32x4.shr_s(value, COL_SHIFT);
  v128.store64_lane(to, i16x8.narrow_i32x4_s(v, v), 0);
}

/** The column pass for four columns of the block in raster order at `at`. */
// @ts-ignore: decorator
@inline
function columns(at: usize): void {
  const x1 = row4(at + 16);
  const x3 = row4(at + 48);
  const x5 = row4(at + 80);
  const x7 = row4(at + 112);
  const p = i32x4.add(times(TAN1, x7), x1);
  const q = i32x4.sub(times(TAN1, x1), x7);
  const r = i32x4.add(times(TAN3, x5), x3);
  const s = i32x4.sub(times(TAN3, x3), x5);
  const o0 = i32x4.add(p, r);
  const o3 = i32x4.sub(q, s);
  const m = i32x4.sub(p, r);
  const n = i32x4.add(q, s);
  const o1 = i32x4.shl(times(SQRT2, i32x4.add(m, n)), 1);
  const o2 = i32x4.shl(times(SQRT2, i32x4.sub(m, n)), 1);

  const x0 = row4(at);
  const x2 = row4(at + 32);
  const x4 = row4(at + 64);
  const x6 = row4(at + 96);
  const u = i32x4.add(times(TAN2, x6), x2);
  const v = i32x4.sub(times(TAN2, x2), x6);
  const sum = i32x4.add(x0, x4);
  const difference = i32x4.sub(x0, x4);
  const e0 = i32x4.add(sum, u);
  const e3 = i32x4.sub(sum, u);
  const e1 = i32x4.add(difference, v);
  const e2 = i32x4.sub(difference, v);
  out(at, i32x4.add(e0, o0));
  out(at + 112, i32x4.sub(e0, o0));
  out(at + 48, i32x4.add(e3, o3));
  out(at + 64, i32x4.sub(e3, o3));
  out(at + 16, i32x4.add(e1, o1));
  out(at + 96, i32x4.sub(e1, o1));
  out(at + 32, i32x4.add(e2, o2));
  out(at + 80, i32x4.sub(e2, o2));
}

/** Transforms the transposed coefficients at `block` in place; on return the block lies in raster order. */
export function inverseXvid(block: usize): void {
  if (!ready) prepareAll();
  const x0 = v128.load(block);
  const x1 = v128.load(block, 16);
  const x2 = v128.load(block, 32);
  const x3 = v128.load(block, 48);
  const x4 = v128.load(block, 64);
  const x5 = v128.load(block, 80);
  const x6 = v128.load(block, 96);
  const x7 = v128.load(block, 112);
  rows(low(x0, x4), low(x2, x6), low(x1, x3), low(x5, x7), 0, block);
  rows(high(x0, x4), high(x2, x6), high(x1, x3), high(x5, x7), 1, block + 8);
  transpose(block);
  columns(block);
  columns(block + 8);
}

/** Rows 3 and 4 (`middle`) of a block that has only a DC, and its other rows. */
// @ts-ignore: decorator
@inline
export function inverseXvidDc(dc: i32, middle: bool): i32 {
  return ((dc << 3) + (middle ? 31 : 32)) >> 6;
}
