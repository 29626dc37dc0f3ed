/**
 * The two indexes of AVI: `idx1` (AVIOLDINDEX) and OpenDML's `indx` with its `ix##` (OpenDML 1.02, 3.0). An index is
 * believed only if packets lie where it says; otherwise the caller walks the file.
 */
import { checkLimit, type Limits } from '../../limits.js';
import { fourcc, uint64, viewOf } from '../bytes.js';
import { PacketTable } from '../packet-table.js';
import type { ByteSource } from '../source.js';
import { type Chunk, readChunk } from './chunks.js';
import type { AviStream } from './stream.js';

const AVI_INDEX_OF_INDEXES = 0;
const AVI_INDEX_OF_CHUNKS = 1;
const AVI_INDEX_2FIELD = 1;

/** Does the id name a packet of this video stream: `##dc` or `##db`? */
export function isVideoChunk(id: string, number: number): boolean {
  return (id.endsWith('dc') || id.endsWith('db')) && streamNumber(id) === number;
}

/** The stream number in the first two characters of a chunk id; NaN if they are none. */
export function streamNumber(id: string): number {
  return /^[0-9]{2}/.test(id) ? Number(id.slice(0, 2)) : Number.NaN;
}

/** The table from the stream's OpenDML index; `undefined` where there is none, or it does not fit the file. */
export async function readOpenDmlIndex(
  source: ByteSource,
  stream: AviStream,
  limits: Limits,
): Promise<PacketTable | undefined> {
  const { indx } = stream;
  if (!indx || indx.cut || indx.size < 24) return undefined;
  checkLimit(limits, 'frames', indx.size / 16);
  const bytes = await source.read(indx.contentStart, indx.size);
  if (bytes.length < indx.size) return undefined;
  const view = viewOf(bytes);
  const bIndexType = view.getUint8(3);
  const nEntriesInUse = view.getUint32(4, true);
  const table = new PacketTable(limits);
  if (bIndexType === AVI_INDEX_OF_CHUNKS) {
    if (!readStandardIndex(bytes, stream, source.size, table)) return undefined;
  } else if (bIndexType === AVI_INDEX_OF_INDEXES) {
    if (view.getUint16(0, true) !== 4 || 24 + 16 * nEntriesInUse > bytes.length) return undefined;
    for (let i = 0; i < nEntriesInUse; i++) {
      const qwOffset = uint64(view, 24 + 16 * i, true);
      const ix = await readChunk(source, qwOffset, source.size);
      if (!ix || ix.cut || !ix.id.startsWith('ix')) return undefined;
      checkLimit(limits, 'frames', table.length + ix.size / 8 - 3);
      const contents = await source.read(ix.contentStart, ix.size);
      if (!readStandardIndex(contents, stream, source.size, table)) return undefined;
    }
  } else {
    return undefined;
  }
  return (await fits(source, stream, table)) ? table : undefined;
}

/** AVISTDINDEX: offsets of the contents of packets relative to qwBaseOffset; bit 31 of the size says "no key frame". */
function readStandardIndex(bytes: Uint8Array, stream: AviStream, fileSize: number, table: PacketTable): boolean {
  if (bytes.length < 24) return false;
  const view = viewOf(bytes);
  const wLongsPerEntry = view.getUint16(0, true);
  const bIndexSubType = view.getUint8(2);
  const nEntriesInUse = view.getUint32(4, true);
  const entrySize = 4 * wLongsPerEntry;
  if (wLongsPerEntry !== (bIndexSubType === AVI_INDEX_2FIELD ? 3 : 2)) return false;
  if (24 + entrySize * nEntriesInUse > bytes.length || !isVideoChunk(fourcc(bytes, 8), stream.number)) return false;
  const qwBaseOffset = uint64(view, 12, true);
  table.reserve(table.length + nEntriesInUse);
  for (let at = 24; at < 24 + entrySize * nEntriesInUse; at += entrySize) {
    const offset = qwBaseOffset + view.getUint32(at, true);
    const dwSize = view.getUint32(at + 4, true);
    const size = dwSize % 0x80000000;
    if (offset + size > fileSize) return false;
    table.push(offset, size, Number.NaN, dwSize < 0x80000000);
  }
  return true;
}

/** The table from `idx1`; `undefined` where it does not fit the file. */
export async function readIdx1(
  source: ByteSource,
  stream: AviStream,
  idx1: Chunk,
  movi: Chunk,
  limits: Limits,
): Promise<PacketTable | undefined> {
  if (idx1.cut) return undefined;
  const count = Math.floor(idx1.size / 16);
  checkLimit(limits, 'frames', count / 8); // with sound and filler, as in `chunksIn`
  const table = new PacketTable(limits);
  // Offsets count from the list type 'movi' in most files, from the start of the file in some.
  let base: number | undefined;
  // Read in pieces: the index of a film is longer than one window.
  for (let done = 0; done < count; done += 4096) {
    const bytes = await source.read(idx1.contentStart + 16 * done, 16 * Math.min(4096, count - done));
    const view = viewOf(bytes);
    for (let at = 0; at + 16 <= bytes.length; at += 16) {
      if (!isVideoChunk(fourcc(bytes, at), stream.number)) continue;
      const dwFlags = view.getUint32(at + 4, true);
      const dwOffset = view.getUint32(at + 8, true);
      const dwSize = view.getUint32(at + 12, true);
      base ??= await baseOfIdx1(source, stream, dwOffset, dwSize, movi.contentStart - 4);
      if (base === undefined) return undefined;
      const offset = base + dwOffset + 8;
      if (offset + dwSize > source.size) return undefined;
      table.push(offset, dwSize, Number.NaN, (dwFlags & 0x10) !== 0); // AVIIF_KEYFRAME
    }
  }
  return (await fits(source, stream, table)) ? table : undefined;
}

async function baseOfIdx1(
  source: ByteSource,
  stream: AviStream,
  dwOffset: number,
  dwSize: number,
  movi: number,
): Promise<number | undefined> {
  for (const base of [movi, 0]) {
    const chunk = await readChunk(source, base + dwOffset, source.size);
    if (chunk && isVideoChunk(chunk.id, stream.number) && chunk.size === dwSize) return base;
  }
  return undefined;
}

/** Looks at the first, the last and some packets between: is the right chunk header in front of each? */
async function fits(source: ByteSource, stream: AviStream, table: PacketTable): Promise<boolean> {
  if (table.length === 0) return false;
  const last = table.length - 1;
  for (const index of new Set([0, 1, last >> 2, last >> 1, 3 * (last >> 2), last])) {
    if (index > last) continue;
    const chunk = await readChunk(source, table.offsets[index]! - 8, source.size);
    if (!chunk || !isVideoChunk(chunk.id, stream.number) || chunk.size !== table.sizes[index]) return false;
  }
  return true;
}
