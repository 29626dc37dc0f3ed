/**
 * Follows one face box from picture to picture by the motion vectors inside it. I- and P-pictures only, in decoding order
 * (which for them is display order); the boxes of B-pictures lie between those of their neighbours.
 */
import type { CompressedFrame } from '../bitstream/frame.js';
import type { FaceBox } from '../residual/track.js';
import { Evidence } from './evidence.js';
import { fitBox } from './fit.js';

export interface FollowStep {
  /** Share of the face whose blocks have vectors that agree, 0..1. 0: nothing was said, and the box stayed where it was. */
  evidence: number;
  /** Root mean square distance of the vectors that agree from the fit, as a share of the box's width. */
  spread: number;
}

export interface FollowOptions {
  /** See `FitOptions.stiffness`. Default 0.2. */
  stiffness?: number;
}

/** Pictures whose boxes are kept: H.264 refers to no more than 16 frames. */
const HISTORY = 17;

/** Blocks that say nothing in common do not move the box: less than this share of the face. */
const MIN_EVIDENCE = 0.05;

// One at a time is in use: following is synchronous.
const samples = new Evidence();

export class BoxFollower {
  #box: FaceBox;
  readonly #stiffness: number;
  /** Picture order and box of the latest anchors, the oldest first. */
  readonly #history: { order: number; box: FaceBox }[] = [];

  /**
   * @param box the face in an I-picture (or any that is known)
   * @param order `CompressedFrame.pictureOrder` of that picture, if its codec has one
   */
  constructor(box: FaceBox, order?: number, { stiffness = 0.2 }: FollowOptions = {}) {
    this.#box = { ...box };
    this.#stiffness = stiffness;
    this.#remember(order);
  }

  /** The box in the picture last given. */
  get box(): FaceBox {
    return this.#box;
  }

  /**
   * The face was seen in an I-picture: its box is known anew.
   * @param restarts the picture order begins anew here (an IDR picture): references reach back no further
   */
  see(box: FaceBox, order: number | undefined, restarts: boolean): void {
    this.#box = { ...box };
    if (restarts) this.#history.length = 0;
    this.#remember(order);
  }

  /** Moves and scales the box by a P-picture. A picture that is not coded repeats the last: the box stays, for certain. */
  follow(frame: CompressedFrame): FollowStep {
    const before = this.#box;
    if (!frame.coded) return { evidence: 1, spread: 0 };
    const only = frame.motion.references === undefined;
    samples.gather(frame, before, (order) => (only ? before : this.#boxAt(order!)));
    const fit = fitBox(samples, { width: before.width, stiffness: this.#stiffness, whole: samples.looked });
    const evidence = fit ? Math.min(1, fit.agreed / samples.looked) : 0;
    if (!fit || evidence < MIN_EVIDENCE) {
      this.#remember(frame.pictureOrder);
      return { evidence: 0, spread: 0 };
    }
    const height = (before.height * fit.width) / before.width;
    this.#box = { x: fit.x - fit.width / 2, y: fit.y - height / 2, width: fit.width, height };
    this.#remember(frame.pictureOrder);
    return { evidence, spread: fit.spread / fit.width };
  }

  #boxAt(order: number): FaceBox | undefined {
    for (let i = this.#history.length - 1; i >= 0; i--) {
      if (this.#history[i]!.order === order) return this.#history[i]!.box;
    }
    return undefined;
  }

  #remember(order: number | undefined): void {
    if (order === undefined) return;
    if (this.#history.length === HISTORY) this.#history.shift();
    this.#history.push({ order, box: this.#box });
  }
}
