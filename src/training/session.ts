/** The epochs of a run: batches in, steps, validation, record, checkpoint. */
import { join } from 'node:path';
import { ModelError } from '../errors.js';
import { confusionMatrix, metricsOf } from '../evaluation/metrics.js';
import { writeWhole } from '../files/write-whole.js';
import { readSafetensors, writeSafetensors } from '../network/weights.js';
import { Batches, evenBatches, type LabelledClip } from './batches.js';
import { addGame, freshGame, type GameRecord, type GameSums, gameRecord } from './game-record.js';
import { createTrainer } from './loop.js';
import type { ParsedClips } from './parsed-clips.js';
import { type EpochRecord, TrainingRecord } from './record.js';
import { recordHtml } from './record-html.js';
import { identityOf } from './run-folder.js';
import type { Run } from './run-plan.js';
import { joinStills, splitStills, stillNormalisation } from './stills.js';
import type { Trainer } from './trainer.js';

/** Where a run stands; kept in its checkpoint. */
interface Progress {
  epochsDone: number;
  /** Sums over the steps of the epoch under way. */
  loss: number;
  correct: number;
  gradNorm: number;
  /** Of the last step. */
  lr: number;
  seconds: number;
  /** Of the epoch under way. */
  game: GameSums;
  best: { epoch: number; war: number; uar: number; loss: number } | undefined;
}

const freshEpoch = { loss: 0, correct: 0, gradNorm: 0, lr: 0, seconds: 0 };

/** What a session leaves. */
export interface Trained {
  record: TrainingRecord;
  /** From 1. */
  bestEpoch: number;
}

/** Trains the epochs of one run; use once. */
export class Session {
  readonly #run: Run;
  readonly #store: ParsedClips;
  readonly #stills: ParsedClips | undefined;
  readonly #batches: Batches;
  readonly #validation: LabelledClip[];
  #progress: Progress = { ...freshEpoch, game: freshGame(), epochsDone: 0, best: undefined };

  /** @param stills the I-frames of the same clips, where the config has a network for them */
  constructor(run: Run, store: ParsedClips, stills: ParsedClips | undefined) {
    const { config } = run.options;
    this.#run = run;
    this.#store = store;
    this.#stills = stills;
    this.#validation = labelled(run, run.split.validation);
    this.#batches = new Batches({
      clips: labelled(run, run.split.train),
      sequence: (path) => store.clip(path),
      signal: config.signal,
      normalisation: run.normalisation,
      augmentation: config.augmentation,
      batch: config.batch,
      seed: config.seed,
      variants: config.variants,
      stills: stills && {
        ...{ sequence: (path) => stills.clip(path), signal: config.stills!.signal, drop: config.stills!.drop },
        normalisation: stillNormalisation,
      },
      ...(config.minSteps !== undefined && { minSteps: config.minSteps }),
    });
  }

  /** Trains the epochs that are left; gives the record and the epoch chosen. */
  async run(checkpoint: Uint8Array | undefined): Promise<Trained> {
    const { config, threads, out, start } = this.#run.options;
    const { side } = this.#run;
    const trainer = await createTrainer({
      network: config.network,
      signal: config.signal,
      classes: this.#run.labels.length,
      batch: config.batch,
      stepsPerEpoch: this.#batches.stepsPerEpoch,
      hyper: {
        epochs: config.epochs,
        lr: config.lr,
        weightDecay: config.weightDecay,
        warmup: config.warmup,
        clip: config.clip,
        labelSmoothing: config.labelSmoothing,
        ...(config.ema !== undefined && { ema: config.ema }),
      },
      seed: config.seed,
      threads,
      stills: config.stills,
      ...(side && { game: { regulariser: config.regulariser, apex: config.apex, identitySize: side.identitySize } }),
    });
    try {
      if (checkpoint) this.#restore(trainer, checkpoint);
      else if (start) {
        const { weights, stills } = splitStills(readSafetensors(start).weights);
        trainer.start(weights, stills);
      }
      const record = await TrainingRecord.open(out, this.#progress.epochsDone);
      while (this.#progress.epochsDone < config.epochs) await this.#epoch(trainer, record);
      return { record, bestEpoch: this.#progress.best!.epoch };
    } finally {
      await trainer.close();
    }
  }

  #restore(trainer: Trainer, checkpoint: Uint8Array): void {
    const { identity, progress } = trainer.loadCheckpoint(checkpoint);
    if (identity !== identityOf(this.#run) || !progress) {
      throw new ModelError(
        `${this.#run.options.out} holds a run with another config, data set or folds: name another --out`,
      );
    }
    this.#progress = JSON.parse(progress) as Progress;
    // Checkpoints from before there was a game.
    this.#progress.game ??= freshGame();
  }

  async #epoch(trainer: Trainer, record: TrainingRecord): Promise<void> {
    const { config, events, signal, out } = this.#run.options;
    const { stepsPerEpoch } = this.#batches;
    const progress = this.#progress;
    const end = (progress.epochsDone + 1) * stepsPerEpoch;
    let batch = this.#batches.at(trainer.steps);
    let begin = performance.now();
    const firstStep = trainer.steps;
    while (trainer.steps < end) {
      const step = trainer.steps;
      // The next batch is made while the run-time is at work on this one.
      const side = { ...this.#run.side?.batch(batch.shown), stills: batch.stills };
      const running = trainer.step(batch.input, batch.labels, undefined, side);
      if (step + 1 < end) batch = this.#batches.at(step + 1);
      const result = await running;
      progress.loss += result.loss;
      progress.correct += result.correct;
      progress.gradNorm += result.gradNorm;
      progress.lr = result.lr;
      addGame(progress.game, result);
      const now = performance.now();
      const perStep = (now - begin) / 1000 / (trainer.steps - firstStep);
      events?.step?.({
        epoch: progress.epochsDone + 1,
        epochs: config.epochs,
        step: trainer.steps - end + stepsPerEpoch,
        steps: stepsPerEpoch,
        loss: result.loss,
        remaining: perStep * (config.epochs * stepsPerEpoch - trainer.steps),
      });
      if (signal?.aborted) {
        progress.seconds += (now - begin) / 1000;
        await this.#save(trainer);
        signal.throwIfAborted();
      }
    }
    const trained = progress.seconds + (performance.now() - begin) / 1000;
    begin = performance.now();
    const validation = await this.#validate(trainer);
    const seconds = trained + (performance.now() - begin) / 1000;
    const best = this.#run.options.everyone || isBetter(validation, progress.best);
    const epoch = progress.epochsDone + 1;
    const entry: EpochRecord = {
      epoch,
      loss: progress.loss / stepsPerEpoch,
      trainAccuracy: progress.correct / (stepsPerEpoch * config.batch),
      gradNorm: progress.gradNorm / stepsPerEpoch,
      lr: progress.lr,
      validation,
      framesPerSecond: (stepsPerEpoch * config.batch * config.signal.frames) / trained,
      seconds,
      best,
      ...(this.#run.side && { game: this.#gameOf(progress.game) }),
    };
    this.#progress = { ...freshEpoch, game: freshGame(), epochsDone: epoch, best: progress.best };
    if (best) {
      const { war, uar, loss } = validation;
      this.#progress.best = { epoch, war, uar, loss };
      await writeWhole(
        join(out, 'best.safetensors'),
        writeSafetensors(joinStills(trainer.weights(), trainer.stillWeights()), { epoch: String(epoch) }),
      );
    }
    await record.add(entry);
    await writeWhole(
      join(out, 'record.html'),
      recordHtml({ config, epochs: record.epochs, dataset: this.#run.dataset.name }),
    );
    await this.#save(trainer);
    const spent = record.epochs.reduce((sum, one) => sum + one.seconds, 0);
    if (entry.game?.alarm) events?.notice?.(`epoch ${epoch}: ${entry.game.alarm}`);
    events?.epoch?.(entry, config.epochs, (spent / epoch) * (config.epochs - epoch));
    if (epoch < config.epochs) signal?.throwIfAborted();
  }

  #gameOf(sums: GameSums): GameRecord {
    const { config } = this.#run.options;
    return gameRecord(sums, config.regulariser, this.#progress.epochsDone + 1, config.apex !== undefined);
  }

  async #validate(trainer: Trainer): Promise<EpochRecord['validation']> {
    const { config } = this.#run.options;
    const { labels } = this.#run;
    const outcomes: { truth: number; predicted: number }[] = [];
    let loss = 0;
    const clips = this.#validation;
    const all = evenBatches({
      clips,
      sequence: (path) => this.#store.clip(path),
      signal: config.signal,
      normalisation: this.#run.normalisation,
      batch: 32,
    });
    const stills = this.#stills;
    const pictures =
      stills &&
      evenBatches({
        clips,
        sequence: (path) => stills.clip(path),
        signal: config.stills!.signal,
        normalisation: stillNormalisation,
        batch: 32,
      });
    for (const { input, clips } of all) {
      const shown = pictures?.next().value?.input;
      const size = (shown?.length ?? 0) / clips.length;
      const keys = shown && clips.map((_, i) => shown.subarray(i * size, (i + 1) * size));
      const { probabilities } = await trainer.predict(input, clips.length, keys);
      clips.forEach(({ label }, i) => {
        const answer = probabilities.subarray(i * labels.length, (i + 1) * labels.length);
        outcomes.push({ truth: label, predicted: answer.indexOf(Math.max(...answer)) });
        loss -= Math.log(Math.max(answer[label]!, 1e-12));
      });
    }
    return { ...metricsOf(confusionMatrix(outcomes, labels.length)), loss: loss / outcomes.length };
  }

  async #save(trainer: Trainer): Promise<void> {
    const bytes = trainer.saveCheckpoint({
      identity: identityOf(this.#run),
      progress: JSON.stringify(this.#progress),
    });
    await writeWhole(join(this.#run.options.out, 'checkpoint.safetensors'), bytes);
  }
}

/** Clips with their classes. */
function labelled({ labels }: Run, rows: Run['split']['train']): LabelledClip[] {
  return rows.map(({ path, emotion, clip }) => ({ path, label: labels.indexOf(emotion), group: clip }));
}

/** Higher validation accuracy wins; between equals, the lower loss. */
function isBetter(one: { war: number; loss: number }, than: Progress['best']): boolean {
  if (!than) return true;
  return one.war > than.war || (one.war === than.war && one.loss < than.loss);
}
