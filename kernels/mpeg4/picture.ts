/** One VOP: its video packets in turn, and what to do where one is damaged. */
import { bitEnd, bitPos, past, seek } from '../bits';
import { macroblockB, resetPredictors, skippedInAnchor } from './between';
import { macroblockI, macroblockP } from './macroblock';
import { macroblockShort } from './short';
import { partitionEnd, readPartitions } from './partitions';
import { atMarker, findMarker, readPacketHeader } from './packet';
import { clearCoefficients, clearMacroblock, settleMacroblock } from './planes';
import {
  advance,
  B_VOP,
  backwardAt,
  BAD_PARTITION,
  dataPartitioned,
  BAD_PACKET,
  FORWARD,
  I_VOP,
  intraAt,
  LOST,
  mbCols,
  mbCount,
  mbIndex,
  MPEG4,
  moveTo,
  nextPacketId,
  OK,
  P_VOP,
  PAST_END,
  pictureDone,
  predictionAt,
  quantAt,
  resyncMarkers,
  SKIPPED,
  syntax,
  typeAt,
  UNREAD,
  vectorAt,
  vopType,
} from './state';
import { cellOffset } from './motion';

/** The first thing that was wrong: one of state.ts's reasons, and the bit position where it was noticed. */
export let damage: i32 = OK;
export let damageAt: u32 = 0;

/** Macroblocks that are read, from the first on: the picture is left once they are. */
let mbEnd: i32 = 0;

/** Told before each picture: rows of macroblocks to read. */
export function setRows(rows: i32): void {
  mbEnd = min(mbCount, rows * mbCols);
}

function note(reason: i32): void {
  if (damage) return;
  damage = reason;
  damageAt = min<u32>(bitPos, bitEnd);
}

/** Takes back what was written for macroblock `index`. */
function lose(index: i32): void {
  moveTo(index);
  store<u8>(typeAt + <usize>index, LOST);
  store<u8>(intraAt + <usize>index, 0);
  store<u8>(quantAt + <usize>index, 0);
  store<u8>(predictionAt + <usize>index, 0);
  const at = vectorAt + cellOffset(0);
  store<u64>(at, 0);
  store<u64>(at + (<usize>mbCols << 3), 0);
  if (vopType == B_VOP) {
    const back = backwardAt + cellOffset(0);
    store<u64>(back, 0);
    store<u64>(back + (<usize>mbCols << 3), 0);
  }
  clearMacroblock();
}

/** All macroblocks lost, all vectors zero: what is not read stays so. */
function clearGrids(): void {
  memory.fill(typeAt, LOST, mbCount);
  memory.fill(intraAt, 0, mbCount);
  memory.fill(quantAt, 0, mbCount);
  memory.fill(predictionAt, 0, mbCount);
  memory.fill(vectorAt, 0, <usize>mbCount << 4);
  if (vopType == B_VOP) memory.fill(backwardAt, 0, <usize>mbCount << 4);
}

/** A picture that is not coded (vop_coded = 0): every macroblock skipped. It is no anchor to B-VOPs. */
export function skipPicture(): void {
  damage = OK;
  clearGrids();
  memory.fill(typeAt, SKIPPED, mbCount);
  memory.fill(predictionAt, FORWARD, mbCount);
  clearAll();
}

/** Macroblocks up to the picture's end, a marker or an error. */
function readMacroblocks(): i32 {
  while (true) {
    const error = syntax != MPEG4 ? macroblockShort() : vopType == P_VOP ? macroblockP() : vopType == I_VOP ? macroblockI() : macroblockB();
    if (error) return past() ? PAST_END : error;
    if (past()) return PAST_END;
    settleMacroblock();
    advance();
    if (mbIndex >= mbEnd) return OK;
    if (!resyncMarkers) continue;
    // A macroblock without bits may still come before the marker.
    if (vopType == B_VOP && skippedInAnchor(mbIndex)) continue;
    if (atMarker()) return OK;
  }
}

/** Planes hold nothing where macroblocks were never reached. */
function clearLost(): void {
  for (let i = 0; i < mbCount; i++) {
    if (load<u8>(typeAt + <usize>i) != LOST) continue;
    moveTo(i);
    clearMacroblock();
  }
}

/** Planes hold nothing at all. */
function clearAll(): void {
  for (let i = 0; i < mbCount; i++) {
    moveTo(i);
    clearMacroblock();
  }
}

/** Reads the macroblocks of the picture whose header ends at bit `start`. */
export function readPicture(start: u32): void {
  damage = OK;
  clearGrids();
  readPackets(start);
  if (damage) clearLost();
  for (let i = <usize>mbEnd; i < <usize>mbCount; i++) if (load<u8>(typeAt + i) == LOST) store<u8>(typeAt + i, UNREAD);
  pictureDone();
}

/** A B-VOP that cannot be read because its anchor was not: every macroblock lost. */
export function losePicture(): void {
  damage = OK;
  clearGrids();
  clearAll();
  pictureDone();
}

/** In B-VOPs the first macroblocks of a packet may have no bits: they were passed before its marker was seen. */
function onlySkipped(from: i32, to: i32): bool {
  if (vopType != B_VOP || from > to) return false;
  for (let i = from; i < to; i++) if (!skippedInAnchor(i)) return false;
  return true;
}

function readPackets(start: u32): void {
  seek(start);
  let first = 0;
  let packetByte = start >>> 3;
  if (mbEnd == 0) return;
  moveTo(0);
  while (true) {
    nextPacketId();
    resetPredictors();
    const partitioned = dataPartitioned && vopType != B_VOP;
    let error = partitioned ? readPartitions() : readMacroblocks();
    if (!error && mbIndex >= mbEnd) return;
    if (!error && partitioned && !(resyncMarkers && atMarker())) error = BAD_PARTITION;
    if (error) {
      note(error);
      clearCoefficients(); // the block in which reading stopped
      const whole = mbIndex;
      const end = partitioned ? partitionEnd : mbIndex + 1;
      for (let i = whole; i < min<i32>(end, mbCount); i++) lose(i);
      moveTo(whole);
      if (!resyncMarkers) return;
      if (!findMarker(packetByte + 1)) return;
    }
    // At a marker: go on at a header that makes sense.
    const reached = mbIndex;
    while (true) {
      packetByte = bitPos >>> 3;
      const number = readPacketHeader();
      if (number > first) {
        if (number != reached && !onlySkipped(number, reached)) note(BAD_PACKET);
        for (let i = number; i < reached; i++) lose(i);
        first = number;
        if (number >= mbEnd) return;
        moveTo(number);
        break;
      }
      note(BAD_PACKET);
      if (!findMarker(packetByte + 1)) return;
    }
  }
}
