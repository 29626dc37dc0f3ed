/** What the parser makes of one whole stream: exact, parsed, unsupported, damaged, or (a bug) different. */
import { createHash } from 'node:crypto';
import { UNKNOWN_REFERENCE } from '../../../src/bitstream/h264/tap.js';
import { MalformedStreamError, UnsupportedStreamError } from '../../../src/errors.js';
import { accessUnits } from './access-units.js';
import { openParser, type ParsedPicture, pictures } from './open.js';
import { ReferenceDecoder } from './reconstruct/decoder.js';

export interface Verdict {
  /**
   * - `exact`: parsed, and prediction + residual + deblocking gives every sample of every frame
   * - `parsed`: every slice ends at its trailing bits, but the pictures were not rebuilt or are not those expected
   * - `damaged`: flagged, nothing thrown but typed errors
   * - `unsupported`: a typed error names the feature
   * - `wrong`: none of these
   */
  kind: 'exact' | 'parsed' | 'damaged' | 'unsupported' | 'wrong';
  /** Pictures parsed, slices in them, frames rebuilt. */
  pictures: number;
  slices: number;
  frames: number;
  /** Pictures with `damage`, or whose packet threw MalformedStreamError. */
  flagged: number;
  /** Other pictures with vectors into a reference that was lost, and that are marked so. */
  unknown: number;
  detail: string;
}

/**
 * Every slice was read to its rbsp_trailing_bits and no further. `marked`: as x264 writes CABAC slices, which sets the
 * last bit of the byte behind the stop bit in some pictures; the stop bit must then lie in that byte.
 */
export function slicesComplete({ tap }: ParsedPicture, marked = false): boolean {
  return tap.slices.every(({ error, endBit, trailingBit, pps }) => {
    const mark = marked && pps.entropy_coding_mode_flag && endBit >> 3 === trailingBit >> 3 && trailingBit % 8 === 7;
    return error === 0 && (endBit === trailingBit || (mark && endBit < trailingBit));
  });
}

/** Whether a vector refers to a picture that the parser knows it has not met. */
const refersToUnknown = ({ tap }: ParsedPicture): boolean =>
  tap.references.some((list) => list.includes(UNKNOWN_REFERENCE));

export interface Expected {
  /** SHA-1 of the frames as concatenated I420: any of these will do. */
  sha1: readonly string[];
  /** Stop after so many frames of output. */
  frames?: number;
}

export function judge(stream: Uint8Array, expected: Expected): Verdict {
  const hash = createHash('sha1');
  const verdict: Verdict = { kind: 'wrong', pictures: 0, slices: 0, frames: 0, flagged: 0, unknown: 0, detail: '' };
  const wanted = expected.frames ?? Number.POSITIVE_INFINITY;
  const decoder = new ReferenceDecoder((i420) => {
    if (verdict.frames < wanted) {
      hash.update(i420);
      verdict.frames++;
    }
  });
  let last: ParsedPicture | undefined;
  let incomplete = 0;
  let rebuilding = true;
  const parser = openParser();
  for (const packet of accessUnits(stream)) {
    if (verdict.frames >= wanted) break;
    try {
      for (const picture of pictures(parser, packet)) {
        verdict.pictures++;
        verdict.slices += picture.tap.slices.length;
        if (picture.frame.damage) verdict.flagged++;
        else if (refersToUnknown(picture)) verdict.unknown++;
        if (!slicesComplete(picture)) incomplete++;
        last = picture;
        if (!rebuilding) continue;
        try {
          decoder.picture(picture.tap, picture.residual);
        } catch (error) {
          rebuilding = false;
          verdict.detail = `picture ${verdict.pictures - 1} not rebuilt: ${(error as Error).message}`;
        }
      }
    } catch (error) {
      if (error instanceof UnsupportedStreamError) return { ...verdict, kind: 'unsupported', detail: error.feature };
      if (!(error instanceof MalformedStreamError)) throw error;
      verdict.flagged++;
      verdict.detail ||= error.message;
    }
  }
  if (last && rebuilding) decoder.flush(last.tap);
  if (verdict.flagged + verdict.unknown > 0) return { ...verdict, kind: 'damaged' };
  if (verdict.pictures === 0)
    return { ...verdict, kind: 'unsupported', detail: verdict.detail || 'no picture in the stream' };
  if (incomplete > 0) return { ...verdict, detail: `${incomplete} pictures with a slice that ends elsewhere` };
  if (!rebuilding) return { ...verdict, kind: 'parsed' };
  if (expected.sha1.includes(hash.digest('hex'))) return { ...verdict, kind: 'exact' };
  return { ...verdict, detail: 'the rebuilt frames are not those expected' };
}
