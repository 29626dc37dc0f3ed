/**
 * Where everything lies. Static memory holds the tables that the TypeScript side fills once, the parameters of the
 * current slice, and the scratch of one macroblock. Above `__heap_base` follow the arrays of the picture, the pool of
 * motion fields and the bitstream buffer, laid out by `configure`.
 */

// --- Static tables, filled once by kernel.ts (its `Address` names them in this order) ---

/** CABAC engine: 128 rows of 8 bytes (tables/cabac-engine.ts). */
export const ENGINE: usize = memory.data(128 * 8, 8);
/** CABAC context initialisation, i8 [4][460][2]. */
export const CONTEXT_INIT: usize = memory.data(4 * 460 * 2, 8);
/** coeff_token, u16 [4][128]: index (leading zeros << 3) | the three bits after the first 1. */
export const COEFF_TOKEN: usize = memory.data(4 * 128 * 2, 8);
/** total_zeros, u8 [15][512]: (value << 4) | length, indexed by the next 9 bits. */
export const TOTAL_ZEROS: usize = memory.data(15 * 512, 8);
/** total_zeros of chroma DC, u8 [3][8]. */
export const TOTAL_ZEROS_DC: usize = memory.data(3 * 8, 8);
/** run_before for zerosLeft 1..6, u8 [6][8]. */
export const RUN_BEFORE: usize = memory.data(6 * 8, 8);
/** coded_block_pattern, u8 [2][48] for 4:2:0 then [2][16] for monochrome; first index 0 Intra, 1 Inter. */
export const CODED_BLOCK_PATTERN: usize = memory.data(2 * 48 + 2 * 16, 8);
/** Scan of 4x4 blocks, u8 [16]: scan position to column-major index (4 * x + y), as the transform wants it. */
export const SCAN_4x4: usize = memory.data(16, 8);
/** Scan of 8x8 blocks, u8 [64], column-major (8 * x + y). */
export const SCAN_8x8: usize = memory.data(64, 8);
/** The 8x8 scan split for CAVLC, u8 [4][16]: every fourth position. */
export const SCAN_8x8_CAVLC: usize = memory.data(64, 8);
/** LevelScale4x4 << (qP / 6), i32 [6 lists][52 qP][16 scan positions]. */
export const SCALE_4x4: usize = memory.data(6 * 52 * 16 * 4, 16);
/** LevelScale8x8 << (qP / 6), i32 [2 lists][52 qP][64 scan positions]. */
export const SCALE_8x8: usize = memory.data(2 * 52 * 64 * 4, 16);
/** The same in CAVLC order, i32 [2][52][4][16]. */
export const SCALE_8x8_CAVLC: usize = memory.data(2 * 52 * 64 * 4, 16);
/** QPC by QPY, u8 [2: Cb, Cr][52]. */
export const CHROMA_QP: usize = memory.data(2 * 52, 8);

// --- The slice: i32 fields written by the TypeScript side before decodeSlice ---

export const SLICE: usize = memory.data(20 * 4, 16);
/** PicOrderCnt of each list entry, i32 [2][32]. */
export const REF_POC: usize = memory.data(2 * 32 * 4, 16);
/** 1 where the entry is a long-term reference, u8 [2][32]. */
export const REF_LONG: usize = memory.data(2 * 32, 16);

// --- Scratch of one macroblock ---

/** CABAC contexts, u8 [460]. */
export const CONTEXTS: usize = memory.data(460, 16);
/** Scaled coefficients of one block, i16 [64], column-major; all zero between blocks. */
export const COEF: usize = memory.data(64 * 2, 16);
/** Luma DC of Intra_16x16, i16 [16], then two chroma DC blocks, i16 [2][4] (8 apart); all zero between macroblocks. */
export const DC: usize = memory.data(48 * 2, 16);
/** Scales of 16, i32 [16], for DC blocks, whose scaling comes after their own transform. */
export const UNIT_SCALE: usize = memory.data(16 * 4, 16);
/** Identity scan, u8 [16], for chroma DC. */
export const UNIT_SCAN: usize = memory.data(16, 16);
/** Levels of one CAVLC block, i32 [16]; positions of one CABAC block, u8 [64]. */
export const LEVELS: usize = memory.data(64 * 4, 16);
/** Sums of DC parts at scale 8, i32 [6]: four luma 8x8 blocks, Cb, Cr. */
export const SUMS: usize = memory.data(8 * 4, 16);

/**
 * Caches around the macroblock: rows of 8 cells, index 8 * (y + 1) + x + 1 for 4x4 block (x, y), so that the left
 * neighbour is at -1 and the upper at -8; (4, -1) is the upper right macroblock.
 */
export const CACHE_ROWS: usize = 40;
/** Non-zero counts, u8: luma 40 cells, then Cb and Cr 24 cells each. */
export const NNZ: usize = memory.data(96, 16);
/** Intra prediction modes, i8 [40]. */
export const IPRED: usize = memory.data(48, 16);
/** Vectors, [2 lists][40] of (i16 x, i16 y). */
export const MV: usize = memory.data(2 * 40 * 4, 16);
/** Reference indices, i8 [2][40]: -1 list not used, -2 not available. */
export const REF: usize = memory.data(2 * 40, 16);
/** 1 where ref_idx is above 0 and was transmitted, u8 [2][40] (context of ref_idx). */
export const REF_GT0: usize = memory.data(2 * 40 + 16, 16);
/** |mvd|, capped, [2][40] of (u8 x, u8 y). */
export const MVD: usize = memory.data(2 * 40 * 2, 16);
/** sub_mb_type of the four sub-macroblocks: u8 [4]. */
export const SUB: usize = memory.data(8, 8);

// --- The picture ---

export let mbCols: i32 = 0;
export let mbRows: i32 = 0;
export let mbCount: i32 = 0;

/** Start and end of the arrays that beginPicture clears. */
let clearFrom: usize = 0;
let clearTo: usize = 0;

/** Slice index per macroblock, u16; 0xffff: not decoded. */
export let sliceOf: usize = 0;
/** Tap type (tap.ts, TapMbType) per macroblock. */
export let mbTypes: usize = 0;
/** MacroblockType (frame.ts) per macroblock. */
export let publicTypes: usize = 0;
export let intraMask: usize = 0;
export let qps: usize = 0;
/** Intra 4x4 modes, [mb][16] raster. */
export let intraModes: usize = 0;
export let intra16Modes: usize = 0;
export let chromaModes: usize = 0;
export let transform8x8: usize = 0;
export let codedBlockPatterns: usize = 0;
/** total_coeff, [mb][24]. */
export let totalCoeff: usize = 0;
/** coded_block_flag of DC blocks: bit 0 luma, 1 Cb, 2 Cr. */
export let dcFlags: usize = 0;
/** Bits 0..3: sub-macroblock predicted in direct mode (skip and direct macroblocks: 15). */
export let directMasks: usize = 0;
/** 1 where vectors rest on a co-located picture that was not parsed. */
export let underived: usize = 0;
/** 1 where the residual planes hold something other than zero: bit 0 luma, bit 1 chroma. Survives pictures. */
export let dirty: usize = 0;
/** |mvd| of the row above, [2 lists][mbCols * 4] of (u8, u8); of the macroblock to the left [2][4]. */
export let mvdTop: usize = 0;
export let mvdLeft: usize = 0;

/** Motion fields: `slots` of them, `slotBytes` each. */
export let fields: usize = 0;
export let slotBytes: usize = 0;
let slots: i32 = 0;
/** Offsets within a motion field: vectors of list 1, reference indices, reference POCs (of list 0; list 1 follows). */
export let vectorBytes: usize = 0;
export let refIdxOffset: usize = 0;
export let refPocOffset: usize = 0;
/** The current picture's motion field. */
export let field: usize = 0;

/** Residual planes, in macroblocks: what they cover. */
export let planeX0: i32 = 0;
export let planeY0: i32 = 0;
export let planeX1: i32 = 0;
export let planeY1: i32 = 0;
/** 1, 2, 4, 8; 0: no planes. */
export let scale: i32 = 0;
export let withChroma: bool = false;
/** Addresses of the planes and strides in bytes. */
export let lumaPlane: usize = 0;
export let cbPlane: usize = 0;
export let crPlane: usize = 0;
export let lumaStride: usize = 0;
export let chromaStride: usize = 0;
let planes: usize = 0;

/** The bitstream buffer: padding, then the RBSP. */
export let buffer: usize = 0;

/** Fills `count` times 16 bytes: a few stores, where memory.fill would leave WebAssembly for a call. */
// @ts-ignore: decorator
@inline
export function splat16(at: usize, byte: u8, count: i32): void {
  const value = i8x16.splat(byte);
  for (let i = 0; i < count; i++) v128.store(at + (<usize>i << 4), value);
}

// @ts-ignore: decorator
@inline
function align(bytes: usize): usize {
  return (bytes + 63) & ~(63 as usize);
}

/**
 * Lays out memory for pictures of cols x rows macroblocks, `pool` motion fields and NAL units of up to `nalBytes`; all
 * is zero afterwards. False when memory cannot grow that far.
 */
export function layOut(cols: i32, rows: i32, pool: i32, nalBytes: usize, padding: usize): bool {
  mbCols = cols;
  mbRows = rows;
  mbCount = cols * rows;
  slots = pool;
  const mbs = <usize>mbCount;
  let at = align(__heap_base);
  const from = at;
  sliceOf = at;
  at += align(mbs * 2);
  mvdTop = at;
  at += align(<usize>cols * 4 * 2 * 2 + 16);
  mvdLeft = at;
  at += 64;
  clearFrom = at;
  mbTypes = at;
  at += align(mbs);
  publicTypes = at;
  at += align(mbs);
  intraMask = at;
  at += align(mbs);
  qps = at;
  at += align(mbs);
  intraModes = at;
  at += align(mbs * 16);
  intra16Modes = at;
  at += align(mbs);
  chromaModes = at;
  at += align(mbs);
  transform8x8 = at;
  at += align(mbs);
  codedBlockPatterns = at;
  at += align(mbs);
  totalCoeff = at;
  at += align(mbs * 24);
  dcFlags = at;
  at += align(mbs);
  directMasks = at;
  at += align(mbs);
  underived = at;
  at += align(mbs);
  clearTo = at;
  dirty = at;
  at += align(mbs);
  vectorBytes = align(mbs * 16 * 4);
  refIdxOffset = vectorBytes * 2;
  refPocOffset = refIdxOffset + align(mbs * 4 * 2);
  slotBytes = refPocOffset + align(mbs * 4 * 2 * 4);
  fields = at;
  at += slotBytes * pool;
  planes = at;
  // Three planes of 16-bit samples at full size and 4:2:0.
  at += align(mbs * 384 * 2 + 64);
  buffer = at;
  at += align(padding + nalBytes + 64);
  const pages = <i32>((at + 0xffff) >>> 16);
  if (pages > memory.size() && memory.grow(pages - memory.size()) < 0) return false;
  memory.fill(from, 0, at - from);
  return true;
}

/** Starts a picture in motion field `slot`: nothing decoded, no motion, no references. `lists`: how many it may use. */
export function clearPicture(slot: i32): void {
  field = fields + <usize>slot * slotBytes;
  memory.fill(sliceOf, 0xff, <usize>mbCount * 2);
  memory.fill(clearFrom, 0, clearTo - clearFrom);
  memory.fill(field, 0, refIdxOffset);
  memory.fill(field + refIdxOffset, 0xff, <usize>mbCount * 8);
  // NO_REFERENCE, -2^31
  const none = i32x4.splat(i32.MIN_VALUE);
  for (let at = field + refPocOffset, end = field + slotBytes; at < end; at += 16) v128.store(at, none);
}

/** What the planes cover, in macroblocks. A change clears them. */
export function layPlanes(s: i32, chroma: bool, x0: i32, y0: i32, x1: i32, y1: i32): void {
  if (s == scale && chroma == withChroma && x0 == planeX0 && y0 == planeY0 && x1 == planeX1 && y1 == planeY1) return;
  scale = s;
  withChroma = chroma;
  planeX0 = x0;
  planeY0 = y0;
  planeX1 = x1;
  planeY1 = y1;
  if (s == 0) return;
  const width = <usize>(x1 - x0);
  const height = <usize>(y1 - y0);
  const side = <usize>(16 / s);
  lumaStride = width * side * 2;
  chromaStride = lumaStride >>> 1;
  lumaPlane = planes;
  cbPlane = lumaPlane + lumaStride * side * height;
  crPlane = cbPlane + chromaStride * (side >>> 1) * height;
  memory.fill(planes, 0, <usize>mbCount * 384 * 2);
  memory.fill(dirty, 0, <usize>mbCount);
}

/** Addresses for the TypeScript side, in the order of its `Address`. */
export function addressOf(which: i32): usize {
  switch (which) {
    case 0: return ENGINE;
    case 1: return CONTEXT_INIT;
    case 2: return COEFF_TOKEN;
    case 3: return TOTAL_ZEROS;
    case 4: return TOTAL_ZEROS_DC;
    case 5: return RUN_BEFORE;
    case 6: return CODED_BLOCK_PATTERN;
    case 7: return SCAN_4x4;
    case 8: return SCAN_8x8;
    case 9: return SCAN_8x8_CAVLC;
    case 10: return SCALE_4x4;
    case 11: return SCALE_8x8;
    case 12: return SCALE_8x8_CAVLC;
    case 13: return CHROMA_QP;
    case 14: return SLICE;
    case 15: return REF_POC;
    case 16: return REF_LONG;
    case 17: return sliceOf;
    case 18: return mbTypes;
    case 19: return publicTypes;
    case 20: return intraMask;
    case 21: return qps;
    case 22: return intraModes;
    case 23: return intra16Modes;
    case 24: return chromaModes;
    case 25: return transform8x8;
    case 26: return codedBlockPatterns;
    case 27: return totalCoeff;
    case 28: return underived;
    case 29: return fields;
    case 30: return slotBytes;
    case 31: return vectorBytes;
    case 32: return refIdxOffset;
    case 33: return refPocOffset;
    case 34: return lumaPlane;
    case 35: return cbPlane;
    case 36: return crPlane;
    case 37: return lumaStride;
    case 38: return chromaStride;
    case 39: return buffer;
    case 40: return UNIT_SCALE;
    case 41: return UNIT_SCAN;
    default: return 0;
  }
}
