/**
 * What all identity regularisers have in common. A regulariser keeps the expression embedding z_e free of what the
 * identity feature z_i knows: it may learn an estimator of their dependence (inner steps, z_e fixed), and charges the
 * encoder a penalty for it (outer step, estimator fixed). z_i is standardised: each dimension has mean 0 and variance 1
 * over the training clips.
 */
import { z } from 'zod';
import type { Tensor } from '../../graph/index.js';
import type { Layers } from '../../network/layers.js';

export const regulariserSchema = z
  .strictObject({
    /**
     * - `none`: no penalty (the estimator's place stays empty)
     * - `vclub`: variational contrastive log-ratio upper bound, the method's own (min-min)
     * - `l1out`: leave-one-out upper bound (min-min)
     * - `mine`: Donsker-Varadhan lower bound (min-max)
     * - `hsic`: normalised Hilbert-Schmidt independence criterion (nothing to learn)
     * - `gradient-reversal`: a predictor of z_i, whose gradient reaches the encoder reversed (min-max)
     */
    kind: z.enum(['none', 'vclub', 'l1out', 'mine', 'hsic', 'gradient-reversal']),
    /**
     * What else is known when dependence is charged: `nothing`, I(z_e; z_i), the method's own; or `expression`,
     * I(z_e; z_i | label): what z_e tells of the person beyond the expression shown. Where people show different expressions
     * (CK+), the label itself tells the person, and a penalty given nothing fights the classifier. For `vclub` and `hsic`.
     */
    given: z.enum(['nothing', 'expression']).default('nothing'),
    /** Weight of the penalty beside the cross-entropy. The bounds are sums over the dimensions of z_i: small weights do. */
    lambda: z.number().min(0).max(1e4).default(0.01),
    /** Inner steps for each outer one. 0 starves the estimator: only good for showing that the alarm rings. */
    innerSteps: z.int().min(0).max(100).default(5),
    /** Learning rate of the inner steps (AdamW of their own, constant). */
    innerLr: z.number().positive().max(1).default(2e-3),
    /** Hidden units of the estimator. */
    hidden: z.int().min(1).max(4096).default(128),
    /** Soft bound on the log-variance of q: l tanh(x / l) stays within (-l, l). */
    logVarianceLimit: z.number().positive().max(20).default(4),
    /** Fixed variance of q in place of a learned one (units of standardised z_i). */
    variance: z.number().positive().optional(),
    /** Batches whose embeddings the inner steps take turns on, the newest first. */
    memory: z.int().min(1).max(64).default(4),
    /** Epochs (fractions allowed) over which lambda rises linearly from 0: the estimator learns first. */
    warmup: z.number().min(0).default(1),
  })
  .refine(({ kind, given }) => given === 'nothing' || kind === 'vclub' || kind === 'hsic', {
    path: ['given'],
    error: 'only vclub and hsic can be given the expression',
  });

/** See the comments of `regulariserSchema`. */
export type RegulariserConfig = z.infer<typeof regulariserSchema>;

/** What a regulariser says about a batch. */
export interface Penalty {
  /** Scalar: the estimate of dependence, in nats where it bounds mutual information. Gradient flows to z_e. */
  bound: Tensor;
  /**
   * Scalar: how much better, in nats per sample, the estimator explains z_i from z_e than its marginal N(0, I) does;
   * undefined where the kind has no such figure. Below 0 the estimator is of no use.
   */
  gain?: Tensor;
}

/** One kind of regulariser. Both functions build graphs and ask `layers` for the same weights. */
export interface Regulariser {
  /** Scalar that the estimator descends, for z_e [n, e] and z_i [n, d] fixed; undefined where nothing is learned. */
  inner: ((layers: Layers, ze: Tensor, zi: Tensor) => Tensor) | undefined;
  /**
   * The penalty on z_e [n, e], the estimator fixed; undefined for `none`. `among` [n, n] averages over the rows that each
   * row is compared with: all of the batch, or those of its label (`averageOfAll`, `averageOfLabel`).
   */
  penalty: ((layers: Layers, ze: Tensor, zi: Tensor, among: Tensor) => Penalty) | undefined;
}
