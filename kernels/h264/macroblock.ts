/** macroblock_layer(), mb_pred() and sub_mb_pred(), 7.3.5, for CAVLC and CABAC alike, and skipped macroblocks. */
import { bitEnd, bitPos, read, seek } from '../bits';
import { consumed, initEngine } from './cabac';
import { anyUnderived, deriveDirect } from './direct';
import * as element from './elements';
import { se, ue } from './golomb';
import {
  CODED_BLOCK_PATTERN, IPRED, MVD, REF_GT0, SUB, chromaModes, codedBlockPatterns, dcFlags, directMasks, intra16Modes,
  intraMask, intraModes, mbCols, mbTypes, publicTypes, qps, sliceOf, splat16, totalCoeff, transform8x8,
} from './memory';
import {
  cell, clearContexts, contextsNeeded, fillContexts, fillMotion, inheritUnderived, keepContexts, keepMotion, mvX, mvY,
  pack, predict, predict16x8, predict8x16, predictSkip, refAt, setMv, setRef,
} from './motion';
import { clearPlanes, putSamples, residual } from './residual';
import {
  ERROR_CBP, ERROR_CHROMA_MODE, ERROR_MB_TYPE, ERROR_OVERRUN, ERROR_QP_DELTA, ERROR_REF_IDX, availA, availB, cabac,
  constrainedIntra, direct8x8Inference, error, fail, mb, monochrome, numRef0, numRef1, qp, setLastQpDelta, setQp,
  sliceIndex, sliceType, transform8x8Mode,
} from './state';

/** MacroblockType of frame.ts. */
const SKIPPED: u8 = 0;
const INTER: u8 = 1;
const INTER_SPLIT: u8 = 2;
const INTRA: u8 = 3;

/**
 * Lists that the partitions of B macroblock types 4 to 21 use (Table 7-14): bits 0 and 1 the lists of the first
 * partition, bits 2 and 3 of the second. Even types are 16x8, odd ones 8x16.
 */
const B_LISTS = memory.data<u8>([5, 5, 10, 10, 9, 9, 6, 6, 13, 13, 14, 14, 7, 7, 11, 11, 15, 15]);
/** sub_mb_type of B (Table 7-18): lists, and shape 0 8x8, 1 8x4, 2 4x8, 3 4x4. */
const B_SUB_LISTS = memory.data<u8>([0, 1, 2, 3, 1, 1, 2, 2, 3, 3, 1, 2, 3]);
const B_SUB_SHAPE = memory.data<u8>([3, 0, 0, 0, 1, 2, 1, 2, 1, 2, 3, 3, 3]);

/** Marks the macroblock as belonging to this slice. */
// @ts-ignore: decorator
@inline
function enter(type: u8, publicType: u8): void {
  const at = <usize>mb;
  store<u16>(sliceOf + (at << 1), <u16>sliceIndex);
  store<u8>(mbTypes + at, type);
  store<u8>(publicTypes + at, publicType);
}

/** P_Skip and B_Skip: motion is inferred, there is no residual. */
export function skipMacroblock(): void {
  enter(sliceType == 1 ? element.B_SKIP : element.P_SKIP, SKIPPED);
  store<u8>(qps + <usize>mb, <u8>qp);
  clearPlanes();
  fillMotion(0);
  if (sliceType == 1) {
    fillMotion(1);
    store<u8>(directMasks + <usize>mb, 15);
    deriveDirect(15);
    keepMotion(1);
  } else {
    setRef(0, 0, 0, 4, 4, 0);
    setMv(0, 0, 0, 4, 4, predictSkip());
  }
  keepMotion(0);
  if (anyUnderived) inheritUnderived();
  if (cabac) clearContexts();
  setLastQpDelta(0);
}

/** A macroblock that is not skipped. */
export function macroblock_layer(): void {
  let mb_type: i32;
  if (cabac) {
    mb_type = sliceType == 2 ? element.mb_type_I(3, true) : sliceType == 0 ? element.mb_type_P() : element.mb_type_B();
  } else {
    mb_type = <i32>ue();
  }
  const firstIntra = sliceType == 2 ? 0 : sliceType == 0 ? 5 : 23;
  if (mb_type >= firstIntra) intraMacroblock(mb_type - firstIntra);
  else if (sliceType == 0) interMacroblockP(mb_type);
  else interMacroblockB(mb_type);
}

// ---------------------------------------------------------------------------------------------------------------- intra

function intraMacroblock(mb_type: i32): void {
  const at = <usize>mb;
  if (mb_type > 25) {
    fail(ERROR_MB_TYPE);
    return;
  }
  store<u8>(intraMask + at, 1);
  if (contextsNeeded()) clearContexts();
  if (mb_type == 25) {
    pcm();
    return;
  }
  let transform8 = false;
  let cbp = 0;
  if (mb_type == 0) {
    if (transform8x8Mode) transform8 = cabac ? element.transform_size_8x8_flag() != 0 : read(1) != 0;
    enter(transform8 ? element.I_8x8 : element.I_4x4, INTRA);
    store<u8>(transform8x8 + at, <u8>transform8);
    intraModesNxN(transform8);
  } else {
    enter(element.I_16x16, INTRA);
    store<u8>(intra16Modes + at, <u8>((mb_type - 1) & 3));
    cbp = (((mb_type - 1) >> 2) % 3) << 4;
    if (mb_type > 12) cbp |= 15;
    store<u32>(intraModes + (at << 4), 0x02020202);
    store<u32>(intraModes + (at << 4), 0x02020202, 4);
    store<u32>(intraModes + (at << 4), 0x02020202, 8);
    store<u32>(intraModes + (at << 4), 0x02020202, 12);
  }
  if (!monochrome) {
    const mode = cabac ? element.intra_chroma_pred_mode() : <i32>ue();
    if (mode > 3) {
      fail(ERROR_CHROMA_MODE);
      return;
    }
    store<u8>(chromaModes + at, <u8>mode);
  }
  if (mb_type == 0) cbp = codedBlockPattern(true);
  finish(cbp, true, mb_type != 0, transform8);
}

/** Intra4x4PredMode and Intra8x8PredMode, 8.3.1.1 and 8.3.2.1. */
function intraModesNxN(transform8: bool): void {
  splat16(IPRED, 0xff, 3);
  // -1 where dcPredModePredictedFlag is to be set; 2 in other macroblocks that are not I_NxN.
  if (availB) {
    const above = <usize>(mb - mbCols);
    const type = load<u8>(mbTypes + above);
    if (type <= element.I_8x8) store<u32>(IPRED, load<u32>(intraModes + (above << 4), 12), 1);
    else if (type < element.INTER || !constrainedIntra) store<u32>(IPRED, 0x02020202, 1);
  }
  if (availA) {
    const left = <usize>(mb - 1);
    const type = load<u8>(mbTypes + left);
    const modes = intraModes + (left << 4);
    for (let y: usize = 0; y < 4; y++) {
      if (type <= element.I_8x8) store<u8>(IPRED + (y << 3), load<u8>(modes + (y << 2), 3), 8);
      else if (type < element.INTER || !constrainedIntra) store<u8>(IPRED + (y << 3), 2, 8);
    }
  }
  const blocks = transform8 ? 4 : 16;
  for (let i = 0; i < blocks; i++) {
    const b8 = transform8 ? i : i >> 2;
    const x = ((b8 & 1) << 1) + (transform8 ? 0 : i & 1);
    const y = (b8 & 2) + (transform8 ? 0 : (i >> 1) & 1);
    const at = IPRED + cell(x, y);
    const a = <i32>load<i8>(at - 1);
    const b = <i32>load<i8>(at - 8);
    let mode = a < 0 || b < 0 ? 2 : min(a, b);
    let rem: i32;
    if (cabac) rem = element.intra_pred_mode();
    else rem = read(1) ? -1 : <i32>read(3);
    if (rem >= 0) mode = rem < mode ? rem : rem + 1;
    store<u8>(at, <u8>mode);
    if (transform8) {
      store<u8>(at, <u8>mode, 1);
      store<u8>(at, <u8>mode, 8);
      store<u8>(at, <u8>mode, 9);
    }
  }
  const modes = intraModes + (<usize>mb << 4);
  for (let y: usize = 0; y < 4; y++) store<u32>(modes + (y << 2), load<u32>(IPRED + (y << 3), 9));
}

/** I_PCM: samples follow at the next byte. */
function pcm(): void {
  enter(element.I_PCM, INTRA);
  const from = (cabac ? consumed() : bitPos) + 7 & ~7;
  const bits: u32 = monochrome ? 256 * 8 : 384 * 8;
  if (from + bits > bitEnd) {
    fail(ERROR_OVERRUN);
    return;
  }
  putSamples(from >>> 3);
  if (cabac) initEngine(from + bits);
  else seek(from + bits);
  const at = <usize>mb;
  memory.fill(totalCoeff + at * 24, 16, 24);
  store<u8>(codedBlockPatterns + at, 0x2f);
  store<u8>(dcFlags + at, 7);
  // QPY is 0 for the deblocking filter; the quantiser of the next macroblock is predicted from the slice's (7.4.5).
  store<u8>(qps + at, 0);
  setLastQpDelta(0);
}

// ---------------------------------------------------------------------------------------------------------------- inter

function interMacroblockP(mb_type: i32): void {
  enter(element.INTER, mb_type >= 3 ? INTER_SPLIT : INTER);
  fillMotion(0);
  if (cabac) fillContexts(0);
  let small = false;
  if (mb_type == 0) {
    const ref = numRef0 > 1 ? refIdx(0, 0, 0) : 0;
    setRef(0, 0, 0, 4, 4, ref);
    vector(0, 0, 0, 4, 4, predict(0, 0, 0, 4, ref));
  } else if (mb_type == 1) {
    const ref0 = numRef0 > 1 ? refIdx(0, 0, 0) : 0;
    setPartitionRef(0, 0, 0, 4, 2, ref0);
    const ref1 = numRef0 > 1 ? refIdx(0, 0, 2) : 0;
    setPartitionRef(0, 0, 2, 4, 2, ref1);
    vector(0, 0, 0, 4, 2, predict16x8(0, 0, ref0));
    vector(0, 0, 2, 4, 2, predict16x8(0, 2, ref1));
  } else if (mb_type == 2) {
    const ref0 = numRef0 > 1 ? refIdx(0, 0, 0) : 0;
    setPartitionRef(0, 0, 0, 2, 4, ref0);
    const ref1 = numRef0 > 1 ? refIdx(0, 2, 0) : 0;
    setPartitionRef(0, 2, 0, 2, 4, ref1);
    vector(0, 0, 0, 2, 4, predict8x16(0, 0, ref0));
    vector(0, 2, 0, 2, 4, predict8x16(0, 2, ref1));
  } else {
    // P_8x8 and P_8x8ref0 (CAVLC only: all reference indices 0).
    for (let i = 0; i < 4; i++) {
      const sub = cabac ? element.sub_mb_type_P() : <i32>ue();
      if (sub > 3) {
        fail(ERROR_MB_TYPE);
        return;
      }
      store<u8>(SUB + <usize>i, <u8>sub);
      if (sub != 0) small = true;
    }
    for (let i = 0; i < 4; i++) {
      const x = (i & 1) << 1;
      const y = i & 2;
      setPartitionRef(0, x, y, 2, 2, numRef0 > 1 && mb_type != 4 ? refIdx(0, x, y) : 0);
    }
    for (let i = 0; i < 4; i++) subVectors(0, i, <i32>load<u8>(SUB + <usize>i));
  }
  if (error) return;
  keepMotion(0);
  if (cabac) keepContexts(0);
  if (anyUnderived) inheritUnderived();
  afterMotion(!small);
}

function interMacroblockB(mb_type: i32): void {
  const direct = mb_type == 0;
  enter(direct ? element.B_DIRECT : element.INTER, direct || mb_type == 22 ? INTER_SPLIT : INTER);
  fillMotion(0);
  fillMotion(1);
  let allow8x8 = true;
  if (direct) {
    store<u8>(directMasks + <usize>mb, 15);
    deriveDirect(15);
    if (cabac) clearContexts();
    allow8x8 = direct8x8Inference;
  } else {
    if (cabac) {
      fillContexts(0);
      fillContexts(1);
    }
    if (mb_type == 22) allow8x8 = subMacroblocksB();
    else if (mb_type <= 3) partitionsB(mb_type, 4, 4);
    else if (mb_type & 1) partitionsB(<i32>load<u8>(B_LISTS + <usize>(mb_type - 4)), 2, 4);
    else partitionsB(<i32>load<u8>(B_LISTS + <usize>(mb_type - 4)), 4, 2);
    if (error) return;
    if (cabac) {
      keepContexts(0);
      keepContexts(1);
    }
  }
  keepMotion(0);
  keepMotion(1);
  if (anyUnderived) inheritUnderived();
  afterMotion(allow8x8);
}

/** One or two partitions of w x h cells; two bits of `lists` for each. */
function partitionsB(lists: i32, w: i32, h: i32): void {
  const x1 = w == 2 ? 2 : 0;
  const y1 = h == 2 ? 2 : 0;
  const parts = w + h == 8 ? 1 : 2;
  for (let list = 0; list < 2; list++) {
    const num = list == 0 ? numRef0 : numRef1;
    for (let part = 0; part < parts; part++) {
      const x = part ? x1 : 0;
      const y = part ? y1 : 0;
      const used = (lists >> (2 * part + list)) & 1;
      setPartitionRef(list, x, y, w, h, used ? (num > 1 ? refIdx(list, x, y) : 0) : -1);
    }
  }
  for (let list = 0; list < 2; list++) {
    for (let part = 0; part < parts; part++) {
      const x = part ? x1 : 0;
      const y = part ? y1 : 0;
      if (((lists >> (2 * part + list)) & 1) == 0) {
        setMv(list, x, y, w, h, 0);
        continue;
      }
      const ref = refOf(list, x, y);
      vector(
        list, x, y, w, h,
        parts == 1 ? predict(list, 0, 0, 4, ref) : w == 4 ? predict16x8(list, y, ref) : predict8x16(list, x, ref),
      );
    }
  }
}

/** B_8x8. Gives whether the 8x8 transform is allowed (noSubMbPartSizeLessThan8x8Flag). */
function subMacroblocksB(): bool {
  let directMask = 0;
  let allow8x8 = true;
  for (let i = 0; i < 4; i++) {
    const sub = cabac ? element.sub_mb_type_B() : <i32>ue();
    if (sub > 12) {
      fail(ERROR_MB_TYPE);
      return false;
    }
    store<u8>(SUB + <usize>i, <u8>sub);
    if (sub == 0) {
      directMask |= 1 << i;
      if (!direct8x8Inference) allow8x8 = false;
    } else if (sub > 3) {
      allow8x8 = false;
    }
  }
  if (directMask) {
    store<u8>(directMasks + <usize>mb, <u8>directMask);
    deriveDirect(directMask);
  }
  for (let list = 0; list < 2; list++) {
    const num = list == 0 ? numRef0 : numRef1;
    for (let i = 0; i < 4; i++) {
      const sub = <usize>load<u8>(SUB + <usize>i);
      if (sub == 0) continue;
      const x = (i & 1) << 1;
      const y = i & 2;
      const used = (<i32>load<u8>(B_SUB_LISTS + sub) >> list) & 1;
      setPartitionRef(list, x, y, 2, 2, used ? (num > 1 ? refIdx(list, x, y) : 0) : -1);
    }
  }
  for (let list = 0; list < 2; list++) {
    for (let i = 0; i < 4; i++) {
      const sub = <usize>load<u8>(SUB + <usize>i);
      if (sub == 0) continue;
      if ((<i32>load<u8>(B_SUB_LISTS + sub) >> list) & 1) subVectors(list, i, <i32>load<u8>(B_SUB_SHAPE + sub));
      else setMv(list, (i & 1) << 1, i & 2, 2, 2, 0);
    }
  }
  return allow8x8;
}

/** The vectors of sub-macroblock i; shape as P's sub_mb_type. */
function subVectors(list: i32, i: i32, shape: i32): void {
  const x = (i & 1) << 1;
  const y = i & 2;
  const ref = refOf(list, x, y);
  if (shape == 0) {
    vector(list, x, y, 2, 2, predict(list, x, y, 2, ref));
  } else if (shape == 1) {
    vector(list, x, y, 2, 1, predict(list, x, y, 2, ref));
    vector(list, x, y + 1, 2, 1, predict(list, x, y + 1, 2, ref));
  } else if (shape == 2) {
    vector(list, x, y, 1, 2, predict(list, x, y, 1, ref));
    vector(list, x + 1, y, 1, 2, predict(list, x + 1, y, 1, ref));
  } else {
    for (let j = 0; j < 4; j++) {
      const bx = x + (j & 1);
      const by = y + (j >> 1);
      vector(list, bx, by, 1, 1, predict(list, bx, by, 1, ref));
    }
  }
}

// @ts-ignore: decorator
@inline
function refOf(list: i32, x: i32, y: i32): i32 {
  return refAt(list, cell(x, y));
}

/** ref_idx, te(v) or ae(v). */
function refIdx(list: i32, x: i32, y: i32): i32 {
  const num = list == 0 ? numRef0 : numRef1;
  const ref = cabac ? element.ref_idx(list, x, y) : num == 2 ? <i32>(read(1) ^ 1) : <i32>ue();
  if (<u32>ref >= <u32>num) {
    fail(ERROR_REF_IDX);
    return 0;
  }
  return ref;
}

/** Sets a partition's reference, and its context for the reference indices that follow. */
function setPartitionRef(list: i32, x: i32, y: i32, w: i32, h: i32, ref: i32): void {
  setRef(list, x, y, w, h, ref);
  if (!cabac || ref <= 0) return;
  let at = REF_GT0 + <usize>list * 40 + cell(x, y);
  for (; h > 0; h--) {
    for (let i: usize = 0; i < <usize>w; i++) store<u8>(at + i, 1);
    at += 8;
  }
}

/** Reads mvd, adds it to the prediction (8.4.1) and sets the partition's vector. */
function vector(list: i32, x: i32, y: i32, w: i32, h: i32, predicted: i32): void {
  let dx: i32;
  let dy: i32;
  if (cabac) {
    dx = element.mvd(list, x, y, 0);
    dy = element.mvd(list, x, y, 1);
    const context = <u16>(min(abs(dx), 127) | (min(abs(dy), 127) << 8));
    if (context) {
      let at = MVD + <usize>list * 80 + (cell(x, y) << 1);
      for (let row = 0; row < h; row++) {
        for (let i: usize = 0; i < <usize>w; i++) store<u16>(at + (i << 1), context);
        at += 16;
      }
    }
  } else {
    dx = se();
    dy = se();
  }
  setMv(list, x, y, w, h, pack(mvX(predicted) + dx, mvY(predicted) + dy));
}

// -------------------------------------------------------------------------------------------------------- both: the rest

function codedBlockPattern(intra: bool): i32 {
  if (cabac) return element.coded_block_pattern(monochrome);
  const codeNum = <i32>ue();
  if (codeNum >= (monochrome ? 16 : 48)) {
    fail(ERROR_CBP);
    return 0;
  }
  const column = intra ? 0 : 1;
  const table = CODED_BLOCK_PATTERN + <usize>(monochrome ? 96 + 16 * column : 48 * column);
  return <i32>load<u8>(table + <usize>codeNum);
}

/** coded_block_pattern and transform_size_8x8_flag of an inter macroblock, then the rest. */
function afterMotion(allow8x8: bool): void {
  const cbp = codedBlockPattern(false);
  let transform8 = false;
  if (transform8x8Mode && allow8x8 && (cbp & 15) != 0) {
    transform8 = cabac ? element.transform_size_8x8_flag() != 0 : read(1) != 0;
    store<u8>(transform8x8 + <usize>mb, <u8>transform8);
  }
  finish(cbp, false, false, transform8);
}

/** mb_qp_delta and residual. */
function finish(cbp: i32, intra: bool, intra16x16: bool, transform8: bool): void {
  store<u8>(codedBlockPatterns + <usize>mb, <u8>cbp);
  if (error) return;
  if (cbp == 0 && !intra16x16) {
    setLastQpDelta(0);
    store<u8>(qps + <usize>mb, <u8>qp);
    clearPlanes();
    return;
  }
  const delta = cabac ? element.mb_qp_delta() : se();
  if (delta < -26 || delta > 25) {
    fail(ERROR_QP_DELTA);
    return;
  }
  setLastQpDelta(delta);
  let next = qp + delta;
  if (next < 0) next += 52;
  else if (next > 51) next -= 52;
  setQp(next);
  store<u8>(qps + <usize>mb, <u8>qp);
  residual(cbp, intra, intra16x16, transform8);
}
