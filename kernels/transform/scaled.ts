/**
 * Inverse transforms at reduced size. The block at scale s is the n-point (n = 8 / s) orthonormal inverse DCT of the
 * n x n lowest coefficients, divided by s, rounded to nearest with ties upwards. It is computed in double precision; a
 * value within 2^-24 below a tie counts as the tie, so that the irrational factors' rounding never decides one.
 * Blocks lie transposed: horizontal frequency * 8 + vertical frequency, 16 bits each.
 */

const C1: f64 = 0.65328148243818826393; // cos(1 pi / 8) / sqrt(2)
const C3: f64 = 0.27059805007309849220; // cos(3 pi / 8) / sqrt(2)
const HALF: f64 = 0.5 + 1.0 / 16777216.0;

/** Scale 8: the mean of the block. */
// @ts-ignore: decorator
@inline
export function inverse1(dc: i32): i32 {
  return (dc + 4) >> 3;
}

/** Scale 4: the 2x2 block in raster order as four 32-bit lanes. */
// @ts-ignore: decorator
@inline
export function inverse2(block: usize): v128 {
  const f00: i32 = load<i16>(block);
  const f01: i32 = load<i16>(block, 2); // vertical frequency 1
  const f10: i32 = load<i16>(block, 16); // horizontal frequency 1
  const f11: i32 = load<i16>(block, 18);
  const a = f00 + f10 + 4;
  const b = f00 - f10 + 4;
  const c = f01 + f11;
  const d = f01 - f11;
  return i32x4.shr_s(
    i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(a + c), 1, b + d), 2, a - c), 3, b - d),
    3,
  );
}

/** Two of the four coefficients of horizontal frequency k, from vertical frequency `v`, as doubles. */
// @ts-ignore: decorator
@inline
function pair(block: usize, v: usize): v128 {
  return f64x2.convert_low_i32x4_s(i32x4.extend_low_i16x8_s(v128.load32_zero(block + (v << 1))));
}

// @ts-ignore: decorator
@inline
function floor4(a: v128, b: v128): v128 {
  const h = f64x2.splat(HALF);
  const x = i32x4.trunc_sat_f64x2_s_zero(f64x2.floor(f64x2.add(a, h)));
  const y = i32x4.trunc_sat_f64x2_s_zero(f64x2.floor(f64x2.add(b, h)));
  return i64x2.shuffle(x, y, 0, 2);
}

/** Scale 2: the 4x4 block in raster order, 32 bits each, to `out` (64 bytes). */
export function inverse4(block: usize, out: usize): void {
  const c1 = f64x2.splat(C1);
  const c3 = f64x2.splat(C3);
  const c0 = f64x2.splat(0.5);
  // Horizontal: e_x and o_x hold vertical frequencies (v, v + 1); results t[x], x = 0..3, for v = 0 and v = 2.
  for (let v: usize = 0; v < 4; v += 2) {
    const f0 = f64x2.mul(pair(block, v), c0);
    const f1 = pair(block + 16, v);
    const f2 = f64x2.mul(pair(block + 32, v), c0);
    const f3 = pair(block + 48, v);
    const e0 = f64x2.add(f0, f2);
    const e1 = f64x2.sub(f0, f2);
    const o0 = f64x2.add(f64x2.mul(f1, c1), f64x2.mul(f3, c3));
    const o1 = f64x2.sub(f64x2.mul(f1, c3), f64x2.mul(f3, c1));
    const t0 = f64x2.add(e0, o0);
    const t1 = f64x2.add(e1, o1);
    const t2 = f64x2.sub(e1, o1);
    const t3 = f64x2.sub(e0, o0);
    // To rows of x: [v][x].
    const row = ROWS + v * 32;
    v128.store(row, i64x2.shuffle(t0, t1, 0, 2));
    v128.store(row, i64x2.shuffle(t2, t3, 0, 2), 16);
    v128.store(row, i64x2.shuffle(t0, t1, 1, 3), 32);
    v128.store(row, i64x2.shuffle(t2, t3, 1, 3), 48);
  }
  // Vertical, two columns at a time, and the division by the scale.
  const s1 = f64x2.splat(C1 * 0.5);
  const s3 = f64x2.splat(C3 * 0.5);
  const s0 = f64x2.splat(0.25);
  let l0 = v128.load(ROWS);
  let l1 = v128.load(ROWS, 32);
  let l2 = v128.load(ROWS, 64);
  let l3 = v128.load(ROWS, 96);
  let e0 = f64x2.mul(f64x2.add(l0, l2), s0);
  let e1 = f64x2.mul(f64x2.sub(l0, l2), s0);
  let o0 = f64x2.add(f64x2.mul(l1, s1), f64x2.mul(l3, s3));
  let o1 = f64x2.sub(f64x2.mul(l1, s3), f64x2.mul(l3, s1));
  const a0 = f64x2.add(e0, o0);
  const a1 = f64x2.add(e1, o1);
  const a2 = f64x2.sub(e1, o1);
  const a3 = f64x2.sub(e0, o0);
  l0 = v128.load(ROWS, 16);
  l1 = v128.load(ROWS, 48);
  l2 = v128.load(ROWS, 80);
  l3 = v128.load(ROWS, 112);
  e0 = f64x2.mul(f64x2.add(l0, l2), s0);
  e1 = f64x2.mul(f64x2.sub(l0, l2), s0);
  o0 = f64x2.add(f64x2.mul(l1, s1), f64x2.mul(l3, s3));
  o1 = f64x2.sub(f64x2.mul(l1, s3), f64x2.mul(l3, s1));
  v128.store(out, floor4(a0, f64x2.add(e0, o0)));
  v128.store(out, floor4(a1, f64x2.add(e1, o1)), 16);
  v128.store(out, floor4(a2, f64x2.sub(e1, o1)), 32);
  v128.store(out, floor4(a3, f64x2.sub(e0, o0)), 48);
}

/** f64[4][4]: between the two passes. */
const ROWS: usize = memory.data(128, 16);
