import { describe, expect, it } from 'vitest';
import { lambdas, madeUpGrid, madeUpWar } from '../../test/support/grid-results.js';
import { ablateHtml } from './ablate-html.js';
import { accuracyForest, differenceForest, groupForest, lambdaPlots, subjectPlots, timePlot } from './ablate-plots.js';
import type { CellResults } from './ablate-results.js';

const { cells } = madeUpGrid();
const few = cells.filter(({ protocol }) => protocol === 'few-16');

/** `cx` and `cy` of all dots, in order. */
function dots(svg: string): { x: number; y: number }[] {
  return [...svg.matchAll(/<circle cx="([^"]*)" cy="([^"]*)"/g)].map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
}

/** What the axis' words say of a place: a straight line through the first and the last tick. */
function scale(svg: string, anchor: 'end' | 'middle', sign: '%' | ''): (place: number) => number {
  const pattern = new RegExp(`<text x="([^"]*)" y="([^"]*)" text-anchor="${anchor}">([-+]?[\\d.]+)${sign}</text>`, 'g');
  const ticks = [...svg.matchAll(pattern)].map(([, x, y, value]) => ({
    at: Number(anchor === 'end' ? y : x) - (anchor === 'end' ? 4 : 0),
    value: Number(value),
  }));
  const [a, b] = [ticks[0]!, ticks.at(-1)!];
  return (place) => a.value + ((place - a.at) / (b.at - a.at)) * (b.value - a.value);
}

describe('plots of a grid', () => {
  it('forests put figures and intervals where the axis says they are', () => {
    const svg = accuracyForest(few);
    const read = scale(svg, 'middle', '%');
    const found = dots(svg).map(({ x }) => read(x));
    for (const [i, { results }] of few.entries()) expect(found[i]).toBeCloseTo(100 * results.summary.WAR!.mean, 0);
    const { mean, margin } = few[0]!.results.summary.WAR!;
    const [, from, to] = /<path d="M([\d.]+) [\d.]+v8m0 -4H([\d.]+)/.exec(svg)!;
    expect(read(Number(from))).toBeCloseTo(100 * (mean - margin!), 0);
    expect(read(Number(to))).toBeCloseTo(100 * Math.min(1, mean + margin!), 0);
    expect(svg).toContain('Mean over 3 folds, runs of a cell: 3. Bars: 95% interval, Student&#39;s t over folds.');
  });

  it('differences stand beside a line at 0, without the cell that they are to', () => {
    const svg = differenceForest(few, 'WAR', 'WAR');
    const read = scale(svg, 'middle', '');
    expect(dots(svg)).toHaveLength(few.length - 1);
    for (const [i, { x }] of dots(svg).entries()) {
      expect(read(x)).toBeCloseTo(100 * few[i + 1]!.difference.WAR!.mean, 0);
    }
    const zero = Number(/<line class="zero" x1="([\d.]+)"/.exec(svg)![1]);
    expect(read(zero)).toBeCloseTo(0, 1);
    expect(differenceForest(few.slice(0, 1), 'WAR', 'WAR')).toBe('');
  });

  it('lambda: the cell without a penalty is 0 of each of them, the rest is logarithmic, chance is dotted', () => {
    const html = lambdaPlots(few);
    const [leakage, accuracy] = html.split('</details>');
    // Two penalties, probe on both sides, 0 included: 4 + 3 points each.
    expect(dots(leakage!)).toHaveLength(14);
    expect(leakage!.match(/class="chance" d="/g)).toHaveLength(2);
    const points = dots(accuracy!);
    expect(points).toHaveLength(7);
    const vclub = points.slice(0, 4).map(({ x }) => x);
    expect(vclub[2]! - vclub[1]!).toBeCloseTo(vclub[3]! - vclub[2]!, 0); // 0.003, 0.03, 0.3
    expect(vclub[0]).toBeLessThan(vclub[1]! - 30);
    expect(points[4]!.x - 3).toBeCloseTo(vclub[0]!, 5); // hsic begins at the same 0, three units beside
    const read = scale(accuracy!, 'end', '%');
    for (const [i, lambda] of [0, ...lambdas].entries()) {
      expect(read(points[i]!.y)).toBeCloseTo(100 * (madeUpWar(16, lambda) + (lambda ? 0.01 / 3 : 0)), 0);
    }
  });

  it('lambda: cells that differ in more than lambda are no curve', () => {
    const [none, one, two] = structuredClone(few) as [CellResults, CellResults, CellResults];
    one.results.config.lr = 1;
    two.results.config.lr = 2;
    expect(lambdaPlots([none, one, two])).toBe('');
    expect(lambdaPlots([none])).toBe('');
  });

  it('training subjects: a line for each cell over all protocols but confounded ones', () => {
    const html = subjectPlots(cells);
    const [accuracy] = html.split('</details>');
    expect(dots(accuracy!)).toHaveLength(4 * few.length);
    const xs = dots(accuracy!)
      .slice(0, 4)
      .map(({ x }) => x);
    expect(xs[1]! - xs[0]!).toBeCloseTo(xs[2]! - xs[1]!, 0); // 8, 16, 32
    expect(subjectPlots(few)).toBe('');
  });

  it('time, conditions: a dot for each cell that has the figure', () => {
    const svg = timePlot(few);
    expect(dots(svg)).toHaveLength(few.length);
    const read = scale(svg, 'middle', '');
    for (const [i, { results }] of few.entries()) {
      expect(read(dots(svg)[i]!.x)).toBeCloseTo(results.summary['milliseconds per clip']!.mean, 0);
    }
    expect(timePlot(few.slice(0, 1))).toBe('');
    expect(dots(groupForest(few))).toHaveLength(3 * few.length);
  });

  it('the page has a table for every plot, no number that is none, also with one fold, or with a cell that diverged', () => {
    const all = madeUpGrid();
    const html = ablateHtml(all);
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
    expect(html.match(/<figure>/g)!.length).toBe(html.match(/<details>/g)!.length);
    const single = madeUpGrid(['few-16']);
    for (const { results, difference } of single.cells) {
      for (const one of [...Object.values(results.summary), ...Object.values(difference)]) {
        Object.assign(one, { margin: null, folds: 1 });
      }
    }
    const [, broken] = single.cells;
    Object.assign(broken!.results, { summary: {}, runs: [], failed: [{ fold: 1, seed: 1, why: 'diverged' }] });
    broken!.difference = {};
    const page = ablateHtml(single);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
    expect(page).toContain('One fold: no interval.');
    expect(page).not.toContain('v8m0 -4H');
    expect(ablateHtml({ name: 'empty', cells: [], done: 0, all: 0 })).not.toMatch(/NaN|Infinity|undefined/);
  });
});
