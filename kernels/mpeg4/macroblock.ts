/** Macroblocks of I- and P-VOPs (14496-2, 6.3.6). */
import { bitPos, bitsAt, read, show, skip } from '../bits';
import {
  dequantise,
  dequantiseInterWithMatrix,
  dequantiseWithMatrix,
  dcLevel,
  extent,
  readCoefficients,
  skipCoefficients,
} from './coefficients';
import { beginIntra, intraBlock } from './intra';
import { CBPY, COEF, MCBPC_INTER, MCBPC_INTRA, SCAN_VERTICAL, SCAN_ZIGZAG } from './memory';
import { beginVectors, cellOffset, NO_VECTOR, predictVector, readComponent, stampMacroblock } from './motion';
import { putBlock, scaleLog2, wantedBlocks } from './planes';
import {
  BAD_CBPY,
  BAD_MCBPC,
  BAD_MVD,
  candidateAt,
  changeQuantiser,
  fcodeForward,
  FIELD,
  FORWARD,
  INTER,
  INTER_SPLIT,
  interlaced,
  INTRA,
  intraAt,
  intraDcThreshold,
  mbCols,
  mbIndex,
  OK,
  predictionAt,
  quantAt,
  quantiser,
  quantType,
  SKIPPED,
  SPLIT,
  typeAt,
  vectorAt,
  verticalScan,
} from './state';

/** Differences that no stream holds: intra DC is not coded apart. */
const DC_NONE: i32 = 0x7fffffff;

/** mb_type: inter 0, inter+q 1, inter4v 2, intra 3, intra+q 4, stuffing 5. */
const STUFFING: u32 = 5;

/** dquant: 2 bits. */
export function readDquant(): void {
  const code = <i32>read(2);
  changeQuantiser(code < 2 ? -1 - code : code - 1);
}

// @ts-ignore: decorator
@inline
export function writeType(type: u8, prediction: u8): void {
  store<u8>(typeAt + <usize>mbIndex, type);
  store<u8>(predictionAt + <usize>mbIndex, prediction);
}

// @ts-ignore: decorator
@inline
export function writeQuantiser(): void {
  store<u8>(quantAt + <usize>mbIndex, <u8>quantiser);
}

/** A pair of vector components, 16 bits each, as it lies in the grids. */
// @ts-ignore: decorator
@inline
export function pack(x: i32, y: i32): u32 {
  return (<u32>y << 16) | (<u32>x & 0xffff);
}

/** Writes one vector to all four cells of the current macroblock in `grid`. */
// @ts-ignore: decorator
@inline
export function writeVector(grid: usize, vector: u32): void {
  const at = grid + cellOffset(0);
  const both = (<u64>vector << 32) | <u64>vector;
  store<u64>(at, both);
  store<u64>(at + (<usize>mbCols << 3), both);
}

/** not_coded = 1. Vectors are zero already: the grid is cleared before each picture. */
// @ts-ignore: decorator
@inline
export function skippedMacroblock(): void {
  stampMacroblock();
  writeType(SKIPPED, FORWARD);
  writeQuantiser();
  if (interlaced) writeVector(candidateAt, 0);
}

export function macroblockI(): i32 {
  while (true) {
    const e = <u32>load<u16>(MCBPC_INTRA + (<usize>show(9) << 1));
    if (e == 0) return BAD_MCBPC;
    skip(e & 15);
    const value = e >>> 4;
    if (value >>> 2 != STUFFING) return intraMacroblock(value);
  }
}

export function macroblockP(): i32 {
  while (true) {
    const bits = bitsAt(bitPos);
    if (<i64>bits < 0) {
      skip(1);
      skippedMacroblock();
      return OK;
    }
    const e = <u32>load<u16>(MCBPC_INTER + (<usize>((bits << 1) >>> 55) << 1));
    if (e == 0) return BAD_MCBPC;
    skip(1 + (e & 15));
    const value = e >>> 4;
    const type = value >>> 2;
    if (type == STUFFING) continue;
    if (type < 3) return interMacroblock(value);
    stampMacroblock();
    if (interlaced) writeVector(candidateAt, 0);
    return intraMacroblock(value);
  }
}

/** cbpy of an intra macroblock; of an inter macroblock its complement. -1: no such code. */
// @ts-ignore: decorator
@inline
export function readCbpy(): i32 {
  const e = <u32>load<u8>(CBPY + <usize>show(6));
  if (e == 0) return -1;
  skip(e & 15);
  return <i32>(e >>> 4);
}

function intraMacroblock(value: u32): i32 {
  const acPrediction = read(1) != 0;
  const cbpy = readCbpy();
  if (cbpy < 0) return BAD_CBPY;
  const cbp = (cbpy << 2) | <i32>(value & 3);
  const separateDc = quantiser < intraDcThreshold;
  if (value >>> 2 == 4) readDquant();
  const field = interlaced ? read(1) != 0 : false;
  store<u8>(intraAt + <usize>mbIndex, 1);
  writeType(INTRA, 0);
  writeQuantiser();
  beginIntra();
  for (let n = 0; n < 6; n++) {
    const error = intraBlock(n, (cbp & (32 >> n)) != 0, acPrediction, separateDc, DC_NONE, field);
    if (error) return error;
  }
  return OK;
}

export function interMacroblock(value: u32): i32 {
  const type = value >>> 2;
  const cbpy = readCbpy();
  if (cbpy < 0) return BAD_CBPY;
  const cbp = ((cbpy ^ 15) << 2) | <i32>(value & 3);
  if (type == 1) readDquant();
  writeQuantiser();
  beginVectors();
  let fieldDct = false;
  let fieldPrediction = false;
  if (interlaced) {
    if (cbp) fieldDct = read(1) != 0;
    if (type != 2) fieldPrediction = read(1) != 0;
  }
  const error = fieldPrediction ? fieldVectors() : type == 2 ? splitVectors() : oneVector();
  if (error) return error;
  stampMacroblock();
  return interBlocks(cbp, fieldDct);
}

export function oneVector(): i32 {
  const prediction = predictVector(0);
  const x = readComponent(<i32>(<i16>prediction), fcodeForward);
  if (x == NO_VECTOR) return BAD_MVD;
  const y = readComponent(prediction >> 16, fcodeForward);
  if (y == NO_VECTOR) return BAD_MVD;
  const vector = pack(x, y);
  writeVector(vectorAt, vector);
  if (interlaced) writeVector(candidateAt, vector);
  writeType(INTER, FORWARD);
  return OK;
}

export function splitVectors(): i32 {
  for (let n = 0; n < 4; n++) {
    const prediction = predictVector(n);
    const x = readComponent(<i32>(<i16>prediction), fcodeForward);
    if (x == NO_VECTOR) return BAD_MVD;
    const y = readComponent(prediction >> 16, fcodeForward);
    if (y == NO_VECTOR) return BAD_MVD;
    const vector = pack(x, y);
    store<u32>(vectorAt + cellOffset(n), vector);
    if (interlaced) store<u32>(candidateAt + cellOffset(n), vector);
  }
  writeType(INTER_SPLIT, FORWARD | SPLIT);
  return OK;
}

/** Writes the top field's vector to the upper cells, the bottom field's to the lower; y in frame lines, hence doubled. */
// @ts-ignore: decorator
@inline
export function writeFieldVectors(grid: usize, top: u32, bottom: u32): void {
  const at = grid + cellOffset(0);
  store<u64>(at, (<u64>top << 32) | <u64>top);
  store<u64>(at + (<usize>mbCols << 3), (<u64>bottom << 32) | <u64>bottom);
}

/** field_prediction: a vector per field, y in field lines; both are predicted from the same frame vector (7.7.2.2). */
function fieldVectors(): i32 {
  const references = read(2);
  const prediction = predictVector(0);
  const px = <i32>(<i16>prediction);
  const py = (prediction >> 16) / 2;
  const topX = readComponent(px, fcodeForward);
  if (topX == NO_VECTOR) return BAD_MVD;
  const topY = readComponent(py, fcodeForward);
  if (topY == NO_VECTOR) return BAD_MVD;
  const bottomX = readComponent(px, fcodeForward);
  if (bottomX == NO_VECTOR) return BAD_MVD;
  const bottomY = readComponent(py, fcodeForward);
  if (bottomY == NO_VECTOR) return BAD_MVD;
  writeFieldVectors(vectorAt, pack(topX, topY << 1), pack(bottomX, bottomY << 1));
  const sumX = topX + bottomX;
  writeVector(candidateAt, pack((sumX >> 1) | (sumX & 1), topY + bottomY));
  writeType(INTER, FORWARD | FIELD | <u8>(((references >>> 1) & 1) << 4) | <u8>((references & 1) << 5));
  return OK;
}

/** The residual of a macroblock that is predicted: its coded blocks. */
export function interBlocks(cbp: i32, field: bool): i32 {
  if (!cbp) return OK;
  const wanted = wantedBlocks();
  const scan = verticalScan ? SCAN_VERTICAL : SCAN_ZIGZAG;
  for (let n = 0; n < 6; n++) {
    const bit = 32 >> n;
    if (!(cbp & bit)) continue;
    let error: i32;
    if (!(wanted & bit)) {
      error = skipCoefficients(false, 0);
      if (error) return error;
    } else if (scaleLog2 == 3) {
      error = skipCoefficients(false, 0);
      if (error) return error;
      const dc = quantType ? dequantiseWithMatrix(dcLevel, 0) : dequantise(dcLevel);
      if (dc) {
        store<i16>(COEF, <i16>dc);
        putBlock(n, 0, field, -256, 255);
      }
    } else if (quantType) {
      error = readCoefficients(false, 0, scan, 1, 0);
      if (error) return error;
      dequantiseInterWithMatrix();
      putBlock(n, extent, field, -256, 255);
    } else {
      error = readCoefficients(false, 0, scan, quantiser << 1, (quantiser - 1) | 1);
      if (error) return error;
      putBlock(n, extent, field, -256, 255);
    }
  }
  return OK;
}
