/** A data set to the same clips in other encodings: what changes is the encoding, and nothing else. */
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isReadable } from '../../src/cli/codecs.js';
import { loadDataset } from '../../src/dataset/dataset.js';
import { facesOf } from '../../src/dataset/faces.js';
import { type ReencodeOptions, reencode } from '../../src/dataset/reencoding/reencode.js';
import { variantsSchema } from '../../src/dataset/reencoding/variants.js';
import { ModelError } from '../../src/errors.js';
import { parseJson } from '../../src/files/json-file.js';
import { openVideo } from '../../src/video.js';
import { drawDataset } from '../support/drawn-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'vultus-reencode-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const data = join(folder, 'data');
const parse = (variants: unknown[]) =>
  parseJson(JSON.stringify({ variants }), 'variants.json', variantsSchema).variants;
const variants = parse([
  { name: 'h264-high-b2', codec: 'h264', profile: 'high', gop: 250, bFrames: 2, crf: 26 },
  { name: 'mpeg4-q3-half', codec: 'mpeg4', gop: 12, quantiser: 3, scale: 0.5 },
  { name: 'flv1-q6', codec: 'flv1', gop: 8, quantiser: 6 },
]);
const run = (out: string, over: Partial<ReencodeOptions> = {}) =>
  reencode({ data, out: join(folder, out), variants, originals: 'link', jobs: 2, ...over });

/** Hash of every file, by path, but for the diary. */
function hashes(root: string): Record<string, string> {
  const files = (readdirSync(root, { recursive: true }) as string[]).filter((path) =>
    statSync(join(root, path)).isFile(),
  );
  const sum = (path: string) =>
    createHash('sha256')
      .update(readFileSync(join(root, path)))
      .digest('hex');
  return Object.fromEntries(
    files
      .filter((path) => path !== 'prepared.jsonl')
      .sort()
      .map((path) => [path, sum(path)]),
  );
}

beforeAll(async () => {
  drawDataset(data);
  await run('whole');
}, 60_000);

describe('reencode', () => {
  it('gives a row per clip and variant, with all that belongs to the clip, and keeps the originals', async () => {
    const [before, after] = [
      await loadDataset(data),
      await loadDataset(join(folder, 'whole'), { verify: { memory: undefined } }),
    ];
    expect(after.clips).toHaveLength(24 * 4);
    for (const row of after.clips) {
      const source = before.clips.find(({ clip }) => clip === row.clip)!;
      for (const key of ['subject', 'emotion', 'condition', 'fold', 'gender', 'apexFrame'] as const) {
        expect(row[key], `${row.path} ${key}`).toBe(source[key]);
      }
      expect(isReadable(row.codec)).toBe(true);
    }
    expect(after.clips.filter(({ codec }) => codec === 'mpeg4').map(({ path }) => path)).toEqual(
      before.clips.map(({ path }) => path),
    );
  });

  it('encodes as declared: codec, B-frames, GOP, size, and as many frames as there were', async () => {
    const after = await loadDataset(join(folder, 'whole'));
    const rows = after.clips.filter(({ clip }) => clip === 'P3-surprise-1');
    const found: Record<string, unknown> = {};
    for (const row of rows) {
      const video = await openVideo(join(folder, 'whole', row.path));
      let types = '';
      for await (const { frame, error } of video.frames({ scale: 0 })) types += error ? '!' : frame.type;
      found[row.codec] = [video.container, video.codec, video.width, types.length, types.includes('B')];
      found[`${row.codec} I`] = [...types].flatMap((type, i) => (type === 'I' ? [i] : []));
      video.close();
      if (row.codec !== 'mpeg4') expect([row.frames, row.width, row.height]).toEqual([20, video.width, video.height]);
    }
    expect(found).toMatchObject({
      mpeg4: ['mp4', 'mpeg4', 80, 20, false],
      'h264-high-b2': ['mp4', 'h264', 80, 20, true],
      'mpeg4-q3-half': ['mp4', 'mpeg4', 40, 20, false],
      'flv1-q6': ['flv', 'flv1', 80, 20, false],
      'mpeg4 I': [0, 12],
      'h264-high-b2 I': [0],
      'mpeg4-q3-half I': [0, 12],
      'flv1-q6 I': [0, 8, 16],
    });
  });

  it('scales the boxes of a scaled picture, and of no other', async () => {
    const after = await loadDataset(join(folder, 'whole'));
    for (const row of after.clips) {
      const by = row.codec === 'mpeg4-q3-half' ? 0.5 : 1;
      expect(facesOf(after.faces, row), row.path).toEqual([
        { frame: 0, x: 4 * by, y: 4 * by, width: 72 * by, height: 72 * by },
        { frame: 12, x: 6 * by, y: 4 * by, width: 70 * by, height: 72 * by },
      ]);
    }
  });

  it('goes on after an interruption with the same bytes, whether originals are linked or copied', async () => {
    const stop = new AbortController();
    const broken = run('resumed', { signal: stop.signal, events: { progress: (done) => done === 20 && stop.abort() } });
    await expect(broken).rejects.toThrow();
    const progress: number[] = [];
    const made = readdirSync(join(folder, 'resumed', 'variants'), { recursive: true }).length;
    await run('resumed', { originals: 'copy', jobs: 1, events: { progress: (done) => progress.push(done) } });
    expect(made).toBeGreaterThan(10);
    expect(progress.at(-1)).toBe(72);
    expect(hashes(join(folder, 'resumed'))).toEqual(hashes(join(folder, 'whole')));
  });

  it('makes a line of a clip that is damaged, and re-encodes a re-encoded set', async () => {
    const second = join(folder, 'second');
    cpSync(join(folder, 'whole'), second, { recursive: true });
    truncateSync(join(second, 'variants/mpeg4-q3-half/P0-surprise-0.mp4'), 300);
    const faults: string[] = [];
    const report = await reencode({
      ...{ data: second, out: join(folder, 'third'), from: 'mpeg4-q3-half' },
      variants: parse([{ name: 'mpeg4-back', codec: 'mpeg4', gop: 60, quantiser: 2, scale: 2, bFrames: 1 }]),
      events: { fault: ({ path }) => faults.push(path) },
    });
    expect(faults).toEqual(['variants/mpeg4-q3-half/P0-surprise-0.mp4']);
    expect(report).toMatchObject({ originals: 0, variants: [{ clips: 23 }], faults: [{ variant: 'mpeg4-back' }] });
    const third = await loadDataset(join(folder, 'third'));
    expect(third.clips.map(({ codec, width }) => `${codec} ${width}`)).toEqual(Array(23).fill('mpeg4-back 80'));
    expect(facesOf(third.faces, third.clips[0]!)![1]).toEqual({ frame: 12, x: 6, y: 4, width: 70, height: 72 });
  });

  it.each([
    [{ from: 'vp9' }, 'no clip of .* has the codec vp9: there are mpeg4'],
    [
      { variants: parse([{ name: 'mpeg4', codec: 'mpeg4', gop: 12, quantiser: 4 }]) },
      'mpeg4 is the codec of clips that are kept',
    ],
    [{ out: join(data, 'inside') }, 'lies in the source'],
  ])('refuses %j', async (over, message) => {
    await expect(run('refused', over)).rejects.toThrow(ModelError);
    await expect(run('refused', over)).rejects.toThrow(new RegExp(message));
  });
});

describe('variants files', () => {
  it('ship in order', () => {
    const file = new URL('../../configs/variants/robust.json', import.meta.url).pathname;
    const shipped = parseJson(readFileSync(file, 'utf8'), 'robust.json', variantsSchema).variants;
    expect(shipped.map(({ name }) => isReadable(name))).toEqual(shipped.map(() => true));
  });
  it.each([
    [{ name: 'h264-main', codec: 'h264', profile: 'high', gop: 12, crf: 20 }, 'h264-main must begin with h264-high'],
    [{ name: 'h264-baseline', codec: 'h264', profile: 'baseline', gop: 12, crf: 20, bFrames: 1 }, 'no B-frames'],
    [{ name: 'mpeg4-x', codec: 'mpeg4', gop: 12, quantiser: 4, args: '-y /etc/passwd' }, 'args'],
    [{ name: 'mpeg4-../x', codec: 'mpeg4', gop: 12, quantiser: 4 }, 'small letters'],
    [{ name: 'mpeg4-x', codec: 'mpeg4', gop: 12, quantiser: '4 -y' }, 'quantiser'],
    [{ name: 'flv1-x', codec: 'flv1', gop: 12, quantiser: 4, bFrames: 1 }, 'bFrames'],
  ])('refuse %j', (variant, message) => {
    expect(() => parse([variant])).toThrow(ModelError);
    expect(() => parse([variant])).toThrow(message);
  });
  it('refuse a name twice', () => {
    const one = { name: 'flv1-x', codec: 'flv1', gop: 12, quantiser: 4 };
    expect(() => parse([one, one])).toThrow('one name');
  });
});

describe('isReadable', () => {
  it.each(['mpeg4', 'h264', 'h264-high', 'h263', 'flv1', 'mpeg4-q3-g12-half', 'h264-high-g250-crf28'])(
    'takes %s',
    (name) => {
      expect(isReadable(name)).toBe(true);
    },
  );
  it.each(['vp9', 'mpeg4x', 'h264-high10', 'h264-high-10', 'h264-high422', 'hevc', 'flv', 'h264-paff'])(
    'refuses %s',
    (name) => {
      expect(isReadable(name)).toBe(false);
    },
  );
});

describe('faces.csv', () => {
  it('refuses a box of a file that is not of its clip', async () => {
    const other = join(folder, 'other');
    drawDataset(other);
    writeFileSync(join(other, 'faces.csv'), 'clip,path,frame,x,y,w,h\nP0-surprise-0,P1-surprise-0.mp4,0,1,1,9,9');
    await expect(loadDataset(other)).rejects.toThrow(
      'line 2, column path: "P1-surprise-0.mp4" is no file of clip P0-surprise-0',
    );
  });
});
