/** What a bitstream parser gives, whichever codec it is: one picture in the compressed domain. No file beyond this folder asks for the codec. */

/** A rectangle in luma pixels of the coded picture. */
export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Denominator of the resolution at which residuals are transformed: 8 gives one value per 8x8 block, its DC. */
export type Scale = 1 | 2 | 4 | 8;

/**
 * Samples in rows of `stride`; only the first `width` of a row and the first `height` rows are part of the picture.
 * MPEG-4 Part 2, parsed without a region: rows and their ends go on to whole macroblocks behind that, which a
 * reconstruction needs where vectors point beyond the picture's edge.
 */
export interface Plane {
  data: Int16Array;
  width: number;
  height: number;
  stride: number;
}

/** Motion vectors on a grid of square cells that covers the picture padded to whole macroblocks. */
export interface MotionGrid {
  cols: number;
  rows: number;
  /** Side of a cell in luma pixels: 8 (MPEG-4 Part 2, H.263), 4 (H.264). */
  cell: number;
  /** Fractions of a pixel in one unit: 2 (half sample) or 4 (quarter sample). */
  unit: 2 | 4;
  /** rows x cols x (x, y): where the prediction is fetched, relative to the cell. Zero in intra and skipped cells. */
  vectors: Int16Array;
  /** B-pictures: the vectors into the backward (list 1) reference, same shape; `undefined` in I and P. */
  backward: Int16Array | undefined;
  /**
   * Which picture each block is predicted from, where a codec has a choice (H.264): `pictureOrder` of that picture, one
   * value per 8x8 luma pixels, (rows * cell / 8) x (cols * cell / 8). `NO_REFERENCE` in blocks that do not use the list,
   * `UNKNOWN_REFERENCE` where the picture was not met. Left out: every block refers to the one reference there is.
   */
  references?: Int32Array;
  /** The same for `backward`. */
  backwardReferences?: Int32Array;
  /**
   * Per macroblock, 1 where vectors are a guess: direct mode (H.264 B-pictures) takes them from another picture, which
   * was not parsed. Left out when there are none.
   */
  guessed?: Uint8Array;
}

/** In `MotionGrid.references`: the block does not use the list. */
export const NO_REFERENCE = -0x8000_0000;
/** In `MotionGrid.references`: a picture that the parser has not met. */
export const UNKNOWN_REFERENCE = 0x7fff_ffff;

/** Values of `CompressedFrame.macroblockType`. */
export const MacroblockType = {
  /** Copied from the reference: `not_coded` in MPEG-4, P_Skip / B_Skip in H.264. */
  skipped: 0,
  /** Predicted with motion vectors. */
  inter: 1,
  /** Predicted with one vector per 8x8 block or finer (MPEG-4 inter4v; H.264 P_8x8 and sub-partitions). */
  interSplit: 2,
  intra: 3,
  /** Not decoded: it lay in a damaged part of the stream. Its residual and vectors are zero and mean nothing. */
  lost: 4,
  /** Not asked for: below the region of a `partial` parse. Its residual and vectors are zero and mean nothing. */
  unread: 5,
} as const;

/**
 * Bits of `CompressedFrame.prediction`: how a macroblock's prediction is formed (MPEG-4 Part 2, 7.6). A macroblock that
 * is intra or lost has none of them; a skipped macroblock of a P-VOP has `forward`.
 */
export const PredictionFlag = {
  /** Predicted from the past reference; together with `backward`: the mean of both, rounded up. */
  forward: 1,
  /** Predicted from the future reference (B-VOPs). */
  backward: 2,
  /** One vector per 8x8 block (inter4v, and direct mode of B-VOPs) rather than one for the macroblock. */
  split: 4,
  /**
   * field_prediction: the upper two cells hold the vector of the top field's lines, the lower two that of the bottom
   * field's. Vertical components are stored doubled, in the units of the frame: halve them to get field lines.
   */
  field: 8,
  /** The top field's lines are predicted from the reference's bottom field (forward_top_field_reference). */
  forwardTopFromBottom: 16,
  /** The bottom field's lines are predicted from the reference's bottom field (forward_bottom_field_reference). */
  forwardBottomFromBottom: 32,
  backwardTopFromBottom: 64,
  backwardBottomFromBottom: 128,
} as const;

export type PictureType = 'I' | 'P' | 'B';

/**
 * One picture, without pixels. The buffers belong to the parser and are valid until its next call, or until
 * the video is closed: `copyFrame` keeps one.
 */
export interface CompressedFrame {
  type: PictureType;
  /** False for a picture that the encoder declared equal to the last (`vop_coded` = 0): all residuals and vectors are 0. */
  coded: boolean;
  /** Size of the picture in luma pixels as displayed (MPEG-4: video_object_layer_width / _height; H.264: after cropping). */
  width: number;
  height: number;
  mbCols: number;
  mbRows: number;
  scale: Scale;
  /** What the planes cover, in luma pixels: the asked region snapped outwards to even multiples of `scale`, cut to the picture. */
  region: Rect;
  /**
   * The residual: output of the inverse transform, to which a decoder would add the prediction. At scale 1 exact to the
   * codec's arithmetic, clamped to -256..255 in MPEG-4 (14496-2, 7.4.5). In an intra macroblock of MPEG-4 there is no
   * prediction, so the plane holds pixel values (0..255); in one of H.264 the prediction is spatial and not part of the
   * stream: the plane holds the transform's output alone (I_PCM: the samples). `intra` marks both: they are no temporal
   * residual.
   *
   * At scale s > 1 (MPEG-4, H.263) an 8x8 block becomes the n x n block, n = 8 / s, that is the n-point orthonormal inverse
   * DCT of its n x n lowest coefficients, divided by s, rounded to nearest with ties upwards (2.5 to 3, -2.5 to -2), and
   * clamped to the same range; scale 8 gives the mean of the block. Where a macroblock codes the lines of the two fields
   * apart (dct_type 1), its planes come out in frame lines: at scale 1 exactly; at s > 1 each field's block is reduced for
   * itself, and the rows of the top and the bottom field alternate as the lines would.
   *
   * At scale s > 1 in H.264, whose blocks are of two sizes, a value is the mean of the s x s residual values that it covers,
   * before their rounding and the truncations inside the transform, rounded to nearest with ties upwards.
   * `undefined` where the caller asked for no planes.
   */
  luma: Plane | undefined;
  cb: Plane | undefined;
  cr: Plane | undefined;
  motion: MotionGrid;
  /**
   * H.264: PicOrderCnt of the picture, its place in display order, counted anew from each IDR picture. What
   * `motion.references` names pictures by. Left out by codecs that do not carry it.
   */
  pictureOrder?: number;
  /** Per macroblock, mbRows x mbCols, whole picture whatever the region: a value of `MacroblockType`. */
  macroblockType: Uint8Array;
  /**
   * Per macroblock: `PredictionFlag` bits, what a decoder needs beyond the vectors to form the prediction. Left out by
   * codecs that describe it otherwise.
   */
  prediction?: Uint8Array;
  /** vop_rounding_type (MPEG-4, 7.6.2): 1 rounds half-sample interpolation down. Left out like `prediction`. */
  rounding?: 0 | 1;
  /** 1 where the macroblock is intra. */
  intra: Uint8Array;
  /** Quantiser (MPEG-4 quantiser_scale 1..31; H.264 QP 0..51) in force in each macroblock. */
  qp: Uint8Array;
  /** Bits of the picture in the stream, headers included. */
  bits: number;
  /** What was wrong with this picture, if it is damaged: macroblocks marked `lost` were not read. */
  damage: Error | undefined;
}

function copyMotion(motion: MotionGrid): MotionGrid {
  return {
    ...motion,
    vectors: motion.vectors.slice(),
    backward: motion.backward?.slice(),
    ...(motion.references && { references: motion.references.slice() }),
    ...(motion.backwardReferences && { backwardReferences: motion.backwardReferences.slice() }),
    ...(motion.guessed && { guessed: motion.guessed.slice() }),
  };
}

/** A copy whose buffers are its own. */
export function copyFrame(frame: CompressedFrame): CompressedFrame {
  const plane = (p: Plane | undefined): Plane | undefined => p && { ...p, data: p.data.slice() };
  return {
    ...frame,
    region: { ...frame.region },
    luma: plane(frame.luma),
    cb: plane(frame.cb),
    cr: plane(frame.cr),
    motion: copyMotion(frame.motion),
    macroblockType: frame.macroblockType.slice(),
    ...(frame.prediction && { prediction: frame.prediction.slice() }),
    intra: frame.intra.slice(),
    qp: frame.qp.slice(),
  };
}
