/**
 * A training run from data set to model file: parse once, train on all folds but two, choose the epoch by the validation
 * fold, test it once on the test fold. Its folder holds everything needed to go on after an interruption.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { labelsOf, loadDataset } from '../dataset/dataset.js';
import { splitByFold } from '../dataset/folds.js';
import { knownLabels } from '../dataset/manifest.js';
import { ModelError } from '../errors.js';
import type { Normalisation } from '../residual/tensor.js';
import type { TrainingConfig } from './config.js';
import { finish } from './finish.js';
import type { TrainOptions, TrainResult } from './options.js';
import { openParsedClips, type ParsedClips } from './parsed-clips.js';
import { selectClips } from './protocol.js';
import { openFolder } from './run-folder.js';
import type { Run } from './run-plan.js';
import { Session } from './session.js';
import { openSideInputs } from './side-inputs.js';

export type { TrainEvents, TrainOptions, TrainResult } from './options.js';

/** Trains. Throws MalformedStreamError for the data set, ModelError for the config and the folder. */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { config, out, events } = options;
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
  const whole = options.everyone ? { ...folds, train: rows } : folds;
  const selection = options.protocol && selectClips(options.protocol, whole.train, dataset.clips);
  const split = { ...whole, train: selection?.clips ?? whole.train };
  const labels = labelsOf(rows, config.labels ?? knownLabels);
  const untrained = labels.filter((label) => !split.train.some((row) => row.emotion === label));
  if (untrained.length > 0) throw new ModelError(`no training clip shows ${untrained.join(', ')}`);

  await mkdir(out, { recursive: true });
  const checkpoint = await openFolder({ options });
  const { side, train } = await openSideInputs(options, dataset, split.train);
  const run: Run = {
    ...{ options, dataset, labels, side, protocolHash: selection?.hash },
    split: { ...split, train },
    ofTrained: whole.train.filter((row) => train.some(({ subject }) => subject === row.subject)),
    normalisation: normalisationOf(config),
  };
  const parsed = [...new Set([...whole.train, ...whole.validation])];
  const store = await openParsedClips(options, dataset, parsed);
  let stills: ParsedClips | undefined;
  try {
    if (config.stills) {
      const pictures = { ...options, config: { ...config, signal: config.stills.signal } };
      stills = await openParsedClips(pictures, dataset, parsed);
    }
    return await finish(run, store, await new Session(run, store, stills).run(checkpoint));
  } finally {
    store.close();
    stills?.close();
  }
}

function normalisationOf({ limit, signal }: TrainingConfig): Normalisation {
  if (signal.kind === 'keyframes' || signal.kind === 'decoded') return { kind: 'standard' };
  return limit === undefined ? { kind: 'gain' } : { kind: 'gain+clip', limit };
}
