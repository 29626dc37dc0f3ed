/** The deblocking filter, ITU-T H.264 clause 8.7, for frame macroblocks: over the whole picture, after it is reconstructed. */
import { clip1, clip3, type SamplePlane } from './picture.js';

/** What the filter asks of a picture. "Cell": 4x4 luma block; cells lie in rows of 4 * mbCols. */
export interface DeblockInput {
  planes: readonly [SamplePlane, SamplePlane, SamplePlane];
  mbCols: number;
  mbRows: number;
  /** Per macroblock: index into `slices`; -1 where it was not decoded. */
  slice: Int32Array;
  intra: Uint8Array;
  transform_size_8x8_flag: Uint8Array;
  /** QPY; 0 for I_PCM (8.7.2.2). */
  qp: Uint8Array;
  /** Per cell: 1 where the transform block that covers it has coefficients. */
  coded: Uint8Array;
  /** Per list, per cell: `ReferenceFrame.id` of the picture referred to, -1 if the list is not used. */
  reference: readonly [Int32Array, Int32Array];
  /** Per list, per cell: x, y. */
  mv: readonly [Int16Array, Int16Array];
  slices: readonly DeblockSlice[];
}

export interface DeblockSlice {
  disable_deblocking_filter_idc: number;
  FilterOffsetA: number;
  FilterOffsetB: number;
  /** chroma_qp_index_offset, second_chroma_qp_index_offset. */
  chromaOffset: readonly [number, number];
}

/** Table 8-16: alpha', beta' and tC0' for bS 1, 2, 3, by indexA / indexB. */
const alphaTable = [
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 5, 6, 7, 8, 9, 10, 12, 13, 15, 17, 20, 22, 25, 28, 32, 36, 40,
  45, 50, 56, 63, 71, 80, 90, 101, 113, 127, 144, 162, 182, 203, 226, 255, 255,
];
const betaTable = [
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11,
  12, 12, 13, 13, 14, 14, 15, 15, 16, 16, 17, 17, 18, 18,
];
const tC0Table = [
  [],
  [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3,
    3, 4, 4, 4, 5, 6, 6, 7, 8, 9, 10, 11, 13,
  ],
  [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4,
    4, 5, 5, 6, 7, 8, 8, 10, 11, 12, 13, 15, 17,
  ],
  [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 6,
    6, 7, 8, 9, 10, 11, 13, 14, 16, 18, 20, 23, 25,
  ],
];

/** Table 8-15, QPC by qPI from 30 on. */
const qpcTable = [29, 30, 31, 32, 32, 33, 34, 34, 35, 35, 36, 36, 37, 37, 37, 38, 38, 38, 39, 39, 39, 39];

/** 8.5.8: QPC of a macroblock. */
export function chromaQp(qpY: number, offset: number): number {
  const qPI = clip3(0, 51, qpY + offset);
  return qPI < 30 ? qPI : qpcTable[qPI - 30]!;
}

/** 8.7.2.1, last part: do the two cells differ in reference pictures, in number of vectors, or by a sample or more? */
function motionDiffers({ reference, mv }: DeblockInput, p: number, q: number): boolean {
  const [p0, p1, q0, q1] = [reference[0][p]!, reference[1][p]!, reference[0][q]!, reference[1][q]!];
  const far = (listP: 0 | 1, listQ: 0 | 1): boolean =>
    Math.abs(mv[listP][2 * p]! - mv[listQ][2 * q]!) >= 4 ||
    Math.abs(mv[listP][2 * p + 1]! - mv[listQ][2 * q + 1]!) >= 4;
  const straight = p0 === q0 && p1 === q1;
  const crossed = p0 === q1 && p1 === q0;
  const farStraight = (p0 >= 0 && far(0, 0)) || (p1 >= 0 && far(1, 1));
  const farCrossed = (p0 >= 0 && far(0, 1)) || (p1 >= 0 && far(1, 0));
  if (straight && crossed) return farStraight && farCrossed;
  if (straight) return farStraight;
  if (crossed) return farCrossed;
  return true;
}

/** 8.7.2.1: bS between two neighbouring cells p and q. */
function boundaryStrength(input: DeblockInput, mbP: number, mbQ: number, p: number, q: number): number {
  if (input.intra[mbP] || input.intra[mbQ]) return mbP === mbQ ? 3 : 4;
  if (input.coded[p] || input.coded[q]) return 2;
  return motionDiffers(input, p, q) ? 1 : 0;
}

/** 8.7.2: one line of samples across an edge; q0 at `at`, p0 at `at - step`. */
function filterLine(
  data: Uint8Array,
  at: number,
  step: number,
  luma: boolean,
  bS: number,
  alpha: number,
  beta: number,
  tC0: number,
): void {
  const p0 = data[at - step]!;
  const p1 = data[at - 2 * step]!;
  const q0 = data[at]!;
  const q1 = data[at + step]!;
  if (Math.abs(p0 - q0) >= alpha || Math.abs(p1 - p0) >= beta || Math.abs(q1 - q0) >= beta) return;
  const p2 = luma ? data[at - 3 * step]! : 0;
  const q2 = luma ? data[at + 2 * step]! : 0;
  const pSmooth = luma && Math.abs(p2 - p0) < beta;
  const qSmooth = luma && Math.abs(q2 - q0) < beta;
  if (bS < 4) {
    // 8.7.2.3.
    const tC = luma ? tC0 + Number(pSmooth) + Number(qSmooth) : tC0 + 1;
    const delta = clip3(-tC, tC, (((q0 - p0) << 2) + (p1 - q1) + 4) >> 3);
    data[at - step] = clip1(p0 + delta);
    data[at] = clip1(q0 - delta);
    if (pSmooth) data[at - 2 * step] = p1 + clip3(-tC0, tC0, (p2 + ((p0 + q0 + 1) >> 1) - (p1 << 1)) >> 1);
    if (qSmooth) data[at + step] = q1 + clip3(-tC0, tC0, (q2 + ((p0 + q0 + 1) >> 1) - (q1 << 1)) >> 1);
    return;
  }
  // 8.7.2.4.
  const small = Math.abs(p0 - q0) < (alpha >> 2) + 2;
  if (pSmooth && small) {
    const p3 = data[at - 4 * step]!;
    data[at - step] = (p2 + 2 * p1 + 2 * p0 + 2 * q0 + q1 + 4) >> 3;
    data[at - 2 * step] = (p2 + p1 + p0 + q0 + 2) >> 2;
    data[at - 3 * step] = (2 * p3 + 3 * p2 + p1 + p0 + q0 + 4) >> 3;
  } else data[at - step] = (2 * p1 + p0 + q1 + 2) >> 2;
  if (qSmooth && small) {
    const q3 = data[at + 3 * step]!;
    data[at] = (p1 + 2 * p0 + 2 * q0 + 2 * q1 + q2 + 4) >> 3;
    data[at + step] = (p0 + q0 + q1 + q2 + 2) >> 2;
    data[at + 2 * step] = (2 * q3 + 3 * q2 + q1 + q0 + p0 + 4) >> 3;
  } else data[at] = (2 * q1 + q0 + p1 + 2) >> 2;
}

/** One edge of one macroblock in all three planes. `edge`: in cells from the macroblock's left or upper border. */
function filterEdge(input: DeblockInput, mbQ: number, vertical: boolean, edge: number): void {
  const { mbCols, planes } = input;
  const mbX = mbQ % mbCols;
  const mbY = Math.floor(mbQ / mbCols);
  const mbP = edge > 0 ? mbQ : vertical ? mbQ - 1 : mbQ - mbCols;
  const slice = input.slices[input.slice[mbQ]!]!;
  const cellCols = 4 * mbCols;

  const thresholds = planes.map((_, c) => {
    const qp = (mb: number): number => (c === 0 ? input.qp[mb]! : chromaQp(input.qp[mb]!, slice.chromaOffset[c - 1]!));
    const qPav = (qp(mbP) + qp(mbQ) + 1) >> 1;
    const indexA = clip3(0, 51, qPav + slice.FilterOffsetA);
    const indexB = clip3(0, 51, qPav + slice.FilterOffsetB);
    return { indexA, alpha: alphaTable[indexA]!, beta: betaTable[indexB]! };
  });
  for (let k = 0; k < 4; k++) {
    const q = vertical ? (4 * mbY + k) * cellCols + 4 * mbX + edge : (4 * mbY + edge) * cellCols + 4 * mbX + k;
    const p = vertical ? q - 1 : q - cellCols;
    const bS = boundaryStrength(input, mbP, mbQ, p, q);
    if (bS === 0) continue;
    planes.forEach((plane, c) => {
      // Chroma has half the samples: its edges lie under luma edges 0 and 2, two of its lines under a cell.
      if (c > 0 && edge % 2 === 1) return;
      const { indexA, alpha, beta } = thresholds[c]!;
      if (alpha === 0 || beta === 0) return;
      const size = c === 0 ? 16 : 8;
      const along = size / 4;
      const origin = mbY * size * plane.width + mbX * size;
      const across = vertical ? 1 : plane.width;
      const down = vertical ? plane.width : 1;
      const start = origin + edge * along * across + k * along * down;
      const tC0 = bS < 4 ? tC0Table[bS]![indexA]! : 0;
      for (let i = 0; i < along; i++) filterLine(plane.data, start + i * down, across, c === 0, bS, alpha, beta, tC0);
    });
  }
}

/** 8.7: macroblocks in order of address; in each the vertical edges from left to right, then the horizontal from the top. */
export function deblock(input: DeblockInput): void {
  const { mbCols, mbRows } = input;
  for (let mb = 0; mb < mbCols * mbRows; mb++) {
    const slice = input.slices[input.slice[mb]!];
    if (!slice || slice.disable_deblocking_filter_idc === 1) continue;
    for (const vertical of [true, false]) {
      const first = vertical ? mb % mbCols === 0 : mb < mbCols;
      const neighbour = vertical ? mb - 1 : mb - mbCols;
      const filterMbEdge =
        !first &&
        input.slice[neighbour]! >= 0 &&
        (slice.disable_deblocking_filter_idc !== 2 || input.slice[neighbour] === input.slice[mb]);
      for (let edge = filterMbEdge ? 0 : 1; edge < 4; edge++) {
        const transformEdge = !input.transform_size_8x8_flag[mb] || edge % 2 === 0;
        if (transformEdge) filterEdge(input, mb, vertical, edge);
      }
    }
  }
}
