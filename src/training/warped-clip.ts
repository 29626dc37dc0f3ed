/**
 * A clip as another camera would have shown it: turned, nearer or farther, in other light. Planes are resampled about the middle of
 * the grid; vectors turn and grow with what they show.
 */
import type { CropSequence } from '../residual/planes.js';
import { ChangedClip } from './changed-clip.js';

/** What happens to every frame of a clip alike. */
export interface Warp {
  /** Radians, clockwise as the picture is seen. */
  angle: number;
  /** Above 1: nearer. */
  zoom: number;
  /** Of pictures: a value v in [0, 1] becomes v^gamma (1 + across x + down y), x and y from -1 to 1 over the grid. */
  light: { gamma: number; across: number; down: number };
}

/** What a clip's planes are: what P-frames code, pictures in one or three colours, or differences of pictures. */
export type PlanesOf = 'coded' | 'pictures' | 'differences';

/** Value of white. */
const white = 255;

/** Between samples values are bilinear, beyond the grid those of its edge. Masked shares (a fourth plane) are treated alike. */
export class WarpedClip extends ChangedClip {
  readonly #warp: Warp;
  readonly #of: PlanesOf;
  /** For each sample of the grid the upper left of the four that it lies between, and how far it is from it. */
  readonly #from: Int32Array;
  readonly #right: Float32Array;
  readonly #below: Float32Array;
  /** By value from black to white: what the tone curve makes of it. */
  readonly #tones: Float32Array;
  #planes = new Int32Array(0);

  constructor(whole: CropSequence, warp: Warp, of: PlanesOf) {
    super(whole);
    const { size } = whole;
    this.#warp = warp;
    this.#of = of;
    this.#tones = Float32Array.from({ length: white + 1 }, (_, v) => white * (v / white) ** warp.light.gamma);
    this.#from = new Int32Array(size * size);
    this.#right = new Float32Array(size * size);
    this.#below = new Float32Array(size * size);
    const centre = (size - 1) / 2;
    const [cos, sin] = [Math.cos(warp.angle) / warp.zoom, Math.sin(warp.angle) / warp.zoom];
    for (let y = 0, i = 0; y < size; y++) {
      for (let x = 0; x < size; x++, i++) {
        const u = within(centre + cos * (x - centre) + sin * (y - centre), size);
        const v = within(centre - sin * (x - centre) + cos * (y - centre), size);
        const [left, top] = [Math.min(Math.floor(u), size - 2), Math.min(Math.floor(v), size - 2)];
        this.#from[i] = top * size + left;
        this.#right[i] = u - left;
        this.#below[i] = v - top;
      }
    }
  }

  sum(from: number, to: number, out: Int32Array): void {
    const { size } = this;
    const area = size * size;
    if (this.#planes.length !== out.length) this.#planes = new Int32Array(out.length);
    const planes = this.#planes;
    this.whole.sum(from, to, planes);
    for (let plane = 0; plane < out.length; plane += area) {
      for (let i = 0; i < area; i++) {
        const at = plane + this.#from[i]!;
        const right = this.#right[i]!;
        const upper = planes[at]! + right * (planes[at + 1]! - planes[at]!);
        const lower = planes[at + size]! + right * (planes[at + size + 1]! - planes[at + size]!);
        out[plane + i] = Math.round(upper + this.#below[i]! * (lower - upper));
      }
    }
    if (this.#of === 'coded') this.#turnVectors(out.subarray(area, 3 * area));
    if (this.#of === 'pictures') this.#relight(out.subarray(0, 3 * area));
  }

  #turnVectors(motion: Int32Array): void {
    const { angle, zoom } = this.#warp;
    const [cos, sin] = [Math.cos(angle) * zoom, Math.sin(angle) * zoom];
    const area = motion.length / 2;
    for (let i = 0; i < area; i++) {
      const [x, y] = [motion[i]!, motion[area + i]!];
      motion[i] = Math.round(cos * x - sin * y);
      motion[area + i] = Math.round(sin * x + cos * y);
    }
  }

  #relight(picture: Int32Array): void {
    const { across, down } = this.#warp.light;
    const { size } = this;
    const half = (size - 1) / 2;
    for (let y = 0, i = 0; i < picture.length; y = (y + 1) % size) {
      for (let x = 0; x < size; x++, i++) {
        const value =
          this.#tones[Math.max(0, Math.min(picture[i]!, white))]! *
          (1 + across * (x / half - 1) + down * (y / half - 1));
        picture[i] = Math.round(value < 0 ? 0 : Math.min(value, white));
      }
    }
  }
}

function within(place: number, size: number): number {
  return place < 0 ? 0 : Math.min(place, size - 1);
}
