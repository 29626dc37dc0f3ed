/** `vultus/training`: a whole run, or its parts. */
export { type Batch, Batches, type BatchesOptions, evenBatches, type LabelledClip } from './batches.js';
export { ClipStore, defaultCacheFolder, openClipStore, type StoreDescription } from './clip-store.js';
export { parseTrainingConfig, type TrainingConfig, trainingConfigSchema } from './config.js';
export {
  createTrainer,
  type Hyperparameters,
  type StepResult,
  type Trainer,
  type TrainerOptions,
} from './loop.js';
export { Random, type RandomState } from './random.js';
export type { EpochRecord } from './record.js';
export { type TrainEvents, type TrainOptions, type TrainResult, train } from './run.js';
export { type Augmentation, augmentationSchema, defaultAugmentation } from './sampling.js';
