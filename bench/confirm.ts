/**
 * Is a located face one? What `isFace` answers, and the accurate detector alone, on faces of a data set in front of pictures that
 * show nobody, and on those pictures and parts of them, where every find is wrong.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { facesOf, loadDataset } from '../src/dataset/index.js';
import { isFace, locateFaces } from '../src/face/locate.js';
import {
  type Detection,
  type FaceNetworks,
  intersectionOverUnion,
  loadFaceNetworks,
  type RgbPicture,
  toRgb,
} from '../src/face/networks/index.js';
import type { FaceBox } from '../src/residual/track.js';
import { Random } from '../src/training/random.js';
import { openVideo } from '../src/video.js';
import { ffmpegPath } from '../test/support/ffmpeg.js';

const usage = `usage: npm run bench -- confirm --pictures DIR [options]
  --pictures DIR  JPEG and PNG files that show nobody (in any folder below)
  --data DIR      folder of the data set (default: ../shared/data/london-expressions)
  --record        also write bench/results/confirm-<date>.md`;

const root = fileURLToPath(new URL('..', import.meta.url));
const [width, height] = [1280, 720];
/** How large the data set's pictures are pasted in. */
const scales = [2, 1, 0.5, 0.3];

interface Count {
  asked: number;
  /** Said to be faces: by `isFace`, by the accurate detector alone, and by the score of the whole picture alone (0.6). */
  small: number;
  accurate: number;
  score: number;
  /** Asked the accurate detector, too. */
  doubted: number;
}

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      pictures: { type: 'string' },
      data: { type: 'string', default: join(root, '..', 'shared', 'data', 'london-expressions') },
      record: { type: 'boolean', default: false },
    },
  });
  if (!values.pictures) return console.log(usage);
  const files = readdirSync(values.pictures, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(jpe?g|png)$/i.test(file))
    .map((file) => join(values.pictures!, file))
    .sort();
  const dataset = await loadDataset(values.data);
  const networks = await loadFaceNetworks();
  const [faces, others] = [count(), count()];
  const random = new Random(1);
  let [shown, missed, empty] = [0, 0, 0];
  for (const [i, file] of files.entries()) {
    const picture = decoded(file);
    if (!picture) continue;
    const parts = Array.from({ length: 4 }, () => part(picture, random));
    for (const nobody of [picture, ...parts]) {
      empty++;
      for (const found of await locateFaces(networks, nobody, { thorough: true }))
        await ask(networks, nobody, found, others);
    }
    for (let k = 0; k < 2; k++) {
      const clip = dataset.clips[random.int(dataset.clips.length)]!;
      const box = facesOf(dataset.faces, clip)?.[0];
      const key = await firstKey(join(dataset.root, clip.path));
      if (!box || !key) continue;
      shown++;
      const { mixed, truth } = pasted(picture, key, box, scales[(2 * i + k) % scales.length]!, random);
      const found = await locateFaces(networks, mixed, { thorough: true });
      if (!found.some((face) => intersectionOverUnion(face.box, truth) > 0.4)) missed++;
      for (const face of found) {
        await ask(networks, mixed, face, intersectionOverUnion(face.box, truth) > 0.4 ? faces : others);
      }
    }
    if (i % 20 === 19) console.error(`${i + 1} of ${files.length} pictures`);
  }
  await networks.close();
  const date = new Date().toISOString().slice(0, 10);
  const row = (name: string, { asked, small, accurate, score, doubted }: Count) =>
    `| ${name} | ${asked} | ${small} | ${doubted} | ${accurate} | ${score} |`;
  const text = `# Is it a face?

${date}. \`npm run bench -- confirm --pictures DIR\`. ${shown} faces of the semi-synthetic set pasted into pictures that show nobody (a
256x256 picture twice as large, as it is, half and 0.3 times as large, in 1280x720; ${missed} were not found at all), and ${empty} such
pictures and parts of them. Of every box that a thorough look located: is it a face?

| boxes | located | \`isFace\` says yes | of all, where it asked the accurate detector | the accurate detector alone says yes | score above 0.6 |
| --- | --- | --- | --- | --- | --- |
${row('faces', faces)}
${row('something else', others)}
`;
  console.log(text);
  if (!values.record) return;
  const results = fileURLToPath(new URL('./results', import.meta.url));
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `confirm-${date}.md`), text);
}

const count = (): Count => ({ asked: 0, small: 0, accurate: 0, score: 0, doubted: 0 });

async function ask(
  networks: FaceNetworks,
  picture: RgbPicture,
  face: Awaited<ReturnType<typeof locateFaces>>[number],
  into: Count,
): Promise<void> {
  let doubted = false;
  const watching: FaceNetworks = {
    ...networks,
    detect: (...asked) => {
      if (asked[1]?.detector === 'ssd') doubted = true;
      return networks.detect(...asked);
    },
  };
  // The small look in doubt: what is left is the accurate detector alone.
  const inDoubt: FaceNetworks = {
    ...networks,
    detect: async (seen, options): Promise<Detection[]> =>
      options?.detector === 'tiny' ? [{ ...face.box, score: 0.2 }] : networks.detect(seen, options),
  };
  into.asked++;
  if (await isFace(watching, picture, face)) into.small++;
  if (doubted) into.doubted++;
  if (await isFace(inDoubt, picture, face)) into.accurate++;
  if (face.score > 0.6) into.score++;
}

function decoded(file: string): RgbPicture | undefined {
  const fit = `scale=${width}:${height}:force_original_aspect_ratio=increase,crop=${width}:${height}`;
  const args = [
    '-loglevel',
    'error',
    '-i',
    file,
    '-vf',
    fit,
    '-frames:v',
    '1',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    '-',
  ];
  try {
    const data = new Uint8Array(execFileSync(ffmpegPath(), args, { maxBuffer: 4 * 3 * width * height, stdio: 'pipe' }));
    return data.length === 3 * width * height ? { width, height, data } : undefined;
  } catch {
    return undefined;
  }
}

/** A part of the picture, of 160 to 720 pixels. */
function part(picture: RgbPicture, random: Random): RgbPicture {
  const w = 160 + random.int(560);
  const h = Math.min(height, Math.round(w * (0.5 + 0.5 * random.uniform())));
  const [x, y] = [random.int(width - w), random.int(height - h + 1)];
  const data = new Uint8Array(3 * w * h);
  for (let j = 0; j < h; j++) {
    const from = 3 * ((y + j) * width + x);
    data.set(picture.data.subarray(from, from + 3 * w), 3 * j * w);
  }
  return { width: w, height: h, data };
}

async function firstKey(path: string): Promise<RgbPicture | undefined> {
  const video = await openVideo(path);
  try {
    for await (const { picture } of video.keyFrames({ select: [0] })) return picture && toRgb(picture);
    return undefined;
  } finally {
    video.close();
  }
}

/** The key frame somewhere in the picture, `scale` times as large, and where its face is then. */
function pasted(
  picture: RgbPicture,
  key: RgbPicture,
  box: FaceBox,
  scale: number,
  random: Random,
): { mixed: RgbPicture; truth: FaceBox } {
  const [w, h] = [Math.round(key.width * scale), Math.round(key.height * scale)];
  const [x, y] = [random.int(width - w), random.int(height - h)];
  const data = new Uint8Array(picture.data);
  for (let j = 0; j < h; j++) {
    for (let i = 0; i < w; i++) {
      const from = 3 * (Math.floor(j / scale) * key.width + Math.floor(i / scale));
      data.set(key.data.subarray(from, from + 3), 3 * ((y + j) * width + x + i));
    }
  }
  const truth = {
    ...{ x: x + scale * box.x, y: y + scale * box.y },
    ...{ width: scale * box.width, height: scale * box.height },
  };
  return { mixed: { width, height, data }, truth };
}
