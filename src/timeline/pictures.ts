/** The face box and its key frames: the little of a video that is looked at rather than read. */
import type { Rect } from '../bitstream/frame.js';
import type { FaceBox } from '../residual/track.js';
import { turnPicture } from '../video/turn.js';
import type { Video } from '../video.js';
import type { Thumbnail, TrackPoint } from './result.js';
import { thumbnail } from './thumbnail.js';

/** At most `count` pictures of the face, upright, evenly spread over its track; key frames that cannot be decoded are left out. */
export async function faceThumbnails(
  video: Video,
  track: readonly TrackPoint[],
  count: number,
  signal?: AbortSignal,
): Promise<Thumbnail[]> {
  const shown = Math.min(count, track.length);
  const boxes = new Map<number, FaceBox>();
  for (let k = 0; k < shown; k++) {
    const { frame, box } = track[Math.floor(((k + 0.5) * track.length) / shown)]!;
    boxes.set(frame, box);
  }
  const thumbnails: Thumbnail[] = [];
  const select = [...boxes.keys()].sort((a, b) => a - b);
  for await (const { picture, index, timestamp } of video.keyFrames({ select, ...(signal && { signal }) })) {
    if (!picture) continue;
    const upright = turnPicture(picture, video.rotation);
    thumbnails.push(thumbnail(upright, wholePixels(boxes.get(index)!), timestamp));
  }
  return thumbnails;
}

function wholePixels({ x, y, width, height }: FaceBox): Rect {
  const [left, top] = [Math.round(x), Math.round(y)];
  return { x: left, y: top, width: Math.max(1, Math.round(width)), height: Math.max(1, Math.round(height)) };
}
