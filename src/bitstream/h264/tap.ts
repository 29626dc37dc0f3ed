/**
 * The side-information tap: everything about the last parsed picture that a decoder needs beyond `CompressedFrame` to
 * rebuild its pixels (prediction modes, coefficient counts, reference indices, slice parameters). Tests reconstruct
 * whole streams from it; nothing on the way to the network reads it.
 */
import type { PicParameterSet, SeqParameterSet, SliceHeader } from './syntax.js';

/** Values of `H264Tap.mbType`. Whether an inter macroblock is split is seen from its vectors and references. */
export const TapMbType = {
  /** I_NxN with transform_size_8x8_flag 0. */
  I_4x4: 0,
  /** I_NxN with transform_size_8x8_flag 1. */
  I_8x8: 1,
  I_16x16: 2,
  I_PCM: 3,
  /** Any P or B macroblock with own vectors or sub-macroblocks (B_8x8 may hold direct sub-macroblocks). */
  Inter: 4,
  P_Skip: 5,
  B_Skip: 6,
  B_Direct_16x16: 7,
  /** Not decoded. */
  Lost: 255,
} as const;

export { NO_REFERENCE, UNKNOWN_REFERENCE } from '../frame.js';

/** One slice of the picture. */
export interface SliceTap {
  header: SliceHeader;
  pps: PicParameterSet;
  /** RefPicList0 and RefPicList1 as PicOrderCnt of each entry (`UNKNOWN_REFERENCE` where not known). */
  RefPicList: [Int32Array, Int32Array];
  /** Whether the entry is a long-term reference, same shape (implicit weights and temporal direct treat it apart). */
  longTerm: [Uint8Array, Uint8Array];
  /** Macroblocks decoded from the slice: from first_mb_in_slice, this many, in raster order. */
  macroblocks: number;
  /** Bit position in the RBSP after slice_data(): equals `trailingBit` when the slice is intact. */
  endBit: number;
  /** Bit position of rbsp_stop_one_bit. */
  trailingBit: number;
  /** Error code of the kernel (`reasonOf` in kernel.ts says it in words); 0: none. */
  error: number;
}

/**
 * All arrays belong to the parser and are valid until its next call. mbRows x mbCols macroblocks in raster order; within
 * a macroblock 4x4 blocks are in raster order too (index 4 * y + x, not the standard's zig-zag blkIdx).
 */
export interface H264Tap {
  sps: SeqParameterSet;
  nal_ref_idc: number;
  IdrPicFlag: boolean;
  frame_num: number;
  /** PicOrderCnt(CurrPic): min of TopFieldOrderCnt and BottomFieldOrderCnt. After memory_management_control_operation 5: before the reset. */
  PicOrderCnt: number;
  mbCols: number;
  mbRows: number;
  slices: SliceTap[];
  /** Index into `slices` per macroblock; 0xffff: not decoded. */
  slice: Uint16Array;
  /** Value of `TapMbType` per macroblock. */
  mbType: Uint8Array;
  /** [mb][16]: Intra4x4PredMode or Intra8x8PredMode (repeated over its four blocks); meaningless in other macroblocks. */
  intraPredMode: Uint8Array;
  /** Intra16x16PredMode per macroblock (0 vertical, 1 horizontal, 2 DC, 3 plane); meaningless elsewhere. */
  intra16x16PredMode: Uint8Array;
  intra_chroma_pred_mode: Uint8Array;
  transform_size_8x8_flag: Uint8Array;
  /** CodedBlockPatternLuma + 16 * CodedBlockPatternChroma per macroblock (I_16x16: 0 or 15 for luma). */
  CodedBlockPattern: Uint8Array;
  /**
   * [mb][24]: coefficients per block as total_coeff counts them: 16 luma (Intra_16x16: AC only), 4 Cb AC, 4 Cr AC
   * (raster 2x2). I_PCM: 16. With CABAC and the 8x8 transform all four blocks of the 8x8 hold the count (capped at 16);
   * with CAVLC each holds its interleaved quarter: a block filter must or the four.
   */
  totalCoeff: Uint8Array;
  /** Per macroblock: QPY (0 in I_PCM). Chroma: `chromaQp(qp, pps.chroma_qp_index_offset[i])`. */
  qp: Uint8Array;
  /** Per list, [2 * mbRows][2 * mbCols] in raster order, one per 8x8 block: the reference index; -1 where unused. */
  refIdx: [Int8Array, Int8Array];
  /** Same shape: PicOrderCnt of the reference, `NO_REFERENCE` or `UNKNOWN_REFERENCE`. */
  references: [Int32Array, Int32Array];
  /** Per list, [4 * mbRows][4 * mbCols][2]: vectors (x, y) in quarter samples, one per 4x4 block. */
  vectors: [Int16Array, Int16Array];
}
