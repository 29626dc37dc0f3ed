/** Runs the ffmpeg of the dev dependency: the maker of test clips and the oracle of every conformance test. */
import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants } from 'node:fs';
import ffmpegInstaller from '@ffmpeg-installer/ffmpeg';

/** Path of the binary; made executable, since some package caches lose the mode. */
export function ffmpegPath(): string {
  const path = ffmpegInstaller.path;
  try {
    accessSync(path, constants.X_OK);
  } catch {
    chmodSync(path, 0o755);
  }
  return path;
}

/** Runs ffmpeg to its end and returns what it wrote to standard output. Throws with ffmpeg's own words when it fails. */
export function ffmpeg(args: readonly string[], input?: Uint8Array): Buffer {
  const result = spawnSync(ffmpegPath(), ['-hide_banner', ...(input ? [] : ['-nostdin']), '-v', 'error', ...args], {
    maxBuffer: 2 ** 30,
    ...(input && { input }),
  });
  if (result.error) throw result.error;
  if (result.status !== 0) throw new Error(`ffmpeg ${args.join(' ')}\n${result.stderr.toString()}`);
  return result.stdout;
}

/** First line of `ffmpeg -version`. */
export function ffmpegVersion(): string {
  const result = spawnSync(ffmpegPath(), ['-version']);
  return result.stdout.toString().split('\n')[0]!.trim();
}
