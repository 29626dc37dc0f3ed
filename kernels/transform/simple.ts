/**
 * The 8x8 inverse DCT in the arithmetic that ffmpeg calls `simple`: two passes of 16-bit multiply-and-add, 11 bits
 * dropped after the rows and 20 after the columns. Encoder and decoder must round alike, so each step is bit-exact.
 *
 * A block lies transposed: vector k holds horizontal frequency k of all eight rows. The row pass then works down the
 * vectors, one transposition follows, and the column pass works down again.
 */

const W1: i32 = 22725; // cos(1 pi / 16) * sqrt(2) * 2^14
const W2: i32 = 21407;
const W3: i32 = 19266;
const W4: i32 = 16383; // not 16384: so that it fits beside its negative
const W5: i32 = 12873;
const W6: i32 = 8867;
const W7: i32 = 4520;
const ROW_SHIFT: i32 = 11;
const COL_SHIFT: i32 = 20;

/** Sums of products of 16-bit pairs: lane = p.even * a + p.odd * b. */
// @ts-ignore: decorator
@inline
function dot(p: v128, a: i32, b: i32): v128 {
  return i32x4.dot_i16x8_s(p, i32x4.splat((b << 16) | (a & 0xffff)));
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

// @ts-ignore: decorator
@inline
function sums(al: v128, bl: v128, ah: v128, bh: v128, shift: i32): v128 {
  return i16x8.narrow_i32x4_s(i32x4.shr_s(i32x4.add(al, bl), shift), i32x4.shr_s(i32x4.add(ah, bh), shift));
}

// @ts-ignore: decorator
@inline
function differences(al: v128, bl: v128, ah: v128, bh: v128, shift: i32): v128 {
  return i16x8.narrow_i32x4_s(i32x4.shr_s(i32x4.sub(al, bl), shift), i32x4.shr_s(i32x4.sub(ah, bh), shift));
}

/** A row's DC * 8 differs from (W4 * DC + 1024) >> 11 only beyond +-1023. */
// @ts-ignore: decorator
@inline
function large(x0: v128): bool {
  return v128.any_true(i16x8.gt_s(i16x8.abs(x0), i16x8.splat(1023)));
}

/**
 * Transforms the transposed coefficients at `block` into eight rows of eight 16-bit samples at `to`, `stride` bytes
 * apart, clamped to least..most, and zeroes the coefficients. `quarter`: all of them lie among the lowest 4 x 4, which
 * saves half of the multiplications.
 */
export function inverseSimple(block: usize, quarter: bool, to: usize, stride: usize, least: v128, most: v128): void {
  if (quarter) {
    firstPass(block, true);
    secondPass(block, true, to, stride, least, most);
  } else {
    firstPass(block, false);
    secondPass(block, false, to, stride, least, most);
  }
}

// @ts-ignore: decorator
@inline
function clamp(value: v128, least: v128, most: v128): v128 {
  return i16x8.min_s(i16x8.max_s(value, least), most);
}

/** Even and odd halves of the butterfly, for the lower and upper four lanes. */
// @ts-ignore: decorator
@inline
function odd(p13: v128, p57: v128, a: i32, b: i32, c: i32, d: i32, quarter: bool): v128 {
  return quarter ? dot(p13, a, b) : i32x4.add(dot(p13, a, b), dot(p57, c, d));
}

/** Rows; the result is written transposed: vector v holds row v. */
// @ts-ignore: decorator
@inline
function firstPass(block: usize, quarter: bool): void {
  const zero = i32x4.splat(0);
  const round = i32x4.splat(1 << (ROW_SHIFT - 1));
  const x0 = v128.load(block);
  const x1 = v128.load(block, 16);
  const x2 = v128.load(block, 32);
  const x3 = v128.load(block, 48);
  const x4 = quarter ? zero : v128.load(block, 64);
  const x5 = quarter ? zero : v128.load(block, 80);
  const x6 = quarter ? zero : v128.load(block, 96);
  const x7 = quarter ? zero : v128.load(block, 112);
  const p04l = low(x0, x4);
  const p04h = high(x0, x4);
  let sl = i32x4.add(dot(p04l, W4, W4), round);
  let sh = i32x4.add(dot(p04h, W4, W4), round);
  let dl = quarter ? sl : i32x4.add(dot(p04l, W4, -W4), round);
  let dh = quarter ? sh : i32x4.add(dot(p04h, W4, -W4), round);
  if (large(x0)) {
    // Adding the DC once more makes its factor 2^14: exactly DC * 8.
    const ac = v128.or(v128.or(v128.or(x1, x2), v128.or(x3, x4)), v128.or(v128.or(x5, x6), x7));
    const dc = v128.and(x0, i16x8.eq(ac, zero));
    const dcl = i32x4.extend_low_i16x8_s(dc);
    const dch = i32x4.extend_high_i16x8_s(dc);
    sl = i32x4.add(sl, dcl);
    sh = i32x4.add(sh, dch);
    dl = i32x4.add(dl, dcl);
    dh = i32x4.add(dh, dch);
  }
  const p26l = low(x2, x6);
  const p26h = high(x2, x6);
  const ul = dot(p26l, W2, W6);
  const uh = dot(p26h, W2, W6);
  const tl = dot(p26l, W6, -W2);
  const th = dot(p26h, W6, -W2);
  const p13l = low(x1, x3);
  const p13h = high(x1, x3);
  const p57l = low(x5, x7);
  const p57h = high(x5, x7);

  let al = i32x4.add(sl, ul);
  let ah = i32x4.add(sh, uh);
  let bl = odd(p13l, p57l, W1, W3, W5, W7, quarter);
  let bh = odd(p13h, p57h, W1, W3, W5, W7, quarter);
  const y0 = sums(al, bl, ah, bh, ROW_SHIFT);
  const y7 = differences(al, bl, ah, bh, ROW_SHIFT);
  al = i32x4.add(dl, tl);
  ah = i32x4.add(dh, th);
  bl = odd(p13l, p57l, W3, -W7, -W1, -W5, quarter);
  bh = odd(p13h, p57h, W3, -W7, -W1, -W5, quarter);
  const y1 = sums(al, bl, ah, bh, ROW_SHIFT);
  const y6 = differences(al, bl, ah, bh, ROW_SHIFT);
  al = i32x4.sub(dl, tl);
  ah = i32x4.sub(dh, th);
  bl = odd(p13l, p57l, W5, -W1, W7, W3, quarter);
  bh = odd(p13h, p57h, W5, -W1, W7, W3, quarter);
  const y2 = sums(al, bl, ah, bh, ROW_SHIFT);
  const y5 = differences(al, bl, ah, bh, ROW_SHIFT);
  al = i32x4.sub(sl, ul);
  ah = i32x4.sub(sh, uh);
  bl = odd(p13l, p57l, W7, -W5, W3, -W1, quarter);
  bh = odd(p13h, p57h, W7, -W5, W3, -W1, quarter);
  const y3 = sums(al, bl, ah, bh, ROW_SHIFT);
  const y4 = differences(al, bl, ah, bh, ROW_SHIFT);

  // Transposition.
  const a0 = low(y0, y4);
  const a2 = low(y2, y6);
  const a4 = low(y1, y5);
  const a6 = low(y3, y7);
  const b0 = low(a0, a2);
  const b1 = high(a0, a2);
  const b4 = low(a4, a6);
  const b5 = high(a4, a6);
  v128.store(block, low(b0, b4));
  v128.store(block, high(b0, b4), 16);
  v128.store(block, low(b1, b5), 32);
  v128.store(block, high(b1, b5), 48);
  if (!quarter) {
    // Rows 4..7; where all coefficients lie above, they are zero.
    const a1 = high(y0, y4);
    const a3 = high(y2, y6);
    const a5 = high(y1, y5);
    const a7 = high(y3, y7);
    const b2 = low(a1, a3);
    const b3 = high(a1, a3);
    const b6 = low(a5, a7);
    const b7 = high(a5, a7);
    v128.store(block, low(b2, b6), 64);
    v128.store(block, high(b2, b6), 80);
    v128.store(block, low(b3, b7), 96);
    v128.store(block, high(b3, b7), 112);
  }
}

/** Columns, and out. */
// @ts-ignore: decorator
@inline
function secondPass(block: usize, quarter: bool, to: usize, stride: usize, least: v128, most: v128): void {
  const zero = i32x4.splat(0);
  const round = i32x4.splat(W4 * ((1 << (COL_SHIFT - 1)) / W4));
  const x0 = v128.load(block);
  const x1 = v128.load(block, 16);
  const x2 = v128.load(block, 32);
  const x3 = v128.load(block, 48);
  const x4 = quarter ? zero : v128.load(block, 64);
  const x5 = quarter ? zero : v128.load(block, 80);
  const x6 = quarter ? zero : v128.load(block, 96);
  const x7 = quarter ? zero : v128.load(block, 112);
  v128.store(block, zero);
  v128.store(block, zero, 16);
  v128.store(block, zero, 32);
  v128.store(block, zero, 48);
  if (!quarter) {
    v128.store(block, zero, 64);
    v128.store(block, zero, 80);
    v128.store(block, zero, 96);
    v128.store(block, zero, 112);
  }
  const p04l = low(x0, x4);
  const p04h = high(x0, x4);
  const sl = i32x4.add(dot(p04l, W4, W4), round);
  const sh = i32x4.add(dot(p04h, W4, W4), round);
  const dl = quarter ? sl : i32x4.add(dot(p04l, W4, -W4), round);
  const dh = quarter ? sh : i32x4.add(dot(p04h, W4, -W4), round);
  const p26l = low(x2, x6);
  const p26h = high(x2, x6);
  const ul = dot(p26l, W2, W6);
  const uh = dot(p26h, W2, W6);
  const tl = dot(p26l, W6, -W2);
  const th = dot(p26h, W6, -W2);
  const p13l = low(x1, x3);
  const p13h = high(x1, x3);
  const p57l = low(x5, x7);
  const p57h = high(x5, x7);

  let al = i32x4.add(sl, ul);
  let ah = i32x4.add(sh, uh);
  let bl = odd(p13l, p57l, W1, W3, W5, W7, quarter);
  let bh = odd(p13h, p57h, W1, W3, W5, W7, quarter);
  v128.store(to, clamp(sums(al, bl, ah, bh, COL_SHIFT), least, most));
  v128.store(to + stride * 7, clamp(differences(al, bl, ah, bh, COL_SHIFT), least, most));
  al = i32x4.add(dl, tl);
  ah = i32x4.add(dh, th);
  bl = odd(p13l, p57l, W3, -W7, -W1, -W5, quarter);
  bh = odd(p13h, p57h, W3, -W7, -W1, -W5, quarter);
  v128.store(to + stride, clamp(sums(al, bl, ah, bh, COL_SHIFT), least, most));
  v128.store(to + stride * 6, clamp(differences(al, bl, ah, bh, COL_SHIFT), least, most));
  al = i32x4.sub(dl, tl);
  ah = i32x4.sub(dh, th);
  bl = odd(p13l, p57l, W5, -W1, W7, W3, quarter);
  bh = odd(p13h, p57h, W5, -W1, W7, W3, quarter);
  v128.store(to + stride * 2, clamp(sums(al, bl, ah, bh, COL_SHIFT), least, most));
  v128.store(to + stride * 5, clamp(differences(al, bl, ah, bh, COL_SHIFT), least, most));
  al = i32x4.sub(sl, ul);
  ah = i32x4.sub(sh, uh);
  bl = odd(p13l, p57l, W7, -W5, W3, -W1, quarter);
  bh = odd(p13h, p57h, W7, -W5, W3, -W1, quarter);
  v128.store(to + stride * 3, clamp(sums(al, bl, ah, bh, COL_SHIFT), least, most));
  v128.store(to + stride * 4, clamp(differences(al, bl, ah, bh, COL_SHIFT), least, most));
}

/** Transposes the 8x8 block of 16-bit values at `block`, in place. */
// @ts-ignore: decorator
@inline
export function transpose(block: usize): void {
  const x0 = v128.load(block);
  const x1 = v128.load(block, 16);
  const x2 = v128.load(block, 32);
  const x3 = v128.load(block, 48);
  const x4 = v128.load(block, 64);
  const x5 = v128.load(block, 80);
  const x6 = v128.load(block, 96);
  const x7 = v128.load(block, 112);
  const a0 = low(x0, x4); // 00 40 01 41 02 42 03 43
  const a1 = high(x0, x4);
  const a2 = low(x2, x6);
  const a3 = high(x2, x6);
  const a4 = low(x1, x5);
  const a5 = high(x1, x5);
  const a6 = low(x3, x7);
  const a7 = high(x3, x7);
  const b0 = low(a0, a2); // 00 20 40 60 01 21 41 61
  const b1 = high(a0, a2);
  const b2 = low(a1, a3);
  const b3 = high(a1, a3);
  const b4 = low(a4, a6); // 10 30 50 70 11 31 51 71
  const b5 = high(a4, a6);
  const b6 = low(a5, a7);
  const b7 = high(a5, a7);
  v128.store(block, low(b0, b4));
  v128.store(block, high(b0, b4), 16);
  v128.store(block, low(b1, b5), 32);
  v128.store(block, high(b1, b5), 48);
  v128.store(block, low(b2, b6), 64);
  v128.store(block, high(b2, b6), 80);
  v128.store(block, low(b3, b7), 96);
  v128.store(block, high(b3, b7), 112);
}

/** The one value of a block that has only a DC. */
// @ts-ignore: decorator
@inline
export function inverseSimpleDc(dc: i32): i32 {
  return (W4 * ((dc << 3) + (1 << (COL_SHIFT - 1)) / W4)) >> COL_SHIFT;
}
