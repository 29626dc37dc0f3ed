/** A decoded frame of the reference reconstruction, with what later pictures and the deblocking filter ask of it. */

/** Samples in rows of `width`; the size is whole macroblocks (chroma: half of them). */
export interface SamplePlane {
  data: Uint8Array;
  width: number;
  height: number;
}

export type Marking = 'unused' | 'short' | 'long';

export interface ReferenceFrame {
  /** Counts decoded and inferred frames; two frames are the same picture when this is equal. */
  id: number;
  planes: [SamplePlane, SamplePlane, SamplePlane];
  /** PicOrderCnt(frame), 8.2.1: the smaller of the two below. */
  poc: number;
  topFieldOrderCnt: number;
  bottomFieldOrderCnt: number;
  frame_num: number;
  /** Marking for reference, 8.2.5. */
  marking: Marking;
  longTermFrameIdx: number;
  /** Inferred by a gap in frame_num (8.2.5.2): never output, never predicted from. */
  nonExisting: boolean;
  neededForOutput: boolean;
}

export function newPlane(width: number, height: number): SamplePlane {
  return { data: new Uint8Array(width * height), width, height };
}

export function newPlanes(mbCols: number, mbRows: number): [SamplePlane, SamplePlane, SamplePlane] {
  return [newPlane(16 * mbCols, 16 * mbRows), newPlane(8 * mbCols, 8 * mbRows), newPlane(8 * mbCols, 8 * mbRows)];
}

/** Clip1Y, Clip1C for 8 bits (5-8). */
export function clip1(value: number): number {
  return Math.min(Math.max(value, 0), 255);
}

/** Clip3 (5-7). */
export function clip3(low: number, high: number, value: number): number {
  return Math.min(Math.max(value, low), high);
}
