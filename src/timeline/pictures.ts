/** The face box and its key frames: the little of a video that is looked at rather than read. */
import type { Rect } from '../bitstream/frame.js';
import type { Video } from '../video.js';
import type { Thumbnail } from './result.js';
import { thumbnail } from './thumbnail.js';

/** The part of the region that lies in the picture; the whole picture without a region. Throws RangeError where none does. */
export function regionInPicture(region: Rect | undefined, { width, height }: { width: number; height: number }): Rect {
  if (!region) return { x: 0, y: 0, width, height };
  const x = Math.max(0, region.x);
  const y = Math.max(0, region.y);
  const right = Math.min(width, region.x + region.width);
  const bottom = Math.min(height, region.y + region.height);
  if (!(right > x && bottom > y)) {
    const box = [region.x, region.y, region.width, region.height].join(',');
    throw new RangeError(`region ${box} lies outside the picture of ${width}x${height}`);
  }
  return { x, y, width: right - x, height: bottom - y };
}

/** At most `count` key frames, evenly spread; those that cannot be decoded are left out. */
export async function keyFrameThumbnails(
  video: Video,
  region: Rect,
  count: number,
  signal?: AbortSignal,
): Promise<Thumbnail[]> {
  if (count <= 0) return [];
  const frames = await video.index();
  const keys: number[] = [];
  for (let i = 0; i < frames.length; i++) if (frames.typeAt(i) === 'I') keys.push(frames.display[i]!);
  const wanted = new Set<number>();
  for (let k = 0; k < Math.min(count, keys.length); k++) {
    wanted.add(keys[Math.floor(((k + 0.5) * keys.length) / Math.min(count, keys.length))]!);
  }
  const thumbnails: Thumbnail[] = [];
  for await (const { picture, timestamp } of video.keyFrames({ select: wanted, ...(signal && { signal }) })) {
    if (picture) thumbnails.push(thumbnail(picture, region, timestamp));
  }
  return thumbnails;
}
