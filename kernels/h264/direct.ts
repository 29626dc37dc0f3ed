/** Vectors and references of direct mode, 8.4.1.2: B_Skip, B_Direct_16x16 and direct sub-macroblocks. */
import { REF_LONG, REF_POC, fields, mbCols, mbCount, refIdxOffset, refPocOffset, slotBytes, underived, vectorBytes } from './memory';
import { cell, mvAt, mvX, mvY, pack, predict, refAt, setMv, setRef } from './motion';
import { colShortTerm, colSlot, currPoc, direct8x8Inference, directSpatial, mb, mbX, mbY, numRef0 } from './state';

/** Some vector of this picture rests on a co-located picture that was not parsed. */
export let anyUnderived: bool = false;

export function clearUnderived(): void {
  anyUnderived = false;
}

function mark(): void {
  store<u8>(underived + <usize>mb, 1);
  anyUnderived = true;
}

/** Derives the sub-macroblocks in `mask` (bit per 8x8 block) into the caches. */
export function deriveDirect(mask: i32): void {
  if (directSpatial) spatial(mask);
  else temporal(mask);
}

/** The co-located block's vector, reference index and the reference's POC (8.4.1.2.1). */
let mvCol: i32 = 0;
let refIdxCol: i32 = 0;
let refPocCol: i32 = 0;

// @ts-ignore: decorator
@inline
function colocated(x: i32, y: i32): void {
  const slot = fields + <usize>colSlot * slotBytes;
  const at = <usize>(mbY * 2 + (y >> 1)) * (<usize>mbCols << 1) + <usize>(mbX * 2 + (x >> 1));
  const mvs = slot + ((<usize>(mbY * 4 + y) * (<usize>mbCols << 2) + <usize>(mbX * 4 + x)) << 2);
  refIdxCol = <i32>load<i8>(slot + refIdxOffset + at);
  if (refIdxCol >= 0) {
    mvCol = load<i32>(mvs);
    refPocCol = load<i32>(slot + refPocOffset + (at << 2));
    return;
  }
  const list1 = <usize>mbCount << 2;
  refIdxCol = <i32>load<i8>(slot + refIdxOffset + list1 + at);
  if (refIdxCol >= 0) {
    mvCol = load<i32>(mvs + vectorBytes);
    refPocCol = load<i32>(slot + refPocOffset + ((list1 + at) << 2));
  } else {
    mvCol = 0;
  }
}

// @ts-ignore: decorator
@inline
function nearestRef(list: i32): i32 {
  const at = cell(0, 0);
  const c = refAt(list, at - 4) != -2 ? at - 4 : at - 9;
  // MinPositive over A, B, C: negative values are large when unsigned.
  const ref = min(<u32>refAt(list, at - 1), min(<u32>refAt(list, at - 8), <u32>refAt(list, c)));
  return <i32>ref < 0 ? -1 : <i32>ref;
}

/** 8.4.1.2.2. */
function spatial(mask: i32): void {
  let ref0 = nearestRef(0);
  let ref1 = nearestRef(1);
  let mv0 = 0;
  let mv1 = 0;
  if (ref0 < 0 && ref1 < 0) {
    ref0 = 0;
    ref1 = 0;
  } else {
    if (ref0 >= 0) mv0 = predict(0, 0, 0, 4, ref0);
    if (ref1 >= 0) mv1 = predict(1, 0, 0, 4, ref1);
  }
  // colZeroFlag can only make a difference to a vector that is not zero.
  const asked = (ref0 == 0 && mv0 != 0) || (ref1 == 0 && mv1 != 0);
  if (asked && colSlot < 0) mark();
  const look = asked && colSlot >= 0 && colShortTerm;
  if (mask == 15 && !look) {
    setRef(0, 0, 0, 4, 4, ref0);
    setRef(1, 0, 0, 4, 4, ref1);
    setMv(0, 0, 0, 4, 4, mv0);
    setMv(1, 0, 0, 4, 4, mv1);
    return;
  }
  for (let b8 = 0; b8 < 4; b8++) {
    if (((mask >> b8) & 1) == 0) continue;
    const x = (b8 & 1) << 1;
    const y = b8 & 2;
    setRef(0, x, y, 2, 2, ref0);
    setRef(1, x, y, 2, 2, ref1);
    setMv(0, x, y, 2, 2, mv0);
    setMv(1, x, y, 2, 2, mv1);
    if (!look) continue;
    if (direct8x8Inference) {
      colocated(x + (x >> 1), y + (y >> 1));
      if (colZero()) {
        if (ref0 == 0) setMv(0, x, y, 2, 2, 0);
        if (ref1 == 0) setMv(1, x, y, 2, 2, 0);
      }
    } else {
      for (let b4 = 0; b4 < 4; b4++) {
        const bx = x + (b4 & 1);
        const by = y + (b4 >> 1);
        colocated(bx, by);
        if (colZero()) {
          if (ref0 == 0) setMv(0, bx, by, 1, 1, 0);
          if (ref1 == 0) setMv(1, bx, by, 1, 1, 0);
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function colZero(): bool {
  return refIdxCol == 0 && <u32>(mvX(mvCol) + 1) <= 2 && <u32>(mvY(mvCol) + 1) <= 2;
}

/** 8.4.1.2.3. */
function temporal(mask: i32): void {
  if (colSlot < 0) mark();
  for (let b8 = 0; b8 < 4; b8++) {
    if (((mask >> b8) & 1) == 0) continue;
    const x = (b8 & 1) << 1;
    const y = b8 & 2;
    if (direct8x8Inference) {
      temporalBlock(x, y, 2, x + (x >> 1), y + (y >> 1));
    } else {
      for (let b4 = 0; b4 < 4; b4++) temporalBlock(x + (b4 & 1), y + (b4 >> 1), 1, x + (b4 & 1), y + (b4 >> 1));
    }
  }
}

function temporalBlock(x: i32, y: i32, side: i32, colX: i32, colY: i32): void {
  let ref0 = 0;
  mvCol = 0;
  if (colSlot >= 0) {
    colocated(colX, colY);
    if (refIdxCol >= 0) {
      ref0 = -1;
      for (let i = 0; i < numRef0; i++) {
        if (load<i32>(REF_POC + (<usize>i << 2)) == refPocCol) {
          ref0 = i;
          break;
        }
      }
      if (ref0 < 0) {
        // The picture that the co-located block refers to is not in the list: damage, or not known here.
        ref0 = 0;
        mark();
      }
    }
  }
  let mv0 = mvCol;
  let mv1 = 0;
  const poc0 = load<i32>(REF_POC + (<usize>ref0 << 2));
  const poc1 = load<i32>(REF_POC + 128);
  if (load<u8>(REF_LONG + <usize>ref0) == 0 && poc1 != poc0) {
    const tb = max(-128, min(127, currPoc - poc0));
    const td = max(-128, min(127, poc1 - poc0));
    const tx = (16384 + abs(td / 2)) / td;
    const DistScaleFactor = max(-1024, min(1023, (tb * tx + 32) >> 6));
    const mx = (DistScaleFactor * mvX(mvCol) + 128) >> 8;
    const my = (DistScaleFactor * mvY(mvCol) + 128) >> 8;
    mv0 = pack(mx, my);
    mv1 = pack(mx - mvX(mvCol), my - mvY(mvCol));
  }
  setRef(0, x, y, side, side, ref0);
  setRef(1, x, y, side, side, 0);
  setMv(0, x, y, side, side, mv0);
  setMv(1, x, y, side, side, mv1);
}
