/**
 * The sample description of a video track (ISO/IEC 14496-12, 8.5.2): which codec, and its configuration from `esds`
 * (14496-1, 7.2.6.5 and 14496-14) or `avcC` (14496-15).
 */
import { MalformedStreamError, UnsupportedStreamError } from '../../errors.js';
import { checkLimit, type Limits } from '../../limits.js';
import { fourcc, viewOf } from '../bytes.js';
import { codecOfFourcc, codecOfObjectType } from '../codec.js';
import type { ByteSource } from '../source.js';
import { type Box, boxesIn, readBox } from './boxes.js';

export interface SampleDescription {
  codec: string;
  width: number;
  height: number;
  config: Uint8Array;
}

/** Bytes of a VisualSampleEntry in front of its boxes, after its header (12.1.3.2). */
const VISUAL_SAMPLE_ENTRY = 78;

/** Reads the first entry of `stsd`. */
export async function readSampleDescription(
  source: ByteSource,
  stsd: Box,
  depth: number,
  limits: Limits,
): Promise<SampleDescription> {
  await readBox(source, stsd, 8, 8); // version, flags, entry_count
  const entries = boxesIn(source, stsd.contentStart + 8, stsd.end, depth + 1, limits);
  const first = await entries.next();
  if (first.done) throw new MalformedStreamError(`box 'stsd' has no entry`, { offset: stsd.start });
  const entry = first.value;
  const fixed = await readBox(source, entry, VISUAL_SAMPLE_ENTRY, VISUAL_SAMPLE_ENTRY);
  const view = viewOf(fixed);
  const description: SampleDescription = {
    codec: codecOfEntry(entry),
    width: view.getUint16(24),
    height: view.getUint16(26),
    config: new Uint8Array(0),
  };
  await readExtensions(source, entry.contentStart + VISUAL_SAMPLE_ENTRY, entry.end, depth + 2, limits, description);
  return description;
}

function codecOfEntry(entry: Box): string {
  switch (entry.type) {
    case 'mp4v':
      return 'mpeg4';
    case 's263':
      return 'h263';
    case 'avc1':
    case 'avc3':
      return 'h264';
    case 'encv':
      throw new UnsupportedStreamError("encrypted video (sample entry 'encv')", 'decrypt it first');
    default:
      return codecOfFourcc(entry.type);
  }
}

async function readExtensions(
  source: ByteSource,
  start: number,
  end: number,
  depth: number,
  limits: Limits,
  description: SampleDescription,
): Promise<void> {
  for await (const box of boxesIn(source, start, end, depth, limits)) {
    if (box.type === 'wave') {
      await readExtensions(source, box.contentStart, box.end, depth + 1, limits, description); // QuickTime
    } else if (box.type === 'esds') {
      const { codec, config } = parseEsds(await wholeBox(source, box, limits), box.contentStart);
      description.codec = codec;
      description.config = config;
    } else if (box.type === 'avcC' || box.type === 'glbl') {
      description.config = (await wholeBox(source, box, limits)).slice();
    } else if (box.type === '\0\0\0\0') {
      return; // QuickTime ends some lists with a zero atom
    }
  }
}

async function wholeBox(source: ByteSource, box: Box, limits: Limits): Promise<Uint8Array> {
  const size = box.end - box.contentStart;
  checkLimit(limits, 'packetBytes', size);
  return readBox(source, box, 0, size);
}

/** Descriptor tags (14496-1, table 1). */
const ES_DescrTag = 0x03;
const DecoderConfigDescrTag = 0x04;
const DecSpecificInfoTag = 0x05;

/** ES_Descriptor down to the DecoderSpecificInfo. `offset`: where the box's contents lie, for messages. */
export function parseEsds(bytes: Uint8Array, offset = 0): { codec: string; config: Uint8Array } {
  const es = descriptor(bytes, 4, bytes.length, ES_DescrTag, offset); // behind version and flags
  let at = es.start + 3;
  const flags = bytes[es.start + 2] ?? 0;
  if (flags & 0x80) at += 2; // dependsOn_ES_ID
  if (flags & 0x40) at += 1 + (bytes[at] ?? 0); // URLstring
  if (flags & 0x20) at += 2; // OCR_ES_Id
  const decoder = descriptor(bytes, at, es.end, DecoderConfigDescrTag, offset);
  const objectTypeIndication = bytes[decoder.start] ?? 0;
  const codec = codecOfObjectType(objectTypeIndication);
  if (decoder.start + 13 >= decoder.end) return { codec, config: new Uint8Array(0) };
  const info = descriptor(bytes, decoder.start + 13, decoder.end, DecSpecificInfoTag, offset);
  return { codec, config: bytes.slice(info.start, info.end) };
}

/** A descriptor's contents: tag, then a size in up to four bytes of seven bits (14496-1, 8.3.3). */
function descriptor(
  bytes: Uint8Array,
  start: number,
  end: number,
  tag: number,
  offset: number,
): { start: number; end: number } {
  let at = start;
  if (at >= end || bytes[at++] !== tag) {
    throw new MalformedStreamError(`box 'esds': no descriptor with tag ${tag}`, { offset: offset + start });
  }
  let size = 0;
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at++] ?? 0;
    size = size * 128 + (byte & 0x7f);
    if (byte < 0x80) break;
  }
  if (at + size > end) {
    throw new MalformedStreamError(`box 'esds': descriptor ${tag} reaches past its parent`, { offset: offset + start });
  }
  return { start: at, end: at + size };
}

/** The four characters of a handler (`hdlr`): `vide`, `soun`, … */
export async function readHandler(source: ByteSource, hdlr: Box): Promise<string> {
  return fourcc(await readBox(source, hdlr, 12, 12), 8);
}
