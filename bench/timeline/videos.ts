/**
 * Long videos whose expressions over time are known: the clips of one subject one after the other, packets copied, in a seeded
 * order. Also what is shown when.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '../../src/dataset/dataset.js';
import type { DatasetClip } from '../../src/dataset/manifest.js';
import { Random } from '../../src/training/random.js';
import { openVideo } from '../../src/video.js';
import { makeClip } from '../../test/support/clips.js';

/**
 * `dense`: a subject's `lab-full` clips, an expression about every 1.8 s, as close as this set gets. `spaced`: the same, and behind
 * each expression one of the subject's neutral lab clips (a clip is used several times), as most talk is.
 */
export const arrangements = ['dense', 'spaced'] as const;
export type Arrangement = (typeof arrangements)[number];

/** Copied MPEG-4 packets (an I-frame every 12 frames, and at every cut), or those pictures again as H.264, GOP 250. */
export const codecs = ['mpeg4', 'h264'] as const;
export type Codec = (typeof codecs)[number];

export interface LongVideo {
  subject: string;
  fold: number;
  arrangement: Arrangement;
  codec: Codec;
  path: string;
  truth: Truth;
}

/** What one clip shows, in seconds of the long video. */
export interface Shown {
  label: string;
  start: number;
  end: number;
  /** `undefined` for neutral: first moving frame, strongest frame, first frame of the decline. */
  phases: { onset: number; apex: number; decline: number } | undefined;
}

export interface Truth {
  /** Time of each picture. */
  times: Float64Array;
  /** Seconds. */
  duration: number;
  shown: Shown[];
}

/** Divisible by 24 and by 25 frames a second: clips of both are put together. */
const ticks = ['-video_track_timescale', '600'];

const h264 = ['-vsync', 'passthrough', '-enc_time_base', '1:600', '-c:v', 'libx264', '-threads', '1'];
/** How the second codec is encoded. */
export const h264Encoder = [...h264, '-preset', 'medium', '-crf', '23', '-g', '250', '-pix_fmt', 'yuv420p'];

/** All long videos of a fold. Throws where a video is not what its clips say. */
export async function longVideos(
  dataset: Dataset,
  fold: number,
  {
    seed,
    subjects: limit,
    wanted,
  }: { seed: number; subjects: number; wanted: readonly (readonly [Arrangement, Codec])[] },
): Promise<LongVideo[]> {
  const lab = dataset.clips.filter(
    (row) => row.fold === fold && row.codec === 'mpeg4' && row.condition.startsWith('lab'),
  );
  const subjects = [...new Set(lab.map(({ subject }) => subject))].sort().slice(0, limit);
  const videos: LongVideo[] = [];
  for (const [number, subject] of subjects.entries()) {
    const own = lab.filter((row) => row.subject === subject);
    for (const [arrangement, codec] of wanted) {
      const clips = arranged(own, arrangement, new Random(seed + 100 * fold + number));
      const joined = joinClips(clips.map(({ path }) => join(dataset.root, path)));
      const path = codec === 'mpeg4' ? joined : makeClip(['-i', joined], [...h264Encoder, ...ticks], 'mp4');
      videos.push({ subject, fold, arrangement, codec, path, truth: await truthOf(path, clips) });
    }
  }
  return videos;
}

function arranged(own: readonly DatasetClip[], arrangement: Arrangement, random: Random): DatasetClip[] {
  const clips = random.shuffle(own.filter(({ condition }) => condition === 'lab-full'));
  if (arrangement === 'dense') return clips;
  const neutral = own.filter(({ emotion }) => emotion === 'neutral');
  let turn = 0;
  const pause = () => neutral[turn++ % neutral.length]!;
  return clips.filter(({ emotion }) => emotion !== 'neutral').flatMap((clip) => [clip, pause()]);
}

function joinClips(paths: readonly string[]): string {
  const parts = paths.map((path) => makeClip(['-i', path], ['-c:v', 'copy', ...ticks], 'mp4'));
  const list = parts.map((path) => `file '${path}'\n`).join('');
  const name = createHash('sha256').update(list).digest('hex').slice(0, 24);
  const file = join(tmpdir(), `vultus-timeline-${name}.txt`);
  writeFileSync(file, list);
  return makeClip(['-f', 'concat', '-safe', '0', '-i', file], ['-c:v', 'copy', ...ticks], 'mp4');
}

async function truthOf(path: string, clips: readonly DatasetClip[]): Promise<Truth> {
  const video = await openVideo(path);
  const index = await video.index();
  const { duration } = video;
  video.close();
  const times = Float64Array.from(index.timestamps).sort();
  const frames = clips.reduce((sum, clip) => sum + clip.frames!, 0);
  if (times.length !== frames) throw new Error(`${path} has ${times.length} pictures, its clips ${frames}`);
  let first = 0;
  const shown = clips.map(({ emotion, frames, fps, onsetFrame, apexFrame, offsetFrame }): Shown => {
    const at = (frame: number) => times[first + frame]!;
    const start = at(0);
    const end = times[first + frames!] ?? duration;
    if (Math.abs(end - start - frames! / fps!) > 0.002)
      throw new Error(`${path}: the times of ${emotion} are not the clip's`);
    const phases =
      onsetFrame === undefined || apexFrame === undefined || offsetFrame === undefined
        ? undefined
        : { onset: at(onsetFrame), apex: at(apexFrame), decline: at(offsetFrame) };
    first += frames!;
    return { label: emotion, start, end, phases };
  });
  return { times, duration, shown };
}
