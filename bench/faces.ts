/**
 * How well faces are found and followed: boxes located on I-frames, and boxes followed from one I-frame to the next by
 * motion vectors alone, against the annotated boxes of a data set. Also what both cost beside parsing.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { DecodedPicture } from '../src/bitstream/parser.js';
import { loadDataset } from '../src/dataset/dataset.js';
import type { DatasetClip } from '../src/dataset/manifest.js';
import { BoxFollower } from '../src/face/follow.js';
import { locateFaces } from '../src/face/locate.js';
import { type FaceNetworks, intersectionOverUnion, loadFaceNetworks } from '../src/face/networks/index.js';
import { FrameCropper } from '../src/residual/crop.js';
import { type FaceAt, type FaceBox, faceTrack } from '../src/residual/track.js';
import { type FrameEntry, openVideo, type Video } from '../src/video.js';
import { benchClips } from './clips.js';
import { pinnedCore, pinToOneCore } from './pin.js';

const usage = `usage: npm run bench -- faces [options]
  --data DIR    folder of the data set (default: ../shared/data/london-expressions)
  --every N     only every Nth clip, for a quick look
  --follow      only following, from annotated boxes
  --json        print one JSON object
  --record      also write bench/results/faces-<date>.{json,md}`;

const root = fileURLToPath(new URL('..', import.meta.url));

/** A located box of less overlap is no find. */
const found = 0.5;

/** Sums over the clips of one condition and codec. */
class Score {
  iFrames = 0;
  /** I-frames after the first, located again where the face was known to be about, by a small look if that does. */
  again = 0;
  locatedAgain = 0;
  overlapAgain = 0;
  located = 0;
  overlap = 0;
  wrong = 0;
  groups = 0;
  /** At the last P-frame of a group: followed from the annotated and from the located box, and not followed at all. */
  followed = 0;
  followedLocated = 0;
  locatedGroups = 0;
  locatedStart = 0;
  held = 0;
  worst = 1;
}

const locating: number[] = [];
const locatingAgain: number[] = [];

/** Milliseconds of processor time since `before`: other programs on the machine do not count. */
function processorTime(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string', default: join(root, '..', 'shared', 'data', 'london-expressions') },
      every: { type: 'string', default: '1' },
      follow: { type: 'boolean', default: false },
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
  const networks = values.follow ? undefined : await loadFaceNetworks();
  const scores = new Map<string, Score>();
  for (const [i, clip] of clips.entries()) {
    const faces = dataset.faces.get(clip.clip);
    if (!faces?.length) continue;
    const name = `${clip.codec} ${clip.condition}`;
    const score = scores.get(name) ?? new Score();
    scores.set(name, score);
    const video = await openVideo(join(dataset.root, clip.path));
    try {
      await judge(video, clip, faces, networks, score);
    } finally {
      video.close();
    }
    if (i % 500 === 499) console.error(`${i + 1} of ${clips.length} clips`);
  }
  const costs = networks ? await costOfFollowing(networks) : [];
  await networks?.close();

  const result = {
    what: 'faces located on I-frames and followed by motion vectors; semi-synthetic clips: real faces, scripted motion',
    date: new Date().toISOString().slice(0, 10),
    command: `npm run bench -- faces${values.every === '1' ? '' : ` --every ${values.every}`}`,
    machine: `${cpus()[0]?.model.trim()}, ${pinnedCore() === undefined ? 'not pinned' : 'one core'}, Node ${process.version}`,
    clips: clips.length,
    rows: Object.fromEntries([...scores].sort().map(([name, score]) => [name, rowOf(score)])),
    millisecondsToLocate: median(locating),
    millisecondsToLocateAgain: median(locatingAgain),
    costs,
  };
  const text = markdown(result);
  console.log(values.json ? JSON.stringify(result) : text);
  if (values.record) {
    const results = join(root, 'bench', 'results');
    mkdirSync(results, { recursive: true });
    writeFileSync(join(results, `faces-${result.date}.json`), `${JSON.stringify(result, null, 2)}\n`);
    writeFileSync(join(results, `faces-${result.date}.md`), text);
  }
}

async function judge(
  video: Video,
  { codec }: DatasetClip,
  faces: readonly FaceAt[],
  networks: FaceNetworks | undefined,
  score: Score,
): Promise<void> {
  const truth = faceTrack(faces, 'linear');
  const lastKnown = faces.at(-1)!.frame;
  const located = new Map<number, FaceBox>();
  if (networks) {
    let known: FaceBox | undefined;
    for await (const { picture, index } of video.keyFrames()) {
      if (!picture) throw new Error(`a ${codec} I-frame was not decoded`);
      const before = process.cpuUsage();
      const all = await locateFaces(networks, picture, { thorough: true });
      locating.push(processorTime(before));
      const overlaps = all.map(({ box }) => intersectionOverUnion(box, truth(index)));
      const best = Math.max(0, ...overlaps);
      score.iFrames++;
      if (known) {
        const then = process.cpuUsage();
        const again = await locateFaces(networks, picture, { expected: [known] });
        locatingAgain.push(processorTime(then));
        const overlap = Math.max(0, ...again.map(({ box }) => intersectionOverUnion(box, truth(index))));
        score.again++;
        if (overlap >= found) score.locatedAgain++;
        if (overlap >= found) score.overlapAgain += overlap;
      }
      known = undefined;
      score.wrong += overlaps.filter((overlap) => overlap < found).length;
      if (best < found) continue;
      score.located++;
      score.overlap += best;
      known = all[overlaps.indexOf(best)]!.box;
      located.set(index, known);
    }
  }
  let ends:
    | { index: number; followed: FaceBox; fromLocated: FaceBox | undefined; start: FaceBox; at: number }
    | undefined;
  let follower: BoxFollower | undefined;
  let second: BoxFollower | undefined;
  const close = () => {
    if (!ends || ends.index === ends.at) return;
    const now = truth(ends.index);
    const overlap = intersectionOverUnion(ends.followed, now);
    score.groups++;
    score.followed += overlap;
    score.worst = Math.min(score.worst, overlap);
    score.held += intersectionOverUnion(ends.start, now);
    if (!ends.fromLocated) return;
    score.locatedGroups++;
    score.followedLocated += intersectionOverUnion(ends.fromLocated, now);
    score.locatedStart += intersectionOverUnion(located.get(ends.at)!, truth(ends.at));
  };
  const begin = (index: number) => {
    close();
    const start = truth(index);
    const box = located.get(index);
    follower = new BoxFollower(start);
    second = box && new BoxFollower(box);
    ends = { index, followed: start, fromLocated: box, start, at: index };
  };
  // As `analyze` does: I-pictures are not parsed, only met.
  const request = ({ type, index }: FrameEntry) => {
    if (type !== 'I') return { scale: 0 as const };
    begin(index);
    return undefined;
  };
  for await (const { index, frame } of video.frames({ request, select: (entry) => entry.type !== 'B' })) {
    if (!frame) throw new Error(`a ${codec} picture was not read`);
    follower!.follow(frame);
    second?.follow(frame);
    if (index <= lastKnown && ends) ends = { ...ends, index, followed: follower!.box, fromLocated: second?.box };
  }
  close();
}

/** Time of following beside that of parsing what `analyze` would read of the same P-frames. */
async function costOfFollowing(networks: FaceNetworks): Promise<Cost[]> {
  const costs: Cost[] = [];
  for (const clip of ['mpeg4', 'h264-high'].flatMap(benchClips)) {
    if (!clip.name.startsWith('face')) continue;
    const video = await openVideo(clip.path());
    const cropper = new FrameCropper({ size: 64, margin: 1.2 });
    let [box, picture] = [undefined as FaceBox | undefined, undefined as DecodedPicture | undefined];
    for await (const key of video.keyFrames({ select: [0] })) picture = key.picture;
    if (picture) box = (await locateFaces(networks, picture))[0]?.box;
    if (!box) throw new Error(`no face in ${clip.name}`);
    // Medians over pictures: what other programs take of the core falls on a few of them.
    const times = { parse: [] as number[], follow: [] as number[] };
    for (let round = 0; round < 5; round++) {
      const { scale, region } = cropper.request(box, video.width, video.height);
      const frames = video.frames({ scale, region, select: (entry) => entry.type === 'P' });
      const follower = new BoxFollower(box);
      for (;;) {
        const before = performance.now();
        const { value, done } = await frames.next();
        const parsed = performance.now();
        if (done) break;
        if (value.frame) follower.follow(value.frame);
        times.parse.push(1000 * (parsed - before));
        times.follow.push(1000 * (performance.now() - parsed));
      }
    }
    video.close();
    const [parse, follow] = [median(times.parse), median(times.follow)];
    costs.push({
      clip: `${clip.name} ${clip.codec}`,
      parse,
      follow,
      share: follow / parse,
    });
  }
  return costs;
}

/** Microseconds per P-frame. */
interface Cost {
  clip: string;
  parse: number;
  follow: number;
  share: number;
}

function rowOf(score: Score) {
  const { groups, locatedGroups } = score;
  const round = (value: number) => Number(value.toFixed(4));
  return {
    iFrames: score.iFrames,
    recall: round(score.located / score.iFrames),
    meanIoU: round(score.overlap / score.located),
    recallAgain: round(score.locatedAgain / score.again),
    meanIoUAgain: round(score.overlapAgain / score.locatedAgain),
    wrongBoxes: score.wrong,
    groups,
    followedIoU: round(score.followed / groups),
    drop: round(1 - score.followed / groups),
    worstIoU: round(score.worst),
    heldIoU: round(score.held / groups),
    dropFromLocated: round((score.locatedStart - score.followedLocated) / locatedGroups),
  };
}

function median(values: number[]): number {
  return Float64Array.from(values).sort()[values.length >> 1] ?? Number.NaN;
}

interface Result {
  date: string;
  machine: string;
  command: string;
  clips: number;
  rows: Record<string, ReturnType<typeof rowOf>>;
  millisecondsToLocate: number;
  millisecondsToLocateAgain: number;
  costs: Cost[];
}

function markdown({
  date,
  machine,
  command,
  clips,
  rows,
  millisecondsToLocate,
  millisecondsToLocateAgain,
  costs,
}: Result): string {
  const percent = (value: number) => (Number.isNaN(value) ? '' : `${(100 * value).toFixed(2)}%`);
  const line = ([name, row]: [string, ReturnType<typeof rowOf>]) =>
    `| ${name} | ${row.iFrames} | ${percent(row.recall)} | ${row.meanIoU} | ${percent(row.recallAgain)} | ${row.meanIoUAgain} | ${row.wrongBoxes} | ${row.groups} | ${row.followedIoU} | ${row.drop} | ${row.dropFromLocated} | ${row.heldIoU} | ${row.worstIoU} |`;
  return `# Faces: found on I-frames, followed by motion vectors

${date}, ${machine}. \`${command}\`. ${clips} semi-synthetic clips (real faces, scripted motion). A face is found when a located
box overlaps the annotated one by ${found} or more; wrong boxes are all others. Followed: from the annotated box of an I-frame to the
last P-frame of its group with an annotation at or behind it, against the annotation (linear between I-frames). Known: where the
face was on the I-frame before is given, and a small look does if it finds it (I-frames after the first). Drop: what following
costs in overlap; the same from the located box; held: the box of the I-frame left where it was.

| clips | I-frames | recall | mean IoU | recall, known | IoU, known | wrong boxes | groups | followed IoU | drop | drop from located | held IoU | worst |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${Object.entries(rows).map(line).join('\n')}

Processor time: ${millisecondsToLocate.toFixed(1)} ms to locate the faces of an I-frame thoroughly, ${millisecondsToLocateAgain.toFixed(1)} ms where a small look finds the face that is known. Parsing a P-frame as analyze does (crop of 64 samples) against following:

| clip | parse, µs | follow, µs | share |
| --- | --- | --- | --- |
${costs.map(({ clip, parse, follow, share }) => `| ${clip} | ${parse.toFixed(0)} | ${follow.toFixed(0)} | ${percent(share)} |`).join('\n')}
`;
}
