/** `vultus analyze --out`: many files, good and bad, on threads; resumed, it gives the same bytes. */
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expandInputs } from '../../src/cli/inputs.js';
import type { PartResult } from '../../src/timeline/part-result.js';
import { face, makeClip } from '../support/clips.js';
import { type Expected, mixedFiles, mixedKinds } from '../support/mixed-files.js';
import { tinyModel } from '../support/tiny-model.js';
import { vultus } from './vultus.js';

const folder = mkdtempSync(join(tmpdir(), 'vultus-batch-'));
const videos = join(folder, 'videos');
const tree = join(folder, 'tree');
const model = join(folder, 'model.onnx');
let expected: Map<string, Expected>;

beforeAll(() => {
  writeFileSync(model, tinyModel());
  mkdirSync(videos);
  expected = mixedFiles(videos, Object.keys(mixedKinds).length);
  mkdirSync(join(tree, 'more'), { recursive: true });
  const good = [...expected.keys()].find((path) => path.endsWith('mpeg4.mp4'))!;
  for (const name of ['a.mp4', join('more', 'A.MP4'), 'b.mkv', 'notes.txt']) linkSync(good, join(tree, name));
  symlinkSync(tree, join(tree, 'more', 'circle'));
  symlinkSync(join(tree, 'nowhere.mp4'), join(tree, 'dangling.mp4'));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

const run = (inputs: readonly string[], out: string, ...more: string[]) =>
  vultus(
    [
      ...['analyze', ...inputs, '--model', model, '--out', out],
      ...['--format', 'json,jsonl,csv,parquet,webvtt', '--report', '--jobs', '2', ...more],
    ],
    { env: { VULTUS_FFMPEG: join(folder, 'no-ffmpeg') } },
  );
const contents = (out: string) =>
  Object.fromEntries(
    readdirSync(out)
      .filter((name) => !name.startsWith('.'))
      .map((name) => [name, readFileSync(join(out, name)).toString('latin1')]),
  );

describe('analyze --out', () => {
  it('gives every good file its results and every bad one its reason, in their order', async () => {
    const out = join(folder, 'out');
    const paths = [...expected.keys()];
    const { code, stdout, stderr } = await run(paths, out);
    expect(code).toBe(1);
    const { files, model } = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')) as {
      files: { file: string; status: string; error: string | null; faces: number | null }[];
      model: { hash: string };
    };
    expect(files.map(({ file }) => file)).toEqual(paths);
    for (const { file, status, error, faces } of files) {
      const wanted = expected.get(file)!;
      if ('faces' in wanted)
        expect({ file, status, error, faces }).toEqual({ file, status: 'done', error: null, ...wanted });
      else expect(error, file).toMatch(wanted.error);
      expect(error ?? '').not.toMatch(/\n|internal error/);
    }
    const bad = files.filter(({ error }) => error !== null);
    const good = files.filter(({ error }) => error === null);
    expect(good.length).toBeGreaterThanOrEqual(15);
    expect(stderr.trim().split('\n')).toEqual(bad.map(({ file, error }) => `vultus: ${file}: ${error}`));
    const lines = stdout.trim().split('\n');
    expect(lines.slice(0, -1).map((line) => line.replace(/: \d faces?.*/, ''))).toEqual(good.map(({ file }) => file));
    expect(lines.at(-1)).toMatch(
      new RegExp(`^${good.length} of ${files.length} files analysed; ${bad.length} failed; .*summary\\.csv$`),
    );

    const made = contents(out);
    expect(Object.keys(made)).toHaveLength(6 * good.length + 3);
    const index = made['index.html']!;
    for (const { file } of good) expect(index).toContain(encodeURIComponent(basename(file)));
    // Every file says by what model and for what labels it is.
    for (const [name, text] of Object.entries(made)) {
      if (name === 'summary.csv' || name.startsWith('nobody') || name.startsWith('8k')) continue;
      expect(text, name).toContain(model.hash);
      if (!name.startsWith('summary.json')) expect(text, name).toContain('happiness');
    }
    const [head, row] = made['raw.h264.csv']!.split('\r\n').map((line) => line.split(','));
    for (const name of [
      'input',
      'frame',
      'timestamp',
      'FaceRectX',
      'FaceRectHeight',
      'FaceScore',
      'anger',
      'neutral',
    ]) {
      expect(head).toContain(name);
    }
    const at = (name: string) => Number(row![head!.indexOf(name)]);
    expect(at('timestamp')).toBeCloseTo((at('start') + at('end')) / 2, 2);
    expect(Math.abs(at('frame') - 25 * at('timestamp'))).toBeLessThanOrEqual(1.5);
  }, 120_000);

  it('goes on where it was stopped, with the same bytes', async () => {
    const out = join(folder, 'resumed');
    const first = await run([tree], out);
    expect(first.stdout).toMatch(/\n3 of 4 files analysed; 1 failed; /);
    const before = contents(out);
    // a.mp4 and A.MP4 would be one file where letters are not told apart.
    expect(Object.keys(before).filter((name) => /^a\.mp4-[0-9a-f]{8}\.json$/i.test(name))).toHaveLength(2);
    const made = statSync(join(out, 'b.mkv.json')).mtimeMs;
    rmSync(join(out, Object.keys(before).find((name) => /^A\.MP4-.*\.vtt$/.test(name))!));
    const second = await run([tree], out);
    expect(second.stdout).toContain('3 of 4 files analysed, 2 of them before; 1 failed');
    expect(second.stdout.split('\n').slice(0, 3)).toEqual(first.stdout.split('\n').slice(0, 3));
    expect(contents(out)).toEqual(before);
    expect(statSync(join(out, 'b.mkv.json')).mtimeMs).toBe(made);
    expect((await run([tree], out, '--faces', 'frame')).stdout).not.toContain('before');
  }, 120_000);

  it.skipIf(process.platform === 'win32')(
    'interrupted, it leaves no copy and no ffmpeg behind; resumed, the bytes are the same',
    async () => {
      const slow = makeClip(face(320, 240, 800, 0), ['-c:v', 'mjpeg', '-q:v', '8'], 'mkv');
      const quick = [...expected.keys()].find((path) => path.endsWith('mpeg4.mp4'))!;
      const temporary = join(folder, 'tmp');
      mkdirSync(temporary);
      // Others put files of their own there.
      const left = () => readdirSync(temporary).filter((name) => name.startsWith('vultus-'));
      const args = (out: string) => [
        'analyze',
        quick,
        slow,
        '--model',
        model,
        '--out',
        join(folder, out),
        '--jobs',
        '2',
      ];
      const stopped = await vultus(args('stopped'), {
        env: { TMPDIR: temporary },
        started: (child) => {
          const poll = setInterval(() => {
            const copies = left().flatMap((name) => readdirSync(join(temporary, name)));
            if (!copies.includes('converted.mp4') || !existsSync(join(folder, 'stopped', `${basename(quick)}.json`)))
              return;
            clearInterval(poll);
            child.kill('SIGINT');
          }, 20);
          child.once('exit', () => clearInterval(poll));
        },
      });
      expect(stopped.code).toBe(130);
      expect(stopped.stderr).toBe('vultus: interrupted\n');
      expect(left()).toEqual([]);
      expect(Object.keys(contents(join(folder, 'stopped')))).toEqual([`${basename(quick)}.json`]);

      const resumed = await vultus(args('stopped'));
      expect(resumed.stdout).toContain('2 of 2 files analysed, 1 of them before');
      expect((await vultus(args('whole'))).code).toBe(0);
      expect(contents(join(folder, 'stopped'))).toEqual(contents(join(folder, 'whole')));
    },
    120_000,
  );

  it('reads a long video in parts: on any number of threads, and interrupted, with the same bytes', async () => {
    const long = makeClip(face(160, 128, 500), ['-c:v', 'mpeg4', '-g', '12', '-bf', '0', '-threads', '1'], 'mp4');
    const args = (out: string, ...more: string[]) => [
      ...['analyze', long, '--model', model, '--part', '4', '--format', 'json,csv'],
      ...['--out', join(folder, out), ...more],
    ];
    expect((await vultus(args('parts', '--jobs', '1'))).code).toBe(0);
    const whole = contents(join(folder, 'parts'));
    expect((await vultus(args('parts-on-3', '--jobs', '3'))).code).toBe(0);
    expect(contents(join(folder, 'parts-on-3'))).toEqual(whole);
    expect(readdirSync(join(folder, 'parts'))).not.toContain('.vultus-parts');

    const kept = join(folder, 'parts-stopped', '.vultus-parts');
    const files = () => (existsSync(kept) ? readdirSync(kept, { recursive: true, encoding: 'utf8' }) : []);
    const first = () => files().find((name) => basename(name) === '0.bin');
    const stopped = await vultus(args('parts-stopped', '--jobs', '1'), {
      started: (child) => {
        const poll = setInterval(() => {
          if (!first()) return;
          clearInterval(poll);
          child.kill('SIGINT');
        }, 5);
        child.once('exit', () => clearInterval(poll));
      },
    });
    expect(stopped.code).toBe(130);
    // What was kept is used: a mark in it comes back.
    const path = join(kept, first()!);
    const bytes = readFileSync(path);
    const marked = deserialize(bytes) as PartResult;
    marked.windows[0]!.energy = 123;
    writeFileSync(path, serialize(marked));
    const again = join(folder, 'parts-again');
    cpSync(join(folder, 'parts-stopped'), again, { recursive: true });
    expect((await vultus(args('parts-again'))).code).toBe(0);
    const resumed = contents(again);
    expect(Object.keys(resumed)).toEqual(Object.keys(whole));
    expect(resumed[`${basename(long)}.json`]).toContain('"energy": 123');
    writeFileSync(path, bytes);
    expect((await vultus(args('parts-stopped'))).code).toBe(0);
    expect(contents(join(folder, 'parts-stopped'))).toEqual(whole);
  }, 120_000);

  it('refuses what does not go together', async () => {
    for (const args of [
      ['analyze', videos, '--out', 'x', '--json'],
      ['analyze', videos, '--jobs', '2'],
      ['analyze', videos, '--out', 'x', '--format', 'json,xml'],
      ['analyze', join(videos, '*.nothing')],
      ['analyze', videos, '--out', 'x', '--report', 'r.html'],
      ['analyze', videos, '--report'],
    ]) {
      const { code, stderr } = await vultus(args);
      expect(code).toBe(2);
      expect(stderr.trim().split('\n')).toHaveLength(1);
    }
  });
});

describe('expandInputs', () => {
  const inTree = async (...inputs: string[]) =>
    (await expandInputs(inputs)).map((path) => path.replace(`${tree}/`, ''));

  it('walks folders in order, each file once, circles too; what is missing is kept', async () => {
    expect(await inTree(tree, join(tree, 'a.mp4'), 'missing.mp4')).toEqual([
      ...['a.mp4', 'b.mkv', 'dangling.mp4', 'more/A.MP4', 'missing.mp4'],
    ]);
  });

  it('expands patterns; a file whose name looks like one is itself', async () => {
    expect(await inTree(join(tree, '?.m*'))).toEqual(['a.mp4', 'b.mkv']);
    expect(await inTree(join(tree, '{b,a}.{mkv,mp4}'))).toEqual(['a.mp4', 'b.mkv']);
    expect(await inTree(join(tree, 'more', '*.MP4'))).toEqual(['more/A.MP4']);
    expect(await inTree(join(tree, '**', 'b.mkv'))).toContain('b.mkv');
    linkSync(join(tree, 'a.mp4'), join(folder, '[1] a*.mp4'));
    expect(await expandInputs([join(folder, '[1] a*.mp4')])).toEqual([join(folder, '[1] a*.mp4')]);
    await expect(expandInputs([join(tree, '*.nothing')])).rejects.toThrow('no file matches');
  });
});

describe('doctor and models', () => {
  it('say what is there', async () => {
    const doctor = await vultus(['doctor']);
    expect(doctor.code).toBe(0);
    expect(doctor.stdout.match(/^ok /gm)).toHaveLength(5);
    const models = await vultus(['models']);
    expect(models.stdout).toMatch(
      /^default: vultus-fused[\s\S]*key frames[\s\S]*^residual: vultus-residual[\s\S]*^heldout: vultus-heldout/m,
    );
  });
});
