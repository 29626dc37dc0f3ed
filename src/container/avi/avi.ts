/**
 * AVI: RIFF form `AVI ` (Microsoft, AVI RIFF File Reference), continued by `AVIX` forms (OpenDML AVI File Format
 * Extensions 1.02, 1996).
 */
import { MalformedStreamError, UnsupportedStreamError } from '../../errors.js';
import { checkLimit, type Limits } from '../../limits.js';
import { fourcc, viewOf } from '../bytes.js';
import { codecOfFourcc } from '../codec.js';
import type { Container } from '../packet.js';
import type { PacketTable } from '../packet-table.js';
import type { ByteSource } from '../source.js';
import { TableContainer } from '../table-container.js';
import { type Chunk, chunksIn, readChunk } from './chunks.js';
import { readIdx1, readOpenDmlIndex } from './indexes.js';
import type { AviStream } from './stream.js';
import { walkMovi } from './walk.js';

export async function openAvi(source: ByteSource, limits: Limits): Promise<Container> {
  const riff = await readChunk(source, 0, source.size);
  if (!riff) throw new MalformedStreamError('the RIFF header is cut short', { offset: 0 });
  const { hdrl, idx1 } = await findLists(source, riff, limits);
  const stream = await readHeaders(source, hdrl, limits);
  return new TableContainer({
    source,
    limits,
    track: stream.track,
    loadTable: () => loadTable(source, stream, riff, idx1, limits),
  });
}

/** An index that fits the file, or else a walk over the packets. */
async function loadTable(
  source: ByteSource,
  stream: AviStream,
  riff: Chunk,
  idx1: { chunk: Chunk; movi: Chunk } | undefined,
  limits: Limits,
): Promise<PacketTable> {
  // A recording that was cut off says so in its size; its indexes, where there are any, end earlier than its packets.
  if (!riff.cut) {
    const openDml = await readOpenDmlIndex(source, stream, limits);
    if (openDml) return openDml;
    const next = await readChunk(source, riff.end + (riff.size & 1), source.size);
    const single = next?.id !== 'RIFF'; // `idx1` covers the first RIFF alone
    const old = idx1 && single ? await readIdx1(source, stream, idx1.chunk, idx1.movi, limits) : undefined;
    if (old) return old;
  }
  return walkMovi(source, stream, limits);
}

async function findLists(
  source: ByteSource,
  riff: Chunk,
  limits: Limits,
): Promise<{ hdrl: Chunk; idx1: { chunk: Chunk; movi: Chunk } | undefined }> {
  let hdrl: Chunk | undefined;
  let movi: Chunk | undefined;
  for await (const chunk of chunksIn(source, riff.contentStart, riff.end, 1, limits)) {
    if (chunk.list === 'hdrl' && !chunk.cut) hdrl = chunk;
    if (chunk.list === 'movi') movi ??= chunk;
    if (chunk.id === 'idx1' && hdrl && movi) return { hdrl, idx1: { chunk, movi } };
  }
  if (!hdrl) throw new MalformedStreamError("no list 'hdrl' with the headers of the AVI", { offset: riff.end });
  return { hdrl, idx1: undefined };
}

async function readHeaders(source: ByteSource, hdrl: Chunk, limits: Limits): Promise<AviStream> {
  let number = 0;
  for await (const chunk of chunksIn(source, hdrl.contentStart, hdrl.end, 2, limits)) {
    if (chunk.list !== 'strl') continue;
    const stream = await readStream(source, chunk, number, limits);
    if (stream) return stream;
    checkLimit(limits, 'tracks', ++number);
  }
  throw new UnsupportedStreamError('a file without a video track', 'give a file with moving pictures');
}

/** A stream list: AVISTREAMHEADER `strh`, and for video a BITMAPINFOHEADER `strf`. */
async function readStream(
  source: ByteSource,
  strl: Chunk,
  number: number,
  limits: Limits,
): Promise<AviStream | undefined> {
  let header: { type: string; handler: string; frameRate: number | undefined } | undefined;
  let format: Uint8Array | undefined;
  let indx: Chunk | undefined;
  for await (const chunk of chunksIn(source, strl.contentStart, strl.end, 3, limits)) {
    if (chunk.id === 'strh') {
      const bytes = await source.read(chunk.contentStart, Math.min(chunk.end - chunk.contentStart, 28));
      if (bytes.length < 28) throw new MalformedStreamError("chunk 'strh' is too short", { offset: chunk.start });
      const dwScale = viewOf(bytes).getUint32(20, true);
      const dwRate = viewOf(bytes).getUint32(24, true);
      const frameRate = dwScale > 0 && dwRate > 0 ? dwRate / dwScale : undefined;
      header = { type: fourcc(bytes, 0), handler: fourcc(bytes, 4), frameRate };
    } else if (chunk.id === 'strf') {
      checkLimit(limits, 'packetBytes', chunk.size);
      format = (await source.read(chunk.contentStart, chunk.end - chunk.contentStart)).slice();
    } else if (chunk.id === 'indx') {
      indx = chunk;
    }
  }
  if (header?.type !== 'vids') return undefined;
  if (!format || format.length < 40) {
    throw new MalformedStreamError("the video stream has no format (chunk 'strf')", { offset: strl.start });
  }
  const view = viewOf(format);
  const biCompression = fourcc(format, 16);
  const codec = codecOfFourcc(biCompression);
  return {
    track: {
      container: 'avi',
      // Some writers leave one of the two names empty or call it by the encoder's.
      codec: biCompression === '\0\0\0\0' ? codecOfFourcc(header.handler) : codec,
      width: view.getInt32(4, true),
      height: Math.abs(view.getInt32(8, true)),
      rotation: 0,
      config: format.slice(40),
      frameRate: header.frameRate,
    },
    number,
    indx,
  };
}
