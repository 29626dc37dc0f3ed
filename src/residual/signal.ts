/** What the network reads: which signal, at which size, how many samples. Stored in every model's card. */
import { z } from 'zod';

export const signalSchema = z.strictObject({
  /**
   * - `residual`: what each sampled P-frame codes (the paper's signal); 1 plane
   * - `motion`: its motion vectors; 2 planes (x, y)
   * - `residual+motion`: both; 3 planes
   * - `accumulated`: residual and motion accumulated along motion since the I-frame, A_t[x] = r_t[x] + A_{t-1}[x + mv_t(x)]; 3 planes
   * - `keyframes`: luma of I-frames, which stand decoded in the stream; 1 plane. No P-frame is read: the still companion of
   *   the other signals. Gains and `window` do not matter to it.
   * - `summed`: residual and motion of every P-frame since the sample before, summed in place; 3 planes
   */
  kind: z.enum(['residual', 'motion', 'residual+motion', 'accumulated', 'summed', 'keyframes']),
  /** Side S of the square input in samples. */
  size: z.int().min(16).max(256),
  /** T: samples per clip. */
  frames: z.int().min(1).max(64),
  /** The face box is enlarged by this factor about its centre before it is cut. */
  margin: z.number().min(1).max(3),
  /** Network units per luma step of residual. */
  residualGain: z.number().positive(),
  /** Network units per pixel of motion, in pixels of the S x S crop. */
  motionGain: z.number().positive(),
  /** `accumulated` reaches back to the last I-frame, but over no more than this many P-frames. */
  window: z.int().min(1).max(250),
});

export type Signal = z.infer<typeof signalSchema>;

/** Planes per sample. Order: residual luma (`keyframes`: luma), motion x, motion y. */
export function signalPlanes(kind: Signal['kind']): number {
  return kind === 'residual' || kind === 'keyframes' ? 1 : kind === 'motion' ? 2 : 3;
}
