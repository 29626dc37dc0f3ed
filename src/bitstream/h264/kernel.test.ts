/** The kernel's residuals against plain arithmetic: written streams with chosen levels, at every scale. */
import { describe, expect, it } from 'vitest';
import { BitWriter, concat, idrSliceHeader, nal, pps, residualBlock, sps } from '../../../test/support/h264-writer.js';
import { defaultLimits } from '../../limits.js';
import { H264Parser } from './parser.js';
import { zigzag4x4, zigzag8x8 } from './tables/mapping.js';

const track = {
  container: 'h264',
  codec: 'h264',
  width: 0,
  height: 0,
  rotation: 0,
  config: new Uint8Array(0),
  frameRate: undefined,
};

/** Numbers that look random and are the same every time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

/** One macroblock, I_NxN, whose luma blocks have `levels` in scan order (16 of 16, or 4 of 64). */
function oneMacroblock(levels: readonly (readonly number[])[], qp: number): Uint8Array {
  const writer = idrSliceHeader(qp).ue(0); // mb_type I_NxN
  const transform8x8 = levels.length === 4;
  writer.u(1, transform8x8 ? 1 : 0);
  for (let i = 0; i < levels.length; i++) writer.u(1, 1); // prev_intra_pred_mode_flag
  writer.ue(0); // intra_chroma_pred_mode
  writer.ue(2); // coded_block_pattern 15
  writer.se(0); // mb_qp_delta
  const blocks = transform8x8
    ? levels.flatMap((block) => [0, 1, 2, 3].map((i) => block.filter((_, k) => k % 4 === i)))
    : levels;
  // Counts by position, for nC (9.2.1): all neighbours outside are not available.
  const counts = new Map<string, number>();
  blocks.forEach((block, i) => {
    const x = ((i >> 2) & 1) * 2 + (i & 1);
    const y = (i >> 3) * 2 + ((i >> 1) & 1);
    const nA = counts.get(`${x - 1} ${y}`);
    const nB = counts.get(`${x} ${y - 1}`);
    const nC = nA !== undefined && nB !== undefined ? (nA + nB + 1) >> 1 : (nA ?? nB ?? 0);
    counts.set(`${x} ${y}`, residualBlock(writer, block, nC));
  });
  return concat(sps(1, 1), pps(), nal(3, 5, writer.rbsp()));
}

const norm4 = [
  [10, 16, 13],
  [11, 18, 14],
  [13, 20, 16],
  [14, 23, 18],
  [16, 25, 20],
  [18, 29, 23],
] as const;

/** Rows of the 4-point and the 8-point basis, as the standard's butterflies make them. */
const basis4 = [
  [1, 1, 1, 1],
  [1, 0.5, -0.5, -1],
  [1, -1, -1, 1],
  [0.5, -1, 1, -0.5],
];
const basis8 = [
  [8, 8, 8, 8, 8, 8, 8, 8],
  [12, 10, 6, 3, -3, -6, -10, -12],
  [8, 4, -4, -8, -8, -4, 4, 8],
  [10, -3, -12, -6, 6, 12, 3, -10],
  [8, -8, -8, 8, 8, -8, -8, 8],
  [6, -12, 3, 10, -10, -3, 12, -6],
  [4, -8, 8, -4, -4, 8, -8, 4],
  [3, -6, 10, -12, 12, -10, 6, -3],
].map((row) => row.map((value) => value / 8));

/** Exact inverse transform, without any rounding: coefficient (u, v) at v * n + u. */
function exact(coefficients: readonly number[], basis: readonly (readonly number[])[]): number[] {
  const n = basis.length;
  return Array.from({ length: n * n }, (_, at) => {
    const x = at % n;
    const y = Math.floor(at / n);
    let sum = 0;
    for (let v = 0; v < n; v++) {
      for (let u = 0; u < n; u++) sum += coefficients[v * n + u]! * basis[u]![x]! * basis[v]![y]!;
    }
    return sum / 64;
  });
}

/** 8.5.12.2 with its truncations, in plain integers. */
function standard4x4(d: readonly number[]): number[] {
  const pass = (a: number, b: number, c: number, e: number): number[] => {
    const [e0, e1, e2, e3] = [a + c, a - c, (b >> 1) - e, b + (e >> 1)];
    return [e0 + e3, e1 + e2, e1 - e2, e0 - e3];
  };
  const rows = [0, 1, 2, 3].flatMap((y) => pass(d[4 * y]!, d[4 * y + 1]!, d[4 * y + 2]!, d[4 * y + 3]!));
  const out = new Array<number>(16);
  for (let x = 0; x < 4; x++) {
    pass(rows[x]!, rows[4 + x]!, rows[8 + x]!, rows[12 + x]!).forEach((value, y) => {
      out[4 * y + x] = (value + 32) >> 6;
    });
  }
  return out;
}

/** Luma 16x16 of a written macroblock, in blocks of n: dequantised coefficients in raster order per block. */
interface Case {
  levels: number[][];
  coefficients: number[][];
  n: 4 | 8;
  qp: number;
}

function makeCase(n: 4 | 8, qp: number, seed: number, density: number): Case {
  const random = numbers(seed);
  const scan = n === 4 ? zigzag4x4 : zigzag8x8;
  const levels: number[][] = [];
  const coefficients: number[][] = [];
  for (let block = 0; block < 256 / (n * n); block++) {
    const list = scan.map((_, k) => {
      if (random() > density / (1 + k / 4)) return 0;
      // Conforming streams stay within 16 bits all through the transform (8.5.12).
      const room = 150 / 2 ** Math.floor(qp / 6);
      const size = random() < 0.1 ? Math.min(40, room) : Math.min(4, room);
      return Math.round((random() - 0.5) * 2 * Math.max(1, size));
    });
    levels.push(list);
    const block2d = new Array<number>(n * n).fill(0);
    list.forEach((level, k) => {
      const raster = scan[k]!;
      block2d[raster] = scaled(level, raster % n, Math.floor(raster / n), qp, n);
    });
    coefficients.push(block2d);
  }
  return { levels, coefficients, n, qp };
}

const norm8 = [
  [20, 18, 32, 19, 25, 24],
  [22, 19, 35, 21, 28, 26],
  [26, 23, 42, 24, 33, 31],
  [28, 25, 45, 26, 35, 33],
  [32, 28, 51, 30, 40, 38],
  [36, 32, 58, 34, 46, 43],
] as const;

/** 8.5.12.1 and 8.5.13.1 with flat scaling matrices. */
function scaled(level: number, x: number, y: number, qp: number, n: 4 | 8): number {
  const shift = Math.floor(qp / 6);
  if (n === 4) {
    const kind = x % 2 === 0 && y % 2 === 0 ? 0 : x % 2 === 1 && y % 2 === 1 ? 1 : 2;
    return level * norm4[qp % 6]![kind]! * 2 ** shift;
  }
  const odd = (v: number): boolean => v % 2 === 1;
  const kind =
    odd(x) && odd(y)
      ? 1
      : odd(x) || odd(y)
        ? (odd(x) ? y : x) % 4 === 0
          ? 3
          : 5
        : x % 4 === 0 && y % 4 === 0
          ? 0
          : x % 4 === 2 && y % 4 === 2
            ? 2
            : 4;
  // (c * 16 * norm << shift + 32) >> 6: at low quantisers a rounding.
  return Math.floor((level * 16 * norm8[qp % 6]![kind]! * 2 ** shift + 32) / 64);
}

/** Where block i of a macroblock lies, in blocks. */
function place(i: number, n: 4 | 8): [number, number] {
  if (n === 8) return [i & 1, i >> 1];
  return [((i >> 2) & 1) * 2 + (i & 1), (i >> 3) * 2 + ((i >> 1) & 1)];
}

const cases = [4, 8].flatMap((n) =>
  [10, 20, 26, 33, 37].flatMap((qp) => [0.2, 0.9].map((density) => ({ n: n as 4 | 8, qp, density }))),
);

describe('luma residual of written macroblocks', () => {
  it.each(cases)('$n x $n, QP $qp, density $density: scale 1 is the standard to the bit', ({ n, qp, density }) => {
    const { levels, coefficients } = makeCase(n, qp, n * 1000 + qp, density);
    const parser = new H264Parser(track, defaultLimits);
    const frame = parser.parse(oneMacroblock(levels, qp));
    expect(frame.damage).toBeUndefined();
    const { data, stride } = frame.luma!;
    coefficients.forEach((block, i) => {
      const [bx, by] = place(i, n);
      const got = block.map((_, at) => data[(by * n + Math.floor(at / n)) * stride + bx * n + (at % n)]!);
      if (n === 4) expect(got).toEqual(standard4x4(block));
      // The truncations within the 8x8 transform are worth less than 2 together.
      else {
        for (const [at, value] of exact(block, basis8).entries()) expect(Math.abs(got[at]! - value)).toBeLessThan(2);
      }
    });
  });

  it.each(cases)('$n x $n, QP $qp, density $density: scaled planes are exact means', ({ n, qp, density }) => {
    const { levels, coefficients } = makeCase(n, qp, n * 2000 + qp, density);
    const stream = oneMacroblock(levels, qp);
    const samples = new Float64Array(256);
    coefficients.forEach((block, i) => {
      const [bx, by] = place(i, n);
      exact(block, n === 4 ? basis4 : basis8).forEach((value, at) => {
        samples[(by * n + Math.floor(at / n)) * 16 + bx * n + (at % n)] = value;
      });
    });
    for (const scale of [2, 4, 8] as const) {
      const frame = new H264Parser(track, defaultLimits).parse(stream, 0, { scale });
      const { data, width, stride } = frame.luma!;
      expect(width).toBe(16 / scale);
      for (let y = 0; y < width; y++) {
        for (let x = 0; x < width; x++) {
          let sum = 0;
          for (let j = 0; j < scale; j++) {
            for (let i = 0; i < scale; i++) sum += samples[(y * scale + j) * 16 + x * scale + i]!;
          }
          expect(data[y * stride + x]).toBe(Math.floor(sum / scale ** 2 + 0.5));
        }
      }
    }
  });

  it('the tap gives the counts that were written', () => {
    const { levels } = makeCase(4, 26, 7, 0.7);
    const parser = new H264Parser(track, defaultLimits);
    parser.parse(oneMacroblock(levels, 26));
    const { totalCoeff, slices } = parser.tap();
    levels.forEach((list, i) => {
      const [x, y] = place(i, 4);
      expect(totalCoeff[4 * y + x]).toBe(list.filter((level) => level !== 0).length);
    });
    expect(slices[0]!.endBit).toBe(slices[0]!.trailingBit);
  });

  it('large levels take the escapes of every length', () => {
    for (const level of [1, -1, 7, -8, 15, 16, -17, 300, -2063, 2064, -2065, 5000]) {
      const block = new Array<number>(16).fill(0);
      block[1] = level; // coefficient (1, 0)
      const rest = Array.from({ length: 15 }, () => new Array<number>(16).fill(0));
      const frame = new H264Parser(track, defaultLimits).parse(oneMacroblock([block, ...rest], 0));
      expect(frame.damage).toBeUndefined();
      const d = new Array<number>(16).fill(0);
      d[1] = level * 13;
      // The range of 16-bit coefficients (8.5.12) is not to be left.
      if (Math.abs(d[1]!) > 21000) continue;
      expect([...frame.luma!.data.subarray(0, 4)]).toEqual(standard4x4(d).slice(0, 4));
    }
  });
});

describe('damage', () => {
  it('a truncated slice is flagged, and what was read before stays', () => {
    const { levels } = makeCase(4, 26, 3, 0.9);
    const stream = oneMacroblock(levels, 26);
    for (let size = stream.length - 1; size > stream.length - 40; size--) {
      const frame = new H264Parser(track, defaultLimits).parse(stream.subarray(0, size));
      expect(frame.damage?.name).toBe('MalformedStreamError');
      expect(frame.macroblockType[0]).toBe(4);
      expect(frame.luma!.data.every((value) => value === 0)).toBe(true);
    }
  });

  it('refuses what it does not read, by name', () => {
    const parse = (stream: Uint8Array): unknown => new H264Parser(track, defaultLimits).parse(stream);
    const slice = nal(3, 5, idrSliceHeader(26).rbsp());
    expect(() => parse(slice)).toThrow(/picture parameter set 0, which was not met/);
    expect(() => parse(concat(pps(), slice))).toThrow(/sequence parameter set 0, which was not met/);
    const tenBit = new BitWriter().u(8, 110).u(8, 0).u(8, 30).ue(0).ue(1).ue(2).ue(2).u(1, 0).u(1, 0);
    tenBit.ue(0).ue(2).ue(1).u(1, 0).ue(0).ue(0).u(1, 1).u(1, 1).u(1, 0).u(1, 0);
    expect(() => parse(concat(nal(3, 7, tenBit.rbsp()), pps(), slice))).toThrow(/10-bit/);
    expect(() => parse(concat(sps(1, 1), pps(), nal(3, 2, Uint8Array.of(0x80))))).toThrow(/data partitioning/);
    const absurd = sps(60000, 60000);
    expect(() => parse(concat(absurd, pps(), slice))).toThrow(/limit pixels/);
  });
});
