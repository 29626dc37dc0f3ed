/** The file that describes a training run: JSON in which `//` comments are allowed, so that a choice can say its reason. */
import { z } from 'zod';
import { ModelError } from '../errors.js';
import { defaultNetworkConfig, networkConfigSchema } from '../network/config.js';
import { signalSchema } from '../residual/signal.js';
import { augmentationSchema, defaultAugmentation } from './sampling.js';

export const trainingConfigSchema = z.strictObject({
  /** Name of the model. */
  name: z.string().min(1).max(100),
  signal: signalSchema,
  /** Values are clipped to this range after the gains; left out: not clipped. */
  limit: z.number().positive().optional(),
  network: networkConfigSchema.default(defaultNetworkConfig),
  augmentation: augmentationSchema.default(defaultAugmentation),
  batch: z.int().min(2).max(1024).default(32),
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
  /** Codec column of the manifest: one name, or several: a clip that is there in each is several clips. */
  codec: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).default('mpeg4'),
  /** Class names beyond the known expressions. */
  labels: z.array(z.string().min(1)).min(2).optional(),
});

export type TrainingConfig = z.infer<typeof trainingConfigSchema>;

/** Reads a config. Throws ModelError naming the key that is wrong. */
export function parseTrainingConfig(text: string, name: string): TrainingConfig {
  let values: unknown;
  try {
    values = JSON.parse(withoutComments(text));
  } catch (error) {
    throw new ModelError(`${name} is no JSON: ${(error as Error).message}`);
  }
  const parsed = trainingConfigSchema.safeParse(values);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`);
  throw new ModelError(`${name}: ${issues.join('; ')}`);
}

/** Blanks `//` comments outside strings; positions stay, so that messages of the JSON parser point to the right place. */
function withoutComments(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*/g, (part) =>
    part.startsWith('"') ? part : ' '.repeat(part.length),
  );
}
