/** Picks the parser of a track's codec. */
import type { VideoTrack } from '../container/packet.js';
import { UnsupportedStreamError } from '../errors.js';
import type { Limits } from '../limits.js';
import { createH263Parser, createSorensonParser } from './h263/parser.js';
import { createH264Parser } from './h264/parser.js';
import { createMpeg4Parser } from './mpeg4/parser.js';
import type { BitstreamParser } from './parser.js';

export { copyFrame, MacroblockType, NO_REFERENCE, PredictionFlag, UNKNOWN_REFERENCE } from './frame.js';

/**
 * A parser for `track`. Throws UnsupportedStreamError for a codec, or a feature announced in the track's configuration,
 * that is not read; LimitExceededError for a picture larger than `limits.pixels`.
 */
export function createParser(track: VideoTrack, limits: Limits): BitstreamParser {
  if (track.codec === 'mpeg4') return createMpeg4Parser(track, limits);
  if (track.codec === 'h264') return createH264Parser(track, limits);
  if (track.codec === 'h263') return createH263Parser(limits);
  if (track.codec === 'flv1') return createSorensonParser(limits);
  throw new UnsupportedStreamError(
    `codec ${track.codec}`,
    'convert it first, for example with ffmpeg -i in -c:v mpeg4 -q:v 3 -bf 0 -an out.mp4',
  );
}
