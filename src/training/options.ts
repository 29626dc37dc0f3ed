/** What a training run is given, what it tells while it goes, what it gives back. */
import type { EvaluationReport } from '../evaluation/report.js';
import type { FeatureSource } from './clip-features.js';
import type { TrainingConfig } from './config.js';
import type { Protocol } from './protocol.js';
import type { EpochRecord } from './record.js';
import type { RunLeakage } from './run-figures.js';

/** One training run. */
export interface TrainOptions {
  /** Folder of the data set. */
  data: string;
  config: TrainingConfig;
  /** Folder of the run; made if need be. */
  out: string;
  validationFold: number;
  testFold: number;
  /**
   * Trains on the clips of all folds, those two included: the last epoch is taken, and what is said of the two folds is no
   * score of new people. For a model whose recipe was tested without it.
   */
  everyone?: boolean;
  /** Bytes of a run's `best.safetensors`: weights to begin with, of a network of the same shape. Fresh ones if left out. */
  start?: Uint8Array | undefined;
  threads: number;
  /** Folder of the clip cache. */
  cache: string;
  /** Go on with the run in `out`. Without it, a folder that holds a run is refused. */
  resume: boolean;
  /** Check the files' sums first. */
  verify?: boolean;
  /** Which of the training clips are trained on; all by default. Validation and test stay whole. */
  protocol?: Protocol;
  /** Where z_i comes from; needed when the config names a regulariser or the apex constraint. */
  identity?: FeatureSource;
  /** Where apex faces come from; needed when the config names the apex constraint. */
  apex?: FeatureSource;
  /** Also ask how much of the person z_e tells, on training and on test clips (`evaluation/leakage.ts`). */
  leakage?: boolean;
  events?: Partial<TrainEvents>;
  /** Stops after the step under way, with a checkpoint; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** What a run tells while it goes. */
export interface TrainEvents {
  /** A word on what is going on, once. */
  notice(text: string): void;
  /** Clips verified, parsed or tested. */
  work(what: 'verifying' | 'parsing' | 'describing' | 'testing', done: number, all: number): void;
  /** After every step; `remaining` in seconds, for all epochs. */
  step(state: { epoch: number; epochs: number; step: number; steps: number; loss: number; remaining: number }): void;
  epoch(record: EpochRecord, epochs: number, remaining: number): void;
}

/** What a finished run is. */
export interface TrainResult {
  model: string;
  /** Epoch chosen by validation, from 1. */
  bestEpoch: number;
  test: EvaluationReport;
  /** Where it was asked for. */
  leakage?: RunLeakage;
  /** Clips x samples per second, mean over the epochs. */
  framesPerSecond: number;
  /** Of all epochs. */
  seconds: number;
}
