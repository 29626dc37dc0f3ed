import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { segments, UNCERTAIN } from './segments.js';
import { smooth } from './smooth.js';
import { timeline } from './timeline.js';
import { type ExpressionWindow, planWindows } from './window.js';

const labels = ['anger', 'happiness', 'neutral'];

/** Windows of 1.6 s every 0.2 s with these probabilities. */
function windowsOf(rows: readonly (readonly number[])[]): ExpressionWindow[] {
  return rows.map((probabilities, i) => ({
    face: 0,
    start: i * 0.2,
    end: i * 0.2 + 1.6,
    probabilities: [...probabilities],
    frame: 5 * i + 20,
    frames: 37,
    energy: 1,
    masked: 0,
    box: { x: 0, y: 0, width: 64, height: 64 },
    confidence: 1,
  }));
}

const neutral = [0.1, 0.1, 0.8];
const happy = [0.1, 0.8, 0.1];
const unsure = [0.3, 0.35, 0.35];

describe('planWindows', () => {
  const times = (count: number, rate = 25) => Float64Array.from({ length: count }, (_, i) => i / rate);

  it('takes a short video as one window', () => {
    expect(planWindows(times(40), 0, 1.6, { window: 1.6, hop: 0.2 })).toEqual([
      { start: 0, end: 1.6, from: 0, to: 40 },
    ]);
    expect(planWindows(times(45), 0, 1.8, { window: 1.6, hop: 0.2 })).toHaveLength(1);
  });

  it('slides, and ends where the video ends', () => {
    const planned = planWindows(times(103), 0, 103 / 25, { window: 1.6, hop: 0.2 });
    expect(planned[0]).toMatchObject({ start: 0, from: 0, to: 40 });
    expect(planned[1]!.start).toBeCloseTo(0.2);
    expect(planned[1]!.from).toBe(5);
    // 3 x 0.2 is a little more than 0.6: the frame at 0.6 s is inside all the same.
    expect(planned[3]!.from).toBe(15);
    expect(planned.at(-1)!.end).toBeCloseTo(4.12);
    expect(planned.at(-1)!.to).toBe(103);
  });

  it('skips a gap of years without counting through it', () => {
    const gap = [...times(50), ...Array.from({ length: 50 }, (_, i) => 1e9 + i / 25)];
    const planned = planWindows(gap, 0, 1e9 + 2, { window: 1.6, hop: 0.2 });
    expect(planned.length).toBeLessThan(40);
    expect(planned.every((w) => w.to > w.from)).toBe(true);
    expect(planned.at(-1)!.to).toBe(100);
  });

  it('has no window without P-frames', () => {
    expect(planWindows([], 0, 10, { window: 1.6, hop: 0.2 })).toEqual([]);
  });

  it('covers a last P-frame that half a hop would leave out', () => {
    // Found by the property below: the video ends half a hop, less the rounding, behind the last whole window.
    const planned = planWindows([0, 0.21], 0, 0.25, { window: 0.2, hop: 0.09999999999999998 });
    expect(planned.at(-1)!.to).toBe(2);
  });

  it('covers every P-frame, in order, whatever the times', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { minLength: 1, maxLength: 80 }),
        fc.double({ min: 0.2, max: 3, noNaN: true }),
        fc.double({ min: 0.05, max: 0.2, noNaN: true }),
        (steps, window, hop) => {
          let time = 0;
          const at = steps.map((step) => (time += step));
          const planned = planWindows(at, 0, time + 0.04, { window, hop });
          const seen = new Set<number>();
          for (const [i, w] of planned.entries()) {
            expect(w.to).toBeGreaterThan(w.from);
            if (i > 0) expect(w.start).toBeGreaterThanOrEqual(planned[i - 1]!.start);
            for (let p = w.from; p < w.to; p++) seen.add(p);
          }
          expect(seen.size).toBe(at.length);
        },
      ),
    );
  });
});

describe('smooth', () => {
  it('keeps probabilities probabilities and lowers a lone spike', () => {
    const rows = smooth(windowsOf([neutral, neutral, happy, neutral, neutral]), 0.25);
    for (const row of rows) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    expect(rows[2]![1]!).toBeLessThan(0.8);
    expect(rows[2]![1]!).toBeGreaterThan(rows[1]![1]!);
  });

  it('does nothing with sigma 0', () => {
    expect(smooth(windowsOf([neutral, happy]), 0).map((row) => [...row])).toEqual([neutral, happy]);
  });

  it('does not reach over a gap', () => {
    const [first, second] = windowsOf([neutral, happy]);
    const rows = smooth([first!, { ...second!, start: 100, end: 101.6 }], 0.25);
    expect([...rows[0]!]).toEqual(neutral.map((p) => expect.closeTo(p, 12)));
  });
});

describe('segments', () => {
  const cut = (rows: readonly (readonly number[])[], minimum = 0.4) =>
    segments(
      windowsOf(rows),
      rows.map((row) => Float64Array.from(row)),
      labels,
      { threshold: 0.5, minimum },
    );

  it('finds onset, apex and offset', () => {
    const rise = [
      neutral,
      neutral,
      neutral,
      [0.1, 0.45, 0.45],
      [0.1, 0.7, 0.2],
      [0.05, 0.9, 0.05],
      [0.1, 0.6, 0.3],
      neutral,
      neutral,
      neutral,
    ];
    const found = cut(rise, 0.1);
    expect(found.map((s) => s.label)).toEqual(['neutral', UNCERTAIN, 'happiness', 'neutral']);
    const happiness = found[2]!;
    expect(happiness.apex).toBeCloseTo(5 * 0.2 + 0.8);
    expect(happiness.onset).toBeCloseTo(4 * 0.2 + 0.8);
    expect(happiness.offset).toBeCloseTo(6 * 0.2 + 0.8);
    expect(happiness.probability).toBeCloseTo((0.7 + 0.9 + 0.6) / 3);
  });

  it('covers the video without gaps or overlap', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(neutral, happy, unsure), { minLength: 1, maxLength: 40 }), (rows) => {
        const found = cut(rows);
        expect(found[0]!.start).toBe(0);
        expect(found.at(-1)!.end).toBeCloseTo((rows.length - 1) * 0.2 + 1.6);
        for (let i = 1; i < found.length; i++) {
          expect(found[i]!.start).toBe(found[i - 1]!.end);
          expect(found[i]!.label).not.toBe(found[i - 1]!.label);
        }
        if (found.length > 1) for (const s of found) expect(s.end - s.start).toBeGreaterThanOrEqual(0.4 - 1e-9);
      }),
    );
  });

  it('takes an expression in by a quarter of a window where it borders on neutral', () => {
    const rows = [...Array(5).fill(neutral), ...Array(9).fill(happy), ...Array(5).fill(neutral)];
    const found = cut(rows);
    // The windows' middles change label at 0.8 + 4.5 hops and 0.8 + 13.5 hops.
    expect(found[1]!.start).toBeCloseTo(0.8 + 4.5 * 0.2 + 0.4);
    expect(found[1]!.end).toBeCloseTo(0.8 + 13.5 * 0.2 - 0.4);
    expect(found[1]!.onset).toBeCloseTo(0.8 + 5 * 0.2);
    const other = cut([...Array(5).fill([0.9, 0.1, 0]), ...Array(9).fill(happy)]);
    expect(other[1]!.start).toBeCloseTo(0.8 + 4.5 * 0.2);
    expect(cut([...Array(5).fill(neutral), happy, happy, happy, ...Array(5).fill(neutral)])[1]).toMatchObject({
      start: expect.closeTo(0.8 + 5 * 0.2),
      end: expect.closeTo(0.8 + 7 * 0.2),
    });
  });
  it('gives a flicker to its neighbours', () => {
    const flicker = [neutral, neutral, neutral, happy, neutral, neutral, neutral];
    expect(cut(flicker).map((s) => s.label)).toEqual(['neutral']);
  });

  it('says uncertain where nothing is probable', () => {
    const found = cut([unsure, unsure, unsure]);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ label: UNCERTAIN, apex: null, onset: null, offset: null });
    expect(found[0]!.probability).toBeCloseTo(0.35);
  });
});

describe('timeline', () => {
  it('averages probabilities and cuts segments', () => {
    const result = timeline(windowsOf([...Array(10).fill(neutral), ...Array(10).fill(happy)]), labels);
    expect(result.distribution).toEqual([0.1, 0.45, 0.45].map((p) => expect.closeTo(p, 9)));
    const names = result.segments.map((s) => s.label).filter((label) => label !== UNCERTAIN);
    expect(names).toEqual(['neutral', 'happiness']);
  });

  it('is empty without windows', () => {
    expect(timeline([], labels)).toEqual({ segments: [], distribution: [] });
  });
});
