/**
 * Sample interpolation of ISO/IEC 14496-2, written to be read: half sample (7.6.2.1) and quarter sample (7.6.2.2).
 * A block is fetched through `Fetch`, which knows what lies beyond the edges of the reference.
 */

/** The reference sample at integer position (x, y). */
export type Fetch = (x: number, y: number) => number;

/** A predicted block in rows of `width`. */
export type Block = Uint8Array<ArrayBuffer>;

/**
 * Half-sample interpolation: (x, y) the integer position of the block, (fx, fy) the halves, `rounding` = vop_rounding_type.
 */
export function halfSample(
  fetch: Fetch,
  x: number,
  y: number,
  fx: number,
  fy: number,
  width: number,
  height: number,
  rounding: number,
): Block {
  const out = new Uint8Array(width * height);
  for (let j = 0; j < height; j++) {
    for (let i = 0; i < width; i++) {
      const a = fetch(x + i, y + j);
      let value = a;
      if (fx && fy) {
        const b = fetch(x + i + 1, y + j);
        const c = fetch(x + i, y + j + 1);
        const d = fetch(x + i + 1, y + j + 1);
        value = (a + b + c + d + 2 - rounding) >> 2;
      } else if (fx) {
        value = (a + fetch(x + i + 1, y + j) + 1 - rounding) >> 1;
      } else if (fy) {
        value = (a + fetch(x + i, y + j + 1) + 1 - rounding) >> 1;
      }
      out[j * width + i] = value;
    }
  }
  return out;
}

/** Taps for the half sample between positions 0 and 1, at positions -3 … 4; the sum is 32 (of 256 in the text: /8). */
const taps = [-1, 3, -6, 20, 20, -6, 3, -1];

/** Position k of a line of n + 1 samples, mirrored at the block's ends: -1 is 0, -2 is 1; n + 1 is n, n + 2 is n - 1. */
function mirror(k: number, n: number): number {
  return k < 0 ? -1 - k : k > n ? 2 * n + 1 - k : k;
}

/** `n` samples at `quarter`/4 beyond the n + 1 given ones. */
function quarterLine(line: readonly number[], quarter: number, n: number, rounding: number): number[] {
  if (quarter === 0) return line.slice(0, n);
  return Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let t = 0; t < 8; t++) sum += taps[t]! * line[mirror(i + t - 3, n)]!;
    const half = Math.min(255, Math.max(0, (sum + 16 - rounding) >> 5));
    if (quarter === 2) return half;
    const nearest = line[quarter === 1 ? i : i + 1]!;
    return (half + nearest + 1 - rounding) >> 1;
  });
}

/** Quarter-sample interpolation, horizontally first; (fx, fy) in quarters. */
export function quarterSample(
  fetch: Fetch,
  x: number,
  y: number,
  fx: number,
  fy: number,
  width: number,
  height: number,
  rounding: number,
): Block {
  const rows = Array.from({ length: height + 1 }, (_, j) =>
    quarterLine(
      Array.from({ length: width + 1 }, (_, i) => fetch(x + i, y + j)),
      fx,
      width,
      rounding,
    ),
  );
  const out = new Uint8Array(width * height);
  for (let i = 0; i < width; i++) {
    const column = quarterLine(
      rows.map((row) => row[i]!),
      fy,
      height,
      rounding,
    );
    for (let j = 0; j < height; j++) out[j * width + i] = column[j]!;
  }
  return out;
}
