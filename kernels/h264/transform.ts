/**
 * From scaled coefficients to the residual planes (8.5.12, 8.5.13) at full size or a fraction of it. Coefficients lie
 * column-major, so that vectors of them are columns: the row transform comes first, as the standard's rounding wants.
 *
 * At scale s a value is the mean of the s x s residual samples it covers, in exact arithmetic before the final rounding
 * (the inner halvings of the integer transform without their truncation): for 4x4 blocks B C B' with the averaged basis
 * B = [4 3 0 -1; 4 -3 0 1] / 4, for 8x8 blocks with that of the 8-point transform; the DC part alone from s = 4 (4x4)
 * and s = 8 (8x8) on, where every other basis function has mean zero.
 */
import { COEF, splat16 } from './memory';

/** Residual of a 4x4 block at full size; clears the coefficients. */
export function inverse4x4(target: usize, stride: usize): void {
  const c0 = v128.load64_zero(COEF, 0);
  const c1 = v128.load64_zero(COEF, 8);
  const c2 = v128.load64_zero(COEF, 16);
  const c3 = v128.load64_zero(COEF, 24);
  const zero = i64x2.splat(0);
  v128.store(COEF, zero, 0);
  v128.store(COEF, zero, 16);
  // Rows: lanes are the rows, vectors the columns.
  let e0 = i16x8.add(c0, c2);
  let e1 = i16x8.sub(c0, c2);
  let e2 = i16x8.sub(i16x8.shr_s(c1, 1), c3);
  let e3 = i16x8.add(c1, i16x8.shr_s(c3, 1));
  const f0 = i16x8.add(e0, e3);
  const f1 = i16x8.add(e1, e2);
  const f2 = i16x8.sub(e1, e2);
  const f3 = i16x8.sub(e0, e3);
  // Transpose: 01 holds columns 0 and 1 interleaved by row.
  const t01 = i16x8.shuffle(f0, f1, 0, 8, 1, 9, 2, 10, 3, 11);
  const t23 = i16x8.shuffle(f2, f3, 0, 8, 1, 9, 2, 10, 3, 11);
  const r01 = i32x4.shuffle(t01, t23, 0, 4, 1, 5);
  const r23 = i32x4.shuffle(t01, t23, 2, 6, 3, 7);
  const r1 = i64x2.shuffle(r01, r01, 1, 0);
  const r3 = i64x2.shuffle(r23, r23, 1, 0);
  // Columns.
  e0 = i16x8.add(r01, r23);
  e1 = i16x8.sub(r01, r23);
  e2 = i16x8.sub(i16x8.shr_s(r1, 1), r3);
  e3 = i16x8.add(r1, i16x8.shr_s(r3, 1));
  const half = i16x8.splat(32);
  e0 = i16x8.add(e0, half);
  e1 = i16x8.add(e1, half);
  v128.store64_lane(target, i16x8.shr_s(i16x8.add(e0, e3), 6), 0);
  v128.store64_lane(target + stride, i16x8.shr_s(i16x8.add(e1, e2), 6), 0);
  v128.store64_lane(target + 2 * stride, i16x8.shr_s(i16x8.sub(e1, e2), 6), 0);
  v128.store64_lane(target + 3 * stride, i16x8.shr_s(i16x8.sub(e0, e3), 6), 0);
}

/** A 4x4 block that has a DC part only; clears it. */
export function inverse4x4DC(target: usize, stride: usize): void {
  const flat = i16x8.splat(<i16>((<i32>load<i16>(COEF) + 32) >> 6));
  store<i16>(COEF, 0);
  v128.store64_lane(target, flat, 0);
  v128.store64_lane(target + stride, flat, 0);
  v128.store64_lane(target + 2 * stride, flat, 0);
  v128.store64_lane(target + 3 * stride, flat, 0);
}

/** Sums of pairs along the even and odd part of a 4-point transform, times 4. */
// @ts-ignore: decorator
@inline
function coef(index: usize): i32 {
  return <i32>load<i16>(COEF + (index << 1));
}

/** A 4x4 block at scale 2: four values; clears the coefficients. */
export function half4x4(target: usize, stride: usize): void {
  // Along rows first: sum and difference of the two values of each row (column-major: element (x, y) at 4 x + y).
  for (let x: usize = 0; x < 2; x++) {
    const sign = x == 0 ? 1 : -1;
    const a0 = 4 * coef(0) + sign * (3 * coef(4) - coef(12));
    const a1 = 4 * coef(1) + sign * (3 * coef(5) - coef(13));
    const a3 = 4 * coef(3) + sign * (3 * coef(7) - coef(15));
    const odd = 3 * a1 - a3;
    store<i16>(target + 2 * x, <i16>((4 * a0 + odd + 512) >> 10));
    store<i16>(target + 2 * x + stride, <i16>((4 * a0 - odd + 512) >> 10));
  }
  clear4x4();
}

// @ts-ignore: decorator
@inline
export function clear4x4(): void {
  const zero = i64x2.splat(0);
  v128.store(COEF, zero, 0);
  v128.store(COEF, zero, 16);
}

export function clear8x8(): void {
  splat16(COEF, 0, 8);
}

/** One pass of the 8-point transform over vectors; results in the o* globals would cost, so both passes are spelt out. */
export function inverse8x8(target: usize, stride: usize): void {
  let d0 = v128.load(COEF, 0);
  let d1 = v128.load(COEF, 16);
  let d2 = v128.load(COEF, 32);
  let d3 = v128.load(COEF, 48);
  let d4 = v128.load(COEF, 64);
  let d5 = v128.load(COEF, 80);
  let d6 = v128.load(COEF, 96);
  let d7 = v128.load(COEF, 112);
  const zero = i64x2.splat(0);
  v128.store(COEF, zero, 0);
  v128.store(COEF, zero, 16);
  v128.store(COEF, zero, 32);
  v128.store(COEF, zero, 48);
  v128.store(COEF, zero, 64);
  v128.store(COEF, zero, 80);
  v128.store(COEF, zero, 96);
  v128.store(COEF, zero, 112);
  for (let pass = 0; ; pass++) {
    const a0 = i16x8.add(d0, d4);
    const a4 = i16x8.sub(d0, d4);
    const a2 = i16x8.sub(i16x8.shr_s(d2, 1), d6);
    const a6 = i16x8.add(d2, i16x8.shr_s(d6, 1));
    const b0 = i16x8.add(a0, a6);
    const b2 = i16x8.add(a4, a2);
    const b4 = i16x8.sub(a4, a2);
    const b6 = i16x8.sub(a0, a6);
    const a1 = i16x8.sub(i16x8.sub(i16x8.sub(d5, d3), d7), i16x8.shr_s(d7, 1));
    const a3 = i16x8.sub(i16x8.sub(i16x8.add(d1, d7), d3), i16x8.shr_s(d3, 1));
    const a5 = i16x8.add(i16x8.add(i16x8.sub(d7, d1), d5), i16x8.shr_s(d5, 1));
    const a7 = i16x8.add(i16x8.add(i16x8.add(d3, d5), d1), i16x8.shr_s(d1, 1));
    const b1 = i16x8.add(a1, i16x8.shr_s(a7, 2));
    const b7 = i16x8.sub(a7, i16x8.shr_s(a1, 2));
    const b3 = i16x8.add(a3, i16x8.shr_s(a5, 2));
    const b5 = i16x8.sub(i16x8.shr_s(a3, 2), a5);
    d0 = i16x8.add(b0, b7);
    d1 = i16x8.add(b2, b5);
    d2 = i16x8.add(b4, b3);
    d3 = i16x8.add(b6, b1);
    d4 = i16x8.sub(b6, b1);
    d5 = i16x8.sub(b4, b3);
    d6 = i16x8.sub(b2, b5);
    d7 = i16x8.sub(b0, b7);
    if (pass == 1) break;
    const t0 = i16x8.shuffle(d0, d1, 0, 8, 1, 9, 2, 10, 3, 11);
    const t1 = i16x8.shuffle(d0, d1, 4, 12, 5, 13, 6, 14, 7, 15);
    const t2 = i16x8.shuffle(d2, d3, 0, 8, 1, 9, 2, 10, 3, 11);
    const t3 = i16x8.shuffle(d2, d3, 4, 12, 5, 13, 6, 14, 7, 15);
    const t4 = i16x8.shuffle(d4, d5, 0, 8, 1, 9, 2, 10, 3, 11);
    const t5 = i16x8.shuffle(d4, d5, 4, 12, 5, 13, 6, 14, 7, 15);
    const t6 = i16x8.shuffle(d6, d7, 0, 8, 1, 9, 2, 10, 3, 11);
    const t7 = i16x8.shuffle(d6, d7, 4, 12, 5, 13, 6, 14, 7, 15);
    const u0 = i32x4.shuffle(t0, t2, 0, 4, 1, 5);
    const u1 = i32x4.shuffle(t0, t2, 2, 6, 3, 7);
    const u2 = i32x4.shuffle(t1, t3, 0, 4, 1, 5);
    const u3 = i32x4.shuffle(t1, t3, 2, 6, 3, 7);
    const u4 = i32x4.shuffle(t4, t6, 0, 4, 1, 5);
    const u5 = i32x4.shuffle(t4, t6, 2, 6, 3, 7);
    const u6 = i32x4.shuffle(t5, t7, 0, 4, 1, 5);
    const u7 = i32x4.shuffle(t5, t7, 2, 6, 3, 7);
    d0 = i64x2.shuffle(u0, u4, 0, 2);
    d1 = i64x2.shuffle(u0, u4, 1, 3);
    d2 = i64x2.shuffle(u1, u5, 0, 2);
    d3 = i64x2.shuffle(u1, u5, 1, 3);
    d4 = i64x2.shuffle(u2, u6, 0, 2);
    d5 = i64x2.shuffle(u2, u6, 1, 3);
    d6 = i64x2.shuffle(u3, u7, 0, 2);
    d7 = i64x2.shuffle(u3, u7, 1, 3);
  }
  const half = i16x8.splat(32);
  v128.store(target, i16x8.shr_s(i16x8.add(d0, half), 6));
  v128.store(target + stride, i16x8.shr_s(i16x8.add(d1, half), 6));
  v128.store(target + 2 * stride, i16x8.shr_s(i16x8.add(d2, half), 6));
  v128.store(target + 3 * stride, i16x8.shr_s(i16x8.add(d3, half), 6));
  v128.store(target + 4 * stride, i16x8.shr_s(i16x8.add(d4, half), 6));
  v128.store(target + 5 * stride, i16x8.shr_s(i16x8.add(d5, half), 6));
  v128.store(target + 6 * stride, i16x8.shr_s(i16x8.add(d6, half), 6));
  v128.store(target + 7 * stride, i16x8.shr_s(i16x8.add(d7, half), 6));
}

/** An 8x8 block that has a DC part only; clears it. */
export function inverse8x8DC(target: usize, stride: usize): void {
  const flat = i16x8.splat(<i16>((<i32>load<i16>(COEF) + 32) >> 6));
  store<i16>(COEF, 0);
  for (let y = 0; y < 8; y++) {
    v128.store(target, flat);
    target += stride;
  }
}

const ROWS = memory.data(8 * 4 * 4, 16);

/** An 8x8 block at scale 2: 4x4 values, from the pair means of the 8-point basis times 16; clears the coefficients. */
export function half8x8(target: usize, stride: usize): void {
  for (let y: usize = 0; y < 8; y++) {
    // Along row y: coefficient x at 8 x + y.
    const c0 = coef(y) << 4;
    const c1 = coef(8 + y);
    const c2 = coef(16 + y);
    const c3 = coef(24 + y);
    const c5 = coef(40 + y);
    const c6 = coef(48 + y);
    const c7 = coef(56 + y);
    const even = 12 * c2 - 4 * c6;
    const outer = 22 * c1 + 7 * c3 - 6 * c5 - 3 * c7;
    const inner = 9 * c1 - 18 * c3 + 13 * c5 - 2 * c7;
    const row = ROWS + (y << 4);
    store<i32>(row, c0 + even + outer, 0);
    store<i32>(row, c0 - even + inner, 4);
    store<i32>(row, c0 - even - inner, 8);
    store<i32>(row, c0 + even - outer, 12);
  }
  for (let x: usize = 0; x < 4; x++) {
    const row = ROWS + (x << 2);
    const c0 = load<i32>(row, 0) << 4;
    const c1 = load<i32>(row, 16);
    const c2 = load<i32>(row, 32);
    const c3 = load<i32>(row, 48);
    const c5 = load<i32>(row, 80);
    const c6 = load<i32>(row, 96);
    const c7 = load<i32>(row, 112);
    const even = 12 * c2 - 4 * c6;
    const outer = 22 * c1 + 7 * c3 - 6 * c5 - 3 * c7;
    const inner = 9 * c1 - 18 * c3 + 13 * c5 - 2 * c7;
    const at = target + 2 * x;
    store<i16>(at, <i16>((c0 + even + outer + 8192) >> 14));
    store<i16>(at + stride, <i16>((c0 - even + inner + 8192) >> 14));
    store<i16>(at + 2 * stride, <i16>((c0 - even - inner + 8192) >> 14));
    store<i16>(at + 3 * stride, <i16>((c0 + even - outer + 8192) >> 14));
  }
  clear8x8();
}

/** An 8x8 block at scale 4: 2x2 values; clears the coefficients. */
export function quarter8x8(target: usize, stride: usize): void {
  for (let x: usize = 0; x < 2; x++) {
    const sign = x == 0 ? 1 : -1;
    // Means of four along the rows that count (0 and the odd ones), times 32.
    const a0 = meanOf4(0, sign);
    const odd = 31 * meanOf4(1, sign) - 11 * meanOf4(3, sign) + 7 * meanOf4(5, sign) - 5 * meanOf4(7, sign);
    store<i16>(target + 2 * x, <i16>((32 * a0 + odd + 32768) >> 16));
    store<i16>(target + 2 * x + stride, <i16>((32 * a0 - odd + 32768) >> 16));
  }
  clear8x8();
}

// @ts-ignore: decorator
@inline
function meanOf4(y: usize, sign: i32): i32 {
  return 32 * coef(y) + sign * (31 * coef(8 + y) - 11 * coef(24 + y) + 7 * coef(40 + y) - 5 * coef(56 + y));
}
