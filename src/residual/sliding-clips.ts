/**
 * A video read once, from the front, as overlapping clips: what analysis feeds the network. Only the P-frames that some
 * clip samples are parsed, and only those of the clips under way are held.
 */
import type { FrameIndex } from '../video/frame-index.js';
import type { Video } from '../video.js';
import { FrameCropper } from './crop.js';
import { CropList, type CropPlanes, RESIDUAL_UNIT } from './planes.js';
import { evenPlan, framesNeeded } from './sampling.js';
import type { Signal } from './signal.js';
import { ClipTensor, centreView, type Normalisation } from './tensor.js';
import type { FaceBox } from './track.js';

/** The P-pictures of a video in the order in which they are coded, which is the order in which they are shown. */
export interface PredictedPictures {
  /** Display index of each. */
  index: Uint32Array;
  /** Seconds. */
  times: Float64Array;
  /** 1 where an I-picture, or the start of the video, comes before it. */
  afterKey: Uint8Array;
}

/** Finds the P-pictures in the index of a video. */
export function predictedPictures(frames: FrameIndex): PredictedPictures {
  let count = 0;
  for (let i = 0; i < frames.length; i++) if (frames.typeAt(i) === 'P') count++;
  const found = {
    index: new Uint32Array(count),
    times: new Float64Array(count),
    afterKey: new Uint8Array(count),
  };
  let p = 0;
  let key = 1;
  for (let i = 0; i < frames.length; i++) {
    const type = frames.typeAt(i);
    if (type === 'I') key = 1;
    if (type !== 'P') continue;
    found.index[p] = frames.display[i]!;
    found.times[p] = Math.max(frames.timestamps[i]!, found.times[p - 1] ?? 0);
    found.afterKey[p++] = key;
    key = 0;
  }
  return found;
}

/** A stretch of P-pictures, counted as in `PredictedPictures`: `from` included, `to` not. */
export interface Stretch {
  from: number;
  to: number;
}

export interface SlidingOptions {
  signal: Signal;
  normalisation: Normalisation;
  /** The face box, in luma pixels. */
  box: FaceBox;
  abort?: AbortSignal | undefined;
  /** Called after each picture read. */
  onPicture?: ((picture: { read: number; all: number; damaged: boolean }) => void) | undefined;
}

/** One stretch, ready for the network. */
export interface SlidingClip<T extends Stretch> {
  stretch: T;
  /** [T, C, S, S]; overwritten by the next clip. */
  input: Float32Array;
  /** Mean absolute residual in the crop, in luma steps, over samples that have one. */
  energy: number;
  /** Share of the crop's samples without a temporal residual, 0..1. */
  masked: number;
}

interface Measure {
  energy: number;
  unmasked: number;
}

/**
 * @param stretches ascending in `from` and in `to`, none empty
 * Errors are those of `Video.frames`. A picture that cannot be read counts as wholly masked.
 */
export async function* slidingClips<T extends Stretch>(
  video: Video,
  pictures: PredictedPictures,
  stretches: readonly T[],
  { signal, normalisation, box, abort, onPicture }: SlidingOptions,
): AsyncGenerator<SlidingClip<T>, void, undefined> {
  const afterKey = (p: number) => pictures.afterKey[p] !== 0;
  const needs = (stretch: T) => framesNeeded(signal, evenPlan(signal.frames, stretch.from, stretch.to), afterKey);
  const wanted = new Uint8Array(pictures.index.length);
  for (const stretch of stretches) for (const p of needs(stretch)) wanted[p] = 1;
  const numbers = new Map<number, number>();
  for (let p = 0; p < wanted.length; p++) if (wanted[p]) numbers.set(pictures.index[p]!, p);

  const cropper = new FrameCropper(signal);
  const tensor = new ClipTensor(signal, normalisation);
  const input = new Float32Array(tensor.length);
  const view = centreView(cropper.size, signal.size);
  const list = new CropList(cropper.size);
  const measures: (Measure | undefined)[] = [];
  let first = 0; // number of the first P-picture still held
  let next = 0; // stretch to fill next

  const append = (p: number, planes: CropPlanes | undefined) => {
    if (afterKey(p)) list.pushKey();
    measures.push(planes && measure(planes));
    if (planes) list.push(planes);
    else list.pushUnread();
  };
  const complete = function* () {
    for (; next < stretches.length && stretches[next]!.to <= first + list.count; next++) {
      const stretch = stretches[next]!;
      const behind = Math.min(list.count, needs(stretch)[0]! - first);
      list.drop(behind);
      measures.splice(0, behind);
      first += behind;
      tensor.fill(list, evenPlan(signal.frames, stretch.from - first, stretch.to - first), view, input);
      yield { stretch, input, ...summary(measures.slice(stretch.from - first, stretch.to - first)) };
    }
  };

  let read = 0;
  const { region, scale, chroma } = cropper.request(box, video.width, video.height);
  const request = scale === 0 ? { scale, chroma } : { scale, chroma, region };
  const select = (entry: { index: number }) => numbers.has(entry.index);
  for await (const { index, frame, error } of video.frames({ ...request, select, ...(abort && { signal: abort }) })) {
    const p = numbers.get(index)!;
    while (first + list.count < p) append(first + list.count, undefined);
    append(p, frame?.type === 'P' ? cropper.crop(frame, index, box) : lostPlanes(cropper.size, index));
    onPicture?.({ read: ++read, all: numbers.size, damaged: error !== undefined || frame.damage !== undefined });
    yield* complete();
  }
  while (first + list.count < pictures.index.length) append(first + list.count, undefined);
  yield* complete();
}

function measure({ residual, mask }: CropPlanes): Measure {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < mask.length; i++) {
    if (mask[i]) continue;
    sum += Math.abs(residual[i]!);
    count++;
  }
  return { energy: count > 0 ? (sum * RESIDUAL_UNIT) / count : 0, unmasked: count / mask.length };
}

function summary(measures: readonly (Measure | undefined)[]): { energy: number; masked: number } {
  const read = measures.filter((m) => m !== undefined);
  const unmasked = read.reduce((sum, m) => sum + m.unmasked, 0);
  const energy = read.reduce((sum, m) => sum + m.energy * m.unmasked, 0);
  return { energy: unmasked > 0 ? energy / unmasked : 0, masked: read.length > 0 ? 1 - unmasked / read.length : 1 };
}

/** In place of a picture that could not be read. */
function lostPlanes(size: number, index: number): CropPlanes {
  const area = size * size;
  const [residual, motion] = [new Int16Array(area), new Int16Array(2 * area)];
  return { size, residual, motion, mask: new Uint8Array(area).fill(1), index, isKey: false };
}
