/** Which P-frames of a clip the network sees: T samples spread evenly over a stretch of P-frames. */
import type { Signal } from './signal.js';

/**
 * T samples of a sequence of P-frames. Sample k stands for the segment `bounds[k]` (included) to `bounds[k + 1]` (not
 * included): segments follow each other without gaps, and are empty where there are fewer P-frames than samples.
 */
export interface SamplePlan {
  /** T + 1 ascending P-frame numbers. */
  bounds: Int32Array;
  /** T ascending P-frame numbers: the frame of each segment that one-frame signals read. Repeats where segments are empty. */
  picks: Int32Array;
}

/**
 * Splits P-frames `from` (included) to `to` (not included) into T segments as equal as whole frames allow.
 * @param from may be fractional, as may `to`: bounds are rounded to whole frames
 * @param place where in its segment each sample picks its frame, in [0, 1); 0.5 for the centre
 */
export function spread(frames: number, from: number, to: number, place: (sample: number) => number): SamplePlan {
  const bounds = new Int32Array(frames + 1);
  const picks = new Int32Array(frames);
  const length = to - from;
  if (!(length > 0)) throw new RangeError('no P-frame to sample from');
  for (let k = 0; k <= frames; k++) bounds[k] = Math.round(from + (length * k) / frames);
  const last = Math.ceil(to) - 1;
  for (let k = 0; k < frames; k++) {
    picks[k] = Math.min(last, Math.floor(from + (length * (k + place(k))) / frames));
  }
  return { bounds, picks };
}

/** The plan of evaluation and analysis: every P-frame from `from` to `to` has its place, samples sit at the centres. */
export function evenPlan(frames: number, from: number, to: number): SamplePlan {
  return spread(frames, from, to, () => 0.5);
}

/**
 * The P-frames that a plan needs parsed, ascending. One-frame signals need T of them, however long the clip.
 * @param afterKey as in `CropSequence`
 */
export function framesNeeded(
  signal: Pick<Signal, 'kind' | 'window'>,
  plan: SamplePlan,
  afterKey: (p: number) => boolean,
): number[] {
  const needed = new Set<number>();
  if (signal.kind === 'summed' || signal.kind === 'decoded-difference') {
    for (let p = plan.bounds[0]!; p < plan.bounds.at(-1)!; p++) needed.add(p);
  } else {
    for (const pick of plan.picks) {
      const from = signal.kind === 'accumulated' ? accumulationStart(pick, signal.window, afterKey) : pick;
      for (let p = from; p <= pick; p++) needed.add(p);
    }
  }
  return [...needed].sort((a, b) => a - b);
}

/** First P-frame that counts for the accumulated signal of P-frame `p`: after the last I-frame, and at most `window` frames. */
export function accumulationStart(p: number, window: number, afterKey: (p: number) => boolean): number {
  let start = p;
  while (start > 0 && !afterKey(start) && p - start + 1 < window) start--;
  return start;
}
