import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { MalformedStreamError, ModelError } from '../errors.js';
import { parseCsv } from './csv.js';
import { labelsOf, loadDataset } from './dataset.js';
import { parseFaces } from './faces.js';
import { assertDisjointSubjects, splitByFold } from './folds.js';
import { parseManifest } from './manifest.js';

const folder = mkdtempSync(join(tmpdir(), 'vultus-dataset-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('parseCsv', () => {
  it('reads back anything written as RFC 4180 says', () => {
    const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r\n', ' ', 'é', '1') });
    fc.assert(
      fc.property(fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1 }), (table) => {
        const text = table.map((row) => row.map((f) => `"${f.replaceAll('"', '""')}"`).join(',')).join('\r\n');
        expect(parseCsv(text, 't').map((r) => r.fields)).toEqual(table);
      }),
    );
  });
  it('counts lines, skips empty ones and a byte order mark', () => {
    expect(parseCsv('\ufeffa,b\n\n"x\ny",2\r\n3,4', 't')).toEqual([
      { line: 1, fields: ['a', 'b'] },
      { line: 3, fields: ['x\ny', '2'] },
      { line: 5, fields: ['3', '4'] },
    ]);
  });
  it.each([
    ['a,"b', 'never closed'],
    ['a,b"c', 'not quoted'],
    ['a\n"b"c', 'line 2: text after'],
  ])('refuses %j', (text, message) => {
    expect(() => parseCsv(text, 't')).toThrow(message);
  });
});

const header = 'clip,path,subject,emotion,condition,codec,fold,age,frames,sha256';
const manifest = (...rows: string[]) => [header, ...rows].join('\n');

describe('parseManifest', () => {
  it('reads rows, with what is left out left out', () => {
    const [row, minimal] = [
      parseManifest(manifest('A,v/a.mp4,P1,anger,lab,mpeg4,1,,20,'))[0]!,
      parseManifest('path,subject,emotion,codec,fold\nb.mp4,P1,fear,mpeg4,2')[0]!,
    ];
    expect(row).toMatchObject({ line: 2, clip: 'A', condition: 'lab', fold: 1, frames: 20, age: undefined });
    expect(minimal).toMatchObject({ clip: 'b.mp4', condition: 'all', fold: 2, sha256: undefined });
  });
  it.each([
    ['A,a.mp4,P1,joy,lab,mpeg4,1,,,', 'line 2, column emotion: unknown label "joy"'],
    ['A,a.mp4,P1,anger,lab,mpeg4,x,,,', 'line 2, column fold: "x" is no finite number'],
    ['A,a.mp4,P1,anger,lab,mpeg4,1,NaN,,', 'line 2, column age: "NaN" is no finite number'],
    ['A,a.mp4,P1,anger,lab,mpeg4,1,1e999,,', 'line 2, column age: "1e999" is no finite number'],
    ['A,a.mp4,P1,anger,lab,mpeg4,1,,2.5,', 'line 2, column frames: "2.5" is no whole number'],
    ['A,a.mp4,P1,anger,lab,mpeg4,1,,,beef', 'line 2, column sha256: "beef" is no SHA-256'],
    ['A,../a.mp4,P1,anger,lab,mpeg4,1,,,', 'column path: "../a.mp4" must stay inside'],
    ['A,/a.mp4,P1,anger,lab,mpeg4,1,,,', 'column path: "/a.mp4" must stay inside'],
    ['A,,P1,anger,lab,mpeg4,1,,,', 'line 2, column path: "" is empty'],
    ['A,a.mp4,P1,anger,lab,mpeg4,1,,', 'line 2: 9 fields where 10 are due'],
    ['A,a.mp4,P1,anger,lab,mpeg4,1,,,\nB,a.mp4,P1,anger,lab,mpeg4,1,,,', 'line 3, column path: a.mp4 is on line 2'],
    [
      'A,a.mp4,P1,anger,lab,mpeg4,1,,,\nB,b.mp4,P1,anger,lab,mpeg4,2,,,',
      'line 3, column fold: subject P1 is in fold 1',
    ],
    ['A,a.mp4,P1,anger,lab,mpeg4,1,,,\nA,b.mp4,P1,fear,lab,mpeg4,1,,,', 'line 3, column emotion: clip A has anger'],
  ])('refuses %j', (rows, message) => {
    expect(() => parseManifest(manifest(rows))).toThrow(MalformedStreamError);
    expect(() => parseManifest(manifest(rows))).toThrow(message);
  });
  it('tells several problems at once, and refuses missing columns', () => {
    const bad = 'A,a.mp4,P1,joy,lab,mpeg4,x,,,';
    expect(() => parseManifest(manifest(bad, bad, bad))).toThrow(/line 2, .*line 3, .*line 4, /);
    expect(() => parseManifest('path,subject\na,b')).toThrow('no column emotion, codec, fold');
    expect(() => parseManifest('')).toThrow('is empty');
    expect(() => parseManifest(header)).toThrow('names no clip');
  });
});

describe('parseFaces', () => {
  const clips = new Set(['A']);
  const faces = (...rows: string[]) => parseFaces(['clip,frame,x,y,w,h,eye', ...rows].join('\n'), clips);
  it('sorts by frame', () => {
    expect(
      faces('A,12,1,2,3,4,0', 'A,0,5,6,7,8,0')
        .get('A')!
        .map((f) => f.frame),
    ).toEqual([0, 12]);
  });
  it.each([
    ['B,0,1,2,3,4,0', 'column clip: "B" is not in manifest.csv'],
    ['A,0,,2,3,4,0', 'line 2, column x: "" is no finite number'],
    ['A,0,1,Infinity,3,4,0', 'column y: "Infinity" is no finite number'],
    ['A,0,1,2,0,4,0', 'column w: 0 leaves no box'],
    ['A,0.5,1,2,3,4,0', 'column frame: 0.5 is no frame number'],
    ['A,0,1,2,3,4,0\nA,0,1,2,3,4,0', 'line 3, column frame: A has frame 0 already'],
  ])('refuses %j', (row, message) => {
    expect(() => faces(row)).toThrow(message);
  });
});

describe('loadDataset', () => {
  const bytes = Buffer.from('not really a video');
  const sum = createHash('sha256').update(bytes).digest('hex');
  const write = (...rows: string[]) => writeFileSync(join(folder, 'manifest.csv'), manifest(...rows));
  writeFileSync(join(folder, 'a.mp4'), bytes);

  it('refuses folders without manifest, and missing files', async () => {
    await expect(loadDataset(join(folder, 'nowhere'))).rejects.toThrow('has no manifest.csv');
    write('A,a.mp4,P1,anger,lab,mpeg4,1,,,', 'B,b.mp4,P1,anger,lab,mpeg4,1,,,');
    await expect(loadDataset(folder)).rejects.toThrow('line 3, column path: there is no file b.mp4');
  });
  it('hashes the manifest and verifies sums when asked, remembering what it has read', async () => {
    write(`A,a.mp4,P1,anger,lab,mpeg4,1,,,${sum}`);
    const memory = join(folder, 'sums.json');
    const dataset = await loadDataset(folder, { verify: { memory } });
    expect(dataset.hash).toBe(
      createHash('sha256')
        .update(readFileSync(join(folder, 'manifest.csv')))
        .digest('hex'),
    );
    expect(Object.values(JSON.parse(readFileSync(memory, 'utf8')))).toEqual([sum]);
    writeFileSync(join(folder, 'a.mp4'), 'NOT really a video');
    utimesSync(join(folder, 'a.mp4'), 1, 1);
    await expect(loadDataset(folder, { verify: { memory } })).rejects.toThrow(
      'line 2, column sha256: a.mp4 has the sum',
    );
    await expect(loadDataset(folder)).resolves.toMatchObject({ facesHash: '' });
  });
});

describe('splits', () => {
  const rows = parseManifest(
    manifest(
      ...[1, 2, 3].flatMap((f) => ['fear', 'anger'].map((e) => `${e}${f},${e}${f}.mp4,P${f},${e},lab,mpeg4,${f},,,`)),
    ),
  );
  it('holds folds apart and names the labels in the known order', () => {
    const split = splitByFold(rows, 2, 3);
    expect([split.train, split.validation, split.test].map((s) => s.map((r) => r.fold))).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    expect(labelsOf(rows)).toEqual(['anger', 'fear']);
  });
  it('refuses folds that are the same or absent, and a subject on two sides', () => {
    expect(() => splitByFold(rows, 3, 3)).toThrow(ModelError);
    expect(() => splitByFold(rows, 8, 3)).toThrow('there is no fold 8; the data set has 1, 2, 3');
    expect(() => assertDisjointSubjects({ train: rows.slice(0, 3), test: rows.slice(3) })).toThrow('subject P2');
  });
});

const shared = new URL('../../../shared/data/london-expressions/', import.meta.url).pathname;
const present = existsSync(join(shared, 'manifest.csv'));
if (!present) console.warn('skipped: the shared data set lies not beside the repository');
describe.skipIf(!present)('london-expressions (skipped without the shared data set)', () => {
  it('is a sound data set of 2016 MPEG-4 clips with face boxes for each', async () => {
    const dataset = await loadDataset(shared);
    const canonical = dataset.clips.filter((row) => row.codec === 'mpeg4');
    expect(canonical).toHaveLength(2016);
    expect(labelsOf(canonical)).toHaveLength(7);
    expect(new Set(canonical.map((row) => row.subject)).size).toBe(72);
    expect(canonical.every((row) => dataset.faces.get(row.clip)![0]!.frame === 0)).toBe(true);
    expect(splitByFold(canonical, 8, 9).test).toHaveLength(224);
  });
});
