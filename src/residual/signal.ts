/** What the network reads: which signal, at which size, how many samples. Stored in every model's card. */
import { z } from 'zod';

export const signalSchema = z
  .strictObject({
    /**
     * - `residual`: what each sampled P-frame codes (the paper's signal); 1 plane
     * - `motion`: its motion vectors; 2 planes (x, y)
     * - `residual+motion`: both; 3 planes
     * - `accumulated`: residual and motion accumulated along motion since the I-frame, A_t[x] = r_t[x] + A_{t-1}[x + mv_t(x)]; 3 planes
     * - `keyframes`: luma of I-frames, which stand decoded in the stream; 1 plane. No P-frame is read: the still companion of
     *   the other signals. Gains and `window` do not matter to it.
     * - `summed`: residual and motion of every P-frame since the sample before, summed in place; 3 planes
     *
     * Baselines, which no analysis reads because they need every P-frame decoded to pixels (by ffmpeg, in training and
     * evaluation only):
     * - `decoded`: the pictures of the sampled P-frames; R, G, B or luma. Gains and `window` do not matter to it.
     * - `decoded-difference`: luma of the last picture of each stretch that `summed` would sum, less luma of the picture before
     *   the stretch; 1 plane
     */
    kind: z.enum([
      ...(['residual', 'motion', 'residual+motion', 'accumulated', 'summed', 'keyframes'] as const),
      ...(['decoded', 'decoded-difference'] as const),
    ]),
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
    /** Which of its planes `accumulated` or `summed` hands on; left out: `both`. Motion still leads `accumulated` alone. */
    planes: z.enum(['residual', 'motion', 'both']).optional(),
    /** Planes of `decoded`; left out: `rgb`. */
    colour: z.enum(['rgb', 'luma']).optional(),
    /** The head's own motion, fitted to each sample's motion planes and taken out of them (`rigid.ts`); left out: `none`. */
    rigid: z.enum(['none', 'translation', 'similarity', 'affine']).optional(),
    /** What of the window counts: all of it, or an ellipse with a soft edge around its middle; left out: `square`. */
    outline: z.enum(['square', 'ellipse']).optional(),
    /** One more plane: the share of a sample's P-frames in which there is no temporal residual (intra, lost, outside). */
    mask: z.boolean().optional(),
  })
  .superRefine((signal, context) => {
    const { kind, planes, colour, rigid = 'none', mask } = signal;
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (planes !== undefined && kind !== 'accumulated' && kind !== 'summed') {
      refuse('planes', `only accumulated and summed have a choice of planes, not ${kind}`);
    }
    if (colour !== undefined && kind !== 'decoded') refuse('colour', `only decoded has colours, not ${kind}`);
    const coded = readsCoded(signal);
    if (rigid !== 'none' && (!coded || planeRange(signal)[1] === 1)) {
      refuse('rigid', 'there is no motion in this signal to take the head’s out of');
    }
    if (mask && !coded) refuse('mask', `${kind} has no masked samples`);
  });

export type Signal = z.infer<typeof signalSchema>;

/** What decides which planes a sample has. */
type Planed = Pick<Signal, 'kind' | 'planes' | 'colour' | 'mask'>;

/** Where the planes of a sample begin and end (not included) among residual (or luma, or red), motion x, motion y. */
export function planeRange({ kind, planes = 'both', colour = 'rgb' }: Planed): readonly [number, number] {
  switch (kind) {
    case 'residual':
    case 'keyframes':
    case 'decoded-difference':
      return [0, 1];
    case 'motion':
      return [1, 3];
    case 'residual+motion':
      return [0, 3];
    case 'decoded':
      return colour === 'rgb' ? [0, 3] : [0, 1];
    default:
      return planes === 'residual' ? [0, 1] : planes === 'motion' ? [1, 3] : [0, 3];
  }
}

/** Does it read what P-frames code, and no pictures? */
export function readsCoded({ kind }: Pick<Signal, 'kind'>): boolean {
  return kind !== 'keyframes' && kind !== 'decoded' && kind !== 'decoded-difference';
}

/** Planes per sample. Order: residual luma (`keyframes`: luma; `decoded`: luma or R, G, B), motion x, motion y, mask. */
export function signalPlanes(signal: Planed): number {
  const [from, to] = planeRange(signal);
  return to - from + (signal.mask ? 1 : 0);
}

/** Must it be known which samples are masked in which P-frame? */
export function needsMask({ mask = false, rigid = 'none' }: Pick<Signal, 'mask' | 'rigid'>): boolean {
  return mask || rigid !== 'none';
}

/** Why a model of this signal cannot read a video along time; `undefined` where it can. */
export function whyNoTimeline({ kind }: Pick<Signal, 'kind'>): string | undefined {
  if (kind === 'keyframes') {
    return 'this model reads whole clips by their I-frames; a timeline needs one that reads P-frames';
  }
  if (kind === 'decoded' || kind === 'decoded-difference') {
    return (
      'this model is a baseline that reads P-frames decoded to pixels, which vultus does not do outside of training and ' +
      'evaluation: name a model that reads residuals or motion'
    );
  }
  return undefined;
}
