/** slice_data(), 7.3.4, and the doors to the TypeScript side. */
import { PADDING, bitEnd, bitPos, byteAt, openPacket, seek } from '../bits';
import { consumed, initContexts, initEngine, terminate } from './cabac';
import { anyUnderived, clearUnderived } from './direct';
import { mb_skip_flag } from './elements';
import { ue } from './golomb';
import { macroblock_layer, skipMacroblock } from './macroblock';
import {
  addressOf, buffer, clearPicture, field, intraMask, layOut, layPlanes, mbCols, mbCount, publicTypes, qps, refIdxOffset,
  refPocOffset, sliceOf, vectorBytes,
} from './memory';
import { clearPlanes } from './residual';
import {
  ERROR_ADDRESS, ERROR_OVERRUN, ERROR_SKIP_RUN, ERROR_TRAILING, cabac, clearError, error, fail, firstMb, loadSlice, mb, mbY, moveOn,
  moveTo, sliceType, startBit, stopBit,
} from './state';

/** MacroblockType of frame.ts. */
const LOST: u8 = 4;
const UNREAD: u8 = 5;

/** Address of a table or array; `which` as in kernel.ts. */
export function address(which: i32): usize {
  return addressOf(which);
}

/** Bytes that must lie in front of the RBSP in the bitstream buffer. */
export function padding(): usize {
  return PADDING;
}

/** See memory.ts. */
export function configure(cols: i32, rows: i32, pool: i32, nalBytes: i32): bool {
  return layOut(cols, rows, pool, <usize>nalBytes, PADDING);
}

export function setPlanes(scale: i32, chroma: bool, x0: i32, y0: i32, x1: i32, y1: i32): void {
  layPlanes(scale, chroma, x0, y0, x1, y1);
}

export function beginPicture(slot: i32): void {
  clearPicture(slot);
  clearUnderived();
}

/** Rows of macroblocks that are read: a slice is left at the first macroblock below them. */
let rowsRead: i32 = 0;

export function setRows(rows: i32): void {
  rowsRead = rows;
}

let decoded: i32 = 0;
let endBit: u32 = 0;

/**
 * Parses the slice whose RBSP of `size` bytes lies at buffer + padding, parameters in SLICE. Gives the error, 0: none.
 * Macroblocks decoded before an error stay; the one it was met in is taken back.
 */
export function decodeSlice(size: i32): i32 {
  openPacket(buffer, <usize>size);
  loadSlice();
  decoded = 0;
  endBit = startBit;
  seek(startBit);
  if (!moveTo(firstMb)) {
    fail(ERROR_ADDRESS);
    return error;
  }
  if (mbY >= rowsRead) return error;
  const whole = cabac ? sliceDataCabac() : sliceDataCavlc();
  if (whole && error == 0 && endBit != stopBit && !endsBeforeMark()) fail(ERROR_TRAILING);
  return error;
}

/**
 * x264 sets the last bit of the byte in which its CABAC slices end, behind rbsp_stop_one_bit, in some pictures (a mark of
 * its own, against 7.3.2.11): the slice is whole if it ends at a 1 in the byte that holds the last 1.
 */
function endsBeforeMark(): bool {
  const sameByte = endBit >>> 3 == stopBit >>> 3;
  return cabac && sameByte && endBit < stopBit && ((byteAt(endBit >>> 3) >>> (7 - (endBit & 7))) & 1) == 1;
}

/** Macroblocks decoded in the last slice, its position after them, and whether vectors of the picture were not derived. */
export function decodedMacroblocks(): i32 {
  return decoded;
}

export function endPosition(): u32 {
  return endBit;
}

export function hasUnderived(): bool {
  return anyUnderived;
}

/** False where the slice was left before its end, at an error or below the rows that are read. */
function sliceDataCavlc(): bool {
  while (true) {
    if (sliceType != 2) {
      let mb_skip_run = <i32>ue();
      if (mb_skip_run > mbCount - mb) fail(ERROR_SKIP_RUN);
      if (error) return false;
      const skipped = mb_skip_run;
      for (; mb_skip_run > 0; mb_skip_run--) {
        skipMacroblock();
        decoded++;
        const last = mb_skip_run == 1 && bitPos >= stopBit;
        if (last) {
          endBit = bitPos;
          return true;
        }
        if (!moveOn()) {
          fail(ERROR_ADDRESS);
          return false;
        }
        if (mbY >= rowsRead) return false;
      }
      if (skipped == 0 && bitPos >= stopBit) {
        // A run of none at the end: nothing follows, though something should.
        fail(ERROR_OVERRUN);
        return false;
      }
    }
    macroblock_layer();
    if (error == 0 && bitPos > bitEnd) fail(ERROR_OVERRUN);
    if (error) {
      takeBack();
      return false;
    }
    decoded++;
    // more_rbsp_data(), 7.2
    if (bitPos >= stopBit) {
      endBit = bitPos;
      return true;
    }
    if (!moveOn()) {
      fail(ERROR_ADDRESS);
      return false;
    }
    if (mbY >= rowsRead) return false;
  }
}

/** As `sliceDataCavlc`. */
function sliceDataCabac(): bool {
  // cabac_alignment_one_bit
  initContexts();
  initEngine((startBit + 7) & ~7);
  while (true) {
    if (sliceType != 2 && mb_skip_flag()) skipMacroblock();
    else macroblock_layer();
    if (error == 0 && consumed() > bitEnd) fail(ERROR_OVERRUN);
    if (error) {
      takeBack();
      return false;
    }
    decoded++;
    // end_of_slice_flag; the engine has then read the stop bit as its last.
    if (terminate()) {
      endBit = consumed() - 1;
      return true;
    }
    if (!moveOn()) {
      fail(ERROR_ADDRESS);
      return false;
    }
    if (mbY >= rowsRead) return false;
  }
}

/** Makes the current macroblock one that was not decoded. */
function takeBack(): void {
  const at = <usize>mb;
  store<u16>(sliceOf + (at << 1), 0xffff);
  // A later slice may decode it as inter, which does not clear the mark.
  store<u8>(intraMask + at, 0);
  const x = at % <usize>mbCols;
  const y = at / <usize>mbCols;
  for (let list: usize = 0; list < 2; list++) {
    for (let row: usize = 0; row < 4; row++) {
      v128.store(field + list * vectorBytes + (((4 * y + row) * (<usize>mbCols << 2) + (x << 2)) << 2), i64x2.splat(0));
    }
    for (let row: usize = 0; row < 2; row++) {
      const cell = list * (<usize>mbCount << 2) + (2 * y + row) * (<usize>mbCols << 1) + (x << 1);
      store<u16>(field + refIdxOffset + cell, 0xffff);
      store<i32>(field + refPocOffset + (cell << 2), i32.MIN_VALUE);
      store<i32>(field + refPocOffset + (cell << 2), i32.MIN_VALUE, 4);
    }
  }
}

/** Marks what was not decoded as lost, with nothing on the planes, and as unread below the rows read. Gives how many are lost. */
export function endPicture(): i32 {
  let lost = 0;
  clearError();
  const end = min(mbCount, rowsRead * mbCols);
  if (end < mbCount) memory.fill(publicTypes + <usize>end, UNREAD, <usize>(mbCount - end));
  for (let address = 0; address < end; address++) {
    const at = <usize>address;
    if (load<u16>(sliceOf + (at << 1)) != 0xffff) continue;
    lost++;
    moveTo(address);
    clearPlanes();
    store<u8>(publicTypes + at, LOST);
    store<u8>(intraMask + at, 0);
    store<u8>(qps + at, 0);
  }
  return lost;
}
