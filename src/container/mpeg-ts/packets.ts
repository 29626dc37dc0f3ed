/** The transport stream layer (ISO/IEC 13818-1, 2.4.3): packets of 188 bytes, each with a part of one stream. */
import type { ByteSource } from '../source.js';

/** How packets lie in the file: every `step` bytes, the first at `start`. M2TS puts a time code of 4 bytes before each. */
export interface Layout {
  start: number;
  step: number;
}

/** The header of a transport packet. */
export interface TsPacket {
  /** Of the sync byte, in the file. */
  offset: number;
  pid: number;
  payload_unit_start_indicator: boolean;
  transport_scrambling_control: number;
  continuity_counter: number;
  random_access_indicator: boolean;
  /** A view of the payload, empty if there is none; valid during the visit. */
  payload: Uint8Array;
}

const PACKET = 188;
const SYNC = 0x47;
/** Packets in one window. */
const WINDOW = 1024;

/**
 * Calls `visit` for every packet between two offsets until it returns false. Bytes between packets are passed over.
 * Returns the offset behind the last whole packet.
 */
export async function forEachPacket(
  source: ByteSource,
  { step }: Layout,
  start: number,
  end: number,
  visit: (packet: TsPacket) => boolean,
): Promise<number> {
  let offset = start;
  while (offset + PACKET <= end) {
    const bytes = await source.read(offset, Math.min(end - offset, step * WINDOW));
    let at = 0;
    while (at + PACKET <= bytes.length) {
      if (bytes[at] !== SYNC) {
        at++;
        while (at < bytes.length && !(bytes[at] === SYNC && (bytes[at + step] ?? SYNC) === SYNC)) at++;
        continue;
      }
      if (!visit(readPacket(bytes, at, offset + at))) return offset + at + PACKET;
      at += step;
    }
    if (at === 0) break;
    offset += at;
  }
  return Math.min(offset, end);
}

function readPacket(bytes: Uint8Array, at: number, offset: number): TsPacket {
  const second = bytes[at + 1]!;
  const fourth = bytes[at + 3]!;
  const adaptation_field_control = (fourth >> 4) & 3;
  let payloadStart = at + 4;
  let random_access_indicator = false;
  if (adaptation_field_control & 2) {
    const adaptation_field_length = bytes[at + 4]!;
    if (adaptation_field_length > 0) random_access_indicator = (bytes[at + 5]! & 0x40) !== 0;
    payloadStart += 1 + adaptation_field_length;
  }
  const transport_error_indicator = (second & 0x80) !== 0;
  const has = (adaptation_field_control & 1) !== 0 && !transport_error_indicator && payloadStart < at + PACKET;
  return {
    offset,
    pid: ((second & 0x1f) << 8) | bytes[at + 2]!,
    payload_unit_start_indicator: (second & 0x40) !== 0,
    transport_scrambling_control: fourth >> 6,
    continuity_counter: fourth & 15,
    random_access_indicator,
    payload: has ? bytes.subarray(payloadStart, at + PACKET) : bytes.subarray(at, at),
  };
}
