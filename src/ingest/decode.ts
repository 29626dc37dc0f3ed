/**
 * Pictures decoded by ffmpeg, one at a time: what the baselines and the apex constraint of training are made of. Recognition
 * never comes here.
 */
import { spawn } from 'node:child_process';
import { MalformedStreamError, UnsupportedStreamError } from '../errors.js';
import { findFfmpeg, firstLine } from './ffmpeg.js';

export interface DecodeOptions {
  /** Of the pictures as they are coded; ffmpeg does not turn them. */
  width: number;
  height: number;
  /** `luma`: one plane; `rgb`: three. */
  colour: 'luma' | 'rgb';
  signal?: AbortSignal | undefined;
}

let found: Promise<string> | undefined;

/**
 * All pictures of a file in display order, 8 bits a sample, each plane width x height; they are overwritten by the next
 * picture. Throws UnsupportedStreamError where there is no ffmpeg, MalformedStreamError where it fails or ends inside a
 * picture, and the signal's reason. To leave early ends ffmpeg.
 */
export async function* decodedPictures(
  path: string,
  { width, height, colour, signal }: DecodeOptions,
): AsyncGenerator<Uint8Array[], void, undefined> {
  signal?.throwIfAborted();
  found ??= findFfmpeg('decoded').then((tool) => tool.path);
  const ffmpeg = await found.catch(() => {
    found = undefined;
    throw new UnsupportedStreamError(
      'decoded pictures',
      'baselines and the apex constraint need ffmpeg: install it (or `npm install @ffmpeg-installer/ffmpeg`), or set VULTUS_FFMPEG to its path',
    );
  });
  const area = width * height;
  const chroma = ((width + 1) >> 1) * ((height + 1) >> 1);
  // Planar RGB comes in the order G, B, R.
  const layout = colour === 'rgb' ? [2, 0, 1] : [0];
  const picture = new Uint8Array(colour === 'rgb' ? 3 * area : area + 2 * chroma);
  const planes = layout.map((place) => picture.subarray(place * area, (place + 1) * area));
  const args = [
    ...['-hide_banner', '-nostdin', '-v', 'error', '-protocol_whitelist', 'file,pipe', '-threads', '1'],
    ...['-noautorotate', '-i', `file:${path}`, '-map', '0:V:0', '-vsync', '0'],
    ...['-f', 'rawvideo', '-pix_fmt', colour === 'rgb' ? 'gbrp' : 'yuv420p', 'pipe:1'],
  ];
  const child = spawn(ffmpeg, args, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
  const kill = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  process.once('exit', kill);
  let words = '';
  child.stderr.on('data', (part: Buffer) => {
    if (words.length < 4096) words += part;
  });
  const ended = new Promise<number | Error | null>((resolve) => {
    child.on('error', resolve);
    child.on('close', resolve);
  });
  try {
    let filled = 0;
    for await (const part of child.stdout as AsyncIterable<Buffer>) {
      for (let at = 0; at < part.length; ) {
        const taken = Math.min(part.length - at, picture.length - filled);
        picture.set(part.subarray(at, at + taken), filled);
        at += taken;
        filled += taken;
        if (filled < picture.length) continue;
        filled = 0;
        yield planes;
      }
    }
    const code = await ended;
    signal?.throwIfAborted();
    if (code instanceof Error)
      throw new UnsupportedStreamError('decoded pictures', `ffmpeg does not run: ${code.message}`);
    if (code !== 0 || filled > 0) {
      throw new MalformedStreamError(
        `${path}: ffmpeg cannot decode it: ${firstLine(words) ?? `it ended with code ${code}`}`,
      );
    }
  } finally {
    signal?.removeEventListener('abort', kill);
    process.off('exit', kill);
    kill();
  }
}
