/** The sample table `stbl` of a track (ISO/IEC 14496-12, 8.6 and 8.7): where each sample lies, how long it is, and when it is shown. */
import { MalformedStreamError, UnsupportedStreamError } from '../../errors.js';
import { checkLimit, type Limits } from '../../limits.js';
import { uint64, viewOf } from '../bytes.js';
import { PacketTable } from '../packet-table.js';
import type { ByteSource } from '../source.js';
import { type Box, readBox } from './boxes.js';

/** The child boxes of `stbl` by type. */
export type SampleTableBoxes = Map<string, Box>;

/** How media time becomes seconds of presentation: (time + shift) / timescale. */
export interface Clock {
  timescale: number;
  /** From the edit list, in media time: what the first edit skips is negative, what it delays positive. */
  shift: number;
}

/** An unpacked full box: its entries behind version, flags and count. */
interface Entries {
  view: DataView;
  count: number;
}

/** Builds the packet table. Samples past the end of the file are cut off and noted as damage. */
export async function readSampleTable(
  source: ByteSource,
  boxes: SampleTableBoxes,
  clock: Clock,
  limits: Limits,
): Promise<PacketTable> {
  const sizes = await readSizes(source, boxes, limits);
  const table = new PacketTable(limits);
  table.reserve(sizes.count);
  await placeSamples(source, boxes, sizes, table, limits);
  await timeSamples(source, boxes, clock, table, limits);
  await markKeys(source, boxes, table, limits);
  return table;
}

interface Sizes {
  count: number;
  at(sample: number): number;
}

/** SampleSizeBox `stsz` (8.7.3.2) or CompactSampleSizeBox `stz2` (8.7.3.3). */
async function readSizes(source: ByteSource, boxes: SampleTableBoxes, limits: Limits): Promise<Sizes> {
  const stsz = boxes.get('stsz');
  if (stsz) {
    const head = viewOf(await readBox(source, stsz, 12, 12));
    const sample_size = head.getUint32(4);
    const sample_count = head.getUint32(8);
    checkLimit(limits, 'frames', sample_count);
    if (sample_size !== 0) {
      // The box holds no table that would bound the count: the file does.
      const count = Math.min(sample_count, Math.ceil(source.size / sample_size));
      return { count, at: () => sample_size };
    }
    const bytes = await readBox(source, stsz, 12 + 4 * sample_count, 12 + 4 * sample_count);
    const view = viewOf(bytes);
    return { count: sample_count, at: (sample) => view.getUint32(12 + 4 * sample) };
  }
  const stz2 = boxes.get('stz2');
  if (!stz2) throw new MalformedStreamError("the track has no sample sizes (box 'stsz')");
  const head = viewOf(await readBox(source, stz2, 12, 12));
  const field_size = head.getUint8(7);
  const count = head.getUint32(8);
  checkLimit(limits, 'frames', count);
  if (field_size !== 4 && field_size !== 8 && field_size !== 16) {
    throw new MalformedStreamError(`box 'stz2': field_size ${field_size}`, { offset: stz2.contentStart + 7 });
  }
  const length = 12 + Math.ceil((count * field_size) / 8);
  const view = viewOf(await readBox(source, stz2, length, length));
  if (field_size === 16) return { count, at: (sample) => view.getUint16(12 + 2 * sample) };
  if (field_size === 8) return { count, at: (sample) => view.getUint8(12 + sample) };
  return { count, at: (sample) => (view.getUint8(12 + (sample >> 1)) >> (sample & 1 ? 0 : 4)) & 15 };
}

/** SampleToChunkBox `stsc` (8.7.4) and ChunkOffsetBox `stco` / `co64` (8.7.5). */
async function placeSamples(
  source: ByteSource,
  boxes: SampleTableBoxes,
  sizes: Sizes,
  table: PacketTable,
  limits: Limits,
): Promise<void> {
  const wide = boxes.get('co64') !== undefined;
  const offsetsBox = boxes.get('co64') ?? boxes.get('stco');
  if (!offsetsBox) {
    if (sizes.count === 0) return;
    throw new MalformedStreamError("the track has no chunk offsets (box 'stco')");
  }
  const offsets = await readEntries(source, offsetsBox, wide ? 8 : 4, limits);
  const stsc = await readEntries(source, boxes.get('stsc'), 12, limits);
  let run = 0;
  let sample = 0;
  for (let chunk = 0; chunk < offsets.count && sample < sizes.count; chunk++) {
    while (run + 1 < stsc.count && stsc.view.getUint32(8 + 12 * (run + 1)) <= chunk + 1) run++; // first_chunk, from 1
    if (run >= stsc.count) break;
    const samples_per_chunk = stsc.view.getUint32(8 + 12 * run + 4);
    const sample_description_index = stsc.view.getUint32(8 + 12 * run + 8);
    if (sample_description_index > 1) {
      const remedy = 'convert the file with ffmpeg, which gives every packet the same headers';
      table.cut(sample, new UnsupportedStreamError('several sample descriptions in one track', remedy));
      return;
    }
    let offset = wide ? uint64(offsets.view, 8 + 8 * chunk) : offsets.view.getUint32(8 + 4 * chunk);
    for (let i = 0; i < samples_per_chunk && sample < sizes.count; i++, sample++) {
      const size = sizes.at(sample);
      if (offset + size > source.size) {
        const message = `the file is cut short: ${sample} of ${sizes.count} packets are whole`;
        table.cut(sample, new MalformedStreamError(message, { offset: source.size }));
        return;
      }
      table.push(offset, size, Number.NaN, false);
      offset += size;
    }
  }
  if (sample < sizes.count) {
    table.damage = new MalformedStreamError(`the sample table places only ${sample} of ${sizes.count} packets`);
  }
}

/** TimeToSampleBox `stts` (8.6.1.2) and CompositionOffsetBox `ctts` (8.6.1.3). */
async function timeSamples(
  source: ByteSource,
  boxes: SampleTableBoxes,
  clock: Clock,
  table: PacketTable,
  limits: Limits,
): Promise<void> {
  const stts = await readEntries(source, boxes.get('stts'), 8, limits);
  const ctts = await readEntries(source, boxes.get('ctts'), 8, limits);
  const times = new Runs(stts);
  const offsets = new Runs(ctts);
  let decodeTime = 0;
  for (let sample = 0; sample < table.length; sample++) {
    // Version 0 says the offset is unsigned, but files with negative ones exist, and none with larger than 2^31.
    const composition = offsets.next() ? offsets.view.getInt32(offsets.valueAt) : 0;
    table.timestamps[sample] = (decodeTime + composition + clock.shift) / clock.timescale;
    if (times.next()) decodeTime += times.view.getUint32(times.valueAt);
  }
}

/** Steps through runs of (sample_count, value), one sample at a time. */
class Runs {
  readonly view: DataView;
  /** Where the current sample's value lies in `view`. */
  valueAt = 0;
  readonly #count: number;
  #entry = -1;
  #left = 0;

  constructor(entries: Entries) {
    this.view = entries.view;
    this.#count = entries.count;
  }

  /** Moves on to the next sample; false when the table has ended. */
  next(): boolean {
    while (this.#left === 0) {
      if (++this.#entry >= this.#count) {
        this.#entry = this.#count;
        return false;
      }
      this.#left = this.view.getUint32(8 + 8 * this.#entry);
      this.valueAt = 8 + 8 * this.#entry + 4;
    }
    this.#left--;
    return true;
  }
}

/** SyncSampleBox `stss` (8.6.2): the key frames; without the box every sample is one. */
async function markKeys(
  source: ByteSource,
  boxes: SampleTableBoxes,
  table: PacketTable,
  limits: Limits,
): Promise<void> {
  const stss = boxes.get('stss');
  if (!stss) {
    table.keys.fill(1, 0, table.length);
    return;
  }
  const entries = await readEntries(source, stss, 4, limits);
  for (let i = 0; i < entries.count; i++) {
    const sample_number = entries.view.getUint32(8 + 4 * i);
    if (sample_number >= 1 && sample_number <= table.length) table.keys[sample_number - 1] = 1;
  }
}

/** Reads a table of `entrySize` bytes an entry; an absent box is an empty table. */
async function readEntries(
  source: ByteSource,
  box: Box | undefined,
  entrySize: number,
  limits: Limits,
): Promise<Entries> {
  if (!box) return { view: new DataView(new ArrayBuffer(0)), count: 0 };
  const head = viewOf(await readBox(source, box, 8, 8));
  const count = head.getUint32(4);
  checkLimit(limits, 'frames', count);
  const length = 8 + entrySize * count;
  return { view: viewOf(await readBox(source, box, length, length)), count };
}
