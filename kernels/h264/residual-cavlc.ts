/** residual_block_cavlc(), 7.3.5.3.2 and 9.2: levels and runs of one block, scaled as they are placed. */
import { bitEnd, bitPos, bitsAt, seek } from '../bits';
import { COEFF_TOKEN, LEVELS, RUN_BEFORE, TOTAL_ZEROS, TOTAL_ZEROS_DC } from './memory';
import { ERROR_COEFF, ERROR_OVERRUN, fail } from './state';

/** Highest scan position that holds a coefficient in the block read last. */
export let lastPosition: i32 = 0;

/**
 * Reads one block and gives its TotalCoeff.
 * @param nC context; -1: chroma DC of 4:2:0
 * @param start first scan position (1 for AC blocks), within tables of scan and scales
 * @param count maxNumCoeff
 * @param keep false: coefficients are not placed (the block is not transformed)
 * Each coefficient lands at target[scan[k]] as (level * scales[k] + half) >> shift.
 */
export function residual_block_cavlc(
  nC: i32, start: i32, count: i32, target: usize, scan: usize, scales: usize, shift: i32, keep: bool,
): i32 {
  let pos = bitPos;
  let bits = bitsAt(pos);
  let totalCoeff: i32;
  let trailingOnes: i32;
  if (nC < 8) {
    // A code is its leading zeros, a 1 and at most three more bits.
    const zeros = min<u64>(clz(bits), 15);
    const table = nC < 0 ? 3 : (nC >= 2 ? 1 : 0) + (nC >= 4 ? 1 : 0);
    const entry = <i32>load<u16>(COEFF_TOKEN + (table << 8) + ((<usize>zeros << 4) | ((<usize>((bits << zeros) >>> 60) & 7) << 1)));
    const length = entry & 255;
    if (length == 0) {
      fail(ERROR_COEFF);
      return 0;
    }
    totalCoeff = entry >> 10;
    trailingOnes = (entry >> 8) & 3;
    pos += length;
    bits <<= length;
  } else {
    const code = <i32>(bits >>> 58);
    pos += 6;
    bits <<= 6;
    if (code == 3) {
      totalCoeff = 0;
      trailingOnes = 0;
    } else {
      totalCoeff = (code >> 2) + 1;
      trailingOnes = code & 3;
    }
  }
  if (totalCoeff == 0) {
    seek(pos);
    return 0;
  }
  if (totalCoeff > count || trailingOnes > totalCoeff) {
    fail(ERROR_COEFF);
    return 0;
  }

  // Levels, highest scan position first (9.2.2).
  for (let i = 0; i < trailingOnes; i++) {
    store<i32>(LEVELS + (<usize>i << 2), 1 - <i32>((bits >>> 63) << 1));
    bits <<= 1;
  }
  pos += trailingOnes;
  let suffixLength = totalCoeff > 10 && trailingOnes < 3 ? 1 : 0;
  for (let i = trailingOnes; i < totalCoeff; i++) {
    bits = bitsAt(pos);
    const level_prefix = <i32>clz(bits);
    if (level_prefix > 25) {
      fail(ERROR_COEFF);
      return 0;
    }
    bits <<= level_prefix + 1;
    pos += level_prefix + 1;
    let levelCode = min(15, level_prefix) << suffixLength;
    let levelSuffixSize = suffixLength;
    if (level_prefix >= 14) {
      if (level_prefix == 14) {
        if (suffixLength == 0) levelSuffixSize = 4;
      } else {
        levelSuffixSize = level_prefix - 3;
        if (suffixLength == 0) levelCode += 15;
        if (level_prefix >= 16) levelCode += (1 << (level_prefix - 3)) - 4096;
      }
    }
    if (levelSuffixSize > 0) {
      levelCode += <i32>(bits >>> (64 - levelSuffixSize));
      pos += levelSuffixSize;
    }
    if (i == trailingOnes && trailingOnes < 3) levelCode += 2;
    const magnitude = (levelCode + 2) >> 1;
    store<i32>(LEVELS + (<usize>i << 2), levelCode & 1 ? -((levelCode + 1) >> 1) : magnitude);
    if (suffixLength == 0) suffixLength = 1;
    if ((levelCode & 1 ? (levelCode + 1) >> 1 : magnitude) > 3 << (suffixLength - 1) && suffixLength < 6) suffixLength++;
  }

  // Zeros before the last coefficient, then runs between them (9.2.3).
  bits = bitsAt(pos);
  let zerosLeft = 0;
  if (totalCoeff < count) {
    const entry =
      nC < 0
        ? <i32>load<u8>(TOTAL_ZEROS_DC + (<usize>(totalCoeff - 1) << 3) + <usize>(bits >>> 61))
        : <i32>load<u8>(TOTAL_ZEROS + (<usize>(totalCoeff - 1) << 9) + <usize>(bits >>> 55));
    const length = entry & 15;
    if (length == 0) {
      fail(ERROR_COEFF);
      return 0;
    }
    zerosLeft = entry >> 4;
    pos += length;
    bits <<= length;
  }
  let k = totalCoeff + zerosLeft - 1;
  if (k >= count) {
    fail(ERROR_COEFF);
    return 0;
  }
  k += start;
  lastPosition = k;
  const half = (1 << shift) >> 1;
  // At most 9 bits gone; 14 runs of at most 11 bits follow, and only one of them can be long.
  for (let i = 0; ; ) {
    if (keep) {
      const level = load<i32>(LEVELS + (<usize>i << 2));
      store<i16>(
        target + (<usize>load<u8>(scan + <usize>k) << 1),
        <i16>((level * load<i32>(scales + (<usize>k << 2)) + half) >> shift),
      );
    }
    i++;
    if (i == totalCoeff) break;
    k--;
    if (zerosLeft > 0) {
      let run: i32;
      let length: i32;
      if (zerosLeft <= 6) {
        const entry = <i32>load<u8>(RUN_BEFORE + (<usize>(zerosLeft - 1) << 3) + <usize>(bits >>> 61));
        run = entry >> 4;
        length = entry & 15;
      } else {
        const three = <i32>(bits >>> 61);
        if (three != 0) {
          run = 7 - three;
          length = 3;
        } else {
          const zeros = <i32>clz(bits);
          run = zeros + 4;
          length = zeros + 1;
        }
        if (run > zerosLeft) {
          fail(ERROR_COEFF);
          return 0;
        }
      }
      k -= run;
      zerosLeft -= run;
      pos += length;
      bits <<= length;
    }
  }
  seek(pos);
  if (pos > bitEnd) fail(ERROR_OVERRUN);
  return totalCoeff;
}
