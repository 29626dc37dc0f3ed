/** Splits that no person crosses. */
import { ModelError } from '../errors.js';
import type { DatasetClip } from './manifest.js';

export interface Split {
  train: DatasetClip[];
  validation: DatasetClip[];
  test: DatasetClip[];
}

/**
 * Test and validation are one fold each, training is the rest. Throws ModelError for folds that do not exist or are the
 * same, and when a subject would stand on two sides.
 */
export function splitByFold(clips: readonly DatasetClip[], validationFold: number, testFold: number): Split {
  const folds = [...new Set(clips.map((row) => row.fold))].sort((a, b) => a - b);
  for (const fold of [validationFold, testFold]) {
    if (!folds.includes(fold)) throw new ModelError(`there is no fold ${fold}; the data set has ${folds.join(', ')}`);
  }
  if (validationFold === testFold) throw new ModelError(`fold ${testFold} cannot be both validation and test fold`);
  const split: Split = {
    train: clips.filter((row) => row.fold !== validationFold && row.fold !== testFold),
    validation: clips.filter((row) => row.fold === validationFold),
    test: clips.filter((row) => row.fold === testFold),
  };
  if (split.train.length === 0) throw new ModelError('no fold is left to train on: three folds are the least');
  assertDisjointSubjects({ ...split });
  return split;
}

/** Throws ModelError naming the subject when one is in two of the sets. */
export function assertDisjointSubjects(sets: Readonly<Record<string, readonly DatasetClip[]>>): void {
  const seen = new Map<string, string>();
  for (const [name, clips] of Object.entries(sets)) {
    for (const { subject, path } of clips) {
      const other = seen.get(subject);
      if (other !== undefined && other !== name) {
        throw new ModelError(
          `subject ${subject} is in ${other} and, with ${path}, in ${name}: a score would mean nothing`,
        );
      }
      seen.set(subject, name);
    }
  }
}
