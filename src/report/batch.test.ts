import { describe, expect, it } from 'vitest';
import { madeUpResult } from '../../test/support/analysis.js';
import { timeline } from '../timeline/timeline.js';
import { type BatchRow, renderBatch } from './batch.js';
import { summariseVideo } from './batch-summary.js';
import { colourOf, contrast, inkOn } from './palette.js';
import { band, coarse, type Stretch } from './ribbon.js';

const options = {
  version: '1.2.3',
  date: new Date('2026-01-02T03:04:05Z'),
  model: { name: 'made-up', version: '0.0.1', hash: 'ab'.repeat(32) },
};
const done = (file: string, result = madeUpResult()): BatchRow => ({
  ...{ file, report: `${file}.html`, error: null },
  summary: summariseVideo(result),
});
/** The page without its script, whose code has such words. */
const markup = (html: string) => html.replace(/<script>[\s\S]*<\/script>/, '');
const failed: BatchRow = { file: 'b.mov', report: null, summary: null, error: 'not a video: <text>' };

describe('renderBatch', () => {
  it('has a row for every input, in order, with links to reports and the reasons of failures', async () => {
    const html = await renderBatch([done('x/a ?#%.mp4'), failed, done('c.mp4')], options);
    expect(html.match(/<tr role="row"/g)).toHaveLength(4);
    expect([...html.matchAll(/<th scope="row"[^>]*data-v="([^"]*)"/g)].map(([, file]) => file)).toEqual([
      'x/a ?#%.mp4',
      'b.mov',
      'c.mp4',
    ]);
    expect(html).toContain('href="./x/a%20%3F%23%25.mp4.html"');
    expect(html).toContain('<b>failed</b> not a video: &#60;text&#62;');
    expect(html).toContain('2 analysed, <a href="#failed">1 failed</a>');
    expect(html).toContain('Article 5(1)(f)');
    expect(markup(html)).not.toMatch(/NaN|Infinity|undefined|(?:src|href)="(?!\.\/|#)/);
  });

  it('adds up time over all videos', async () => {
    const html = await renderBatch([done('a'), done('b')], options);
    expect(html).toContain('<dt>of video</dt><dd>2:00</dd>');
    const seconds = summariseVideo(madeUpResult()).seconds;
    const total = Object.values(seconds).reduce((a, b) => a + b);
    expect(total).toBeCloseTo(60, 1);
    const neutral = Math.round((100 * seconds.neutral!) / total);
    expect(html).toMatch(new RegExp(`neutral <b>${neutral}%</b></li>`));
  });

  it('is whole when nothing was analysed, when no one was there, and beyond its rows', async () => {
    for (const rows of [[], [failed], [done('a', { ...madeUpResult(), faces: [] })]]) {
      const html = await renderBatch(rows, options);
      expect(markup(html)).not.toMatch(/NaN|Infinity|undefined/);
    }
    const many = Array.from({ length: 2500 }, () => failed);
    expect(await renderBatch(many, options)).toContain('500 more are in summary.csv');
  });

  it('lets no file name, label or error become markup', async () => {
    const evil = '</title><script>alert(1)</script>"\'&';
    const result = madeUpResult();
    result.labels = result.labels.map((label) => (label === 'neutral' ? evil : label));
    result.faces = result.faces.map((face) => ({ ...face, ...timeline(face.windows, result.labels) }));
    result.notices = [evil];
    const html = await renderBatch([done(evil, result), { ...failed, file: evil, error: evil }], options);
    expect(html.match(/<script/g)).toHaveLength(1);
  });
});

describe('summariseVideo', () => {
  it('is plain data of bounded size', () => {
    const summary = summariseVideo(madeUpResult());
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
    const windows = Array.from({ length: 9000 }, (_, i) => {
      const probabilities = Array.from({ length: 7 }, (_, c) => (c === (i >> 2) % 7 ? 0.94 : 0.01));
      return { ...madeUpResult(4).faces[0]!.windows[0]!, start: 0.2 * i, end: 0.2 * i + 1.6, probabilities };
    });
    const result = { ...madeUpResult(4), duration: 1801.4 };
    const [face] = result.faces;
    result.faces = Array.from({ length: 20 }, (_, i) => ({
      ...{ ...face!, face: i, windows },
      ...timeline(windows, result.labels, { smoothing: 0 }),
    }));
    expect(result.faces[0]!.segments.length).toBeGreaterThan(2000);
    const long = summariseVideo(result);
    expect(long.strips).toHaveLength(6);
    expect(JSON.stringify(long).length).toBeLessThan(40_000);
    expect(Object.values(long.seconds).reduce((a, b) => a + b)).toBeCloseTo(20 * 1801.4, 0);
  });
});

describe('bands', () => {
  it('draw labels where they hold and leave bare where no one is', () => {
    const svg = band(
      [
        [0, 0, 2],
        [-1, 2, 4],
        [0, 6, 10],
      ],
      0,
      10,
    );
    expect(svg).toContain('<path class="c0" d="M0.0 0H200.0V10H0.0ZM600.0 0H1000.0V10H600.0Z"/>');
    expect(svg).toContain('<path class="bare" d="M400.0 0H600.0V10H400.0Z"/>');
    expect(band([[0, 0, 10]], 2, 4)).toContain('<path class="c0" d="M0.0 0H1000.0V10H0.0Z"/></svg>');
  });

  it('become coarse by what holds most of each cell', () => {
    const fine = Array.from({ length: 1000 }, (_, i): Stretch => [i % 10 < 7 ? 1 : 2, i, i + 1]);
    expect(coarse(fine, 10)).toEqual([[1, 0, 1000]]);
    const gap: Stretch[] = [...fine.slice(0, 500), ...fine.slice(800)];
    const [before, after] = coarse(gap, 10);
    expect(before).toEqual([1, 0, 500]);
    expect(after).toEqual([1, 800, 1000]);
  });
});

describe('colours', () => {
  it('carry words that can be read (WCAG AA)', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
    for (let i = 0; i < 8; i++) {
      const { light, dark } = colourOf('?', i);
      for (const colour of [light, dark]) expect(contrast(inkOn(colour), colour), colour).toBeGreaterThan(4.5);
    }
  });
});
