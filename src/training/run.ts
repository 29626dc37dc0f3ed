/**
 * A training run from data set to model file: parse once, train on all folds but two, choose the epoch by the validation
 * fold, test it once on the test fold. Its folder holds everything needed to go on after an interruption.
 */
import { mkdir } from 'node:fs/promises';
import { finish } from './finish.js';
import type { TrainOptions, TrainResult } from './options.js';
import { openParsedClips, type ParsedClips } from './parsed-clips.js';
import { openFolder } from './run-folder.js';
import { ofSamePeople, planRun, type Run } from './run-plan.js';
import { Session } from './session.js';
import { openSideInputs } from './side-inputs.js';

export type { TrainEvents, TrainOptions, TrainResult } from './options.js';

/** Trains. Throws MalformedStreamError for the data set, ModelError for the config and the folder. */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { config, out } = options;
  const plan = await planRun(options);
  const { dataset, split, whole } = plan;

  await mkdir(out, { recursive: true });
  const checkpoint = await openFolder({ options });
  const { side, train } = await openSideInputs(options, dataset, split.train);
  const run: Run = {
    ...{ options, ...plan, side },
    split: { ...split, train },
    ofTrained: ofSamePeople(train, whole),
  };
  const parsed = [...new Set([...whole, ...split.validation])];
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
