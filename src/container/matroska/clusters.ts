/** The packets of a track in the clusters of a Matroska segment (RFC 9559, 5.1.3 and 10). */
import { MalformedStreamError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { viewOf } from '../bytes.js';
import { PacketTable } from '../packet-table.js';
import type { ByteSource } from '../source.js';
import { type Element, elementsIn, readElement, readUint, readVint } from './ebml.js';
import { Id, type Track } from './track.js';

/** Elements of the segment's own level: where one begins, a cluster of unknown size ends. */
const segmentLevel = new Set<number>([
  Id.Cluster,
  Id.SeekHead,
  Id.Info,
  Id.Tracks,
  Id.Cues,
  Id.Chapters,
  Id.Tags,
  Id.Attachments,
]);

/** Bytes of a block that hold its header: track, timestamp, flags, and the sizes of laced frames. */
const BLOCK_HEADER_BYTES = 1024;

/** @param seconds length of a tick of the track's timestamps. */
export async function readClusters(
  source: ByteSource,
  segment: Element,
  track: Track,
  seconds: number,
  limits: Limits,
): Promise<PacketTable> {
  const table = new PacketTable(limits);
  try {
    let offset = segment.contentStart;
    for (;;) {
      const element = await readElement(source, offset, segment.end);
      if (!element) break;
      offset = element.end;
      if (element.id === Id.Cluster) offset = await readCluster(source, element, track, seconds, table, limits);
      if (element.cut && !table.damage) table.damage = cutShort(source, table);
      if (table.damage) return table;
    }
    if (segment.cut) table.damage = cutShort(source, table);
  } catch (error) {
    if (!(error instanceof MalformedStreamError)) throw error;
    table.damage = error;
  }
  return table;
}

function cutShort(source: ByteSource, table: PacketTable): Error {
  const message = `the file is cut short: ${table.length} packets are whole`;
  return new MalformedStreamError(message, { offset: source.size });
}

/** Adds the cluster's packets; returns where it ends. */
async function readCluster(
  source: ByteSource,
  cluster: Element,
  track: Track,
  seconds: number,
  table: PacketTable,
  limits: Limits,
): Promise<number> {
  let timestamp = 0;
  for await (const element of elementsIn(source, cluster.contentStart, cluster.end, 3, limits)) {
    if (cluster.unknownSize && segmentLevel.has(element.id)) return element.start;
    if (element.id === Id.Timestamp) timestamp = await readUint(source, element);
    else if (element.id === Id.SimpleBlock) {
      await readBlock(source, element, undefined, timestamp, track, seconds, table);
    } else if (element.id === Id.BlockGroup) {
      let block: Element | undefined;
      let key = true; // no reference: a key frame
      for await (const child of elementsIn(source, element.contentStart, element.end, 4, limits)) {
        if (child.id === Id.Block) block = child;
        if (child.id === Id.ReferenceBlock) key = false;
      }
      if (block) await readBlock(source, block, key, timestamp, track, seconds, table);
    }
    if (element.cut && !table.damage) table.damage = cutShort(source, table);
    if (table.damage) return cluster.end;
  }
  return cluster.end;
}

/** SimpleBlock or Block (10.1, 10.2). `key`: for a Block, which has no flag of its own. */
async function readBlock(
  source: ByteSource,
  block: Element,
  key: boolean | undefined,
  clusterTimestamp: number,
  track: Track,
  seconds: number,
  table: PacketTable,
): Promise<void> {
  if (block.cut) {
    table.damage = cutShort(source, table);
    return;
  }
  const size = block.end - block.contentStart;
  const head = await source.read(block.contentStart, Math.min(size, BLOCK_HEADER_BYTES));
  const number = readVint(head, 0);
  if (!number || head.length < number.length + 3) {
    throw new MalformedStreamError('a Matroska block is too short', { offset: block.start });
  }
  if (number.value !== track.number) return;
  const timestamp = (clusterTimestamp + viewOf(head).getInt16(number.length)) * seconds;
  const flags = head[number.length + 2]!;
  const isKey = key ?? (flags & 0x80) !== 0;
  const first = number.length + 3;
  const stripped = track.strippedHeader.length;
  const lacing = (flags >> 1) & 3;
  if (lacing === 0) {
    table.push(block.contentStart + first, size - first + stripped, timestamp, isKey);
    return;
  }
  const laces = laceSizes(head, first, lacing, size);
  if (!laces) throw new MalformedStreamError('a laced Matroska block is damaged', { offset: block.start });
  let offset = block.contentStart + laces.start;
  for (const laceSize of laces.sizes) {
    // Only the block has a time: the others of a lace follow at an unknown distance.
    table.push(offset, laceSize + stripped, timestamp, isKey);
    offset += laceSize;
  }
}

/** Sizes of the frames in a laced block (10.3). */
function laceSizes(
  head: Uint8Array,
  at: number,
  lacing: number,
  blockSize: number,
): { start: number; sizes: number[] } | undefined {
  const count = (head[at++] ?? 0) + 1;
  const sizes: number[] = [];
  if (lacing === 2) {
    const size = (blockSize - at) / count;
    return Number.isInteger(size) ? { start: at, sizes: new Array<number>(count).fill(size) } : undefined;
  }
  for (let i = 0; i + 1 < count; i++) {
    if (lacing === 1) {
      let size = 0;
      let byte = 255;
      while (byte === 255) {
        byte = head[at++] ?? -1;
        if (byte < 0) return undefined;
        size += byte;
      }
      sizes.push(size);
    } else {
      const vint = readVint(head, at);
      if (!vint) return undefined;
      at += vint.length;
      const bias = 2 ** (7 * vint.length - 1) - 1;
      sizes.push(i === 0 ? vint.value : sizes[i - 1]! + vint.value - bias);
    }
  }
  const last = blockSize - at - sizes.reduce((sum, size) => sum + size, 0);
  if (last < 0 || sizes.some((size) => size < 0)) return undefined;
  return { start: at, sizes: [...sizes, last] };
}
