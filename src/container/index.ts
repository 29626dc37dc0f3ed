/** Opens a file of any kind that vultus knows, told by its contents and never by its name. */
import { UnsupportedStreamError } from '../errors.js';
import { type Limits, withLimits } from '../limits.js';
import { openAvi } from './avi/avi.js';
import { openElementary } from './elementary/elementary.js';
import { openFlv } from './flv/flv.js';
import { openMatroska } from './matroska/matroska.js';
import { openMp4 } from './mp4/movie.js';
import { openMpegTs } from './mpeg-ts/mpeg-ts.js';
import type { Container } from './packet.js';
import { type FileKind, SNIFF_BYTES, sniff } from './sniff.js';
import { type ByteSource, openSource, type VideoSource } from './source.js';
import { impossibleNumbers } from './table-container.js';

export type { Container, Packet, PacketInfo, VideoTrack } from './packet.js';
export type { VideoSource } from './source.js';

export interface OpenOptions {
  /** What to accept from the file, where it differs from `defaultLimits`. */
  limits?: Partial<Limits>;
  /** Stops opening, and every later read of the file, with the signal's reason. */
  signal?: AbortSignal | undefined;
}

const openers: Record<FileKind, (source: ByteSource, limits: Limits) => Promise<Container>> = {
  mp4: openMp4,
  avi: openAvi,
  matroska: openMatroska,
  'mpeg-ts': openMpegTs,
  flv: openFlv,
  m4v: (source, limits) => openElementary(source, 'm4v', limits),
  h263: (source, limits) => openElementary(source, 'h263', limits),
  h264: (source, limits) => openElementary(source, 'h264', limits),
};

/**
 * Opens the first video track of a file.
 *
 * Throws MalformedStreamError when the file is empty, no video file at all, or damaged in the headers that everything
 * rests on; UnsupportedStreamError when it is a kind that vultus does not read or holds no video; LimitExceededError.
 * Errors of the file system come through as they are.
 *
 * @param source path, `file:` URL, bytes, a Blob or a stream. Paths and Blobs are read piecemeal, whatever their size; a
 * stream is first read to its end, into a temporary file (in browsers, a Blob).
 */
export async function openContainer(source: VideoSource, options: OpenOptions = {}): Promise<Container> {
  const limits = withLimits(options.limits);
  const bytes = await openSource(source, limits, options.signal);
  try {
    const kind = sniff(await bytes.read(0, SNIFF_BYTES));
    if (typeof kind !== 'string')
      throw new UnsupportedStreamError(kind.unsupported, 'convert it with ffmpeg -c copy out.mkv');
    return await openers[kind](bytes, limits);
  } catch (error) {
    bytes.close();
    if (error instanceof RangeError) throw impossibleNumbers(error);
    throw error;
  }
}
