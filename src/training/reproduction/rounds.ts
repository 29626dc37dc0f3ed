/**
 * Cross-validation of one config: a run per round, each in a folder of its own with its result. A round that is done is not
 * done again; one that was interrupted goes on. This is the one place that says how a round is trained.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Round } from '../../dataset/corpora/corpus.js';
import { LimitExceededError, MalformedStreamError, ModelError, UnsupportedStreamError } from '../../errors.js';
import type { EvaluationReport } from '../../evaluation/report.js';
import { writeWhole } from '../../files/write-whole.js';
import type { FeatureSource } from '../clip-features.js';
import type { TrainingConfig } from '../config.js';
import { type TrainEvents, train } from '../run.js';

/** A round's outcome; a file without anything that depends on the clock. */
export interface RoundResult extends Round {
  /** Hash of config, data and round: what the result belongs to. */
  identity: string;
  /** Epoch chosen by the validation fold, from 1. */
  bestEpoch: number;
  result: EvaluationReport;
}

/** A round that could not be trained or tested, and why. */
export interface FailedRound extends Round {
  error: string;
}

export interface RoundsOptions {
  /** Folder of the data set. */
  data: string;
  /** Hashes of its tables. */
  dataHash: string;
  config: TrainingConfig;
  rounds: readonly Round[];
  /** Folder of the runs. */
  out: string;
  threads: number;
  /** Folder of the clip cache. */
  cache: string;
  /** Where z_i and apex faces come from; needed when the config names them. */
  identity?: FeatureSource | undefined;
  apex?: FeatureSource | undefined;
  events?: Partial<TrainEvents>;
  signal?: AbortSignal | undefined;
  /** Called before each round. */
  onRound?: (round: Round, at: number) => void;
}

const savedSchema = z.looseObject({ identity: z.string(), bestEpoch: z.number(), result: z.looseObject({}) });

/**
 * Runs all rounds. A round that fails with an error of vultus' own is a row like the others; anything else, and an
 * interruption, is thrown.
 */
export async function runRounds(options: RoundsOptions): Promise<(RoundResult | FailedRound)[]> {
  const { rounds, out, signal, onRound } = options;
  const results: (RoundResult | FailedRound)[] = [];
  for (const [at, round] of rounds.entries()) {
    signal?.throwIfAborted();
    onRound?.(round, at);
    try {
      results.push(await runRound(options, round, join(out, `fold-${round.test}`)));
    } catch (error) {
      signal?.throwIfAborted();
      const own = [MalformedStreamError, UnsupportedStreamError, LimitExceededError, ModelError];
      if (!own.some((kind) => error instanceof kind)) throw error;
      results.push({ ...round, error: (error as Error).message });
    }
  }
  return results;
}

async function runRound(options: RoundsOptions, round: Round, folder: string): Promise<RoundResult> {
  const { data, dataHash, config, threads, cache, identity: persons, apex, events, signal } = options;
  const { test, validation } = round;
  const identity = createHash('sha256')
    .update(JSON.stringify([config, dataHash, test, validation]))
    .digest('hex');
  const path = join(folder, 'result.json');
  const saved = savedSchema.safeParse(jsonOf(await readFile(path, 'utf8').catch(() => '')));
  if (saved.success && saved.data.identity === identity) {
    return { ...round, ...(saved.data as unknown as Omit<RoundResult, keyof Round>) };
  }
  await mkdir(folder, { recursive: true });
  const begun = await stat(join(folder, 'checkpoint.safetensors')).catch(() => undefined);
  const trained = await train({
    data,
    config,
    out: folder,
    validationFold: validation,
    testFold: test,
    threads,
    cache,
    resume: begun !== undefined,
    ...(persons && { identity: persons }),
    ...(apex && { apex }),
    ...(events && { events }),
    ...(signal && { signal }),
  });
  const result: RoundResult = { ...round, identity, bestEpoch: trained.bestEpoch, result: trained.test };
  await writeWhole(path, `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
