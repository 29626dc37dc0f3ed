/**
 * What an expression costs: vultus beside three ways to get one from decoded pictures, on the same clips with the same
 * decisions. bench/recognise/ holds the ways (tasks.ts) and what is measured of them.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pinnedCore, pinToOneCore } from './pin.js';
import { type Accuracy, measureAccuracy } from './recognise/accuracy.js';
import { benchClip, codecs, sizes } from './recognise/clips.js';
import { tensorflowInstalled } from './recognise/face-api-tensorflow.js';
import { measure, type Row } from './recognise/measure.js';
import { coldStart, type MemoryRow, measureMemory } from './recognise/memory.js';
import { accuracyPicture, markdown, type Ratios, type Result } from './recognise/record.js';
import type { Split } from './recognise/split.js';
import type { Clip, Mode } from './recognise/task.js';
import { tasks } from './recognise/tasks.js';
import { openTestedTools, openTools } from './recognise/tools.js';
import { Way } from './recognise/way.js';

const usage = `usage: npm run bench -- recognise [options]
  --json            print one JSON object
  --quick           720p; labels of 2 s, H.264 timelines of 12 s; one core; a few labelled clips; within 3 minutes
  --lengths LIST    seconds: 2 is a label, more a timeline (default 2,60,1800; from 300 on 720p H.264 alone, by vultus and the twin)
  --sizes LIST      of 480p, 720p, 1080p (default all)
  --clips N         labelled clips per codec (default 56; quick 14)
  --twin MODEL      a trained model of decoded pictures for the twin, which tells its accuracy
  --minutes N       begin nothing more of what can be left out after so long (default 240; quick 2.3)
  --record          also write bench/results/recognise-<date>.{json,md,svg}`;

const results = fileURLToPath(new URL('./results', import.meta.url));
/** Ways that are measured on clips of five minutes and more: the others cost per second what they cost on short ones. */
const ofLongClips = new Set(['vultus, box given', 'vultus, faces found', 'decoded twin, box given']);

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      lengths: { type: 'string' },
      sizes: { type: 'string' },
      clips: { type: 'string' },
      twin: { type: 'string' },
      minutes: { type: 'string' },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const { quick } = values;
  const lengths = (values.lengths ?? (quick ? '2,12' : '2,60,1800')).split(',').map(Number);
  const wanted = (values.sizes ?? (quick ? '720p' : Object.keys(sizes).join())).split(',') as (keyof typeof sizes)[];
  const count = Number(values.clips ?? (quick ? 14 : 56));
  const known = wanted.every((size) => size in sizes) && lengths.every((s) => s === 2 || (s >= 12 && s % 12 === 0));
  if (!known) throw new Error(`--sizes or --lengths (2, or a multiple of 12)\n${usage}`);
  pinToOneCore();
  if (!tensorflowInstalled)
    console.error('face-api.js is left out: npm ci --prefix bench/face-api installs it (330 MB)');
  const begun = performance.now();
  const until = begun + 60_000 * Number(values.minutes ?? (quick ? 2.3 : 240));
  const tell = (text: string) => console.error(`${((performance.now() - begun) / 1000).toFixed(0)} s: ${text}`);

  const tools = openTools(1);
  const made: Clip[] = [];
  for (const codec of Object.keys(codecs) as (keyof typeof codecs)[]) {
    for (const size of wanted) {
      for (const seconds of lengths) {
        // A second of a long clip costs what one of a short clip costs: one long clip shows that it does.
        if (seconds > 2 && codec !== 'H.264' && (quick || size !== '720p')) continue;
        if (seconds >= 300 && (codec !== 'H.264' || size !== '720p')) continue;
        made.push(await benchClip(codec, size, seconds, await tools.faces()));
      }
    }
  }
  await tools.close();
  tell(`${made.length} clips`);
  // What the ratios rest on comes first.
  const clips = made.sort((a, b) => Number(b.name.startsWith('H.264 720p')) - Number(a.name.startsWith('H.264 720p')));

  const rows: Row[] = [];
  const rowsOf = async (clip: Clip, ways: readonly Way[]) => {
    const mode = modeOf(clip);
    const long = clip.frames >= 300 * clip.rate;
    const rounds = mode === 'label' ? (quick ? 5 : 9) : 1;
    // Labels come first: code is warm by then.
    const warming = mode === 'label' ? 3 : 0;
    rows.push(
      ...(await measure(
        clip,
        mode,
        ways.filter(({ task }) => !long || ofLongClips.has(task.name)),
        { warming, rounds, until },
      )),
    );
    tell(`${clip.name}: ${mode}, ${ways[0]!.threads === 1 ? 'one core' : 'two cores'}`);
  };
  const ways = tasks.map((task) => new Way(task, 1, values.twin));
  for (const clip of clips) await rowsOf(clip, ways);
  const split: Split[] = [];
  for (const clip of clips) {
    if (modeOf(clip) === 'label') split.push(await ways[0]!.split(clip, quick ? 3 : 7));
  }
  for (const way of ways) way.close();
  const accuracy: Accuracy[] = [];
  const tested = openTestedTools(values.twin);
  for (const codec of Object.values(codecs)) {
    const left = until - performance.now();
    const share = performance.now() + (accuracy.length === 0 ? left / 3 : left / 2);
    accuracy.push(
      ...(await measureAccuracy(
        tasks.filter((task) => task.tested !== false),
        tested,
        codec,
        count,
        share,
      )),
    );
    tell(`accuracy on ${codec}`);
  }
  await tested.close();
  const main = clips[0]!;
  const memory: MemoryRow[] = [];
  for (const clip of quick
    ? [main]
    : clips.filter(({ name, frames, rate }) => / 720p/.test(name) && frames < 300 * rate)) {
    for (const task of tasks) {
      if (memory.length > 0 && performance.now() > until) break;
      memory.push(await measureMemory(clip, modeOf(clip), task));
    }
  }
  const start = coldStart(main);
  if (!quick && cpus().length > 1 && allow('0,1')) {
    const both = tasks.map((task) => new Way(task, 2, values.twin));
    const short = clips.filter(({ name, frames, rate }) => / 720p/.test(name) && frames < 300 * rate);
    for (const clip of short) await rowsOf(clip, both);
    for (const way of both) way.close();
  }

  const date = new Date().toISOString().slice(0, 10);
  const result: Result = {
    what: 'processor time of expression recognition, everything warm; see notes for what is left out in favour of the others',
    date,
    command:
      `npm run bench -- recognise ${args.filter((arg) => arg !== '--json' && arg !== '--record').join(' ')}`.trim(),
    machine: `${cpus()[0]?.model.trim()}, ${pinnedCore() === undefined ? 'not pinned' : 'pinned'}, Node ${process.version}`,
    ratios: ratiosOf(rows, 'label'),
    timelineRatios: ratiosOf(rows, 'timeline'),
    coldStart: start,
    notes: Object.fromEntries(tasks.map(({ name, note }) => [name, note])),
    ...{ split, rows, memory, accuracy },
  };
  const picture = accuracyPicture(result);
  const pictureName = `recognise-${date}.svg`;
  const text = markdown(result, picture && pictureName);
  console.log(values.json ? JSON.stringify(result) : text);
  if (!values.record) return;
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `recognise-${date}.json`), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(join(results, `recognise-${date}.md`), text);
  if (picture) writeFileSync(join(results, pictureName), picture);
}

const modeOf = ({ frames, rate }: Clip): Mode => (frames === 2 * rate ? 'label' : 'timeline');

/** 720p H.264 on one core; of timelines the shortest. */
function ratiosOf(rows: readonly Row[], mode: 'label' | 'timeline'): Ratios | undefined {
  const own = rows.filter((row) => row.mode === mode && row.cores === 1 && row.clip.startsWith('H.264 720p'));
  if (own.length === 0) return undefined;
  const of = (task: string) => own.find((row) => row.task === task)?.cpu.median ?? Number.NaN;
  const ours = of('vultus, box given');
  return {
    decodedTwin: of('decoded twin, box given') / ours,
    faceApi: of(tensorflowInstalled ? 'face-api.js' : 'face-api on onnxruntime') / of('vultus, faces found'),
    faceApiOnnx: of('face-api on onnxruntime') / of('vultus, faces found'),
    fullDecodeResidual: of('full decode and residual, box given') / ours,
  };
}

/** Lets every thread of this process run on these cores. */
function allow(cores: string): boolean {
  return spawnSync('taskset', ['-a', '-c', '-p', cores, String(process.pid)]).status === 0;
}
