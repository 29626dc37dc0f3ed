/** residual(), 7.3.5.3: the blocks of one macroblock, parsed, scaled (8.5.6 to 8.5.12) and put on the planes. */
import { byteAt } from '../bits';
import { decision } from './cabac';
import {
  CHROMA_QP, COEF, DC, NNZ, SCALE_4x4, SCALE_8x8, SCALE_8x8_CAVLC, SCAN_4x4, SCAN_8x8, SCAN_8x8_CAVLC, SUMS, UNIT_SCALE,
  UNIT_SCAN, cbPlane, chromaStride, crPlane, dcFlags, dirty, lumaPlane, lumaStride, mbCols, planeX0, planeX1, planeY0,
  planeY1, scale, splat16, totalCoeff, withChroma,
} from './memory';
import { lastPosition as lastCabac, residual_block_cabac } from './residual-cabac';
import { lastPosition as lastCavlc, residual_block_cavlc } from './residual-cavlc';
import { availA, availB, cabac, error, mb, mbX, mbY, monochrome, qp } from './state';
import {
  clear4x4, clear8x8, half4x4, half8x8, inverse4x4, inverse4x4DC, inverse8x8, inverse8x8DC, quarter8x8,
} from './transform';

/** The macroblock lies on the planes. */
let visible: bool = false;
let side: usize = 0;
let lumaAt: usize = 0;
let cbAt: usize = 0;
let crAt: usize = 0;
/** Value of coded_block_flag of blocks that are not available: 1 in intra macroblocks. */
let absentFlag: i32 = 0;

// @ts-ignore: decorator
@inline
function locate(): void {
  visible = scale != 0 && mbX >= planeX0 && mbX < planeX1 && mbY >= planeY0 && mbY < planeY1;
  if (!visible) return;
  side = <usize>(16 / scale);
  const x = <usize>(mbX - planeX0);
  const y = <usize>(mbY - planeY0);
  lumaAt = lumaPlane + y * side * lumaStride + x * side * 2;
  const chroma = y * (side >>> 1) * chromaStride + x * side;
  cbAt = cbPlane + chroma;
  crAt = crPlane + chroma;
}

function clearSquare(at: usize, stride: usize, length: usize): void {
  if (length == 16) {
    const zero = i64x2.splat(0);
    for (let y = 0; y < 16; y++) {
      v128.store(at, zero);
      v128.store(at, zero, 16);
      at += stride;
    }
  } else if (length == 8) {
    const zero = i64x2.splat(0);
    for (let y = 0; y < 8; y++) {
      v128.store(at, zero);
      at += stride;
    }
  } else {
    for (let y: usize = 0; y < length; y++) {
      for (let x: usize = 0; x < length; x++) store<i16>(at + (x << 1), 0);
      at += stride;
    }
  }
}

/** Makes the macroblock's part of the planes zero, where it is not. */
export function clearPlanes(): void {
  locate();
  if (visible) clearVisible();
}

// @ts-ignore: decorator
@inline
function clearVisible(): void {
  const was = load<u8>(dirty + <usize>mb);
  if (was == 0) return;
  if (was & 1) clearSquare(lumaAt, lumaStride, side);
  if (was & 2) {
    clearSquare(cbAt, chromaStride, side >>> 1);
    clearSquare(crAt, chromaStride, side >>> 1);
  }
  store<u8>(dirty + <usize>mb, 0);
}

/** Counts of the neighbours' blocks into the cache; those of the macroblock itself 0. */
function fillCounts(absent: u32): void {
  const none = absent * 0x01010101;
  const above = totalCoeff + <usize>(mb - mbCols) * 24;
  const left = totalCoeff + <usize>(mb - 1) * 24;
  const zero = i64x2.splat(0);
  v128.store(NNZ, zero, 0);
  v128.store(NNZ, zero, 16);
  v128.store(NNZ, zero, 32);
  v128.store(NNZ, zero, 48);
  v128.store(NNZ, zero, 64);
  v128.store(NNZ, zero, 80);
  if (availB) {
    store<u32>(NNZ, load<u32>(above, 12), 1);
    store<u16>(NNZ, load<u16>(above, 18), 41);
    store<u16>(NNZ, load<u16>(above, 22), 65);
  } else {
    store<u32>(NNZ, none, 1);
    store<u16>(NNZ, <u16>none, 41);
    store<u16>(NNZ, <u16>none, 65);
  }
  if (availA) {
    store<u8>(NNZ, load<u8>(left, 3), 8);
    store<u8>(NNZ, load<u8>(left, 7), 16);
    store<u8>(NNZ, load<u8>(left, 11), 24);
    store<u8>(NNZ, load<u8>(left, 15), 32);
    store<u8>(NNZ, load<u8>(left, 17), 48);
    store<u8>(NNZ, load<u8>(left, 19), 56);
    store<u8>(NNZ, load<u8>(left, 21), 72);
    store<u8>(NNZ, load<u8>(left, 23), 80);
  } else {
    const one = <u8>absent;
    store<u8>(NNZ, one, 8);
    store<u8>(NNZ, one, 16);
    store<u8>(NNZ, one, 24);
    store<u8>(NNZ, one, 32);
    store<u8>(NNZ, one, 48);
    store<u8>(NNZ, one, 56);
    store<u8>(NNZ, one, 72);
    store<u8>(NNZ, one, 80);
  }
}

function keepCounts(): void {
  const at = totalCoeff + <usize>mb * 24;
  store<u32>(at, load<u32>(NNZ, 9));
  store<u32>(at, load<u32>(NNZ, 17), 4);
  store<u32>(at, load<u32>(NNZ, 25), 8);
  store<u32>(at, load<u32>(NNZ, 33), 12);
  store<u16>(at, load<u16>(NNZ, 49), 16);
  store<u16>(at, load<u16>(NNZ, 57), 18);
  store<u16>(at, load<u16>(NNZ, 73), 20);
  store<u16>(at, load<u16>(NNZ, 81), 22);
}

/** Counts that are not available are 64 in CAVLC: the sum tells how many of the two there are (9.2.1). */
const ABSENT: u32 = 64;

let last: i32 = 0;

/** One block of up to 16 coefficients at `at` in the count cache. */
// @ts-ignore: decorator
@inline
function block(cat: i32, at: usize, start: i32, count: i32, scan: usize, scales: usize, shift: i32, keep: bool): i32 {
  const nA = <i32>load<u8>(NNZ + at - 1);
  const nB = <i32>load<u8>(NNZ + at - 8);
  let total = 0;
  if (cabac) {
    if (decision(<usize>(85 + 4 * cat) + <usize>(nA != 0) + (<usize>(nB != 0) << 1))) {
      total = residual_block_cabac(cat, start, count, COEF, scan, scales, shift, keep);
      last = lastCabac;
    }
  } else {
    const sum = nA + nB;
    total = residual_block_cavlc(sum < 64 ? (sum + 1) >> 1 : sum & 63, start, count, COEF, scan, scales, shift, keep);
    last = lastCavlc;
  }
  store<u8>(NNZ + at, <u8>total);
  return total;
}

/** A DC block: index 0 luma, 1 Cb, 2 Cr. */
function dcBlock(index: i32, count: i32, target: usize, scan: usize, keep: bool): i32 {
  if (!cabac) {
    if (index > 0) return residual_block_cavlc(-1, 0, count, target, scan, UNIT_SCALE, 4, keep);
    const nA = <i32>load<u8>(NNZ + 8);
    const nB = <i32>load<u8>(NNZ + 1);
    const sum = nA + nB;
    return residual_block_cavlc(sum < 64 ? (sum + 1) >> 1 : sum & 63, 0, count, target, scan, UNIT_SCALE, 4, keep);
  }
  const a = availA ? (<i32>load<u8>(dcFlags + <usize>mb - 1) >> index) & 1 : absentFlag;
  const b = availB ? (<i32>load<u8>(dcFlags + <usize>(mb - mbCols)) >> index) & 1 : absentFlag;
  const cat = index == 0 ? 0 : 3;
  if (!decision(<usize>(85 + 4 * cat + a + 2 * b))) return 0;
  store<u8>(dcFlags + <usize>mb, <u8>(<i32>load<u8>(dcFlags + <usize>mb) | (1 << index)));
  return residual_block_cabac(cat, 0, count, target, scan, UNIT_SCALE, 4, keep);
}

/** Puts the 4x4 block in COEF on a plane at block position (x, y). `sum`: its entry in SUMS. */
// @ts-ignore: decorator
@inline
function emit4x4(plane: usize, stride: usize, x: usize, y: usize, dcOnly: bool, sum: usize): void {
  if (scale == 1) {
    const at = plane + 4 * y * stride + (x << 3);
    if (dcOnly) inverse4x4DC(at, stride);
    else inverse4x4(at, stride);
  } else {
    emit4x4Scaled(plane, stride, x, y, sum);
  }
}

function emit4x4Scaled(plane: usize, stride: usize, x: usize, y: usize, sum: usize): void {
  if (scale == 2) {
    half4x4(plane + 2 * y * stride + (x << 2), stride);
    return;
  }
  const dc = <i32>load<i16>(COEF);
  if (scale == 4) store<i16>(plane + y * stride + (x << 1), <i16>((dc + 32) >> 6));
  else store<i32>(SUMS + (sum << 2), load<i32>(SUMS + (sum << 2)) + dc);
  clear4x4();
}

/** Puts the 8x8 block in COEF on the luma plane at 8x8 position (x, y). */
function emit8x8(x: usize, y: usize, dcOnly: bool): void {
  if (scale == 1) {
    const at = lumaAt + 8 * y * lumaStride + (x << 4);
    if (dcOnly) inverse8x8DC(at, lumaStride);
    else inverse8x8(at, lumaStride);
  } else if (scale == 2) {
    half8x8(lumaAt + 4 * y * lumaStride + (x << 3), lumaStride);
  } else if (scale == 4) {
    quarter8x8(lumaAt + 2 * y * lumaStride + (x << 2), lumaStride);
  } else {
    store<i32>(SUMS + ((2 * y + x) << 2), <i32>load<i16>(COEF) << 2);
    clear8x8();
  }
}

/** Inverse transform and scaling of Intra16x16 DC, 8.5.10: DC[4 y + x] becomes the DC coefficient of block (x, y). */
function transformLumaDC(scale0: i32): void {
  for (let i: usize = 0; i < 4; i++) hadamard(DC + (i << 1), 8);
  for (let i: usize = 0; i < 4; i++) hadamard(DC + (i << 3), 2);
  for (let i: usize = 0; i < 16; i++) {
    store<i16>(DC + (i << 1), <i16>((<i32>load<i16>(DC + (i << 1)) * scale0 + 32) >> 6));
  }
}

// @ts-ignore: decorator
@inline
function hadamard(at: usize, step: usize): void {
  const c0 = <i32>load<i16>(at);
  const c1 = <i32>load<i16>(at + step);
  const c2 = <i32>load<i16>(at + 2 * step);
  const c3 = <i32>load<i16>(at + 3 * step);
  store<i16>(at, <i16>(c0 + c1 + c2 + c3));
  store<i16>(at + step, <i16>(c0 + c1 - c2 - c3));
  store<i16>(at + 2 * step, <i16>(c0 - c1 - c2 + c3));
  store<i16>(at + 3 * step, <i16>(c0 - c1 + c2 - c3));
}

/** All blocks of the macroblock, which has a coded_block_pattern other than 0 or is Intra_16x16. */
export function residual(cbp: i32, intra: bool, intra16x16: bool, transform8: bool): void {
  locate();
  if (visible) {
    clearVisible();
    store<u8>(dirty + <usize>mb, withChroma && cbp > 15 ? 3 : 1);
    if (scale == 8) splat16(SUMS, 0, 2);
  }
  absentFlag = i32(intra);
  fillCounts(cabac ? <u32>intra : ABSENT);
  const list: usize = intra ? 0 : 3;
  if (intra16x16) luma16x16(cbp & 15);
  else if (transform8) luma8x8(cbp, intra ? 0 : 1);
  else luma4x4(cbp, SCALE_4x4 + (list * 52 + <usize>qp) * 64);
  if (cbp > 15 && !monochrome && error == 0) chroma(cbp, list);
  keepCounts();
  if (visible && scale == 8) keepSums();
}

function luma4x4(cbp: i32, scales: usize): void {
  for (let b8: usize = 0; b8 < 4; b8++) {
    if (((cbp >> <i32>b8) & 1) == 0) continue;
    for (let b4: usize = 0; b4 < 4; b4++) {
      const x = ((b8 & 1) << 1) + (b4 & 1);
      const y = (b8 & 2) + (b4 >> 1);
      const total = block(2, 8 * y + x + 9, 0, 16, SCAN_4x4, scales, 4, visible);
      if (error) {
        clear4x4();
        return;
      }
      if (total && visible) emit4x4(lumaAt, lumaStride, x, y, last == 0, b8);
    }
  }
}

function luma16x16(cbp: i32): void {
  const scales = SCALE_4x4 + <usize>qp * 64;
  const dcs = dcBlock(0, 16, DC, SCAN_4x4, visible);
  // The scan is column-major; the transform is symmetric, so only the reading below has to know.
  if (dcs && visible) transformLumaDC(load<i32>(scales));
  for (let b8: usize = 0; b8 < 4; b8++) {
    for (let b4: usize = 0; b4 < 4; b4++) {
      const x = ((b8 & 1) << 1) + (b4 & 1);
      const y = (b8 & 2) + (b4 >> 1);
      let total = 0;
      if (cbp) total = block(1, 8 * y + x + 9, 1, 15, SCAN_4x4, scales, 4, visible);
      if (error) {
        clear4x4();
        splat16(DC, 0, 2);
        return;
      }
      if (!visible) continue;
      const dc = load<i16>(DC + ((4 * x + y) << 1));
      if (total == 0 && dc == 0) continue;
      store<i16>(COEF, dc);
      emit4x4(lumaAt, lumaStride, x, y, total == 0, b8);
    }
  }
  splat16(DC, 0, 2);
}

function luma8x8(cbp: i32, list: usize): void {
  const at = (list * 52 + <usize>qp) * 256;
  for (let b8: usize = 0; b8 < 4; b8++) {
    if (((cbp >> <i32>b8) & 1) == 0) continue;
    const x = b8 & 1;
    const y = b8 >> 1;
    const at8: usize = 16 * y + 2 * x + 9;
    let any = 0;
    let dcOnly = true;
    if (cabac) {
      any = residual_block_cabac(5, 0, 64, COEF, SCAN_8x8, SCALE_8x8 + at, 6, visible);
      dcOnly = lastCabac == 0;
      const counts = <u16>min(any, 16) * 0x0101;
      store<u16>(NNZ + at8, counts);
      store<u16>(NNZ + at8 + 8, counts);
    } else {
      for (let i: usize = 0; i < 4; i++) {
        const total = block(
          2, at8 + (i & 1) + ((i & 2) << 2), 0, 16, SCAN_8x8_CAVLC + (i << 4), SCALE_8x8_CAVLC + at + (i << 6), 6, visible,
        );
        if (error) break;
        any += total;
        if (total && (i > 0 || last > 0)) dcOnly = false;
      }
    }
    if (error) {
      clear8x8();
      return;
    }
    if (any && visible) emit8x8(x, y, dcOnly);
  }
}

function chroma(cbp: i32, list: usize): void {
  const keep = visible && withChroma;
  const dcs = DC + 32;
  for (let plane = 0; plane < 2; plane++) dcBlock(1 + plane, 4, dcs + (<usize>plane << 4), UNIT_SCAN, keep);
  for (let plane = 0; plane < 2; plane++) {
    const at = dcs + (<usize>plane << 4);
    const q = <usize>load<u8>(CHROMA_QP + <usize>(plane * 52 + qp));
    const scales = SCALE_4x4 + ((list + 1 + <usize>plane) * 52 + q) * 64;
    if (keep) {
      // 8.5.11: 2x2 transform, then scaling.
      const a = <i32>load<i16>(at, 0);
      const b = <i32>load<i16>(at, 2);
      const c = <i32>load<i16>(at, 4);
      const d = <i32>load<i16>(at, 6);
      const scale0 = load<i32>(scales);
      store<i16>(at, <i16>(((a + b + c + d) * scale0) >> 5), 0);
      store<i16>(at, <i16>(((a - b + c - d) * scale0) >> 5), 2);
      store<i16>(at, <i16>(((a + b - c - d) * scale0) >> 5), 4);
      store<i16>(at, <i16>(((a - b - c + d) * scale0) >> 5), 6);
    }
    for (let i: usize = 0; i < 4 && error == 0; i++) {
      let total = 0;
      if (cbp & 32) {
        total = block(4, 49 + 24 * plane + (i & 1) + ((i & 2) << 2), 1, 15, SCAN_4x4, scales, 4, keep);
        if (error) {
          clear4x4();
          break;
        }
      }
      if (!keep) continue;
      const dc = load<i16>(at + (i << 1));
      if (total == 0 && dc == 0) continue;
      store<i16>(COEF, dc);
      emit4x4(plane == 0 ? cbAt : crAt, chromaStride, i & 1, i >> 1, total == 0, 4 + plane);
    }
    store<u64>(at, 0);
  }
}

/** Scale 8: sums of four DC parts become means. */
function keepSums(): void {
  for (let i: usize = 0; i < 4; i++) {
    store<i16>(lumaAt + (i >> 1) * lumaStride + ((i & 1) << 1), <i16>((load<i32>(SUMS + (i << 2)) + 128) >> 8));
  }
  if (!withChroma) return;
  store<i16>(cbAt, <i16>((load<i32>(SUMS, 16) + 128) >> 8));
  store<i16>(crAt, <i16>((load<i32>(SUMS, 20) + 128) >> 8));
}

/** I_PCM: samples in place of a residual, at scale s their means. `first`: their first byte in the RBSP. */
export function putSamples(first: u32): void {
  locate();
  if (!visible) return;
  clearVisible();
  store<u8>(dirty + <usize>mb, withChroma ? 3 : 1);
  samples(first, 16, lumaAt, lumaStride);
  if (!withChroma || monochrome) return;
  samples(first + 256, 8, cbAt, chromaStride);
  samples(first + 320, 8, crAt, chromaStride);
}

function samples(from: u32, length: i32, to: usize, stride: usize): void {
  const n = length / scale;
  const shift = scale == 1 ? 0 : scale == 2 ? 2 : scale == 4 ? 4 : 6;
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x++) {
      let sum = (1 << shift) >> 1;
      for (let dy = 0; dy < scale; dy++) {
        for (let dx = 0; dx < scale; dx++) sum += <i32>byteAt(from + <u32>((y * scale + dy) * length + x * scale + dx));
      }
      store<i16>(to + <usize>y * stride + (<usize>x << 1), <i16>(sum >> shift));
    }
  }
}
