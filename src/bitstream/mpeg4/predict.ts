/**
 * Motion compensation of ISO/IEC 14496-2, 7.6, from nothing but the vectors and flags of a `CompressedFrame` and the
 * decoded references. Recognition never comes here: it is for re-anchoring faces, where that is asked for, and the other half of
 * the proof that prediction + residual = picture. Written for clarity.
 *
 * Where decoders differ from the text this follows ffmpeg, which judges here: references extend beyond the padded
 * picture (whole macroblocks) rather than the displayed one; fields are extended as lines of the frame; quarter-sample
 * field prediction mirrors at 8x8, not 16x8.
 */
import { MalformedStreamError } from '../../errors.js';
import { type CompressedFrame, PredictionFlag } from '../frame.js';
import type { DecodedPicture } from '../parser.js';
import { type Block, type Fetch, halfSample, quarterSample } from './interpolate.js';

interface Vector {
  x: number;
  y: number;
}

/** Prediction of a macroblock: 16x16 luma and two 8x8 chroma blocks. */
export interface MacroblockPrediction {
  y: Block;
  cb: Block;
  cr: Block;
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** Samples of a plane, the outermost repeated without end; of one of its fields if `field` is 0 (top) or 1 (bottom). */
function fetcher(plane: Uint8Array, width: number, height: number, field?: number): Fetch {
  if (field === undefined) return (x, y) => plane[clamp(y, 0, height - 1) * width + clamp(x, 0, width - 1)]!;
  return (x, y) => plane[clamp(2 * y + field, 0, height - 1) * width + clamp(x, 0, width - 1)]!;
}

/** 7.6.2.1: a chroma component from one luma component in half samples: quarters become the half between. */
const chromaOfOne = (v: number): number => (v >> 1) | (v & 1);

/** Table 7-9 (7.6.2.1): sixteenths of the sum of four vectors to halves. */
const chromaRounding = [0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2];
const chromaOfFour = (sum: number): number => chromaRounding[sum & 15]! + ((sum >> 3) & ~1);

/** In quarter-sample streams chroma starts from the luma vector halved toward zero. */
const toHalf = (v: number, unit: 2 | 4): number => (unit === 4 ? Math.trunc(v / 2) : v);

/** Copies a block of `width` columns into a macroblock plane of `stride`, each row `step` rows below the last. */
function place(target: Uint8Array, stride: number, block: Block, width: number, x: number, y: number, step = 1): void {
  for (let j = 0; j * width < block.length; j++) {
    target.set(block.subarray(j * width, (j + 1) * width), (y + j * step) * stride + x);
  }
}

/** The prediction of macroblock (mbX, mbY) from one reference with one set of vectors: a frame's or a field's. */
function predictFrom(
  frame: CompressedFrame,
  reference: DecodedPicture,
  vectors: Int16Array,
  mbX: number,
  mbY: number,
  split: boolean,
  fields: readonly [number, number] | undefined,
): MacroblockPrediction {
  const { unit, cols } = frame.motion;
  const rounding = frame.rounding ?? 0;
  const { width, height } = reference;
  const out = { y: new Uint8Array(256), cb: new Uint8Array(64), cr: new Uint8Array(64) };
  const vectorOf = (block: number): Vector => {
    const cell = (2 * mbY + (block >> 1)) * cols + 2 * mbX + (block & 1);
    return { x: vectors[2 * cell]!, y: vectors[2 * cell + 1]! };
  };
  const luma = (field: number | undefined, x: number, y: number, v: Vector, w: number, h: number): Block => {
    const fetch = fetcher(reference.y, width, height, field);
    return unit === 4
      ? quarterSample(fetch, x + (v.x >> 2), y + (v.y >> 2), v.x & 3, v.y & 3, w, h, rounding)
      : halfSample(fetch, x + (v.x >> 1), y + (v.y >> 1), v.x & 1, v.y & 1, w, h, rounding);
  };
  const chroma = (field: number | undefined, x: number, y: number, c: Vector, h: number): [Block, Block] => {
    const one = (plane: Uint8Array): Block =>
      halfSample(
        fetcher(plane, width >> 1, height >> 1, field),
        x + (c.x >> 1),
        y + (c.y >> 1),
        c.x & 1,
        c.y & 1,
        8,
        h,
        rounding,
      );
    return [one(reference.cb), one(reference.cr)];
  };

  if (fields) {
    for (const field of [0, 1] as const) {
      const stored = vectorOf(2 * field);
      const v = { x: stored.x, y: stored.y / 2 };
      const from = fields[field];
      if (unit === 4) {
        for (const x of [0, 8]) place(out.y, 16, luma(from, 16 * mbX + x, 8 * mbY, v, 8, 8), 8, x, field, 2);
      } else {
        place(out.y, 16, luma(from, 16 * mbX, 8 * mbY, v, 16, 8), 16, 0, field, 2);
      }
      const c = { x: chromaOfOne(toHalf(v.x, unit)), y: chromaOfOne(toHalf(v.y, unit)) };
      const [cb, cr] = chroma(from, 8 * mbX, 4 * mbY, c, 4);
      place(out.cb, 8, cb, 8, 0, field, 2);
      place(out.cr, 8, cr, 8, 0, field, 2);
    }
    return out;
  }

  if (split) {
    const sum = { x: 0, y: 0 };
    for (let block = 0; block < 4; block++) {
      const v = vectorOf(block);
      const x = 8 * (block & 1);
      const y = 8 * (block >> 1);
      place(out.y, 16, luma(undefined, 16 * mbX + x, 16 * mbY + y, v, 8, 8), 8, x, y);
      sum.x += toHalf(v.x, unit);
      sum.y += toHalf(v.y, unit);
    }
    const c = { x: chromaOfFour(sum.x), y: chromaOfFour(sum.y) };
    [out.cb, out.cr] = chroma(undefined, 8 * mbX, 8 * mbY, c, 8);
    return out;
  }

  const v = vectorOf(0);
  out.y = luma(undefined, 16 * mbX, 16 * mbY, v, 16, 16);
  const c = { x: chromaOfOne(toHalf(v.x, unit)), y: chromaOfOne(toHalf(v.y, unit)) };
  [out.cb, out.cr] = chroma(undefined, 8 * mbX, 8 * mbY, c, 8);
  return out;
}

/** Mean of two predictions, rounded up (7.6.9.4: interpolated and direct mode). */
function mean(a: MacroblockPrediction, b: MacroblockPrediction): MacroblockPrediction {
  const of = (p: Block, q: Block): Block => p.map((value, i) => (value + q[i]! + 1) >> 1);
  return { y: of(a.y, b.y), cb: of(a.cb, b.cb), cr: of(a.cr, b.cr) };
}

/**
 * The prediction of one macroblock, or `undefined` where there is none (intra). References are padded to whole
 * macroblocks: `past` the last anchor in display order, `future` the next (B-VOPs only).
 */
export function predictMacroblock(
  frame: CompressedFrame,
  mbX: number,
  mbY: number,
  past: DecodedPicture | undefined,
  future: DecodedPicture | undefined,
): MacroblockPrediction | undefined {
  const flags = frame.prediction?.[mbY * frame.mbCols + mbX] ?? 0;
  const split = (flags & PredictionFlag.split) !== 0;
  const field = (flags & PredictionFlag.field) !== 0;
  const select = (top: number, bottom: number): [number, number] | undefined =>
    field ? [flags & top ? 1 : 0, flags & bottom ? 1 : 0] : undefined;

  let forward: MacroblockPrediction | undefined;
  let backward: MacroblockPrediction | undefined;
  if (flags & PredictionFlag.forward) {
    if (!past) throw new MalformedStreamError('forward prediction without a past reference');
    const fields = select(PredictionFlag.forwardTopFromBottom, PredictionFlag.forwardBottomFromBottom);
    forward = predictFrom(frame, past, frame.motion.vectors, mbX, mbY, split, fields);
  }
  if (flags & PredictionFlag.backward) {
    if (!future || !frame.motion.backward)
      throw new MalformedStreamError('backward prediction without a future reference');
    const fields = select(PredictionFlag.backwardTopFromBottom, PredictionFlag.backwardBottomFromBottom);
    backward = predictFrom(frame, future, frame.motion.backward, mbX, mbY, split, fields);
  }
  return forward && backward ? mean(forward, backward) : (forward ?? backward);
}
