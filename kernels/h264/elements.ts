/** The syntax elements of macroblock_layer() in CABAC: binarisations of 9.3.2 and contexts of 9.3.3.1. */
import { bypass, decision, terminate } from './cabac';
import { MVD, REF_GT0, chromaModes, codedBlockPatterns, intraMask, mbCols, mbTypes, transform8x8 } from './memory';
import { cell } from './motion';
import { ERROR_QP_DELTA, ERROR_REF_IDX, ERROR_COEFF, availA, availB, fail, lastQpDelta, mb, sliceType } from './state';

/** Values of TapMbType (tap.ts). */
export const I_4x4: u8 = 0;
export const I_8x8: u8 = 1;
export const I_16x16: u8 = 2;
export const I_PCM: u8 = 3;
export const INTER: u8 = 4;
export const P_SKIP: u8 = 5;
export const B_SKIP: u8 = 6;
export const B_DIRECT: u8 = 7;

// @ts-ignore: decorator
@inline
function typeA(): u8 {
  return load<u8>(mbTypes + <usize>mb - 1);
}

// @ts-ignore: decorator
@inline
function typeB(): u8 {
  return load<u8>(mbTypes + <usize>(mb - mbCols));
}

export function mb_skip_flag(): i32 {
  let inc: usize = sliceType == 1 ? 24 : 11;
  if (availA && typeA() != P_SKIP && typeA() != B_SKIP) inc++;
  if (availB && typeB() != P_SKIP && typeB() != B_SKIP) inc++;
  return decision(inc);
}

/** mb_type of an I macroblock (Table 7-11): in I slices with ctxIdxOffset 3, as suffix in P (17) and B (32) slices. */
export function mb_type_I(offset: usize, inSliceI: bool): i32 {
  if (inSliceI) {
    let inc = offset;
    if (availA && typeA() > I_8x8) inc++;
    if (availB && typeB() > I_8x8) inc++;
    if (!decision(inc)) return 0;
    offset += 2;
  } else if (!decision(offset)) {
    return 0;
  }
  if (terminate()) return 25;
  let mb_type = 1 + 12 * decision(offset + 1);
  if (decision(offset + 2)) mb_type += 4 + 4 * decision(offset + 2 + <usize>inSliceI);
  mb_type += 2 * decision(offset + 3 + <usize>inSliceI);
  return mb_type + decision(offset + 3 + 2 * <usize>inSliceI);
}

/** mb_type in P slices (Table 7-13), 5 and more: intra. */
export function mb_type_P(): i32 {
  if (decision(14)) return 5 + mb_type_I(17, false);
  if (!decision(15)) return 3 * decision(16);
  return 2 - decision(17);
}

/** mb_type in B slices (Table 7-14), 23 and more: intra. */
export function mb_type_B(): i32 {
  let inc: usize = 27;
  if (availA && typeA() < B_SKIP) inc++;
  if (availB && typeB() < B_SKIP) inc++;
  if (!decision(inc)) return 0;
  if (!decision(30)) return 1 + decision(32);
  let bins = decision(31) << 3;
  bins |= decision(32) << 2;
  bins |= decision(32) << 1;
  bins |= decision(32);
  if (bins < 8) return bins + 3;
  if (bins == 13) return 23 + mb_type_I(32, false);
  if (bins == 14) return 11;
  if (bins == 15) return 22;
  return ((bins << 1) | decision(32)) - 4;
}

/** Table 7-17. */
export function sub_mb_type_P(): i32 {
  if (decision(21)) return 0;
  if (!decision(22)) return 1;
  return 3 - decision(23);
}

/** Table 7-18. */
export function sub_mb_type_B(): i32 {
  if (!decision(36)) return 0;
  if (!decision(37)) return 1 + decision(39);
  let type = 3;
  if (decision(38)) {
    if (decision(39)) return 11 + decision(39);
    type += 4;
  }
  type += 2 * decision(39);
  return type + decision(39);
}

export function transform_size_8x8_flag(): i32 {
  let inc: usize = 399;
  if (availA) inc += <usize>load<u8>(transform8x8 + <usize>mb - 1);
  if (availB) inc += <usize>load<u8>(transform8x8 + <usize>(mb - mbCols));
  return decision(inc);
}

/** rem_intra_pred_mode, or -1 for the predicted mode. */
export function intra_pred_mode(): i32 {
  if (decision(68)) return -1;
  let mode = decision(69);
  mode |= decision(69) << 1;
  return mode | (decision(69) << 2);
}

export function intra_chroma_pred_mode(): i32 {
  let inc: usize = 64;
  if (availA && load<u8>(intraMask + <usize>mb - 1) && typeA() != I_PCM && load<u8>(chromaModes + <usize>mb - 1)) inc++;
  const up = <usize>(mb - mbCols);
  if (availB && load<u8>(intraMask + up) && typeB() != I_PCM && load<u8>(chromaModes + up)) inc++;
  if (!decision(inc)) return 0;
  if (!decision(67)) return 1;
  return 2 + decision(67);
}

export function coded_block_pattern(monochrome: bool): i32 {
  // A block without coefficients counts 1; blocks that are not available count as coded.
  const a = availA ? <i32>load<u8>(codedBlockPatterns + <usize>mb - 1) : 0x0f;
  const b = availB ? <i32>load<u8>(codedBlockPatterns + <usize>(mb - mbCols)) : 0x0f;
  const b0 = decision(73 + <usize>((~a >> 1) & 1) + (<usize>((~b >> 2) & 1) << 1));
  const b1 = decision(73 + <usize>(b0 ^ 1) + (<usize>((~b >> 3) & 1) << 1));
  const b2 = decision(73 + <usize>((~a >> 3) & 1) + (<usize>(b0 ^ 1) << 1));
  const b3 = decision(73 + <usize>(b2 ^ 1) + (<usize>(b1 ^ 1) << 1));
  let cbp = b0 | (b1 << 1) | (b2 << 2) | (b3 << 3);
  if (monochrome) return cbp;
  const chromaA = a >> 4;
  const chromaB = b >> 4;
  if (decision(77 + <usize>(chromaA != 0) + (<usize>(chromaB != 0) << 1))) {
    cbp |= 16 << decision(81 + <usize>(chromaA == 2) + (<usize>(chromaB == 2) << 1));
  }
  return cbp;
}

export function mb_qp_delta(): i32 {
  let context: usize = 60 + <usize>(lastQpDelta != 0);
  let k = 0;
  while (decision(context)) {
    context = k == 0 ? 62 : 63;
    k++;
    if (k > 104) {
      fail(ERROR_QP_DELTA);
      return 0;
    }
  }
  return k & 1 ? (k + 1) >> 1 : -(k >> 1);
}

export function ref_idx(list: i32, x: i32, y: i32): i32 {
  const at = REF_GT0 + <usize>list * 40 + cell(x, y);
  let context: usize = 54 + <usize>load<u8>(at - 1) + (<usize>load<u8>(at - 8) << 1);
  let ref = 0;
  while (decision(context)) {
    context = ref == 0 ? 58 : 59;
    ref++;
    if (ref > 31) {
      fail(ERROR_REF_IDX);
      return 0;
    }
  }
  return ref;
}

/** One component of mvd: UEG3 with signedValFlag 1, uCoff 9. `base`: 40 horizontal, 47 vertical. */
export function mvd(list: i32, x: i32, y: i32, component: usize): i32 {
  const at = MVD + <usize>list * 80 + (cell(x, y) << 1) + component;
  const sum = <u32>load<u8>(at - 2) + <u32>load<u8>(at - 16);
  const base: usize = component == 0 ? 40 : 47;
  if (!decision(base + <usize>(sum > 2) + <usize>(sum > 32))) return 0;
  let magnitude = 1;
  let context = base + 3;
  while (magnitude < 9) {
    if (!decision(context)) break;
    magnitude++;
    if (context < base + 6) context++;
  }
  if (magnitude == 9) {
    let order = 3;
    while (bypass()) {
      magnitude += 1 << order;
      order++;
      if (order > 20) {
        fail(ERROR_COEFF);
        return 0;
      }
    }
    while (order > 0) {
      order--;
      magnitude += bypass() << order;
    }
  }
  return bypass() ? -magnitude : magnitude;
}
