import { unzlibSync } from 'fflate';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { card, madeUpResult } from '../../test/support/analysis.js';
import { centre } from '../timeline/smooth.js';
import { thumbnail } from '../timeline/thumbnail.js';
import { timeline } from '../timeline/timeline.js';
import { windowsCsv } from './csv.js';
import { clock, percent } from './format.js';
import { renderReport } from './html.js';
import { analysisJson } from './json.js';
import { bins, roundStep, spansOf } from './moments.js';
import { windowsParquet } from './parquet.js';
import { bar, resample, strip, table } from './plain-text.js';
import { encodePng } from './png.js';
import { analysisText } from './text.js';
import { windowTable } from './window-table.js';

const options = { version: '1.2.3', date: new Date('2026-01-02T03:04:05Z') };

describe('renderReport', () => {
  it('escapes every word that comes from a file', async () => {
    const result = madeUpResult(10);
    const evil = '</title><script>alert(1)</script>"\'&';
    result.notices = [evil];
    result.container = evil;
    result.model.card = { ...card, name: evil, forbiddenUse: evil };
    result.labels = result.labels.map((label) => (label === 'neutral' ? evil : label));
    const html = await renderReport([{ file: evil, result }], options);
    expect(html.match(/<script/g)).toHaveLength(2); // the slider and its numbers
    expect(html).not.toContain('alert(1)</script>');
    expect(html).not.toMatch(/(?:src|href)="(?!data:|#)/);
  });

  it('allows exactly its own script', async () => {
    const html = await renderReport([{ file: 'a.mp4', result: madeUpResult(10) }], options);
    const script = /<script>([\s\S]*)<\/script>/.exec(html)![1]!;
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(script));
    expect(html).toContain(`script-src 'sha256-${Buffer.from(digest).toString('base64')}'`);
    expect(html).toContain("default-src 'none'");
  });

  it('draws every label and lists every segment, and says what the model is', async () => {
    const result = madeUpResult();
    const html = await renderReport([{ file: 'a.mp4', result }], options);
    expect(html.match(/role="img" aria-label="[a-z]+: mean probability/g)).toHaveLength(result.labels.length);
    expect(html.match(/<tr class=/g)).toHaveLength(result.faces[0]!.segments.length);
    expect(html).toContain(result.model.hash);
    expect(html).toContain('Article 5(1)(f)');
    expect(html).toContain('converted to MPEG-4 Part 2');
  });

  it('stays small for a long video, and whole for one without windows', async () => {
    const long = await renderReport([{ file: 'a.mp4', result: madeUpResult(3600) }], options);
    expect(long.length).toBeLessThan(400_000);
    const empty = { ...madeUpResult(10), faces: [] };
    const html = await renderReport([{ file: 'a.mp4', result: empty }], options);
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('has a bounded number of nodes for 9000 windows with an expression every second, and for ninety faces', async () => {
    const result = madeUpResult(1801.6);
    const [face] = result.faces;
    const windows = face!.windows.map((window, i) => {
      const shown = Math.floor(i / 6) % 7;
      return { ...window, probabilities: window.probabilities.map((_, c) => (c === shown ? 0.94 : 0.01)) };
    });
    result.faces = [{ ...face!, windows, ...timeline(windows, result.labels, { smoothing: 0 }) }];
    expect(result.faces[0]!.segments.length).toBeGreaterThan(1400);
    const nodes = (html: string) => html.match(/<[a-z]/g)!.length;
    const long = await renderReport([{ file: 'a.mp4', result }], options);
    expect(nodes(long)).toBeLessThan(20_000);
    expect(long.length).toBeLessThan(1_200_000);

    const short = madeUpResult(20);
    short.faces = Array.from({ length: 90 }, (_, i) => ({ ...short.faces[0]!, face: i }));
    const crowd = await renderReport([{ file: 'a.mp4', result: short }], options);
    expect(nodes(crowd)).toBeLessThan(8000);
    expect(crowd.match(/<div class="chart"/g)).toHaveLength(12);
    expect(crowd).toContain('30 more are not listed');
  });

  it('gives elements their own ids, and every reference its element', async () => {
    const result = madeUpResult(20);
    result.faces = [0, 1, 2].map((i) => ({ ...result.faces[0]!, face: i }));
    const entries = [
      { file: 'a.mp4', result },
      { file: 'b.mp4', result: madeUpResult(300) },
    ];
    const html = await renderReport(entries, { ...options, index: 'all.html' });
    const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of html.matchAll(/(?:href="#|for="|aria-labelledby=")([^"]*)"/g)) expect(ids).toContain(id);
    const levels = [...html.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    for (const [i, level] of levels.slice(1).entries()) expect(level - levels[i]!).toBeLessThanOrEqual(1);
  });

  it('writes no number that is none', async () => {
    for (const duration of [2, 10, 60, 700]) {
      const result = { ...madeUpResult(duration) };
      const html = await renderReport([{ file: 'a.mp4', result }], options);
      expect(html).not.toMatch(/NaN|Infinity|undefined/);
    }
  });
});

describe('moments', () => {
  it('stand for all windows, in a band of what single ones say, and break where the face is away', () => {
    const all = madeUpResult(600).faces[0]!.windows;
    const windows = all.filter((w) => w.end < 200 || w.start > 300);
    const [before, after] = spansOf({ windows, smoothing: 0.25 });
    expect(before!.end).toBeLessThan(200);
    expect(after!.start).toBeGreaterThan(300);
    const moments = [...before!.moments, ...after!.moments];
    expect(moments.length).toBeLessThanOrEqual(482);
    for (const { probabilities, low, high, energy, energyRange } of moments) {
      expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
      for (const [c, p] of probabilities.entries()) {
        expect(low[c]).toBeLessThanOrEqual(p + 0.01);
        expect(high[c]).toBeGreaterThanOrEqual(p - 0.01);
      }
      expect(energyRange[0]).toBeLessThanOrEqual(energy);
      expect(energyRange[1]).toBeGreaterThanOrEqual(energy);
    }
    // One peak of one window is in the band of the moments within half a second, and in no other.
    const lone = all.slice(0, 100).map((w, i) => ({ ...w, probabilities: [i === 50 ? 1 : 0, i === 50 ? 0 : 1] }));
    const [span] = spansOf({ windows: lone, smoothing: 0.25 });
    const near = span!.moments.filter(({ high }) => high[0] === 1).map(({ time }) => time);
    expect(near).toHaveLength(5);
    for (const time of near) expect(Math.abs(time - centre(lone[50]!))).toBeLessThan(0.5);
  });

  it('have a round scale', () => {
    expect([roundStep(3, 8), roundStep(60, 8), roundStep(1800, 16), roundStep(400_000, 8)]).toEqual([
      0.5, 10, 120, 50_400,
    ]);
    expect(bins(130, 3)).toEqual([
      { start: 0, end: 60 },
      { start: 60, end: 120 },
      { start: 120, end: 130 },
    ]);
  });
});

describe('encodePng', () => {
  it('holds the pixels that it was given', () => {
    const rgb = Uint8Array.from({ length: 3 * 5 * 4 }, (_, i) => i * 4);
    const png = encodePng(5, 4, rgb);
    expect([...png.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
    const view = new DataView(png.buffer);
    expect([view.getUint32(16), view.getUint32(20)]).toEqual([5, 4]);
    const length = view.getUint32(33);
    expect(String.fromCharCode(...png.subarray(37, 41))).toBe('IDAT');
    const rows = unzlibSync(png.subarray(41, 41 + length));
    for (let y = 0; y < 4; y++) {
      expect(rows[y * 16]).toBe(0);
      expect(rows.subarray(y * 16 + 1, y * 16 + 16)).toEqual(rgb.subarray(y * 15, y * 15 + 15));
    }
    // IEND has no contents: its check sum is a known constant.
    expect(view.getUint32(png.length - 4)).toBe(0xae426082);
  });
});

describe('thumbnail', () => {
  it('cuts the region and turns it into colours', () => {
    const [width, height] = [40, 30];
    const y = new Uint8Array(width * height).fill(16);
    for (let j = 10; j < 20; j++) y.fill(235, j * width + 20, j * width + 30);
    const grey = new Uint8Array(20 * 15).fill(128);
    const small = thumbnail({ width, height, y, cb: grey, cr: grey }, { x: 20, y: 10, width: 10, height: 10 }, 2);
    expect(small).toMatchObject({ time: 2, width: 10, height: 10 });
    expect(small.rgb.every((value) => value === 255)).toBe(true);
    const whole = thumbnail({ width, height, y, cb: grey, cr: grey }, { x: 0, y: 0, width, height }, 0);
    expect(whole.rgb.filter((value) => value === 255)).toHaveLength(300);
    expect(whole.rgb.filter((value) => value === 0)).toHaveLength(3 * (width * height - 100));
  });
});

describe('text', () => {
  it('shows segments, curves and means', () => {
    const text = analysisText('clip.mp4', madeUpResult(), 100);
    expect(text).toMatch(/0:06\.\d – +0:11\.\d {2}happiness +\d\d% {2}apex/);
    expect(text).toMatch(/uncertain +│[ ░]*░[ ░]*│/);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(130);
  });

  it('formats times, shares, bars and tables', () => {
    expect([clock(4.24), clock(59.96), clock(725), clock(3607.5)]).toEqual([
      '0:04.2',
      '1:00.0',
      '12:05.0',
      '1:00:07.5',
    ]);
    expect(percent(0.555)).toBe('56%');
    expect([bar(0, 4), bar(0.5, 4), bar(0.53125, 4), bar(2, 4)]).toEqual(['', '██', '██▏', '████']);
    expect(strip([0, 0.5, 1])).toBe(' ▄█');
    expect(resample([1, 3, 5, 7], 2)).toEqual([2, 6]);
    expect(resample([1, 2], 4)).toEqual([1, 1, 2, 2]);
    expect(
      table(
        ['n', 'word'],
        [
          ['10', 'a'],
          ['7', 'bcd'],
        ],
        [1],
      ),
    ).toBe(' n  word\n10  a\n 7  bcd');
  });
});

describe('Parquet', () => {
  it('holds the same table, and names labels and model also where there is no row', async () => {
    const result = madeUpResult(10);
    const read = async (bytes: Uint8Array) => {
      const file = Uint8Array.from(bytes).buffer;
      const facts = parquetMetadata(file).key_value_metadata!.find(({ key }) => key === 'vultus')!;
      return { rows: await parquetReadObjects({ file }), facts: JSON.parse(facts.value!) };
    };
    const { rows, facts } = await read(windowsParquet('a.mp4', result));
    const columns = windowTable('a.mp4', result);
    expect(rows).toHaveLength(columns[0]!.values.length);
    for (const [i, row] of rows.entries()) {
      expect(row).toEqual(Object.fromEntries(columns.map(({ name, values }) => [name, values[i]])));
    }
    expect(facts).toEqual({
      labels: result.labels,
      model: { name: 'made-up', version: '0.0.1', hash: 'ab'.repeat(32) },
    });
    expect(await read(windowsParquet('a.mp4', { ...result, faces: [] }))).toEqual({ rows: [], facts });
  });
});

describe('JSON and CSV', () => {
  it('say the same', () => {
    const result = madeUpResult(10);
    const json = analysisJson('a,"b".mp4', result);
    const rows = windowsCsv('a,"b".mp4', result, true).trimEnd().split('\r\n');
    expect(rows).toHaveLength(json.faces[0]!.windows.length + 1);
    const [{ probabilities, energy, masked }] = json.faces[0]!.windows as [(typeof json.faces)[0]['windows'][0]];
    const box = [146, 118, 120, 120, 0.9];
    expect(rows[1]).toBe(
      ['"a,""b"".mp4"', 0, 20, 0.8, 0, 1.6, ...box, ...probabilities, energy, masked, 'ab'.repeat(32), '0.0.1'].join(
        ',',
      ),
    );
    const head = 'input,face,frame,timestamp,start,end,FaceRectX,FaceRectY,FaceRectWidth,FaceRectHeight,FaceScore';
    expect(rows[0]).toBe(`${head},anger,disgust,fear,happiness,neutral,sadness,surprise,energy,masked,model,version`);
    expect(Object.values(json.faces[0]!.distribution).reduce((a, b) => a + b)).toBeCloseTo(1, 2);
  });
});
