/**
 * What vultus accepts from a file that it does not trust. Every default is finite, and every limit is checked before
 * memory of that size is asked for.
 */
import { LimitExceededError } from './errors.js';

export interface Limits {
  /** Bytes of the whole file. */
  fileBytes: number;
  /** Luma samples of one picture (width x height, padded to whole macroblocks). */
  pixels: number;
  /** Frames in one video. */
  frames: number;
  /** Tracks in one container. */
  tracks: number;
  /** Bytes of one packet. */
  packetBytes: number;
  /** Depth of nested boxes or chunks. */
  boxDepth: number;
  /** Pictures decoded to reach one between key frames, where faces are to be located there (`reanchor`). */
  decodedPictures: number;
}

export const defaultLimits: Readonly<Limits> = Object.freeze({
  fileBytes: 64 * 2 ** 30,
  pixels: 8192 * 4320,
  frames: 10_000_000,
  tracks: 64,
  packetBytes: 64 * 2 ** 20,
  boxDepth: 16,
  decodedPictures: 600,
});

/** The defaults, with the caller's own limits in their place. */
export function withLimits(limits: Partial<Limits> = {}): Limits {
  return { ...defaultLimits, ...limits };
}

/** Throws `LimitExceededError` when `found` is more than the limit allows, or is no number. */
export function checkLimit(limits: Limits, limit: keyof Limits, found: number): void {
  if (!(found <= limits[limit])) throw new LimitExceededError(limit, found, limits[limit]);
}
