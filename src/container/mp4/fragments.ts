/** Movie fragments (ISO/IEC 14496-12, 8.8): the packets that `moof` boxes list behind the movie header. */
import { MalformedStreamError } from '../../errors.js';
import { checkLimit, type Limits } from '../../limits.js';
import { uint64, viewOf } from '../bytes.js';
import type { PacketTable } from '../packet-table.js';
import type { ByteSource } from '../source.js';
import { type Box, boxesIn, readBox } from './boxes.js';
import type { Clock } from './sample-table.js';

/** default_sample_duration, _size and _flags of `trex` (8.8.3), which `tfhd` may replace. */
export interface TrackDefaults {
  duration: number;
  size: number;
  flags: number;
}

/** Where the next run continues. */
interface Position {
  /** In media time. */
  time: number;
  /** In bytes. */
  data: number;
}

/** Adds the samples of one track in all fragments from byte `start` on. A fragment that is cut short ends the table. */
export async function readFragments(
  source: ByteSource,
  start: number,
  trackId: number,
  defaults: TrackDefaults,
  clock: Clock,
  table: PacketTable,
  limits: Limits,
): Promise<void> {
  if (table.damage) return;
  const position: Position = { time: 0, data: 0 };
  try {
    for await (const box of boxesIn(source, start, source.size, 1, limits)) {
      if (box.type === 'moof') {
        for await (const traf of boxesIn(source, box.contentStart, box.end, 2, limits)) {
          if (traf.type === 'traf')
            await readTrackFragment(source, box, traf, trackId, defaults, clock, position, table, limits);
          if (table.damage) return;
        }
      }
      if (box.cut)
        throw new MalformedStreamError(`the file is cut short inside box '${box.type}'`, { offset: box.start });
    }
  } catch (error) {
    if (!(error instanceof MalformedStreamError)) throw error;
    table.damage ??= error;
  }
}

/** TrackFragmentBox (8.8.6). */
async function readTrackFragment(
  source: ByteSource,
  moof: Box,
  traf: Box,
  trackId: number,
  trackDefaults: TrackDefaults,
  clock: Clock,
  position: Position,
  table: PacketTable,
  limits: Limits,
): Promise<void> {
  const defaults = { ...trackDefaults };
  let base = moof.start;
  let mine = false;
  for await (const box of boxesIn(source, traf.contentStart, traf.end, 3, limits)) {
    if (box.type === 'tfhd') {
      // TrackFragmentHeaderBox (8.8.7)
      const view = viewOf(await readBox(source, box, 8, 40));
      mine = view.getUint32(4) === trackId;
      if (!mine) return;
      const fields = optionalFields(view, box, 8, [8, 4, 4, 4, 4], [0x01, 0x02, 0x08, 0x10, 0x20]);
      if (fields[0] !== undefined) base = uint64(view, fields[0]);
      if (fields[2] !== undefined) defaults.duration = view.getUint32(fields[2]);
      if (fields[3] !== undefined) defaults.size = view.getUint32(fields[3]);
      if (fields[4] !== undefined) defaults.flags = view.getUint32(fields[4]);
      position.data = base;
    } else if (box.type === 'tfdt' && mine) {
      // TrackFragmentBaseMediaDecodeTimeBox (8.8.12)
      const bytes = await readBox(source, box, 8, 12);
      if (bytes[0] === 1 && bytes.length < 12)
        throw new MalformedStreamError(`box 'tfdt' is too short`, { offset: box.start });
      position.time = bytes[0] === 1 ? uint64(viewOf(bytes), 4) : viewOf(bytes).getUint32(4);
    } else if (box.type === 'trun' && mine) {
      await readRun(source, box, base, defaults, clock, position, table, limits);
    }
  }
}

/** TrackRunBox (8.8.8). */
async function readRun(
  source: ByteSource,
  trun: Box,
  base: number,
  defaults: TrackDefaults,
  clock: Clock,
  position: Position,
  table: PacketTable,
  limits: Limits,
): Promise<void> {
  const head = viewOf(await readBox(source, trun, 8, 16));
  const flags = head.getUint32(0) & 0xffffff;
  const sample_count = head.getUint32(4);
  checkLimit(limits, 'frames', table.length + sample_count);
  const [data_offset, first_sample_flags] = optionalFields(head, trun, 8, [4, 4], [0x01, 0x04]);
  if (data_offset !== undefined) position.data = base + head.getInt32(data_offset);

  const present = [0x100, 0x200, 0x400, 0x800].map((bit) => (flags & bit) !== 0);
  const entrySize = 4 * present.filter(Boolean).length;
  const first = 8 + (data_offset === undefined ? 0 : 4) + (first_sample_flags === undefined ? 0 : 4);
  const length = first + entrySize * sample_count;
  const view = viewOf(await readBox(source, trun, length, length));
  let at = first;
  for (let i = 0; i < sample_count; i++) {
    let { duration, size, flags: sample_flags } = defaults;
    let composition = 0;
    if (i === 0 && first_sample_flags !== undefined) sample_flags = head.getUint32(first_sample_flags);
    if (present[0]) duration = next();
    if (present[1]) size = next();
    if (present[2]) sample_flags = next();
    if (present[3]) composition = next() | 0;
    if (position.data + size > source.size) {
      const message = `the file is cut short: its fragments hold ${table.length} whole packets`;
      table.damage = new MalformedStreamError(message, { offset: source.size });
      return;
    }
    const sample_is_non_sync_sample = (sample_flags & 0x10000) !== 0;
    const timestamp = (position.time + composition + clock.shift) / clock.timescale;
    table.push(position.data, size, timestamp, !sample_is_non_sync_sample);
    position.data += size;
    position.time += duration;
  }

  function next(): number {
    at += 4;
    return view.getUint32(at - 4);
  }
}

/** Offsets of the fields that the flags say are there, one behind the other from `at`. */
function optionalFields(view: DataView, box: Box, at: number, sizes: number[], bits: number[]): (number | undefined)[] {
  const flags = view.getUint32(0) & 0xffffff;
  return bits.map((bit, i) => {
    if (!(flags & bit)) return undefined;
    const offset = at;
    at += sizes[i]!;
    if (at > view.byteLength) throw new MalformedStreamError(`box '${box.type}' is too short`, { offset: box.start });
    return offset;
  });
}
