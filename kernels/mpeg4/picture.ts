/** One VOP: its video packets in turn, and what to do where one is damaged. */
import { bitEnd, bitPos, past, seek } from '../bits';
import { macroblockI, macroblockP } from './macroblock';
import { atMarker, findMarker, readPacketHeader } from './packet';
import { clearMacroblock } from './planes';
import {
  advance,
  BAD_PACKET,
  FORWARD,
  I_VOP,
  intraAt,
  LOST,
  mbCols,
  mbCount,
  mbIndex,
  moveTo,
  nextPacketId,
  OK,
  P_VOP,
  PAST_END,
  predictionAt,
  quantAt,
  resyncMarkers,
  SKIPPED,
  typeAt,
  vectorAt,
  vopType,
} from './state';
import { cellOffset } from './motion';

/** The first thing that was wrong: one of state.ts's reasons, and the bit position where it was noticed. */
export let damage: i32 = OK;
export let damageAt: u32 = 0;

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
  clearMacroblock();
}

/** All macroblocks lost, all vectors zero: what is not read stays so. */
function clearGrids(): void {
  memory.fill(typeAt, LOST, mbCount);
  memory.fill(intraAt, 0, mbCount);
  memory.fill(quantAt, 0, mbCount);
  memory.fill(predictionAt, 0, mbCount);
  memory.fill(vectorAt, 0, <usize>mbCount << 4);
}

/** A picture that is not coded (vop_coded = 0): every macroblock skipped. */
export function skipPicture(): void {
  damage = OK;
  clearGrids();
  memory.fill(typeAt, SKIPPED, mbCount);
  memory.fill(predictionAt, FORWARD, mbCount);
}

/** Macroblocks up to the picture's end, a marker or an error. */
function readMacroblocks(): i32 {
  while (true) {
    const error = vopType == I_VOP ? macroblockI() : macroblockP();
    if (error) return past() ? PAST_END : error;
    if (past()) return PAST_END;
    advance();
    if (mbIndex == mbCount) return OK;
    if (resyncMarkers && atMarker()) return OK;
  }
}

/** Reads the macroblocks of the picture whose header ends at bit `start`. */
export function readPicture(start: u32): void {
  damage = OK;
  clearGrids();
  seek(start);
  let first = 0;
  let packetByte = start >>> 3;
  moveTo(0);
  while (true) {
    nextPacketId();
    const error = readMacroblocks();
    if (!error && mbIndex == mbCount) return;
    if (error) {
      note(error);
      lose(mbIndex);
      if (!resyncMarkers) return;
      if (!findMarker(packetByte + 1)) return;
    }
    // At a marker: go on at a header that makes sense.
    const reached = mbIndex;
    while (true) {
      packetByte = bitPos >>> 3;
      const number = readPacketHeader();
      if (number > first) {
        if (number != reached) note(BAD_PACKET);
        for (let i = number; i < reached; i++) lose(i);
        first = number;
        moveTo(number);
        break;
      }
      note(BAD_PACKET);
      if (!findMarker(packetByte + 1)) return;
    }
  }
}
