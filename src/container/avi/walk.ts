/** Finds the packets of an AVI by walking its `movi` lists, for files whose index is missing or wrong. */
import { MalformedStreamError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { printable } from '../bytes.js';
import { isKeyPacket } from '../key.js';
import { PacketTable } from '../packet-table.js';
import type { ByteSource } from '../source.js';
import { type Chunk, chunksIn, isChunkId } from './chunks.js';
import { isVideoChunk } from './indexes.js';
import type { AviStream } from './stream.js';

/** Bytes at the start of a packet in which its type is looked for. */
const HEADER_BYTES = 1024;

export async function walkMovi(source: ByteSource, stream: AviStream, limits: Limits): Promise<PacketTable> {
  const table = new PacketTable(limits);
  for await (const riff of chunksIn(source, 0, source.size, 0, limits)) {
    if (riff.id !== 'RIFF' || !riff.list.startsWith('AVI')) break;
    for await (const chunk of chunksIn(source, riff.contentStart, riff.end, 1, limits)) {
      if (chunk.list === 'movi') await walkList(source, chunk, 2, stream, table, limits);
      if (table.damage) return table;
    }
    if (riff.cut) table.damage ??= cutShort(source, table);
  }
  return table;
}

async function walkList(
  source: ByteSource,
  list: Chunk,
  depth: number,
  stream: AviStream,
  table: PacketTable,
  limits: Limits,
): Promise<void> {
  for await (const chunk of chunksIn(source, list.contentStart, list.end, depth, limits)) {
    if (chunk.list === 'rec ') {
      await walkList(source, chunk, depth + 1, stream, table, limits);
    } else if (isVideoChunk(chunk.id, stream.number)) {
      if (chunk.cut) table.damage = cutShort(source, table);
      else {
        const head = await source.read(chunk.contentStart, Math.min(chunk.size, HEADER_BYTES));
        table.push(chunk.contentStart, chunk.size, Number.NaN, isKeyPacket(stream.track.codec, head));
      }
    } else if (!isChunkId(chunk.id)) {
      const message = `no chunk is called '${printable(chunk.id)}': the file is damaged behind packet ${table.length}`;
      table.damage = new MalformedStreamError(message, { offset: chunk.start });
    }
    if (table.damage) return;
  }
}

function cutShort(source: ByteSource, table: PacketTable): Error {
  const message = `the file is cut short: ${table.length} packets are whole`;
  return new MalformedStreamError(message, { offset: source.size });
}
