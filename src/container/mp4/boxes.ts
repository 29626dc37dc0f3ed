/** The boxes of ISO/IEC 14496-12 (4.2) and the atoms of QuickTime, which are the same: a walk over one level at a time. */
import { MalformedStreamError } from '../../errors.js';
import { checkLimit, type Limits } from '../../limits.js';
import { fourcc, printable, uint64, viewOf } from '../bytes.js';
import type { ByteSource } from '../source.js';

export interface Box {
  type: string;
  /** First byte of the header, of the contents, and the byte behind the box; `end` never lies outside the parent. */
  start: number;
  contentStart: number;
  end: number;
  /** The box says it is longer than what holds it: the file is cut short, or the size is a lie. */
  cut: boolean;
}

/** The boxes between two offsets, in order. Throws MalformedStreamError for a size smaller than its own header. */
export async function* boxesIn(
  source: ByteSource,
  start: number,
  end: number,
  depth: number,
  limits: Limits,
): AsyncGenerator<Box> {
  checkLimit(limits, 'boxDepth', depth);
  let offset = start;
  let count = 0;
  while (offset + 8 <= end) {
    // A fragment per frame is three boxes; four for each frame allowed is a bound no real file meets.
    checkLimit(limits, 'frames', ++count / 4);
    const header = await source.read(offset, 16);
    const box = readHeader(header, offset, end);
    if (!box) return;
    yield box;
    offset = box.end;
  }
}

function readHeader(header: Uint8Array, start: number, parentEnd: number): Box | undefined {
  if (header.length < 8) return undefined;
  const view = viewOf(header);
  const type = fourcc(header, 4);
  let size = view.getUint32(0);
  let headerSize = 8;
  if (size === 1) {
    if (header.length < 16) return undefined;
    size = uint64(view, 8);
    headerSize = 16;
  } else if (size === 0) {
    size = parentEnd - start; // to the end of the file (4.2)
  }
  if (type === 'uuid') headerSize += 16;
  if (size < headerSize) {
    throw new MalformedStreamError(`box '${printable(type)}' says it is ${size} bytes long`, { offset: start });
  }
  const end = start + size;
  return {
    type,
    start,
    contentStart: Math.min(start + headerSize, parentEnd),
    end: Math.min(end, parentEnd),
    cut: end > parentEnd,
  };
}

/** The contents of a box that has at least `least` and at most `most` bytes of them; throws MalformedStreamError otherwise. */
export async function readBox(source: ByteSource, box: Box, least: number, most: number): Promise<Uint8Array> {
  const size = box.end - box.contentStart;
  if (box.cut) throw new MalformedStreamError(`box '${box.type}' is cut short`, { offset: box.start });
  if (size < least) throw new MalformedStreamError(`box '${box.type}' is too short`, { offset: box.start });
  const bytes = await source.read(box.contentStart, Math.min(size, most));
  if (bytes.length < least) throw new MalformedStreamError(`box '${box.type}' is cut short`, { offset: box.start });
  return bytes;
}
