/**
 * What an expression costs, on one core: vultus beside three ways to get one from decoded pictures. Processor time (user and
 * system, ffmpeg's included), everything warm, repeated in turn A B C … A B C …, medians. A clip label is one decision for a
 * clip of 2 s; a timeline is a decision every 0.2 s.
 *
 * The others are shown in their favour: the decoded twin and the residual extraction are given the face box; face-api's
 * pipeline runs its detector and landmark networks on onnxruntime, much faster than TensorFlow.js, and its expression network is
 * left out; the residual of decoded pictures is a plain difference, without motion compensation.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { analyze, defaultModel } from '../src/analyze.js';
import { locateFaces } from '../src/face/locate.js';
import { type FaceNetworks, loadFaceNetworks } from '../src/face/networks/index.js';
import { type ExpressionModel, loadModel } from '../src/network/model.js';
import { FrameCropper } from '../src/residual/crop.js';
import { KeyFrameTensor } from '../src/residual/key-tensor.js';
import type { CropPlanes } from '../src/residual/planes.js';
import type { FaceBox } from '../src/residual/track.js';
import { openVideo } from '../src/video.js';
import { makeClip } from '../test/support/clips.js';
import { ffmpegPath } from '../test/support/ffmpeg.js';
import { tinyModel } from '../test/support/tiny-model.js';
import { benchEncoders, grainyFace } from './clips.js';
import { pinnedCore, pinToOneCore } from './pin.js';

const usage = `usage: npm run bench -- recognise [options]
  --json      print one JSON object
  --quick     720p H.264 and MPEG-4 only, 3 repeats rather than 7
  --record    also write bench/results/recognise-<date>.{json,md}`;

const root = fileURLToPath(new URL('..', import.meta.url));
const rate = 25;
/** Pictures that a decoded clip is judged by: as many as the model has samples. */
const samples = 8;
const [window, hop] = [1.6, 0.2];

interface Clip {
  name: string;
  codec: string;
  path: string;
  width: number;
  height: number;
  /** Seconds. */
  seconds: number;
  box: FaceBox;
}

interface Row {
  clip: string;
  task: string;
  mode: 'label' | 'timeline';
  /** Processor seconds per second of video: median, lowest, highest. */
  cpu: { median: number; min: number; max: number };
  /** Decisions made. */
  decisions: number;
}

interface Tools {
  model: ExpressionModel;
  residual: ExpressionModel;
  /** The same backbone over pictures; untrained, which costs the same. */
  twin: ExpressionModel;
  faces: FaceNetworks;
}

/** A way to get expressions: gives the decisions made and the processor seconds of its helper processes. */
type Task = (clip: Clip, mode: Row['mode'], tools: Tools) => Promise<{ decisions: number; childSeconds: number }>;

const region = ({ x, y, width, height }: FaceBox) => ({
  ...{ x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height) },
});

function vultus(which: 'model' | 'residual', faces: 'auto' | 'box'): Task {
  return async ({ path, box, seconds }, mode, tools) => {
    const options = mode === 'label' ? { window: seconds, hop: seconds } : { window, hop };
    const where = faces === 'auto' ? { networks: tools.faces } : { faces: region(box) };
    const result = await analyze(path, { ...options, ...where, model: tools[which] }).result();
    return { decisions: result.faces.reduce((sum, face) => sum + face.windows.length, 0), childSeconds: 0 };
  };
}

/** Decodes every picture of the clip with ffmpeg on one thread; gives ffmpeg's processor seconds. */
async function decode(
  { path, width, height }: Clip,
  format: 'gray' | 'rgb24',
  picture: (data: Uint8Array, index: number) => Promise<void> | void,
): Promise<number> {
  const size = width * height * (format === 'gray' ? 1 : 3);
  const args = ['-hide_banner', '-nostdin', '-benchmark', '-threads', '1', '-i', path, '-an', '-f', 'rawvideo'];
  const child = spawn(ffmpegPath(), [...args, '-pix_fmt', format, '-'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const buffer = new Uint8Array(size);
  let [filled, index] = [0, 0];
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + size - filled);
      buffer.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled === size) {
        await picture(buffer, index++);
        filled = 0;
      }
    }
  }
  await ended;
  const times = /bench: utime=([\d.]+)s(?: stime=([\d.]+)s)?/.exec(said);
  if (!times) throw new Error(`ffmpeg told no times: ${said}`);
  return Number(times[1]) + Number(times[2] ?? 0);
}

/** Where decisions fall: first and last picture of each. */
function stretches({ seconds }: Clip, mode: Row['mode']): [number, number][] {
  if (mode === 'label') return [[0, Math.round(seconds * rate)]];
  const found: [number, number][] = [];
  for (let start = 0; start + window <= seconds + 1e-9; start += hop) {
    found.push([Math.round(start * rate), Math.round((start + window) * rate)]);
  }
  return found;
}

function sampled([from, to]: [number, number]): number[] {
  return Array.from({ length: samples }, (_, i) => Math.floor(from + ((i + 0.5) * (to - from)) / samples));
}

/** The same network on decoded pictures: luma of the same crop at the same size, standardised. */
const decodedTwin: Task = async (clip, mode, { twin }) => {
  const { signal, normalisation } = twin.card;
  const cropper = new FrameCropper(signal);
  const tensor = new KeyFrameTensor(signal, normalisation);
  const wanted = stretches(clip, mode);
  const needed = new Set(wanted.flatMap(sampled));
  const planes = new Map<number, CropPlanes>();
  const { width, height, box } = clip;
  const childSeconds = await decode(clip, 'gray', (y, index) => {
    if (needed.has(index)) planes.set(index, cropper.cropPicture({ width, height, y }, index, box));
  });
  for (const stretch of wanted) {
    await twin.predict(tensor.of(sampled(stretch).map((index) => planes.get(index)!))!, 1);
  }
  return { decisions: wanted.length, childSeconds };
};

/** Detection and 68 points on every sampled picture, as face-api's users do before its expression network. */
const faceApi: Task = async (clip, mode, { faces }) => {
  const { width, height } = clip;
  const needed = new Set(
    mode === 'label'
      ? stretches(clip, mode).flatMap(sampled)
      : stretches(clip, mode).map(([from, to]) => (from + to) >> 1),
  );
  const childSeconds = await decode(clip, 'rgb24', async (data, index) => {
    if (!needed.has(index)) return;
    const picture = { width, height, data };
    const [face] = await faces.detect(picture);
    if (face) await faces.landmarks(picture, face);
  });
  return { decisions: mode === 'label' ? 1 : needed.size, childSeconds };
};

/** A full decode and a difference of pictures in the face box, then the network: less than CoViAR does, which also compensates motion. */
const decodedResidual: Task = async (clip, mode, tools) => {
  const { width, box } = clip;
  const { x, y, width: w, height: h } = region(box);
  let before = new Uint8Array(0);
  let sum = 0;
  const childSeconds = await decode(clip, 'gray', (luma) => {
    const now = new Uint8Array(w * h);
    for (let row = 0; row < h; row++) now.set(luma.subarray((y + row) * width + x, (y + row) * width + x + w), row * w);
    if (before.length > 0) for (let i = 0; i < now.length; i++) sum += Math.abs(now[i]! - before[i]!);
    before = now;
  });
  const { signal } = tools.residual.card;
  const input = new Float32Array(signal.frames * 3 * signal.size * signal.size).fill(sum % 2);
  const wanted = stretches(clip, mode);
  for (const _ of wanted) await tools.residual.predict(input, 1);
  return { decisions: wanted.length, childSeconds };
};

const tasks: readonly [string, Task][] = [
  ['vultus, box given', vultus('model', 'box')],
  ['vultus, faces found', vultus('model', 'auto')],
  ['vultus residual-only, box given', vultus('residual', 'box')],
  ['decoded twin, box given', decodedTwin],
  ['face-api pipeline (without its expression network)', faceApi],
  ['full decode and residual, box given', decodedResidual],
];

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  pinToOneCore();
  const own = { frames: samples, size: 64 };
  const tools: Tools = {
    model: await loadModel(defaultModel),
    residual: await loadModel(new URL('../models/residual.onnx', import.meta.url)),
    twin: await loadModel(tinyModel('keyframes', own.size, own.frames, (await loadModel(defaultModel)).card.network)),
    faces: await loadFaceNetworks(),
  };
  const clips = await makeClips(values.quick, tools.faces);
  const rows: Row[] = [];
  for (const clip of clips) {
    for (const mode of ['label', 'timeline'] as const) {
      if ((mode === 'label') !== (clip.seconds === 2)) continue;
      rows.push(...(await measure(clip, mode, tools, values.quick ? 3 : 7)));
      console.error(`${clip.name}: ${mode}`);
    }
  }
  const of = (task: string, clip = 'H.264 1280x720, 2 s') =>
    rows.find((row) => row.clip === clip && row.task === task)!.cpu.median;
  const ours = of('vultus, box given');
  const result = {
    what: 'processor time of expression recognition, one core, warm; see bench/recognise.ts for what is left out in favour of the others',
    date: new Date().toISOString().slice(0, 10),
    command: `npm run bench -- recognise${values.quick ? ' --quick' : ''}`,
    machine: `${cpus()[0]?.model.trim()}, ${pinnedCore() === undefined ? 'not pinned' : 'one core'}, Node ${process.version}`,
    ratios: {
      decodedTwin: of('decoded twin, box given') / ours,
      faceApi: of('face-api pipeline (without its expression network)') / of('vultus, faces found'),
      fullDecodeResidual: of('full decode and residual, box given') / ours,
    },
    coldStart: coldStart(clips.find(({ name }) => name === 'H.264 1280x720, 2 s')!),
    clips: clips.map(({ name, path, seconds, width, height }) => ({
      ...{ name, bytes: statSync(path).size, decodedBytes: Math.round(1.5 * width * height * seconds * rate) },
    })),
    rows,
  };
  const text = markdown(result);
  console.log(values.json ? JSON.stringify(result) : text);
  for (const tool of Object.values(tools)) await tool.close();
  if (!values.record) return;
  const results = join(root, 'bench', 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `recognise-${result.date}.json`), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(join(results, `recognise-${result.date}.md`), text);
}

async function makeClips(quick: boolean, networks: FaceNetworks): Promise<Clip[]> {
  const sizes = quick
    ? ([[1280, 720]] as const)
    : ([
        [640, 480],
        [1280, 720],
        [1920, 1080],
      ] as const);
  const clips: Clip[] = [];
  for (const [codec, name] of [
    ['h264-high', 'H.264'],
    ['mpeg4', 'MPEG-4'],
  ] as const) {
    for (const [width, height] of sizes) {
      for (const seconds of [2, 12]) {
        const path = makeClip(grainyFace(width, height, seconds * rate), benchEncoders[codec]!, 'mp4');
        const box = await firstFace(path, networks);
        clips.push({ name: `${name} ${width}x${height}, ${seconds} s`, codec, path, width, height, seconds, box });
      }
    }
  }
  return clips;
}

async function firstFace(path: string, networks: FaceNetworks): Promise<FaceBox> {
  const video = await openVideo(path);
  try {
    for await (const { picture } of video.keyFrames({ select: [0] })) {
      const [face] = picture ? await locateFaces(networks, picture) : [];
      if (face) return face.box;
    }
    throw new Error(`no face in ${path}`);
  } finally {
    video.close();
  }
}

async function measure(clip: Clip, mode: Row['mode'], tools: Tools, repeats: number): Promise<Row[]> {
  const times = tasks.map((): number[] => []);
  const decisions = tasks.map(() => 0);
  // The first round warms up and is not counted.
  for (let round = 0; round <= repeats; round++) {
    for (const [i, [, task]] of tasks.entries()) {
      const before = process.cpuUsage();
      const done = await task(clip, mode, tools);
      const used = process.cpuUsage(before);
      decisions[i] = done.decisions;
      if (round > 0) times[i]!.push((used.user + used.system) / 1e6 + done.childSeconds);
    }
  }
  return tasks.map(([task], i) => {
    const sorted = times[i]!.map((time) => time / clip.seconds).sort((a, b) => a - b);
    const cpu = { median: sorted[sorted.length >> 1]!, min: sorted[0]!, max: sorted.at(-1)! };
    return { clip: clip.name, task, mode, cpu, decisions: decisions[i]! };
  });
}

/** Wall seconds from the command to its end, lowest of three, and its peak memory where the system tells; `null` without a build. */
function coldStart({ path, box }: Clip): { seconds: number; megabytes: number | null } | null {
  const cli = join(root, 'dist', 'cli', 'main.js');
  const { x, y, width, height } = region(box);
  const args = [cli, 'analyze', path, '--json', '--faces', `${x},${y},${width},${height}`];
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    const before = performance.now();
    if (spawnSync(process.execPath, args).status !== 0) return null;
    best = Math.min(best, (performance.now() - before) / 1000);
  }
  const timed = spawnSync('/usr/bin/time', ['-f', '%M', process.execPath, ...args], { encoding: 'utf8' });
  const kilobytes = timed.status === 0 ? Number(timed.stderr.trim().split('\n').at(-1)) : Number.NaN;
  return { seconds: best, megabytes: Number.isFinite(kilobytes) ? kilobytes / 1024 : null };
}

interface Result {
  date: string;
  command: string;
  machine: string;
  ratios: Record<string, number>;
  coldStart: { seconds: number; megabytes: number | null } | null;
  clips: { name: string; bytes: number; decodedBytes: number }[];
  rows: Row[];
}

function markdown({ date, command, machine, ratios, coldStart, clips, rows }: Result): string {
  const times = (value: number) => `${value.toFixed(1)}x`;
  const table = clips.map(({ name, bytes, decodedBytes }) => {
    const lines = rows.filter(({ clip }) => clip === name);
    const ours = lines.find(({ task }) => task === 'vultus, box given')!.cpu.median;
    return `## ${name}: ${lines[0]!.mode}

${(bytes / 1000).toFixed(0)} kB read, where a decoder writes ${(decodedBytes / 1e6).toFixed(0)} MB of pictures.

| | CPU ms per second of video | lowest - highest | decisions | times vultus, box given |
| --- | --- | --- | --- | --- |
${lines
  .map(
    ({ task, cpu, decisions }) =>
      `| ${task} | ${(1000 * cpu.median).toFixed(1)} | ${(1000 * cpu.min).toFixed(1)} - ${(1000 * cpu.max).toFixed(1)} | ${decisions} | ${times(cpu.median / ours)} |`,
  )
  .join('\n')}
`;
  });
  return `# What an expression costs

${date}, ${machine}. \`${command}\`. Processor time of one core, ffmpeg's included, everything warm; medians. The others are shown in
their favour: the decoded twin (the same network on the luma of 8 pictures a decision) and the residual of decoded pictures get the
face box for nothing; face-api's pipeline is its detector and 68 points on onnxruntime, without its expression network; the
residual of decoded pictures is a plain difference. The packaged ffmpeg is of 2018, on one thread.

Clip labels, 720p H.264: decoded twin ${times(ratios.decodedTwin!)} of vultus with a given box, full decode and residual ${times(ratios.fullDecodeResidual!)}; face-api's
pipeline ${times(ratios.faceApi!)} of vultus that finds faces itself.
${coldStart ? `\`vultus analyze\` on that clip from the command line, cold: ${coldStart.seconds.toFixed(2)} s${coldStart.megabytes ? `, ${coldStart.megabytes.toFixed(0)} MB` : ''}.\n` : ''}
${table.join('\n')}`;
}
