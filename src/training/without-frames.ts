/** A clip some of whose P-frames are lost: what an interrupted transmission leaves, and what training may show. */
import type { CropSequence } from '../residual/planes.js';
import { ChangedClip } from './changed-clip.js';

/** Lost P-frames keep their places; they are masked, and everything else in them is 0. */
export class WithoutFrames extends ChangedClip {
  readonly #lost: readonly number[];
  #one = new Int32Array(0);

  /** @param lost numbers of P-frames */
  constructor(whole: CropSequence, lost: readonly number[]) {
    super(whole);
    this.#lost = lost;
  }

  sum(from: number, to: number, out: Int32Array): void {
    this.whole.sum(from, to, out);
    if (this.#one.length !== out.length) this.#one = new Int32Array(out.length);
    const mask = 3 * this.size * this.size;
    for (const p of this.#lost) {
      if (p < from || p >= to) continue;
      this.whole.sum(p, p + 1, this.#one);
      for (let i = 0; i < out.length; i++) out[i]! -= this.#one[i]!;
      for (let i = mask; i < out.length; i++) out[i]!++;
    }
  }
}
