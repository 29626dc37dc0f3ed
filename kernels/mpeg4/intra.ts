/** Intra blocks: DC and AC prediction from the neighbours (7.4.3), inverse quantisation (7.4.4). */
import { bitPos, bitsAt, seek } from '../bits';
import { dcLevel, extent, readCoefficients, skipCoefficients } from './coefficients';
import {
  COEF,
  DCT_DC_SIZE_CHROMA,
  DCT_DC_SIZE_LUMA,
  MATRIX_INTRA,
  NO_NEIGHBOUR,
  SCAN_HORIZONTAL,
  SCAN_VERTICAL,
  SCAN_ZIGZAG,
} from './memory';
import { clearCoefficients, putBlock, scaleLog2, wantedBlocks } from './planes';
import {
  acAt,
  BAD_DC_SIZE,
  dcUnclipped,
  intraStampAt,
  mbCols,
  mbIndex,
  OK,
  packetId,
  quantAt,
  quantiser,
  quantType,
  stampIndex,
  verticalScan,
} from './state';

const DC_NONE: i32 = 0x7fffffff;

let leftAt: usize = 0;
let aboveAt: usize = 0;
let aboveLeftAt: usize = 0;
let dcScaleLuma: i32 = 8;
let dcScaleChroma: i32 = 8;
/** 2^21 / scaler, rounded up: exact for every quotient that can occur. */
let reciprocalLuma: u64 = 0;
let reciprocalChroma: u64 = 0;
let wanted: i32 = 0;

/** dc_scaler of a luminance block (table 7-1). */
// @ts-ignore: decorator
@inline
function lumaScaler(q: i32): i32 {
  return q < 5 ? 8 : q < 9 ? q << 1 : q < 25 ? q + 8 : (q << 1) - 16;
}

// @ts-ignore: decorator
@inline
function chromaScaler(q: i32): i32 {
  return q < 5 ? 8 : q < 25 ? (q + 13) >> 1 : q - 6;
}

/** Finds the intra neighbours of the current macroblock in its packet and marks it as intra itself. */
export function beginIntra(): void {
  const at = intraStampAt + (<usize>stampIndex << 2);
  const row = <usize>(mbCols + 2) << 2;
  const here = acAt + <usize>mbIndex * 192;
  const line = <usize>mbCols * 192;
  store<u32>(at, packetId);
  leftAt = load<u32>(at - 4) == packetId ? here - 192 : 0;
  aboveAt = load<u32>(at - row) == packetId ? here - line : 0;
  aboveLeftAt = load<u32>(at - row - 4) == packetId ? here - line - 192 : 0;
  dcScaleLuma = lumaScaler(quantiser);
  dcScaleChroma = chromaScaler(quantiser);
  reciprocalLuma = <u64>((0x1fffff + dcScaleLuma) / dcScaleLuma);
  reciprocalChroma = <u64>((0x1fffff + dcScaleChroma) / dcScaleChroma);
  wanted = wantedBlocks();
}

// @ts-ignore: decorator
@inline
function neighbour(macroblock: usize, n: usize): usize {
  return macroblock ? macroblock + (n << 5) : NO_NEIGHBOUR;
}

/** dct_dc_size and dct_dc_differential (6.3.8) of block n. DC_NONE: no such code. */
export function readDcDifferential(n: i32): i32 {
  const bits = bitsAt(bitPos);
  const e = n < 4 ? <u32>load<u8>(DCT_DC_SIZE_LUMA + <usize>(bits >>> 53)) : <u32>load<u8>(DCT_DC_SIZE_CHROMA + <usize>(bits >>> 52));
  const length = e & 15;
  const size = e >>> 4;
  if (length == 0 || size > 9) return DC_NONE;
  if (size == 0) {
    seek(bitPos + length);
    return 0;
  }
  const code = <i32>((bits << length) >>> (64 - size));
  seek(bitPos + length + size + (size > 8 ? 1 : 0));
  return code >> (size - 1) ? code : code - (1 << size) + 1;
}

// @ts-ignore: decorator
@inline
function roundedDivision(a: i32, b: i32): i32 {
  return (a >= 0 ? a + (b >> 1) : a - (b >> 1)) / b;
}

/**
 * Reads, predicts and puts out the current macroblock's block n. `separateDc`: intra DC has its own VLC;
 * `differential`: its value if it was read before (data partitioning), else DC_NONE.
 */
export function intraBlock(n: i32, coded: bool, acPrediction: bool, separateDc: bool, differential: i32, field: bool): i32 {
  const here = acAt + <usize>mbIndex * 192;
  // Neighbours A (left), B (above left), C (above): figure 7-5.
  let a: usize;
  let b: usize;
  let c: usize;
  switch (n) {
    case 0:
      a = neighbour(leftAt, 1);
      b = neighbour(aboveLeftAt, 3);
      c = neighbour(aboveAt, 2);
      break;
    case 1:
      a = here;
      b = neighbour(aboveAt, 2);
      c = neighbour(aboveAt, 3);
      break;
    case 2:
      a = neighbour(leftAt, 3);
      b = neighbour(leftAt, 1);
      c = here;
      break;
    case 3:
      a = here + 64;
      b = here;
      c = here + 32;
      break;
    default:
      a = neighbour(leftAt, n);
      b = neighbour(aboveLeftAt, n);
      c = neighbour(aboveAt, n);
  }
  const cell = here + (<usize>n << 5);
  const dcB = <i32>load<i16>(b);
  const fromAbove = abs(<i32>load<i16>(a) - dcB) < abs(dcB - <i32>load<i16>(c));
  const source = fromAbove ? c : a;
  const scaler = n < 4 ? dcScaleLuma : dcScaleChroma;
  const reciprocal = n < 4 ? reciprocalLuma : reciprocalChroma;
  const prediction = <i32>((<u64>(<i32>load<i16>(source) + (scaler >> 1)) * reciprocal) >>> 21);

  let level = 0;
  let first = 0;
  if (separateDc) {
    level = differential == DC_NONE ? readDcDifferential(n) : differential;
    if (level == DC_NONE) return BAD_DC_SIZE;
    first = 1;
  }
  const acNeeded = scaleLog2 >= 0 && scaleLog2 < 3;
  let reach: u32 = 0;
  if (coded) {
    let error: i32;
    if (acNeeded) {
      const scan = verticalScan
        ? SCAN_VERTICAL
        : acPrediction
          ? fromAbove
            ? SCAN_HORIZONTAL
            : SCAN_VERTICAL
          : SCAN_ZIGZAG;
      error = readCoefficients(true, first, scan, 1, 0);
      reach = extent;
      if (!error && !separateDc) level = <i32>load<i16>(COEF);
    } else {
      error = skipCoefficients(true, first);
      if (!separateDc) level = dcLevel;
    }
    if (error) return error;
  }
  if (scaleLog2 < 0) return OK;
  const dc = (prediction + level) * scaler;
  if (acNeeded) {
    if (acPrediction && source != NO_NEIGHBOUR) reach |= predictAc(n, source, fromAbove);
    // What later blocks predict from.
    v128.store(cell, v128.load(COEF));
    for (let i: usize = 1; i < 8; i++) store<i16>(cell + 16 + (i << 1), load<i16>(COEF + (i << 4)));
  }
  store<i16>(cell, <i16>min<i32>(max<i32>(dc, 0), dcUnclipped ? 0x7fff : 2047));
  if (wanted & (32 >> n)) {
    if (reach) reach = quantType ? dequantiseIntraWithMatrix(dc, reach) : dequantiseIntra(reach);
    else if (quantType && acNeeded && !(dc & 1)) {
      store<i16>(COEF, 1, 126);
      reach = 63;
    }
    store<i16>(COEF, <i16>dc);
    putBlock(n, reach, field, 0, 255);
  } else if (acNeeded) {
    clearCoefficients();
  }
  return OK;
}

/** Adds the neighbour's first column or row (7.4.3.3), rescaled if it was quantised otherwise. Gives the positions touched. */
function predictAc(n: i32, source: usize, fromAbove: bool): u32 {
  const other = fromAbove
    ? n == 2 || n == 3
      ? quantiser
      : <i32>load<u8>(quantAt + <usize>(mbIndex - mbCols))
    : n == 1 || n == 3
      ? quantiser
      : <i32>load<u8>(quantAt + <usize>(mbIndex - 1));
  // The first column of the picture's block is contiguous here, its first row lies 16 bytes apart.
  const step: usize = fromAbove ? 16 : 2;
  const from = fromAbove ? source + 16 : source;
  let any: i32 = 0;
  for (let i: usize = 1; i < 8; i++) {
    let value = <i32>load<i16>(from + (i << 1));
    if (value) {
      any = 1;
      if (other != quantiser) value = roundedDivision(value * other, quantiser);
      const at = COEF + i * step;
      store<i16>(at, <i16>(<i32>load<i16>(at) + value));
    }
  }
  return any ? (fromAbove ? 0b111000 : 0b111) : 0;
}

/** Second inverse quantisation method over all levels at COEF (its DC is set afterwards). */
function dequantiseIntra(reach: u32): u32 {
  const scale = quantiser << 1;
  const limit = 2048 / scale + 1;
  const low = i16x8.splat(<i16>-limit);
  const high = i16x8.splat(<i16>limit);
  const multiplier = i16x8.splat(<i16>scale);
  const addend = i16x8.splat(<i16>((quantiser - 1) | 1));
  const zero = i16x8.splat(0);
  const least = i16x8.splat(-2048);
  const most = i16x8.splat(2047);
  const end = COEF + (reach & 0b100000 ? 128 : 64);
  for (let at = COEF; at < end; at += 16) {
    let v = v128.load(at);
    v = i16x8.min_s(i16x8.max_s(v, low), high);
    const sign = i16x8.shr_s(v, 15);
    const add = v128.andnot(i16x8.sub(v128.xor(addend, sign), sign), i16x8.eq(v, zero));
    v = i16x8.add(i16x8.mul(v, multiplier), add);
    v128.store(at, i16x8.min_s(i16x8.max_s(v, least), most));
  }
  return reach;
}

/** First inverse quantisation method: level * matrix * quantiser_scale / 8, towards zero; then mismatch control (7.4.4.5). */
function dequantiseIntraWithMatrix(dc: i32, reach: u32): u32 {
  let sum = dc;
  for (let at: usize = 2; at < 128; at += 2) {
    const level = <i32>load<i16>(COEF + at);
    if (level == 0) continue;
    const magnitude = (abs(level) * <i32>load<i16>(MATRIX_INTRA + at) * quantiser) >> 3;
    const value = min<i32>(max<i32>(level < 0 ? -magnitude : magnitude, -2048), 2047);
    sum ^= value;
    store<i16>(COEF + at, <i16>value);
  }
  if (!(sum & 1)) {
    store<i16>(COEF, load<i16>(COEF, 126) ^ 1, 126);
    return 63;
  }
  return reach;
}
