/** What the kernel knows of the layer, the picture and the video packet at hand, and where it puts results. */
import { HEAP } from './memory';

/** Why a macroblock could not be read; src/bitstream/mpeg4/kernel.ts has the words. */
export const OK: i32 = 0;
export const BAD_MCBPC: i32 = 1;
export const BAD_CBPY: i32 = 2;
export const BAD_MVD: i32 = 3;
export const BAD_DC_SIZE: i32 = 4;
export const BAD_TCOEF: i32 = 5;
export const BAD_RUN: i32 = 6;
export const BAD_MARKER: i32 = 7;
export const PAST_END: i32 = 8;
export const BAD_PACKET: i32 = 9;
export const BAD_MB_TYPE: i32 = 10;
export const BAD_PARTITION: i32 = 11;

export const I_VOP: i32 = 0;
export const P_VOP: i32 = 1;
export const B_VOP: i32 = 2;

/** Values of CompressedFrame.macroblockType. */
export const SKIPPED: u8 = 0;
export const INTER: u8 = 1;
export const INTER_SPLIT: u8 = 2;
export const INTRA: u8 = 3;
export const LOST: u8 = 4;
export const UNREAD: u8 = 5;

/** PredictionFlag. */
export const FORWARD: u8 = 1;
export const BACKWARD: u8 = 2;
export const SPLIT: u8 = 4;
export const FIELD: u8 = 8;

// ---- the layer ----

export let mbCols: i32 = 0;
export let mbRows: i32 = 0;
export let mbCount: i32 = 0;
/** quant_type: 1 is the first inverse quantisation method, with matrices. */
export let quantType: i32 = 0;
export let interlaced: bool = false;
/** resync_marker_disable = 0. */
export let resyncMarkers: bool = false;
export let dataPartitioned: bool = false;
/** The layer's reversible_vlc; B-VOPs have none. */
let layerReversible: bool = false;
export let reversibleVlc: bool = false;
export let timeIncrementBits: i32 = 0;
/** Syntax of the macroblocks: MPEG-4's, H.263 baseline's (short_video_header), or Sorenson's H.263 (FLV). */
export const MPEG4: i32 = 0;
export const H263: i32 = 1;
export const SORENSON: i32 = 2;
export let syntax: i32 = MPEG4;
/** H.263: macroblock rows in a group of blocks. */
export let gobRows: i32 = 1;
/** Old encoders: intra DC is not clipped to 2047 before it predicts (Xvid to build 32, libavcodec to 4712). */
export let dcUnclipped: bool = false;
/** Old encoders: direct mode predicts whole macroblocks where the anchor has one vector (DivX, libavcodec before 4655). */
export let directWhole: bool = false;

// ---- arrays of the layer ----

/** u8[mbCount] each. */
export let typeAt: usize = 0;
export let intraAt: usize = 0;
export let quantAt: usize = 0;
export let predictionAt: usize = 0;
/** i16 pairs on the 8x8 grid: vectors as handed out, and as candidates for prediction (same place unless interlaced). */
export let vectorAt: usize = 0;
export let backwardAt: usize = 0;
export let candidateAt: usize = 0;
let candidateGridAt: usize = 0;
/** u32 on a grid with a border of one: number of the packet that holds the macroblock; the same if it is intra. */
export let stampAt: usize = 0;
export let intraStampAt: usize = 0;
/** Intra prediction: per macroblock 6 blocks of i16[16]: DC, first column's AC; -, first row's AC. */
export let acAt: usize = 0;
/** Data partitioning: u8 cbp and flags, i16[6] DC differences per macroblock. */
export let partitionAt: usize = 0;
/** Last anchor, for B-VOPs: vectors, prediction flags, types. */
export let anchorVectorAt: usize = 0;
export let anchorPredictionAt: usize = 0;
export let anchorTypeAt: usize = 0;
/** First byte behind the arrays. */
export let arraysEnd: usize = HEAP;

function align16(address: usize): usize {
  return (address + 15) & ~15;
}

/** Makes memory reach `end`. False if the engine refuses. */
export function reserve(end: usize): bool {
  const pages = <i32>((end + 0xffff) >>> 16);
  const now = memory.size();
  return pages <= now || memory.grow(pages - now) >= 0;
}

/** Sets the layer. Arrays are laid out anew only when the size changes. False: no memory. */
export function setLayer(
  cols: i32,
  rows: i32,
  quantTypeBit: i32,
  interlacedBit: i32,
  resync: i32,
  partitioned: i32,
  rvlc: i32,
  timeBits: i32,
  syntaxOf: i32,
  rowsOfGob: i32,
  bugs: i32,
): bool {
  quantType = quantTypeBit;
  interlaced = interlacedBit != 0;
  resyncMarkers = resync != 0;
  dataPartitioned = partitioned != 0;
  layerReversible = rvlc != 0;
  timeIncrementBits = timeBits;
  syntax = syntaxOf;
  gobRows = rowsOfGob;
  dcUnclipped = (bugs & 1) != 0;
  directWhole = (bugs & 2) != 0;
  candidateAt = interlaced ? candidateGridAt : vectorAt;
  if (cols == mbCols && rows == mbRows) return true;
  const count = <usize>cols * <usize>rows;
  const padded = (<usize>cols + 2) * (<usize>rows + 2) * 4;
  const grid = count * 16;
  let at = HEAP;
  const types = at;
  at = align16(at + count);
  const intras = at;
  at = align16(at + count);
  const quants = at;
  at = align16(at + count);
  const predictions = at;
  at = align16(at + count);
  const vectors = at;
  at = align16(at + grid);
  const candidates = at;
  at = align16(at + grid);
  const backwards = at;
  at = align16(at + grid);
  const stamps = at;
  at = align16(at + padded);
  const intraStamps = at;
  at = align16(at + padded);
  const partitions = at;
  at = align16(at + count * 16);
  const anchorVectors = at;
  at = align16(at + grid);
  const anchorPredictions = at;
  at = align16(at + count);
  const anchorTypes = at;
  at = align16(at + count);
  const acs = at;
  at = align16(at + count * 192);
  if (!reserve(at)) return false;
  mbCols = cols;
  mbRows = rows;
  mbCount = <i32>count;
  typeAt = types;
  intraAt = intras;
  quantAt = quants;
  predictionAt = predictions;
  vectorAt = vectors;
  candidateGridAt = candidates;
  candidateAt = interlaced ? candidates : vectors;
  backwardAt = backwards;
  stampAt = stamps;
  intraStampAt = intraStamps;
  partitionAt = partitions;
  anchorVectorAt = anchorVectors;
  anchorPredictionAt = anchorPredictions;
  anchorTypeAt = anchorTypes;
  acAt = acs;
  arraysEnd = at;
  memory.fill(stamps, 0, padded);
  memory.fill(intraStamps, 0, padded);
  packetId = 0;
  return true;
}

// ---- the picture ----

export let vopType: i32 = I_VOP;
/** vop_fcode_forward, vop_fcode_backward: 1..7. */
export let fcodeForward: i32 = 1;
export let fcodeBackward: i32 = 1;
/** Running quantiser below which intra DC has its own VLC (intra_dc_vlc_thr). */
export let intraDcThreshold: i32 = 99;
/** alternate_vertical_scan_flag. */
export let verticalScan: bool = false;
/** top_field_first. */
export let topFieldFirst: bool = false;
/** B-VOPs: distances in time from the past anchor, to this picture (TRB) and to the next anchor (TRD), for frames and for fields. */
export let trb: i32 = 0;
export let trd: i32 = 1;
export let trbField: i32 = 0;
export let trdField: i32 = 1;

export function setPicture(
  type: i32,
  quant: i32,
  forward: i32,
  backward: i32,
  dcThreshold: i32,
  vertical: i32,
  topFirst: i32,
): void {
  if (keepAnchor) swapAnchor();
  reversibleVlc = layerReversible && type != B_VOP;
  topFieldFirst = topFirst != 0;
  vopType = type;
  quantiser = quant;
  fcodeForward = forward;
  fcodeBackward = backward;
  intraDcThreshold = dcThreshold;
  verticalScan = vertical != 0;
}

/** The picture read last is an anchor: the next one must not overwrite it. */
let keepAnchor: bool = false;

export function pictureDone(): void {
  keepAnchor = vopType != B_VOP;
}

/** The arrays of the picture read last become the anchor's, and the old anchor's become free. */
function swapAnchor(): void {
  keepAnchor = false;
  const types = typeAt;
  typeAt = anchorTypeAt;
  anchorTypeAt = types;
  const predictions = predictionAt;
  predictionAt = anchorPredictionAt;
  anchorPredictionAt = predictions;
  const vectors = vectorAt;
  vectorAt = anchorVectorAt;
  anchorVectorAt = vectors;
  candidateAt = interlaced ? candidateGridAt : vectorAt;
}

export function setDistances(b: i32, d: i32, bField: i32, dField: i32): void {
  trb = b;
  trd = d;
  trbField = bField;
  trdField = dField;
}

// ---- the macroblock ----

export let mbX: i32 = 0;
export let mbY: i32 = 0;
export let mbIndex: i32 = 0;
/** Index in the grids with a border. */
export let stampIndex: i32 = 0;
/** Number of the current packet, unique over the parser's life (until it wraps after 2^32 packets). */
export let packetId: u32 = 0;
/** quantiser_scale in force. */
export let quantiser: i32 = 1;

export function setQuantiser(value: i32): void {
  quantiser = value;
}

/** dquant (6.3.6): added, and kept in 1..31. */
// @ts-ignore: decorator
@inline
export function changeQuantiser(delta: i32): void {
  quantiser = min<i32>(max<i32>(quantiser + delta, 1), 31);
}

export function nextPacketId(): void {
  packetId++;
}

/** Goes to macroblock `index`. */
export function moveTo(index: i32): void {
  mbIndex = index;
  mbY = index / mbCols;
  mbX = index - mbY * mbCols;
  stampIndex = (mbY + 1) * (mbCols + 2) + mbX + 1;
}

/** Goes to the next macroblock in raster order. */
// @ts-ignore: decorator
@inline
export function advance(): void {
  mbIndex++;
  mbX++;
  stampIndex++;
  if (mbX == mbCols) {
    mbX = 0;
    mbY++;
    stampIndex += 2;
  }
}
