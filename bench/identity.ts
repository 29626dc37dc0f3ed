/**
 * Whose face it is, from the first I-frame of every clip of a data set: is the nearest face of another clip that of the same
 * person, and how far apart are faces of one and of two persons? Also what each face network costs. Takes some minutes.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadDataset } from '../src/dataset/dataset.js';
import type { DatasetClip } from '../src/dataset/manifest.js';
import {
  type Detection,
  descriptorDistance,
  type FaceNetworks,
  intersectionOverUnion,
  loadFaceNetworks,
  type Picture,
} from '../src/face/networks/index.js';
import type { FaceBox } from '../src/residual/track.js';
import { openVideo } from '../src/video.js';
import { pinnedCore, pinToOneCore } from './pin.js';

const usage = `usage: npm run bench -- identity [options]
  --data DIR    folder of the data set (default: ../shared/data/london-expressions)
  --every N     only every Nth clip, for a quick look
  --json        print one JSON object
  --record      also write bench/results/identity-<date>.{json,md}`;

const root = fileURLToPath(new URL('..', import.meta.url));

/** Below this overlap with the annotated box, a detection is of something else. */
const sameFace = 0.3;

interface Found {
  clip: DatasetClip;
  descriptor: Float32Array;
  /** Where the box came from: a detector, or, where both find nothing, the annotation. */
  box: 'tiny' | 'ssd' | 'annotated';
  /** Overlap of the best detection with the annotated box; 0 where there is none. */
  tinyOverlap: number;
  ssdOverlap: number;
}

/** Wall milliseconds of every call, by what was called. */
class Stopwatch {
  readonly times = new Map<string, number[]>();

  async time<T>(what: string, work: () => Promise<T>): Promise<T> {
    const before = performance.now();
    const result = await work();
    const list = this.times.get(what) ?? [];
    list.push(performance.now() - before);
    this.times.set(what, list);
    return result;
  }

  medians(): Record<string, number> {
    return Object.fromEntries([...this.times].map(([what, list]) => [what, Number(quantile(list, 0.5).toFixed(2))]));
  }
}

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string', default: join(root, '..', 'shared', 'data', 'london-expressions') },
      every: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  pinToOneCore();
  const dataset = await loadDataset(values.data);
  const clips = dataset.clips.filter((_, i) => i % Number(values.every) === 0);
  const tiny = await loadFaceNetworks();
  const ssd = await loadFaceNetworks({ detector: 'ssd' });
  const watch = new Stopwatch();
  const found: Found[] = [];
  for (const [i, clip] of clips.entries()) {
    const picture = await firstPicture(join(dataset.root, clip.path));
    const face = dataset.faces.get(clip.clip)?.[0];
    if (!picture || !face) throw new Error(`${clip.path}: no I-frame, or no annotated face`);
    found.push(await look(clip, picture, face, tiny, ssd, watch));
    if (process.stderr.isTTY) process.stderr.write(`\r${i + 1} of ${clips.length}`);
    else if (i % 250 === 249) console.error(`${i + 1} of ${clips.length} clips`);
  }
  await tiny.close();
  await ssd.close();

  const result = {
    what: 'identity from the first I-frame; semi-synthetic clips: real faces, scripted motion',
    date: new Date().toISOString().slice(0, 10),
    command: `npm run bench -- identity${values.every === '1' ? '' : ` --every ${values.every}`}`,
    machine: `${cpus()[0]?.model.trim()}, ${pinnedCore() === undefined ? 'not pinned' : 'one core'}, Node ${process.version}`,
    ...summary(found),
    millisecondsPerPicture: watch.medians(),
  };
  const text = markdown(result);
  console.log(values.json ? JSON.stringify(result) : text);
  if (values.record) {
    const results = join(root, 'bench', 'results');
    mkdirSync(results, { recursive: true });
    writeFileSync(join(results, `identity-${result.date}.json`), `${JSON.stringify(result, null, 2)}\n`);
    writeFileSync(join(results, `identity-${result.date}.md`), text);
  }
}

async function firstPicture(path: string): Promise<Picture | undefined> {
  const video = await openVideo(path);
  try {
    for await (const { picture } of video.keyFrames()) if (picture) return picture;
    return undefined;
  } finally {
    video.close();
  }
}

async function look(
  clip: DatasetClip,
  picture: Picture,
  annotated: FaceBox,
  tiny: FaceNetworks,
  ssd: FaceNetworks,
  watch: Stopwatch,
): Promise<Found> {
  const size = `${picture.width}x${picture.height}`;
  const byTiny = await watch.time(`tiny detector, ${size}`, () => tiny.detect(picture));
  const bySsd = await watch.time(`ssd detector, ${size}`, () => ssd.detect(picture));
  // The best box counts, wherever it is: a user has no annotation to choose by.
  const box: FaceBox = byTiny[0] ?? bySsd[0] ?? annotated;
  const points = await watch.time('68 points', () => tiny.landmarks(picture, box));
  const descriptor = await watch.time('recognition', () => tiny.describe(picture, box, points));
  return {
    clip,
    descriptor,
    box: byTiny[0] ? 'tiny' : bySsd[0] ? 'ssd' : 'annotated',
    tinyOverlap: bestOverlap(byTiny, annotated),
    ssdOverlap: bestOverlap(bySsd, annotated),
  };
}

function bestOverlap(boxes: readonly Detection[], annotated: FaceBox): number {
  return Math.max(0, ...boxes.map((box) => intersectionOverUnion(box, annotated)));
}

function summary(found: readonly Found[]) {
  const genuine: number[] = [];
  const impostor: number[] = [];
  const right = new Map<string, { clips: number; right: number }>();
  for (const [i, a] of found.entries()) {
    let nearest = Number.POSITIVE_INFINITY;
    let who = '';
    for (const [j, b] of found.entries()) {
      // The same clip from another encoder is the same face, not another picture of it.
      if (a.clip.clip === b.clip.clip) continue;
      const distance = descriptorDistance(a.descriptor, b.descriptor);
      if (j > i) (a.clip.subject === b.clip.subject ? genuine : impostor).push(distance);
      if (distance < nearest) [nearest, who] = [distance, b.clip.subject];
    }
    for (const group of ['all', a.clip.condition, a.clip.codec]) {
      const count = right.get(group) ?? { clips: 0, right: 0 };
      count.clips++;
      if (who === a.clip.subject) count.right++;
      right.set(group, count);
    }
  }
  const share = (of: (face: Found) => boolean) => found.filter(of).length / found.length;
  return {
    clips: found.length,
    subjects: new Set(found.map(({ clip }) => clip.subject)).size,
    rank1: Object.fromEntries([...right].map(([group, count]) => [group, count.right / count.clips])),
    boxes: {
      tiny: found.filter(({ box }) => box === 'tiny').length,
      ssd: found.filter(({ box }) => box === 'ssd').length,
      annotated: found.filter(({ box }) => box === 'annotated').length,
    },
    firstFrameRecall: {
      tiny: share(({ tinyOverlap }) => tinyOverlap >= sameFace),
      ssd: share(({ ssdOverlap }) => ssdOverlap >= sameFace),
    },
    genuine: distances(genuine),
    impostor: distances(impostor),
    ...equalError(genuine, impostor),
  };
}

function distances(values: number[]) {
  const at = (q: number) => Number(quantile(values, q).toFixed(4));
  return { pairs: values.length, p1: at(0.01), p5: at(0.05), median: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function quantile(values: readonly number[], q: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.round(q * (sorted.length - 1))] ?? Number.NaN;
}

/** The threshold at which as many pairs of one person are refused as of two persons are accepted, and that share. */
function equalError(genuine: number[], impostor: number[]) {
  const [own, other] = [Float64Array.from(genuine).sort(), Float64Array.from(impostor).sort()];
  let accepted = 0;
  for (const [i, threshold] of own.entries()) {
    while (accepted < other.length && other[accepted]! <= threshold) accepted++;
    const refused = 1 - (i + 1) / own.length;
    if (accepted / other.length >= refused) {
      return { equalErrorRate: refused, equalErrorDistance: Number(threshold.toFixed(4)) };
    }
  }
  return { equalErrorRate: 0, equalErrorDistance: Number.NaN };
}

type Result = ReturnType<typeof summary> & {
  what: string;
  date: string;
  command: string;
  machine: string;
  millisecondsPerPicture: Record<string, number>;
};

function markdown(result: Result): string {
  const percent = (value: number) => `${(100 * value).toFixed(2)}%`;
  const row = (name: string, { pairs, p1, p5, median, p95, p99 }: Result['genuine']) =>
    `| ${name} | ${pairs} | ${[p1, p5, median, p95, p99].map((value) => value.toFixed(3)).join(' | ')} |`;
  return `# Identity from the first I-frame

${result.date}, ${result.machine}. \`${result.command}\`. ${result.clips} semi-synthetic clips (real faces, scripted motion)
of ${result.subjects} people. The box is the tiny detector's best (${result.boxes.tiny} clips), else the ssd detector's
(${result.boxes.ssd}), else the annotated one (${result.boxes.annotated}).

Rank 1: the nearest descriptor of any other clip (never the same clip in another codec) is of the same person.

| clips | rank 1 |
| --- | --- |
${Object.entries(result.rank1)
  .map(([group, value]) => `| ${group} | ${percent(value)} |`)
  .join('\n')}

The annotated face is found in the first I-frame (overlap >= ${sameFace}): tiny ${percent(result.firstFrameRecall.tiny)}, ssd ${percent(result.firstFrameRecall.ssd)}.

| distance between | pairs | 1% | 5% | median | 95% | 99% |
| --- | --- | --- | --- | --- | --- | --- |
${row('two clips of one person', result.genuine)}
${row('clips of two persons', result.impostor)}

Equal error rate ${percent(result.equalErrorRate)}, at distance ${result.equalErrorDistance}.

| median milliseconds, one thread | |
| --- | --- |
${Object.entries(result.millisecondsPerPicture)
  .map(([what, value]) => `| ${what} | ${value} |`)
  .join('\n')}
`;
}
