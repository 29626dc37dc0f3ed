/** The command line's own behaviour: usage, exit codes, one-line errors, batches, pipes, interruption. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faceVideo, lavfi, makeClip } from '../support/clips.js';
import { ffmpeg } from '../support/ffmpeg.js';
import { tinyModel } from '../support/tiny-model.js';
import { main, vultus } from './vultus.js';

const mpeg4 = ['-c:v', 'mpeg4', '-bf', '0', '-g', '12', '-q:v', '4', '-threads', '1'];
let folder: string;
let clip: string;
let model: string;
/** Inputs that are no good, and what is said of each. */
const bad: Record<string, { path: string; says: RegExp }> = {};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultus-cli-'));
  const at = (name: string) => join(folder, name);
  clip = makeClip(lavfi('testsrc2=s=176x144:r=25', 50), mpeg4, 'mp4');
  model = at('tiny.onnx');
  writeFileSync(model, tinyModel());
  const bytes = readFileSync(clip);
  writeFileSync(at('empty.mp4'), '');
  writeFileSync(at('cut.mp4'), bytes.subarray(0, Math.floor(bytes.length / 2)));
  writeFileSync(at('words.mp4'), 'These are only words, and no video at all.\n'.repeat(50));
  mkdirSync(at('folder.mp4'));
  ffmpeg(['-f', 'lavfi', '-i', 'sine=duration=1', '-c:a', 'aac', '-y', at('sound.mp4')]);
  bad.empty = { path: at('empty.mp4'), says: /empty/ };
  bad.cut = { path: at('cut.mp4'), says: /moov|cut|ends|truncated/i };
  bad.words = { path: at('words.mp4'), says: /unsupported|not|no video/i };
  bad.folder = { path: at('folder.mp4'), says: /folder|not a regular file/ };
  bad.sound = { path: at('sound.mp4'), says: /no video|video track/i };
  bad.missing = { path: at('nowhere.mp4'), says: /no such file; check the path/ };
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** Exactly one line, which names no stack and no internal error. */
function expectOneLine(stderr: string): void {
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).toMatch(/^vultus: /);
  expect(stderr).not.toMatch(/internal error|\n\s+at /);
}

describe('usage', () => {
  it('prints help and version on stdout', async () => {
    const help = await vultus(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const word of ['analyze', 'inspect', 'extract', 'train', 'evaluate', 'Examples:']) {
      expect(help.stdout).toContain(word);
    }
    const version = await vultus(['--version']);
    expect(version).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' });
    const analyze = await vultus(['analyze', '--help']);
    expect(analyze.stdout).toMatch(/Article 5\(1\)\(f\)/);
  });

  it.each([
    [[]],
    [['dance']],
    [['inspect']],
    [['inspect', '--colour', 'a.mp4']],
    [['inspect', 'a.mp4', '--limit', 'many']],
    [['analyze', 'a.mp4', '--faces', '1,2,3']],
    [['analyze', 'a.mp4', '--window', '0']],
    [['analyze', 'a.mp4', '--threshold', '2']],
    [['analyze', 'a.mp4', '--json', '--csv']],
    [['analyze', 'a.mp4', '--report', 'report.pdf']],
    [['extract', 'a.mp4']],
    [['extract', 'a.mp4', '--out', 'a.npz', '--scale', '3']],
    [['extract', 'a.mp4', '--out', 'a.npz', '--frames', '9-3']],
    [['extract', 'a.mp4', '--out', 'a.txt']],
  ])('refuses %j with exit code 2', async (args) => {
    const { code, stdout, stderr } = await vultus(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    if (args.length > 0) expectOneLine(stderr);
    else expect(stderr).toContain('Usage: vultus');
  });

  it('every command has examples, and is completed', async () => {
    const { stdout } = await vultus(['completion', 'fish']);
    const top = stdout.split('\n').flatMap((line) => / -n 'not [^']*' -a (\S+)/.exec(line)?.[1] ?? []);
    expect(top).toEqual(expect.arrayContaining(['analyze', 'doctor', 'models', 'completion', 'train']));
    for (const name of top.filter((name) => name !== 'dataset')) {
      const help = await vultus([name, '--help']);
      expect(help.stdout, name).toMatch(/\nExamples?:\n +\$ .*vultus /);
    }
  });

  it('loads nothing heavy to show its help', async () => {
    const heavy = `data:text/javascript,${encodeURIComponent(
      `process.on('exit', () => process.stderr.write(process.report.getReport().sharedObjects.filter((n) => n.includes('onnxruntime')).length > 0 ? 'heavy' : 'light'))`,
    )}`;
    expect((await vultus(['--help'], { node: ['--import', heavy] })).stderr).toBe('light');
    expect((await vultus(['inspect', clip], { node: ['--import', heavy] })).stderr).toBe('light');
    // The probe can tell: analysis needs the run-time.
    const analysis = await vultus(['analyze', clip, '--model', model], { node: ['--import', heavy] });
    expect(analysis.stderr).toMatch(/heavy$/);
  });
});

describe('bad files', () => {
  for (const command of ['inspect', 'analyze', 'extract'] as const) {
    it(`${command} says in one line what is wrong with each, and exits with 1`, async () => {
      const out = join(folder, `${command}.npz`);
      const options = { inspect: [], analyze: ['--model', model], extract: ['--out', out] }[command];
      for (const { path, says } of Object.values(bad)) {
        const { code, stdout, stderr } = await vultus([command, path, ...options]);
        expect(stderr).toMatch(says);
        expectOneLine(stderr);
        expect(stdout).toBe('');
        expect(code).toBe(1);
      }
      expect(readdirSync(folder).filter((name) => name.includes('.npz'))).toEqual([]);
    });
  }

  it('a batch goes on after them', async () => {
    const files = [bad.empty!.path, clip, bad.missing!.path, clip];
    const { code, stdout, stderr } = await vultus(['inspect', '--json', ...files]);
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n')).toHaveLength(2);
    const objects = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(objects.map((o) => o.file)).toEqual(files);
    expect(objects.map((o) => o.error?.name)).toEqual(['MalformedStreamError', undefined, 'Error', undefined]);
    expect(objects[2].error.code).toBe('ENOENT');
    expect(objects[3].frameCount).toBe(50);
  });

  it('a wrong extension does not matter', async () => {
    const disguised = join(folder, 'clip.avi');
    copyFileSync(clip, disguised);
    const { code, stdout } = await vultus(['inspect', '--json', disguised]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ container: 'mp4', frameCount: 50 });
  });

  it('a cut raw stream gives the frames before the cut', async () => {
    const whole = readFileSync(makeClip(lavfi('testsrc2=s=176x144:r=25', 50), mpeg4, 'm4v'));
    const cut = join(folder, 'cut.m4v');
    writeFileSync(cut, whole.subarray(0, Math.floor(whole.length / 2)));
    const { code, stdout } = await vultus(['inspect', '--json', cut]);
    expect(code).toBe(0);
    const { frames } = JSON.parse(stdout);
    expect(frames.length).toBeGreaterThan(10);
    expect(frames.length).toBeLessThan(50);
    expect(frames.at(-1).damage).not.toBeNull();
    expect(frames.slice(0, -1).every((f: { damage: string | null }) => f.damage === null)).toBe(true);
  });

  it('refuses a model that is none', async () => {
    const { code, stderr } = await vultus(['analyze', clip, '--model', clip]);
    expect(code).toBe(1);
    expectOneLine(stderr);
    const missing = await vultus(['analyze', clip, '--model', join(folder, 'none.onnx')]);
    expect(missing.code).toBe(1);
    expectOneLine(missing.stderr);
  });
});

describe('pipes and signals', () => {
  const posix = process.platform !== 'win32';
  if (!posix) console.warn('no POSIX shell and signals here: pipes and interruption are not tried');

  it.skipIf(!posix)('ends quietly when the reader goes away (needs a POSIX shell)', () => {
    const run = `"$0" "$1" inspect --all ${JSON.stringify(clip)} ${JSON.stringify(clip)} | head -n 2`;
    const { stdout, stderr } = spawnSync('sh', ['-c', run, process.execPath, main], { encoding: 'utf8' });
    expect(stdout.split('\n')).toHaveLength(3);
    expect(stderr).toBe('');
  });

  it.skipIf(!posix)('leaves nothing behind when it is interrupted (needs signals)', async () => {
    // A codec that is converted: the copy is what could be left behind.
    const slow = makeClip(['-i', faceVideo(), '-an'], ['-c:v', 'mjpeg', '-q:v', '8'], 'mkv');
    const temporary = join(folder, 'tmp');
    mkdirSync(temporary);
    const { code, stdout, stderr } = await vultus(['analyze', slow, '--model', model], {
      env: { TMPDIR: temporary },
      started: (child) => {
        // The notice comes as the conversion begins; by a second later it is under way.
        child.stderr!.once('data', () => setTimeout(() => child.kill('SIGINT'), 700));
      },
    });
    expect(code).toBe(130);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/converted[^\n]*\nvultus: interrupted\n$/);
    expect(readdirSync(temporary).filter((name) => name.startsWith('vultus-'))).toEqual([]);
  });
});
