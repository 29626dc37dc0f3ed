/** Finds start codes in a stream of any length, one window at a time. */
import type { ByteSource } from '../source.js';

const WINDOW = 256 * 1024;
/** Bytes behind the two zeros that the visitor can count on seeing, unless the stream ends. */
const LOOK_AHEAD = 10;

/**
 * Calls `visit` for every place where two zero bytes are followed by a byte b with (b & mask) == value.
 *
 * @param visit gets the offset in the stream of the first zero, and the bytes from there on: at least 12 unless the
 * stream ends. Valid during the call.
 */
export async function forEachStartCode(
  source: ByteSource,
  start: number,
  mask: number,
  value: number,
  visit: (offset: number, bytes: Uint8Array, at: number) => void,
): Promise<void> {
  let offset = start;
  while (offset + 2 < source.size) {
    const bytes = await source.read(offset, WINDOW);
    const last = offset + bytes.length >= source.size;
    const end = last ? bytes.length - 2 : bytes.length - 2 - LOOK_AHEAD;
    if (end <= 0) return;
    let i = 0;
    while (i < end) {
      if (bytes[i + 1] !== 0) i += 2;
      else if (bytes[i] !== 0) i++;
      else if ((bytes[i + 2]! & mask) === value) {
        visit(offset + i, bytes, i);
        i += 3;
      } else i++;
    }
    if (last) return;
    offset += i;
  }
}
