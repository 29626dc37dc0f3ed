import type { CropSequence } from '../residual/planes.js';

/** A clip that shows another's frames, changed: what augmentation makes of it. */
export abstract class ChangedClip implements CropSequence {
  protected readonly whole: CropSequence;

  constructor(whole: CropSequence) {
    this.whole = whole;
  }

  get size(): number {
    return this.whole.size;
  }

  get count(): number {
    return this.whole.count;
  }

  afterKey(p: number): boolean {
    return this.whole.afterKey(p);
  }

  abstract sum(from: number, to: number, out: Int32Array): void;
}
