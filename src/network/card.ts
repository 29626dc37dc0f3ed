/** The model card: what a model reads, what it answers, from what data it came, how good it is, and what it is not for. */
import { z } from 'zod';
import { signalPlanes, signalSchema } from '../residual/signal.js';
import { networkConfigSchema } from './config.js';

const share = z.number().min(0).max(1);

/** Measures on one set of clips; every share in [0, 1]. */
export const cardMetricsSchema = z.strictObject({
  /** What was measured, for example `fold 9 (8 subjects never seen)`. */
  split: z.string().min(1),
  /** Clips. */
  n: z.int().min(0),
  /** Weighted average recall: the accuracy. */
  war: share,
  /** Unweighted average recall over the classes. */
  uar: share,
  macroF1: share,
  /** Expected calibration error, ten bins. */
  ece: share.optional(),
  byCondition: z.record(z.string(), z.strictObject({ n: z.int().min(0), war: share, uar: share.optional() })),
  /** The same for groups of people (age, gender, ...) where the data set names them. */
  byGroup: z.record(z.string(), z.strictObject({ n: z.int().min(0), war: share, uar: share.optional() })),
});

export const modelCardSchema = z
  .strictObject({
    name: z.string().min(1).max(100),
    version: z.string().min(1).max(50),
    /** Class names in the order of the network's outputs. */
    labels: z.array(z.string().min(1).max(50)).min(2).max(100),
    signal: signalSchema,
    network: networkConfigSchema,
    /**
     * - `gain`: planes are multiplied by the signal's gains and enter the network as they are.
     * - `gain+clip`: the same, then clipped to [-limit, limit].
     * - `standard`: each plane less its mean, over its standard deviation (`keyframes`, `decoded`).
     */
    normalisation: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('gain') }),
      z.strictObject({ kind: z.literal('gain+clip'), limit: z.number().positive() }),
      z.strictObject({ kind: z.literal('standard') }),
    ]),
    /** How T frames are chosen from a clip, in training and in use: short names, such as `even` or `jittered`. */
    sampling: z.strictObject({ training: z.string().min(1), use: z.string().min(1) }),
    data: z.strictObject({
      name: z.string().min(1),
      /** SHA-256 of the manifest file, hexadecimal. */
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      /** Where the clips were re-encoded: the data set that they come from. */
      origin: z.strictObject({ name: z.string().min(1), sha256: z.string().regex(/^[0-9a-f]{64}$/) }).optional(),
      /** Folds that training and model selection saw. */
      folds: z.array(z.union([z.int(), z.string()])),
      /** Clips trained on. */
      clips: z.int().min(0),
    }),
    licence: z.string().min(1),
    /** ISO 8601. */
    date: z.iso.date(),
    metrics: z.array(cardMetricsSchema),
    training: z.strictObject({
      seed: z.int(),
      epochs: z.number().min(0),
      /** Learning rate, weight decay and the like, as the trainer had them. */
      hyperparameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
    }),
    /**
     * The model answers for a clip and for its mirror image, and gives the normalised geometric mean of both: an expression has
     * no side. Twice the network's cost, nothing more to parse.
     */
    mirror: z.boolean().optional(),
    /** Probabilities are sharpened (below 1) or flattened (above 1) by it: p^(1 / temperature), normalised. 1 if left out. */
    temperature: z.number().positive().optional(),
    /** The networks compute in 8-bit integers, on ranges seen in so many clips of these folds (`vultus quantise`). */
    quantisation: z.strictObject({ clips: z.int().min(1), folds: z.array(z.union([z.int(), z.string()])) }).optional(),
    /** A second network in the same file reads the clip's I-frames; its log-probabilities count `weight` times. */
    keyframes: z
      .strictObject({
        weight: z.number().min(0).max(10),
        /** In the place of the one above, where there were I-frames to read. */
        temperature: z.number().positive(),
      })
      .optional(),
    intendedUse: z.string().min(1),
    forbiddenUse: z.string().min(1),
    notes: z.string(),
  })
  .refine((card) => new Set(card.labels).size === card.labels.length, { message: 'labels repeat', path: ['labels'] })
  .refine((card) => card.network.blocks.length === card.network.channels.length, {
    message: 'blocks and channels differ in length',
    path: ['network', 'blocks'],
  });

export type ModelCard = z.infer<typeof modelCardSchema>;
export type CardMetrics = z.infer<typeof cardMetricsSchema>;

/** Shape of one clip at the network's door: [T, C, S, S]. */
export function clipShape(card: Pick<ModelCard, 'signal'>): readonly [number, number, number, number] {
  const { frames, size } = card.signal;
  return [frames, signalPlanes(card.signal), size, size];
}
