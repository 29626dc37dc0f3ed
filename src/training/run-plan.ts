/** A run after all checks: who is trained on, validated and tested on, with which labels and side inputs. */
import { join } from 'node:path';
import { type Dataset, labelsOf, loadDataset } from '../dataset/dataset.js';
import { type Split, splitByFold } from '../dataset/folds.js';
import { type DatasetClip, knownLabels } from '../dataset/manifest.js';
import { ModelError } from '../errors.js';
import type { Normalisation } from '../residual/tensor.js';
import type { TrainingConfig } from './config.js';
import type { TrainOptions } from './options.js';
import { selectClips } from './protocol.js';
import type { SideInputs } from './side-inputs.js';

/** What the data set makes of a run's options. */
export interface Plan {
  dataset: Dataset;
  /** Training clips as the protocol chose them; validation and test whole. */
  split: Split;
  /** The training clips before the protocol. */
  whole: DatasetClip[];
  labels: string[];
  normalisation: Normalisation;
  /** SHA-256 of protocol and chosen clips; undefined without a protocol. */
  protocolHash: string | undefined;
}

/** A run that has been checked and is ready to go. */
export interface Run extends Plan {
  options: TrainOptions;
  /** All clips of the people trained on, those too that the protocol keeps back: leakage is measured on them. */
  ofTrained: DatasetClip[];
  /** What the losses beside the cross-entropy read. */
  side: SideInputs | undefined;
}

/** Loads and splits. Throws MalformedStreamError for the data set, ModelError where config, folds and protocol do not fit it. */
export async function planRun(
  options: Pick<
    TrainOptions,
    'data' | 'config' | 'validationFold' | 'testFold' | 'everyone' | 'protocol' | 'verify' | 'cache' | 'events'
  >,
): Promise<Plan> {
  const { config, events } = options;
  const dataset = await loadDataset(options.data, {
    labels: [...new Set([...knownLabels, ...(config.labels ?? [])])],
    ...(options.verify && {
      verify: {
        memory: join(options.cache, 'sums.json'),
        onProgress: (done, all) => events?.work?.('verifying', done, all),
      },
    }),
  });
  const codecs = [config.codec].flat();
  const rows = dataset.clips.filter((row) => codecs.includes(row.codec));
  if (rows.length === 0) throw new ModelError(`no clip of codec ${codecs.join(', ')} in ${options.data}`);
  const folds = splitByFold(rows, options.validationFold, options.testFold);
  const whole = options.everyone ? rows : folds.train;
  const selection = options.protocol && selectClips(options.protocol, whole, dataset.clips);
  const split = { ...folds, train: selection?.clips ?? whole };
  const labels = labelsOf(rows, config.labels ?? knownLabels);
  const untrained = labels.filter((label) => !split.train.some((row) => row.emotion === label));
  if (untrained.length > 0) throw new ModelError(`no training clip shows ${untrained.join(', ')}`);
  return { dataset, split, whole, labels, normalisation: normalisationOf(config), protocolHash: selection?.hash };
}

/** Those of `whole` whose people are among `train`. */
export function ofSamePeople(train: readonly DatasetClip[], whole: readonly DatasetClip[]): DatasetClip[] {
  const people = new Set(train.map(({ subject }) => subject));
  return whole.filter(({ subject }) => people.has(subject));
}

function normalisationOf({ limit, signal }: TrainingConfig): Normalisation {
  if (signal.kind === 'keyframes' || signal.kind === 'decoded') return { kind: 'standard' };
  return limit === undefined ? { kind: 'gain' } : { kind: 'gain+clip', limit };
}
