/** RIFF chunks (Microsoft, Multimedia Programming Interface 1.0): an id, a size, contents, and a byte of padding if the size is odd. */
import { checkLimit, type Limits } from '../../limits.js';
import { fourcc, viewOf } from '../bytes.js';
import type { ByteSource } from '../source.js';

export interface Chunk {
  /** Four characters; for `RIFF` and `LIST` the form or list type is in `list`. */
  id: string;
  list: string;
  start: number;
  /** First byte of the contents: behind the list type in a list. */
  contentStart: number;
  /** Bytes of the contents. */
  size: number;
  /** Behind the last byte that the file or the parent has of it. */
  end: number;
  /** It says it is longer than what holds it. */
  cut: boolean;
}

/** Reads the chunk header at `start`; `undefined` where nothing more can follow. */
export async function readChunk(source: ByteSource, start: number, parentEnd: number): Promise<Chunk | undefined> {
  if (start + 8 > parentEnd) return undefined;
  const header = await source.read(start, 12);
  if (header.length < 8) return undefined;
  const id = fourcc(header, 0);
  const isList = id === 'LIST' || id === 'RIFF';
  const size = viewOf(header).getUint32(4, true);
  const list = isList && header.length === 12 ? fourcc(header, 8) : '';
  const contentStart = Math.min(start + (isList ? 12 : 8), parentEnd);
  // Whoever records to a pipe cannot come back to fill in how long these two became.
  const open = (size === 0 || size === 0xffffffff) && (id === 'RIFF' || list === 'movi');
  const end = open ? parentEnd : start + 8 + size;
  return {
    id,
    list,
    start,
    contentStart,
    size: open ? parentEnd - contentStart : isList ? Math.max(0, size - 4) : size,
    end: Math.min(end, parentEnd),
    cut: end > parentEnd,
  };
}

/** Can this be the name of a chunk? */
export function isChunkId(id: string): boolean {
  return /^[ -~]{4}$/.test(id);
}

/** The chunks between two offsets, up to and including the first whose id is no name: rubbish, which says nothing of what follows. */
export async function* chunksIn(
  source: ByteSource,
  start: number,
  end: number,
  depth: number,
  limits: Limits,
): AsyncGenerator<Chunk> {
  checkLimit(limits, 'boxDepth', depth);
  let offset = start;
  let count = 0;
  for (;;) {
    const chunk = await readChunk(source, offset, end);
    if (!chunk) return;
    // Video, sound and filler chunks: eight to a frame is more than any real file has.
    checkLimit(limits, 'frames', ++count / 8);
    yield chunk;
    if (!isChunkId(chunk.id)) return;
    offset = chunk.end + (chunk.size & 1);
  }
}
