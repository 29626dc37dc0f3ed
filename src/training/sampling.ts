/** What training changes about a clip each time it shows it, in ways that leave the expression what it is. */
import { z } from 'zod';
import { type SamplePlan, spread } from '../residual/sampling.js';
import type { CropView } from '../residual/tensor.js';
import type { Random } from './random.js';
import type { Warp } from './warped-clip.js';

export const augmentationSchema = z.strictObject({
  /** Mirror half of the clips left to right. */
  flip: z.boolean(),
  /** The window moves by up to this many crop samples each way. */
  shift: z.int().min(0).max(32),
  /** Shortest stretch of a clip that is shown, as a share of its P-frames: tempo and phase. 1: always all of it. */
  stretch: z.number().min(0.3).max(1),
  /** One-frame signals pick anywhere in their segment instead of its centre. */
  jitter: z.boolean(),
  /** The residual is multiplied by e^g with g uniform in [-gain, gain]. */
  gain: z.number().min(0).max(2),
  /** Up to this share of a clip's P-frames is lost, drawn anew each time: they read as masked and 0. Left out: none. */
  dropFrames: z.number().min(0).max(0.9).optional(),
  /** In this share of the showings residual or motion (one of them, by a coin) is 0 in the whole clip. Left out: never. */
  dropPlanes: z.number().min(0).max(1).optional(),
  /** The clip is turned by up to this many degrees either way. Left out: not. */
  turn: z.number().min(0).max(45).optional(),
  /** It grows or shrinks by e^z with z uniform in [-zoom, zoom]. Left out: not. */
  zoom: z.number().min(0).max(0.5).optional(),
  /** Pictures: a ramp of light of up to this share from the middle to an edge, and a tone curve v^(e^g) with g in [-light, light]. Left out: none. */
  light: z.number().min(0).max(0.9).optional(),
  /** Epochs (fractions allowed) over which turn, zoom and light grow from 0 to what they are. Left out: at once. */
  rise: z.number().min(0).optional(),
});

export type Augmentation = z.infer<typeof augmentationSchema>;

export const defaultAugmentation: Augmentation = { flip: true, shift: 3, stretch: 0.8, jitter: true, gain: 0.25 };

/** Draws the T samples of one showing of a clip of `count` P-frames. */
export function drawPlan(frames: number, count: number, { stretch, jitter }: Augmentation, random: Random): SamplePlan {
  const length = count * (stretch + (1 - stretch) * random.uniform());
  const from = (count - length) * random.uniform();
  return spread(frames, from, from + length, jitter ? () => random.uniform() : () => 0.5);
}

/** Draws which P-frames of a clip are lost in one showing. Draws nothing where none may be. */
export function drawLost(count: number, { dropFrames = 0 }: Augmentation, random: Random): number[] {
  if (dropFrames === 0) return [];
  const share = dropFrames * random.uniform();
  return Array.from({ length: count }, (_, p) => p).filter(() => random.uniform() < share);
}

/**
 * Draws how the clip is turned, sized and lit in one showing. Draws nothing, and gives nothing, where all of it is off.
 * @param epoch epochs shown before, with a fraction
 */
export function drawWarp(augmentation: Augmentation, epoch: number, random: Random): Warp | undefined {
  const { turn = 0, zoom = 0, light = 0, rise = 0 } = augmentation;
  if (turn === 0 && zoom === 0 && light === 0) return undefined;
  const grown = epoch < rise ? epoch / rise : 1;
  const within = (limit: number) => (2 * random.uniform() - 1) * limit * grown;
  const [angle, size, gamma] = [within((turn * Math.PI) / 180), Math.exp(within(zoom)), Math.exp(within(light))];
  const [ramp, direction] = [light * grown * random.uniform(), 2 * Math.PI * random.uniform()];
  return { angle, zoom: size, light: { gamma, across: ramp * Math.cos(direction), down: ramp * Math.sin(direction) } };
}

/** Draws the window, the mirror, the contrast and the missing planes of one showing. */
export function drawView(crop: number, size: number, augmentation: Augmentation, random: Random): CropView {
  const room = Math.min(crop - size, 2 * augmentation.shift);
  const begin = (crop - size - room) >> 1;
  const view = {
    x: begin + random.int(room + 1),
    y: begin + random.int(room + 1),
    flip: augmentation.flip && random.uniform() < 0.5,
    gain: Math.exp((2 * random.uniform() - 1) * augmentation.gain),
  };
  const { dropPlanes = 0 } = augmentation;
  if (dropPlanes === 0 || random.uniform() >= dropPlanes) return view;
  return { ...view, without: random.uniform() < 0.5 ? 'residual' : 'motion' };
}
