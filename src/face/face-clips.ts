/**
 * A video read once, from the front, as overlapping clips of each face in it. A P-picture is parsed only when a face is there
 * and either some clip samples it or the face has to be followed through it; only blocks around faces are transformed.
 */
import type { ParseOptions } from '../bitstream/parser.js';
import { FrameCropper } from '../residual/crop.js';
import type { Signal } from '../residual/signal.js';
import { ClipAssembler, type ClipPlan, type SlidingClip, type Stretch } from '../residual/sliding-clips.js';
import type { Normalisation } from '../residual/tensor.js';
import type { FaceBox } from '../residual/track.js';
import type { FrameEntry, Video } from '../video.js';
import type { FaceSource } from './face-source.js';
import { KeyShelf } from './key-shelf.js';
import type { Track } from './tracker.js';

export interface FaceClipsOptions {
  normalisation: Normalisation;
  /** Where reading begins and ends: a place in decoding order, and P-pictures by number. */
  range: { begin: number; from: number; to: number };
  abort?: AbortSignal | undefined;
  /** Called for each P-picture that was met; `parsed` is false where nothing had to be read of it. */
  onPicture?: ((picture: { met: number; all: number; parsed: boolean; damaged: boolean }) => void) | undefined;
  /** Also cut the faces out of I-pictures, for a model that reads them. */
  keyframes?: KeyFrameReading | undefined;
  /** Called after each I-picture; `readable` is false once one that `keyframes` wants could not be decoded. */
  onKey?: ((entry: FrameEntry, tracks: readonly Track[], readable: boolean) => void) | undefined;
}

/** How I-pictures are read. */
export interface KeyFrameReading {
  signal: Signal;
  normalisation: Normalisation;
}

/** A stretch that knows its times, in seconds. */
export interface TimedStretch extends Stretch {
  start: number;
  end: number;
}

/** One clip of one face. */
export interface FaceClip<T extends Stretch> extends SlidingClip<T> {
  face: number;
  /** The face on the I-pictures of the clip, [K, 1, S, S]; `undefined` where there are none, or none were asked for. */
  keys: Float32Array | undefined;
  /** Where the face is at the end of the clip, and how sure that is. */
  box: FaceBox;
  confidence: number;
}

/** How far around a face's crop blocks are transformed, as a share of the face: it moves before it is cut out. */
const moveMargin = 0.25;

/** Clips come in the order in which they end. Errors are those of `Video.frames`. */
export async function* faceClips<T extends TimedStretch>(
  video: Video,
  plan: ClipPlan<T>,
  source: FaceSource,
  { normalisation, range: { begin, from, to }, abort, onPicture, keyframes, onKey }: FaceClipsOptions,
): AsyncGenerator<FaceClip<T>, void, undefined> {
  const { pictures } = plan;
  const frames = await video.index();
  const cropper = new FrameCropper(plan.signal, plan.signal.size, video.rotation);
  const assemblers = new Map<number, ClipAssembler<T>>();
  const span = plan.stretches.reduce((longest, { start, end }) => Math.max(longest, end - start), 0);
  const shelf = keyframes && new KeyShelf(keyframes, span, video.rotation);
  const all = pictures.index.length;
  let p = from - 1; // the P-picture met last
  let decoded = begin; // where the next I-picture is looked for, in decoding order
  let anchorTime = 0;
  /** Clips that end in a picture that was passed over: with an input of their own. */
  const passed: FaceClip<T>[] = [];

  const assemblerOf = (track: Track): ClipAssembler<T> | undefined => {
    let assembler = assemblers.get(track.face);
    if (!assembler && track.present) {
      assembler = new ClipAssembler(plan, normalisation, cropper.size, p);
      assemblers.set(track.face, assembler);
    }
    return assembler;
  };
  const clipOf = ({ face, box, confidence }: Track, clip: SlidingClip<T>): FaceClip<T> => ({
    ...clip,
    ...{ face, box, confidence, keys: shelf?.take(face, clip.stretch) },
  });

  /** What to parse of the next P-picture; every I-picture before it is dealt with here. */
  const request = async (entry: FrameEntry): Promise<ParseOptions | undefined> => {
    for (; decoded < entry.decodeIndex; decoded++) {
      if (frames.typeAt(decoded) !== 'I') continue;
      const key = frames.atDecode(decoded);
      const picture = await source.key(key);
      anchorTime = key.timestamp;
      await shelf?.put(video, key, picture, source.tracks);
      onKey?.(key, source.tracks, (shelf?.undecoded ?? 0) === 0);
    }
    p++;
    const present = source.tracks.filter((track) => track.present);
    const wanted = plan.wants(p);
    if (present.length > 0 && wanted) return unitedRequest(cropper, present, source.follows ? moveMargin : 0, video);
    if (present.length > 0 && source.follows) return { scale: 0, chroma: false };
    for (const track of source.tracks) {
      const assembler = assemblerOf(track);
      if (!assembler) continue;
      const clips = track.present ? assembler.push(undefined) : assembler.pushAbsent();
      for (const clip of clips) passed.push({ ...clipOf(track, clip), input: clip.input.slice() });
    }
    onPicture?.({ met: p + 1, all, parsed: false, damaged: false });
    return undefined;
  };

  const select = Array.from(pictures.index.subarray(from, to));
  const options = { select, request, ...(abort && { signal: abort }) };
  for await (const { index, frame, error, timestamp } of video.frames(options)) {
    yield* passed.splice(0);
    const readable = frame?.type === 'P' ? frame : undefined;
    if (readable) {
      source.follow(readable, timestamp - anchorTime);
      await source.reanchor?.(frames.at(index), readable.pictureOrder);
    }
    anchorTime = timestamp;
    onPicture?.({ met: p + 1, all, parsed: true, damaged: error !== undefined || frame.damage !== undefined });
    for (const track of source.tracks) {
      const assembler = assemblerOf(track);
      if (!assembler) continue;
      const planes = readable && plan.wants(p) ? cropper.crop(readable, index, track.box, track.previous) : undefined;
      const clips = track.present
        ? readable
          ? assembler.push(planes)
          : assembler.pushAbsent(true)
        : assembler.pushAbsent();
      for (const clip of clips) yield clipOf(track, clip);
    }
  }
  yield* passed;
}

/** One request that serves all faces: the union of their regions at the finest of their scales. */
function unitedRequest(
  cropper: FrameCropper,
  tracks: readonly Track[],
  margin: number,
  { width, height }: { width: number; height: number },
): ParseOptions {
  let [left, top, right, bottom] = [width, height, 0, 0];
  let scale: 0 | 1 | 2 | 4 | 8 = 0;
  for (const { box } of tracks) {
    const request = cropper.request(box, width, height);
    if (request.scale === 0) continue;
    scale = scale === 0 || request.scale < scale ? request.scale : scale;
    const [x, y] = [Math.ceil(margin * box.width), Math.ceil(margin * box.height)];
    left = Math.min(left, request.region.x - x);
    top = Math.min(top, request.region.y - y);
    right = Math.max(right, request.region.x + request.region.width + x);
    bottom = Math.max(bottom, request.region.y + request.region.height + y);
  }
  if (scale === 0) return { scale, chroma: false };
  left = Math.max(0, left);
  top = Math.max(0, top);
  const region = { x: left, y: top, width: Math.min(width, right) - left, height: Math.min(height, bottom) - top };
  return { scale, chroma: false, region, partial: true };
}
