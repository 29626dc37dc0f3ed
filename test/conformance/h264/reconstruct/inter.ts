/** Inter prediction samples, ITU-T H.264 clause 8.4.2.2: six-tap luma at quarter samples, bilinear chroma at eighths. */
import { clip1, clip3, type SamplePlane } from './picture.js';

/** Largest block with its margin of 2 before and 3 after: 21 x 21. */
const STEP = 21;
const window = new Int32Array(STEP * STEP);
const middle = new Int32Array(STEP * STEP);

/** Copies the (w + before + after) x (h + before + after) samples around a block; outside the picture the edge is repeated (8-229 ff.). */
function fetch(plane: SamplePlane, x: number, y: number, w: number, h: number): void {
  const { data, width, height } = plane;
  if (x >= 0 && y >= 0 && x + w <= width && y + h <= height) {
    for (let j = 0; j < h; j++) {
      const row = (y + j) * width + x;
      for (let i = 0; i < w; i++) window[j * STEP + i] = data[row + i]!;
    }
    return;
  }
  for (let j = 0; j < h; j++) {
    const row = clip3(0, height - 1, y + j) * width;
    for (let i = 0; i < w; i++) window[j * STEP + i] = data[row + clip3(0, width - 1, x + i)]!;
  }
}

/** (1, -5, 20, 20, -5, 1) along `step`, between the samples at `at` and `at + step`. */
function sixTap(from: Int32Array, at: number, step: number): number {
  return (
    from[at - 2 * step]! -
    5 * from[at - step]! +
    20 * from[at]! +
    20 * from[at + step]! -
    5 * from[at + 2 * step]! +
    from[at + 3 * step]!
  );
}

/** Index in `window` of the full sample G of the block's sample (x, y). */
const G = (x: number, y: number): number => (y + 2) * STEP + x + 2;

/** A way to get one sample: a full sample, or a half sample between two columns (b), two rows (h) or both (j). */
type Kind = 'G' | 'b' | 'h' | 'j';
type Term = readonly [kind: Kind, dx: 0 | 1, dy: 0 | 1];

/** Table 8-12 by yFrac, xFrac: the sample itself, or the two whose rounded mean it is (figure 8-4). */
const terms: readonly (readonly (readonly Term[])[])[] = [
  [
    [['G', 0, 0]],
    [
      ['G', 0, 0],
      ['b', 0, 0],
    ],
    [['b', 0, 0]],
    [
      ['G', 1, 0],
      ['b', 0, 0],
    ],
  ],
  [
    [
      ['G', 0, 0],
      ['h', 0, 0],
    ],
    [
      ['b', 0, 0],
      ['h', 0, 0],
    ],
    [
      ['b', 0, 0],
      ['j', 0, 0],
    ],
    [
      ['b', 0, 0],
      ['h', 1, 0],
    ],
  ],
  [
    [['h', 0, 0]],
    [
      ['h', 0, 0],
      ['j', 0, 0],
    ],
    [['j', 0, 0]],
    [
      ['j', 0, 0],
      ['h', 1, 0],
    ],
  ],
  [
    [
      ['G', 0, 1],
      ['h', 0, 0],
    ],
    [
      ['h', 0, 0],
      ['b', 0, 1],
    ],
    [
      ['j', 0, 0],
      ['b', 0, 1],
    ],
    [
      ['h', 1, 0],
      ['b', 0, 1],
    ],
  ],
];

/** Fills `out` (w x h) with one kind of sample. */
function samples([kind, dx, dy]: Term, w: number, h: number, out: Uint8Array): void {
  if (kind === 'j') {
    // 8-247: the six-tap filter across rows of unrounded b1.
    for (let y = -2; y < h + 3; y++) for (let x = 0; x < w; x++) middle[G(x, y)] = sixTap(window, G(x, y), 1);
  }
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const at = G(x + dx, y + dy);
      if (kind === 'G') out[y * w + x] = window[at]!;
      else if (kind === 'b') out[y * w + x] = clip1((sixTap(window, at, 1) + 16) >> 5);
      else if (kind === 'h') out[y * w + x] = clip1((sixTap(window, at, STEP) + 16) >> 5);
      else out[y * w + x] = clip1((sixTap(middle, at, STEP) + 512) >> 10);
    }
  }
}

const second = new Uint8Array(256);

/** 8.4.2.2.1. (x, y): position of the block; (mvx, mvy): quarter samples. `pred`: w x h samples. */
export function predictLuma(
  plane: SamplePlane,
  x: number,
  y: number,
  w: number,
  h: number,
  mvx: number,
  mvy: number,
  pred: Uint8Array,
): void {
  fetch(plane, x + (mvx >> 2) - 2, y + (mvy >> 2) - 2, w + 5, h + 5);
  const [one, other] = terms[mvy & 3]![mvx & 3]!;
  samples(one!, w, h, pred);
  if (!other) return;
  samples(other, w, h, second);
  for (let i = 0; i < w * h; i++) pred[i] = (pred[i]! + second[i]! + 1) >> 1;
}

/** 8.4.2.2.2. (x, y), w, h in chroma samples; (mvx, mvy): eighths of a chroma sample, which are the luma vector's numbers. */
export function predictChroma(
  plane: SamplePlane,
  x: number,
  y: number,
  w: number,
  h: number,
  mvx: number,
  mvy: number,
  pred: Uint8Array,
): void {
  fetch(plane, x + (mvx >> 3), y + (mvy >> 3), w + 1, h + 1);
  const xFrac = mvx & 7;
  const yFrac = mvy & 7;
  for (let j = 0; j < h; j++) {
    for (let i = 0; i < w; i++) {
      const at = j * STEP + i;
      pred[j * w + i] =
        ((8 - xFrac) * (8 - yFrac) * window[at]! +
          xFrac * (8 - yFrac) * window[at + 1]! +
          (8 - xFrac) * yFrac * window[at + STEP]! +
          xFrac * yFrac * window[at + STEP + 1]! +
          32) >>
        6;
    }
  }
}
