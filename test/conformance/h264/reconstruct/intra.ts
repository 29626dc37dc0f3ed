/**
 * Intra prediction, ITU-T H.264 clause 8.3: from neighbouring samples of the same picture, not yet deblocked.
 * Each function writes the predicted samples of one block, row by row, into `pred`.
 */
import { clip1, type SamplePlane } from './picture.js';

/** Which neighbouring samples are "available for intra prediction" (8.3.1.2, 8.3.2.2, 8.3.3, 8.3.4). */
export interface Available {
  left: boolean;
  top: boolean;
  topRight: boolean;
  topLeft: boolean;
}

/** Intra4x4PredMode and Intra8x8PredMode, tables 8-2 and 8-3. */
const Vertical = 0;
const Horizontal = 1;
const DC = 2;
const Diagonal_Down_Left = 3;
const Diagonal_Down_Right = 4;
const Vertical_Right = 5;
const Horizontal_Down = 6;
const Vertical_Left = 7;
const Horizontal_Up = 8;

/**
 * The neighbours of an N x N block in one row: p[-1, N-1] ... p[-1, 0] at 0..N-1, the corner p[-1, -1] at N,
 * p[0, -1] ... p[2N-1, -1] from N+1. Where the upper right is missing, p[N-1, -1] stands in for it (8.3.1.2, 8.3.2.2).
 */
function neighbours(plane: SamplePlane, x0: number, y0: number, size: number, available: Available): Int32Array {
  const edge = new Int32Array(3 * size + 1);
  const { data, width } = plane;
  const origin = y0 * width + x0;
  if (available.left) for (let y = 0; y < size; y++) edge[size - 1 - y] = data[origin + y * width - 1]!;
  if (available.topLeft) edge[size] = data[origin - width - 1]!;
  if (available.top) {
    for (let x = 0; x < 2 * size; x++) {
      edge[size + 1 + x] = data[origin - width + (x < size || available.topRight ? x : size - 1)]!;
    }
  }
  return edge;
}

/** 8.3.2.2.1: the reference samples of Intra_8x8 are smoothed first. */
function filterNeighbours(p: Int32Array, available: Available): Int32Array {
  const N = 8;
  const out = p.slice();
  const { left, top, topLeft } = available;
  const three = (i: number): number => (p[i - 1]! + 2 * p[i]! + p[i + 1]! + 2) >> 2;
  if (top) {
    out[N + 1] = topLeft ? three(N + 1) : (3 * p[N + 1]! + p[N + 2]! + 2) >> 2;
    for (let i = N + 2; i < 3 * N; i++) out[i] = three(i);
    out[3 * N] = (p[3 * N - 1]! + 3 * p[3 * N]! + 2) >> 2;
  }
  if (topLeft) {
    if (top && left) out[N] = three(N);
    else if (top) out[N] = (3 * p[N]! + p[N + 1]! + 2) >> 2;
    else if (left) out[N] = (3 * p[N]! + p[N - 1]! + 2) >> 2;
  }
  if (left) {
    out[N - 1] = topLeft ? three(N - 1) : (3 * p[N - 1]! + p[N - 2]! + 2) >> 2;
    for (let i = N - 2; i > 0; i--) out[i] = three(i);
    out[0] = (p[1]! + 3 * p[0]! + 2) >> 2;
  }
  return out;
}

/** Mean of `count` samples from `from`, for the DC modes. */
function sum(p: Int32Array, from: number, count: number): number {
  let total = 0;
  for (let i = from; i < from + count; i++) total += p[i]!;
  return total;
}

/** 8.3.1.2.x and 8.3.2.2.x: the nine modes, written once for N = 4 and N = 8 (the formulas are the same in N). */
function predictNxN(p: Int32Array, N: number, mode: number, available: Available, pred: Uint8Array): void {
  const top = (x: number): number => p[N + 1 + x]!;
  const left = (y: number): number => p[N - 1 - y]!;
  const shift = N === 4 ? 2 : 3;
  const two = (a: number, b: number): number => (a + b + 1) >> 1;
  const three = (a: number, b: number, c: number): number => (a + 2 * b + c + 2) >> 2;

  let dc = 128;
  if (available.left && available.top) dc = (sum(p, 0, N) + sum(p, N + 1, N) + N) >> (shift + 1);
  else if (available.left) dc = (sum(p, 0, N) + N / 2) >> shift;
  else if (available.top) dc = (sum(p, N + 1, N) + N / 2) >> shift;

  const sample = (x: number, y: number): number => {
    switch (mode) {
      case Vertical:
        return top(x);
      case Horizontal:
        return left(y);
      case DC:
        return dc;
      case Diagonal_Down_Left:
        if (x === N - 1 && y === N - 1) return (top(2 * N - 2) + 3 * top(2 * N - 1) + 2) >> 2;
        return three(top(x + y), top(x + y + 1), top(x + y + 2));
      case Diagonal_Down_Right:
        if (x > y) return three(top(x - y - 2), top(x - y - 1), top(x - y));
        if (x < y) return three(left(y - x - 2), left(y - x - 1), left(y - x));
        return three(top(0), top(-1), left(0));
      case Vertical_Right: {
        const z = 2 * x - y;
        const i = x - (y >> 1);
        if (z >= 0) return z % 2 === 0 ? two(top(i - 1), top(i)) : three(top(i - 2), top(i - 1), top(i));
        if (z === -1) return three(left(0), left(-1), top(0));
        return three(left(y - 2 * x - 1), left(y - 2 * x - 2), left(y - 2 * x - 3));
      }
      case Horizontal_Down: {
        const z = 2 * y - x;
        const i = y - (x >> 1);
        if (z >= 0) return z % 2 === 0 ? two(left(i - 1), left(i)) : three(left(i - 2), left(i - 1), left(i));
        if (z === -1) return three(left(0), left(-1), top(0));
        return three(top(x - 2 * y - 1), top(x - 2 * y - 2), top(x - 2 * y - 3));
      }
      case Vertical_Left: {
        const i = x + (y >> 1);
        return y % 2 === 0 ? two(top(i), top(i + 1)) : three(top(i), top(i + 1), top(i + 2));
      }
      case Horizontal_Up: {
        const z = x + 2 * y;
        const i = y + (x >> 1);
        if (z > 2 * N - 3) return left(N - 1);
        if (z === 2 * N - 3) return (left(N - 2) + 3 * left(N - 1) + 2) >> 2;
        return z % 2 === 0 ? two(left(i), left(i + 1)) : three(left(i), left(i + 1), left(i + 2));
      }
      default:
        throw new Error(`Intra prediction mode ${mode}`);
    }
  };
  for (let y = 0; y < N; y++) for (let x = 0; x < N; x++) pred[y * N + x] = sample(x, y);
}

/** Refuses a mode whose neighbours are missing: the parser should have called the stream malformed. */
function requireNeighbours(mode: number, available: Available): void {
  const needsLeft = [Horizontal, Diagonal_Down_Right, Vertical_Right, Horizontal_Down, Horizontal_Up].includes(mode);
  const needsTop = [Vertical, Diagonal_Down_Left, Diagonal_Down_Right, Vertical_Right, Horizontal_Down].includes(mode);
  if ((needsLeft && !available.left) || ((needsTop || mode === Vertical_Left) && !available.top)) {
    throw new Error(`Intra prediction mode ${mode} without its neighbours`);
  }
}

/** 8.3.1.2. `pred`: 16 samples. */
export function predictIntra4x4(
  plane: SamplePlane,
  x: number,
  y: number,
  mode: number,
  available: Available,
  pred: Uint8Array,
): void {
  requireNeighbours(mode, available);
  predictNxN(neighbours(plane, x, y, 4, available), 4, mode, available, pred);
}

/** 8.3.2.2. `pred`: 64 samples. */
export function predictIntra8x8(
  plane: SamplePlane,
  x: number,
  y: number,
  mode: number,
  available: Available,
  pred: Uint8Array,
): void {
  requireNeighbours(mode, available);
  predictNxN(filterNeighbours(neighbours(plane, x, y, 8, available), available), 8, mode, available, pred);
}

/** 8.3.3.4 (luma: b = (5 * H + 32) >> 6) and 8.3.4.4 (chroma: (34 * H + 32) >> 6): a plane through the edges. */
function predictPlane(p: Int32Array, N: number, pred: Uint8Array): void {
  const top = (x: number): number => p[N + 1 + x]!;
  const left = (y: number): number => p[N - 1 - y]!;
  const half = N / 2;
  let H = 0;
  let V = 0;
  for (let i = 0; i < half; i++) {
    H += (i + 1) * (top(half + i) - top(half - 2 - i));
    V += (i + 1) * (left(half + i) - left(half - 2 - i));
  }
  const slope = N === 16 ? 5 : 34;
  const a = 16 * (left(N - 1) + top(N - 1));
  const b = (slope * H + 32) >> 6;
  const c = (slope * V + 32) >> 6;
  for (let y = 0; y < N; y++) {
    for (let x = 0; x < N; x++) pred[y * N + x] = clip1((a + b * (x - half + 1) + c * (y - half + 1) + 16) >> 5);
  }
}

/** 8.3.3. Intra16x16PredMode: 0 vertical, 1 horizontal, 2 DC, 3 plane. `pred`: 256 samples. */
export function predictIntra16x16(
  plane: SamplePlane,
  x: number,
  y: number,
  mode: number,
  available: Available,
  pred: Uint8Array,
): void {
  const N = 16;
  const p = neighbours(plane, x, y, N, { ...available, topRight: false });
  if (mode === 3) {
    if (!available.left || !available.top || !available.topLeft)
      throw new Error('Intra_16x16_Plane without neighbours');
    predictPlane(p, N, pred);
    return;
  }
  if (mode !== 2) {
    requireNeighbours(mode, available);
    for (let j = 0; j < N; j++)
      for (let i = 0; i < N; i++) pred[j * N + i] = mode === 0 ? p[N + 1 + i]! : p[N - 1 - j]!;
    return;
  }
  let dc = 128;
  if (available.left && available.top) dc = (sum(p, 0, N) + sum(p, N + 1, N) + 16) >> 5;
  else if (available.left) dc = (sum(p, 0, N) + 8) >> 4;
  else if (available.top) dc = (sum(p, N + 1, N) + 8) >> 4;
  pred.fill(dc, 0, 256);
}

/** 8.3.4 for 4:2:0. intra_chroma_pred_mode: 0 DC, 1 horizontal, 2 vertical, 3 plane. `pred`: 64 samples. */
export function predictIntraChroma(
  plane: SamplePlane,
  x: number,
  y: number,
  mode: number,
  available: Available,
  pred: Uint8Array,
): void {
  const N = 8;
  const p = neighbours(plane, x, y, N, { ...available, topRight: false });
  if (mode === 3) {
    if (!available.left || !available.top || !available.topLeft)
      throw new Error('Intra_Chroma_Plane without neighbours');
    predictPlane(p, N, pred);
    return;
  }
  if (mode !== 0) {
    requireNeighbours(mode === 1 ? Horizontal : Vertical, available);
    for (let j = 0; j < N; j++)
      for (let i = 0; i < N; i++) pred[j * N + i] = mode === 2 ? p[N + 1 + i]! : p[N - 1 - j]!;
    return;
  }
  // 8.3.4.1-3: each 4x4 block has a DC of its own; those off the diagonal prefer one side.
  for (let yO = 0; yO < 8; yO += 4) {
    for (let xO = 0; xO < 8; xO += 4) {
      const top = available.top ? sum(p, N + 1 + xO, 4) : undefined;
      const left = available.left ? sum(p, N - 4 - yO, 4) : undefined;
      let dc = 128;
      if (xO === yO && top !== undefined && left !== undefined) dc = (top + left + 4) >> 3;
      else {
        const one = xO > 0 && yO === 0 ? (top ?? left) : (left ?? top);
        if (one !== undefined) dc = (one + 2) >> 2;
      }
      for (let j = 0; j < 4; j++) pred.fill(dc, (yO + j) * N + xO, (yO + j) * N + xO + 4);
    }
  }
}
