/** One macroblock: prediction (8.3, 8.4) plus the residual that the parser gave, before deblocking. */
import { type H264Tap, type SliceTap, TapMbType } from '../../../../src/bitstream/h264/tap.js';
import { predictChroma, predictLuma } from './inter.js';
import { type Available, predictIntra4x4, predictIntra8x8, predictIntra16x16, predictIntraChroma } from './intra.js';
import type { List } from './lists.js';
import { clip1, type ReferenceFrame, type SamplePlane } from './picture.js';
import { combineDefault, combineWeighted, implicitWeights, type Weights } from './weighted.js';

/** Output of the inverse transform for the whole coded picture; `undefined` chroma: monochrome. */
export interface ResidualPlane {
  data: Int16Array;
  stride: number;
}

/** The picture under reconstruction. */
export interface Current {
  tap: H264Tap;
  residual: readonly [ResidualPlane, ResidualPlane | undefined, ResidualPlane | undefined];
  planes: [SamplePlane, SamplePlane, SamplePlane];
  poc: number;
  /** RefPicList0 and RefPicList1 of each slice. */
  lists: readonly (readonly [List, List])[];
}

export const isIntra = (mbType: number): boolean => mbType <= TapMbType.I_PCM;

export function reconstructMacroblock(current: Current, mb: number): void {
  const { tap, residual, planes } = current;
  const mbType = tap.mbType[mb]!;
  const x = (mb % tap.mbCols) * 16;
  const y = Math.floor(mb / tap.mbCols) * 16;
  if (mbType === TapMbType.I_PCM) {
    // 8.3.5: the samples themselves, which the parser leaves in the planes; adding them to 0 copies them.
    const zero = new Uint8Array(256);
    planes.forEach((plane, c) => {
      const s = c === 0 ? 1 : 2;
      addResidual(plane, residual[c], x / s, y / s, 16 / s, zero);
    });
  } else if (isIntra(mbType)) reconstructIntra(current, mb, x, y);
  else reconstructInter(current, mb, x, y);
}

/** 8.5.14: u = Clip1(pred + r), for a square block. Monochrome has no chroma residual and ends as 128. */
function addResidual(
  plane: SamplePlane,
  residual: ResidualPlane | undefined,
  x: number,
  y: number,
  size: number,
  pred: Uint8Array,
): void {
  for (let j = 0; j < size; j++) {
    const row = (y + j) * plane.width + x;
    for (let i = 0; i < size; i++) {
      const r = residual ? residual.data[(y + j) * residual.stride + x + i]! : 128 - pred[j * size + i]!;
      plane.data[row + i] = clip1(pred[j * size + i]! + r);
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------- intra

/** "Available for intra prediction": in the same slice and, with constrained_intra_pred_flag, itself intra. */
function macroblockAvailable({ tap }: Current, mb: number, dx: number, dy: number): boolean {
  const column = (mb % tap.mbCols) + dx;
  const other = mb + dx + dy * tap.mbCols;
  if (column < 0 || column >= tap.mbCols || other < 0 || tap.slice[other] !== tap.slice[mb]) return false;
  return !tap.slices[tap.slice[mb]!]!.pps.constrained_intra_pred_flag || isIntra(tap.mbType[other]!);
}

/** Order in which the 4x4 blocks of a macroblock are coded (figure 6-10), by raster position. */
const luma4x4BlkIdx = [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15];

/** Neighbours of the block of `size` at (x, y) of the macroblock whose own neighbours are `outer` (6.4.11.4, 6.4.11.2). */
function blockAvailable(outer: Available, x: number, y: number, size: number): Available {
  let topRight: boolean;
  if (y === 0) topRight = x + size < 16 ? outer.top : outer.topRight;
  else {
    const order = (bx: number, by: number): number => luma4x4BlkIdx[by + (bx >> 2)]!;
    topRight = x + size < 16 && order(x + size, y - 4) < order(x, y);
  }
  return {
    left: x > 0 || outer.left,
    top: y > 0 || outer.top,
    topRight,
    topLeft: x > 0 ? y > 0 || outer.top : y > 0 ? outer.left : outer.topLeft,
  };
}

const pred = new Uint8Array(256);

function reconstructIntra(current: Current, mb: number, x: number, y: number): void {
  const { tap, planes, residual } = current;
  const outer: Available = {
    left: macroblockAvailable(current, mb, -1, 0),
    top: macroblockAvailable(current, mb, 0, -1),
    topRight: macroblockAvailable(current, mb, 1, -1),
    topLeft: macroblockAvailable(current, mb, -1, -1),
  };
  const mbType = tap.mbType[mb]!;
  if (mbType === TapMbType.I_16x16) {
    predictIntra16x16(planes[0], x, y, tap.intra16x16PredMode[mb]!, outer, pred);
    addResidual(planes[0], residual[0], x, y, 16, pred);
  } else {
    // Block after block, each predicted from those before it.
    const size = mbType === TapMbType.I_8x8 ? 8 : 4;
    const predict = size === 8 ? predictIntra8x8 : predictIntra4x4;
    for (let idx = 0; idx < 16; idx += size === 8 ? 4 : 1) {
      const raster = luma4x4BlkIdx.indexOf(idx);
      const bx = 4 * (raster % 4);
      const by = 4 * (raster >> 2);
      const mode = tap.intraPredMode[16 * mb + raster]!;
      predict(planes[0], x + bx, y + by, mode, blockAvailable(outer, bx, by, size), pred);
      addResidual(planes[0], residual[0], x + bx, y + by, size, pred);
    }
  }
  for (const c of [1, 2] as const) {
    predictIntraChroma(planes[c], x / 2, y / 2, tap.intra_chroma_pred_mode[mb]!, outer, pred);
    addResidual(planes[c], residual[c], x / 2, y / 2, 8, pred);
  }
}

// ---------------------------------------------------------------------------------------------------------------- inter

/** Whether all 4x4 blocks of the square at (bx, by), side `n` blocks, are predicted alike. */
function uniform(tap: H264Tap, bx: number, by: number, n: number): boolean {
  const cols = 4 * tap.mbCols;
  const first = by * cols + bx;
  const first8 = (by >> 1) * 2 * tap.mbCols + (bx >> 1);
  for (const list of [0, 1] as const) {
    const { [list]: mv } = tap.vectors;
    const { [list]: ref } = tap.refIdx;
    for (let j = 0; j < n; j++) {
      for (let i = 0; i < n; i++) {
        const at = (by + j) * cols + bx + i;
        const at8 = ((by + j) >> 1) * 2 * tap.mbCols + ((bx + i) >> 1);
        if (ref[at8] !== ref[first8]) return false;
        if (ref[at8]! >= 0 && (mv[2 * at] !== mv[2 * first] || mv[2 * at + 1] !== mv[2 * first + 1])) return false;
      }
    }
  }
  return true;
}

/**
 * 8.4. A partition's prediction is that of its 4x4 blocks, so partition shapes need not be known: the macroblock is cut
 * into squares that are predicted alike.
 */
function reconstructInter(current: Current, mb: number, x: number, y: number): void {
  const { tap } = current;
  const bx = x >> 2;
  const by = y >> 2;
  if (uniform(tap, bx, by, 4)) {
    reconstructSquare(current, mb, bx, by, 16);
    return;
  }
  for (let j = 0; j < 4; j += 2) {
    for (let i = 0; i < 4; i += 2) {
      if (uniform(tap, bx + i, by + j, 2)) reconstructSquare(current, mb, bx + i, by + j, 8);
      else {
        for (let k = 0; k < 4; k++) reconstructSquare(current, mb, bx + i + (k & 1), by + j + (k >> 1), 4);
      }
    }
  }
}

/** 8.4.2.3: explicit weights by reference index; implicit only where both lists are used. */
function weightsOf(
  current: Current,
  slice: SliceTap,
  refIdx: readonly [number, number],
  references: readonly [ReferenceFrame | undefined, ReferenceFrame | undefined],
  component: number,
): Weights | undefined {
  const isB = slice.header.slice_type === 1;
  const mode = isB ? slice.pps.weighted_bipred_idc : Number(slice.pps.weighted_pred_flag);
  const table = slice.header.pred_weight_table;
  if (mode === 1 && table) {
    const logWD = component === 0 ? table.luma_log2_weight_denom : table.chroma_log2_weight_denom;
    const of = (list: 0 | 1): [number, number] => {
      const entry = refIdx[list] < 0 ? undefined : table.weights[list][refIdx[list]];
      if (!entry) return [2 ** logWD, 0];
      return component === 0 ? entry.luma : component === 1 ? entry.cb : entry.cr;
    };
    const [zero, one] = [of(0), of(1)];
    return { logWD, w: [zero[0], one[0]], o: [zero[1], one[1]] };
  }
  if (mode === 2 && references[0] && references[1]) return implicitWeights(current.poc, references[0], references[1]);
  return undefined;
}

const fromList = [new Uint8Array(256), new Uint8Array(256)] as const;

/** A square of `size` luma samples whose first 4x4 block is (bx, by) of the picture. */
function reconstructSquare(current: Current, mb: number, bx: number, by: number, size: number): void {
  const { tap, planes, residual } = current;
  const at = by * 4 * tap.mbCols + bx;
  const at8 = (by >> 1) * 2 * tap.mbCols + (bx >> 1);
  const sliceIdx = tap.slice[mb]!;
  const refIdx = [tap.refIdx[0][at8]!, tap.refIdx[1][at8]!] as const;
  const reference = (list: 0 | 1): ReferenceFrame | undefined => {
    if (refIdx[list] < 0) return undefined;
    const frame = current.lists[sliceIdx]![list][refIdx[list]];
    if (!frame || frame.nonExisting)
      throw new Error(`macroblock ${mb}: refIdx ${refIdx[list]} of list ${list} is no picture`);
    return frame;
  };
  const references = [reference(0), reference(1)] as const;
  if (!references[0] && !references[1]) throw new Error(`macroblock ${mb}: inter block without a reference`);

  planes.forEach((plane, c) => {
    const s = c === 0 ? 1 : 2;
    const [px, py, n] = [(4 * bx) / s, (4 * by) / s, size / s];
    const predict = c === 0 ? predictLuma : predictChroma;
    const one = (list: 0 | 1): Uint8Array | undefined => {
      const frame = references[list];
      if (!frame) return undefined;
      const mv = tap.vectors[list];
      predict(frame.planes[c]!, px, py, n, n, mv[2 * at]!, mv[2 * at + 1]!, fromList[list]);
      return fromList[list];
    };
    const [p0, p1] = [one(0), one(1)];
    const weights = weightsOf(current, tap.slices[sliceIdx]!, refIdx, references, c);
    if (weights) combineWeighted(p0, p1, n * n, weights, pred);
    else combineDefault(p0, p1, n * n, pred);
    addResidual(plane, residual[c], px, py, n, pred);
  });
}
