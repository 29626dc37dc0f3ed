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
  /** The picture order of the picture that the box is of, where that is a P-picture and so will be referred to by it. */
  order?: number | undefined;
}

/** Pictures whose boxes are kept: H.264 refers to no more than 16 frames. */
const HISTORY = 17;

/** P-pictures after an I-picture in which unknown references are taken for it. */
const NEAR_START = 4;

/** Blocks that say nothing in common do not move the box: less than this share of the face. */
const MIN_EVIDENCE = 0.05;

// One at a time is in use: following is synchronous.
const samples = new Evidence();

export class BoxFollower {
  readonly #start: FaceBox;
  #box: FaceBox;
  readonly #stiffness: number;
  /** Picture order and box of the latest anchors, the oldest first. */
  readonly #history: { order: number; box: FaceBox }[] = [];

  /** @param box the face in an I-picture; the P-pictures that follow are given one after the other */
  constructor(box: FaceBox, { stiffness = 0.2, order }: FollowOptions = {}) {
    this.#start = { ...box };
    this.#box = this.#start;
    this.#stiffness = stiffness;
    this.#remember(order);
  }

  /** The box in the picture last given. */
  get box(): FaceBox {
    return this.#box;
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

  /**
   * The box in a picture that blocks refer to. The I-picture itself is not parsed: shortly after it, an unknown picture
   * is taken to be that one. Later, it is some other that was not parsed, and tells nothing.
   */
  #boxAt(order: number): FaceBox | undefined {
    for (let i = this.#history.length - 1; i >= 0; i--) {
      if (this.#history[i]!.order === order) return this.#history[i]!.box;
    }
    return this.#history.length < NEAR_START ? this.#start : undefined;
  }

  #remember(order: number | undefined): void {
    if (order === undefined) return;
    if (this.#history.length === HISTORY) this.#history.shift();
    this.#history.push({ order, box: this.#box });
  }
}
