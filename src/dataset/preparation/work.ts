/**
 * What preparing a corpus and re-encoding a data set share: a clip is made once and remembered, a fault of its source is an
 * outcome and stops nothing, several are under way at a time, and the source folder is never written to.
 */
import { realpath } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { LimitExceededError, MalformedStreamError, ModelError, UnsupportedStreamError } from '../../errors.js';
import { sha256Of } from './convert.js';
import { hashOf, type Sourced, stampOf } from './sources.js';
import type { Outcome, PreparationState } from './state.js';

/** Seconds that one clip may take. */
const patience = 600;

export interface Workplace {
  /** Folder of the sources. */
  root: string;
  /** Folder of the data set. */
  out: string;
  state: PreparationState;
}

export interface Job extends Sourced {
  /** Unique name. */
  clip: string;
  /** Hash of all that decides how the clip comes out, but for its source. */
  settings: string;
}

/** What becomes of a clip: as it is remembered, if nothing changed since, or made now. */
export async function remembered(
  { root, out, state }: Workplace,
  job: Job,
  make: () => Promise<Outcome>,
): Promise<Outcome> {
  const { clip, settings } = job;
  const stamp = await stampOf(root, job);
  const line = state.get(clip);
  const usable = line?.settings === settings && (await isThere(out, line.outcome)) ? line : undefined;
  if (usable?.stamp === stamp) return usable.outcome;
  const source = await hashOf(root, job);
  const outcome = usable?.source === source ? usable.outcome : await make();
  await state.add({ clip, settings, stamp, source, outcome });
  return outcome;
}

async function isThere(out: string, outcome: Outcome): Promise<boolean> {
  if (outcome.kind === 'skip') return true;
  return (await sha256Of(join(out, outcome.path)).catch(() => undefined)) === outcome.sha256;
}

/** Runs `make` in bounded time. A typed error about the source is an outcome; the signal's and all others are thrown. */
export async function attempt(
  signal: AbortSignal | undefined,
  make: (signal: AbortSignal) => Promise<Outcome>,
): Promise<Outcome> {
  const limit = AbortSignal.timeout(patience * 1000);
  try {
    return await make(signal ? AbortSignal.any([signal, limit]) : limit);
  } catch (error) {
    signal?.throwIfAborted();
    const isFault = [MalformedStreamError, UnsupportedStreamError, LimitExceededError].some((c) => error instanceof c);
    if (isFault) return { kind: 'skip', skip: 'damaged', reason: (error as Error).message };
    if (limit.aborted) return { kind: 'skip', skip: 'damaged', reason: `it takes more than ${patience} seconds` };
    throw error;
  }
}

/** Works through the list with so many at a time. The first error stops it, after those under way have ended. */
export async function inParallel<T>(
  items: readonly T[],
  jobs: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < items.length && !failed) {
      try {
        await work(items[next++]!);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(jobs, items.length) }, lane));
  const rejected = lanes.find((one) => one.status === 'rejected');
  if (rejected) throw rejected.reason;
}

/**
 * Throws ModelError where the data set would be written into its source.
 * @param what the source, as the message calls it
 */
export async function refuseInside(out: string, root: string, what: string): Promise<void> {
  const base = await realpath(root);
  let place = out;
  // The part of the path that exists, links resolved.
  for (;;) {
    const found = await realpath(place).catch(() => undefined);
    if (found !== undefined) {
      place = join(found, relative(place, out));
      break;
    }
    place = resolve(place, '..');
  }
  const way = relative(base, place);
  if (way === '' || !/^\.\.([/\\]|$)|^([A-Za-z]:|[/\\])/.test(way)) {
    throw new ModelError(`--out ${out} lies in ${what}, which stays as it is: name a folder beside it`);
  }
}
