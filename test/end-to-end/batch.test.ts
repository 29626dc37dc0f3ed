/** `vultus analyze --out`: many files, good and bad, on threads; resumed, it gives the same bytes. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expandInputs } from '../../src/cli/inputs.js';
import { face, lavfi, makeClip } from '../support/clips.js';
import { ffmpeg } from '../support/ffmpeg.js';
import { tinyModel } from '../support/tiny-model.js';
import { vultus } from './vultus.js';

const folder = mkdtempSync(join(tmpdir(), 'vultus-batch-'));
const videos = join(folder, 'videos');
const model = join(folder, 'model.onnx');
const mpeg4 = ['-c:v', 'mpeg4', '-g', '12', '-bf', '0', '-q:v', '5', '-threads', '1'];

beforeAll(() => {
  writeFileSync(model, tinyModel());
  mkdirSync(join(videos, 'more'), { recursive: true });
  const good = readFileSync(makeClip(face(320, 240, 40), mpeg4, 'mp4'));
  writeFileSync(join(videos, 'a.mp4'), good);
  writeFileSync(join(videos, 'more', 'A.MP4'), good);
  writeFileSync(join(videos, 'wrong.avi'), good); // told by its contents
  writeFileSync(join(videos, 'cut.mp4'), good.subarray(0, good.length >> 1));
  writeFileSync(join(videos, 'empty.mp4'), '');
  writeFileSync(join(videos, 'words.mkv'), 'no video at all');
  writeFileSync(join(videos, 'notes.txt'), 'not taken from a folder');
  writeFileSync(join(videos, 'nobody.mp4'), readFileSync(makeClip(lavfi('testsrc2=s=320x240:r=25', 30), mpeg4, 'mp4')));
  ffmpeg(['-f', 'lavfi', '-i', 'sine=d=1', '-c:a', 'aac', '-strict', '-2', join(videos, 'sound.mp4')]);
  symlinkSync(videos, join(videos, 'more', 'circle'));
  symlinkSync(join(videos, 'nowhere.mp4'), join(videos, 'dangling.mp4'));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

const run = (out: string, ...more: string[]) =>
  vultus([
    'analyze',
    videos,
    '--model',
    model,
    '--out',
    out,
    '--format',
    'json,jsonl,csv,webvtt',
    '--jobs',
    '2',
    ...more,
  ]);
const contents = (out: string) =>
  Object.fromEntries(
    readdirSync(out)
      .filter((name) => !name.startsWith('.'))
      .map((name) => [name, readFileSync(join(out, name), 'utf8')]),
  );

describe('analyze --out', () => {
  it('gives every good file its results and every bad one its reason, and goes on where it was stopped', async () => {
    const out = join(folder, 'out');
    const first = await run(out);
    expect(first.code).toBe(1);
    expect(first.stdout).toMatch(/^4 of 8 files analysed; .*summary\.csv\n$/);
    const { files } = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')) as {
      files: { file: string; status: string; error: string | null; faces: number | null }[];
    };
    const status = Object.fromEntries(files.map((row) => [row.file.slice(videos.length + 1), row.status]));
    expect(status).toEqual({
      ...{ 'a.mp4': 'done', 'more/A.MP4': 'done', 'wrong.avi': 'done', 'nobody.mp4': 'done' },
      ...{ 'cut.mp4': 'failed', 'empty.mp4': 'failed', 'words.mkv': 'failed', 'sound.mp4': 'failed' },
    });
    for (const { error, status } of files) expect(error === null).toBe(status === 'done');
    for (const { error } of files) expect(error ?? '').not.toMatch(/\n|internal error/);
    expect(files.find(({ file }) => file.endsWith('nobody.mp4'))!.faces).toBe(0);
    expect(files.find(({ file }) => file.endsWith('wrong.avi'))!.faces).toBe(1);

    const before = contents(out);
    // a.mp4 and A.MP4 would be one file where letters are not told apart.
    expect(Object.keys(before).filter((name) => /^a\.mp4-[0-9a-f]{8}\.json$/i.test(name))).toHaveLength(2);
    expect(before['wrong.avi.vtt']).toMatch(/^WEBVTT\n\nNOTE /);
    expect(before['wrong.avi.csv']!.split('\r\n')[0]).toContain('FaceRectX');
    const line = JSON.parse(before['wrong.avi.jsonl']!.split('\n')[0]!) as { model: string; probabilities: object };
    expect(line.model).toMatch(/^[0-9a-f]{64}$/);
    expect(Object.keys(line.probabilities)).toContain('happiness');

    const made = statSync(join(out, 'wrong.avi.json')).mtimeMs;
    rmSync(join(out, 'nobody.mp4.json'));
    const second = await run(out);
    expect(second.stderr).toContain('3 of 8 files were done before');
    expect(contents(out)).toEqual(before);
    expect(statSync(join(out, 'wrong.avi.json')).mtimeMs).toBe(made);

    utimesSync(join(videos, 'a.mp4'), new Date(), new Date());
    expect((await run(out, '--faces', 'frame')).stderr).not.toContain('done before');
  }, 120_000);

  it('refuses what does not go together', async () => {
    for (const args of [
      ['analyze', videos, '--out', 'x', '--json'],
      ['analyze', videos, '--jobs', '2'],
      ['analyze', videos, '--out', 'x', '--format', 'json,xml'],
      ['analyze', join(videos, '*.nothing')],
      ['analyze', join(videos, 'more', 'circle', 'more'), '--out', 'x', '--report', 'r.html'],
    ]) {
      const { code, stderr } = await vultus(args);
      expect(code).toBe(2);
      expect(stderr.trim().split('\n')).toHaveLength(1);
    }
  });
});

describe('expandInputs', () => {
  it('walks folders in order, each file once, circles too; patterns are matched; what is missing is kept', async () => {
    const found = await expandInputs([videos, join(videos, 'a.mp4'), 'missing.mp4']);
    expect(found.map((path) => path.replace(`${videos}/`, ''))).toEqual([
      ...['a.mp4', 'cut.mp4', 'empty.mp4', 'more/A.MP4', 'nobody.mp4', 'sound.mp4', 'words.mkv', 'wrong.avi'],
      'missing.mp4',
    ]);
    expect(await expandInputs([join(videos, 'w*.?vi')])).toEqual([join(videos, 'wrong.avi')]);
  });
});

describe('doctor and models', () => {
  it('say what is there', async () => {
    const doctor = await vultus(['doctor']);
    expect(doctor.code).toBe(0);
    expect(doctor.stdout.match(/^ok /gm)).toHaveLength(5);
    const models = await vultus(['models']);
    expect(models.stdout).toMatch(/^default: vultus-fused[\s\S]*key frames[\s\S]*^residual: vultus-summed/m);
  });
});
