/** What a run leaves behind while it goes: one line per epoch in `record.jsonl`, files that are whole or not there. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../files/write-whole.js';
import type { GameRecord } from './game-record.js';

/** One epoch. */
export interface EpochRecord {
  /** From 1. */
  epoch: number;
  /** Means over the epoch's training batches, with dropout and augmentation. */
  loss: number;
  trainAccuracy: number;
  /** Mean norm of the gradients before clipping. */
  gradNorm: number;
  /** Learning rate of the last step. */
  lr: number;
  /** On the validation fold. */
  validation: { n: number; war: number; uar: number; macroF1: number; loss: number };
  /** Clips x samples per second of training. */
  framesPerSecond: number;
  /** Seconds of training and validation. */
  seconds: number;
  /** Whether this is the best epoch so far, by validation. */
  best: boolean;
  /** The game against identity, where there is one. */
  game?: GameRecord;
}

export class TrainingRecord {
  readonly epochs: EpochRecord[];
  readonly #path: string;

  private constructor(path: string, epochs: EpochRecord[]) {
    this.#path = path;
    this.epochs = epochs;
  }

  /** Starts a record, or goes on with the first `keep` epochs of the one that is there. */
  static async open(folder: string, keep: number): Promise<TrainingRecord> {
    const path = join(folder, 'record.jsonl');
    const text = keep === 0 ? '' : await readFile(path, 'utf8').catch(() => '');
    const lines = text.split('\n').filter((line) => line !== '');
    return new TrainingRecord(
      path,
      lines.slice(0, keep).map((line) => JSON.parse(line) as EpochRecord),
    );
  }

  async add(epoch: EpochRecord): Promise<void> {
    this.epochs.push(epoch);
    await writeWhole(this.#path, this.epochs.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }
}
