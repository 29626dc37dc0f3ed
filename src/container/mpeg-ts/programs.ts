/** Which streams there are: the program association and program map sections (ISO/IEC 13818-1, 2.4.4). */
import type { ByteSource } from '../source.js';
import { forEachPacket, type Layout } from './packets.js';

export interface ElementaryStream {
  pid: number;
  stream_type: number;
}

/** Bytes at the start of the file in which the programs are looked for. */
const SEARCHED = 16 * 2 ** 20;

/** The streams of the first program whose map is found; `undefined` if there is none. */
export async function readProgram(source: ByteSource, layout: Layout): Promise<ElementaryStream[] | undefined> {
  const sections = new Sections();
  const maps = new Set<number>();
  let streams: ElementaryStream[] | undefined;
  await forEachPacket(source, layout, layout.start, Math.min(source.size, SEARCHED), (packet) => {
    if (packet.pid !== 0 && !maps.has(packet.pid)) return true;
    const section = sections.add(packet.pid, packet.payload_unit_start_indicator, packet.payload);
    if (section && packet.pid === 0) readAssociation(section, maps);
    else if (section) streams = readMap(section) ?? streams;
    return streams === undefined;
  });
  return streams;
}

/** Puts sections together from the payloads of packets (2.4.4.1). One that begins behind another's end is not read. */
class Sections {
  readonly #partial = new Map<number, Uint8Array>();

  add(pid: number, start: boolean, payload: Uint8Array): Uint8Array | undefined {
    let section: Uint8Array;
    if (start) {
      section = payload.slice(1 + (payload[0] ?? 0)); // pointer_field
    } else {
      const before = this.#partial.get(pid);
      if (!before) return undefined;
      section = new Uint8Array(before.length + payload.length);
      section.set(before);
      section.set(payload, before.length);
    }
    const length = section.length < 3 ? Number.POSITIVE_INFINITY : 3 + (((section[1]! & 15) << 8) | section[2]!);
    if (section.length < length) {
      this.#partial.set(pid, section);
      return undefined;
    }
    this.#partial.delete(pid);
    return section.subarray(0, length);
  }
}

/** program_association_section (2.4.4.3). */
function readAssociation(section: Uint8Array, maps: Set<number>): void {
  if (section[0] !== 0) return; // table_id
  for (let at = 8; at + 4 <= section.length - 4; at += 4) {
    const program_number = (section[at]! << 8) | section[at + 1]!;
    if (program_number !== 0) maps.add(((section[at + 2]! & 0x1f) << 8) | section[at + 3]!);
  }
}

/** TS_program_map_section (2.4.4.8). */
function readMap(section: Uint8Array): ElementaryStream[] | undefined {
  if (section[0] !== 2 || section.length < 16) return undefined;
  const streams: ElementaryStream[] = [];
  const program_info_length = ((section[10]! & 15) << 8) | section[11]!;
  let at = 12 + program_info_length;
  while (at + 5 <= section.length - 4) {
    streams.push({ stream_type: section[at]!, pid: ((section[at + 1]! & 0x1f) << 8) | section[at + 2]! });
    at += 5 + (((section[at + 3]! & 15) << 8) | section[at + 4]!); // ES_info_length
  }
  return streams;
}
