/**
 * MPEG transport stream (ISO/IEC 13818-1), also with the time codes of M2TS. A packet is what one PES packet holds, and
 * those behind it that have no time of their own: a picture, as encoders write it.
 */
import { MalformedStreamError, UnsupportedStreamError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { isKeyPacket } from '../key.js';
import type { Container } from '../packet.js';
import { PacketTable } from '../packet-table.js';
import type { ByteSource } from '../source.js';
import { TableContainer } from '../table-container.js';
import { forEachPacket, type Layout, type TsPacket } from './packets.js';
import { type ElementaryStream, readProgram } from './programs.js';

/** stream_type of table 2-34 that are video. */
const videoCodecs: Readonly<Record<number, string>> = {
  1: 'mpeg1video',
  2: 'mpeg2video',
  16: 'mpeg4',
  27: 'h264',
  36: 'hevc',
};

export async function openMpegTs(source: ByteSource, limits: Limits): Promise<Container> {
  const layout = layoutOf(await source.read(0, 2 * 192));
  const program = await readProgram(source, layout);
  if (!program) throw new MalformedStreamError('the transport stream has no program map', { offset: 0 });
  const videos = program.filter(({ stream_type }) => videoCodecs[stream_type] !== undefined);
  const stream = videos.find(({ stream_type }) => stream_type === 16 || stream_type === 27) ?? videos[0];
  if (!stream) throw new UnsupportedStreamError('a file without a video track', 'give a file with moving pictures');
  const codec = videoCodecs[stream.stream_type]!;
  return new TableContainer({
    source,
    limits,
    track: {
      container: 'ts',
      codec,
      width: 0,
      height: 0,
      rotation: 0,
      config: new Uint8Array(0),
      frameRate: undefined,
    },
    loadTable: () => readPesPackets(source, layout, stream, codec, limits),
    readBytes: (table, index) => gather(source, layout, stream.pid, table.offsets[index]!, table.sizes[index]!),
  });
}

function layoutOf(head: Uint8Array): Layout {
  const plain = head[0] === 0x47 && (head[188] ?? 0x47) === 0x47;
  return plain ? { start: 0, step: 188 } : { start: 4, step: 192 };
}

/** Bytes of a picture in which its type is looked for. */
const HEADER_BYTES = 2048;

async function readPesPackets(
  source: ByteSource,
  layout: Layout,
  stream: ElementaryStream,
  codec: string,
  limits: Limits,
): Promise<PacketTable> {
  const table = new PacketTable(limits);
  const clock = new PtsClock();
  const head = new Uint8Array(HEADER_BYTES);
  let headLength = 0;
  let offset = -1;
  let size = 0;
  let timestamp = Number.NaN;
  let random = false;
  let counter = -1;
  let damage: Error | undefined;

  const finish = () => {
    if (offset < 0) return;
    const start = head.subarray(0, headLength);
    table.push(
      offset,
      size,
      timestamp,
      codec === 'mpeg4' ? isKeyPacket(codec, start) : random || isKeyPacket(codec, start),
    );
  };
  const visit = (packet: TsPacket): boolean => {
    if (packet.pid !== stream.pid || packet.payload.length === 0) return true;
    if (packet.transport_scrambling_control !== 0) {
      damage = new UnsupportedStreamError('a scrambled transport stream', 'descramble it first');
      return false;
    }
    if (packet.continuity_counter === counter) return true; // sent twice (2.4.3.3)
    counter = packet.continuity_counter;
    let payload = packet.payload;
    if (packet.payload_unit_start_indicator) {
      const pes = readPesHeader(payload);
      if (!pes) return true;
      payload = payload.subarray(pes.length);
      if (pes.pts !== undefined || offset < 0) {
        finish();
        offset = packet.offset;
        size = 0;
        headLength = 0;
        timestamp = pes.pts === undefined ? Number.NaN : clock.seconds(pes.pts);
        random = packet.random_access_indicator;
      }
    }
    if (offset < 0) return true;
    size += payload.length;
    if (headLength < HEADER_BYTES) {
      const part = payload.subarray(0, HEADER_BYTES - headLength);
      head.set(part, headLength);
      headLength += part.length;
    }
    return true;
  };
  const end = await forEachPacket(source, layout, layout.start, source.size, visit);
  if (!damage && source.size - end >= 4 && source.size > end + (layout.step - 188)) {
    // Part of a transport packet is left: the last picture is not whole.
    damage = new MalformedStreamError(`the file is cut short: ${table.length} packets are whole`, { offset: end });
  } else finish();
  table.damage = damage;
  return table;
}

/** PES header (2.4.3.6): its length, and the presentation time in ticks of 90 kHz. */
function readPesHeader(payload: Uint8Array): { length: number; pts: number | undefined } | undefined {
  if (payload.length < 9 || payload[0] !== 0 || payload[1] !== 0 || payload[2] !== 1) return undefined;
  const length = 9 + payload[8]!; // PES_header_data_length
  const PTS_DTS_flags = payload[7]! >> 6;
  if (PTS_DTS_flags < 2 || payload.length < 14) return { length, pts: undefined };
  const pts =
    ((payload[9]! >> 1) & 7) * 2 ** 30 +
    ((payload[10]! << 22) | ((payload[11]! >> 1) << 15) | (payload[12]! << 7) | (payload[13]! >> 1));
  return { length, pts };
}

/** Makes one rising time of PTS values, which start anew after 2^33 ticks. */
class PtsClock {
  #last: number | undefined;
  #turns = 0;

  seconds(pts: number): number {
    if (this.#last !== undefined) {
      if (pts - this.#last < -(2 ** 32)) this.#turns++;
      else if (pts - this.#last > 2 ** 32) this.#turns--;
    }
    this.#last = pts;
    return (pts + this.#turns * 2 ** 33) / 90_000;
  }
}

/** Reads a picture again: the payloads of its stream from its first transport packet on. */
async function gather(
  source: ByteSource,
  layout: Layout,
  pid: number,
  offset: number,
  size: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  let counter = -1;
  await forEachPacket(source, layout, offset, source.size, (packet) => {
    if (packet.pid !== pid || packet.payload.length === 0 || packet.continuity_counter === counter) return true;
    counter = packet.continuity_counter;
    let payload = packet.payload;
    if (packet.payload_unit_start_indicator)
      payload = payload.subarray(readPesHeader(payload)?.length ?? payload.length);
    payload = payload.subarray(0, size - filled);
    bytes.set(payload, filled);
    filled += payload.length;
    return filled < size;
  });
  if (filled < size) throw new MalformedStreamError('the file ends inside a packet', { offset });
  return bytes;
}
