/**
 * `vultus analyze --out`: result files in a folder, one for each input and format, and what came of every input. A second run goes
 * on where the first was stopped: a file whose bytes' size and time, options and model are the same is not read again.
 */
import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { writeWhole } from '../files/write-whole.js';
import { analysisJson, windowsCsv } from '../report/json.js';
import { windowsJsonLines } from '../report/json-lines.js';
import { segmentsVtt } from '../report/webvtt.js';
import type { AnalysisResult } from '../timeline/result.js';
import { analyzeAll, type BatchJob } from './analysis-batch.js';
import type { Format } from './analysis-formats.js';
import { notice, oneLine, progress } from './output.js';

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
  version: string;
  signal: AbortSignal;
}

const endings: Readonly<Record<Format, string>> = { json: '.json', jsonl: '.jsonl', csv: '.csv', webvtt: '.vtt' };
const stateFile = '.vultus-analyze.jsonl';

/** Analyses what is not done yet; gives all rows in the order of the jobs. */
export async function analyzeToFolder(options: FolderOptions): Promise<FolderRow[]> {
  const { out, jobs, model, version } = options;
  await mkdir(out, { recursive: true });
  const names = outputNames(jobs.map(({ file }) => file));
  const done = await readState(join(out, stateFile));
  const keys = await Promise.all(jobs.map((job) => keyOf(job, options)));
  const rows = new Map<string, FolderRow>();
  const left: BatchJob[] = [];
  for (const [i, job] of jobs.entries()) {
    const row = done.get(keys[i]!);
    if (row && (await filesExist(out, names.get(job.file)!, options.formats))) rows.set(job.file, row);
    else left.push(job);
  }
  if (rows.size > 0) notice(`${rows.size} of ${jobs.length} files were done before`);
  let finished = rows.size;
  for await (const { job, answer } of analyzeAll(left, { ...options, model: model.url })) {
    let row: FolderRow;
    if ('result' in answer) {
      await writeResults(join(out, names.get(job.file)!), job.file, answer.result, options.formats);
      row = doneRow(job.file, answer.result);
      // Only what is done is remembered: a failed file is tried again.
      await appendFile(join(out, stateFile), `${JSON.stringify({ key: keys[jobs.indexOf(job)], row })}\n`);
    } else {
      const words = String(answer.error.message);
      const error = words.startsWith(`${job.file}: `) ? words.slice(job.file.length + 2) : words;
      row = { file: job.file, status: 'failed', error, duration: null, faces: null, label: null };
      notice(`vultus: ${oneLine(`${job.file}: ${error}`)}`);
    }
    rows.set(job.file, row);
    progress(`${++finished} of ${jobs.length} files`);
  }
  const ordered = jobs.map(({ file }) => rows.get(file)!);
  const summary = { version, model: { name: model.name, version: model.version, hash: model.hash }, files: ordered };
  await writeWhole(join(out, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  await writeWhole(join(out, 'summary.csv'), summaryCsv(ordered));
  return ordered;
}

async function writeResults(path: string, file: string, result: AnalysisResult, wanted: readonly Format[]) {
  const text: Record<Format, () => string> = {
    json: () => `${JSON.stringify(analysisJson(file, result), null, 2)}\n`,
    jsonl: () => windowsJsonLines(file, result),
    csv: () => windowsCsv(file, result, true),
    webvtt: () => segmentsVtt(result),
  };
  for (const format of wanted) await writeWhole(`${path}${endings[format]}`, text[format]());
}

function doneRow(file: string, { duration, faces }: AnalysisResult): FolderRow {
  const seconds = new Map<string, number>();
  for (const { label, start, end } of faces.flatMap((face) => face.segments)) {
    seconds.set(label, (seconds.get(label) ?? 0) + end - start);
  }
  const label = [...seconds].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
  return { file, status: 'done', error: null, duration: Number(duration.toFixed(3)), faces: faces.length, label };
}

/** The file's name, with a part of its path's hash where several inputs have the same. */
export function outputNames(files: readonly string[]): Map<string, string> {
  const counts = new Map<string, number>();
  const plain = (file: string) => basename(resolve(file));
  // As on file systems that do not tell capitals from small letters.
  const folded = (file: string) => plain(file).toLowerCase();
  for (const file of files) counts.set(folded(file), (counts.get(folded(file)) ?? 0) + 1);
  return new Map(
    files.map((file) => [
      file,
      counts.get(folded(file)) === 1 ? plain(file) : `${plain(file)}-${sha(resolve(file)).slice(0, 8)}`,
    ]),
  );
}

/** What makes a result the same: path, size and time of the file, options, model and version. */
async function keyOf({ file, options }: BatchJob, { model, version, formats }: FolderOptions): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  const path = resolve(file);
  return sha(JSON.stringify([path, found?.size, found?.mtimeMs, options, model.hash, version, formats]));
}

async function filesExist(out: string, name: string, wanted: readonly Format[]): Promise<boolean> {
  const found = await Promise.all(
    wanted.map((format) => stat(join(out, `${name}${endings[format]}`)).catch(() => undefined)),
  );
  return found.every((entry) => entry !== undefined);
}

/** Rows of earlier runs by key. A last line that was cut off is passed over. */
async function readState(path: string): Promise<Map<string, FolderRow>> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const rows = new Map<string, FolderRow>();
  for (const line of text.split('\n')) {
    try {
      const { key, row } = JSON.parse(line) as { key: string; row: FolderRow };
      rows.set(key, row);
    } catch {}
  }
  return rows;
}

function summaryCsv(rows: readonly FolderRow[]): string {
  const quote = (value: unknown) => {
    const text = value === null ? '' : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const columns = ['file', 'status', 'error', 'duration', 'faces', 'label'] as const;
  return [columns, ...rows.map((row) => columns.map((column) => quote(row[column])))]
    .map((cells) => `${cells.join(',')}\r\n`)
    .join('');
}

function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
