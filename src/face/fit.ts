/**
 * The robust fit of a face's motion: x = c + s u for every block, with x where its content is and u where it was in units
 * of its box. Three numbers, found by iteratively reweighted least squares with Tukey's biweight from the weighted median
 * on, so that a hand before the face, a blinking eye or a bad vector does not pull the box along.
 */
import type { Evidence } from './evidence.js';

export interface Fit {
  /** Centre of the box in pixels. */
  x: number;
  y: number;
  /** Width of the box in pixels. */
  width: number;
  /** Area of the blocks that agree with the fit, in pixels (each counted by its weight). */
  agreed: number;
  /** Root mean square distance of those blocks from the fit, in pixels. */
  spread: number;
}

/** Rounds of reweighting. */
const ROUNDS = 3;
/** Tukey's constant: 95% efficiency where errors are Gaussian. */
const TUKEY = 4.685;
/** From the median absolute deviation to the standard deviation of a Gaussian. */
const MAD = 1.4826;
/** A vector is exact to half a sample at best: errors below this, in pixels, are no outliers. */
const FLOOR = 0.5;

export interface FitOptions {
  /** Width that is expected: that of the box before. */
  width: number;
  /**
   * How strongly the expected width holds, as a share of the evidence a whole face gives: sizes change slowly, and a jaw
   * that drops is no face that grows.
   */
  stiffness: number;
  /** Area of a whole face in pixels. */
  whole: number;
}

/** Fits box centre and width to the evidence. `undefined` where there is none. */
export function fitBox(evidence: Evidence, { width, stiffness, whole }: FitOptions): Fit | undefined {
  const { count, x, y, u, v, area } = evidence;
  if (count === 0) return undefined;
  // Medians of a sample: they only have to be near.
  const step = Math.ceil(count / SAMPLED);
  let n = 0;
  for (let i = 0; i < count; i += step, n++) {
    values[n] = x[i]! - width * u[i]!;
    weights[n] = area[i]!;
  }
  let cx = weightedMedian(n);
  for (let i = 0, k = 0; i < count; i += step, k++) values[k] = y[i]! - width * v[i]!;
  let cy = weightedMedian(n);
  for (let i = 0, k = 0; i < count; i += step, k++) {
    values[k] = Math.sqrt((x[i]! - cx - width * u[i]!) ** 2 + (y[i]! - cy - width * v[i]!) ** 2);
  }
  // A sum of two squares: its median is 1.177 standard deviations of one component.
  let sigma = Math.max(FLOOR, (MAD / 1.746) * weightedMedian(n));
  let s = width;
  let agreed = 0;
  let spread = 0;
  // The squared distance from the centre is 1/16 on average over an ellipse that fills the box, per axis.
  const hold = stiffness * whole * (2 / 16);
  for (let round = 0; round <= ROUNDS; round++) {
    const limit = TUKEY * TUKEY * sigma * sigma;
    let sum = 0;
    let sx = 0;
    let sy = 0;
    let su = 0;
    let sv = 0;
    let suu = 0;
    let sxu = 0;
    let squares = 0;
    agreed = 0;
    for (let i = 0; i < count; i++) {
      const xi = x[i]!;
      const yi = y[i]!;
      const ui = u[i]!;
      const vi = v[i]!;
      const dx = xi - cx - s * ui;
      const dy = yi - cy - s * vi;
      const square = dx * dx + dy * dy;
      const q = 1 - square / limit;
      if (q <= 0) continue;
      agreed += area[i]!;
      squares += area[i]! * square;
      const w = area[i]! * q * q;
      sum += w;
      sx += w * xi;
      sy += w * yi;
      su += w * ui;
      sv += w * vi;
      suu += w * (ui * ui + vi * vi);
      sxu += w * (xi * ui + yi * vi);
    }
    if (!(sum > 0)) return undefined;
    spread = Math.sqrt(squares / agreed);
    // The last round only judges what the one before it found.
    if (round === ROUNDS) break;
    const covariance = sxu - (sx * su + sy * sv) / sum + hold * width;
    const variance = suu - (su * su + sv * sv) / sum + hold;
    if (variance > 0) s = Math.min(1.25 * width, Math.max(0.8 * width, covariance / variance));
    cx = (sx - s * su) / sum;
    cy = (sy - s * sv) / sum;
    sigma = Math.max(FLOOR, Math.min(sigma, spread));
  }
  return { x: cx, y: cy, width: s, agreed, spread };
}

/** Blocks whose median is taken, at most. */
const SAMPLED = 32;
const values = new Float64Array(SAMPLED);
const weights = new Float64Array(SAMPLED);
/** Halvings of the range in which the median lies: what is left is a small part of a pixel. */
const HALVINGS = 6;

/** The value with half of the weight on either side, to 1/64 of the values' range, of the first `count` in `values`. */
function weightedMedian(count: number): number {
  let low = values[0]!;
  let high = low;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    if (value < low) low = value;
    else if (value > high) high = value;
    total += weights[i]!;
  }
  for (let k = 0; k < HALVINGS; k++) {
    const middle = (low + high) / 2;
    let below = 0;
    for (let i = 0; i < count; i++) if (values[i]! <= middle) below += weights[i]!;
    if (2 * below >= total) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}
