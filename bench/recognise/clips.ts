/** The clips: a real face, enlarged with grain, in H.264 and MPEG-4; long ones repeat a short one's packets. */
import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { locateFaces } from '../../src/face/locate.js';
import type { FaceNetworks } from '../../src/face/networks/index.js';
import type { FaceBox } from '../../src/residual/track.js';
import { openVideo } from '../../src/video.js';
import { makeClip } from '../../test/support/clips.js';
import { ffmpegPath } from '../../test/support/ffmpeg.js';
import { benchEncoders, grainyFace } from '../clips.js';
import type { Clip } from './task.js';

const rate = 25;
/** Seconds that are encoded; longer clips are these packets again and again. */
const encoded = 12;

export const sizes = { '480p': [640, 480], '720p': [1280, 720], '1080p': [1920, 1080] } as const;
export const codecs = { 'H.264': 'h264-high', 'MPEG-4': 'mpeg4' } as const;

export async function benchClip(
  codec: keyof typeof codecs,
  size: keyof typeof sizes,
  seconds: number,
  networks: FaceNetworks,
): Promise<Clip> {
  const [width, height] = sizes[size];
  const short = makeClip(
    grainyFace(width, height, Math.min(seconds, encoded) * rate),
    benchEncoders[codecs[codec]]!,
    'mp4',
  );
  const path = seconds > encoded ? repeated(short, seconds) : short;
  const box = await firstFace(short, networks);
  return {
    name: `${codec} ${size}, ${duration(seconds)}`,
    codec,
    path,
    width,
    height,
    frames: seconds * rate,
    rate,
    box,
  };
}

const duration = (seconds: number) => (seconds >= 300 ? `${seconds / 60} min` : `${seconds} s`);

/** The clip's packets, copied as often as fill `seconds`, a multiple of its length. */
function repeated(path: string, seconds: number): string {
  const target = path.replace(/\.mp4$/, `-${seconds}s.mp4`);
  if (existsSync(target)) return target;
  const list = `${target}.txt`;
  writeFileSync(list, `file '${path}'\n`.repeat(seconds / encoded));
  const part = target.replace(/\.mp4$/, '.part.mp4');
  const args = ['-y', '-loglevel', 'error', '-f', 'concat', '-safe', '0', '-i', list, '-c', 'copy', part];
  const { status, stderr } = spawnSync(ffmpegPath(), args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ffmpeg: ${stderr}`);
  renameSync(part, target);
  return target;
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
