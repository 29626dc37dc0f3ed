/** Which pictures a caller wants. */
import type { FrameEntry, FrameIndex } from './frame-index.js';

/**
 * - `all` (default), or all of one type: `I`, `P`, `B` (as the index has them);
 * - display indices and ranges `[first, last]` of them, both inclusive; those past the end are ignored;
 * - a predicate over the index.
 */
export type Selection =
  | 'all'
  | 'I'
  | 'P'
  | 'B'
  | Iterable<number | readonly [number, number]>
  | ((entry: FrameEntry) => boolean);

/** The decode indices of the selected pictures, rising, each once. Throws RangeError for what is no display index. */
export function selectFrames(frames: FrameIndex, selection: Selection = 'all'): Uint32Array {
  if (typeof selection === 'string') {
    return pick(frames, (decodeIndex) => selection === 'all' || frames.typeAt(decodeIndex) === selection);
  }
  if (typeof selection === 'function') return pick(frames, (decodeIndex) => selection(frames.atDecode(decodeIndex)));
  const wanted = new Set<number>();
  for (const item of selection) {
    const [first, last] = typeof item === 'number' ? [item, item] : item;
    if (!Number.isInteger(first) || !Number.isInteger(last) || first < 0 || last < first) {
      throw new RangeError(`no range of display indices: ${first} to ${last}`);
    }
    for (let index = first; index <= last && index < frames.length; index++) wanted.add(frames.decode[index]!);
  }
  return Uint32Array.from(wanted).sort();
}

function pick(frames: FrameIndex, wanted: (decodeIndex: number) => boolean): Uint32Array {
  const picked: number[] = [];
  for (let i = 0; i < frames.length; i++) if (wanted(i)) picked.push(i);
  return Uint32Array.from(picked);
}
