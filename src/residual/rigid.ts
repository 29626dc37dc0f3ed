/**
 * The motion of the head as a whole, taken out of the motion of the face: a rigid field is fitted to the motion planes,
 *
 *   translation  (a, b)
 *   similarity   (a + p u - q v, b + q u + p v)
 *   affine       (a + c u + d v, b + e u + f v)
 *
 * and subtracted. What moves otherwise (lips, brows) is an outlier: iteratively reweighted least squares with Cauchy weights,
 * begun at the median. The fit is to the planes of a sample, which are sums over its P-frames: a least-squares fit of a sum is
 * the sum of the fits, and one fit a sample is cheaper and steadier than one a frame.
 */
import { ellipse } from './outline.js';
import { MOTION_UNIT } from './planes.js';

export type RigidKind = 'translation' | 'similarity' | 'affine';

/**
 * Motion (ax + bx u + cx v, ay + by u + cy v) in units of the planes; u and v run from -1 to 1 over the window.
 */
export interface RigidField {
  ax: number;
  bx: number;
  cx: number;
  ay: number;
  by: number;
  cy: number;
}

/** Samples along a side that are looked at: a macroblock's vector covers several of the crop. */
const lookedAt = 16;
const iterations = 5;
/** Least scale of what counts as no outlier, in units of the planes: an eighth of a sample. */
const leastScale = 1 / 8 / MOTION_UNIT;
/** A sample counts where it is unmasked in at least this share of the frames. */
const leastSeen = 0.25;

/** Fits and subtracts; keeps its buffers from call to call. */
export class RigidMotion {
  readonly #kind: RigidKind;
  readonly #size: number;
  readonly #places: readonly { x: number; y: number; weight: number }[];
  // Of the places that have motion: where they are, how they moved, what they count, how far they are from the fit.
  readonly #u = new Float64Array(lookedAt ** 2);
  readonly #v = new Float64Array(lookedAt ** 2);
  readonly #mx = new Float64Array(lookedAt ** 2);
  readonly #my = new Float64Array(lookedAt ** 2);
  readonly #weight = new Float64Array(lookedAt ** 2);
  readonly #error = new Float64Array(lookedAt ** 2);
  readonly #sorted = new Float64Array(lookedAt ** 2);
  #seen = 0;
  #result = new Float32Array(0);

  /** @param size S: side of the window */
  constructor(kind: RigidKind, size: number) {
    this.#kind = kind;
    this.#size = size;
    const weights = ellipse(size);
    const along = Array.from({ length: lookedAt }, (_, i) => Math.floor(((i + 0.5) * size) / lookedAt));
    this.#places = along
      .flatMap((y) => along.map((x) => ({ x, y, weight: weights[y * size + x]! })))
      .filter(({ weight }) => weight > 0);
  }

  /**
   * The planes with the fit taken out of motion inside the window; overwritten by the next call.
   * @param planes residual, motion x, motion y, masked frames: C x C each
   * @param frames how many P-frames are in them
   * @param left,top where the window begins
   */
  without(planes: Int32Array | Float32Array, frames: number, crop: number, left: number, top: number): Float32Array {
    if (this.#result.length !== planes.length) this.#result = new Float32Array(planes.length);
    const result = this.#result;
    result.set(planes);
    if (frames === 0) return result;
    const { ax, bx, cx, ay, by, cy } = this.fit(planes, frames, crop, left, top);
    const area = crop * crop;
    const half = (this.#size - 1) / 2;
    for (let y = 0; y < this.#size; y++) {
      const v = (y - half) / half;
      for (let x = 0, i = (top + y) * crop + left; x < this.#size; x++, i++) {
        const u = (x - half) / half;
        // A sample has moved only in the frames in which it is not masked.
        const seen = 1 - planes[3 * area + i]! / frames;
        result[area + i]! -= seen * (ax + bx * u + cx * v);
        result[2 * area + i]! -= seen * (ay + by * u + cy * v);
      }
    }
    return result;
  }

  /** The rigid field of the window; 0 where nothing is seen. `frames` at least 1. */
  fit(planes: Int32Array | Float32Array, frames: number, crop: number, left: number, top: number): RigidField {
    this.#look(planes, frames, crop, left, top);
    if (this.#seen === 0) return { ax: 0, bx: 0, cx: 0, ay: 0, by: 0, cy: 0 };
    const [ax, ay] = [this.#median(this.#mx), this.#median(this.#my)];
    let field: RigidField = { ax, bx: 0, cx: 0, ay, by: 0, cy: 0 };
    for (let k = 0; k < iterations; k++) field = this.#improved(field);
    return field;
  }

  #look(planes: Int32Array | Float32Array, frames: number, crop: number, left: number, top: number): void {
    const area = crop * crop;
    const half = (this.#size - 1) / 2;
    let n = 0;
    for (const { x, y, weight } of this.#places) {
      const i = (top + y) * crop + left + x;
      const seen = 1 - planes[3 * area + i]! / frames;
      if (seen < leastSeen) continue;
      this.#u[n] = (x - half) / half;
      this.#v[n] = (y - half) / half;
      this.#mx[n] = planes[area + i]! / seen;
      this.#my[n] = planes[2 * area + i]! / seen;
      this.#weight[n++] = weight * seen;
    }
    this.#seen = n;
  }

  /** One step: weights by the distance from the field, then the weighted least-squares field. */
  #improved({ ax, bx, cx, ay, by, cy }: RigidField): RigidField {
    const n = this.#seen;
    for (let k = 0; k < n; k++) {
      const dx = this.#mx[k]! - (ax + bx * this.#u[k]! + cx * this.#v[k]!);
      const dy = this.#my[k]! - (ay + by * this.#u[k]! + cy * this.#v[k]!);
      this.#error[k] = dx * dx + dy * dy;
    }
    const scale = Math.max(leastScale ** 2, 2 * this.#median(this.#error));
    let sum = 0;
    let u0 = 0;
    let v0 = 0;
    let x0 = 0;
    let y0 = 0;
    for (let k = 0; k < n; k++) {
      const w = this.#weight[k]! / (1 + this.#error[k]! / scale);
      this.#error[k] = w; // from here on the weight of this step
      sum += w;
      u0 += w * this.#u[k]!;
      v0 += w * this.#v[k]!;
      x0 += w * this.#mx[k]!;
      y0 += w * this.#my[k]!;
    }
    u0 /= sum;
    v0 /= sum;
    x0 /= sum;
    y0 /= sum;
    if (this.#kind === 'translation') return { ax: x0, bx: 0, cx: 0, ay: y0, by: 0, cy: 0 };
    let uu = 0;
    let uv = 0;
    let vv = 0;
    let ux = 0;
    let vx = 0;
    let uy = 0;
    let vy = 0;
    for (let k = 0; k < n; k++) {
      const w = this.#error[k]!;
      const u = this.#u[k]! - u0;
      const v = this.#v[k]! - v0;
      const x = this.#mx[k]! - x0;
      const y = this.#my[k]! - y0;
      uu += w * u * u;
      uv += w * u * v;
      vv += w * v * v;
      ux += w * u * x;
      vx += w * v * x;
      uy += w * u * y;
      vy += w * v * y;
    }
    const [b, c, d, e] = this.#linear(uu, uv, vv, ux, vx, uy, vy);
    return { ax: x0 - b * u0 - c * v0, bx: b, cx: c, ay: y0 - d * u0 - e * v0, by: d, cy: e };
  }

  /** Coefficients of u and v for x, then for y, from weighted sums about the centre; 0 where the places seen leave them open. */
  #linear(
    ...[uu, uv, vv, ux, vx, uy, vy]: [number, number, number, number, number, number, number]
  ): readonly [number, number, number, number] {
    if (this.#kind === 'similarity' && uu + vv > 1e-9) {
      const p = (ux + vy) / (uu + vv);
      const q = (uy - vx) / (uu + vv);
      return [p, -q, q, p];
    }
    const determinant = uu * vv - uv * uv;
    if (this.#kind === 'affine' && determinant > 1e-6 * (uu + vv) ** 2) {
      return [
        ...([(ux * vv - vx * uv) / determinant, (vx * uu - ux * uv) / determinant] as const),
        ...([(uy * vv - vy * uv) / determinant, (vy * uu - uy * uv) / determinant] as const),
      ];
    }
    return [0, 0, 0, 0];
  }

  /** Of the places that are seen. */
  #median(of: Float64Array): number {
    const n = this.#seen;
    this.#sorted.set(of);
    this.#sorted.subarray(0, n).sort();
    return (this.#sorted[(n - 1) >> 1]! + this.#sorted[n >> 1]!) / 2;
  }
}
