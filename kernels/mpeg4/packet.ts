/** Video packets: resynchronisation markers and the headers behind them (14496-2, 6.2.5.2). */
import { bitEnd, bitPos, bitsAt, read, seek, show, skip } from '../bits';
import {
  B_VOP,
  fcodeBackward,
  fcodeForward,
  I_VOP,
  mbCount,
  P_VOP,
  setQuantiser,
  timeIncrementBits,
  vopType,
  dataPartitioned,
  gobRows,
  H263,
  mbCols,
  mbX,
  syntax,
} from './state';

/** Zeros before the one of resync_marker: 16, or 15 + fcode. */
export function markerZeros(): u32 {
  if (vopType == I_VOP) return 16;
  if (vopType == P_VOP) return <u32>(15 + fcodeForward);
  return <u32>max<i32>(15 + max<i32>(fcodeForward, fcodeBackward), 17);
}

/** True if next_resync_marker() stuffing and a marker, or the stuffing that ends the picture, stand at `pos`. */
function markerAt(pos: u32): bool {
  const stuffing = 8 - (pos & 7);
  const bits = bitsAt(pos);
  if (bits >>> (64 - stuffing) != <u64>((1 << (stuffing - 1)) - 1)) return false;
  return (bits << stuffing) >>> (63 - markerZeros()) == 1;
}

/**
 * True, and standing at the marker's first bit, if a marker comes next; macroblock stuffing before it is stepped over.
 */
export function atMarker(): bool {
  if (syntax == H263) return atGob();
  let pos = bitPos;
  if (vopType != B_VOP && !dataPartitioned) {
    // mcbpc stuffing: 0000 0000 1, behind a not_coded bit of 0 in P-VOPs.
    const length: u32 = vopType == I_VOP ? 9 : 10;
    while (bitsAt(pos) >>> (64 - length) == 1 && pos < bitEnd) pos += length;
  }
  if (pos >= bitEnd || !markerAt(pos)) return false;
  seek((pos & ~7) + 8);
  return true;
}

/**
 * Reads video_packet_header() from the marker on; sets the quantiser. Gives macroblock_number, or -1 if the header is
 * none.
 */
export function readPacketHeader(): i32 {
  if (syntax == H263) return readGobHeader();
  skip(markerZeros() + 1);
  const number = <i32>read(mbCount > 1 ? 32 - clz<i32>(mbCount - 1) : 1);
  const quant = <i32>read(5);
  if (number >= mbCount || bitPos > bitEnd) return -1;
  const extension = read(1) != 0;
  if (extension) {
    // header_extension_code: repeats the VOP header, which we have.
    while (read(1)) if (bitPos > bitEnd) return -1;
    skip(1); // marker_bit
    skip(timeIncrementBits);
    skip(1); // marker_bit
    skip(2 + 3); // vop_coding_type, intra_dc_vlc_thr
    if (vopType != I_VOP) skip(3);
    if (vopType == B_VOP) skip(3);
  }
  if (bitPos > bitEnd) return -1;
  if (quant) setQuantiser(quant);
  return number;
}

/** Goes to the first byte-aligned marker at or behind byte `from`. False: none. */
export function findMarker(from: u32): bool {
  if (syntax == H263) return findGob(from);
  const shift = 63 - markerZeros();
  const end = bitEnd >>> 3;
  for (let at = from; at < end; at++) {
    if (bitsAt(at << 3) >>> shift == 1) {
      seek(at << 3);
      return true;
    }
  }
  return false;
}

// ---- H.263: groups of blocks (5.2) ----

/** GBSC: 16 zeros and a one, after up to 7 zeros of stuffing; only at the end of a macroblock row. Stands at the zeros. */
function atGob(): bool {
  if (mbX != 0) return false;
  const zeros = <u32>clz<u64>(bitsAt(bitPos));
  if (zeros < 16 || zeros > 23 || bitPos + zeros >= bitEnd) return false;
  skip(zeros - 16);
  return true;
}

/** GBSC (17), GN (5), GFID (2), GQUANT (5). Gives the first macroblock, or -1: a picture or end of sequence starts here. */
function readGobHeader(): i32 {
  skip(17);
  const gn = <i32>read(5);
  if (gn == 0 || gn > 24) return -1;
  skip(2);
  const quant = <i32>read(5);
  const number = gn * gobRows * mbCols;
  if (quant == 0 || number >= mbCount || bitPos > bitEnd) return -1;
  setQuantiser(quant);
  return number;
}

function findGob(from: u32): bool {
  const end = bitEnd >>> 3;
  for (let at = from; at < end; at++) {
    const zeros = <u32>clz<u64>(bitsAt(at << 3));
    if (zeros >= 16 && zeros <= 23) {
      seek((at << 3) + zeros - 16);
      return true;
    }
  }
  return false;
}
