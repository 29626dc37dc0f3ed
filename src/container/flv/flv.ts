/** Flash Video (Adobe, Flash Video File Format Specification 10.1, annex E): a chain of tags, each with its time. */
import { MalformedStreamError, UnsupportedStreamError } from '../../errors.js';
import { checkLimit, type Limits } from '../../limits.js';
import { viewOf } from '../bytes.js';
import type { Container } from '../packet.js';
import { PacketTable } from '../packet-table.js';
import type { ByteSource } from '../source.js';
import { TableContainer } from '../table-container.js';

/** A video tag (E.4.3): what is in front of the picture's bytes, and where these lie. */
interface VideoTag {
  codec: string;
  key: boolean;
  /** AVCPacketType: 0 is the decoder configuration, 1 a picture, 2 the end. Other codecs: 1. */
  packetType: number;
  /** Milliseconds. */
  timestamp: number;
  offset: number;
  size: number;
}

/** CodecID (E.4.3.1), with the numbers that writers beyond Adobe's gave to H.263 and MPEG-4 Part 2. */
const codecs: Readonly<Record<number, string>> = {
  2: 'flv1',
  3: 'screen video',
  4: 'vp6f',
  5: 'vp6a',
  6: 'screen video 2',
  7: 'h264',
  8: 'h263',
  9: 'mpeg4',
};

const VIDEO = 9;
const TAG_HEADER = 11;

export async function openFlv(source: ByteSource, limits: Limits): Promise<Container> {
  const header = await source.read(0, 9);
  if (header.length < 9) throw new MalformedStreamError('the FLV header is cut short', { offset: header.length });
  const DataOffset = viewOf(header).getUint32(5);
  let config = new Uint8Array(0);
  let codec: string | undefined;
  const damage = await forEachVideoTag(source, DataOffset, limits, async (tag) => {
    codec = tag.codec;
    if (tag.packetType !== 0) return false;
    checkLimit(limits, 'packetBytes', tag.size);
    config = (await source.read(tag.offset, tag.size)).slice();
    return false;
  });
  if (codec === undefined) {
    throw damage ?? new UnsupportedStreamError('a file without a video track', 'give a file with moving pictures');
  }
  return new TableContainer({
    source,
    limits,
    track: { container: 'flv', codec, width: 0, height: 0, rotation: 0, config, frameRate: undefined },
    loadTable: async () => {
      const table = new PacketTable(limits);
      table.damage = await forEachVideoTag(source, DataOffset, limits, async (tag) => {
        if (tag.packetType === 1) table.push(tag.offset, tag.size, tag.timestamp / 1000, tag.key);
        return true;
      });
      return table;
    },
  });
}

/** Calls `visit` for the video tags in order until it gives false; returns what stopped the chain early, if anything did. */
async function forEachVideoTag(
  source: ByteSource,
  start: number,
  limits: Limits,
  visit: (tag: VideoTag) => Promise<boolean>,
): Promise<Error | undefined> {
  let offset = start + 4; // PreviousTagSize0
  let count = 0;
  while (offset + TAG_HEADER <= source.size) {
    checkLimit(limits, 'frames', ++count / 8); // video, sound and data: eight tags to a frame is plenty
    const bytes = await source.read(offset, TAG_HEADER + 5);
    const view = viewOf(bytes);
    const type = bytes[0]! & 0x1f;
    const size = view.getUint32(0) & 0xffffff;
    if (type !== 8 && type !== VIDEO && type !== 18) {
      return new MalformedStreamError(`no FLV tag has type ${type}`, { offset });
    }
    const contents = offset + TAG_HEADER;
    if (contents + size > source.size)
      return new MalformedStreamError('the file is cut short inside a tag', { offset });
    const tag = type === VIDEO ? readVideoTag(bytes, view, contents, size) : undefined;
    if (tag && !(await visit(tag))) return undefined;
    offset = contents + size + 4;
  }
  // The chain ends with the size of its last tag.
  return offset === source.size
    ? undefined
    : new MalformedStreamError('the file is cut short', { offset: source.size });
}

function readVideoTag(bytes: Uint8Array, view: DataView, contents: number, size: number): VideoTag | undefined {
  if (size < 2) return undefined;
  const first = bytes[TAG_HEADER]!;
  if (first & 0x80) throw new UnsupportedStreamError('an enhanced FLV', 'rewrite the file with ffmpeg -c copy out.mkv');
  const frameType = first >> 4;
  if (frameType === 5) return undefined; // a command, no picture
  const codec = codecs[first & 15] ?? `flv codec ${first & 15}`;
  // Timestamp, 24 bits, then TimestampExtended, its upper 8.
  const time = ((bytes[7]! << 24) | (view.getUint32(4) >>> 8)) >>> 0;
  const key = frameType === 1;
  if (codec === 'h264' || codec === 'mpeg4') {
    if (size < 5) return undefined;
    const CompositionTime = (view.getInt32(TAG_HEADER + 1) << 8) >> 8; // SI24 behind AVCPacketType
    const packetType = bytes[TAG_HEADER + 1]!;
    return { codec, key, packetType, timestamp: time + CompositionTime, offset: contents + 5, size: size - 5 };
  }
  return { codec, key, packetType: 1, timestamp: time, offset: contents + 1, size: size - 1 };
}
