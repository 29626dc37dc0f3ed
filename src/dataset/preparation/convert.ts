/**
 * One clip of a corpus to one file that vultus reads: MPEG-4 Part 2, GOP 12, no B-frames, as the method's authors prepared
 * their data; or the original, where it may be kept and is read directly. The same source gives the same bytes.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { MalformedStreamError, UnsupportedStreamError } from '../../errors.js';
import { encoding, firstLine, run } from '../../ingest/ffmpeg.js';
import { openVideo, type Video } from '../../video.js';
import { longestSequence, type Sourced } from './sources.js';

/** Degrees, clockwise. */
export type Turn = 0 | 90 | 270;

/** Arguments that make ffmpeg's output depend on nothing but its input. */
export const exactness = ['-map_metadata', '-1', '-fflags', '+bitexact', '-flags:v', '+bitexact'];
const turns: Readonly<Record<Turn, readonly string[]>> = { 0: [], 90: ['transpose=clock'], 270: ['transpose=cclock'] };

/** How a clip is coded. */
export interface Recipe {
  /** Arguments of ffmpeg that name the encoder and set it. */
  encoder: readonly string[];
  container: 'mp4' | 'flv';
  /** Size that the picture is brought to; left out: it stays. */
  size?: { width: number; height: number } | undefined;
}

/** As the method's authors do. */
const usual: Recipe = { encoder: encoding, container: 'mp4' };

/** What is in a file that vultus has opened. */
export interface ClipFacts {
  frames: number;
  /** Pictures per second, rounded to a thousandth; 0 where unknown. */
  fps: number;
  width: number;
  height: number;
  codec: string;
}

export interface ConvertOptions {
  root: string;
  /** Path of ffmpeg. */
  ffmpeg: string;
  /** Where to write; nothing is kept there when this throws. */
  to: string;
  turn: Turn;
  /** MPEG-4 Part 2, GOP 12, no B-frames by default. */
  recipe?: Recipe;
  signal: AbortSignal | undefined;
}

/**
 * Converts. Gives ffmpeg's complaint about a video, if it had one and went on. Throws MalformedStreamError where it fails,
 * and for any complaint about a picture.
 */
export async function convertClip({ source }: Sourced, options: ConvertOptions): Promise<string | undefined> {
  const { root, ffmpeg, to, turn, signal, recipe = usual } = options;
  const { encoder, container, size } = recipe;
  const filters = [...turns[turn], ...(size ? [`scale=${size.width}:${size.height}:flags=bicubic`] : [])];
  const common = ['-hide_banner', '-nostdin', '-v', 'error', '-protocol_whitelist', 'file,pipe'];
  const input =
    source.kind === 'video'
      ? ['-i', `file:${join(root, source.path)}`]
      : ['-f', 'image2pipe', '-framerate', String(source.fps), '-c:v', decoderOf[source.format], '-i', 'pipe:0'];
  const { stderr } = await run(
    ffmpeg,
    [
      ...[...common, ...input, '-map', '0:V:0', '-an', '-sn', '-dn'],
      ...(filters.length > 0 ? ['-vf', filters.join(',')] : []),
      ...[...encoder, ...exactness, '-frames:v', String(longestSequence + 1)],
      ...['-f', container, '-y', `file:${to}`],
    ],
    signal,
    source.kind === 'pictures' ? contents(root, source.paths) : undefined,
  );
  if (!(await stat(to).catch(() => undefined))?.size) throw new MalformedStreamError('ffmpeg found no picture in it');
  const complaint = firstLine(stderr);
  // A video's decoder conceals and goes on, as players do; a picture is whole or it is not.
  if (complaint && source.kind === 'pictures') throw new MalformedStreamError(`ffmpeg on its pictures: ${complaint}`);
  return complaint;
}

const decoderOf = { png: 'png', jpeg: 'mjpeg' } as const;

async function* contents(root: string, paths: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const path of paths) yield await readFile(join(root, path));
}

/**
 * Copies the original, if it is one that vultus reads whole, upright and undamaged. Gives why not otherwise, in a few words.
 */
export async function keepOriginal(
  { source }: Sourced,
  { root, to, signal }: Pick<ConvertOptions, 'root' | 'to' | 'signal'>,
): Promise<string | undefined> {
  if (source.kind === 'pictures') return 'pictures are no video';
  const path = join(root, source.path);
  let video: Video | undefined;
  try {
    video = await openVideo(path);
    if (video.rotation !== 0) return `it is to be turned by ${video.rotation} degrees`;
    if (video.damage) return video.damage.message;
    for await (const { frame, error } of video.frames({ scale: 0, ...(signal && { signal }) })) {
      if (error) return error.message;
      if (frame.damage) return 'a picture is damaged';
    }
  } catch (error) {
    if (!(error instanceof MalformedStreamError || error instanceof UnsupportedStreamError)) throw error;
    return error.message;
  } finally {
    video?.close();
  }
  await copyFile(path, to);
  return undefined;
}

/** The ending of a kept original. */
export function originalEnding({ source }: Sourced): string {
  return source.kind === 'video' ? extname(source.path).toLowerCase() : '.mp4';
}

/**
 * Opens a prepared file and tells what is in it, and which frames are I-frames, ascending. Throws MalformedStreamError where it
 * shows no movement.
 * @param pictures how many went in, where that is known: as many must have come out
 */
export async function factsOf(path: string, pictures?: number): Promise<{ facts: ClipFacts; keys: number[] }> {
  const video = await openVideo(path);
  try {
    const { frameCount: frames, width, height, codec } = video;
    const index = await video.index();
    if (frames > longestSequence) {
      throw new MalformedStreamError(`it has more than ${longestSequence} pictures: that is no clip`);
    }
    if (pictures !== undefined && frames !== pictures) {
      throw new MalformedStreamError(`${pictures} pictures gave ${frames}: one of them cannot be read`);
    }
    if (![...index].some(({ key, coded }) => !key && coded)) {
      throw new MalformedStreamError(`it has ${frames} pictures and no P-frame: there is nothing to recognise in it`);
    }
    const fps = Math.round(1000 * (video.frameRate ?? 0)) / 1000;
    const keys = [...index].filter(({ key }) => key).map((entry) => entry.index);
    return { facts: { frames, fps, width, height, codec }, keys: keys.sort((a, b) => a - b) };
  } finally {
    video.close();
  }
}

/** SHA-256 of a file, hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
