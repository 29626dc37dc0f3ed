/** A run after all checks: who is trained on, validated and tested on, with which labels and side inputs. */
import type { Dataset } from '../dataset/dataset.js';
import type { Split } from '../dataset/folds.js';
import type { DatasetClip } from '../dataset/manifest.js';
import type { Normalisation } from '../residual/tensor.js';
import type { TrainOptions } from './options.js';
import type { SideInputs } from './side-inputs.js';

/** A run that has been checked and is ready to go. */
export interface Run {
  options: TrainOptions;
  dataset: Dataset;
  /** Training clips as the protocol chose them; validation and test whole. */
  split: Split;
  /** All clips of the people trained on, those too that the protocol keeps back: leakage is measured on them. */
  ofTrained: DatasetClip[];
  labels: string[];
  normalisation: Normalisation;
  /** SHA-256 of protocol and chosen clips; undefined without a protocol. */
  protocolHash: string | undefined;
  /** What the losses beside the cross-entropy read. */
  side: SideInputs | undefined;
}
