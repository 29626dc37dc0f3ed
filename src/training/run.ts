/**
 * A training run from data set to model file: parse once, train on all folds but two, choose the epoch by the validation
 * fold, test it once on the test fold. Its folder holds everything needed to go on after an interruption.
 */
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dataset, labelsOf, loadDataset } from '../dataset/dataset.js';
import { type Split, splitByFold } from '../dataset/folds.js';
import { type DatasetClip, knownLabels } from '../dataset/manifest.js';
import { ModelError } from '../errors.js';
import { evaluateClips } from '../evaluation/evaluate.js';
import { confusionMatrix, metricsOf } from '../evaluation/metrics.js';
import { type EvaluationReport, reportOf } from '../evaluation/report.js';
import { exportModel, loadModel } from '../network/model.js';
import { readSafetensors, writeSafetensors } from '../network/weights.js';
import type { Normalisation } from '../residual/tensor.js';
import { Batches, evenBatches, type LabelledClip } from './batches.js';
import type { ClipStore } from './clip-store.js';
import type { TrainingConfig } from './config.js';
import { createTrainer, type Trainer } from './loop.js';
import { cardOf } from './model-card.js';
import { packageVersion } from './package-version.js';
import { openParsedClips } from './parsed-clips.js';
import { type EpochRecord, TrainingRecord, writeWhole } from './record.js';
import { recordHtml } from './record-html.js';

export interface TrainOptions {
  /** Folder of the data set. */
  data: string;
  config: TrainingConfig;
  /** Folder of the run; made if need be. */
  out: string;
  validationFold: number;
  testFold: number;
  threads: number;
  /** Folder of the clip cache. */
  cache: string;
  /** Go on with the run in `out`. Without it, a folder that holds a run is refused. */
  resume: boolean;
  /** Check the files' sums first. */
  verify?: boolean;
  events?: Partial<TrainEvents>;
  /** Stops after the step under way, with a checkpoint; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

export interface TrainEvents {
  /** A word on what is going on, once. */
  notice(text: string): void;
  /** Clips verified, parsed or tested. */
  work(what: 'verifying' | 'parsing' | 'testing', done: number, all: number): void;
  /** After every step; `remaining` in seconds, for all epochs. */
  step(state: { epoch: number; step: number; steps: number; loss: number; remaining: number }): void;
  epoch(record: EpochRecord, epochs: number, remaining: number): void;
}

export interface TrainResult {
  model: string;
  /** Epoch chosen by validation, from 1. */
  bestEpoch: number;
  test: EvaluationReport;
  /** Clips x samples per second, mean over the epochs. */
  framesPerSecond: number;
  /** Of all epochs. */
  seconds: number;
}

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
  const split = splitByFold(rows, options.validationFold, options.testFold);
  const labels = labelsOf(rows, config.labels ?? knownLabels);
  const untrained = labels.filter((label) => !split.train.some((row) => row.emotion === label));
  if (untrained.length > 0) throw new ModelError(`no training clip shows ${untrained.join(', ')}`);

  await mkdir(out, { recursive: true });
  const run: Run = { options, dataset, split, labels, normalisation: normalisationOf(config) };
  const checkpoint = await openFolder(run);
  const store = await openParsedClips(options, dataset, [...split.train, ...split.validation]);
  try {
    return await new Session(run, store).run(checkpoint);
  } finally {
    store.close();
  }
}

interface Run {
  options: TrainOptions;
  dataset: Dataset;
  split: Split;
  labels: string[];
  normalisation: Normalisation;
}

function normalisationOf({ limit, signal }: TrainingConfig): Normalisation {
  if (signal.kind === 'keyframes') return { kind: 'standard' };
  return limit === undefined ? { kind: 'gain' } : { kind: 'gain+clip', limit };
}

/** What makes two runs the same: a checkpoint goes on only with this unchanged. */
function identityOf({ options, dataset }: Run): string {
  const { config, validationFold, testFold } = options;
  return JSON.stringify({ config, data: dataset.hash, faces: dataset.facesHash, validationFold, testFold });
}

/** The checkpoint to go on with, if any. */
async function openFolder({ options }: Run): Promise<Uint8Array | undefined> {
  const path = join(options.out, 'checkpoint.safetensors');
  const exists = await stat(path).catch(() => undefined);
  if (!exists) {
    if (options.resume) options.events?.notice?.(`nothing to resume in ${options.out}: starting anew`);
    return undefined;
  }
  if (!options.resume) throw new ModelError(`${options.out} holds a run already: add --resume, or name another --out`);
  return await readFile(path);
}

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
  best: { epoch: number; war: number; uar: number; loss: number } | undefined;
}

const freshEpoch = { loss: 0, correct: 0, gradNorm: 0, lr: 0, seconds: 0 };

class Session {
  readonly #run: Run;
  readonly #store: ClipStore;
  readonly #batches: Batches;
  readonly #validation: LabelledClip[];
  #progress: Progress = { ...freshEpoch, epochsDone: 0, best: undefined };

  constructor(run: Run, store: ClipStore) {
    const { config } = run.options;
    this.#run = run;
    this.#store = store;
    this.#validation = this.#labelled(run.split.validation);
    this.#batches = new Batches({
      clips: this.#labelled(run.split.train),
      sequence: (path) => store.clip(path),
      signal: config.signal,
      normalisation: run.normalisation,
      augmentation: config.augmentation,
      batch: config.batch,
      seed: config.seed,
    });
  }

  async run(checkpoint: Uint8Array | undefined): Promise<TrainResult> {
    const { config, threads, out } = this.#run.options;
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
    });
    try {
      if (checkpoint) this.#restore(trainer, checkpoint);
      const record = await TrainingRecord.open(out, this.#progress.epochsDone);
      while (this.#progress.epochsDone < config.epochs) await this.#epoch(trainer, record);
      return await this.#finish(record);
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
      const running = trainer.step(batch.input, batch.labels);
      if (step + 1 < end) batch = this.#batches.at(step + 1);
      const result = await running;
      progress.loss += result.loss;
      progress.correct += result.correct;
      progress.gradNorm += result.gradNorm;
      progress.lr = result.lr;
      const now = performance.now();
      const perStep = (now - begin) / 1000 / (trainer.steps - firstStep);
      events?.step?.({
        epoch: progress.epochsDone + 1,
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
    const best = isBetter(validation, progress.best);
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
    };
    this.#progress = { ...freshEpoch, epochsDone: epoch, best: progress.best };
    if (best) {
      const { war, uar, loss } = validation;
      this.#progress.best = { epoch, war, uar, loss };
      await writeWhole(join(out, 'best.safetensors'), writeSafetensors(trainer.weights(), { epoch: String(epoch) }));
    }
    await record.add(entry);
    await writeWhole(
      join(out, 'record.html'),
      recordHtml({ config, epochs: record.epochs, dataset: this.#run.dataset.name }),
    );
    await this.#save(trainer);
    const spent = record.epochs.reduce((sum, one) => sum + one.seconds, 0);
    events?.epoch?.(entry, config.epochs, (spent / epoch) * (config.epochs - epoch));
    if (epoch < config.epochs) signal?.throwIfAborted();
  }

  async #validate(trainer: Trainer): Promise<EpochRecord['validation']> {
    const { config } = this.#run.options;
    const { labels } = this.#run;
    const outcomes: { truth: number; predicted: number }[] = [];
    let loss = 0;
    const all = evenBatches({
      clips: this.#validation,
      sequence: (path) => this.#store.clip(path),
      signal: config.signal,
      normalisation: this.#run.normalisation,
      batch: 32,
    });
    for (const { input, clips } of all) {
      const { probabilities } = await trainer.predict(input, clips.length);
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

  /** Exports the best epoch, tests the exported file, and writes its card with the result. */
  async #finish(record: TrainingRecord): Promise<TrainResult> {
    const { options, dataset, split, labels, normalisation } = this.#run;
    const { out, config, events, signal } = options;
    const best = this.#progress.best!;
    const { weights } = readSafetensors(await readFile(join(out, 'best.safetensors')));
    const chosen = record.epochs[best.epoch - 1]!;
    const about = { config, labels, normalisation, dataset, split, options, chosen };
    const model = await loadModel(exportModel(weights, cardOf({ ...about, test: undefined })), {
      threads: options.threads,
    });
    let test: EvaluationReport;
    try {
      const { outcomes, damaged } = await evaluateClips(model, dataset, split.test, {
        onProgress: (done, all) => events?.work?.('testing', done, all),
        ...(signal && { signal }),
      });
      if (damaged.length > 0) events?.notice?.(`${damaged.length} test clips have damaged frames, which read as zero`);
      test = reportOf(outcomes, labels);
    } finally {
      await model.close();
    }
    const seconds = record.epochs.reduce((sum, one) => sum + one.seconds, 0);
    const framesPerSecond = record.epochs.reduce((sum, one) => sum + one.framesPerSecond, 0) / record.epochs.length;
    await writeWhole(join(out, 'model.onnx'), exportModel(weights, cardOf({ ...about, test })));
    await writeWhole(
      join(out, 'record.html'),
      recordHtml({ config, epochs: record.epochs, dataset: dataset.name, test, testFold: options.testFold }),
    );
    const metrics = {
      package: packageVersion(),
      data: { name: dataset.name, sha256: dataset.hash, faces: dataset.facesHash },
      folds: { validation: options.validationFold, test: options.testFold },
      clips: { train: split.train.length, validation: split.validation.length, test: split.test.length },
      config,
      bestEpoch: best.epoch,
      validation: chosen.validation,
      test,
      framesPerSecond,
      seconds,
      threads: options.threads,
    };
    await writeWhole(join(out, 'metrics.json'), `${JSON.stringify(metrics, null, 2)}\n`);
    return { model: join(out, 'model.onnx'), bestEpoch: best.epoch, test, framesPerSecond, seconds };
  }

  #labelled(rows: readonly DatasetClip[]): LabelledClip[] {
    return rows.map(({ path, emotion }) => ({ path, label: this.#run.labels.indexOf(emotion) }));
  }
}

/** Higher validation accuracy wins; between equals, the lower loss. */
function isBetter(one: { war: number; loss: number }, than: Progress['best']): boolean {
  if (!than) return true;
  return one.war > than.war || (one.war === than.war && one.loss < than.loss);
}
