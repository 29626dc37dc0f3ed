import { describe, expect, it } from 'vitest';
import { alternateHorizontalScan, alternateVerticalScan, zigzagScan } from './scans.js';
import * as tables from './vlc-tables.js';

/** Fraction of all bit strings that begin with one of the codes; below 1 where the standard leaves codes unused. */
function covered(codes: readonly string[]): number {
  return codes.reduce((sum, code) => sum + 2 ** -code.length, 0);
}

function expectPrefixFree(codes: readonly string[]): void {
  const sorted = [...codes].sort();
  for (let i = 1; i < sorted.length; i++) expect(sorted[i]!.startsWith(sorted[i - 1]!), sorted[i]).toBe(false);
}

const coefficientTables = [
  ['intraTcoef', tables.intraTcoef, 102, tables.tcoefEscape],
  ['interTcoef', tables.interTcoef, 102, tables.tcoefEscape],
  ['intraRvlc', tables.intraRvlc, 169, tables.rvlcEscape],
  ['interRvlc', tables.interRvlc, 169, tables.rvlcEscape],
] as const;

describe('coefficient codes', () => {
  it.each(coefficientTables)('%s: prefix-free, each event once', (_name, rows, count, escapeCode) => {
    expect(rows.length).toBe(count);
    expectPrefixFree([...rows.map(([, , , bits]) => bits), escapeCode]);
    expect(new Set(rows.map(([last, run, level]) => `${last} ${run} ${level}`)).size).toBe(count);
  });

  it.each(coefficientTables.slice(0, 2))(
    '%s: only codes of eight zeros are unused',
    (_name, rows, _count, escapeCode) => {
      const codes = [...rows.map(([, , , bits]) => bits), escapeCode];
      expect(1 - covered(codes)).toBeCloseTo(2 ** -9, 12);
      expect(codes.some((code) => code.startsWith('000000000'))).toBe(false);
    },
  );

  it.each(coefficientTables.slice(2))('%s: readable backwards', (_name, rows) => {
    const backwards = rows.map(([, , , bits]) => [...bits].reverse().join(''));
    expectPrefixFree(backwards);
  });

  it.each(coefficientTables)('%s: levels of a run are 1, 2, 3, … without gaps', (_name, rows) => {
    const seen = new Map<string, number>();
    for (const [last, run, level] of rows) {
      const key = `${last} ${run}`;
      expect(level).toBe((seen.get(key) ?? 0) + 1);
      seen.set(key, level);
    }
  });
});

describe('other codes', () => {
  it.each([
    ['mcbpcIntra', tables.mcbpcIntra],
    ['mcbpcInter', tables.mcbpcInter],
    ['cbpy', tables.cbpy],
    ['mvd', tables.mvd],
    ['dctDcSizeLuminance', tables.dctDcSizeLuminance],
    ['dctDcSizeChrominance', tables.dctDcSizeChrominance],
  ] as const)('%s is prefix-free', (_name, rows) => {
    const codes = (rows as readonly tables.Code<unknown>[]).map(([, bits]) => bits);
    expectPrefixFree(codes);
    expect(covered(codes)).toBeLessThanOrEqual(1);
    // What is left over begins with zeros: no code can look like a start code or a resync marker.
    expect(codes.every((code) => code.includes('1'))).toBe(true);
  });

  it('cbpy leaves no code but 00000', () => {
    expect(1 - covered(tables.cbpy.map(([, bits]) => bits))).toBeCloseTo(2 ** -5, 12);
  });
});

describe('scans', () => {
  it.each([
    ['zigzag', zigzagScan],
    ['alternate horizontal', alternateHorizontalScan],
    ['alternate vertical', alternateVerticalScan],
  ])('%s visits every position once', (_name, scan) => {
    expect([...scan].sort((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, i) => i));
  });
});
