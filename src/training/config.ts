/** The file that describes a training run: JSON in which `//` comments are allowed, so that a choice can say its reason. */
import { z } from 'zod';
import { parseJson } from '../files/json-file.js';
import { defaultNetworkConfig, networkConfigSchema } from '../network/config.js';
import { planeRange, readsCoded, signalSchema } from '../residual/signal.js';
import { apexSchema } from './losses/apex.js';
import { regulariserSchema } from './losses/regulariser.js';
import { augmentationSchema, defaultAugmentation } from './sampling.js';
import { stillsSchema } from './stills.js';

const configSchema = z.strictObject({
  /** Name of the model. */
  name: z.string().min(1).max(100),
  signal: signalSchema,
  /** Values are clipped to this range after the gains; left out: not clipped. */
  limit: z.number().positive().optional(),
  network: networkConfigSchema.default(defaultNetworkConfig),
  augmentation: augmentationSchema.default(defaultAugmentation),
  /** What keeps z_e free of the person, beside the cross-entropy; left out: nothing. */
  regulariser: regulariserSchema.optional(),
  /** The complementary constraint: z_e and z_i together must draw the face at its apex; left out: none. */
  apex: apexSchema.optional(),
  /** A second network on the clip's I-frames that learns together with the first; left out: none. */
  stills: stillsSchema.optional(),
  batch: z.int().min(2).max(1024).default(32),
  /** Least steps of an epoch: a small training set is shown several times, so that sets of any size train as long. */
  minSteps: z.int().min(1).max(100_000).optional(),
  epochs: z.int().min(1).max(10_000).default(16),
  /** Peak of the learning rate. */
  lr: z.number().positive().default(2e-3),
  weightDecay: z.number().min(0).default(0.02),
  /** Epochs of linear warm-up. */
  warmup: z.number().min(0).default(1),
  /** Bound on the norm of the gradients. */
  clip: z.number().positive().default(5),
  labelSmoothing: z.number().min(0).max(0.5).default(0.1),
  /** Decay of the moving average of the weights; left out: none. */
  ema: z.number().min(0).max(0.9999).optional(),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31)
    .default(1),
  /** Codec column of the manifest: one name, or several. */
  codec: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).default('mpeg4'),
  /**
   * What files that show the same clip (rows of one `clip`: other codecs, re-encodings) are to an epoch of training. `all`, the
   * default: clips of their own. `one`: the epoch shows the clip once, by a file that is drawn anew each time. Validation and
   * test take all files.
   */
  variants: z.enum(['all', 'one']).optional(),
  /** The finished model also looks at each clip's mirror image (`ModelCard.mirror`); training does not change. */
  mirror: z.boolean().optional(),
  /** Class names beyond the known expressions. */
  labels: z.array(z.string().min(1)).min(2).optional(),
});

/** A training config, with what its keys must agree on. */
export const trainingConfigSchema = configSchema.superRefine(({ signal, stills, augmentation }, context) => {
  const { dropFrames = 0, dropPlanes = 0, light = 0 } = augmentation;
  const refuse = (key: string, message: string) =>
    context.addIssue({ code: 'custom', path: ['augmentation', key], message });
  const [from, to] = planeRange(signal);
  const coded = readsCoded(signal);
  if (dropFrames > 0 && !coded) refuse('dropFrames', `${signal.kind} reads no P-frames that could be lost`);
  if (dropPlanes > 0 && (!coded || from > 0 || to < 3)) {
    refuse('dropPlanes', 'only signals that read residual and motion can go without one of them');
  }
  if (light > 0 && !stills && signal.kind !== 'keyframes' && signal.kind !== 'decoded') {
    refuse('light', `${signal.kind} reads no picture that could be lit otherwise`);
  }
});

export type TrainingConfig = z.infer<typeof trainingConfigSchema>;

/** Reads a config. Throws ModelError naming the key that is wrong. */
export function parseTrainingConfig(text: string, name: string): TrainingConfig {
  return parseJson(text, name, trainingConfigSchema);
}
