/**
 * residual_block_cabac(), 7.3.5.3.3 and 9.3.3.1.3: significance map, then levels from the highest position down. The
 * engine is kept in locals here, since nearly all bins of a stream are decoded in this file.
 */
import { bitEnd } from '../bits';
import { next32, position, range, setEngine, spare, value } from './cabac';
import { CONTEXTS, ENGINE, LEVELS } from './memory';
import { ERROR_COEFF, ERROR_OVERRUN, fail } from './state';

/** Highest scan position that holds a coefficient in the block read last. */
export let lastPosition: i32 = 0;

/** Table 9-43, frame macroblocks: ctxIdxInc of significant_coeff_flag and last_significant_coeff_flag by position, ctxBlockCat 5. */
const SIGNIFICANT_8x8 = memory.data<u8>([
  0, 1, 2, 3, 4, 5, 5, 4, 4, 3, 3, 4, 4, 4, 5, 5, 4, 4, 4, 4, 3, 3, 6, 7, 7, 7, 8, 9, 10, 9, 8, 7,
  7, 6, 11, 12, 13, 11, 6, 7, 8, 9, 14, 10, 9, 8, 6, 11, 12, 13, 11, 6, 9, 14, 10, 9, 11, 12, 13, 11, 14, 10, 12, 0,
]);
const LAST_8x8 = memory.data<u8>([
  0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
  3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8, 8, 0,
]);
/** ctxIdxInc is the position itself in the other categories; of at most 2 in chroma DC, whose blocks have 4. */
const IDENTITY = memory.data<u8>([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
/** ctxIdxOffset + ctxBlockCatOffset of the three elements by ctxBlockCat (Tables 9-34 and 9-40). */
const SIGNIFICANT = memory.data<u16>([105, 120, 134, 149, 152, 402]);
const LAST = memory.data<u16>([166, 181, 195, 210, 213, 417]);
const ABS = memory.data<u16>([227, 237, 247, 257, 266, 426]);

/**
 * Reads one block whose coded_block_flag is 1 and gives its number of coefficients.
 * Each lands at target[scan[k]] as (level * scales[k] + half) >> shift; `start` and `count` as in residual_block_cavlc.
 */
export function residual_block_cabac(
  cat: i32, start: i32, count: i32, target: usize, scan: usize, scales: usize, shift: i32, keep: bool,
): i32 {
  let r = range;
  let v = value;
  let s = spare;
  let p = position;
  const significantContexts = CONTEXTS + <usize>load<u16>(SIGNIFICANT + (<usize>cat << 1));
  const lastContexts = CONTEXTS + <usize>load<u16>(LAST + (<usize>cat << 1));
  const significantInc = cat == 5 ? SIGNIFICANT_8x8 : IDENTITY;
  const lastInc = cat == 5 ? LAST_8x8 : IDENTITY;

  // Positions of the coefficients, in rising order.
  let coefficients: usize = 0;
  const end = count - 1;
  let k = 0;
  for (; k < end; k++) {
    if (s < 16) {
      v = (v << 32) | next32(p);
      s += 32;
      p += 32;
    }
    let context = significantContexts + <usize>load<u8>(significantInc + <usize>k);
    let state = <u32>load<u8>(context);
    let row = ENGINE + (<usize>state << 3);
    let lps = <u32>load<u8>(row + ((r >>> 6) & 3));
    r -= lps;
    let scaled = <u64>r << s;
    if (v < scaled) {
      // Most probable symbol: at most one bit to renormalise.
      const one = (r >>> 8) ^ 1;
      r <<= one;
      s -= <i32>one;
      store<u8>(context, load<u8>(row, 4));
    } else {
      v -= scaled;
      const renorm = clz(lps) - 23;
      r = lps << renorm;
      s -= <i32>renorm;
      store<u8>(context, load<u8>(row, 5));
      state ^= 1;
    }
    if ((state & 1) == 0) continue;
    store<u8>(LEVELS + coefficients, <u8>k);
    coefficients++;

    // last_significant_coeff_flag. A decision takes at most 7 bits, so the 16 from above serve both.
    context = lastContexts + <usize>load<u8>(lastInc + <usize>k);
    state = <u32>load<u8>(context);
    row = ENGINE + (<usize>state << 3);
    lps = <u32>load<u8>(row + ((r >>> 6) & 3));
    r -= lps;
    scaled = <u64>r << s;
    if (v < scaled) {
      // Most probable symbol: at most one bit to renormalise.
      const one = (r >>> 8) ^ 1;
      r <<= one;
      s -= <i32>one;
      store<u8>(context, load<u8>(row, 4));
    } else {
      v -= scaled;
      const renorm = clz(lps) - 23;
      r = lps << renorm;
      s -= <i32>renorm;
      store<u8>(context, load<u8>(row, 5));
      state ^= 1;
    }
    if (state & 1) break;
  }
  // The last position is significant without being told so when no flag said "last".
  if (k == end) {
    store<u8>(LEVELS + coefficients, <u8>end);
    coefficients++;
  }
  lastPosition = start + <i32>load<u8>(LEVELS + coefficients - 1);

  const absContexts = CONTEXTS + <usize>load<u16>(ABS + (<usize>cat << 1));
  const half = (1 << shift) >> 1;
  let equal1 = 1;
  let greater1 = 0;
  const maxGreater = cat == 3 ? 3 : 4;
  for (let i = coefficients; i > 0; ) {
    i--;
    if (s < 16) {
      v = (v << 32) | next32(p);
      s += 32;
      p += 32;
    }
    // coeff_abs_level_minus1, prefix bin 0.
    let context = absContexts + <usize>(greater1 != 0 ? 0 : min(4, equal1));
    let state = <u32>load<u8>(context);
    let row = ENGINE + (<usize>state << 3);
    let lps = <u32>load<u8>(row + ((r >>> 6) & 3));
    r -= lps;
    let scaled = <u64>r << s;
    if (v < scaled) {
      // Most probable symbol: at most one bit to renormalise.
      const one = (r >>> 8) ^ 1;
      r <<= one;
      s -= <i32>one;
      store<u8>(context, load<u8>(row, 4));
    } else {
      v -= scaled;
      const renorm = clz(lps) - 23;
      r = lps << renorm;
      s -= <i32>renorm;
      store<u8>(context, load<u8>(row, 5));
      state ^= 1;
    }
    let level = 1;
    if ((state & 1) == 0) {
      equal1++;
    } else {
      context = absContexts + 5 + <usize>min(maxGreater, greater1);
      greater1++;
      level = 2;
      // Prefix: unary up to 14, all remaining bins with one context.
      for (;;) {
        if (s < 16) {
          v = (v << 32) | next32(p);
          s += 32;
          p += 32;
        }
        state = <u32>load<u8>(context);
        row = ENGINE + (<usize>state << 3);
        lps = <u32>load<u8>(row + ((r >>> 6) & 3));
        r -= lps;
        scaled = <u64>r << s;
        if (v < scaled) {
          // Most probable symbol: at most one bit to renormalise.
          const one = (r >>> 8) ^ 1;
          r <<= one;
          s -= <i32>one;
          store<u8>(context, load<u8>(row, 4));
        } else {
          v -= scaled;
          const renorm = clz(lps) - 23;
          r = lps << renorm;
          s -= <i32>renorm;
          store<u8>(context, load<u8>(row, 5));
          state ^= 1;
        }
        if ((state & 1) == 0) break;
        level++;
        if (level == 15) break;
      }
      if (level == 15) {
        // Suffix: Exp-Golomb of order 0, in bypass mode.
        let order = 0;
        for (;;) {
          if (s < 16) {
            v = (v << 32) | next32(p);
            s += 32;
            p += 32;
          }
          s--;
          scaled = <u64>r << s;
          if (v < scaled) break;
          v -= scaled;
          level += 1 << order;
          order++;
          if (order > 20) {
            fail(ERROR_COEFF);
            setEngine(r, v, s, p);
            return 0;
          }
        }
        while (order > 0) {
          order--;
          if (s < 16) {
            v = (v << 32) | next32(p);
            s += 32;
            p += 32;
          }
          s--;
          scaled = <u64>r << s;
          if (v >= scaled) {
            v -= scaled;
            level += 1 << order;
          }
        }
      }
    }
    // coeff_sign_flag, bypass.
    if (s < 8) {
      v = (v << 32) | next32(p);
      s += 32;
      p += 32;
    }
    s--;
    scaled = <u64>r << s;
    const mask = <i64>(scaled - v - 1) >> 63;
    v -= scaled & mask;
    level = (level ^ <i32>mask) - <i32>mask;
    if (keep) {
      const at = <usize>(start + <i32>load<u8>(LEVELS + i));
      store<i16>(
        target + (<usize>load<u8>(scan + at) << 1),
        <i16>((level * load<i32>(scales + (at << 2)) + half) >> shift),
      );
    }
  }
  if (s < 16) {
    v = (v << 32) | next32(p);
    s += 32;
    p += 32;
  }
  setEngine(r, v, s, p);
  if (p - <u32>s > bitEnd) fail(ERROR_OVERRUN);
  return <i32>coefficients;
}
