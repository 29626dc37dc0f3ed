/** `vultus/training`: a whole run, or its parts. */
export { type AblateOptions, ablate } from './ablate.js';
export type { AblateResults, CellResults } from './ablate-results.js';
export { apexFaces } from './apex-faces.js';
export { type Batch, Batches, type BatchesOptions, evenBatches, type LabelledClip } from './batches.js';
export type { FeatureSource } from './clip-features.js';
export { ClipStore, defaultCacheFolder, openClipStore, type StoreDescription } from './clip-store.js';
export { parseTrainingConfig, type TrainingConfig, trainingConfigSchema } from './config.js';
export { type CrossvalOptions, crossval } from './crossval.js';
export type { CrossvalResults } from './crossval-results.js';
export { faceIdentity } from './face-identity.js';
export { type Grid, type GridCell, readGrid } from './grid.js';
export { createTrainer } from './loop.js';
export { type Protocol, parseProtocol, protocolSchema, selectClips } from './protocol.js';
export { Random, type RandomState } from './random.js';
export type { EpochRecord } from './record.js';
export {
  applicable,
  baseConfig,
  configOf,
  type Experiment,
  experiments,
  type LeftOut,
} from './reproduction/experiments.js';
export { type PublishedFigure, publishedFigures } from './reproduction/published.js';
export { type ReproduceOptions, type Reproduction, reproduce } from './reproduction/reproduce.js';
export type { FailedRound, RoundResult } from './reproduction/rounds.js';
export type { ExperimentSummary, OverRounds } from './reproduction/summary.js';
export { type TrainEvents, type TrainOptions, type TrainResult, train } from './run.js';
export { type Augmentation, augmentationSchema, defaultAugmentation } from './sampling.js';
export type {
  GameOptions,
  Hyperparameters,
  SideBatch,
  StepResult,
  Trainer,
  TrainerOptions,
} from './trainer.js';
