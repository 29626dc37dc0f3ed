/**
 * The P-frames of one face as overlapping clips: what analysis feeds the network. Only the P-frames that some clip samples
 * need planes, and only those of the clips under way are held.
 */
import type { FrameIndex } from '../video/frame-index.js';
import { CropList, type CropPlanes, RESIDUAL_UNIT } from './planes.js';
import { evenPlan, framesNeeded } from './sampling.js';
import type { Signal } from './signal.js';
import { ClipTensor, centreView, type Normalisation } from './tensor.js';

/** The P-pictures of a video in the order in which they are coded, which is the order in which they are shown. */
export interface PredictedPictures {
  /** Display index of each. */
  index: Uint32Array;
  /** Place in decoding order of each. */
  decode: Uint32Array;
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
    decode: new Uint32Array(count),
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
    found.decode[p] = i;
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

/** Which clips a video is read as, and which of its P-pictures they sample. The same for all faces. */
export class ClipPlan<T extends Stretch> {
  readonly pictures: PredictedPictures;
  /** Ascending in `from` and in `to`, none empty. */
  readonly stretches: readonly T[];
  readonly signal: Signal;
  readonly #wanted: Uint8Array;

  constructor(pictures: PredictedPictures, stretches: readonly T[], signal: Signal) {
    this.pictures = pictures;
    this.stretches = stretches;
    this.signal = signal;
    this.#wanted = new Uint8Array(pictures.index.length);
    for (const stretch of stretches) for (const p of this.needs(stretch)) this.#wanted[p] = 1;
  }

  /** Does some clip sample P-picture `p`? */
  wants(p: number): boolean {
    return this.#wanted[p] === 1;
  }

  /** The P-pictures that a clip samples, ascending. */
  needs(stretch: T): readonly number[] {
    const { signal, pictures } = this;
    return framesNeeded(signal, evenPlan(signal.frames, stretch.from, stretch.to), (p) => pictures.afterKey[p] !== 0);
  }
}

/** One clip of one face, ready for the network. */
export interface SlidingClip<T extends Stretch> {
  stretch: T;
  /** [T, C, S, S]; overwritten by the next clip. */
  input: Float32Array;
  /** Mean absolute residual in the crop, in luma steps, over samples that have one. */
  energy: number;
  /** Share of the crop's samples without a temporal residual, 0..1. */
  masked: number;
}

/** Of one P-picture: `undefined` planes where none were wanted. */
interface Held {
  present: boolean;
  measure: Measure | undefined;
}

interface Measure {
  energy: number;
  unmasked: number;
}

/** A clip in which the face is there for a smaller share of its P-pictures is none. */
const presentShare = 0.5;

/** Puts the planes of one face together to clips, as they come. */
export class ClipAssembler<T extends Stretch> {
  readonly #plan: ClipPlan<T>;
  readonly #tensor: ClipTensor;
  readonly #input: Float32Array;
  readonly #view: ReturnType<typeof centreView>;
  readonly #list: CropList;
  readonly #absent: CropPlanes;
  readonly #held: Held[] = [];
  /** Number of the first P-picture held, and of the clip to fill next. */
  #first: number;
  #next: number;

  /**
   * @param size side of the crop grid
   * @param begin the P-picture that comes first; the face was not there before it
   */
  constructor(plan: ClipPlan<T>, normalisation: Normalisation, size: number, begin = 0) {
    this.#plan = plan;
    this.#tensor = new ClipTensor(plan.signal, normalisation);
    this.#input = new Float32Array(this.#tensor.length);
    this.#view = centreView(size, plan.signal.size);
    this.#list = new CropList(size);
    this.#absent = absentPlanes(size);
    this.#next = plan.stretches.findIndex(({ to }) => to > begin);
    if (this.#next < 0) this.#next = plan.stretches.length;
    const stretch = plan.stretches[this.#next];
    this.#first = stretch ? Math.min(begin, plan.needs(stretch)[0]!) : begin;
    for (let p = this.#first; p < begin; p++) this.#append(p, false, undefined);
  }

  /**
   * The next P-picture, and the clips that end with it.
   * @param planes left out where the plan does not want them
   */
  *push(planes: CropPlanes | undefined): Generator<SlidingClip<T>, void, undefined> {
    this.#append(this.#first + this.#list.count, true, planes);
    yield* this.#complete();
  }

  /** The next P-picture, in which the face is not, or which could not be read (`present`): wholly masked. */
  *pushAbsent(present = false): Generator<SlidingClip<T>, void, undefined> {
    this.#append(this.#first + this.#list.count, present, undefined);
    yield* this.#complete();
  }

  #append(p: number, present: boolean, planes: CropPlanes | undefined): void {
    if (this.#plan.pictures.afterKey[p]) this.#list.pushKey();
    const wanted = this.#plan.wants(p);
    if (wanted) this.#list.push(planes ?? this.#absent);
    else this.#list.pushUnread();
    this.#held.push({ present, measure: wanted ? measure(planes ?? this.#absent) : undefined });
  }

  *#complete(): Generator<SlidingClip<T>, void, undefined> {
    const { stretches, signal } = this.#plan;
    for (; this.#next < stretches.length; this.#next++) {
      const stretch = stretches[this.#next]!;
      if (stretch.to > this.#first + this.#list.count) return;
      const behind = Math.max(0, Math.min(this.#list.count, this.#plan.needs(stretch)[0]! - this.#first));
      this.#list.drop(behind);
      this.#held.splice(0, behind);
      this.#first += behind;
      const held = this.#held.slice(stretch.from - this.#first, stretch.to - this.#first);
      if (held.filter(({ present }) => present).length < presentShare * held.length) continue;
      const plan = evenPlan(signal.frames, stretch.from - this.#first, stretch.to - this.#first);
      this.#tensor.fill(this.#list, plan, this.#view, this.#input);
      yield { stretch, input: this.#input, ...summary(held.map(({ measure }) => measure)) };
    }
  }
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

/** In place of a picture that could not be read, or in which the face is not. */
function absentPlanes(size: number): CropPlanes {
  const area = size * size;
  const [residual, motion] = [new Int16Array(area), new Int16Array(2 * area)];
  return { size, residual, motion, mask: new Uint8Array(area).fill(1), index: -1, isKey: false };
}
