/**
 * What the motion field of one P-picture says about a face: for blocks on the face, where their content is now and where
 * it was, the latter measured in the face box of the picture that the block refers to. With places so measured, a vector
 * that points several pictures back needs no rescaling: it is compared with the box of the picture it points to.
 */
import { type CompressedFrame, MacroblockType, NO_REFERENCE } from '../bitstream/frame.js';
import type { FaceBox } from '../residual/track.js';

/** The face box of the picture that a block refers to, by its picture order; `undefined` where it is not known. */
export type ReferenceBox = (order: number | undefined) => FaceBox | undefined;

/** Macroblocks of a face that are looked at, at most: of a face larger than this only every n-th column and row. */
const MAX_SIDE = 5;

/** Share of the box's half side that the ellipse of the face reaches. The corners of the box are background. */
const REACH = 1;

/** Samples in arrays that are used again; only the first `count` of each hold. */
export class Evidence {
  count = 0;
  /** Centre of the block in this picture, in pixels. */
  x = new Float64Array(64);
  y = new Float64Array(64);
  /** Where its content was: from the centre of the reference's face box, in units of that box's width. */
  u = new Float64Array(64);
  v = new Float64Array(64);
  /** Area of the block in pixels. */
  area = new Float64Array(64);
  /** Area of all blocks looked at, with and without a vector. */
  looked = 0;

  /**
   * Gathers the blocks of a P-picture whose content lay on the face.
   * @param guess about where the face is in this picture: its box in the picture before
   */
  gather(frame: CompressedFrame, guess: FaceBox, referenceBox: ReferenceBox): void {
    this.count = 0;
    this.looked = 0;
    const { mbCols, mbRows } = frame;
    // Blocks just beside the guess may hold the face by now: it moves by less than a sixth of its size, or is lost.
    const [spreadX, spreadY] = [guess.width / 6, guess.height / 6];
    const left = Math.max(0, Math.floor((guess.x - spreadX) / 16));
    const top = Math.max(0, Math.floor((guess.y - spreadY) / 16));
    const right = Math.min(mbCols - 1, Math.floor((guess.x + guess.width + spreadX) / 16));
    const bottom = Math.min(mbRows - 1, Math.floor((guess.y + guess.height + spreadY) / 16));
    const step = Math.max(1, Math.round(Math.max(guess.width, guess.height) / 16 / MAX_SIDE));
    const [halfX, halfY] = [(REACH * guess.width) / 2, (REACH * guess.height) / 2];
    // The area of the whole ellipse counts as looked at, also where it lies outside the picture: nothing is seen there.
    this.looked = Math.PI * halfX * halfY;
    for (let row = top; row <= bottom; row += step) {
      for (let col = left; col <= right; col += step) {
        const mb = row * mbCols + col;
        const type = frame.macroblockType[mb];
        if (type === MacroblockType.intra || type === MacroblockType.lost || frame.intra[mb]) continue;
        this.#macroblock(frame, col, row, step * step, referenceBox);
      }
    }
  }

  /** One sample for the macroblock where it moves as one, else one per 8x8 or per cell. */
  #macroblock(frame: CompressedFrame, col: number, row: number, weight: number, referenceBox: ReferenceBox): void {
    const { cols, cell } = frame.motion;
    const per = 16 / cell;
    const first = row * per * cols + col * per;
    if (uniform(frame, col, row, first, per)) {
      this.#block(frame, first, col * 16, row * 16, 16, weight, referenceBox);
      return;
    }
    const half = per / 2;
    for (let j = 0; j < 2; j++) {
      for (let i = 0; i < 2; i++) {
        const at = first + j * half * cols + i * half;
        const x = col * 16 + i * 8;
        const y = row * 16 + j * 8;
        if (half === 1 || sameVectors(frame, at, half)) {
          this.#block(frame, at, x, y, 8, weight, referenceBox);
          continue;
        }
        for (let n = 0; n < 4; n++) {
          const [dx, dy] = [n & 1, n >> 1];
          this.#block(frame, at + dy * cols + dx, x + 4 * dx, y + 4 * dy, 4, weight, referenceBox);
        }
      }
    }
  }

  #block(
    frame: CompressedFrame,
    at: number,
    left: number,
    top: number,
    side: number,
    weight: number,
    referenceBox: ReferenceBox,
  ): void {
    const { vectors, unit, references, cols } = frame.motion;
    let order: number | undefined;
    if (references) {
      order = references[(top >> 3) * ((cols * frame.motion.cell) >> 3) + (left >> 3)];
      if (order === NO_REFERENCE) return;
    }
    const box = referenceBox(order);
    if (!box) return;
    const x = left + side / 2;
    const y = top + side / 2;
    const u = (x + vectors[2 * at]! / unit - box.x - box.width / 2) / box.width;
    const v = (y + vectors[2 * at + 1]! / unit - box.y - box.height / 2) / box.width;
    const aspect = box.height / box.width;
    if (4 * (u * u + (v * v) / (aspect * aspect)) > REACH * REACH) return;
    if (this.count === this.x.length) this.#grow();
    const n = this.count++;
    this.x[n] = x;
    this.y[n] = y;
    this.u[n] = u;
    this.v[n] = v;
    this.area[n] = side * side * weight;
  }

  #grow(): void {
    for (const name of ['x', 'y', 'u', 'v', 'area'] as const) {
      const larger = new Float64Array(2 * this[name].length);
      larger.set(this[name]);
      this[name] = larger;
    }
  }
}

/** Do all cells of the macroblock have one vector and one reference? */
function uniform(frame: CompressedFrame, col: number, row: number, first: number, per: number): boolean {
  const { references, cols, cell } = frame.motion;
  if (!sameVectors(frame, first, per)) return false;
  if (!references) return true;
  const stride = (cols * cell) >> 3;
  const at = 2 * row * stride + 2 * col;
  const one = references[at];
  return references[at + 1] === one && references[at + stride] === one && references[at + stride + 1] === one;
}

function sameVectors(frame: CompressedFrame, first: number, side: number): boolean {
  const { vectors, cols } = frame.motion;
  const x = vectors[2 * first];
  const y = vectors[2 * first + 1];
  for (let j = 0; j < side; j++) {
    for (let i = 0, at = 2 * (first + j * cols); i < side; i++, at += 2) {
      if (vectors[at] !== x || vectors[at + 1] !== y) return false;
    }
  }
  return true;
}
