/**
 * Features of clips that training reads beside the video: the identity feature z_i, the face at its apex. They are computed
 * once and kept beside the parsed clips. A feature belongs to the clip group (rows that show the same frames in several
 * codecs share it), so the first row of each group is described. That a clip cannot be described is kept too, with the
 * reason, so that it is not tried again at every start.
 */
import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../dataset/dataset.js';
import type { DatasetClip } from '../dataset/manifest.js';
import { ModelError } from '../errors.js';

/** Computes a feature of a clip. */
export interface FeatureSource {
  /** Names the method, with network and weights if it has any: features of one name are interchangeable. */
  name: string;
  /** Length of a feature. */
  size: number;
  /** The feature of a clip of the data set. Throws MalformedStreamError, UnsupportedStreamError or LimitExceededError where it has none. */
  describe(row: DatasetClip, dataset: Dataset): Promise<Float32Array>;
}

/** What is known of some clips. */
export interface ClipFeatures {
  /** By clip group. */
  features: ReadonlyMap<string, Float32Array>;
  /** Why a clip group has none. */
  failures: ReadonlyMap<string, string>;
}

interface Line {
  clip: string;
  /** float32, base64. */
  values?: string;
  failure?: string;
}

const typedErrors = new Set(['MalformedStreamError', 'UnsupportedStreamError', 'LimitExceededError']);

/**
 * The features of all clip groups of `rows`, from the cache file in `folder` or by `source`. Interrupted work goes on where it
 * stopped. Throws ModelError when the source gives something that is no feature.
 */
export async function openFeatures(
  folder: string,
  dataset: Dataset,
  rows: readonly DatasetClip[],
  source: FeatureSource,
  options: { onProgress?: (done: number, all: number) => void; abort?: AbortSignal | undefined } = {},
): Promise<ClipFeatures> {
  const header = JSON.stringify({
    format: 'vultus-features-1',
    data: dataset.hash,
    faces: dataset.facesHash,
    source: source.name,
    size: source.size,
  });
  const key = createHash('sha256').update(header).digest('hex').slice(0, 24);
  const path = join(folder, `features-${key}.jsonl`);
  const known = await readLines(path, header, source.size);

  const groups = new Map<string, DatasetClip>();
  for (const row of rows) if (!groups.has(row.clip)) groups.set(row.clip, row);
  const missing = [...groups.values()].filter(({ clip }) => !known.has(clip));
  if (missing.length > 0) {
    await mkdir(folder, { recursive: true });
    // Whole lines only: a torn last one is dropped before more are added.
    await writeFile(path, [header, ...[...known.values()].map((line) => JSON.stringify(line)), ''].join('\n'));
  }
  for (const [i, row] of missing.entries()) {
    options.abort?.throwIfAborted();
    const line = await describe(source, row, dataset);
    known.set(row.clip, line);
    await appendFile(path, `${JSON.stringify(line)}\n`);
    options.onProgress?.(i + 1, missing.length);
  }

  const features = new Map<string, Float32Array>();
  const failures = new Map<string, string>();
  for (const clip of groups.keys()) {
    const { values, failure } = known.get(clip)!;
    if (values === undefined) failures.set(clip, failure ?? 'unknown');
    else features.set(clip, decode(values));
  }
  return { features, failures };
}

async function describe(source: FeatureSource, row: DatasetClip, dataset: Dataset): Promise<Line> {
  let values: Float32Array;
  try {
    values = await source.describe(row, dataset);
  } catch (error) {
    if (error instanceof Error && typedErrors.has(error.name)) return { clip: row.clip, failure: error.message };
    throw error;
  }
  if (values.length !== source.size || !values.every(Number.isFinite)) {
    throw new ModelError(
      `${source.name} gives ${values.length} values for ${row.path}, not ${source.size} finite ones`,
    );
  }
  return { clip: row.clip, values: Buffer.from(Float32Array.from(values).buffer).toString('base64') };
}

function decode(values: string): Float32Array {
  const bytes = Buffer.from(values, 'base64');
  return new Float32Array(new Uint8Array(bytes).buffer);
}

/** A line of the file; undefined where two processes that wrote at once tore it. */
function parseLine(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}

async function readLines(path: string, header: string, size: number): Promise<Map<string, Line>> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const [first, ...lines] = text.split('\n').slice(0, -1);
  const known = new Map<string, Line>();
  if (first !== header) return known;
  for (const text of lines) {
    const line = parseLine(text);
    if (line && (line.values === undefined || decode(line.values).length === size)) known.set(line.clip, line);
  }
  return known;
}

/**
 * Features with mean 0 and variance 1 in each dimension over the given clips (one per showing, so that people with more
 * clips count for more, as in training). A dimension that does not vary stays 0.
 */
export function standardise(
  features: ReadonlyMap<string, Float32Array>,
  over: readonly { clip: string }[],
): Map<string, Float32Array> {
  const size = features.values().next().value?.length ?? 0;
  const mean = new Float64Array(size);
  const square = new Float64Array(size);
  for (const { clip } of over) {
    const values = features.get(clip)!;
    for (let k = 0; k < size; k++) mean[k]! += values[k]! / over.length;
  }
  for (const { clip } of over) {
    const values = features.get(clip)!;
    for (let k = 0; k < size; k++) square[k]! += (values[k]! - mean[k]!) ** 2 / over.length;
  }
  const result = new Map<string, Float32Array>();
  for (const [clip, values] of features) {
    result.set(
      clip,
      values.map((v, k) => (square[k]! > 1e-12 ? (v - mean[k]!) / Math.sqrt(square[k]!) : 0)),
    );
  }
  return result;
}
