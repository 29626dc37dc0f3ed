/** The card of a trained model, out of the run that made it. */
import { createHash } from 'node:crypto';
import type { Dataset } from '../dataset/dataset.js';
import type { Split } from '../dataset/folds.js';
import type { DatasetClip } from '../dataset/manifest.js';
import type { Metrics } from '../evaluation/metrics.js';
import { type ClipOutcome, type EvaluationReport, reportOf } from '../evaluation/report.js';
import type { CardMetrics, ModelCard } from '../network/card.js';
import type { Normalisation } from '../residual/tensor.js';
import type { TrainingConfig } from './config.js';
import type { TrainOptions } from './options.js';
import { packageVersion } from './package-version.js';
import type { EpochRecord } from './record.js';

export interface CardSource {
  config: TrainingConfig;
  labels: string[];
  normalisation: Normalisation;
  dataset: Dataset;
  split: Split;
  options: TrainOptions;
  /** The epoch that was chosen. */
  chosen: EpochRecord;
  test: EvaluationReport | undefined;
}

const trainedOn = 'trained on: no score of new people';

export function cardOf(source: CardSource): ModelCard {
  const { config, labels, normalisation, dataset, split, options, chosen, test } = source;
  const { augmentation } = config;
  const seen = [...split.train, ...split.validation, ...(options.everyone ? split.test : [])];
  const { n, war, uar, macroF1 } = chosen.validation;
  const metrics: CardMetrics[] = [
    {
      split: `validation fold ${options.validationFold} (${options.everyone ? trainedOn : 'the epoch was chosen by it'})`,
      ...{ n, war, uar, macroF1 },
      byCondition: {},
      byGroup: {},
    },
  ];
  if (test) {
    metrics.push({
      ...cardMetricsOf(test),
      split: `test fold ${options.testFold} (${options.everyone ? trainedOn : `${test.subjects} subjects never seen`})`,
    });
  }
  return {
    name: config.name,
    version: packageVersion(),
    labels,
    signal: config.signal,
    network: config.network,
    normalisation,
    sampling: { training: augmentation.jitter ? 'even, jittered' : 'even', use: 'even' },
    data: {
      name: dataset.name,
      sha256: dataset.hash,
      ...(dataset.origin && { origin: { name: dataset.origin.name, sha256: dataset.origin.hash } }),
      folds: [...new Set(seen.map((row) => row.fold))].sort((a, b) => a - b),
      clips: split.train.length,
    },
    ...(config.mirror && { mirror: true }),
    licence: 'MIT',
    date: new Date().toISOString().slice(0, 10),
    metrics,
    training: {
      seed: config.seed,
      epochs: config.epochs,
      hyperparameters: {
        batch: config.batch,
        lr: config.lr,
        weightDecay: config.weightDecay,
        warmup: config.warmup,
        clip: config.clip,
        labelSmoothing: config.labelSmoothing,
        ema: config.ema ?? null,
        chosenEpoch: chosen.epoch,
        ...(options.start && {
          start: `weights ${createHash('sha256').update(options.start).digest('hex').slice(0, 12)}`,
        }),
        ...flat('regulariser', config.regulariser),
        ...flat('apex', config.apex),
        ...(config.stills && { 'stills.drop': config.stills.drop, 'stills.alone': config.stills.alone }),
        ...(options.protocol && { protocol: options.protocol.name }),
        ...Object.fromEntries(Object.entries(augmentation).map(([key, value]) => [`augmentation.${key}`, value])),
      },
    },
    intendedUse:
      'Research on and demonstration of expression recognition in compressed video: which of the labels the visible movement of one face resembles.',
    forbiddenUse:
      'Inferring what a person feels, thinks or intends; identification, surveillance, hiring, education, law enforcement, or any decision about a person.',
    notes: [dataset.name, dataset.origin?.name].some((name) => name?.includes('london-expressions'))
      ? 'Trained on semi-synthetic clips: real faces, scripted motion. Scores say nothing about recorded behaviour. Based on the Face Research Lab London Set (DeBruine & Jones 2017, CC BY 4.0).'
      : '',
  };
}

/** What a card says of a report. */
export function cardMetricsOf({ n, war, uar, macroF1, ece, byCondition, byGroup }: EvaluationReport) {
  return { n, war, uar, macroF1, ece, byCondition: short(byCondition), byGroup: short(byGroup) };
}

/** Scores on a test fold whose people the model never saw: over all codecs, and for each. */
export function testMetrics(
  clips: readonly DatasetClip[],
  outcomes: readonly ClipOutcome[],
  labels: readonly string[],
  fold: number,
): CardMetrics[] {
  const report = reportOf(outcomes, labels);
  const metrics: CardMetrics[] = [
    { ...cardMetricsOf(report), split: `test fold ${fold} (${report.subjects} subjects never seen), all codecs` },
  ];
  for (const codec of [...new Set(clips.map((row) => row.codec))].sort()) {
    const paths = new Set(clips.filter((row) => row.codec === codec).map(({ path }) => path));
    const part = reportOf(
      outcomes.filter(({ path }) => paths.has(path)),
      labels,
    );
    metrics.push({ ...cardMetricsOf(part), split: `test fold ${fold}, ${codec}` });
  }
  return metrics;
}

/** Scores of a model's recipe as scores of another model of it, which learnt from more people. */
export function sameRecipe(tested: ModelCard): CardMetrics[] {
  return tested.metrics.map((one) => ({
    ...one,
    split: `the same recipe, trained on folds ${tested.data.folds.join(', ')}: ${one.split}`,
  }));
}

/** An optional part of the config as `name.key` entries. */
function flat(name: string, part: object | undefined): Record<string, number | string> {
  return Object.fromEntries(Object.entries(part ?? {}).map(([key, value]) => [`${name}.${key}`, value]));
}

function short(groups: Record<string, Metrics>): CardMetrics['byCondition'] {
  return Object.fromEntries(Object.entries(groups).map(([name, { n, war, uar }]) => [name, { n, war, uar }]));
}
