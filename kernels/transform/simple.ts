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

/** One pass down the eight vectors at `block`, in place. `rows`: the row pass, in which a row of only a DC is its DC * 8. */
// @ts-ignore: decorator
@inline
function pass(block: usize, rows: bool): void {
  const shift = rows ? ROW_SHIFT : COL_SHIFT;
  const round = i32x4.splat(rows ? 1 << (ROW_SHIFT - 1) : W4 * ((1 << (COL_SHIFT - 1)) / W4));
  const x0 = v128.load(block);
  const x1 = v128.load(block, 16);
  const x2 = v128.load(block, 32);
  const x3 = v128.load(block, 48);
  const x4 = v128.load(block, 64);
  const x5 = v128.load(block, 80);
  const x6 = v128.load(block, 96);
  const x7 = v128.load(block, 112);

  const p04l = low(x0, x4);
  const p04h = high(x0, x4);
  let sl = i32x4.add(dot(p04l, W4, W4), round);
  let sh = i32x4.add(dot(p04h, W4, W4), round);
  let dl = i32x4.add(dot(p04l, W4, -W4), round);
  let dh = i32x4.add(dot(p04h, W4, -W4), round);
  if (rows) {
    // DC * 8 differs from (W4 * DC + 1024) >> 11 only beyond +-1024; adding DC once more makes the factor 2^14.
    if (v128.any_true(i16x8.gt_s(i16x8.abs(x0), i16x8.splat(1023)))) {
      const ac = v128.or(v128.or(v128.or(x1, x2), v128.or(x3, x4)), v128.or(v128.or(x5, x6), x7));
      const dc = v128.and(x0, i16x8.eq(ac, i16x8.splat(0)));
      const dcl = i32x4.extend_low_i16x8_s(dc);
      const dch = i32x4.extend_high_i16x8_s(dc);
      sl = i32x4.add(sl, dcl);
      sh = i32x4.add(sh, dch);
      dl = i32x4.add(dl, dcl);
      dh = i32x4.add(dh, dch);
    }
  }
  const p26l = low(x2, x6);
  const p26h = high(x2, x6);
  const ul = dot(p26l, W2, W6);
  const uh = dot(p26h, W2, W6);
  const tl = dot(p26l, W6, -W2);
  const th = dot(p26h, W6, -W2);
  const a0l = i32x4.add(sl, ul);
  const a0h = i32x4.add(sh, uh);
  const a3l = i32x4.sub(sl, ul);
  const a3h = i32x4.sub(sh, uh);
  const a1l = i32x4.add(dl, tl);
  const a1h = i32x4.add(dh, th);
  const a2l = i32x4.sub(dl, tl);
  const a2h = i32x4.sub(dh, th);

  const p13l = low(x1, x3);
  const p13h = high(x1, x3);
  const p57l = low(x5, x7);
  const p57h = high(x5, x7);
  const b0l = i32x4.add(dot(p13l, W1, W3), dot(p57l, W5, W7));
  const b0h = i32x4.add(dot(p13h, W1, W3), dot(p57h, W5, W7));
  v128.store(block, sums(a0l, b0l, a0h, b0h, shift));
  v128.store(block, differences(a0l, b0l, a0h, b0h, shift), 112);
  const b1l = i32x4.add(dot(p13l, W3, -W7), dot(p57l, -W1, -W5));
  const b1h = i32x4.add(dot(p13h, W3, -W7), dot(p57h, -W1, -W5));
  v128.store(block, sums(a1l, b1l, a1h, b1h, shift), 16);
  v128.store(block, differences(a1l, b1l, a1h, b1h, shift), 96);
  const b2l = i32x4.add(dot(p13l, W5, -W1), dot(p57l, W7, W3));
  const b2h = i32x4.add(dot(p13h, W5, -W1), dot(p57h, W7, W3));
  v128.store(block, sums(a2l, b2l, a2h, b2h, shift), 32);
  v128.store(block, differences(a2l, b2l, a2h, b2h, shift), 80);
  const b3l = i32x4.add(dot(p13l, W7, -W5), dot(p57l, W3, -W1));
  const b3h = i32x4.add(dot(p13h, W7, -W5), dot(p57h, W3, -W1));
  v128.store(block, sums(a3l, b3l, a3h, b3h, shift), 48);
  v128.store(block, differences(a3l, b3l, a3h, b3h, shift), 64);
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

/** Transforms the transposed coefficients at `block` in place; on return the block lies in raster order. */
export function inverseSimple(block: usize): void {
  pass(block, true);
  transpose(block);
  pass(block, false);
}

/** The one value of a block that has only a DC. */
// @ts-ignore: decorator
@inline
export function inverseSimpleDc(dc: i32): i32 {
  return (W4 * ((dc << 3) + (1 << (COL_SHIFT - 1)) / W4)) >> COL_SHIFT;
}
