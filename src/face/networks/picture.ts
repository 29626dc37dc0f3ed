/**
 * The pictures that face networks look at: RGB, or the planes that a key frame decodes to. Both are read as rows of RGB
 * samples, so that a large picture never has to be converted whole to be looked at small.
 */
import type { DecodedPicture } from '../../bitstream/parser.js';
import { ModelError } from '../../errors.js';

/** Interleaved 8-bit RGB, rows from the top, no padding: `data[3 * (y * width + x) + channel]`. */
export interface RgbPicture {
  width: number;
  height: number;
  data: Uint8Array | Uint8ClampedArray;
}

/** Either kind of picture; planes are taken as BT.601, limited range, unless a `Colour` says otherwise. */
export type Picture = RgbPicture | DecodedPicture;

/** How Y'CbCr samples stand for R'G'B' ones. */
export interface Colour {
  /** `matrix_coefficients`. Default `bt601`, which is what MPEG-4 Part 2 and unlabelled small pictures use. */
  matrix?: 'bt601' | 'bt709';
  /** `video_full_range_flag`: luma 0..255 rather than 16..235. Default false. */
  fullRange?: boolean;
}

/** Writes the RGB samples (0..255) of the picture's row `y` at the columns `xs` to `out`, three per column. */
export type RowReader = (y: number, xs: Int32Array, out: Float32Array) => void;

/** Kr and Kb of ITU-R BT.601 and BT.709. */
const lumaWeights = { bt601: [0.299, 0.114], bt709: [0.2126, 0.0722] } as const;

/** Converts planes to RGB whole. A chroma sample serves its whole 2x2 block, as in ffmpeg's default conversion. */
export function toRgb(picture: DecodedPicture, colour: Colour = {}): RgbPicture {
  const { width, height } = picture;
  const read = rowReader(picture, colour);
  const data = new Uint8Array(3 * width * height);
  const xs = Int32Array.from({ length: width }, (_, x) => x);
  const row = new Float32Array(3 * width);
  for (let y = 0; y < height; y++) {
    read(y, xs, row);
    data.set(row, 3 * y * width);
  }
  return { width, height, data };
}

/** A reader of the picture's rows. Throws ModelError when its arrays do not fit its size. */
export function rowReader(picture: Picture, colour: Colour = {}): RowReader {
  const { width, height } = picture;
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new ModelError(`a picture cannot be ${width}x${height} pixels`);
  }
  return 'data' in picture ? rgbReader(picture) : planeReader(picture, colour);
}

function rgbReader({ width, height, data }: RgbPicture): RowReader {
  if (data.length !== 3 * width * height) {
    throw new ModelError(`an RGB picture of ${width}x${height} has ${3 * width * height} samples, not ${data.length}`);
  }
  return (y, xs, out) => {
    for (let i = 0; i < xs.length; i++) {
      const at = 3 * (y * width + xs[i]!);
      out[3 * i] = data[at]!;
      out[3 * i + 1] = data[at + 1]!;
      out[3 * i + 2] = data[at + 2]!;
    }
  };
}

function planeReader({ width, height, y: luma, cb, cr }: DecodedPicture, colour: Colour): RowReader {
  const stride = (width + 1) >> 1;
  const chroma = stride * ((height + 1) >> 1);
  if (luma.length !== width * height || cb.length !== chroma || cr.length !== chroma) {
    throw new ModelError(`the planes of a 4:2:0 picture do not fit its size ${width}x${height}`);
  }
  const [kr, kb] = lumaWeights[colour.matrix ?? 'bt601'];
  const kg = 1 - kr - kb;
  const [black, lumaScale, chromaScale] = colour.fullRange ? [0, 1, 1 / 255] : [16, 255 / 219, 1 / 224];
  const redOfCr = 2 * (1 - kr) * 255 * chromaScale;
  const blueOfCb = 2 * (1 - kb) * 255 * chromaScale;
  const greenOfCr = (redOfCr * kr) / kg;
  const greenOfCb = (blueOfCb * kb) / kg;
  return (y, xs, out) => {
    const lumaRow = y * width;
    const chromaRow = (y >> 1) * stride;
    for (let i = 0; i < xs.length; i++) {
      const x = xs[i]!;
      const grey = (luma[lumaRow + x]! - black) * lumaScale;
      const b = cb[chromaRow + (x >> 1)]! - 128;
      const r = cr[chromaRow + (x >> 1)]! - 128;
      out[3 * i] = to8Bits(grey + redOfCr * r);
      out[3 * i + 1] = to8Bits(grey - greenOfCr * r - greenOfCb * b);
      out[3 * i + 2] = to8Bits(grey + blueOfCb * b);
    }
  };
}

function to8Bits(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.floor(value + 0.5);
}
