/** The coefficients of a block: variable-length codes with their escapes (14496-2, 6.3.8, 7.4.1.3; tables B-16 to B-23). */
import { bitPos, bitsAt, seek } from '../bits';
import {
  COEF,
  LMAX_INTER,
  LMAX_INTRA,
  MATRIX_INTER,
  RMAX_INTER,
  RMAX_INTRA,
  RVLC_INTER,
  RVLC_INTRA,
  SKIP_INTER,
  SKIP_INTRA,
  TCOEF_INTER,
  TCOEF_INTRA,
} from './memory';
import { BAD_MARKER, BAD_RUN, BAD_TCOEF, OK, quantiser, MPEG4, reversibleVlc, SORENSON, syntax } from './state';

/** Positions of the coefficients read, or-ed together: 0 when there is at most a DC. */
export let extent: u32 = 0;

// An escaped coefficient: run + 1, signed level, last; its bits were consumed.
let escapedRun: i32 = 0;
let escapedLevel: i32 = 0;
let escapedLast: bool = false;

/** Reads what follows at `pos`, where the escape code stands. */
function readEscape(pos: u32, intra: bool): i32 {
  if (syntax != MPEG4) return readEscapeShort(pos);
  pos += 7;
  const bits = bitsAt(pos);
  if (<i64>bits < 0) {
    if (bits & 0x4000000000000000) return readEscapeFixed(pos + 2);
    // Type 2: the run is the code's plus RMAX + 1.
    const e = load<u32>((intra ? TCOEF_INTRA : TCOEF_INTER) + (<usize>((bits << 2) >>> 52) << 2));
    const level = <i32>(e >>> 16);
    if (level == 0) return BAD_TCOEF;
    const length = e & 31;
    const last = (e >>> 15) & 1;
    const rmax = <i32>load<u8>((intra ? RMAX_INTRA : RMAX_INTER) + <usize>(last << 6) + <usize>level);
    escapedRun = <i32>((e >>> 8) & 0x7f) + rmax + 1;
    escapedLevel = (bits << (1 + length)) >>> 63 ? -level : level;
    escapedLast = last != 0;
    seek(pos + 2 + length);
    return OK;
  }
  // Type 1: the level is the code's plus LMAX.
  const e = load<u32>((intra ? TCOEF_INTRA : TCOEF_INTER) + (<usize>((bits << 1) >>> 52) << 2));
  let level = <i32>(e >>> 16);
  if (level == 0) return BAD_TCOEF;
  const length = e & 31;
  const last = (e >>> 15) & 1;
  const run1 = (e >>> 8) & 0x7f;
  level += <i32>load<u8>((intra ? LMAX_INTRA : LMAX_INTER) + <usize>(last << 6) + <usize>(run1 - 1));
  escapedRun = <i32>run1;
  escapedLevel = (bits << length) >>> 63 ? -level : level;
  escapedLast = last != 0;
  seek(pos + 1 + length);
  return OK;
}

/** Type 3: last, run (6), marker, level (12), marker. */
function readEscapeFixed(pos: u32): i32 {
  const bits = bitsAt(pos);
  if (!((bits >>> 56) & 1) || !((bits >>> 43) & 1)) return BAD_MARKER;
  escapedLast = <i64>bits < 0;
  escapedRun = <i32>((bits >>> 57) & 63) + 1;
  escapedLevel = <i32>((<i64>(bits << 8)) >> 52);
  seek(pos + 21);
  return OK;
}

/** H.263, 5.4.2: last, run (6), level (8). Sorenson: a bit for the level's length, last, run (6), level (7 or 11). */
function readEscapeShort(pos: u32): i32 {
  let bits = bitsAt(pos + 7);
  if (syntax == SORENSON) {
    const long = <i64>bits < 0;
    bits <<= 1;
    escapedLast = <i64>bits < 0;
    escapedRun = <i32>((bits >>> 57) & 63) + 1;
    escapedLevel = <i32>(<i64>(bits << 7) >> (long ? 53 : 57));
    if (escapedLevel == 0) return BAD_TCOEF;
    seek(pos + 7 + (long ? 19 : 15));
    return OK;
  }
  escapedLast = <i64>bits < 0;
  escapedRun = <i32>((bits >>> 57) & 63) + 1;
  escapedLevel = <i32>((<i64>(bits << 7)) >> 56);
  if (escapedLevel == 0 || escapedLevel == -128) return BAD_TCOEF;
  seek(pos + 7 + 15);
  return OK;
}

/** Reversible VLC: 0000 1, last, run (6), marker, level (11), 0000 1, sign (the last bit of the closing code). */
function readEscapeReversible(pos: u32): i32 {
  const bits = bitsAt(pos);
  // 0000 1 l rrrrrr 1 vvvvvvvvvvv 10000 s
  if (!((bits >>> 59) & 1) || !((bits >>> 51) & 1) || ((bits >>> 35) & 31) != 0x10) return BAD_MARKER;
  escapedLast = ((bits >>> 58) & 1) != 0;
  escapedRun = <i32>((bits >>> 52) & 63) + 1;
  const level = <i32>((bits >>> 40) & 0x7ff);
  if (level == 0) return BAD_TCOEF;
  escapedLevel = (bits >>> 34) & 1 ? -level : level;
  seek(pos + 30);
  return OK;
}

// @ts-ignore: decorator
@inline
function saturate(value: i32): i32 {
  return min<i32>(max<i32>(value, -2048), 2047);
}

/**
 * Reads coefficients `first`..63 to COEF at the positions of `scan`. Inter blocks of the second inverse quantisation
 * method are dequantised on the way (`multiplier` 2 * quantiser_scale, `addend`); 1 and 0 leave levels as they are.
 */
export function readCoefficients(intra: bool, first: i32, scan: usize, multiplier: i32, addend: i32): i32 {
  if (reversibleVlc) return readReversible(intra, first, scan, multiplier, addend);
  const table = intra ? TCOEF_INTRA : TCOEF_INTER;
  let pos = bitPos;
  // The window is shifted along; it is loaded anew when too few of its 57 bits are left for a code and its sign.
  let bits = bitsAt(pos);
  let used: u64 = 0;
  let index = first - 1;
  let reach: u32 = 0;
  while (true) {
    const e = <u64>load<u32>(table + <usize>((bits >>> 50) & 0x3ffc));
    let level = <i32>(e >>> 16);
    let last: u32;
    if (level) {
      const length = e & 31;
      const sign = <i32>(<i64>(bits << (length - 1)) >> 63);
      bits <<= length;
      used += length;
      level = ((level * multiplier + addend) ^ sign) - sign;
      index += <i32>((e >>> 8) & 0x7f);
      last = <u32>e & 0x8000;
    } else {
      if (e == 0) return BAD_TCOEF;
      const error = readEscape(pos + <u32>used, intra);
      if (error) return error;
      pos = bitPos;
      bits = bitsAt(pos);
      used = 0;
      index += escapedRun;
      level = saturate(escapedLevel * multiplier + (escapedLevel < 0 ? -addend : escapedLevel > 0 ? addend : 0));
      last = <u32>escapedLast;
    }
    if (index > 63) return BAD_RUN;
    const at = <u32>load<u8>(scan + <usize>index);
    reach |= at;
    store<i16>(COEF + (<usize>at << 1), <i16>level);
    if (last) break;
    if (used > 44) {
      pos += <u32>used;
      bits = bitsAt(pos);
      used = 0;
    }
  }
  seek(pos + <u32>used);
  extent = reach;
  return OK;
}

/** As `readCoefficients`, with the reversible codes of data-partitioned streams. */
function readReversible(intra: bool, first: i32, scan: usize, multiplier: i32, addend: i32): i32 {
  const table = intra ? RVLC_INTRA : RVLC_INTER;
  let index = first - 1;
  let reach: u32 = 0;
  while (true) {
    const bits = bitsAt(bitPos);
    const e = load<u32>(table + (<usize>(bits >>> 49) << 2));
    let level = <i32>(e >>> 16);
    let last = (e & 0x8000) != 0;
    if (level) {
      const length = e & 31;
      index += <i32>((e >>> 8) & 0x7f);
      seek(bitPos + length);
      if ((bits << (length - 1)) >>> 63) level = -level;
    } else {
      if (e == 0) return BAD_TCOEF;
      const error = readEscapeReversible(bitPos);
      if (error) return error;
      index += escapedRun;
      level = escapedLevel;
      last = escapedLast;
    }
    if (index > 63) return BAD_RUN;
    const at = <u32>load<u8>(scan + <usize>index);
    reach |= at;
    store<i16>(COEF + (<usize>at << 1), <i16>saturate(level * multiplier + (level < 0 ? -addend : addend)));
    if (last) break;
  }
  extent = reach;
  return OK;
}

/** Level of coefficient 0 in the block stepped over last; 0 if it is not coded. */
export let dcLevel: i32 = 0;

/**
 * Steps over coefficients `first`..63, as many at a time as 13 bits hold. Where `first` is 0 it notes the level of
 * coefficient 0 in `dcLevel`: all that a picture at scale 8 needs.
 */
export function skipCoefficients(intra: bool, first: i32): i32 {
  if (reversibleVlc) return skipReversible(intra, first);
  const table = intra ? SKIP_INTRA : SKIP_INTER;
  let pos = bitPos;
  let bits = bitsAt(pos);
  let used: u64 = 0;
  let index = first - 1;
  dcLevel = 0;
  if (first == 0) {
    const e = <u64>load<u32>((intra ? TCOEF_INTRA : TCOEF_INTER) + <usize>((bits >>> 50) & 0x3ffc));
    if (((e >>> 8) & 0x7f) == 1) {
      const level = <i32>(e >>> 16);
      dcLevel = (bits << ((e & 31) - 1)) >>> 63 ? -level : level;
    }
  }
  while (true) {
    const e = <u64>load<u16>(table + <usize>((bits >>> 50) & 0x3ffe));
    if (e) {
      const length = e & 15;
      bits <<= length;
      used += length;
      index += <i32>((e >>> 4) & 0x7f);
      if (e & 0x800) break;
    } else {
      const at = pos + <u32>used;
      if (load<u32>((intra ? TCOEF_INTRA : TCOEF_INTER) + <usize>((bits >>> 50) & 0x3ffc)) == 0) return BAD_TCOEF;
      const error = readEscape(at, intra);
      if (error) return error;
      pos = bitPos;
      bits = bitsAt(pos);
      used = 0;
      index += escapedRun;
      if (index == 0) dcLevel = escapedLevel;
      if (escapedLast) break;
    }
    if (index > 63) return BAD_RUN;
    if (used > 44) {
      pos += <u32>used;
      bits = bitsAt(pos);
      used = 0;
    }
  }
  if (index > 63) return BAD_RUN;
  seek(pos + <u32>used);
  return OK;
}

function skipReversible(intra: bool, first: i32): i32 {
  const table = intra ? RVLC_INTRA : RVLC_INTER;
  let index = first - 1;
  dcLevel = 0;
  while (true) {
    const bits = bitsAt(bitPos);
    const e = load<u32>(table + (<usize>(bits >>> 49) << 2));
    let level = <i32>(e >>> 16);
    let last = (e & 0x8000) != 0;
    if (level) {
      const length = e & 31;
      index += <i32>((e >>> 8) & 0x7f);
      seek(bitPos + length);
      if ((bits << (length - 1)) >>> 63) level = -level;
    } else {
      if (e == 0) return BAD_TCOEF;
      const error = readEscapeReversible(bitPos);
      if (error) return error;
      index += escapedRun;
      level = escapedLevel;
      last = escapedLast;
    }
    if (index > 63) return BAD_RUN;
    if (index == 0) dcLevel = level;
    if (last) return OK;
  }
}

/** The second inverse quantisation method (7.4.4.2) for one level of an inter block. */
export function dequantise(level: i32): i32 {
  if (level == 0) return 0;
  const addend = (quantiser - 1) | 1;
  return saturate(level * (quantiser << 1) + (level < 0 ? -addend : addend));
}

/** The first method (7.4.4.1) for one level of an inter block; `at`: transposed position. */
// @ts-ignore: decorator
@inline
export function dequantiseWithMatrix(level: i32, at: usize): i32 {
  if (level == 0) return 0;
  const magnitude = (((abs(level) << 1) + 1) * <i32>load<i16>(MATRIX_INTER + (at << 1)) * quantiser) >> 4;
  return saturate(level < 0 ? -magnitude : magnitude);
}

/** Dequantises the levels at COEF by the first method, inter, with mismatch control (7.4.4.5). */
export function dequantiseInterWithMatrix(): void {
  let sum: i32 = 0;
  for (let at: usize = 0; at < 64; at++) {
    const level = <i32>load<i16>(COEF + (at << 1));
    if (level) {
      const value = dequantiseWithMatrix(level, at);
      sum ^= value;
      store<i16>(COEF + (at << 1), <i16>value);
    }
  }
  toggle(sum);
}

/** Mismatch control: an even sum of coefficients flips the lowest bit of the last. */
// @ts-ignore: decorator
@inline
export function toggle(sum: i32): void {
  if (sum & 1) return;
  store<i16>(COEF, load<i16>(COEF, 126) ^ 1, 126);
  extent |= 63;
}
