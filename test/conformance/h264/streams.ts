/**
 * The shared H.264 test streams: a folder beside the repository (../shared/conformance/h264) that is never part of it.
 * Where it is absent, tests that need it skip and say so.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const folder = join(root, '..', 'shared', 'conformance', 'h264');

export const streamsPresent = existsSync(join(folder, 'streams.csv'));

export interface Stream {
  file: string;
  profile: string;
  frames: number;
  /** SHA-1 of all frames as concatenated I420: as ffmpeg decodes them, and as published with the stream; '' if none. */
  sha1: { ffmpeg: string; published: string };
}

/** One line of comma-separated values; a field may be quoted. */
function fields(line: string): string[] {
  return [...line.matchAll(/("([^"]*)"|[^,]*)(,|$)/g)].map((match) => match[2] ?? match[1]!);
}

export function streamList(): Stream[] {
  const [head, ...lines] = readFileSync(join(folder, 'streams.csv'), 'utf8').trim().split(/\r?\n/);
  const columns = fields(head!);
  return lines.map((line) => {
    const values = fields(line);
    const value = (column: string): string => values[columns.indexOf(column)] ?? '';
    return {
      file: value('file'),
      profile: value('profile'),
      frames: Number(value('frames')),
      sha1: { ffmpeg: value('sha1_ffmpeg_5_1_yuv420p_passthrough'), published: value('sha1_published_with_stream') },
    };
  });
}

export const streamPath = (file: string): string => join(folder, file);

export const readStream = (file: string): Uint8Array => new Uint8Array(readFileSync(streamPath(file)));
