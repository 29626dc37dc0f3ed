/**
 * A corpus as it was downloaded to a data set that vultus trains on: clips, `manifest.csv`, `faces.csv`, `folds.json` and a
 * report. Nothing of the corpus is touched. What is done is kept; what is interrupted goes on, and ends with the same bytes.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { MalformedStreamError } from '../../errors.js';
import { partialEnding, replaceWhole, writeWhole } from '../../files/write-whole.js';
import { encoding, findFfmpeg } from '../../ingest/ffmpeg.js';
import { type Corpus, type CorpusClip, roundsOf, type Scan, type Skip } from '../corpora/corpus.js';
import { parseManifest } from '../manifest.js';
import { type FaceFinder, findBoxes, uprightness } from './boxes.js';
import { convertClip, exactness, factsOf, keepOriginal, originalEnding, sha256Of, type Turn } from './convert.js';
import { foldFile } from './fold-file.js';
import { type CorpusReport, reportOf } from './report.js';
import { corpusHtml } from './report-html.js';
import { checkSources, filesOf } from './sources.js';
import { type Outcome, PreparationState } from './state.js';
import { facesText, manifestText, type PreparedClip } from './tables.js';
import { attempt, inParallel, refuseInside, remembered } from './work.js';

/** Raised when a clip would come out differently from the same source. */
const version = 1;

export interface PrepareOptions {
  corpus: Corpus;
  /** A key of the corpus' variants. */
  variant: string;
  /** The corpus as it was unpacked. */
  root: string;
  /** Folder of the data set; made if need be. */
  out: string;
  /** Copy originals that vultus reads, rather than convert them. */
  keepCodec?: boolean;
  /** Finds the faces; without it the whole picture is the face, and stands so in `faces.csv`. */
  finder?: FaceFinder | undefined;
  /** Clips in work at the same time; 1 by default. */
  jobs?: number;
  events?: Partial<PrepareEvents>;
  /** Stops after the clips in work; the promise rejects with the signal's reason, and the next run goes on from there. */
  signal?: AbortSignal | undefined;
}

export interface PrepareEvents {
  /** After each clip. */
  progress(done: number, all: number): void;
  /** A clip that is left out by a fault of this copy, at once. */
  fault(skip: Skip): void;
}

/**
 * Prepares. Throws MalformedStreamError where the folder is not the corpus or nothing of it can be used (the report is
 * written all the same), ModelError where `out` holds another corpus or lies in `root`, UnsupportedStreamError without
 * ffmpeg. A clip that cannot be read is a row of the report.
 */
export async function prepare(options: PrepareOptions): Promise<CorpusReport> {
  const { corpus, variant, finder, events, signal } = options;
  const [root, out] = [resolve(options.root), resolve(options.out)];
  const scan = withoutTwins(await corpus.scan(root, variant));
  await refuseInside(out, root, 'the corpus');
  const ffmpeg = await findFfmpeg('of these files');
  const clipFolder = join(out, 'clips');
  await mkdir(clipFolder, { recursive: true });
  for (const file of await readdir(clipFolder)) if (file.endsWith(partialEnding)) await rm(join(clipFolder, file));
  const settings = {
    encoder: options.keepCodec ? `originals where they can be read, else ${encoding.join(' ')}` : encoding.join(' '),
    faces: finder?.name ?? 'the whole picture',
    tool: ffmpeg.tool,
  };
  const key = createHash('sha256')
    .update(JSON.stringify([version, settings, exactness]))
    .digest('hex');
  const state = await PreparationState.open(join(out, 'prepared.jsonl'), `${corpus.name} ${variant}`);
  const worker = new Worker({ ...options, root, out }, ffmpeg.path, key, state);

  const outcomes = new Map<string, Outcome>();
  let done = 0;
  await inParallel(scan.clips, Math.max(1, options.jobs ?? 1), async (clip) => {
    signal?.throwIfAborted();
    const outcome = await worker.outcome(clip);
    outcomes.set(clip.clip, outcome);
    if (outcome.kind === 'skip') events?.fault?.(skipOf(clip, outcome));
    events?.progress?.(++done, scan.clips.length);
  });

  const { prepared, skipped } = withoutDuplicates(scan.clips, outcomes);
  await removeStale(clipFolder, outcomes);
  const { distributed } = scan;
  return await writeDataSet({ ...options, out }, settings, prepared, {
    skipped: [...scan.skipped, ...skipped],
    ...(distributed && { distributed }),
  });
}

/** Of clips of one name the first is kept: the names become files. */
function withoutTwins({ clips, skipped, ...rest }: Scan): Scan {
  const names = new Map<string, CorpusClip>();
  const twins: Skip[] = [];
  for (const clip of clips) {
    const other = names.get(clip.clip);
    if (other) {
      const reason = `its name, ${clip.clip}, is that of ${filesOf(other)[0]}`;
      twins.push({ path: filesOf(clip)[0]!, kind: 'layout', reason });
    } else names.set(clip.clip, clip);
  }
  return { ...rest, clips: [...names.values()], skipped: [...skipped, ...twins] };
}

/** Files of these clips that are no outcome any more: of another ending, or of a turn that was not taken. */
async function removeStale(folder: string, outcomes: ReadonlyMap<string, Outcome>): Promise<void> {
  for (const file of await readdir(folder)) {
    const outcome = outcomes.get(file.replace(/\.[^.]*$/, ''));
    if (outcome && !(outcome.kind === 'clip' && outcome.path === `clips/${file}`)) await rm(join(folder, file));
  }
}

/** Makes single clips. */
class Worker {
  readonly #options: PrepareOptions;
  readonly #ffmpeg: string;
  readonly #key: string;
  readonly #state: PreparationState;

  constructor(options: PrepareOptions, ffmpeg: string, key: string, state: PreparationState) {
    this.#options = options;
    this.#ffmpeg = ffmpeg;
    this.#key = key;
    this.#state = state;
  }

  async outcome(clip: CorpusClip): Promise<Outcome> {
    const { root, out, signal } = this.#options;
    const job = { clip: clip.clip, source: clip.source, settings: this.#key };
    return await remembered({ root, out, state: this.#state }, job, () =>
      attempt(signal, async (limited) => {
        await checkSources(root, clip);
        return await this.#convert(clip, limited);
      }),
    );
  }

  async #convert(clip: CorpusClip, signal: AbortSignal): Promise<Outcome> {
    const upright = this.#options.finder?.upright;
    if (!(clip.source.kind === 'video' && clip.source.mayBeTurned && upright)) {
      return await this.#keepOrConvert(clip, signal);
    }
    const turned = (turn: Turn) => this.#turn(clip, turn, [`stored on its side: turned by ${turn} degrees`], signal);
    const sure = async (outcome: Outcome) =>
      outcome.kind === 'clip' ? await uprightness(join(this.#options.out, outcome.path), upright, signal) : 0;
    const scores = { 90: await sure(await turned(90)), 270: await sure(await turned(270)) };
    const way = scores[90] >= scores[270] ? 90 : 270;
    const asItIs = await this.#keepOrConvert(clip, signal);
    return (await sure(asItIs)) >= scores[way] ? asItIs : await turned(way);
  }

  async #keepOrConvert(clip: CorpusClip, signal: AbortSignal): Promise<Outcome> {
    const { root, keepCodec } = this.#options;
    if (!keepCodec || clip.source.kind !== 'video') return await this.#turn(clip, 0, [], signal);
    let refusal: string | undefined;
    try {
      return await this.#finish(clip, `clips/${clip.clip}${originalEnding(clip)}`, [], signal, async (to) => {
        refusal = await keepOriginal(clip, { root, to, signal });
        if (refusal !== undefined) throw new MalformedStreamError(refusal);
      });
    } catch (error) {
      if (refusal === undefined) throw error;
      return await this.#turn(clip, 0, [`converted although the original was to be kept: ${refusal}`], signal);
    }
  }

  async #turn(clip: CorpusClip, turn: Turn, notes: readonly string[], signal: AbortSignal): Promise<Outcome> {
    const all = [...notes];
    return await this.#finish(clip, `clips/${clip.clip}.mp4`, all, signal, async (to) => {
      const options = { root: this.#options.root, ffmpeg: this.#ffmpeg, to, turn, signal };
      const complaint = await convertClip(clip, options);
      if (complaint) all.push(`ffmpeg on the way: ${complaint}`);
    });
  }

  /** Makes the file, moves it into its place when it can be opened, and finds its faces. */
  async #finish(
    clip: CorpusClip,
    path: string,
    notes: string[],
    signal: AbortSignal,
    make: (to: string) => Promise<void>,
  ): Promise<Outcome> {
    const { out, finder } = this.#options;
    const file = join(out, path);
    const { facts, keys } = await replaceWhole(file, async (to) => {
      await make(to);
      return await factsOf(to, clip.source.kind === 'pictures' ? clip.source.paths.length : undefined);
    });
    const { width, height } = facts;
    const whole = keys.map((frame) => ({ frame, x: 0, y: 0, width, height }));
    const faces = finder ? await findBoxes(file, finder, signal) : whole;
    return { kind: 'clip', path, sha256: await sha256Of(file), ...facts, faces, notes };
  }
}

function skipOf(clip: CorpusClip, { skip, reason }: Extract<Outcome, { kind: 'skip' }>): Skip {
  const path = clip.source.kind === 'video' ? clip.source.path : clip.source.paths[0]!.replace(/\/[^/]*$/, '');
  return { path, kind: skip, reason };
}

/**
 * Of clips with the same content the one of the highest fold is kept, which keeps official test clips, and of those the first
 * by name; where they disagree on label or subject, none is, for nobody can say which is right.
 */
function withoutDuplicates(
  clips: readonly CorpusClip[],
  outcomes: ReadonlyMap<string, Outcome>,
): { prepared: PreparedClip[]; skipped: Skip[] } {
  const skipped: Skip[] = [];
  const bySum = new Map<string, PreparedClip[]>();
  for (const clip of clips) {
    const outcome = outcomes.get(clip.clip)!;
    if (outcome.kind === 'skip') {
      skipped.push(skipOf(clip, outcome));
      continue;
    }
    bySum.set(outcome.sha256, [...(bySum.get(outcome.sha256) ?? []), { clip, file: outcome }]);
  }
  const prepared: PreparedClip[] = [];
  for (const group of bySum.values()) {
    // Sorting is stable: names ascend already.
    const [first, ...rest] = group.sort((a, b) => b.clip.fold - a.clip.fold);
    const others = rest.map(({ clip }) => clip);
    const { emotion, subject, clip } = first!.clip;
    const odd = others.find((other) => other.emotion !== emotion || (other.subject !== subject && subject !== clip));
    if (!odd) prepared.push(first!);
    for (const other of odd ? [first!.clip, ...others] : others) {
      const twin = other === first!.clip ? odd!.clip : clip;
      const reason = odd
        ? `the same content as ${twin}, which has another label or subject: neither is taken`
        : `the same content as ${clip}`;
      skipped.push({ path: other.clip, kind: 'duplicate', reason });
    }
  }
  prepared.sort((a, b) => (a.clip.clip < b.clip.clip ? -1 : 1));
  return { prepared, skipped };
}

async function writeDataSet(
  { corpus, variant: name, out, finder }: PrepareOptions,
  settings: Record<string, string>,
  prepared: readonly PreparedClip[],
  { skipped, distributed }: Pick<Scan, 'skipped' | 'distributed'>,
): Promise<CorpusReport> {
  const sum = (text: string | undefined) => (text === undefined ? '' : createHash('sha256').update(text).digest('hex'));
  const variant = corpus.variants[name]!;
  const files: Record<string, string | undefined> = {};
  if (prepared.length > 0) {
    files['manifest.csv'] = manifestText(prepared);
    // The manifest's own rules, a person in one fold only among them, hold before anything is written.
    const rows = parseManifest(files['manifest.csv'], variant.labels);
    const folds = [...new Set(rows.map(({ fold }) => fold))].sort((a, b) => a - b);
    files['faces.csv'] = facesText(prepared);
    files['folds.json'] = foldFile({
      format: 'vultus-folds',
      version: 1,
      corpus: corpus.name,
      variant: name,
      protocol: variant.protocol,
      rounds: roundsOf(variant, folds),
      folds: folds.map((fold) => ({
        fold,
        subjects: [...new Set(rows.filter((row) => row.fold === fold).map(({ subject }) => subject))],
      })),
    });
  }
  const report = reportOf(corpus, name, prepared, skipped, {
    settings,
    looked: finder !== undefined,
    ...(distributed && { distributed }),
    sha256: {
      manifest: sum(files['manifest.csv']),
      faces: sum(files['faces.csv']),
      folds: sum(files['folds.json']),
    },
  });
  files['report.json'] = `${JSON.stringify(report, null, 2)}\n`;
  files['report.html'] = corpusHtml(report);
  for (const file of ['manifest.csv', 'faces.csv', 'folds.json', 'report.json', 'report.html']) {
    const text = files[file];
    if (text === undefined) await rm(join(out, file), { force: true });
    else await writeWhole(join(out, file), text);
  }
  if (prepared.length === 0) {
    throw new MalformedStreamError(
      `no clip of ${corpus.title} could be prepared; ${join(out, 'report.html')} says why for each`,
    );
  }
  return report;
}
