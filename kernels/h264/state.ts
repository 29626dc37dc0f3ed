/** The slice and the macroblock being parsed: parameters, position, neighbours, error. */
import { SLICE, mbCols, mbCount, sliceOf } from './memory';

/** Sticky error; 0: none. Named for the TypeScript side in kernel.ts. */
export const ERROR_OVERRUN = 1;
export const ERROR_MB_TYPE = 2;
export const ERROR_CBP = 3;
export const ERROR_REF_IDX = 4;
export const ERROR_QP_DELTA = 5;
export const ERROR_COEFF = 6;
export const ERROR_ADDRESS = 7;
export const ERROR_CHROMA_MODE = 8;
export const ERROR_SKIP_RUN = 9;
export const ERROR_TRAILING = 10;
export const ERROR_GOLOMB = 11;
export let error: i32 = 0;

// @ts-ignore: decorator
@inline
export function fail(code: i32): void {
  if (error == 0) error = code;
}

export function clearError(): void {
  error = 0;
}

/** 0 P, 1 B, 2 I. */
export let sliceType: i32 = 0;
export let cabac: bool = false;
export let numRef0: i32 = 0;
export let numRef1: i32 = 0;
export let transform8x8Mode: bool = false;
export let direct8x8Inference: bool = false;
export let directSpatial: bool = false;
export let sliceIndex: i32 = 0;
export let constrainedIntra: bool = false;
export let monochrome: bool = false;
/** Motion field of RefPicList1[0], -1: not parsed. */
export let colSlot: i32 = 0;
export let colShortTerm: bool = false;
export let currPoc: i32 = 0;
/** Bit position of rbsp_stop_one_bit. */
export let stopBit: u32 = 0;
export let cabacModel: i32 = 0;
export let firstMb: i32 = 0;
export let startBit: u32 = 0;

export let qp: i32 = 0;
/** mb_qp_delta of the previous macroblock in the slice, for its CABAC context. */
export let lastQpDelta: i32 = 0;

export function setQp(value: i32): void {
  qp = value;
}

export function setLastQpDelta(value: i32): void {
  lastQpDelta = value;
}

export function setColSlot(value: i32): void {
  colSlot = value;
}

/** Takes in the fields that kernel.ts (`SliceField`) has written. */
export function loadSlice(): void {
  sliceType = load<i32>(SLICE);
  cabac = load<i32>(SLICE, 4) != 0;
  firstMb = load<i32>(SLICE, 8);
  qp = load<i32>(SLICE, 12);
  cabacModel = load<i32>(SLICE, 16);
  numRef0 = load<i32>(SLICE, 20);
  numRef1 = load<i32>(SLICE, 24);
  transform8x8Mode = load<i32>(SLICE, 28) != 0;
  direct8x8Inference = load<i32>(SLICE, 32) != 0;
  directSpatial = load<i32>(SLICE, 36) != 0;
  sliceIndex = load<i32>(SLICE, 40);
  constrainedIntra = load<i32>(SLICE, 44) != 0;
  monochrome = load<i32>(SLICE, 48) != 0;
  startBit = load<u32>(SLICE, 52);
  stopBit = load<u32>(SLICE, 56);
  colSlot = load<i32>(SLICE, 60);
  colShortTerm = load<i32>(SLICE, 64) != 0;
  currPoc = load<i32>(SLICE, 68);
  lastQpDelta = 0;
  error = 0;
}

/** The current macroblock and whether its neighbours A (left), B (above), C (above right), D (above left) are in the slice. */
export let mb: i32 = 0;
export let mbX: i32 = 0;
export let mbY: i32 = 0;
export let availA: bool = false;
export let availB: bool = false;
export let availC: bool = false;
export let availD: bool = false;

// @ts-ignore: decorator
@inline
function inSlice(address: i32): bool {
  return <i32>load<u16>(sliceOf + (<usize>address << 1)) == sliceIndex;
}

/** Moves to macroblock `address` (6.4.9, frame macroblocks). False where it was decoded already or lies outside. */
export function moveTo(address: i32): bool {
  if (address >= mbCount) return false;
  mb = address;
  mbY = address / mbCols;
  mbX = address - mbY * mbCols;
  return enter();
}

/** Moves on by one macroblock. */
export function moveOn(): bool {
  mb++;
  mbX++;
  if (mbX == mbCols) {
    mbX = 0;
    mbY++;
  }
  if (mb >= mbCount) return false;
  return enter();
}

// @ts-ignore: decorator
@inline
function enter(): bool {
  const up = mb - mbCols;
  availA = mbX > 0 && inSlice(mb - 1);
  availB = mbY > 0 && inSlice(up);
  availC = mbY > 0 && mbX + 1 < mbCols && inSlice(up + 1);
  availD = mbY > 0 && mbX > 0 && inSlice(up - 1);
  return load<u16>(sliceOf + (<usize>mb << 1)) == 0xffff;
}
