/** Pictures with made-up motion fields: what a parser gives, with known truth and no stream. */
import { type CompressedFrame, MacroblockType, type PictureType } from '../../src/bitstream/frame.js';
import type { DecodedPicture } from '../../src/bitstream/parser.js';

/** Where the content at (x, y) of this picture was in the picture that it refers to; `undefined`: intra. */
export type Field = (x: number, y: number) => { x: number; y: number; order?: number } | undefined;

export interface FieldOptions {
  width?: number;
  height?: number;
  cell?: 4 | 8;
  unit?: 2 | 4;
  type?: PictureType;
  pictureOrder?: number;
}

/** A picture whose vectors are those of the field at each cell's centre, rounded to the unit. */
export function fieldFrame(field: Field, options: FieldOptions = {}): CompressedFrame {
  const { width = 640, height = 480, cell = 8, unit = 2, type = 'P', pictureOrder } = options;
  const mbCols = Math.ceil(width / 16);
  const mbRows = Math.ceil(height / 16);
  const cols = (mbCols * 16) / cell;
  const rows = (mbRows * 16) / cell;
  const vectors = new Int16Array(2 * cols * rows);
  const macroblockType = new Uint8Array(mbCols * mbRows).fill(
    type === 'I' ? MacroblockType.intra : MacroblockType.inter,
  );
  const references = pictureOrder === undefined ? undefined : new Int32Array(mbCols * mbRows * 4);
  for (let row = 0; row < rows && type !== 'I'; row++) {
    for (let col = 0; col < cols; col++) {
      const [x, y] = [(col + 0.5) * cell, (row + 0.5) * cell];
      const from = field(x, y);
      if (!from) {
        macroblockType[Math.floor(y / 16) * mbCols + Math.floor(x / 16)] = MacroblockType.intra;
        continue;
      }
      vectors[2 * (row * cols + col)] = Math.round((from.x - x) * unit);
      vectors[2 * (row * cols + col) + 1] = Math.round((from.y - y) * unit);
      if (references) references[Math.floor(y / 8) * mbCols * 2 + Math.floor(x / 8)] = from.order ?? 0;
    }
  }
  return {
    ...{ type, coded: true, width, height, mbCols, mbRows, scale: 1, region: { x: 0, y: 0, width, height } },
    ...{ luma: undefined, cb: undefined, cr: undefined },
    motion: { cols, rows, cell, unit, vectors, backward: undefined, ...(references && { references }) },
    ...(pictureOrder !== undefined && { pictureOrder }),
    macroblockType,
    intra: macroblockType.map((kind) => (kind === MacroblockType.intra ? 1 : 0)),
    qp: new Uint8Array(mbCols * mbRows),
    ...{ bits: 0, damage: undefined },
  };
}

/** A picture with a texture of its own for each `scene`. */
export function scenePicture(scene: number, width = 640, height = 480): DecodedPicture {
  const y = new Uint8Array(width * height);
  for (let j = 0; j < height; j++) {
    for (let i = 0; i < width; i++)
      y[j * width + i] = 128 + 100 * Math.sin((i / 40 + 3 * scene) * (1 + scene) + j / 50);
  }
  const chroma = new Uint8Array(((width + 1) >> 1) * ((height + 1) >> 1)).fill(128);
  return { width, height, y, cb: chroma, cr: chroma };
}
