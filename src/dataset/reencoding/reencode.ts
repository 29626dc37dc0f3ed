/**
 * A data set to one that shows its clips as other encoders would have coded them: a row per clip and variant, with the clip's
 * label, person, fold and annotated frames. Models that shall not depend on one encoder's settings learn from it. What is
 * done is kept; what is interrupted goes on, and ends with the same bytes.
 */
import { createHash } from 'node:crypto';
import { copyFile, link, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import { MalformedStreamError, ModelError, UnsupportedStreamError } from '../../errors.js';
import { replaceWhole, writeWhole } from '../../files/write-whole.js';
import { findFfmpeg } from '../../ingest/ffmpeg.js';
import { openVideo } from '../../video.js';
import { type CsvTable, parseTable } from '../csv.js';
import { loadDataset } from '../dataset.js';
import { requiredColumns } from '../manifest.js';
import { convertClip, exactness, factsOf, sha256Of } from '../preparation/convert.js';
import { checkSources } from '../preparation/sources.js';
import { type Outcome, PreparationState } from '../preparation/state.js';
import { attempt, inParallel, refuseInside, remembered, type Workplace } from '../preparation/work.js';
import { facesTextOf, manifestOf, type NewRow, type SourceRow } from './tables.js';
import { containerOf, recipeOf, type Variant } from './variants.js';

/** Raised when a clip would come out differently from the same source. */
const version = 1;

export interface ReencodeOptions {
  /** Folder of the source. */
  data: string;
  /** Folder of the new data set; made if need be. */
  out: string;
  variants: readonly Variant[];
  /** The source's rows of this codec are re-encoded; `mpeg4` by default. */
  from?: string;
  /** What becomes of the source's own rows, of whatever codec: left out (default), or their files linked or copied. */
  originals?: 'none' | 'link' | 'copy';
  /** Clips in work at the same time; 1 by default. */
  jobs?: number;
  events?: Partial<ReencodeEvents>;
  /** Stops after the clips in work; the promise rejects with the signal's reason, and the next run goes on from there. */
  signal?: AbortSignal | undefined;
}

export interface ReencodeEvents {
  /** After each clip in each variant. */
  progress(done: number, all: number): void;
  /** A clip that cannot be encoded, at once. */
  fault(fault: ReencodeFault): void;
}

/** What is not in the new data set, and why. */
export interface ReencodeFault {
  /** Relative to the source. */
  path: string;
  variant: string;
  reason: string;
}

/** `reencoded.json`. */
export interface ReencodeReport {
  format: 'vultus-reencoded';
  version: 1;
  source: { name: string; codec: string; manifest: string };
  /** First words of `ffmpeg -version`. */
  tool: string;
  originals: number;
  variants: (Variant & { clips: number })[];
  faults: ReencodeFault[];
}

/**
 * Re-encodes. Throws MalformedStreamError for a source that is no data set and where no clip could be encoded, ModelError where
 * `out` holds something else or lies in the source or a variant has the name of a codec that is kept, UnsupportedStreamError
 * without ffmpeg. A clip that cannot be read is a line of the report.
 */
export async function reencode(options: ReencodeOptions): Promise<ReencodeReport> {
  const { variants, from = 'mpeg4', originals = 'none', events, signal } = options;
  const [root, out] = [resolve(options.data), resolve(options.out)];
  const source = await openSource(root);
  const rows = source.manifest.rows.map(({ values }) => values);
  const chosen = rows.filter(({ codec }) => codec === from);
  if (chosen.length === 0) {
    const codecs = [...new Set(rows.map(({ codec }) => codec))].join(', ');
    throw new ModelError(`no clip of ${options.data} has the codec ${from}: there are ${codecs}`);
  }
  const twin = originals === 'none' ? undefined : variants.find(({ name }) => rows.some(({ codec }) => codec === name));
  if (twin) throw new ModelError(`${twin.name} is the codec of clips that are kept: give the variant another name`);
  await refuseInside(out, root, 'the source');
  const ffmpeg = await findFfmpeg('of these variants');
  await mkdir(out, { recursive: true });
  const state = await PreparationState.open(join(out, 'prepared.jsonl'), `variants of ${from}`);
  const encoder = new Encoder({ root, out, state }, ffmpeg, signal);
  const stems = stemsOf(chosen.map(({ path }) => path!));

  const items = chosen.flatMap((row) => variants.map((variant) => ({ row, variant })));
  const outcomes = new Map<string, Outcome>();
  let done = 0;
  await inParallel(items, Math.max(1, options.jobs ?? 1), async ({ row, variant }) => {
    signal?.throwIfAborted();
    const path = `variants/${variant.name}/${stems.get(row.path!)}.${containerOf(variant)}`;
    const outcome = await encoder.outcome(row.path!, path, variant);
    outcomes.set(`${variant.name} ${row.path}`, outcome);
    if (outcome.kind === 'skip') {
      events?.fault?.({ path: row.path!, variant: variant.name, reason: outcome.reason });
    }
    events?.progress?.(++done, items.length);
  });
  const result = await resultOf(rows, { from, variants, originals: originals !== 'none' }, outcomes, encoder);
  if (originals !== 'none') for (const { path } of rows) await bring(join(root, path!), join(out, path!), originals);
  return await write(out, source, { from, tool: ffmpeg.tool }, variants, result);
}

interface SourceTables {
  name: string;
  manifest: CsvTable;
  faces: CsvTable | undefined;
  hash: string;
}

/** Reads the tables as they stand, after all checks of a data set, with whatever labels it has. */
async function openSource(root: string): Promise<SourceTables> {
  const read = (file: string) => readFile(join(root, file), 'utf8').catch(() => undefined);
  const text = await read('manifest.csv');
  const manifest = text === undefined ? undefined : parseTable(text, 'manifest.csv', requiredColumns);
  const labels = [...new Set(manifest?.rows.map(({ values }) => values.emotion!))];
  const { name, hash } = await loadDataset(root, { labels });
  const faces = await read('faces.csv');
  return {
    name,
    hash,
    manifest: manifest!,
    faces: faces === undefined ? undefined : parseTable(faces, 'faces.csv', []),
  };
}

/** Paths without their endings, where that leaves them different. */
function stemsOf(paths: readonly string[]): Map<string, string> {
  const stem = (path: string) => path.slice(0, path.length - extname(path).length);
  const seen = new Map<string, number>();
  for (const path of paths) seen.set(stem(path), 1 + (seen.get(stem(path)) ?? 0));
  return new Map(paths.map((path) => [path, seen.get(stem(path)) === 1 ? stem(path) : path]));
}

/** Makes single clips. */
class Encoder implements Workplace {
  readonly root: string;
  readonly out: string;
  readonly state: PreparationState;
  readonly #ffmpeg: { path: string; tool: string };
  readonly #signal: AbortSignal | undefined;

  constructor(place: Workplace, ffmpeg: { path: string; tool: string }, signal: AbortSignal | undefined) {
    this.root = place.root;
    this.out = place.out;
    this.state = place.state;
    this.#ffmpeg = ffmpeg;
    this.#signal = signal;
  }

  /** One clip in one variant. */
  async outcome(from: string, to: string, variant: Variant): Promise<Outcome> {
    const source = { kind: 'video', path: from } as const;
    const settings = createHash('sha256')
      .update(JSON.stringify([version, variant, exactness, this.#ffmpeg.tool, to]))
      .digest('hex');
    const job = { clip: `${variant.name} ${from}`, source, settings };
    return await remembered(this, job, () =>
      attempt(this.#signal, async (signal) => {
        await checkSources(this.root, job);
        const { frames, width, height } = await this.sizeOf(from);
        const file = join(this.out, to);
        await mkdir(dirname(file), { recursive: true });
        const notes: string[] = [];
        const facts = await replaceWhole(file, async (partial) => {
          const recipe = recipeOf(variant, { width, height });
          const place = { root: this.root, ffmpeg: this.#ffmpeg.path, to: partial, turn: 0, signal, recipe } as const;
          const complaint = await convertClip(job, place);
          if (complaint) notes.push(`ffmpeg on the way: ${complaint}`);
          return (await factsOf(partial, frames)).facts;
        });
        return { kind: 'clip', path: to, sha256: await sha256Of(file), ...facts, faces: [], notes };
      }),
    );
  }

  /** Of the source. Throws UnsupportedStreamError for a rotated video. */
  async sizeOf(path: string): Promise<{ frames: number; width: number; height: number }> {
    const video = await openVideo(join(this.root, path));
    try {
      const { frameCount: frames, width, height, rotation } = video;
      // A player would turn it; ffmpeg does, and the boxes would be those of another picture.
      if (rotation !== 0) throw new UnsupportedStreamError('a rotated video', 're-encode it upright first');
      return { frames, width, height };
    } finally {
      video.close();
    }
  }
}

interface Result {
  rows: NewRow[];
  faults: ReencodeFault[];
}

async function resultOf(
  rows: readonly SourceRow[],
  { from, variants, originals }: { from: string; variants: readonly Variant[]; originals: boolean },
  outcomes: ReadonlyMap<string, Outcome>,
  encoder: Encoder,
): Promise<Result> {
  const result: Result = { rows: [], faults: [] };
  for (const source of rows) {
    if (originals) result.rows.push({ original: source });
    if (source.codec !== from) continue;
    for (const { name, scale } of variants) {
      const outcome = outcomes.get(`${name} ${source.path}`)!;
      if (outcome.kind === 'skip') {
        result.faults.push({ path: source.path!, variant: name, reason: outcome.reason });
        continue;
      }
      const { path, sha256, width, height } = outcome;
      const before = scale === 1 ? undefined : await encoder.sizeOf(source.path!);
      const scaled = before && { x: width / before.width, y: height / before.height };
      result.rows.push({ source, path, variant: name, sha256, facts: outcome, scaled });
    }
  }
  return result;
}

/** Puts an original beside the variants. Across file systems a link is a copy. */
async function bring(from: string, to: string, how: 'link' | 'copy'): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rm(to, { force: true });
  if (
    how === 'link' &&
    (await link(from, to).then(
      () => true,
      () => false,
    ))
  )
    return;
  await copyFile(from, to);
}

async function write(
  out: string,
  source: SourceTables,
  { from, tool }: { from: string; tool: string },
  variants: readonly Variant[],
  { rows, faults }: Result,
): Promise<ReencodeReport> {
  const made = rows.flatMap((row) => ('original' in row ? [] : [row.variant]));
  const report: ReencodeReport = {
    ...{ format: 'vultus-reencoded', version: 1, tool },
    source: { name: source.name, codec: from, manifest: source.hash },
    originals: rows.length - made.length,
    variants: variants.map((variant) => ({ ...variant, clips: made.filter((name) => name === variant.name).length })),
    faults,
  };
  await writeWhole(join(out, 'reencoded.json'), `${JSON.stringify(report, null, 2)}\n`);
  if (made.length === 0) {
    throw new MalformedStreamError(`no clip could be encoded; ${join(out, 'reencoded.json')} says why for each`);
  }
  await writeWhole(join(out, 'manifest.csv'), manifestOf(source.manifest.columns, rows));
  if (source.faces) await writeWhole(join(out, 'faces.csv'), facesTextOf(source.faces, rows));
  else await rm(join(out, 'faces.csv'), { force: true });
  return report;
}
