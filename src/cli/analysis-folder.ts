/**
 * `vultus analyze --out`: result files in a folder, and what came of every input. A second run goes on where the first was
 * stopped: a file whose bytes' size and time, options and model are the same is not read again, nor a part of a long one.
 */
import { appendFile, mkdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { writeWhole } from '../files/write-whole.js';
import { renderBatch } from '../report/batch.js';
import { summariseVideo, type VideoSummary } from '../report/batch-summary.js';
import { csvText } from '../report/csv.js';
import type { PartResult } from '../timeline/part-result.js';
import type { AnalysisResult } from '../timeline/result.js';
import { analyzeAll, type BatchJob } from './analysis-batch.js';
import { indexFile, outputNames, resultsExist, sha, writeResults } from './analysis-files.js';
import { endings, type Format } from './analysis-formats.js';

/** What came of one input; a row of summary.json and summary.csv. */
export interface FolderRow {
  file: string;
  status: 'done' | 'failed';
  error: string | null;
  /** Seconds; faces with a timeline; label of the longest segment. */
  duration: number | null;
  faces: number | null;
  label: string | null;
}

export interface FolderOptions {
  out: string;
  formats: readonly Format[];
  jobs: readonly BatchJob[];
  model: { url: URL; hash: string; name: string; version: string };
  workers: number;
  /** Of vultus. */
  version: string;
  signal: AbortSignal;
  /** Called with each row in the order of the jobs, as they come; `before`: an earlier run made it. */
  onRow: (row: FolderRow, before: boolean) => Promise<void>;
}

/** What is remembered of a finished file, one line each. */
interface Done {
  key: string;
  row: FolderRow;
  /** For the page of the batch; only kept where one is made. */
  summary?: VideoSummary;
}

const stateFile = '.vultus-analyze.jsonl';
const partsFolder = '.vultus-parts';

/** Analyses what is not done yet; gives all rows in the order of the jobs. */
export async function analyzeToFolder(options: FolderOptions): Promise<FolderRow[]> {
  const { out, jobs, model, version, formats, onRow } = options;
  await mkdir(out, { recursive: true });
  const date = new Date();
  const names = outputNames(jobs.map(({ file }) => file));
  const pathOf = (file: string) => join(out, names.get(file)!);
  const before = await readState(join(out, stateFile));
  const keys = new Map<BatchJob, string>();
  const known = new Map<BatchJob, Done>();
  for (const job of jobs) {
    const key = await keyOf(job, options);
    keys.set(job, key);
    const done = before.get(key);
    if (done && (await resultsExist(pathOf(job.file), formats))) known.set(job, done);
  }
  const rows: FolderRow[] = [];
  const summaries: (VideoSummary | null)[] = [];
  const kept = keptParts(join(out, partsFolder), (job) => keys.get(job)!);
  const answers = analyzeAll(
    jobs.filter((job) => !known.has(job)),
    { ...options, model: model.url, kept },
  );
  try {
    for (const job of jobs) {
      const { file } = job;
      let done = known.get(job);
      let row = done?.row;
      if (!row) {
        const answer = (await answers.next()).value!.answer;
        if ('result' in answer) {
          await writeResults(pathOf(file), file, answer.result, { formats, version, date });
          row = doneRow(file, answer.result);
          done = { key: keys.get(job)!, row };
          if (formats.includes('report')) done.summary = summariseVideo(answer.result);
          // Only what is done is remembered: a failed file is tried again.
          await appendFile(join(out, stateFile), `${JSON.stringify(done)}\n`);
          await kept.remove(job);
        } else {
          const words = String(answer.error.message);
          const error = words.startsWith(`${file}: `) ? words.slice(file.length + 2) : words;
          row = { file, status: 'failed', error, duration: null, faces: null, label: null };
        }
      }
      rows.push(row);
      summaries.push(done?.summary ?? null);
      await onRow(row, known.has(job));
    }
  } finally {
    await answers.return();
  }
  const summary = { version, model: { name: model.name, version: model.version, hash: model.hash }, files: rows };
  await writeWhole(join(out, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  const columns = ['file', 'status', 'error', 'duration', 'faces', 'label'] as const;
  await writeWhole(join(out, 'summary.csv'), csvText([columns, ...rows.map((row) => columns.map((c) => row[c]))]));
  if (formats.includes('report')) {
    const shown = rows.map(({ file, error }, i) => ({
      ...{ file, error, summary: summaries[i]! },
      report: error === null ? `${names.get(file)}${endings.report}` : null,
    }));
    await writeWhole(join(out, indexFile), await renderBatch(shown, { version, date, model }));
  }
  return rows;
}

/** The parts of long videos that were read, until the video is done: a file each. */
function keptParts(folder: string, keyOf: (job: BatchJob) => string) {
  const own = (job: BatchJob) => join(folder, keyOf(job));
  const path = (job: BatchJob, part: number) => join(own(job), `${part}.bin`);
  return {
    async get(job: BatchJob, part: number): Promise<PartResult | undefined> {
      const bytes = await readFile(path(job, part)).catch(() => undefined);
      return bytes && (deserialize(bytes) as PartResult);
    },
    async put(job: BatchJob, part: number, result: PartResult): Promise<void> {
      await mkdir(own(job), { recursive: true });
      await writeWhole(path(job, part), serialize(result));
    },
    async remove(job: BatchJob): Promise<void> {
      await rm(own(job), { recursive: true, force: true });
      // Not empty while others are under way.
      await rmdir(folder).catch(() => undefined);
    },
  };
}

function doneRow(file: string, { duration, faces }: AnalysisResult): FolderRow {
  const seconds = new Map<string, number>();
  for (const { label, start, end } of faces.flatMap((face) => face.segments)) {
    seconds.set(label, (seconds.get(label) ?? 0) + end - start);
  }
  const label = [...seconds].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
  return { file, status: 'done', error: null, duration: Number(duration.toFixed(3)), faces: faces.length, label };
}

/** What makes a result the same: path, size and time of the file, options, model and version. */
async function keyOf({ file, options }: BatchJob, { model, version, formats }: FolderOptions): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  const path = resolve(file);
  return sha(JSON.stringify([path, found?.size, found?.mtimeMs, options, model.hash, version, formats]));
}

/** What earlier runs finished, by key. A last line that was cut off is passed over. */
async function readState(path: string): Promise<Map<string, Done>> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const all = new Map<string, Done>();
  for (const line of text.split('\n')) {
    try {
      const done = JSON.parse(line) as Done;
      all.set(done.key, done);
    } catch {}
  }
  return all;
}
