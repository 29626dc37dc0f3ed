/** The output planes: where blocks go, which blocks are wanted, and the inverse transform on the way out. */
import { inverse1, inverse2, inverse4 } from '../transform/scaled';
import { inverseSimple, inverseSimpleDc } from '../transform/simple';
import { inverseXvid, inverseXvidDc } from '../transform/xvid';
import { COEF } from './memory';
import { arraysEnd, mbCols, mbCount, mbIndex, mbRows, mbX, mbY, reserve } from './state';

/** log2 of the scale: 0..3; -1: no planes at all. */
export let scaleLog2: i32 = -1;
let xvid: bool = false;

/** Planes of 16-bit samples in whole macroblocks; strides in bytes. */
let lumaAt: usize = 0;
let cbAt: usize = 0;
let crAt: usize = 0;
export let lumaStride: usize = 0;
export let chromaStride: usize = 0;
/** Macroblocks covered by the planes, and 8x8 luma blocks that meet the region. */
let firstCol: i32 = 0;
let firstRow: i32 = 0;
let endCol: i32 = 0;
let endRow: i32 = 0;
let firstBlockCol: i32 = 0;
let firstBlockRow: i32 = 0;
let endBlockCol: i32 = 0;
let endBlockRow: i32 = 0;
let chroma: bool = false;
/** u8[mbCount]: blocks that the last picture left non-zero in the planes, to be cleared before they are reused. */
let dirtyAt: usize = 0;
/** First byte behind the planes: the packet goes here. */
export let planesEnd: usize = 0;

/** The layer's size changed: no plane is where it was. */
export function forgetPlanes(): void {
  key0 = 0;
}

let key0: u64 = 0;
let key1: u64 = 0;
let keyEnd: usize = 0;

export function lumaPlane(): usize {
  return lumaAt;
}
export function cbPlane(): usize {
  return cbAt;
}
export function crPlane(): usize {
  return crAt;
}

/**
 * Lays the planes out for a region given in 8x8 luma blocks (ends exclusive). What the picture before left in them is
 * cleared while the next one is read, macroblock by macroblock: little where little is coded.
 * `scale` is log2 of the scale, or -1 for none. False: no memory.
 */
export function setPlanes(scale: i32, col0: i32, row0: i32, col1: i32, row1: i32, withChroma: i32, idct: i32): bool {
  xvid = idct == 1;
  if (scale < 0) {
    scaleLog2 = -1;
    planesEnd = arraysEnd;
    key0 = 0;
    return reserve(planesEnd);
  }
  const k0 = (<u64>col0 << 32) | (<u64>row0 << 8) | <u64>(scale << 4) | <u64>(withChroma << 1) | 1;
  const k1 = (<u64>col1 << 32) | <u64>row1;
  if (k0 == key0 && k1 == key1 && keyEnd == arraysEnd) {
    scaleLog2 = scale;
    return true;
  }
  key0 = 0;
  firstBlockCol = col0;
  firstBlockRow = row0;
  endBlockCol = col1;
  endBlockRow = row1;
  firstCol = col0 >> 1;
  firstRow = row0 >> 1;
  endCol = (col1 + 1) >> 1;
  endRow = (row1 + 1) >> 1;
  chroma = withChroma != 0;
  const cols = <usize>(endCol - firstCol);
  const rows = <usize>(endRow - firstRow);
  const width = (cols << 4) >> scale;
  const height = (rows << 4) >> scale;
  lumaStride = width << 1;
  chromaStride = width;
  dirtyAt = arraysEnd;
  lumaAt = (dirtyAt + <usize>mbCount + 15) & ~15;
  cbAt = (lumaAt + lumaStride * height + 15) & ~15;
  crAt = (cbAt + (chroma ? chromaStride * (height >> 1) : 0) + 15) & ~15;
  const end = (crAt + (chroma ? chromaStride * (height >> 1) : 0) + 31) & ~15;
  if (!reserve(end)) return false;
  planesEnd = end;
  scaleLog2 = scale;
  memory.fill(dirtyAt, 0, end - dirtyAt);
  key0 = k0;
  key1 = k1;
  keyEnd = arraysEnd;
  return true;
}

/** Blocks of the current macroblock to be transformed: bit 5 is block 0, as in coded block patterns. */
// @ts-ignore: decorator
@inline
export function wantedBlocks(): i32 {
  if (scaleLog2 < 0 || mbX < firstCol || mbX >= endCol || mbY < firstRow || mbY >= endRow) return 0;
  let mask = chroma ? 0b111111 : 0b111100;
  if ((mbX << 1) < firstBlockCol) mask &= ~0b101000;
  if ((mbX << 1) + 1 >= endBlockCol) mask &= ~0b010100;
  if ((mbY << 1) < firstBlockRow) mask &= ~0b110000;
  if ((mbY << 1) + 1 >= endBlockRow) mask &= ~0b001100;
  return mask;
}

let stride: usize = 0;

/** Address of block n's first sample; sets `stride`. `field`: dct_type 1, luma blocks 0, 1 are the top field's lines. */
// @ts-ignore: decorator
@inline
function place(n: i32, field: bool): usize {
  const x = <usize>(mbX - firstCol);
  const y = <usize>(mbY - firstRow);
  const size = <usize>(8 >> scaleLog2);
  if (n < 4) {
    const row = (y << 1) * size + (field ? <usize>(n >> 1) : <usize>(n >> 1) * size);
    stride = field ? lumaStride << 1 : lumaStride;
    return lumaAt + row * lumaStride + (((x << 1) + <usize>(n & 1)) * size << 1);
  }
  stride = chromaStride;
  return (n == 4 ? cbAt : crAt) + y * size * chromaStride + ((x * size) << 1);
}

/** Blocks of the current macroblock written so far; FIELD_LAYOUT if its luma blocks hold the lines of fields. */
let written: u32 = 0;
const LUMA: u32 = 0b111100;
const FIELD_LAYOUT: u32 = 0b1000000;

/**
 * Transforms the coefficients at COEF into block n of the current macroblock and zeroes them. `extent`: the positions
 * of all non-zero coefficients or-ed together. Values are clamped to low..high.
 */
export function putBlock(n: i32, extent: u32, field: bool, low: i32, high: i32): void {
  if (field && n < 4) {
    if (!(written & LUMA)) leaveLayout(FIELD_LAYOUT);
    written |= FIELD_LAYOUT;
  } else if (n < 4 && !(written & LUMA)) leaveLayout(0);
  written |= <u32>32 >> <u32>n;
  const to = place(n, field);
  switch (scaleLog2) {
    case 0:
      putFull(to, extent, low, high);
      break;
    case 1:
      put4(to, extent, low, high);
      break;
    case 2:
      put2(to, low, high);
      break;
    default: {
      const value = inverse1(<i32>load<i16>(COEF));
      store<i16>(to, <i16>min<i32>(max<i32>(value, low), high));
      if (extent) clearCoefficients();
      else store<i16>(COEF, 0);
    }
  }
}

// @ts-ignore: decorator
@inline
export function clearCoefficients(): void {
  const zero = i32x4.splat(0);
  for (let at = COEF; at < COEF + 128; at += 16) v128.store(at, zero);
}

// @ts-ignore: decorator
@inline
function putFull(to: usize, extent: u32, low: i32, high: i32): void {
  const l = i16x8.splat(<i16>low);
  const h = i16x8.splat(<i16>high);
  if (extent == 0) {
    const dc = <i32>load<i16>(COEF);
    store<i16>(COEF, 0);
    const most = xvid ? inverseXvidDc(dc, false) : inverseSimpleDc(dc);
    const middle = xvid ? inverseXvidDc(dc, true) : most;
    const a = i16x8.splat(<i16>min<i32>(max<i32>(most, low), high));
    const b = i16x8.splat(<i16>min<i32>(max<i32>(middle, low), high));
    const step = stride;
    v128.store(to, a);
    v128.store(to + step, a);
    to += step << 1;
    v128.store(to, a);
    v128.store(to + step, b);
    to += step << 1;
    v128.store(to, b);
    v128.store(to + step, a);
    to += step << 1;
    v128.store(to, a);
    v128.store(to + step, a);
    return;
  }
  if (!xvid) {
    inverseSimple(COEF, (extent & 0b100100) == 0, to, stride, l, h);
    return;
  }
  inverseXvid(COEF);
  const zero = i32x4.splat(0);
  for (let at = COEF; at < COEF + 128; at += 16) {
    v128.store(to, i16x8.min_s(i16x8.max_s(v128.load(at), l), h));
    v128.store(at, zero);
    to += stride;
  }
}

/** i32[4][4] between transform and plane. */
const OUT: usize = memory.data(64, 16);

// @ts-ignore: decorator
@inline
function put4(to: usize, extent: u32, low: i32, high: i32): void {
  if (extent == 0) {
    const value = min<i32>(max<i32>(inverse1(<i32>load<i16>(COEF)), low), high);
    store<i16>(COEF, 0);
    const splat = i16x8.splat(<i16>value);
    for (let i = 0; i < 4; i++) {
      v128.store64_lane(to, splat, 0);
      to += stride;
    }
    return;
  }
  inverse4(COEF, OUT);
  clearCoefficients();
  const l = i16x8.splat(<i16>low);
  const h = i16x8.splat(<i16>high);
  for (let at = OUT; at < OUT + 64; at += 16) {
    const row = v128.load(at);
    v128.store64_lane(to, i16x8.min_s(i16x8.max_s(i16x8.narrow_i32x4_s(row, row), l), h), 0);
    to += stride;
  }
}

// @ts-ignore: decorator
@inline
function put2(to: usize, low: i32, high: i32): void {
  const block = inverse2(COEF);
  clearCoefficients();
  const packed = i16x8.min_s(
    i16x8.max_s(i16x8.narrow_i32x4_s(block, block), i16x8.splat(<i16>low)),
    i16x8.splat(<i16>high),
  );
  store<u32>(to, <u32>i32x4.extract_lane(packed, 0));
  store<u32>(to + stride, <u32>i32x4.extract_lane(packed, 1));
}

/** `bytes` of a row are 16, 8, 4 or 2. */
// @ts-ignore: decorator
@inline
function zeroRows(to: usize, rows: i32, bytes: usize, step: usize): void {
  const zero = i32x4.splat(0);
  for (let i = 0; i < rows; i++) {
    if (bytes == 16) v128.store(to, zero);
    else if (bytes == 8) store<u64>(to, 0);
    else if (bytes == 4) store<u32>(to, 0);
    else store<u16>(to, 0);
    to += step;
  }
}

/** Zeroes blocks of the current macroblock. */
function clearBlocks(blocks: u32, field: bool): void {
  const size = 8 >> scaleLog2;
  for (let n = 0; n < 6; n++) {
    if (!(blocks & (<u32>32 >> <u32>n))) continue;
    const at = place(n, field);
    zeroRows(at, size, <usize>size << 1, stride);
  }
}

/** Before the first luma block of a macroblock: what an earlier picture left there in the other layout goes. */
// @ts-ignore: decorator
@inline
function leaveLayout(layout: u32): void {
  const at = dirtyAt + <usize>mbIndex;
  const old = <u32>load<u8>(at);
  if (old & LUMA && (old & FIELD_LAYOUT) != layout) {
    clearBlocks(old & LUMA, layout == 0);
    store<u8>(at, <u8>(old & 0b11));
  }
}

/** The current macroblock is read: blocks that an earlier picture left and this one did not write become zero. */
// @ts-ignore: decorator
@inline
export function settleMacroblock(): void {
  if (scaleLog2 < 0) return;
  const old = <u32>load<u8>(dirtyAt + <usize>mbIndex);
  if (old != written) settle(old);
  written = 0;
}

function settle(old: u32): void {
  const stale = old & ~written & 0b111111;
  if (stale) clearBlocks(stale, (old & FIELD_LAYOUT) != 0);
  store<u8>(dirtyAt + <usize>mbIndex, <u8>written);
}

/** The current macroblock is lost or will be read anew: all its blocks become zero. */
export function clearMacroblock(): void {
  if (scaleLog2 < 0) return;
  const at = dirtyAt + <usize>mbIndex;
  const old = <u32>load<u8>(at);
  // Where layouts differ, the old one was left when the first block was written.
  const all = old | written;
  if (all) clearBlocks(all & 0b111111, ((written & LUMA ? written : old) & FIELD_LAYOUT) != 0);
  store<u8>(at, 0);
  written = 0;
}
