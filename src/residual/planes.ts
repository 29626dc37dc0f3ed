/**
 * What is kept of a P-frame: its residual and motion on a square grid cut around the face. Everything the network reads
 * (src/residual/tensor.ts) is made from these planes, in training and in analysis alike. They are whole numbers, so
 * sums of them are exact whatever the order of summation.
 */

/** Luma steps in one unit of `CropPlanes.residual`: a value of 16 is one step of 8-bit luma. */
export const RESIDUAL_UNIT = 1 / 16;

/** Crop samples in one unit of `CropPlanes.motion`: a value of 64 is one sample of the crop grid. */
export const MOTION_UNIT = 1 / 64;

/** One frame on the crop grid. Planes are C x C, row by row. */
export interface CropPlanes {
  /** C: side of the grid in samples. */
  size: number;
  /** Residual luma in units of `RESIDUAL_UNIT`; 0 where `mask` is 1. */
  residual: Int16Array;
  /**
   * Plane of x, then plane of y, in units of `MOTION_UNIT`: where on the previous frame's crop grid the prediction of this
   * sample came from, less where the sample is on this frame's grid. Where the face box moves with the face, a face that
   * only shifts has motion 0. 0 where `mask` is 1.
   */
  motion: Int16Array;
  /** 1 where there is no temporal residual: the macroblock at the sample's centre is intra or lost, or outside the picture. */
  mask: Uint8Array;
  /** Number of the frame in its video, in display order from 0. */
  index: number;
  /** True for an I-frame: all planes are 0. */
  isKey: boolean;
}

/** P-frames on one crop grid, numbered from 0 without the I-frames between them. */
export interface CropSequence {
  /** C: side of the grid. */
  readonly size: number;
  /** Number of P-frames. */
  readonly count: number;
  /** True where an I-frame (or the start of the video) stands between P-frame `p - 1` and P-frame `p`. */
  afterKey(p: number): boolean;
  /**
   * The sum of P-frames `from` (included) to `to` (not included) in place: `out` is overwritten with residual, motion x,
   * motion y, C x C each, in the units of `CropPlanes`, and, where it has room for a fourth plane, in how many of the P-frames
   * each sample is masked. Zeros where `to <= from`.
   */
  sum(from: number, to: number, out: Int32Array): void;
}

/** A `CropSequence` held in memory: what analysis slides along a video. */
export class CropList implements CropSequence {
  readonly size: number;
  readonly #frames: (CropPlanes | undefined)[] = [];
  readonly #afterKey: boolean[] = [];
  #keyPending = true;

  constructor(size: number) {
    this.size = size;
  }

  get count(): number {
    return this.#frames.length;
  }

  /** Appends the video's next frame; a key frame only marks where accumulation starts anew. */
  push(planes: CropPlanes): void {
    if (planes.size !== this.size) throw new RangeError(`a crop of ${planes.size} in a sequence of ${this.size}`);
    if (planes.isKey) {
      this.pushKey();
      return;
    }
    this.#append(planes);
  }

  /** Appends a P-frame that was not parsed because no sample needs it. */
  pushUnread(): void {
    this.#append(undefined);
  }

  /** Marks an I-frame, of which no planes are needed. */
  pushKey(): void {
    this.#keyPending = true;
  }

  /** Forgets the first `n` P-frames. */
  drop(n: number): void {
    this.#frames.splice(0, n);
    this.#afterKey.splice(0, n);
  }

  /** Number in the video of P-frame `p`. */
  index(p: number): number {
    return this.#at(p).index;
  }

  afterKey(p: number): boolean {
    return this.#afterKey[p] ?? true;
  }

  sum(from: number, to: number, out: Int32Array): void {
    const area = this.size * this.size;
    out.fill(0);
    for (let p = from; p < to; p++) {
      const { residual, motion, mask } = this.#at(p);
      for (let i = 0; i < area; i++) out[i]! += residual[i]!;
      for (let i = 0; i < 2 * area; i++) out[area + i]! += motion[i]!;
      if (out.length === 4 * area) for (let i = 0; i < area; i++) out[3 * area + i]! += mask[i]!;
    }
  }

  #append(planes: CropPlanes | undefined): void {
    this.#frames.push(planes);
    this.#afterKey.push(this.#keyPending);
    this.#keyPending = false;
  }

  #at(p: number): CropPlanes {
    const frame = this.#frames[p];
    if (!frame) throw new RangeError(`P-frame ${p} of ${this.#frames.length} is not there`);
    return frame;
  }
}
