/** What comes of a cross-validation. */
import type { RunFigures, Summary } from '../evaluation/aggregate.js';
import type { TrainingConfig } from './config.js';
import type { Protocol } from './protocol.js';

/** What `results.json` holds. */
export interface CrossvalResults {
  name: string;
  package: string;
  data: { name: string; sha256: string; faces: string };
  /** The choice of clips has a hash for each fold. */
  protocol: { name: string; kind: Protocol['kind']; sha256: readonly string[] } | null;
  config: TrainingConfig;
  labels: readonly string[];
  /** Finished runs of all that were asked for, diverged ones included. */
  done: number;
  all: number;
  /** Runs that diverged; they count as done and have no figures. */
  failed: { fold: number; seed: number; why: string }[];
  summary: Record<string, Summary>;
  /** Counts over all runs: `confusion[truth][predicted]`. */
  confusion: number[][];
  /** Mean over the runs, by epoch. */
  curves: { epoch: number; trainAccuracy: number; validationWar: number }[];
  runs: RunFigures[];
}
