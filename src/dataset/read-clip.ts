/** A video file and a face track to its P-frames' crop planes: how training and evaluation read a clip. */
import type { VideoSource } from '../container/index.js';
import type { FrameCropper } from '../residual/crop.js';
import { CropList, type CropPlanes } from '../residual/planes.js';
import type { FaceAt, FaceTrack, TrackMode } from '../residual/track.js';
import { openVideo, type Video } from '../video.js';
import { type Anchor, anchorsOf, trackOf } from './anchors.js';

export interface ReadClipOptions {
  cropper: FrameCropper;
  /** Known face boxes by display index, ascending; absent or empty: the whole picture is the face. */
  faces?: readonly FaceAt[] | undefined;
  track: TrackMode;
  /** Which P-frames to parse, ascending; all by default. `afterKey` as in `CropSequence`. */
  needed?: (count: number, afterKey: (p: number) => boolean) => readonly number[];
  signal?: AbortSignal | undefined;
}

export interface ReadClip {
  sequence: CropList;
  /** P-frames parsed. */
  parsed: number;
  /** Frames that could not be read, or not wholly: what is missing of them reads as zero. */
  damaged: number;
}

/** Reads one clip. Throws as `openVideo` does. */
export async function readClip(source: VideoSource, options: ReadClipOptions): Promise<ReadClip> {
  const video = await openVideo(source);
  try {
    return await readOpened(video, options);
  } finally {
    video.close();
  }
}

/**
 * Reads the key frames of one clip: luma on the crop grid, in display order, in the place of P-frames' residual. `damaged`
 * counts those that could not be decoded, which are left out. Throws as `openVideo` and `Video.keyFrames` do.
 */
export async function readKeyFrames(
  source: VideoSource,
  { cropper, faces, track: mode, signal }: Omit<ReadClipOptions, 'needed'>,
): Promise<ReadClip> {
  let damaged = 0;
  const found = await readKeyFramePlanes(source, { cropper, faces, track: mode, signal, onDamaged: () => damaged++ });
  const sequence = new CropList(cropper.size);
  for (const planes of found) sequence.push(planes);
  return { sequence, parsed: found.length, damaged };
}

/** The same as planes, one by one. `onDamaged` is called for each key frame that could not be decoded. */
export async function readKeyFramePlanes(
  source: VideoSource,
  { cropper, faces, track: mode, signal, onDamaged }: Omit<ReadClipOptions, 'needed'> & { onDamaged?: () => void },
): Promise<CropPlanes[]> {
  const video = await openVideo(source);
  try {
    const track = trackOf(video, faces, mode);
    const found: CropPlanes[] = [];
    for await (const { picture, index } of video.keyFrames(signal ? { signal } : {})) {
      if (picture) found.push(cropper.cropPicture(picture, index, track(index)));
      else onDamaged?.();
    }
    return found.sort((a, b) => a.index - b.index);
  } finally {
    video.close();
  }
}

async function readOpened(video: Video, options: ReadClipOptions): Promise<ReadClip> {
  const { cropper, faces, signal } = options;
  const track = trackOf(video, faces, options.track);
  const anchors = await anchorsOf(video);
  const plan = anchors.filter((anchor) => !anchor.isKey);
  const needed = options.needed?.(plan.length, (p) => plan[p]?.afterKey ?? true);
  const wanted = needed ? needed.map((p) => plan[p]!) : plan;

  const read = new Map<number, CropPlanes>();
  let damaged = 0;
  const request = unitedRequest(cropper, track, wanted, video);
  const previous = new Map(wanted.map((anchor) => [anchor.index, anchor.previous]));
  for await (const { index, frame, error } of video.frames({
    ...request,
    select: previous.keys(),
    ...(signal && { signal }),
  })) {
    if (error || frame.damage) damaged++;
    if (frame) read.set(index, cropper.crop(frame, index, track(index), track(previous.get(index)!)));
  }

  const sequence = new CropList(cropper.size);
  const isWanted = new Set(wanted);
  for (const anchor of anchors) {
    const planes = read.get(anchor.index);
    if (anchor.isKey) sequence.pushKey();
    else if (planes) sequence.push(planes);
    else if (isWanted.has(anchor)) sequence.push(lostPlanes(cropper.size, anchor.index));
    else sequence.pushUnread();
  }
  return { sequence, parsed: wanted.length, damaged };
}

/** One request that serves all frames: the union of their regions at the finest of their scales. */
function unitedRequest(cropper: FrameCropper, track: FaceTrack, anchors: readonly Anchor[], video: Video) {
  let [left, top, right, bottom] = [video.width, video.height, 0, 0];
  let scale: 0 | 1 | 2 | 4 | 8 = 0;
  for (const { index } of anchors) {
    const request = cropper.request(track(index), video.width, video.height);
    if (request.scale === 0) continue;
    scale = scale === 0 || request.scale < scale ? request.scale : scale;
    left = Math.min(left, request.region.x);
    top = Math.min(top, request.region.y);
    right = Math.max(right, request.region.x + request.region.width);
    bottom = Math.max(bottom, request.region.y + request.region.height);
  }
  if (scale === 0) return { scale, chroma: false };
  return { scale, chroma: false, region: { x: left, y: top, width: right - left, height: bottom - top } };
}

function lostPlanes(size: number, index: number): CropPlanes {
  const area = size * size;
  return {
    size,
    residual: new Int16Array(area),
    motion: new Int16Array(2 * area),
    mask: new Uint8Array(area).fill(1),
    index,
    isKey: false,
  };
}
