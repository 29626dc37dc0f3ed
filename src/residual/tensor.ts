/**
 * From crop planes to the network's input: one float32 tensor [T, C, S, S] per clip, for every kind of `Signal`. Training
 * and analysis both come through here.
 */
import { ellipse } from './outline.js';
import { type CropSequence, MOTION_UNIT, RESIDUAL_UNIT } from './planes.js';
import { RigidMotion } from './rigid.js';
import { accumulationStart, type SamplePlan } from './sampling.js';
import { needsMask, planeRange, type Signal, signalPlanes } from './signal.js';

/** Luma steps added to the standard deviation, so that a flat picture stays flat. */
const FLAT = 4;

/** What becomes of a value before the network sees it. The card of a model says which. */
export type Normalisation = { kind: 'gain' } | { kind: 'gain+clip'; limit: number } | { kind: 'standard' };

/** Which S x S window of the crop grid is read, and how. */
export interface CropView {
  /** Left column and top row of the window, 0 to C - S. */
  x: number;
  y: number;
  /** Mirrored left to right: the x component of motion changes its sign. */
  flip: boolean;
  /** Factor on the residual: a change of the picture's contrast. */
  gain: number;
  /** Which planes are 0 in the whole clip, if any. */
  without?: 'residual' | 'motion';
}

/** The middle of the grid, as it is. */
export function centreView(crop: number, size: number): CropView {
  return { x: (crop - size) >> 1, y: (crop - size) >> 1, flip: false, gain: 1 };
}

/** Makes clip tensors; keeps its buffers from clip to clip. */
export class ClipTensor {
  readonly #signal: Signal;
  readonly #normalisation: Normalisation;
  readonly #rigid: RigidMotion | undefined;
  readonly #outline: Float32Array | undefined;
  /** Planes of a sequence that are read: 3, or 4 with the mask. */
  readonly #read: number;
  #planes = new Int32Array(0);
  #carried = new Float32Array(0);
  #warped = new Float32Array(0);
  /** First and last P-frame in `#carried`; -1 for none. */
  #carriedStart = -1;
  #carriedTo = -1;

  constructor(signal: Signal, normalisation: Normalisation) {
    this.#signal = signal;
    this.#normalisation = normalisation;
    const { rigid = 'none', size } = signal;
    this.#rigid = rigid === 'none' ? undefined : new RigidMotion(rigid, size);
    this.#outline = signal.outline === 'ellipse' ? ellipse(size) : undefined;
    this.#read = needsMask(signal) ? 4 : 3;
  }

  /** Values per clip: T x C x S x S. */
  get length(): number {
    const { frames, size } = this.#signal;
    return frames * signalPlanes(this.#signal) * size * size;
  }

  /** Writes one clip to `out` from `offset`. */
  fill(sequence: CropSequence, plan: SamplePlan, view: CropView, out: Float32Array, offset = 0): void {
    const { kind, frames, size } = this.#signal;
    const crop = sequence.size;
    if (view.x < 0 || view.y < 0 || view.x + size > crop || view.y + size > crop) {
      throw new RangeError(`a window of ${size} at ${view.x}, ${view.y} leaves the crop grid of ${crop}`);
    }
    const length = this.#read * crop * crop;
    if (this.#planes.length !== length) {
      this.#planes = new Int32Array(length);
      this.#carried = new Float32Array(length);
      this.#warped = new Float32Array(length);
    }
    const step = signalPlanes(this.#signal) * size * size;
    this.#carriedStart = -1;
    for (let k = 0; k < frames; k++) {
      const pick = plan.picks[k]!;
      let planes: Int32Array | Float32Array = this.#planes;
      let summed = 1; // P-frames in the planes
      if (kind === 'accumulated') {
        this.#accumulate(sequence, pick);
        planes = this.#carried;
        summed = this.#carriedTo - this.#carriedStart + 1;
      } else if (kind === 'summed' || kind === 'decoded-difference') {
        const [from, to] = [plan.bounds[k]!, plan.bounds[k + 1]!];
        sequence.sum(from, to, this.#planes);
        summed = to - from;
      } else if (kind === 'decoded') sequence.sum(0, pick + 1, this.#planes);
      else sequence.sum(pick, pick + 1, this.#planes);
      if (this.#rigid) planes = this.#rigid.without(planes, summed, crop, view.x, view.y);
      this.#write(planes, summed, crop, view, out, offset + k * step);
      if (this.#outline) this.#cut(this.#outline, out.subarray(offset + k * step, offset + (k + 1) * step));
    }
  }

  /**
   * A_t[x] = r_t[x] + A_{t-1}[x + mv_t(x)], and the same for motion: after it, `#carried` holds A for P-frame `p`. The
   * fetch takes the nearest sample, and the border sample where the vector leaves the grid. Goes on from the last pick
   * where both reach back to the same P-frame.
   */
  #accumulate(sequence: CropSequence, p: number): void {
    const crop = sequence.size;
    const area = crop * crop;
    const start = accumulationStart(p, this.#signal.window, (q) => sequence.afterKey(q));
    let from = this.#carriedTo + 1;
    if (start !== this.#carriedStart) {
      this.#carried.fill(0);
      from = start;
    }
    for (; from <= p; from++) {
      sequence.sum(from, from + 1, this.#planes);
      const planes = this.#planes;
      const old = this.#carried;
      const next = this.#warped;
      for (let j = 0, i = 0; j < crop; j++) {
        for (let x = 0; x < crop; x++, i++) {
          const mx = planes[area + i]!;
          const my = planes[2 * area + i]!;
          let fx = x + Math.round(mx * MOTION_UNIT);
          let fy = j + Math.round(my * MOTION_UNIT);
          fx = fx < 0 ? 0 : fx >= crop ? crop - 1 : fx;
          fy = fy < 0 ? 0 : fy >= crop ? crop - 1 : fy;
          const f = fy * crop + fx;
          next[i] = planes[i]! + old[f]!;
          next[area + i] = mx + old[area + f]!;
          next[2 * area + i] = my + old[2 * area + f]!;
          if (this.#read === 4) next[3 * area + i] = planes[3 * area + i]! + old[3 * area + f]!;
        }
      }
      this.#carried = next;
      this.#warped = old;
    }
    this.#carriedStart = start;
    this.#carriedTo = p;
  }

  #write(
    planes: Int32Array | Float32Array,
    summed: number,
    crop: number,
    view: CropView,
    out: Float32Array,
    offset: number,
  ): void {
    if (this.#normalisation.kind === 'standard') {
      const count = signalPlanes(this.#signal);
      for (let plane = 0; plane < count; plane++) this.#standardise(planes, plane, crop, view, out, offset);
      return;
    }
    const { size, residualGain, motionGain } = this.#signal;
    const area = crop * crop;
    const limit = this.#normalisation.kind === 'gain+clip' ? this.#normalisation.limit : Number.POSITIVE_INFINITY;
    const [first, end] = planeRange(this.#signal);
    const written = Array.from({ length: end - first }, (_, p) => first + p);
    if (this.#signal.mask) written.push(3);
    let o = offset;
    for (const plane of written) {
      let factor = plane === 0 ? RESIDUAL_UNIT * residualGain * view.gain : MOTION_UNIT * motionGain;
      if (plane === 1 && view.flip) factor = -factor;
      if (view.without === (plane === 0 ? 'residual' : 'motion')) factor = 0;
      if (plane === 3) factor = 1 / Math.max(1, summed);
      for (let y = 0; y < size; y++) {
        const row = plane * area + (view.y + y) * crop + view.x;
        const begin = view.flip ? row + size - 1 : row;
        const step = view.flip ? -1 : 1;
        for (let x = 0, i = begin; x < size; x++, i += step) {
          const value = planes[i]! * factor;
          out[o++] = value > limit ? limit : Math.max(value, -limit);
        }
      }
    }
  }

  /** What is beside the face becomes 0. */
  #cut(outline: Float32Array, sample: Float32Array): void {
    for (let i = 0, o = 0; o < sample.length; i++, o++) {
      if (i === outline.length) i = 0;
      sample[o]! *= outline[i]!;
    }
  }

  /** A plane less its mean, over its standard deviation: brightness and contrast of the picture do not matter. */
  #standardise(
    planes: Int32Array | Float32Array,
    plane: number,
    crop: number,
    view: CropView,
    out: Float32Array,
    sample: number,
  ): void {
    const { size } = this.#signal;
    const area = size * size;
    const offset = sample + plane * area;
    let [sum, squares] = [0, 0];
    for (let y = 0, o = offset; y < size; y++) {
      const row = plane * crop * crop + (view.y + y) * crop + view.x;
      for (let x = 0; x < size; x++) {
        const value = planes[row + (view.flip ? size - 1 - x : x)]!;
        out[o++] = value;
        sum += value;
        squares += value * value;
      }
    }
    const mean = sum / area;
    const factor = view.gain / (Math.sqrt(Math.max(0, squares / area - mean * mean)) + FLAT);
    for (let i = offset; i < offset + area; i++) out[i] = (out[i]! - mean) * factor;
  }
}
