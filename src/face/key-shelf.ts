/** The faces of the last I-pictures, cut out, as long as some clip may need them. */
import type { DecodedPicture } from '../bitstream/parser.js';
import { FrameCropper } from '../residual/crop.js';
import { KeyFrameTensor } from '../residual/key-tensor.js';
import type { CropPlanes } from '../residual/planes.js';
import type { Signal } from '../residual/signal.js';
import type { Normalisation } from '../residual/tensor.js';
import type { FrameEntry, Video } from '../video.js';
import type { Track } from './tracker.js';

/** Seconds by which pictures may be coded before others that are shown earlier. */
const reordering = 2;

interface Shelved {
  time: number;
  planes: CropPlanes;
}

export class KeyShelf {
  readonly #cropper: FrameCropper;
  readonly #tensor: KeyFrameTensor;
  readonly #faces = new Map<number, Shelved[]>();

  /** I-pictures that could not be decoded. */
  undecoded = 0;
  readonly #span: number;

  /**
   * @param span seconds of the longest clip: what is older is forgotten
   * @param turn see `FrameCropper`
   */
  constructor({ signal, normalisation }: { signal: Signal; normalisation: Normalisation }, span: number, turn: number) {
    this.#span = span;
    this.#cropper = new FrameCropper(signal, signal.size, turn);
    this.#tensor = new KeyFrameTensor(signal, normalisation);
  }

  /** Cuts the faces out of an I-picture, which is decoded unless it was already. One that cannot be decoded is left out. */
  async put(
    video: Video,
    { index, timestamp, key }: FrameEntry,
    decoded: DecodedPicture | undefined,
    tracks: readonly Track[],
  ): Promise<void> {
    for (const [face, shelved] of this.#faces) {
      const kept = shelved.filter(({ time }) => time >= timestamp - this.#span - reordering);
      if (kept.length > 0) this.#faces.set(face, kept);
      else this.#faces.delete(face);
    }
    const present = tracks.filter((track) => track.present);
    if (present.length === 0 || !key) return;
    const picture = decoded ?? (await decode(video, index));
    if (!picture) {
      this.undecoded++;
      return;
    }
    for (const { face, box } of present) {
      const shelved = this.#faces.get(face) ?? [];
      shelved.push({ time: timestamp, planes: this.#cropper.cropPicture(picture, index, box) });
      this.#faces.set(face, shelved);
    }
  }

  /** What a network reads of the face's I-pictures between `start` and `end`. Earlier ones are forgotten: later clips start later. */
  take(face: number, { start, end }: { start: number; end: number }): Float32Array | undefined {
    const shelved = (this.#faces.get(face) ?? []).filter(({ time }) => time >= start - 1e-6);
    this.#faces.set(face, shelved);
    return this.#tensor.of(shelved.filter(({ time }) => time < end).map(({ planes }) => planes));
  }
}

async function decode(video: Video, index: number): Promise<DecodedPicture | undefined> {
  for await (const { picture } of video.keyFrames({ select: [index] })) return picture;
  return undefined;
}
