/** Weighted sample prediction, ITU-T H.264 clause 8.4.2.3: default, explicit and implicit. */
import { clip1, clip3, type ReferenceFrame } from './picture.js';

/** w and o of one reference and one colour component; `logWD` is common to both lists. */
export interface Weights {
  logWD: number;
  w: [number, number];
  o: [number, number];
}

/** 8.4.2.3.1: one list is used as it is, two are averaged. */
export function combineDefault(
  p0: Uint8Array | undefined,
  p1: Uint8Array | undefined,
  n: number,
  out: Uint8Array,
): void {
  if (p0 && p1) for (let i = 0; i < n; i++) out[i] = (p0[i]! + p1[i]! + 1) >> 1;
  else out.set((p0 ?? p1)!.subarray(0, n));
}

/** 8.4.2.3.2. */
export function combineWeighted(
  p0: Uint8Array | undefined,
  p1: Uint8Array | undefined,
  n: number,
  { logWD, w, o }: Weights,
  out: Uint8Array,
): void {
  if (p0 && p1) {
    const offset = (o[0] + o[1] + 1) >> 1;
    for (let i = 0; i < n; i++) {
      out[i] = clip1(((p0[i]! * w[0] + p1[i]! * w[1] + 2 ** logWD) >> (logWD + 1)) + offset);
    }
    return;
  }
  const list = p0 ? 0 : 1;
  const p = (p0 ?? p1)!;
  const round = logWD >= 1 ? 2 ** (logWD - 1) : 0;
  for (let i = 0; i < n; i++) out[i] = clip1(((p[i]! * w[list] + round) >> logWD) + o[list]);
}

/** 8.4.2.3, implicit mode: weights of a bi-predicted block by distance in output order (8-280 to 8-283, with 8-201, 8-202). */
export function implicitWeights(currentPoc: number, pic0: ReferenceFrame, pic1: ReferenceFrame): Weights {
  const even: Weights = { logWD: 5, w: [32, 32], o: [0, 0] };
  const td = clip3(-128, 127, pic1.poc - pic0.poc);
  if (td === 0 || pic0.marking === 'long' || pic1.marking === 'long') return even;
  const tb = clip3(-128, 127, currentPoc - pic0.poc);
  const tx = Math.trunc((16384 + Math.abs(Math.trunc(td / 2))) / td);
  const distScaleFactor = clip3(-1024, 1023, (tb * tx + 32) >> 6);
  const w1 = distScaleFactor >> 2;
  return w1 < -64 || w1 > 128 ? even : { logWD: 5, w: [64 - w1, w1], o: [0, 0] };
}
