/**
 * Data-partitioned video packets (14496-2, 6.2.5.3): first what predicts (types and vectors, or types and DC), behind a
 * marker the coded block patterns, then the coefficients.
 */
import { bitPos, bitsAt, past, read, seek, show, skip } from '../bits';
import { beginIntra, intraBlock, readDcDifferential } from './intra';
import {
  interBlocks,
  readCbpy,
  readDquant,
  skippedMacroblock,
  splitVectors,
  oneVector,
  writeQuantiser,
  writeType,
} from './macroblock';
import { MCBPC_INTER, MCBPC_INTRA } from './memory';
import { settleMacroblock } from './planes';
import { beginVectors, stampMacroblock } from './motion';
import {
  advance,
  BAD_CBPY,
  BAD_DC_SIZE,
  BAD_MARKER,
  BAD_MCBPC,
  BAD_PARTITION,
  I_VOP,
  INTRA,
  intraAt,
  intraDcThreshold,
  mbCount,
  mbIndex,
  moveTo,
  OK,
  partitionAt,
  PAST_END,
  quantAt,
  quantiser,
  setQuantiser,
  vopType,
} from './state';

/** motion_marker (17 bits) and dc_marker (19 bits). */
const MOTION_MARKER: u32 = 0b11111000000000001;
const DC_MARKER: u32 = 0b1101011000000000001;
const DC_NONE: i32 = 0x7fffffff;

/** Per macroblock at partitionAt, 16 bytes: cbp, flags, then i16[6] DC differentials. */
const CODED: u8 = 1;
const IS_INTRA: u8 = 2;
const DQUANT: u8 = 4;
const AC_PREDICTION: u8 = 8;
const SEPARATE_DC: u8 = 16;

// @ts-ignore: decorator
@inline
function record(): usize {
  return partitionAt + (<usize>mbIndex << 4);
}

/** The DC differentials of the current macroblock, if they have their own code at this quantiser. */
function readDcs(): i32 {
  const at = record();
  for (let n = 0; n < 6; n++) {
    const value = readDcDifferential(n);
    if (value == DC_NONE) return BAD_DC_SIZE;
    store<i16>(at + 4 + (<usize>n << 1), <i16>value);
  }
  return OK;
}

/** First partition of an I-VOP's packet, one macroblock; -1: the marker stands here. */
function firstOfIntra(): i32 {
  while (true) {
    if (show(19) == DC_MARKER) return -1;
    const e = <u32>load<u16>(MCBPC_INTRA + (<usize>show(9) << 1));
    if (e == 0) return BAD_MCBPC;
    skip(e & 15);
    const value = e >>> 4;
    const type = value >>> 2;
    if (type == 5) {
      if (past()) return PAST_END;
      continue;
    }
    const separate = quantiser < intraDcThreshold;
    if (type == 4) readDquant();
    writeQuantiser();
    store<u8>(record(), <u8>(value & 3));
    store<u8>(record(), CODED | IS_INTRA | (separate ? SEPARATE_DC : 0), 1);
    return separate ? readDcs() : OK;
  }
}

/** First partition of a P-VOP's packet, one macroblock; -1: the marker stands here. */
function firstOfInter(): i32 {
  while (true) {
    const bits = bitsAt(bitPos);
    if (bits >>> 47 == MOTION_MARKER) return -1;
    if (<i64>bits < 0) {
      skip(1);
      skippedMacroblock();
      store<u8>(record(), 0, 1);
      return OK;
    }
    const e = <u32>load<u16>(MCBPC_INTER + (<usize>((bits << 1) >>> 55) << 1));
    if (e == 0) return BAD_MCBPC;
    skip(1 + (e & 15));
    const value = e >>> 4;
    const type = value >>> 2;
    if (type == 5) {
      if (past()) return PAST_END;
      continue;
    }
    store<u8>(record(), <u8>(value & 3));
    let flags = CODED;
    if (type == 1 || type == 4) flags |= DQUANT;
    if (type >= 3) flags |= IS_INTRA;
    store<u8>(record(), flags, 1);
    let error = OK;
    if (type < 3) {
      beginVectors();
      error = type == 2 ? splitVectors() : oneVector();
    }
    stampMacroblock();
    return error;
  }
}

/** Second partition, one macroblock. */
function second(): i32 {
  const at = record();
  let flags = load<u8>(at, 1);
  if (vopType == I_VOP) {
    if (read(1)) store<u8>(at, flags | AC_PREDICTION, 1);
    const cbpy = readCbpy();
    if (cbpy < 0) return BAD_CBPY;
    store<u8>(at, load<u8>(at) | <u8>(cbpy << 2));
    return OK;
  }
  if (!(flags & CODED)) {
    writeQuantiser();
    return OK;
  }
  const intra = (flags & IS_INTRA) != 0;
  if (intra && read(1)) flags |= AC_PREDICTION;
  let cbpy = readCbpy();
  if (cbpy < 0) return BAD_CBPY;
  if (!intra) cbpy ^= 15;
  store<u8>(at, load<u8>(at) | <u8>(cbpy << 2));
  const separate = intra && quantiser < intraDcThreshold;
  if (flags & DQUANT) readDquant();
  writeQuantiser();
  if (separate) flags |= SEPARATE_DC;
  store<u8>(at, flags, 1);
  return separate ? readDcs() : OK;
}

/** Third partition, one macroblock: its coefficients. */
function third(): i32 {
  const at = record();
  const flags = load<u8>(at, 1);
  if (!(flags & CODED)) return OK;
  const cbp = <i32>load<u8>(at);
  setQuantiser(<i32>load<u8>(quantAt + <usize>mbIndex));
  if (!(flags & IS_INTRA)) return interBlocks(cbp, false);
  store<u8>(intraAt + <usize>mbIndex, 1);
  writeType(INTRA, 0);
  beginIntra();
  const separate = (flags & SEPARATE_DC) != 0;
  for (let n = 0; n < 6; n++) {
    const differential = separate ? <i32>load<i16>(at + 4 + (<usize>n << 1)) : DC_NONE;
    const error = intraBlock(n, (cbp & (32 >> n)) != 0, (flags & AC_PREDICTION) != 0, separate, differential, false);
    if (error) return error;
  }
  return OK;
}

/** Where the packet's macroblocks end, known once its first partition is read; at least the first one is touched. */
export let partitionEnd: i32 = 0;

/**
 * Reads one packet. On an error mbIndex is the first macroblock that is not whole; those from there to `partitionEnd`
 * have to be taken back.
 */
export function readPartitions(): i32 {
  const first = mbIndex;
  partitionEnd = first;
  let error: i32 = OK;
  while (true) {
    if (mbIndex == mbCount) {
      if (vopType == I_VOP ? show(19) != DC_MARKER : show(17) != MOTION_MARKER) error = BAD_MARKER;
      break;
    }
    error = vopType == I_VOP ? firstOfIntra() : firstOfInter();
    if (error == -1) {
      error = mbIndex == first ? BAD_PARTITION : OK;
      break;
    }
    partitionEnd = mbIndex + 1;
    if (!error && past()) error = PAST_END;
    if (error) break;
    advance();
  }
  if (error) {
    moveTo(first);
    return error;
  }
  skip(vopType == I_VOP ? 19 : 17);
  for (let pass = 0; pass < 2; pass++) {
    // dquant of an I-VOP is in the first partition: its macroblocks have their quantisers, kept at quantAt.
    moveTo(first);
    while (mbIndex < partitionEnd) {
      error = pass == 0 ? second() : third();
      if (!error && past()) error = PAST_END;
      if (error) {
        if (pass == 0) moveTo(first);
        return error;
      }
      if (pass == 1) settleMacroblock();
      if (mbIndex + 1 == partitionEnd) break;
      advance();
    }
  }
  advance();
  return OK;
}
