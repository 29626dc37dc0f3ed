/**
 * How fast the compressed domain is read, against ffmpeg's full decode, on one core: processor time (user + system) of
 * our parse of every P-frame at several scales, of our parse of 16 frames spread over the clip, and of ffmpeg decoding
 * to nothing and to RGB. Everything is repeated in turn, A B C … A B C …, and the median taken, so that a busy machine
 * slows all alike. Our figures include opening the file and reading the packets. Nothing is subtracted from ffmpeg's;
 * the cost of starting it is measured apart.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { cpus, devNull } from 'node:os';
import { parseArgs } from 'node:util';
import type { Scale } from '../src/bitstream/frame.js';
import { createParser } from '../src/bitstream/index.js';
import { openContainer } from '../src/container/index.js';
import { defaultLimits } from '../src/limits.js';
import { ffmpegPath } from '../test/support/ffmpeg.js';
import { type BenchClip, benchClips } from './clips.js';
import { pinnedCore, pinToOneCore } from './pin.js';

const usage = `usage: npm run bench -- extract [options]
  --json           print one JSON object
  --quick          3 repeats rather than 9, and only the first clip of each size
  --codec LIST     codecs, separated by commas: mpeg4 (the default), h264 (or h264-high, h264-main, h264-baseline)
  --ffmpeg PATH    measure against this ffmpeg rather than the packaged one
  --record         also write bench/results/extract-[LIST-]<date>.{json,md}`;

/** Milliseconds of processor time. */
interface Timing {
  median: number;
  min: number;
  max: number;
}

interface Task {
  name: string;
  /** Does the work once and returns its processor time in milliseconds. */
  run: () => Promise<number>;
}

interface ClipResult {
  clip: string;
  codec: string;
  description: string;
  frames: number;
  predictedFrames: number;
  megabitsPerSecond: number;
  meanQuantiser: number;
  timings: Record<string, Timing>;
  /** ffmpeg's decode to null, as measured, over each of ours. */
  timesFasterThanNull: Record<string, number>;
  /** The same, less what ffmpeg needs to start. */
  timesFasterThanNullWithoutStart: Record<string, number>;
  timesFasterThanRgb: Record<string, number>;
}

/** What the issue asks for, in times of ffmpeg's decode to null. */
const aims: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  mpeg4: { 'every P and B, scale 1': 1.3, 'every P, scale 8': 2, '16 frames, scale 1': 12 },
  'h264-high': { 'every P and B, scale 1': 1.4, '16 frames, scale 1': 12 },
  'h264-main': { 'every P and B, scale 1': 1.4, '16 frames, scale 1': 12 },
  'h264-baseline': { 'every P and B, scale 1': 2.5, '16 frames, scale 1': 12 },
};

/** Processor time of this process while `work` runs, its helper threads included. */
async function ownTime(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1000;
}

/** Processor time of an ffmpeg process from its start to its end, as it reports it itself (`-benchmark`). */
async function ffmpegTime(ffmpeg: string, clip: string, output: string[], input: string[]): Promise<number> {
  const args = [
    '-hide_banner',
    '-nostdin',
    '-benchmark',
    '-threads',
    '1',
    ...input,
    '-i',
    clip,
    '-map',
    '0:v:0',
    ...output,
  ];
  const result = spawnSync(ffmpeg, [...args, '-y', devNull], { encoding: 'utf8' });
  const match = /bench: utime=([\d.]+)s stime=([\d.]+)s/.exec(result.stderr);
  if (result.status !== 0 || !match) throw new Error(`ffmpeg ${args.join(' ')}\n${result.stderr}`);
  return (Number(match[1]) + Number(match[2])) * 1000;
}

/** Opens the clip, parses the P- and B-frames that `choose` picks from all, and closes it. */
async function parseFrames(path: string, scale: Scale | 0, choose: (predicted: number[]) => number[]): Promise<void> {
  const container = await openContainer(path);
  try {
    const parser = createParser(container.track, defaultLimits);
    const table = await container.table();
    const predicted = table.filter((packet) => !packet.key).map((packet) => packet.index);
    let previous = -1;
    for (const index of choose(predicted)) {
      // As a stream is read: key frames are passed by their headers, and gaps are told.
      if (index !== previous + 1) {
        if (table[index - 1]?.key) parser.headers((await container.read(index - 1)).data);
        else parser.reset?.();
      }
      previous = index;
      const frame = parser.parse((await container.read(index)).data, 0, { scale });
      if (frame.damage) throw frame.damage;
    }
  } finally {
    container.close();
  }
}

const everyFrame = (predicted: number[]): number[] => predicted;
const sixteen = (predicted: number[]): number[] =>
  Array.from({ length: 16 }, (_, i) => predicted[Math.floor(((i + 0.5) * predicted.length) / 16)]!);

function tasks(path: string, ffmpeg: string): Task[] {
  const ours = (name: string, scale: Scale | 0, choose: (predicted: number[]) => number[]): Task => ({
    name,
    run: () => ownTime(() => parseFrames(path, scale, choose)),
  });
  const theirs = (name: string, output: string[], input: string[] = []): Task => ({
    name,
    run: () => ffmpegTime(ffmpeg, path, output, input),
  });
  return [
    ours('every P and B, scale 1', 1, everyFrame),
    theirs('ffmpeg to null', ['-f', 'null']),
    ours('every P and B, scale 2', 2, everyFrame),
    ours('every P and B, scale 8', 8, everyFrame),
    ours('every P and B, entropy only', 0, everyFrame),
    theirs('ffmpeg to rgb24', ['-f', 'rawvideo', '-pix_fmt', 'rgb24']),
    theirs('ffmpeg to null, reference frames only', ['-f', 'null'], ['-skip_frame', 'noref']),
    ours('16 frames, scale 1', 1, sixteen),
    ours('16 frames, scale 8', 8, sixteen),
    theirs('ffmpeg start', ['-t', '0', '-f', 'null']),
  ];
}

function timing(values: number[]): Timing {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)! };
}

/** Number of P-frames and their mean quantiser, which says how hard the clip is. */
async function survey(path: string): Promise<{ predicted: number; quantiser: number }> {
  const container = await openContainer(path);
  const parser = createParser(container.track, defaultLimits);
  let sum = 0;
  let predicted = 0;
  for (const info of await container.table()) {
    if (info.key) continue;
    const { qp } = parser.parse((await container.read(info.index)).data, 0, { scale: 0 });
    sum += qp.reduce((a, b) => a + b, 0) / qp.length;
    predicted++;
  }
  container.close();
  return { predicted, quantiser: sum / predicted };
}

async function measure(clip: BenchClip, ffmpeg: string, repeats: number): Promise<ClipResult> {
  const path = clip.path();
  const { predicted, quantiser } = await survey(path);
  const list = tasks(path, ffmpeg);
  const times = new Map(list.map((task) => [task.name, [] as number[]]));
  for (const task of list) await task.run(); // once unmeasured: caches, compiled code
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const task of list) times.get(task.name)!.push(await task.run());
  }
  const timings = Object.fromEntries([...times].map(([name, values]) => [name, timing(values)]));
  const ratios = (of: number): Record<string, number> =>
    Object.fromEntries(
      Object.entries(timings)
        .filter(([name]) => !name.startsWith('ffmpeg'))
        .map(([name, { median }]) => [name, of / median]),
    );
  const start = timings['ffmpeg start']!.median;
  const toNull = timings['ffmpeg to null']!.median;
  return {
    ...{ clip: clip.name, codec: clip.codec, description: clip.description, frames: clip.frames },
    predictedFrames: predicted,
    megabitsPerSecond: (statSync(path).size * 8 * 25) / clip.frames / 1e6,
    meanQuantiser: quantiser,
    timings,
    timesFasterThanNull: ratios(toNull),
    timesFasterThanNullWithoutStart: ratios(toNull - start),
    timesFasterThanRgb: ratios(timings['ffmpeg to rgb24']!.median),
  };
}

/** A readable table of one clip. */
function table(result: ClipResult): string {
  const lines = [
    `### ${result.codec}, ${result.clip}`,
    '',
    `${result.description}; ${result.megabitsPerSecond.toFixed(2)} Mb/s, mean quantiser ${result.meanQuantiser.toFixed(1)}, ${result.predictedFrames} P-frames of ${result.frames}`,
    '',
    '| | CPU ms, median | min - max | x null | x null, less its start | x rgb24 | aim |',
    '| --- | ---: | ---: | ---: | ---: | ---: | --- |',
  ];
  for (const [name, { median, min, max }] of Object.entries(result.timings)) {
    const ratio = (of: Record<string, number>): string => (name in of ? of[name]!.toFixed(2) : '');
    const aim = aims[result.codec]?.[name];
    const verdict = aim ? `${aim}: ${result.timesFasterThanNull[name]! >= aim ? 'met' : 'missed'}` : '';
    lines.push(
      `| ${name} | ${median.toFixed(1)} | ${min.toFixed(1)} - ${max.toFixed(1)} | ${ratio(result.timesFasterThanNull)} | ${ratio(result.timesFasterThanNullWithoutStart)} | ${ratio(result.timesFasterThanRgb)} | ${verdict} |`,
    );
  }
  return lines.join('\n');
}

/** Runs the benchmark with the arguments that follow its name. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      codec: { type: 'string', default: 'mpeg4' },
      ffmpeg: { type: 'string' },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  pinToOneCore();
  const ffmpeg = values.ffmpeg ?? ffmpegPath();
  const repeats = values.quick ? 3 : 9;
  const clips = values.codec.split(',').flatMap((codec) => benchClips(codec));
  const chosen = values.quick ? clips.filter((clip) => clip.name.startsWith('face')) : clips;
  const core = pinnedCore();
  const record = {
    command: `npm run bench -- extract ${args.join(' ')}`.trim(),
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    ffmpeg: spawnSync(ffmpeg, ['-version'], { encoding: 'utf8' })
      .stdout.split('\n')[0]!
      .replace(/ Copyright.*/, ''),
    core: core ?? null,
    repeats,
    results: [] as ClipResult[],
  };
  const heading = [
    '# Reading residuals, against decoding',
    '',
    `\`${record.command}\`, ${record.date}; ${record.cpu} (${core === undefined ? 'not pinned' : 'pinned to one core'}), ${record.platform}, Node ${record.node}, ${record.ffmpeg}.`,
    '',
    `Processor time (user + system) of one pass, median of ${repeats} interleaved passes. Ours: opening the file, its packet table, packets and parse. ffmpeg: \`-threads 1\`, the whole process; "start" is the same process with \`-t 0\`.`,
  ].join('\n');
  if (!values.json) console.log(`${heading}\n`);
  for (const clip of chosen) {
    const result = await measure(clip, ffmpeg, repeats);
    record.results.push(result);
    if (!values.json) console.log(`${table(result)}\n`);
  }
  if (values.json) console.log(JSON.stringify(record));
  if (values.record) {
    const folder = new URL('./results/', import.meta.url);
    mkdirSync(folder, { recursive: true });
    const codecs = values.codec === 'mpeg4' ? '' : `${values.codec.replaceAll(',', '-')}-`;
    const base = `extract-${codecs}${record.date.slice(0, 10)}`;
    writeFileSync(new URL(`${base}.json`, folder), `${JSON.stringify(record, null, 2)}\n`);
    writeFileSync(new URL(`${base}.md`, folder), `${[heading, ...record.results.map(table)].join('\n\n')}\n`);
    if (!values.json) console.log(`recorded in bench/results/${base}.{json,md}`);
  }
}
