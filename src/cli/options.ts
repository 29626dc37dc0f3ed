/** Parsers of option values. They refuse with what was expected. */
import { InvalidArgumentError } from 'commander';
import type { Rect, Scale } from '../bitstream/frame.js';

/** `auto`, `frame`, or `x,y,w,h` in luma pixels. */
export function parseFaces(text: string): 'auto' | 'frame' | Rect {
  if (text === 'auto' || text === 'frame') return text;
  if (/^\d/.test(text)) return parseRegion(text);
  throw new InvalidArgumentError('Expected auto, frame, or x,y,w,h in whole pixels, for example 120,80,160,160.');
}

/** `x,y,w,h` in luma pixels. */
export function parseRegion(text: string): Rect {
  const match = /^(\d{1,6}),(\d{1,6}),(\d{1,6}),(\d{1,6})$/.exec(text.replaceAll(' ', ''));
  if (!match) throw new InvalidArgumentError('Expected x,y,w,h in whole pixels, for example 120,80,160,160.');
  const [x, y, width, height] = match.slice(1).map(Number) as [number, number, number, number];
  if (width === 0 || height === 0) throw new InvalidArgumentError('Width and height must be at least 1.');
  return { x, y, width, height };
}

export function parseScale(text: string): Scale {
  const scale = Number(text);
  if (scale === 1 || scale === 2 || scale === 4 || scale === 8) return scale;
  throw new InvalidArgumentError('Expected 1, 2, 4 or 8.');
}

/** A positive number of seconds. */
export function parseSeconds(text: string): number {
  const seconds = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (seconds > 0 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('Expected a positive number of seconds.');
}

export function parseShare(text: string): number {
  const share = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (share >= 0 && share <= 1) return share;
  throw new InvalidArgumentError('Expected a number from 0 to 1.');
}

export function parseCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number.');
}

/** How many to do at the same time. */
export function parseJobs(text: string): number {
  const jobs = parseCount(text);
  if (jobs >= 1 && jobs <= 64) return jobs;
  throw new InvalidArgumentError('Expected a number from 1 to 64.');
}

/** A list of whole numbers like `1,4,7`, none twice. */
export function parseCounts(text: string): number[] {
  const counts = text.split(',').map((part) => parseCount(part.trim()));
  if (new Set(counts).size < counts.length) throw new InvalidArgumentError('A number is there twice.');
  return counts;
}

/** Display indices: `all`, or single ones and ranges with both ends included, ascending and without repeats. */
export type FrameRanges = 'all' | readonly { first: number; last: number }[];

/** `all`, or a list like `0,5,10-19`. */
export function parseFrames(text: string): FrameRanges {
  if (text === 'all') return 'all';
  const ranges = text.split(',').map((part) => {
    const match = /^(\d{1,8})(?:-(\d{1,8}))?$/.exec(part.trim());
    if (!match) throw new InvalidArgumentError('Expected all, or frame numbers like 0,5,10-19.');
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    if (last < first) throw new InvalidArgumentError(`The range ${part.trim()} runs backwards.`);
    return { first, last };
  });
  ranges.sort((a, b) => a.first - b.first);
  const merged: { first: number; last: number }[] = [];
  for (const range of ranges) {
    const before = merged.at(-1);
    if (before && range.first <= before.last + 1) before.last = Math.max(before.last, range.last);
    else merged.push(range);
  }
  return merged;
}

export function inRanges(ranges: FrameRanges, index: number): boolean {
  return ranges === 'all' || ranges.some(({ first, last }) => index >= first && index <= last);
}
