/** I-frames of a stretch of video as a network reads them. */
import { CropList, type CropPlanes } from './planes.js';
import { evenPlan } from './sampling.js';
import type { Signal } from './signal.js';
import { ClipTensor, centreView, type Normalisation } from './tensor.js';

export class KeyFrameTensor {
  readonly #signal: Signal;
  readonly #tensor: ClipTensor;

  /** @param signal of kind `keyframes` */
  constructor(signal: Signal, normalisation: Normalisation) {
    this.#signal = signal;
    this.#tensor = new ClipTensor(signal, normalisation);
  }

  /**
   * [K, 1, S, S] of I-frames cut by `FrameCropper.cropPicture`, in display order: K of them spread evenly, some repeated where
   * there are fewer. `undefined` where there are none.
   */
  of(planes: readonly CropPlanes[]): Float32Array | undefined {
    if (planes.length === 0) return undefined;
    const list = new CropList(planes[0]!.size);
    for (const each of planes) list.push(each);
    const out = new Float32Array(this.#tensor.length);
    const view = centreView(list.size, this.#signal.size);
    this.#tensor.fill(list, evenPlan(this.#signal.frames, 0, list.count), view, out);
    return out;
  }
}
