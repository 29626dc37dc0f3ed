/** Result files in a folder: their names and their contents. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { writeWhole } from '../files/write-whole.js';
import { windowsCsv } from '../report/csv.js';
import { renderReport } from '../report/html.js';
import { analysisJson } from '../report/json.js';
import { windowsJsonLines } from '../report/json-lines.js';
import { windowsParquet } from '../report/parquet.js';
import { segmentsVtt } from '../report/webvtt.js';
import type { AnalysisResult } from '../timeline/result.js';
import { endings, type Format } from './analysis-formats.js';

/** The page of a batch, beside the results. */
export const indexFile = 'index.html';

/** What is asked of the result files. */
export interface FileOptions {
  formats: readonly Format[];
  /** Version of vultus and date, for reports. */
  version: string;
  date: Date;
}

type Content = (file: string, result: AnalysisResult, options: FileOptions) => Promise<string | Uint8Array>;

const contents: Readonly<Record<Format, Content>> = {
  json: async (file, result) => `${JSON.stringify(analysisJson(file, result), null, 2)}\n`,
  jsonl: async (file, result) => windowsJsonLines(file, result),
  csv: async (file, result) => windowsCsv(file, result, true),
  parquet: async (file, result) => windowsParquet(file, result),
  webvtt: async (_, result) => segmentsVtt(result),
  report: (file, result, { version, date }) => renderReport([{ file, result }], { version, date, index: indexFile }),
};

/** Writes a file per format; `path` is theirs without the ending. */
export async function writeResults(
  path: string,
  file: string,
  result: AnalysisResult,
  options: FileOptions,
): Promise<void> {
  for (const format of options.formats) {
    await writeWhole(`${path}${endings[format]}`, await contents[format](file, result, options));
  }
}

export async function resultsExist(path: string, formats: readonly Format[]): Promise<boolean> {
  for (const format of formats) {
    if (!(await stat(`${path}${endings[format]}`).catch(() => undefined))) return false;
  }
  return true;
}

/** What the input's result files are called: its name, with a part of its path's hash where several inputs have the same. */
export function outputNames(files: readonly string[]): Map<string, string> {
  const counts = new Map<string, number>();
  const plain = (file: string) => basename(resolve(file));
  // As on file systems that do not tell capitals from small letters.
  const folded = (file: string) => plain(file).toLowerCase();
  for (const file of files) counts.set(folded(file), (counts.get(folded(file)) ?? 0) + 1);
  // `index` and `summary` are the batch's own.
  const taken = (file: string) => counts.get(folded(file)) !== 1 || /^(index|summary)$/.test(folded(file));
  const name = (file: string) => (taken(file) ? `${plain(file)}-${sha(resolve(file)).slice(0, 8)}` : plain(file));
  return new Map(files.map((file) => [file, name(file)]));
}

export function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
