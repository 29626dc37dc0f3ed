/** `vultus analyze`: the main job. */

import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Command, InvalidArgumentError } from 'commander';
import type { Rect } from '../../bitstream/frame.js';
import { writeWhole } from '../../files/write-whole.js';
import { clock } from '../../report/format.js';
import type { ReportEntry } from '../../report/html.js';
import { type Format, formats } from '../analysis-formats.js';
import { forEachFile } from '../batch.js';
import { UsageError } from '../failure.js';
import { expandInputs } from '../inputs.js';
import { modelNamed } from '../models.js';
import { parseCount, parseFaces, parseSeconds, parseShare } from '../options.js';
import { clearProgress, notice, oneLine, print, progress } from '../output.js';
import { packageVersion } from '../version.js';

interface Options {
  model?: string;
  faces: 'auto' | 'frame' | Rect;
  reanchor?: boolean;
  json?: boolean;
  csv?: boolean;
  report?: string | true;
  window?: number;
  hop?: number;
  part?: number;
  threshold?: number;
  thumbnails: number;
  out?: string;
  format?: Format[];
  jobs?: number;
}

const notes = `
Faces are located on key frames and followed by motion vectors; each face has a timeline of its own. --faces frame takes the
whole picture for one face, --faces x,y,w,h a box in luma pixels. The labels name expressions, not what anyone feels. Inferring emotions of people at work
or in education is prohibited in the European Union (Regulation (EU) 2024/1689, Article 5(1)(f)).

Codecs other than MPEG-4 Part 2, H.263 and progressive 8-bit H.264 are converted by ffmpeg first: from VULTUS_FFMPEG, the PATH, or the package
@ffmpeg-installer/ffmpeg.

Examples:
  $ vultus analyze clip.mp4
  $ vultus analyze talk.avi --faces 120,80,160,160 --report talk.html
  $ vultus analyze *.mp4 --json > results.jsonl
  $ vultus analyze recordings/ 'more/**/*.{mp4,mkv}' --out results --format json,csv,parquet --report`;

export function registerAnalyze(program: Command, signal: AbortSignal): void {
  program
    .command('analyze')
    .argument('<video...>', 'video files, folders of them, or patterns in quotes')
    .summary('tell the facial expression over time')
    .description('Tells the facial expression over time, from the residual and the motion vectors of P-frames.')
    .option(
      '--model <file>',
      'default, int8 (the same, quicker), residual (P-frames alone, as the paper), or a model of vultus train',
    )
    .option('--faces <auto|frame|x,y,w,h>', 'which faces to read', parseFaces, 'auto')
    .option(
      '--reanchor',
      'decode P-frames to locate faces anew where following has become unsure (default: none is decoded)',
    )
    .option('--json', 'one JSON object per video')
    .option('--csv', 'one line per window')
    .option('--out <dir>', 'result files in this folder, on all cores; a second run goes on where the first stopped')
    .option(
      '--format <list>',
      'with --out: json, jsonl, csv, parquet, webvtt, separated by commas (default: json)',
      parseFormats,
    )
    .option('--jobs <n>', 'with --out: worker threads (default: one a core)', parseCount)
    .option(
      '--report [file.html]',
      'also write a report to look at; with --out, without a name: one per video, and index.html',
    )
    .option('--thumbnails <n>', 'pictures of each face in the report', parseCount, 10)
    .option('--window <s>', 'length of a window in seconds (default: 1.2)', parseSeconds)
    .option('--hop <s>', 'seconds from one window to the next (default: 0.2)', parseSeconds)
    .option(
      '--part <s>',
      'seconds after which a long video is read on from a key frame, faces located afresh; with --out, on another core (default: 300)',
      parseSeconds,
    )
    .option('--threshold <p>', 'below this probability a moment is uncertain (default: 0.5)', parseShare)
    .addHelpText('after', notes)
    .action((files: string[], options: Options) => run(files, options, signal));
}

async function run(files: string[], options: Options, signal: AbortSignal): Promise<void> {
  const { model: path, faces, json = false, csv = false, report, window, hop, part, threshold } = options;
  if (json && csv) throw new UsageError('--json and --csv exclude each other');
  if (options.out !== undefined) return await runToFolder(files, options, signal);
  if (report === true) throw new UsageError('--report needs the name of a file, or --out');
  if (report && !/\.html?$/i.test(report)) throw new UsageError(`--report ${report}: name a file that ends in .html`);
  if (options.format || options.jobs !== undefined) throw new UsageError('--format and --jobs go with --out');
  const inputs = await expandInputs(files);
  const { analyze } = await import('../../analyze.js');
  const { loadFaceNetworks } = await import('../../face/networks/index.js');
  const { loadModel } = await import('../../network/model.js');
  const { windowsCsv } = await import('../../report/csv.js');
  const { analysisJson } = await import('../../report/json.js');
  const { analysisText } = await import('../../report/text.js');

  const model = await loadModel(modelNamed(path ?? 'default'));
  // Loaded once for all files; without them each file says what it does instead.
  const networks = faces === 'auto' ? await loadFaceNetworks().catch(() => undefined) : undefined;
  const entries: ReportEntry[] = [];
  let first = true;
  try {
    await forEachFile(inputs, signal, { json }, async (file) => {
      const analysis = analyze(file, {
        ...(networks && { networks }),
        ...{ model, signal, thumbnails: report ? options.thumbnails : 0 },
        faces,
        ...(options.reanchor && { reanchor: true }),
        ...(window !== undefined && { window }),
        ...(hop !== undefined && { hop }),
        ...(part !== undefined && { part }),
        ...(threshold !== undefined && { threshold }),
        onNotice: (text) => notice(`vultus: ${file}: ${text}`),
        onProgress: ({ read, all }) => progress(`${file}: ${read} of ${all} P-frames`),
      });
      const result = await analysis.result().catch(asUsage);
      clearProgress();
      if (json) await print(JSON.stringify(analysisJson(file, result)));
      else if (csv) await print(windowsCsv(file, result, first).trimEnd());
      else await print(analysisText(oneLine(file), result, process.stdout.columns ?? 100));
      first = false;
      if (report) entries.push({ file: basename(file), result });
    });
  } finally {
    await networks?.close();
    await model.close();
  }
  if (!report || entries.length === 0) return;
  const { renderReport } = await import('../../report/html.js');
  await writeWhole(report, await renderReport(entries, { version: packageVersion(), date: new Date() }));
  notice(`report: ${report}`);
}

/** `--out`: every file gets its result files, and the folder a summary. Exit code 1 if any failed. */
async function runToFolder(files: string[], options: Options, signal: AbortSignal): Promise<void> {
  const { out, model: path, faces, window, hop, part, threshold, json, csv, report } = options;
  if (json || csv) throw new UsageError('--out takes --format rather than --json and --csv');
  if (typeof report === 'string') {
    throw new UsageError(`--report ${report}: with --out, reports are named after the videos; leave the name out`);
  }
  const started = performance.now();
  const { loadModel } = await import('../../network/model.js');
  const { analyzeToFolder } = await import('../analysis-folder.js');
  const named = modelNamed(path ?? 'default');
  const url = named instanceof URL ? named : pathToFileURL(named);
  const model = await loadModel(url, { signal });
  const { hash, card } = model;
  await model.close();
  const inputs = await expandInputs(files);
  const settings = {
    faces,
    ...(options.reanchor && { reanchor: true }),
    ...(window !== undefined && { window }),
    ...(hop !== undefined && { hop }),
    ...(part !== undefined && { part }),
    ...(threshold !== undefined && { threshold }),
    ...(report && { thumbnails: options.thumbnails }),
  };
  const seen = { rows: 0, before: 0 };
  const rows = await analyzeToFolder({
    ...{ out: out!, signal, version: packageVersion() },
    formats: [...(options.format ?? ['json']), ...(report ? (['report'] as const) : [])],
    jobs: inputs.map((file) => ({ file, options: settings })),
    model: { url, hash, name: card.name, version: card.version },
    workers: Math.max(1, options.jobs || availableParallelism()),
    async onRow({ file, error, faces, label }, before) {
      seen.rows++;
      if (before) seen.before++;
      clearProgress();
      if (error !== null) notice(`vultus: ${file}: ${error}`);
      else await print(`${oneLine(file)}: ${faces === 1 ? '1 face' : `${faces} faces`}${label ? `, ${label}` : ''}`);
      progress(`${seen.rows} of ${inputs.length} files`);
    },
  });
  clearProgress();
  const failed = rows.filter(({ status }) => status === 'failed').length;
  const video = rows.reduce((sum, { duration }) => sum + (duration ?? 0), 0);
  const took = `${clock(video)} of video in ${clock((performance.now() - started) / 1000)}`;
  const before = seen.before > 0 ? `, ${seen.before} of them before` : '';
  const where = report ? `${out}/index.html, ${out}/summary.csv` : `${out}/summary.csv`;
  await print(`${rows.length - failed} of ${rows.length} files analysed${before}; ${failed} failed; ${took}; ${where}`);
  if (failed > 0) process.exitCode = 1;
}

function parseFormats(text: string): Format[] {
  const asked = text.split(',').map((part) => part.trim());
  const unknown = asked.find((name) => !(formats as readonly string[]).includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`Expected some of ${formats.join(', ')}.`);
  return formats.filter((format) => asked.includes(format));
}

/** A face box outside the picture is a mistake of the command line, not of the file. */
function asUsage(error: unknown): never {
  if (error instanceof RangeError && error.message.startsWith('face box '))
    throw new UsageError(`--faces: ${error.message}`);
  throw error;
}
