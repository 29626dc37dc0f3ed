/** A finished run as its `metrics.json` tells it, and the figures that runs are compared by. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunFigures } from '../evaluation/aggregate.js';
import type { Leakage } from '../evaluation/leakage.js';
import type { EvaluationReport } from '../evaluation/report.js';
import type { TrainingConfig } from './config.js';
import type { Protocol } from './protocol.js';
import type { EpochRecord } from './record.js';

/** Leakage of the person on both sides; null where there are too few people. */
export interface RunLeakage {
  /** On all clips of the people whom the network learnt from. */
  train: Leakage | null;
  /** On the test clips: people whom it never saw. */
  test: Leakage | null;
}

/** What is read of `metrics.json`. */
export interface RunMetrics {
  data: { name: string; sha256: string; faces: string };
  folds: { validation: number; test: number };
  clips: { train: number; validation: number; test: number };
  /** People trained on. */
  subjects: number;
  config: TrainingConfig;
  /** As the run was given it, and the hash of what it chose. */
  protocol?: Protocol & { sha256: string };
  bestEpoch: number;
  validation: { war: number };
  test: EvaluationReport;
  millisecondsPerClip: number;
  seconds: number;
  leakage?: RunLeakage;
  alarms?: number;
}

/** Metrics and epochs of a run that is done. */
export interface FinishedRun {
  metrics: RunMetrics;
  epochs: EpochRecord[];
}

/** The run in this folder, if it is finished. */
export async function readRun(folder: string): Promise<FinishedRun | undefined> {
  const text = await readFile(join(folder, 'metrics.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const record = await readFile(join(folder, 'record.jsonl'), 'utf8');
  const epochs = record.split('\n').filter((line) => line !== '');
  return { metrics: JSON.parse(text) as RunMetrics, epochs: epochs.map((line) => JSON.parse(line) as EpochRecord) };
}

/** The figures of a run, by name: `WAR`, `UAR`, `macro-F1`, then by condition and group, leakage, cost. */
export function figuresOf({ metrics }: FinishedRun): RunFigures {
  const { test, leakage } = metrics;
  const parts = { ...test.byCondition, ...test.byGroup };
  return {
    fold: metrics.folds.test,
    seed: metrics.config.seed,
    figures: {
      WAR: test.war,
      UAR: test.uar,
      'macro-F1': test.macroF1,
      ...Object.fromEntries(Object.entries(parts).map(([name, { war }]) => [`WAR, ${name}`, war])),
      'validation WAR': metrics.validation.war,
      ...leakageFigures('people trained on', leakage?.train),
      ...leakageFigures('new people', leakage?.test),
      'milliseconds per clip': metrics.millisecondsPerClip,
      'training seconds': metrics.seconds,
      'training subjects': metrics.subjects,
      ...(metrics.alarms !== undefined && { 'epochs with an alarm': metrics.alarms }),
    },
  };
}

function leakageFigures(who: string, leakage: Leakage | null | undefined): Record<string, number | null> {
  if (!leakage) return {};
  const { probe, retrieval } = leakage;
  return {
    [`probe, ${who}`]: probe.accuracy,
    [`probe chance, ${who}`]: probe.chance,
    [`probe chance given expression, ${who}`]: probe.chanceGivenExpression,
    [`retrieval, ${who}`]: retrieval.rank1,
    [`retrieval chance, ${who}`]: retrieval.chance,
    [`retrieval of other expressions, ${who}`]: retrieval.otherExpression?.rank1 ?? null,
    [`retrieval of other expressions chance, ${who}`]: retrieval.otherExpression?.chance ?? null,
  };
}

/** Whether a figure is a share, to be shown in percent. */
export function isShare(name: string): boolean {
  return !/^(milliseconds|training|epochs)/.test(name);
}
