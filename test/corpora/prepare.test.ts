/** From a corpus folder to a data set: the same bytes however often it was interrupted; faults are rows and stop nothing. */
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { corpora } from '../../src/dataset/corpora/index.js';
import { loadDataset } from '../../src/dataset/dataset.js';
import type { FaceFinder } from '../../src/dataset/preparation/boxes.js';
import { checkFolds, foldFile, parseFoldFile } from '../../src/dataset/preparation/fold-file.js';
import { type PrepareOptions, prepare } from '../../src/dataset/preparation/prepare.js';
import type { CorpusReport } from '../../src/dataset/preparation/report.js';
import { MalformedStreamError, ModelError } from '../../src/errors.js';
import { openVideo } from '../../src/video.js';
import { miniatures, put } from './miniature.js';

const folder = mkdtempSync(join(tmpdir(), 'vultus-prepare-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (name: string, out: string, over: Partial<PrepareOptions> = {}): Promise<CorpusReport> => {
  const corpus = corpora.find((one) => one.name === name)!;
  return prepare({
    corpus,
    variant: Object.keys(corpus.variants)[0]!,
    root: join(folder, name),
    out: join(folder, out),
    jobs: 2,
    ...over,
  });
};
/** Hash of every file below a folder, by path. The state file is a diary: its order may differ. */
function hashes(root: string): Record<string, string> {
  const files = (readdirSync(root, { recursive: true }) as string[]).filter((path) =>
    statSync(join(root, path)).isFile(),
  );
  return Object.fromEntries(
    files
      .sort()
      .filter((path) => path !== 'prepared.jsonl')
      .map((path) => [
        path,
        createHash('sha256')
          .update(readFileSync(join(root, path)))
          .digest('hex'),
      ]),
  );
}
function copy(name: string): string {
  const root = mkdtempSync(join(folder, `${name}-`));
  cpSync(join(folder, name), root, { recursive: true, preserveTimestamps: true });
  return root;
}
const reasonOf = ({ skipped }: CorpusReport, path: string) => skipped.find((one) => one.path === path)?.reason;
const finder: FaceFinder = {
  name: 'test',
  find: async ({ width, height }) => [
    { x: 1, y: 2, width: width / 4, height: height / 4 },
    { x: width / 4 + 1 / 3, y: height / 4, width: width / 2, height: height / 2 },
  ],
};
/** The same finder, with the number of pictures that it was shown. */
function counted(): FaceFinder & { pictures: number } {
  const counting = {
    ...finder,
    pictures: 0,
    find: (picture: Parameters<FaceFinder['find']>[0]) => {
      counting.pictures++;
      return finder.find(picture);
    },
  };
  return counting;
}

beforeAll(async () => {
  for (const name of ['ck-plus', 'mmi', 'crema-d']) miniatures[name]!(join(folder, name));
  await run('ck-plus', 'whole', { finder });
});

describe('prepare', () => {
  it('makes a sound data set whose clips are as the method wants them', async () => {
    const before = hashes(join(folder, 'ck-plus'));
    const report = await run('ck-plus', 'ck', { finder, jobs: 2 });
    expect(report).toMatchObject({
      clips: { found: 6, published: 327 },
      subjects: { found: 3, published: 118 },
      faulty: false,
      withoutFace: [],
      labels: { anger: { found: 3, published: 45 }, fear: { found: 0, published: 25 } },
    });
    expect(report.differences).toContain('clips: 6 found, 327 published');
    expect(report.distributed).toEqual({ clips: { found: 9, published: 593 }, subjects: { found: 3, published: 123 } });
    // Of recordings without a label nobody's score depends.
    expect(report.differences.join()).not.toContain('593');
    const dataset = await loadDataset(join(folder, 'ck'), { verify: { memory: undefined } });
    expect(dataset.clips).toHaveLength(6);
    const [clip] = dataset.clips;
    expect(clip).toMatchObject({
      frames: 8,
      fps: 30,
      width: 48,
      height: 48,
      codec: 'mpeg4',
      onsetFrame: 0,
      apexFrame: 7,
    });
    expect(dataset.faces.get(clip!.clip)).toEqual([{ frame: 0, x: 12.33, y: 12, width: 24, height: 24 }]);
    const video = await openVideo(join(folder, 'ck', clip!.path));
    expect([...(await video.index())].map(({ type }) => type).join('')).toBe('IPPPPPPP');
    video.close();
    expect(hashes(join(folder, 'ck-plus'))).toEqual(before);
    const page = readFileSync(join(folder, 'ck', 'report.html'), 'utf8');
    expect(page).toContain('S011');
    expect(page).not.toMatch(/https?:\/\/|<script/);
  });

  it('takes the whole picture for the face without a finder', async () => {
    await run('ck-plus', 'frame');
    const { clips, faces } = await loadDataset(join(folder, 'frame'));
    expect(clips.map(({ clip }) => faces.get(clip))).toEqual(
      clips.map(() => [{ frame: 0, x: 0, y: 0, width: 48, height: 48 }]),
    );
  });

  it('has an I-frame every twelve frames, with a box each, in longer clips', async () => {
    await run('mmi', 'mmi-boxes', { finder });
    const { clips, faces } = await loadDataset(join(folder, 'mmi-boxes'));
    expect(faces.get(clips[0]!.clip)!.map(({ frame }) => frame)).toEqual([0, 12]);
    expect(clips[0]).toMatchObject({ onsetFrame: 2, apexFrame: 7, offsetFrame: 13 });
    expect(clips[1]).toMatchObject({ onsetFrame: undefined, apexFrame: undefined, offsetFrame: undefined });
  });

  it('interrupted at any clip, and with files cut off, ends with the very same bytes', async () => {
    for (const at of [1, 3]) {
      const out = `cut-${at}`;
      const stop = new AbortController();
      const work = run('ck-plus', out, {
        finder,
        jobs: 1,
        signal: stop.signal,
        events: { progress: (done) => done === at && stop.abort(new DOMException('interrupted', 'AbortError')) },
      });
      await expect(work).rejects.toThrow('interrupted');
      expect(readdirSync(join(folder, out))).not.toContain('manifest.csv');
      // As a killed process leaves things: half a clip, half a line, a clip that lost bytes after it was noted.
      writeFileSync(join(folder, out, 'clips', '.S011_002.mp4.partial'), 'half');
      appendFileSync(join(folder, out, 'prepared.jsonl'), '{"clip":"S011_0');
      truncateSync(join(folder, out, 'clips', 'S005_001.mp4'), 100);
      const counting = counted();
      await run('ck-plus', out, { finder: counting });
      // Those noted before the interruption were not made again, but for the damaged one.
      expect(counting.pictures).toBe(6 - at + 1);
      expect(hashes(join(folder, out))).toEqual(hashes(join(folder, 'whole')));
    }
  });

  it('does no work twice, sees changed sources and changed settings', async () => {
    const root = copy('ck-plus');
    const again = async (over: { name?: string } = {}) => {
      const counting = Object.assign(counted(), over);
      await run('ck-plus', 'again', { root, finder: counting });
      return counting.pictures;
    };
    expect(await again()).toBe(6);
    expect(await again()).toBe(0);
    const picture = join(root, 'cohn-kanade-images/S005/001/S005_001_00000003.png');
    utimesSync(picture, 1, 1);
    expect(await again()).toBe(0);
    copyFileSync(join(root, 'cohn-kanade-images/S005/001/S005_001_00000007.png'), picture);
    expect(await again()).toBe(1);
    expect(await again({ name: 'another' })).toBe(6);
  });

  it('keeps originals that it reads, if told so, and converts the others', async () => {
    const kept = await run('crema-d', 'kept', { keepCodec: true });
    expect(kept.codecs).toEqual({ flv1: 8 });
    const { clips } = await loadDataset(join(folder, 'kept'), { verify: { memory: undefined } });
    expect(readFileSync(join(folder, 'kept', clips[0]!.path))).toEqual(
      readFileSync(join(folder, 'crema-d/VideoFlash', `${clips[0]!.clip}.flv`)),
    );
    const root = copy('crema-d');
    const file = join(root, 'VideoFlash/1001_DFA_ANG_HI.flv');
    truncateSync(file, statSync(file).size - 20);
    const mixed = await run('crema-d', 'kept', { keepCodec: true, root });
    expect(mixed.codecs).toEqual({ flv1: 7, mpeg4: 1 });
    expect(mixed.notes[0]).toMatchObject({ clip: '1001_DFA_ANG_HI' });
    expect(mixed.notes[0]!.note).toContain('converted although the original was to be kept');
    expect(readdirSync(join(folder, 'kept', 'clips')).filter((name) => name.startsWith('1001_DFA'))).toEqual([
      '1001_DFA_ANG_HI.mp4',
    ]);
  });

  it('turns videos that were stored on their side the way the finder is surest of', async () => {
    // Surest of tall pictures.
    const tall: FaceFinder = { ...finder, upright: async ({ width, height }) => (width < height ? 0.9 : 0.8) };
    const root = mkdtempSync(join(folder, 'side-'));
    const { makeClip, lavfi } = await import('../support/clips.js');
    const clip = makeClip(lavfi('mandelbrot=s=64x32:r=25', 6), ['-c:v', 'mpeg4', '-q:v', '3'], 'avi');
    put(
      root,
      'Sessions/1/session.xml',
      '<session><subject id="1"/><track filename="S001-001.avi" view="0"/></session>',
    );
    put(root, 'Sessions/1/S001-001.avi', readFileSync(clip));
    put(root, 'Sessions/1/S001-001.xml', '<Metatag Name="Emotion" Value="4"/>');
    const report = await run('mmi', 'side', { root, finder: tall });
    expect(report.notes[0]!.note).toBe('stored on its side: turned by 90 degrees');
    const { clips } = await loadDataset(join(folder, 'side'));
    expect(clips[0]).toMatchObject({ width: 32, height: 64 });
    const still = await run('mmi', 'upright', { root, finder });
    expect(still.notes).toEqual([]);
  });
});

describe('the face finder', () => {
  it('finds the man of the demo clip, with the same box every time', async () => {
    const { loadFinder } = await import('../../src/dataset/preparation/detector.js');
    const { face, makeClip } = await import('../support/clips.js');
    const root = mkdtempSync(join(folder, 'man-'));
    put(
      root,
      'Actor_01/01-01-03-01-01-01-01.mp4',
      readFileSync(makeClip(face(400, 300, 14), ['-c:v', 'libx264'], 'mp4')),
    );
    const real = await loadFinder();
    try {
      for (const out of ['man', 'man-again']) await run('ravdess', out, { root, finder: real });
    } finally {
      await real.close();
    }
    const { clips, faces } = await loadDataset(join(folder, 'man'), { labels: ['happiness'] });
    const boxes = faces.get(clips[0]!.clip)!;
    expect(boxes.map(({ frame }) => frame)).toEqual([0, 12]);
    for (const { x, y, width, height } of boxes) {
      // His nose is at about 207, 172.
      expect(x).toBeLessThan(190);
      expect(x + width).toBeGreaterThan(225);
      expect(y).toBeLessThan(150);
      expect(y + height).toBeGreaterThan(195);
      expect(width).toBeLessThan(200);
    }
    expect(hashes(join(folder, 'man-again'))).toEqual(hashes(join(folder, 'man')));
  });
});

describe('faults', () => {
  it('become rows and stop nothing', async () => {
    const root = copy('ck-plus');
    const images = join(root, 'cohn-kanade-images');
    truncateSync(join(images, 'S005/001/S005_001_00000004.png'), 60);
    writeFileSync(join(images, 'S005/002/S005_002_00000001.png'), 'no picture at all');
    const picture = join(images, 'S010/001/S010_001_00000002.png');
    // Whole to look at, but its content is noise.
    const bytes = readFileSync(picture);
    bytes.fill(0x55, 60, bytes.length - 40);
    writeFileSync(picture, bytes);
    truncateSync(join(images, 'S010/002/S010_002_00000002.png'), 0);
    const seen: string[] = [];
    const report = await run('ck-plus', 'faulty', { root, events: { fault: ({ path }) => seen.push(path) } });
    expect(report.clips.found).toBe(2);
    expect(report.faulty).toBe(true);
    expect(seen).toHaveLength(4);
    expect(reasonOf(report, 'cohn-kanade-images/S005/001')).toContain('S005_001_00000004.png is cut short');
    expect(reasonOf(report, 'cohn-kanade-images/S005/002')).toContain('S005_002_00000001.png is no PNG');
    expect(reasonOf(report, 'cohn-kanade-images/S010/001')).toMatch(/ffmpeg on its pictures: /);
    expect(reasonOf(report, 'cohn-kanade-images/S010/002')).toContain('S010_002_00000002.png is empty');
    // Nobody else changes folds because a clip is lost.
    const { clips } = await loadDataset(join(folder, 'faulty'));
    expect(clips.map(({ subject, fold }) => [subject, fold])).toEqual([
      ['S011', 3],
      ['S011', 3],
    ]);
    // Mended, only the mended ones are made.
    cpSync(join(folder, 'ck-plus'), root, { recursive: true });
    expect((await run('ck-plus', 'faulty', { root })).clips.found).toBe(6);
    expect(hashes(join(folder, 'faulty', 'clips'))).toEqual(hashes(join(folder, 'whole', 'clips')));
  });

  it('of videos are told in the words that help', async () => {
    const root = copy('crema-d');
    const video = (name: string) => join(root, 'VideoFlash', `${name}.flv`);
    writeFileSync(video('1001_DFA_ANG_HI'), 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n');
    truncateSync(video('1001_IEO_NEU_XX'), 40);
    const report = await run('crema-d', 'lfs', { root });
    expect(reasonOf(report, 'VideoFlash/1001_DFA_ANG_HI.flv')).toContain('run git lfs pull');
    expect(reasonOf(report, 'VideoFlash/1001_IEO_NEU_XX.flv')).toMatch(/ffmpeg/);
    expect(report.clips.found).toBe(6);
  });

  it('everywhere leave a report that says why, and no manifest', async () => {
    const root = copy('crema-d');
    for (const file of readdirSync(join(root, 'VideoFlash'))) truncateSync(join(root, 'VideoFlash', file), 30);
    await expect(run('crema-d', 'nothing', { root })).rejects.toThrow(MalformedStreamError);
    expect(readdirSync(join(folder, 'nothing')).sort()).toEqual([
      'clips',
      'prepared.jsonl',
      'report.html',
      'report.json',
    ]);
  });

  it('of place are refused: an output in the corpus, or one of another corpus', async () => {
    await expect(run('ck-plus', 'ck-plus/out')).rejects.toThrow(ModelError);
    await expect(run('ck-plus', 'ck-plus')).rejects.toThrow('stays as it is');
    await run('ck-plus', 'taken');
    await expect(run('mmi', 'taken')).rejects.toThrow('name another --out');
  });
});

describe('duplicates', () => {
  it('are found by content: one of equals is kept, none of those that disagree', async () => {
    const root = copy('crema-d');
    const place = (name: string) => join(root, 'VideoFlash', `${name}.flv`);
    copyFileSync(place('1001_DFA_ANG_HI'), place('1001_WSI_ANG_HI'));
    copyFileSync(place('1019_DFA_ANG_HI'), place('1037_DFA_ANG_HI'));
    const report = await run('crema-d', 'doubles', { root });
    expect(report.skipped.filter(({ kind }) => kind === 'duplicate').map(({ path, reason }) => [path, reason])).toEqual(
      [
        ['1001_WSI_ANG_HI', 'the same content as 1001_DFA_ANG_HI'],
        [
          '1019_DFA_ANG_HI',
          'the same content as 1037_DFA_ANG_HI, which has another label or subject: neither is taken',
        ],
        [
          '1037_DFA_ANG_HI',
          'the same content as 1019_DFA_ANG_HI, which has another label or subject: neither is taken',
        ],
      ],
    );
    expect(report.clips.found).toBe(6);
    expect(report.faulty).toBe(false);
  });
});

describe('counts of subjects', () => {
  it('that the design fixes are compared', async () => {
    const root = join(folder, 'ravdess');
    miniatures.ravdess!(root);
    const { differences } = await run('ravdess', 'actors', { root });
    expect(differences).toContain(
      'Actor_02: neutral 0 of 4, calm 1 of 8, happiness 0 of 8, sadness 0 of 8, anger 1 of 8, fear 0 of 8, disgust 0 of 8, surprise 0 of 8',
    );
    expect(differences).toContain('Actor_04: not there');
    expect(differences.at(-1)).toBe('and 12 more subjects');
  });
});

describe('names', () => {
  it('that two clips share are given once', async () => {
    const root = copy('mmi');
    const session = join(root, 'Sessions/1');
    for (const ending of ['avi', 'xml']) {
      copyFileSync(join(session, `S001-001.${ending}`), join(session, `a b.${ending}`));
      copyFileSync(join(session, `S001-001.${ending}`), join(session, `a_b.${ending}`));
    }
    const report = await run('mmi', 'names', { root });
    expect(reasonOf(report, 'Sessions/1/a_b.avi')).toBe('its name, 0001-a_b, is that of Sessions/1/a b.avi');
    // The content is that of the session's own video.
    expect(reasonOf(report, '0001-a_b')).toBe('the same content as 0001-S001-001');
    expect(report.clips.found).toBe(6);
  });
});

describe('fold files', () => {
  const content = {
    format: 'vultus-folds' as const,
    version: 1 as const,
    corpus: 'c',
    variant: 'v',
    protocol: 'p',
    rounds: [{ test: 1, validation: 2 }],
    folds: [
      { fold: 2, subjects: ['B'] },
      { fold: 1, subjects: ['C', 'A'] },
    ],
  };

  it('are sorted, hashed, and the same for the same folds', () => {
    const text = foldFile(content);
    const read = parseFoldFile(text);
    expect(read.folds).toEqual([
      { fold: 1, subjects: ['A', 'C'] },
      { fold: 2, subjects: ['B'] },
    ]);
    expect(foldFile({ ...content, folds: [...content.folds].reverse() })).toBe(text);
    expect(parseFoldFile(foldFile({ ...content, protocol: 'q' })).sha256).not.toBe(read.sha256);
  });

  it.each([
    ['a subject in two folds', (t: string) => t.replace('"B"', '"A"'), 'subject A is in fold 1 and in fold 2'],
    ['another order', (t: string) => t.replace('"A"', '"D"'), 'subject C of fold 1 stands out of order'],
    ['a change', (t: string) => t.replace('"B"', '"E"'), 'its sha256 does not fit'],
    ['another version', (t: string) => t.replace('"version": 1', '"version": 2'), 'version'],
    ['what is no JSON', (t: string) => t.slice(9), 'is no JSON'],
  ])('refuse %s', (_, change, message) => {
    expect(() => parseFoldFile(change(foldFile(content)))).toThrow(message);
  });

  it('hold against the manifest', async () => {
    const file = parseFoldFile(readFileSync(join(folder, 'whole', 'folds.json'), 'utf8'));
    const { clips } = await loadDataset(join(folder, 'whole'));
    expect(() => checkFolds(file, clips)).not.toThrow();
    const moved = clips.map((clip) => (clip.subject === 'S010' ? { ...clip, fold: 3 } : clip));
    expect(() => checkFolds(file, moved)).toThrow('subject S010 is in fold 3; in folds.json it is in 2');
  });
});
