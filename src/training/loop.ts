/** One training step after another: a network, its optimiser and their state. */
import type { NetworkConfig } from '../network/config.js';
import type { Prediction } from '../network/model.js';
import type { WeightSet } from '../network/weights.js';
import type { Signal } from '../residual/signal.js';
import type { Random } from './random.js';

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
  /** Of the initial weights and of dropout. */
  seed: number;
  /** Threads inside an operator. */
  threads: number;
}

export interface StepResult {
  /** Mean loss of the batch, before the update. */
  loss: number;
  /** Clips of the batch whose label had the highest logit (batch statistics, dropout on). */
  correct: number;
  /** Global norm of the gradients before clipping. */
  gradNorm: number;
  /** Learning rate of this step. */
  lr: number;
}

export interface Trainer {
  readonly options: TrainerOptions;
  /** Steps done. */
  readonly steps: number;
  /** Kept in checkpoints; the sampler may draw from it between steps. */
  readonly random: Random;
  /**
   * One update. `input` is float32 [batch, T, C, S, S], `labels` int32 [batch] in 0..classes-1, `weights` float32 [batch]
   * (1 each if absent). The arrays are read before the promise settles and may be reused afterwards.
   */
  step(input: Float32Array, labels: Int32Array, weights?: Float32Array): Promise<StepResult>;
  /** Inference with the running statistics and the current (or averaged) weights; `input` is float32 [n, T, C, S, S], any n. */
  predict(input: Float32Array, n: number): Promise<Prediction>;
  /** Copies of weights and running statistics, as `exportModel` takes them. */
  weights(): WeightSet;
  /** Weights, optimiser state, step, generator: safetensors. `metadata` is kept beside it. */
  saveCheckpoint(metadata?: Readonly<Record<string, string>>): Uint8Array;
  /** Continues where `saveCheckpoint` was called; returns its metadata. Throws ModelError when it is not of this network. */
  loadCheckpoint(bytes: Uint8Array): Record<string, string>;
  /** Frees the run-time's sessions. */
  close(): Promise<void>;
}

export declare function createTrainer(options: TrainerOptions): Promise<Trainer>;
