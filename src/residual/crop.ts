/**
 * From a parsed frame and a face box to crop planes. The grid is square: S samples span the longer side of the box times
 * `margin`; with `crop` > S the grid goes on around it at the same pitch, so that training can shift the window.
 */
import type { CompressedFrame, Rect, Scale } from '../bitstream/frame.js';
import { MacroblockType } from '../bitstream/frame.js';
import type { DecodedPicture } from '../bitstream/parser.js';
import { turnPlane } from '../video/turn.js';
import { type CropPlanes, MOTION_UNIT, RESIDUAL_UNIT } from './planes.js';
import { axisWeights, resamplePlane } from './resample.js';
import type { Signal } from './signal.js';
import type { FaceBox } from './track.js';

/** Where a crop grid lies: sample (i, j) covers the square of side `pitch` that begins at (x + i pitch, y + j pitch), in pixels. */
export interface CropGrid {
  x: number;
  y: number;
  /** Pixels per sample. */
  pitch: number;
}

/** What to ask of the parser for one frame. */
export interface CropRequest {
  /** The coarsest scale that still gives a residual sample per crop sample; 0 where the grid misses the picture. */
  scale: Scale | 0;
  /** The part of the picture that the grid covers, in whole pixels. */
  region: Rect;
  chroma: false;
}

export class FrameCropper {
  /** C: side of the grid in samples. */
  readonly size: number;
  readonly #signal: Pick<Signal, 'size' | 'margin'>;
  readonly #plane: Float64Array;
  readonly #turn: number;
  #line = new Float64Array(0);
  /** By column of the grid: the macroblock column at its middle. */
  readonly #columns: Int32Array;

  /**
   * @param crop C, at least `signal.size` (the default)
   * @param turn degrees (0, 90, 180, 270), clockwise, by which planes are turned once they are cut out, so that a face in a
   *   picture that was coded on its side stands upright. Boxes and grids are those of the coded picture.
   */
  constructor(signal: Pick<Signal, 'size' | 'margin'>, crop: number = signal.size, turn = 0) {
    if (crop < signal.size) throw new RangeError(`a crop grid of ${crop} is smaller than the signal's ${signal.size}`);
    this.size = crop;
    this.#signal = signal;
    this.#plane = new Float64Array(crop * crop);
    this.#columns = new Int32Array(crop);
    this.#turn = turn;
  }

  /** The grid around a face box. */
  grid(box: FaceBox): CropGrid {
    const side = Math.max(box.width, box.height);
    if (!(side > 0) || !Number.isFinite(side + box.x + box.y)) throw new RangeError('a face box needs a positive size');
    const pitch = (side * this.#signal.margin) / this.#signal.size;
    const half = (pitch * this.size) / 2;
    return { x: box.x + box.width / 2 - half, y: box.y + box.height / 2 - half, pitch };
  }

  /** What to ask the parser for, given the picture's size in pixels. */
  request(box: FaceBox, width: number, height: number): CropRequest {
    const { x, y, pitch } = this.grid(box);
    const left = Math.max(0, Math.floor(x));
    const top = Math.max(0, Math.floor(y));
    const right = Math.min(width, Math.ceil(x + pitch * this.size));
    const bottom = Math.min(height, Math.ceil(y + pitch * this.size));
    const region = { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
    const fit: Scale = pitch >= 8 ? 8 : pitch >= 4 ? 4 : pitch >= 2 ? 2 : 1;
    return { scale: region.width > 0 && region.height > 0 ? fit : 0, region, chroma: false };
  }

  /**
   * The frame's planes. Its residual may be at any scale and cover any region: what is missing reads as 0.
   * @param index number of the frame in the video
   * @param box the face in this frame
   * @param previous the face in the frame before, from which this one is predicted
   */
  crop(frame: CompressedFrame, index: number, box: FaceBox, previous: FaceBox = box): CropPlanes {
    const area = this.size * this.size;
    const planes: CropPlanes = {
      size: this.size,
      residual: new Int16Array(area),
      motion: new Int16Array(2 * area),
      mask: new Uint8Array(area),
      index,
      isKey: frame.type === 'I',
    };
    if (planes.isKey) return planes;
    const grid = this.grid(box);
    this.#mask(frame, grid, planes.mask);
    if (frame.coded) {
      this.#residual(frame, grid, planes);
      this.#motion(frame, grid, this.grid(previous), planes);
    }
    return turned(planes, this.#turn);
  }

  /**
   * A decoded key frame on the same grid: its luma (0 to 255, 0 outside the picture) stands in `residual`.
   * @param index number of the frame in the video
   */
  cropPicture(picture: Pick<DecodedPicture, 'width' | 'height' | 'y'>, index: number, box: FaceBox): CropPlanes {
    return turned(this.cropPlanes([picture.y], picture.width, picture.height, index, box, 1), this.#turn);
  }

  /**
   * Up to three planes of a decoded picture on the same grid, 0 outside the picture: the first stands in `residual`, the
   * others in the places of motion x and y. They are not turned.
   * @param planes width x height samples each
   * @param unit steps of the samples in one unit of the result
   */
  cropPlanes(
    planes: readonly Uint8Array[],
    width: number,
    height: number,
    index: number,
    box: FaceBox,
    unit: number,
  ): CropPlanes {
    const area = this.size * this.size;
    const grid = this.grid(box);
    const columns = axisWeights(this.size, grid.x, grid.pitch, 0, 1, width);
    const rows = axisWeights(this.size, grid.y, grid.pitch, 0, 1, height);
    const line = this.#lineOf(width);
    const result: CropPlanes = {
      size: this.size,
      residual: new Int16Array(area),
      motion: new Int16Array(2 * area),
      mask: new Uint8Array(area),
      index,
      isKey: false,
    };
    for (const [k, plane] of planes.entries()) {
      const load = (y: number) => {
        for (let x = columns.first, at = y * width + x; x < columns.end; x++, at++) line[x] = plane[at]!;
      };
      resamplePlane(columns, rows, load, line, this.#plane);
      if (k === 0) this.#store(result.residual, 0, 1 / unit, result.mask);
      else this.#store(result.motion, (k - 1) * area, 1 / unit, result.mask);
    }
    return result;
  }

  #mask(frame: CompressedFrame, grid: CropGrid, mask: Uint8Array): void {
    const { size } = this;
    const { width, height, mbCols, intra, macroblockType } = frame;
    const columns = this.#columns;
    for (let i = 0; i < size; i++) {
      const x = grid.x + (i + 0.5) * grid.pitch;
      columns[i] = x < 0 || x >= width ? -1 : x >> 4;
    }
    for (let j = 0; j < size; j++) {
      const y = grid.y + (j + 0.5) * grid.pitch;
      const outside = y < 0 || y >= height;
      const row = outside ? 0 : (y >> 4) * mbCols;
      for (let i = 0; i < size; i++) {
        const column = columns[i]!;
        mask[j * size + i] =
          outside || column < 0 || isMasked(intra[row + column]!, macroblockType[row + column]!) ? 1 : 0;
      }
    }
  }

  #residual(frame: CompressedFrame, grid: CropGrid, planes: CropPlanes): void {
    const { luma, region, scale } = frame;
    if (!luma) return;
    const columns = axisWeights(this.size, grid.x, grid.pitch, region.x, scale, luma.width);
    const rows = axisWeights(this.size, grid.y, grid.pitch, region.y, scale, luma.height);
    const line = this.#lineOf(luma.width);
    const { mbCols, intra, macroblockType } = frame;
    const { data, stride } = luma;
    const { first, end } = columns;
    const [left, right] = [(region.x + first * scale) >> 4, (region.x + end * scale + 15) >> 4];
    const load = (y: number) => {
      for (let x = first, at = y * stride + first; x < end; x++, at++) line[x] = data[at]!;
      const row = ((region.y + y * scale) >> 4) * mbCols;
      for (let column = left; column < right; column++) {
        if (!isMasked(intra[row + column]!, macroblockType[row + column]!)) continue;
        const from = (16 * column - region.x) / scale;
        line.fill(0, Math.max(first, from), Math.min(end, from + 16 / scale));
      }
    };
    resamplePlane(columns, rows, load, line, this.#plane);
    this.#store(planes.residual, 0, 1 / RESIDUAL_UNIT, planes.mask);
  }

  #motion(frame: CompressedFrame, grid: CropGrid, previous: CropGrid, planes: CropPlanes): void {
    const { size } = this;
    const { vectors, cols, rows: cellRows, cell, unit } = frame.motion;
    const columns = axisWeights(size, grid.x, grid.pitch, 0, cell, cols);
    const rows = axisWeights(size, grid.y, grid.pitch, 0, cell, cellRows);
    const line = this.#lineOf(cols);
    const plane = this.#plane;
    const { first, end } = columns;
    const samples = 1 / (unit * previous.pitch); // crop samples of the previous frame per unit of the vectors
    const zoom = grid.pitch / previous.pitch - 1;
    for (let axis = 0; axis < 2; axis++) {
      const load = (y: number) => {
        for (let x = first, at = 2 * (y * cols + x) + axis; x < end; x++, at += 2) line[x] = vectors[at]! * samples;
      };
      resamplePlane(columns, rows, load, line, this.#plane);
      // The same picture point on the two grids: the box itself may have moved and grown.
      const shift = axis === 0 ? (grid.x - previous.x) / previous.pitch : (grid.y - previous.y) / previous.pitch;
      for (let j = 0, i = 0; j < size && (shift !== 0 || zoom !== 0); j++) {
        const down = shift + (j + 0.5) * zoom;
        for (let x = 0; x < size; x++, i++) plane[i]! += axis === 0 ? shift + (x + 0.5) * zoom : down;
      }
      this.#store(planes.motion, axis * size * size, 1 / MOTION_UNIT, planes.mask);
    }
  }

  /** Rounds `#plane` into `target`, 0 where masked, limited to 16 bits. */
  #store(target: Int16Array, offset: number, factor: number, mask: Uint8Array): void {
    const plane = this.#plane;
    for (let i = 0; i < mask.length; i++) {
      const value = mask[i] ? 0 : Math.round(plane[i]! * factor);
      target[offset + i] = value > 32767 ? 32767 : Math.max(value, -32768);
    }
  }

  #lineOf(length: number): Float64Array {
    if (this.#line.length < length) this.#line = new Float64Array(length);
    return this.#line;
  }
}

function isMasked(intra: number, type: number): boolean {
  return intra === 1 || type >= MacroblockType.lost;
}

/** The planes turned clockwise, vectors with them. */
function turned(planes: CropPlanes, degrees: number): CropPlanes {
  if (degrees === 0) return planes;
  const { size, residual, motion, mask } = planes;
  const turn = <T extends Uint8Array | Int16Array>(plane: T) => turnPlane(plane, size, size, degrees);
  const [x, y] = [turn(motion.subarray(0, size * size)), turn(motion.subarray(size * size))];
  // A step to the right becomes one down at 90 degrees, one to the left at 180, one up at 270.
  const [across, down] = degrees === 180 ? [x, y] : [y, x];
  const both = new Int16Array(2 * size * size);
  both.set(degrees === 270 ? across : across.map(negated));
  both.set(degrees === 90 ? down : down.map(negated), size * size);
  return { ...planes, residual: turn(residual), motion: both, mask: turn(mask) };
}

/** Limited to 16 bits. */
function negated(value: number): number {
  return value === -32768 ? 32767 : -value;
}
