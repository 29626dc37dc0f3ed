/** Every corpus' layout, right and damaged in the ways that downloads are: what is read, and what the report would say. */
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Corpus, corpora, roundsOf, type Scan } from '../../src/dataset/corpora/index.js';
import { MalformedStreamError } from '../../src/errors.js';
import { miniatures, put } from './miniature.js';

const folder = mkdtempSync(join(tmpdir(), 'vultus-layouts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  for (const [name, make] of Object.entries(miniatures)) make(join(folder, name));
});

const corpus = (name: string): Corpus => corpora.find((one) => one.name === name)!;
const scan = (name: string, variant?: string, root = join(folder, name)): Promise<Scan> =>
  corpus(name).scan(root, variant ?? Object.keys(corpus(name).variants)[0]!);
/** A copy of a miniature to damage. */
function copy(name: string): string {
  const root = mkdtempSync(join(folder, `${name}-`));
  cpSync(join(folder, name), root, { recursive: true });
  return root;
}
const kinds = ({ skipped }: Scan) => skipped.map(({ kind }) => kind).sort();
const reasonOf = ({ skipped }: Scan, path: string) => skipped.find((one) => one.path === path)?.reason;

describe('published counts', () => {
  it.each(corpora.flatMap((one) => Object.keys(one.variants).map((variant) => [one, variant] as const)))(
    'of labels add up',
    (one, variant) => {
      const { published, labels } = one.variants[variant]!;
      if (!published.labels) return;
      expect(Object.keys(published.labels).sort()).toEqual([...labels].sort());
      expect(Object.values(published.labels).reduce((a, b) => a + b)).toBe(published.clips);
    },
  );
});

describe('published counts of subjects', () => {
  it.each([
    ['ravdess', 'speech', 'Actor_18', 60],
    ['ravdess', 'speech-and-song', 'Actor_18', 60],
    ['ravdess', 'speech-and-song', 'Actor_07', 104],
    ['oulu-casia', 'vl-strong', 'P080', 6],
    ['oulu-casia', 'all', 'P001', 36],
  ])('of %s, %s add up to those of labels', (name, variant, subject, each) => {
    const { clips, subjects, labels, bySubject } = corpus(name).variants[variant]!.published;
    const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b);
    expect(sum(bySubject![subject]!)).toBe(each);
    expect(Object.keys(bySubject!)).toHaveLength(subjects!);
    expect(
      Object.values(bySubject!)
        .map(sum)
        .reduce((a, b) => a + b),
    ).toBe(clips);
    for (const [label, n] of Object.entries(labels!)) {
      expect(Object.values(bySubject!).reduce((all, counts) => all + counts[label]!, 0)).toBe(n);
    }
  });
});

describe.each(Object.keys(miniatures))('%s', (name) => {
  it('refuses a folder that is another corpus, or none, and says what is missing', async () => {
    const empty = mkdtempSync(join(folder, 'empty-'));
    put(empty, 'holiday.txt', 'x');
    await expect(scan(name, undefined, empty)).rejects.toThrow(MalformedStreamError);
    await expect(scan(name, undefined, empty)).rejects.toThrow(
      /expected .*\.(png|jpeg|xml|avi|mp4|flv) .*found holiday\.txt/,
    );
    await expect(scan(name, undefined, join(folder, 'nowhere'))).rejects.toThrow('is no folder');
  });

  it('names clips once, in order, with known labels and every person in one fold', async () => {
    for (const [variant, { labels, folds }] of Object.entries(corpus(name).variants)) {
      // The miniature of Oulu-CASIA has one light only.
      if (name === 'oulu-casia' && variant !== 'vl-strong') continue;
      const { clips } = await scan(name, variant);
      const names = clips.map(({ clip }) => clip);
      expect(names).toEqual([...new Set(names)].sort());
      expect(names.every((one) => /^[\w.-]+$/.test(one))).toBe(true);
      expect(clips.every(({ emotion, fold }) => labels.includes(emotion) && fold >= 1 && fold <= folds)).toBe(true);
      const foldOf = new Map<string, number>();
      for (const { subject, fold } of clips)
        expect(foldOf.set(subject, foldOf.get(subject) ?? fold).get(subject)).toBe(fold);
    }
  });
});

describe('CK+', () => {
  it('reads labels, marks onset and apex, leaves unlabelled sequences out', async () => {
    const found = await scan('ck-plus');
    expect(found.clips).toHaveLength(6);
    expect(found.clips[1]).toMatchObject({
      clip: 'S005_002',
      subject: 'S005',
      emotion: 'happiness',
      onset: 0,
      apex: 'last',
    });
    expect(found.clips[1]!.source).toMatchObject({ kind: 'pictures', format: 'png', fps: 30 });
    expect(found.clips.flatMap(({ notes }) => notes ?? [])).toEqual([]);
    expect(kinds(found)).toEqual(['unlabelled', 'unlabelled', 'unlabelled']);
  });

  it('with eight classes takes one neutral beginning per person', async () => {
    const neutral = (await scan('ck-plus', '8')).clips.filter(({ emotion }) => emotion === 'neutral');
    expect(neutral.map(({ clip }) => clip)).toEqual(['S005_001_neutral', 'S010_001_neutral', 'S011_001_neutral']);
    expect(neutral[0]!.source).toMatchObject({ paths: { length: 4 } });
    expect(neutral[0]!.apex).toBeUndefined();
  });

  it('says which file is missing, unreadable or odd, and goes on', async () => {
    const root = copy('ck-plus');
    rmSync(join(root, 'cohn-kanade-images/S005/001/S005_001_00000004.png'));
    put(root, 'Emotion/S005/002/S005_002_00000008_emotion.txt', 'glad');
    put(root, 'Emotion/S010/001/S010_001_00000008_emotion.txt', '9.0');
    renameSync(
      join(root, 'Emotion/S010/002/S010_002_00000008_emotion.txt'),
      join(root, 'Emotion/S010/002/S010_002_00000007_emotion.txt'),
    );
    rmSync(join(root, 'cohn-kanade-images/S011/001'), { recursive: true });
    mkdirSync(join(root, 'cohn-kanade-images/S011/001'));
    mkdirSync(join(root, 'cohn-kanade-images/extra'));
    const found = await scan('ck-plus', undefined, root);
    expect(found.clips.map(({ clip }) => clip)).toEqual(['S005_001', 'S010_002', 'S011_002']);
    expect(found.clips[0]!.notes).toEqual(['cohn-kanade-images/S005/001/S005_001_00000004.png is missing']);
    expect(found.clips[1]!.notes![0]).toContain('labels picture 7, the last picture is S010_002_00000008.png');
    expect(reasonOf(found, 'Emotion/S005/002/S005_002_00000008_emotion.txt')).toContain('"glad" is no label');
    expect(reasonOf(found, 'Emotion/S010/001/S010_001_00000008_emotion.txt')).toContain('from 0 to 7');
    expect(reasonOf(found, 'cohn-kanade-images/S011/001')).toContain(
      'expected cohn-kanade-images/S011/001/S011_001_00000001.png',
    );
    expect(reasonOf(found, 'cohn-kanade-images/extra')).toContain('as S005');
    rmSync(join(root, 'Emotion'), { recursive: true });
    await expect(scan('ck-plus', undefined, root)).rejects.toThrow('expected Emotion/S005/001/');
  });

  it('is found where its archives unpack each into a folder of its own, and counts what is distributed', async () => {
    const root = mkdtempSync(join(folder, 'apart-'));
    const [pictures, words] = ['extended-cohn-kanade-images', 'Emotion_labels'];
    cpSync(join(folder, 'ck-plus/cohn-kanade-images'), join(root, pictures!, 'cohn-kanade-images'), {
      recursive: true,
    });
    cpSync(join(folder, 'ck-plus/Emotion'), join(root, words!, 'Emotion'), { recursive: true });
    put(root, `${words}/Emotion/S005/003/S005_003_00000008_emotion.txt`, '0.0');
    const found = await scan('ck-plus', undefined, root);
    expect(found.clips).toHaveLength(6);
    expect(found.distributed).toEqual({ clips: 9, subjects: 3 });
    expect(reasonOf(found, `${pictures}/cohn-kanade-images/S005/003`)).toContain('no class of this variant');
    expect((await scan('ck-plus', '8', root)).clips.find(({ clip }) => clip === 'S005_003')!.emotion).toBe('neutral');
  });

  it('is found one folder down, as archives unpack', async () => {
    const root = mkdtempSync(join(folder, 'down-'));
    cpSync(join(folder, 'ck-plus'), join(root, 'CK+'), { recursive: true });
    const { clips } = await scan('ck-plus', undefined, root);
    expect(clips).toHaveLength(6);
    expect(clips[0]!.source).toMatchObject({ paths: { 0: 'CK+/cohn-kanade-images/S005/001/S005_001_00000001.png' } });
  });
});

describe('MMI', () => {
  it('takes frontal videos with one of six labels, and knows the person', async () => {
    const found = await scan('mmi');
    expect(found.clips.map(({ emotion }) => emotion)).toEqual([
      'disgust',
      'surprise',
      'disgust',
      'surprise',
      'disgust',
      'surprise',
    ]);
    expect(found.clips[0]).toMatchObject({ subject: 'S001', gender: 'female', age: 21, ethnicity: 'european' });
    expect(kinds(found)).toEqual(['unlabelled', 'unlabelled', 'view', 'view']);
    // Frames 7 to 9 are the apex of both action units, counted from 1.
    expect(found.clips[0]).toMatchObject({ onset: 2, apex: 7, offset: 13 });
    expect(found.clips[1]).not.toHaveProperty('apex');
  });

  it('says which session lacks what', async () => {
    const root = copy('mmi');
    rmSync(join(root, 'Sessions/1/session.xml'));
    rmSync(join(root, 'Sessions/2/S001-002.xml'));
    put(root, 'Sessions/3/session.xml', '<session><track filename="S002-003.avi"/>');
    put(root, 'Sessions/4/session.xml', 'not xml at all <');
    put(root, 'Sessions/5/S015-005.xml', '<Metatag Name="Emotion" Value="glad"/>');
    rmSync(join(root, 'Sessions/6/S015-006.avi'));
    const found = await scan('mmi', undefined, root);
    expect(reasonOf(found, 'Sessions/1')).toBe('expected Sessions/1/session.xml');
    expect(reasonOf(found, 'Sessions/2/S001-002.avi')).toBe('expected Sessions/2/S001-002.xml');
    expect(reasonOf(found, 'Sessions/5/S015-005.avi')).toContain('"glad" is no number');
    expect(reasonOf(found, 'Sessions/6')).toContain('no video');
    // Neither view nor person: the name of the file has the person, and the note says what was assumed.
    expect(found.clips.map(({ clip, subject }) => [clip, subject])).toEqual([
      ['0003-S002-003', 'S002'],
      ['0004-S002-004', 'S002'],
    ]);
    expect(found.clips[0]!.notes![0]).toContain('taken as frontal');
  });
});

describe('AFEW', () => {
  it('keeps the official split and holds back part of the training clips', async () => {
    const { clips, skipped } = await scan('afew');
    expect(skipped).toEqual([]);
    const inFold = (fold: number) => clips.filter((clip) => clip.fold === fold);
    expect([1, 2, 3].map((fold) => inFold(fold).length)).toEqual([7, 7, 7]);
    expect(inFold(3).every(({ condition }) => condition === 'val')).toBe(true);
    expect(roundsOf(corpus('afew').variants.emotiw!, [1, 2, 3])).toEqual([{ test: 3, validation: 2 }]);
  });

  it('reads the names that archives have, and says which class is missing', async () => {
    const root = mkdtempSync(join(folder, 'afew-'));
    cpSync(join(folder, 'afew/Train'), join(root, 'Train_AFEW/Train_AFEW'), { recursive: true });
    cpSync(join(folder, 'afew/Val'), join(root, 'Val_AFEW'), { recursive: true });
    rmSync(join(root, 'Val_AFEW/Fear'), { recursive: true });
    put(root, 'Val_AFEW/Angry/copy (1).avi', 'x');
    const found = await scan('afew', undefined, root);
    expect(found.clips).toHaveLength(20);
    expect(reasonOf(found, 'Val_AFEW/Fear')).toBe('no clip of fear in Val: expected Val_AFEW/Fear/*.avi');
    expect(reasonOf(found, 'Val_AFEW/Angry/copy (1).avi')).toContain('as 000046280.avi');
    rmSync(join(root, 'Val_AFEW'), { recursive: true });
    await expect(scan('afew', undefined, root)).rejects.toThrow('expected Val/Angry/*.avi');
  });
});

describe('Oulu-CASIA', () => {
  it('reads one camera and light, or all, and says which are missing', async () => {
    const { clips, skipped } = await scan('oulu-casia');
    expect(skipped).toEqual([]);
    expect(clips).toHaveLength(18);
    expect(clips[0]).toMatchObject({ clip: 'VL-Strong-P001-Anger', condition: 'VL-Strong', apex: 'last' });
    const all = await scan('oulu-casia', 'all');
    expect(all.clips).toHaveLength(18);
    expect(kinds(all)).toEqual(Array(5).fill('layout'));
    expect(reasonOf(all, 'OriginalImg/NI/Dark')).toContain('expected OriginalImg/NI/Dark/P001/Anger');
    await expect(scan('oulu-casia', 'ni-dark')).rejects.toThrow('expected NI/Dark/P001/Anger/000.jpeg');
  });

  it('says which sequence is missing', async () => {
    const root = copy('oulu-casia');
    rmSync(join(root, 'OriginalImg/VL/Strong/P002/Fear'), { recursive: true });
    const found = await scan('oulu-casia', undefined, root);
    expect(found.clips).toHaveLength(17);
    expect(found.skipped).toEqual([
      {
        path: 'OriginalImg/VL/Strong/P002/Fear',
        kind: 'layout',
        reason: '0 pictures: expected OriginalImg/VL/Strong/P002/Fear/000.jpeg and more',
      },
    ]);
  });
});

describe('RAVDESS', () => {
  it('takes each spoken take once, with sound where there is, in the published folds', async () => {
    const found = await scan('ravdess');
    expect(found.clips.map(({ clip, fold }) => [clip, fold])).toEqual([
      ['01-02-01-01-01-01', 5],
      ['01-02-01-01-01-02', 1],
      ['01-02-01-01-01-03', 2],
      ['01-02-01-01-01-10', 3],
      ['01-05-02-02-01-01', 5],
      ['01-05-02-02-01-02', 1],
      ['01-05-02-02-01-03', 2],
      ['01-05-02-02-01-10', 3],
    ]);
    expect(found.clips[0]).toMatchObject({
      emotion: 'calm',
      gender: 'male',
      source: { path: 'Actor_01/01-01-02-01-01-01-01.mp4' },
    });
    expect(kinds(found)).toEqual(Array(8).fill('other-take'));
    expect((await scan('ravdess', 'speech-and-song')).clips).toHaveLength(12);
  });

  it('refuses names that are none', async () => {
    const root = copy('ravdess');
    for (const name of ['01-01-09-01-01-01-01', '01-01-02-01-01-01-25', '04-01-02-01-01-01-01', 'copy of 01']) {
      put(root, `Actor_01/${name}.mp4`, 'x');
    }
    const found = await scan('ravdess', undefined, root);
    expect(found.clips).toHaveLength(8);
    expect(kinds(found).filter((kind) => kind === 'layout')).toHaveLength(4);
    expect(reasonOf(found, 'Actor_01/01-01-02-01-01-01-25.mp4')).toBe('actor 25 is none of 01 to 24');
  });
});

describe('CREMA-D', () => {
  it('reads groups and votes, and drops the broken clips by name', async () => {
    const found = await scan('crema-d');
    expect(found.clips).toHaveLength(8);
    expect(found.clips[2]).toMatchObject({
      clip: '1019_DFA_ANG_HI',
      fold: 2,
      gender: 'female',
      age: 31,
      ethnicity: 'caucasian',
      variant: 'high',
      extra: { sentence: 'DFA', face_vote: 'A:N', face_level: '66.5', voice_vote: 'A', both_level: '72' },
    });
    expect(found.clips.at(-1)!.fold).toBe(5);
    expect(kinds(found)).toEqual(['known-bad']);
  });

  it('goes on without its tables, and with damaged ones', async () => {
    const root = copy('crema-d');
    rmSync(join(root, 'VideoDemographics.csv'));
    put(root, 'processedResults/summaryTable.csv', '"","FileName"\n"1","x"\n');
    put(root, 'VideoFlash/2001_DFA_ANG_XX.flv', 'x');
    const found = await scan('crema-d', undefined, root);
    expect(found.clips).toHaveLength(8);
    expect(found.clips[0]).not.toHaveProperty('gender');
    expect(reasonOf(found, 'VideoDemographics.csv')).toContain('expected VideoDemographics.csv');
    expect(reasonOf(found, 'processedResults/summaryTable.csv')).toContain('no column FaceVote, FaceLevel');
    expect(reasonOf(found, 'VideoFlash/2001_DFA_ANG_XX.flv')).toContain('as 1001_DFA_ANG_XX.flv');
  });
});
