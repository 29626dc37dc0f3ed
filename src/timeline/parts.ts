/**
 * A long video is read in parts of some minutes, each from a key frame and with its faces located afresh, so that several cores
 * can read one video and what was read of it is not lost. The parts are the video's own: they do not depend on how many cores there
 * are, nor does the result. `merge-parts.ts` puts them together.
 */
import type { PredictedPictures } from '../residual/sliding-clips.js';
import type { FrameIndex } from '../video/frame-index.js';
import type { PlannedWindow } from './window.js';

/** Seconds that a part is long. */
export const defaultPart = 300;

/** A part begins at the first key frame before its first window, if that is no further before it than this share of a part. */
const furthestKey = 0.1;

export interface Part {
  /** Its windows, by their place among all: `first` included, `end` not. */
  first: number;
  end: number;
  /** Place in decoding order, and time in seconds, of the picture from which on it is read. */
  begin: number;
  time: number;
  /** P-pictures that it meets, by number: `from` included, `to` not. */
  from: number;
  to: number;
  /** Those of them that no other part counts: `counted[0]` included, `counted[1]` not. */
  counted: readonly [number, number];
}

/** Cuts the windows of a video into parts of about `seconds`; one part where it is not half as long again, or has no key frames. */
export function planParts(
  frames: FrameIndex,
  pictures: PredictedPictures,
  windows: readonly PlannedWindow[],
  seconds: number,
): Part[] {
  if (!(seconds > 0)) throw new RangeError('a part must be a positive number of seconds long');
  const whole = pictures.index.length;
  const starts: Pick<Part, 'first' | 'begin' | 'time' | 'from'>[] = [{ first: 0, begin: 0, time: 0, from: 0 }];
  const end = windows.at(-1)?.end ?? 0;
  let key: { begin: number; time: number; from: number } | undefined;
  let [decode, predicted] = [0, 0];
  for (const [first, { start, from }] of windows.entries()) {
    // Key frames that are coded before the window's first P-picture; the last of them that is shown before it begins.
    for (; decode < pictures.decode[from]!; decode++) {
      const type = frames.typeAt(decode);
      if (type === 'P') predicted++;
      if (type !== 'I') continue;
      const { key: isKey, timestamp } = frames.atDecode(decode);
      // It is a later window's.
      if (isKey && timestamp > start + 1e-6) break;
      if (isKey) key = { begin: decode, time: timestamp, from: predicted };
    }
    const last = starts.at(-1)!;
    const due = start >= last.time + seconds && end - start >= seconds / 2;
    if (due && key && key.begin > last.begin && start - key.time <= furthestKey * seconds)
      starts.push({ first, ...key });
  }
  const counted = (part: (typeof starts)[number] | undefined) =>
    part ? (part.first === 0 ? 0 : windows[part.first]!.from) : whole;
  return starts.map((part, i) => {
    const after = starts[i + 1];
    const end = after?.first ?? windows.length;
    return {
      ...part,
      end,
      to: after ? windows[end - 1]!.to : whole,
      counted: [counted(part), counted(after)] as const,
    };
  });
}
