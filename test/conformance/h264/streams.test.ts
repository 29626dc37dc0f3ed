/**
 * Every shared H.264 stream, held against docs/h264-streams.md. Long streams are rebuilt only for their first frames
 * here, which are compared with ffmpeg's; the table's script rebuilds all of them whole.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ffmpeg } from '../../support/ffmpeg.js';
import { judge } from './judge.js';
import { readStream, streamList, streamPath, streamsPresent } from './streams.js';
import { expectedSums, row, tablePath } from './table.js';

/** Longer streams are cut. */
const FRAMES = 24;

if (!streamsPresent) console.warn('skipped: the H.264 test streams, since ../shared/conformance/h264 is not there');

const table = readFileSync(tablePath, 'utf8').split('\n');
const rowOf = (file: string): string | undefined => table.find((line) => line.startsWith(`| ${file} |`));

describe.skipIf(!streamsPresent)('shared H.264 streams (skipped where ../shared is not there)', () => {
  const list = streamsPresent ? streamList() : [];

  it('has a row for every stream', () => {
    for (const { file } of list) expect(rowOf(file), file).toBeDefined();
    expect(table.filter((line) => line.includes('WRONG'))).toEqual([]);
  });

  it.each(list)('$file is what the table says', (stream) => {
    const { file, frames } = stream;
    const claimed = rowOf(file)!;
    const whole = frames <= FRAMES || !claimed.includes('| exact |');
    if (whole) {
      expect(row(stream, judge(readStream(file), { sha1: expectedSums(stream) }))).toBe(claimed);
      return;
    }
    const first = ffmpeg(
      ['-threads', '1', '-i', streamPath(file), '-frames:v', String(FRAMES)].concat([
        '-vsync',
        '0',
        '-f',
        'rawvideo',
        '-pix_fmt',
        'yuv420p',
        '-',
      ]),
    );
    const sha1 = [createHash('sha1').update(first).digest('hex')];
    const verdict = judge(readStream(file), { sha1, frames: FRAMES });
    expect(verdict).toMatchObject({ kind: 'exact', frames: FRAMES, flagged: 0 });
  });
});
