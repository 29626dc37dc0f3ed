/** What a trainer is given, what a step gives back, and what a trainer can do. `createTrainer` in loop.ts makes one. */
import type { NetworkConfig } from '../network/config.js';
import type { Prediction } from '../network/model.js';
import type { WeightSet } from '../network/weights.js';
import type { Signal } from '../residual/signal.js';
import type { ApexConfig } from './losses/apex.js';
import type { RegulariserConfig } from './losses/regulariser.js';
import type { Random } from './random.js';
import type { StillBatch, StillsConfig } from './stills.js';

/** Optimiser and schedule. */
export interface Hyperparameters {
  /** Length of the cosine schedule. */
  epochs: number;
  /** Peak learning rate. */
  lr: number;
  /** Decoupled weight decay (AdamW), for matrices and kernels; biases and batch norm are not decayed. */
  weightDecay: number;
  /** Epochs (fractions allowed) over which the learning rate rises linearly from 0. */
  warmup: number;
  /** Bound on the global norm of the gradients; `Infinity` for none. */
  clip: number;
  /** Share of the target spread evenly over all classes. */
  labelSmoothing: number;
  /** Decay of the moving average of the weights, for example 0.99; absent for none. When set, `predict` and `weights` use the average. */
  ema?: number;
}

/** What a step reads beside clips and labels. */
export interface SideBatch {
  /** z_i, standardised over the training clips: [batch, d]. Wanted where there is a game. */
  identity?: Float32Array;
  /** Wanted where the options have `stills`. */
  stills?: StillBatch | undefined;
  /** Grey faces from 0 to 1: [batch, 48 x 48], zeros where there is none. Absent without the apex constraint. */
  apex?: Float32Array;
  /** 1 where the clip has an apex face, 0 elsewhere: [batch]. */
  apexWeights?: Float32Array;
}

/** Losses beside the cross-entropy. */
export interface GameOptions {
  regulariser?: RegulariserConfig | undefined;
  apex?: ApexConfig | undefined;
  /** Size of z_i. */
  identitySize: number;
}

/** A network, its data, its optimiser. */
export interface TrainerOptions {
  network: NetworkConfig;
  signal: Signal;
  /** Number of classes. */
  classes: number;
  /** Clips per step: every step takes exactly this many. */
  batch: number;
  /** Steps per epoch, for the schedule. */
  stepsPerEpoch: number;
  hyper: Hyperparameters;
  /** Left out: cross-entropy alone. */
  game?: GameOptions;
  /** A second network on I-frames; left out: none. */
  stills?: StillsConfig | undefined;
  /** Of the initial weights and of dropout. */
  seed: number;
  /** Threads inside an operator. */
  threads: number;
  /** Prefix of the file into which onnxruntime writes a profile of the steps at `close`; none if absent. */
  profile?: string;
}

/** What a step says of its batch. */
export interface StepResult {
  /** Mean cross-entropy of the batch, before the update. */
  loss: number;
  /** Clips of the batch whose label had the highest logit (batch statistics, dropout on). */
  correct: number;
  /** Global norm of the gradients before clipping. */
  gradNorm: number;
  /** Learning rate of this step. */
  lr: number;
  /** What the regulariser says of the batch, before the update; absent without one. */
  penalty?: {
    /** The estimate of dependence; below 0 it is charged as 0. */
    bound: number;
    /** How much better than its marginal the estimator explains z_i, in nats; absent where the kind has no such figure. */
    gain?: number;
    /** The weight that the penalty had. */
    lambda: number;
    /** Mean loss of the inner steps that followed; absent where there were none. */
    inner?: number;
  };
  /** Mean absolute difference between drawn and true apex face; absent without the constraint. */
  apex?: number;
}

/** A network in training. Close it when done. */
export interface Trainer {
  readonly options: TrainerOptions;
  /** Steps done. */
  readonly steps: number;
  /** Kept in checkpoints; the sampler may draw from it between steps. */
  readonly random: Random;
  /**
   * One update. `input` is float32 [batch, T, C, S, S], `labels` int32 [batch] in 0..classes-1, `weights` float32 [batch]
   * (1 each if absent); `side` is wanted where the options have a game or stills. The arrays are read before the promise settles and
   * may be reused afterwards.
   */
  step(input: Float32Array, labels: Int32Array, weights?: Float32Array, side?: SideBatch): Promise<StepResult>;
  /**
   * Inference with the running statistics and the current (or averaged) weights; `input` is float32 [n, T, C, S, S], any n.
   * With `stills`, `keys` are the I-frames of each clip, or `undefined` for one without.
   */
  predict(input: Float32Array, n: number, keys?: readonly (Float32Array | undefined)[]): Promise<Prediction>;
  /**
   * Begins with the weights and statistics of a trained network of this shape instead of fresh ones, both networks' where there
   * are two. Before the first step. Throws ModelError where they do not fit.
   */
  start(weights: WeightSet, stills?: WeightSet): void;
  /** Copies of weights and running statistics, as `exportModel` takes them. */
  weights(): WeightSet;
  /** The same of the second network; undefined where there is none. */
  stillWeights(): WeightSet | undefined;
  /** Weights, optimiser state, step, generator: safetensors. `metadata` is kept beside it. */
  saveCheckpoint(metadata?: Readonly<Record<string, string>>): Uint8Array;
  /** Continues where `saveCheckpoint` was called; returns its metadata. Throws ModelError when it is not of this network. */
  loadCheckpoint(bytes: Uint8Array): Record<string, string>;
  /** Frees the run-time's sessions. */
  close(): Promise<void>;
}
