/**
 * Raw elementary streams, without any container: MPEG-4 visual (ISO/IEC 14496-2), H.263, and H.264 in the byte stream
 * format (ISO/IEC 14496-10, annex B). A packet is a picture with the headers in front of it. Only H.263 has times
 * that can be told without knowing the rest of the stream.
 */
import { MalformedStreamError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { isKeyPacket } from '../key.js';
import type { Container } from '../packet.js';
import { PacketTable } from '../packet-table.js';
import type { ByteSource } from '../source.js';
import { TableContainer } from '../table-container.js';
import { forEachStartCode } from './start-codes.js';

export type ElementaryKind = 'm4v' | 'h263' | 'h264';

const codecs = { m4v: 'mpeg4', h263: 'h263', h264: 'h264' } as const;
const splitters = { m4v: splitVops, h263: splitH263, h264: splitAccessUnits };

/** Bytes in which the headers in front of the first VOP are looked for. */
const HEADER_BYTES = 64 * 1024;

export async function openElementary(source: ByteSource, kind: ElementaryKind, limits: Limits): Promise<Container> {
  const config = kind === 'm4v' ? headersBeforeVop(await source.read(0, HEADER_BYTES)) : new Uint8Array(0);
  return new TableContainer({
    source,
    limits,
    track: { container: kind, codec: codecs[kind], width: 0, height: 0, rotation: 0, config, frameRate: undefined },
    loadTable: () => splitters[kind](source, limits),
  });
}

function headersBeforeVop(head: Uint8Array): Uint8Array {
  for (let i = 0; i + 3 < head.length; i++) {
    if (head[i] === 0 && head[i + 1] === 0 && head[i + 2] === 1 && head[i + 3] === 0xb6) return head.slice(0, i);
  }
  return new Uint8Array(0);
}

/** Start codes of ISO/IEC 14496-2, table 6-3, that may follow a VOP without beginning the next one. */
const visual_object_sequence_end_code = 0xb1;
const video_session_error_code = 0xb4;
const vop_start_code = 0xb6;
const stuffing_start_code = 0xc3;

async function splitVops(source: ByteSource, limits: Limits): Promise<PacketTable> {
  const table = new PacketTable(limits);
  let start = 0;
  let vop = false;
  let key = false;
  await forEachStartCode(source, 0, 0xff, 1, (offset, bytes, at) => {
    const code = bytes[at + 3];
    if (code === visual_object_sequence_end_code || code === video_session_error_code || code === stuffing_start_code) {
      return;
    }
    if (vop) {
      table.push(start, offset - start, Number.NaN, key);
      start = offset;
      vop = false;
    }
    if (code === vop_start_code) {
      vop = true;
      key = (bytes[at + 4] ?? 0xff) >> 6 === 0; // vop_coding_type
    }
  });
  finish(table, source, start, vop, key);
  return table;
}

/** Seconds of a step of H.263's temporal_reference, which counts modulo 256 (5.1.2). */
const TEMPORAL_REFERENCE_SECONDS = 1001 / 30000;

async function splitH263(source: ByteSource, limits: Limits): Promise<PacketTable> {
  const table = new PacketTable(limits);
  let start = -1;
  let key = false;
  let steps = 0;
  await forEachStartCode(source, 0, 0xfc, 0x80, (offset, bytes, at) => {
    if (start >= 0) table.push(start, offset - start, steps * TEMPORAL_REFERENCE_SECONDS, key);
    const temporal_reference = ((bytes[at + 2]! & 3) << 6) | ((bytes[at + 3] ?? 0) >> 2);
    // The distance to the picture before; there is none before the first.
    if (start >= 0) steps += (temporal_reference - steps) & 255;
    else steps = temporal_reference;
    start = offset;
    key = isKeyPacket('h263', bytes.subarray(at, at + 12));
  });
  finish(table, source, Math.max(start, 0), start >= 0, key, steps * TEMPORAL_REFERENCE_SECONDS);
  return table;
}

/** Access units begin at the first NAL unit of the kinds of 7.4.1.2.3, or at a slice whose first_mb_in_slice is 0. */
async function splitAccessUnits(source: ByteSource, limits: Limits): Promise<PacketTable> {
  const table = new PacketTable(limits);
  let start = 0;
  let slice = false;
  let key = false;
  await forEachStartCode(source, 0, 0xff, 1, (offset, bytes, at) => {
    const nal_unit_type = (bytes[at + 3] ?? 0) & 31;
    const isSlice = nal_unit_type === 1 || nal_unit_type === 2 || nal_unit_type === 5;
    const begins =
      (nal_unit_type >= 6 && nal_unit_type <= 9) ||
      (nal_unit_type >= 14 && nal_unit_type <= 18) ||
      (isSlice && (bytes[at + 4]! & 0x80) !== 0); // ue(v) of 0 is a single bit 1
    if (slice && begins) {
      const first = at > 0 && bytes[at - 1] === 0 ? offset - 1 : offset; // zero_byte
      table.push(start, first - start, Number.NaN, key);
      start = first;
      slice = false;
      key = false;
    }
    if (isSlice) {
      slice = true;
      key ||= nal_unit_type === 5;
    }
  });
  finish(table, source, start, slice, key);
  return table;
}

/** The last picture ends where the stream does; headers without a picture behind them are noted. */
function finish(
  table: PacketTable,
  source: ByteSource,
  start: number,
  picture: boolean,
  key: boolean,
  timestamp = Number.NaN,
): void {
  if (picture) table.push(start, source.size - start, timestamp, key);
  else table.damage = new MalformedStreamError('the stream ends behind headers without a picture', { offset: start });
}
