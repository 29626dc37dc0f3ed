/** `vultus/training`: a whole run, or its parts. */
export { type AblateOptions, type AblateResults, ablate, type CellResults } from './ablate.js';
export { apexFaces } from './apex-faces.js';
export { type Batch, Batches, type BatchesOptions, evenBatches, type LabelledClip } from './batches.js';
export type { FeatureSource } from './clip-features.js';
export { ClipStore, defaultCacheFolder, openClipStore, type StoreDescription } from './clip-store.js';
export { parseTrainingConfig, type TrainingConfig, trainingConfigSchema } from './config.js';
export { type CrossvalOptions, type CrossvalResults, crossval } from './crossval.js';
export { faceIdentity } from './face-identity.js';
export { type Grid, type GridCell, readGrid } from './grid.js';
export {
  createTrainer,
  type GameOptions,
  type Hyperparameters,
  type StepResult,
  type Trainer,
  type TrainerOptions,
} from './loop.js';
export { type Protocol, parseProtocol, protocolSchema, selectClips } from './protocol.js';
export { Random, type RandomState } from './random.js';
export type { EpochRecord } from './record.js';
export { type TrainEvents, type TrainOptions, type TrainResult, train } from './run.js';
export { type Augmentation, augmentationSchema, defaultAugmentation } from './sampling.js';
