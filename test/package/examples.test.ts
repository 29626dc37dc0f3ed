/** The programs of examples/: each runs as its first lines say, against the built package, and prints what it promises. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { face, makeClip } from '../support/clips.js';
import { root } from './project.js';

const folder = join(root, 'examples');
const label = '(anger|disgust|fear|happiness|sadness|surprise|neutral)';
/** Two seconds of the man before the webcam: five windows. */
const clip = makeClip(
  face(320, 240, 50),
  ['-c:v', 'mpeg4', '-g', '12', '-bf', '0', '-q:v', '5', '-threads', '1'],
  'mp4',
);
const notVideo = join(root, 'package.json');

/** By name: its arguments, and what it must print. */
const programs: Readonly<Record<string, { args: readonly string[]; prints: RegExp }>> = {
  'cancel.ts': {
    args: [clip],
    prints:
      /^window 1: 0\.0-1\.2 s\nwindow 2: 0\.2-1\.4 s\nwindow 3: 0\.4-1\.6 s\nstopped: three windows are enough\n$/,
  },
  'clip-label.ts': { args: [clip], prints: new RegExp(`^face 0: ${label} \\([01]\\.\\d\\d\\)\\n$`) },
  'frames-without-pixels.ts': {
    args: [clip],
    prints:
      /^mpeg4 320x240, 50 pictures, 45 P\n(\d+ at [012]\.\d\d s: \d+ bytes, mean residual \d+\.\d\d, mean vector \d+\.\d\d\n){16}$/,
  },
  'many-files.ts': {
    args: [clip, notVideo, clip],
    prints: /^(.*\.mp4: 2\.0 s, faces: 1\n).*package\.json: cannot be read: not a container.*\n\1$/,
  },
  'running-timeline.ts': {
    args: [clip],
    prints: new RegExp(
      `^(from \\d\\.\\d s on, face 0: ${label}\\n)+(segment of face 0: \\d\\.\\d-\\d\\.\\d s (${label}|uncertain)\\n)+$`,
    ),
  },
};

function run(name: string, args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(folder, name), ...args], { cwd: root });
  const [stdout, stderr]: string[][] = [[], []];
  child.stdout.on('data', (chunk) => stdout!.push(String(chunk)));
  child.stderr.on('data', (chunk) => stderr!.push(String(chunk)));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout: stdout!.join(''), stderr: stderr!.join('') }));
  });
}

describe('the examples', () => {
  it('are these, short, and open with why', () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(programs));
    for (const name of Object.keys(programs)) {
      const text = readFileSync(join(folder, name), 'utf8');
      expect(text, name).toMatch(
        new RegExp(`^/\\*\\*\\n \\* [A-Z][^]*npx tsx examples/${name} \\[VIDEO(\\.{3})?\\]\\n \\*/\\n`),
      );
      expect(text.split('\n').length, name).toBeLessThan(40);
    }
  });

  it.concurrent.each(Object.entries(programs))(
    '%s prints what it promises',
    async (name, { args, prints }) => {
      const { code, stdout, stderr } = await run(name, args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(prints);
    },
    240_000,
  );
});
