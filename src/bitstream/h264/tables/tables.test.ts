/** The typed-in tables against what any error in them would break: prefix-freeness, completeness, permutations. */
import { describe, expect, it } from 'vitest';
import { CONTEXTS, contextInitialisation } from './cabac-contexts.js';
import { engineTable, rangeTabLPS, transIdxLPS } from './cabac-engine.js';
import { type Code, coeff_token, lookup, run_before, total_zeros, total_zeros_chroma_dc } from './cavlc.js';
import { coded_block_pattern_400, coded_block_pattern_420, zigzag4x4, zigzag8x8 } from './mapping.js';

const kraft = (codes: Code[]): number => codes.reduce((sum, { bits }) => sum + 2 ** -bits.length, 0);

function expectPrefixFree(codes: Code[]): void {
  const clashes = codes.flatMap((a) =>
    codes.filter((b) => a !== b && b.bits.startsWith(a.bits)).map((b) => `${a.bits} begins ${b.bits}`),
  );
  expect(clashes).toEqual([]);
}

describe('CAVLC tables', () => {
  it('coeff_token codes are prefix-free and name every pair once', () => {
    expect(coeff_token.map((codes) => codes.length)).toEqual([62, 62, 62, 14]);
    for (const codes of coeff_token) {
      expectPrefixFree(codes);
      expect(new Set(codes.map(({ value }) => value)).size).toBe(codes.length);
      expect(kraft(codes)).toBeGreaterThan(0.99);
    }
  });

  it('total_zeros codes are complete', () => {
    expect(total_zeros.map((codes) => codes.length)).toEqual([16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    for (const [i, codes] of total_zeros.entries()) {
      expectPrefixFree(codes);
      // tzVlcIndex 1 leaves 0000 0000 0 unused.
      expect(kraft(codes)).toBe(i === 0 ? 1 - 2 ** -9 : 1);
    }
    for (const codes of total_zeros_chroma_dc) {
      expectPrefixFree(codes);
      expect(kraft(codes)).toBe(1);
    }
  });

  it('run_before codes are prefix-free', () => {
    for (const codes of run_before) expectPrefixFree(codes);
    expect(run_before.map((codes) => codes.length)).toEqual([2, 3, 4, 5, 6, 7, 15]);
  });

  it('a look-up gives the code that begins its index', () => {
    const table = lookup(run_before[5]!, 3);
    expect([...table].map((entry) => entry >> 8)).toEqual([1, 2, 4, 3, 6, 5, 0, 0]);
    expect([...table].map((entry) => entry & 255)).toEqual([3, 3, 3, 3, 3, 3, 2, 2]);
  });
});

describe('CABAC tables', () => {
  it('rows of rangeTabLPS rise with the range and fall with the state', () => {
    for (const [state, row] of rangeTabLPS.entries()) {
      for (let i = 1; i < 4; i++) {
        if (state < 63) expect(row[i]).toBeGreaterThan(row[i - 1]!);
        if (state > 0) expect(row[i]).toBeLessThanOrEqual(rangeTabLPS[state - 1]![i]!);
      }
    }
    expect(transIdxLPS).toHaveLength(64);
    for (let state = 1; state < 63; state++) expect(transIdxLPS[state]).toBeLessThanOrEqual(state);
    expect([...engineTable().subarray(0, 6)]).toEqual([128, 176, 208, 240, 2, 1]);
  });

  it('every context that frame macroblocks use is initialised', () => {
    const table = contextInitialisation();
    const at = (model: number, ctxIdx: number): number[] => [
      ...table.subarray((model * CONTEXTS + ctxIdx) * 2, (model * CONTEXTS + ctxIdx) * 2 + 2),
    ];
    const missing: number[][] = [];
    for (let model = 0; model < 4; model++) {
      for (const [from, to] of [
        [60, 275],
        [399, 435],
      ] as [number, number][]) {
        for (let ctxIdx = from; ctxIdx <= to; ctxIdx++) {
          // 179 and 193 of cabac_init_idc 1 are 0, 0 in the standard.
          if (model === 2 && (ctxIdx === 179 || ctxIdx === 193)) continue;
          if (at(model, ctxIdx).every((value) => value === 0)) missing.push([model, ctxIdx]);
        }
      }
    }
    expect(missing).toEqual([]);
    expect(at(0, 10)).toEqual([7, 51]);
    expect(at(3, 435)).toEqual([-10, 79]);
  });
});

describe('mapping tables', () => {
  it('are permutations', () => {
    const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
    const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
    for (const column of [0, 1] as const) {
      expect(sorted(coded_block_pattern_420.map((row) => row[column]))).toEqual(upTo(48));
      expect(sorted(coded_block_pattern_400.map((row) => row[column]))).toEqual(upTo(16));
    }
    expect(sorted(zigzag4x4)).toEqual(upTo(16));
    expect(sorted(zigzag8x8)).toEqual(upTo(64));
    expect(zigzag8x8.slice(0, 10)).toEqual([0, 1, 8, 16, 9, 2, 3, 10, 17, 24]);
  });
});
