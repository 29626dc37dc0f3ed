/** Pictures from residuals, vectors and the pictures they refer to. For re-anchoring and for proofs: recognition reads no P-frame's pixels. */
import { MalformedStreamError } from '../../errors.js';
import type { CompressedFrame, Plane } from '../frame.js';
import type { BitstreamParser, DecodedPicture, PictureAt } from '../parser.js';
import { predictMacroblock } from './predict.js';

/** A picture of whole macroblocks. */
function blank(mbCols: number, mbRows: number): DecodedPicture {
  const luma = mbCols * mbRows * 256;
  return {
    width: mbCols * 16,
    height: mbRows * 16,
    y: new Uint8Array(luma),
    cb: new Uint8Array(luma / 4),
    cr: new Uint8Array(luma / 4),
  };
}

/** prediction + residual, clamped, of one block of `size` x `size` samples at (x, y). */
function addBlock(
  out: Uint8Array,
  stride: number,
  residual: Plane,
  prediction: Uint8Array | undefined,
  x: number,
  y: number,
  size: number,
): void {
  for (let j = 0; j < size; j++) {
    for (let i = 0; i < size; i++) {
      const value = (prediction?.[j * size + i] ?? 0) + residual.data[(y + j) * residual.stride + x + i]!;
      out[(y + j) * stride + x + i] = Math.min(255, Math.max(0, value));
    }
  }
}

/** Rebuilds one picture; the frame's planes must cover whole macroblocks. */
export function rebuild(
  frame: CompressedFrame,
  past: DecodedPicture | undefined,
  future: DecodedPicture | undefined,
): DecodedPicture {
  const out = blank(frame.mbCols, frame.mbRows);
  const { luma, cb, cr } = frame;
  if (!luma || !cb || !cr) throw new MalformedStreamError('a picture without planes');
  if (luma.stride < out.width || luma.data.length < out.y.length)
    throw new MalformedStreamError('planes do not cover whole macroblocks');
  for (let mbY = 0; mbY < frame.mbRows; mbY++) {
    for (let mbX = 0; mbX < frame.mbCols; mbX++) {
      const prediction = predictMacroblock(frame, mbX, mbY, past, future);
      addBlock(out.y, out.width, luma, prediction?.y, 16 * mbX, 16 * mbY, 16);
      addBlock(out.cb, out.width >> 1, cb, prediction?.cb, 8 * mbX, 8 * mbY, 8);
      addBlock(out.cr, out.width >> 1, cr, prediction?.cr, 8 * mbX, 8 * mbY, 8);
    }
  }
  return out;
}

/**
 * The last picture of a run that begins with an I-picture, in decoding order. B-pictures, to which none refers, are passed over.
 * Holds one picture at a time. Throws MalformedStreamError where a picture is damaged, or the run begins otherwise.
 */
export async function decodeRun(
  parser: Pick<BitstreamParser, 'headers' | 'parse'>,
  run: AsyncIterable<PictureAt>,
): Promise<DecodedPicture> {
  let past: DecodedPicture | undefined;
  let size = { width: 0, height: 0 };
  for await (const { packet, picture } of run) {
    if (parser.headers(packet)[picture]?.type === 'B') continue;
    const frame = parser.parse(packet, picture);
    if (frame.damage) throw frame.damage;
    if (!past && frame.type !== 'I') throw new MalformedStreamError('the pictures to decode begin with no key frame');
    if (past && !frame.coded) continue;
    past = rebuild(frame, past, undefined);
    size = { width: frame.width, height: frame.height };
  }
  if (!past) throw new MalformedStreamError('there is no picture to decode');
  return displayed(past, size.width, size.height);
}

/** Without the padding to whole macroblocks. */
function displayed(picture: DecodedPicture, width: number, height: number): DecodedPicture {
  const cut = (plane: Uint8Array, stride: number, columns: number, rows: number) => {
    const out = new Uint8Array(columns * rows);
    for (let y = 0; y < rows; y++) out.set(plane.subarray(y * stride, y * stride + columns), y * columns);
    return out;
  };
  const [columns, rows] = [(width + 1) >> 1, (height + 1) >> 1];
  return {
    width,
    height,
    y: cut(picture.y, picture.width, width, height),
    cb: cut(picture.cb, picture.width >> 1, columns, rows),
    cr: cut(picture.cr, picture.width >> 1, columns, rows),
  };
}
