/**
 * The pictures that face networks look at: RGB, or the planes that a key frame decodes to. Both are read as three components
 * that are resized first and become RGB then, so that a large picture never has to be converted whole to be looked at small.
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

/** Kr and Kb of ITU-R BT.601 and BT.709. */
const lumaWeights = { bt601: [0.299, 0.114], bt709: [0.2126, 0.0722] } as const;

/** One of the three components of a picture: sample (x, y) is `data[(y >> shift) * stride + (x >> shift) * step + offset]`. */
export interface Component {
  data: Uint8Array | Uint8ClampedArray;
  stride: number;
  step: number;
  offset: number;
  shift: 0 | 1;
  /** Its value where the picture is black. */
  black: number;
}

/** A picture as its three components, and how they become R, G, B. */
export interface Components {
  planes: readonly [Component, Component, Component];
  /** Turns `count` values of each component, from `from` on, into R, G, B (0..255, fractions kept) in place. */
  toRgb(first: Float32Array, second: Float32Array, third: Float32Array, from: number, count: number): void;
}

/** Converts planes to RGB whole. A chroma sample serves its whole 2x2 block, as in ffmpeg's default conversion. */
export function toRgb(picture: DecodedPicture, colour: Colour = {}): RgbPicture {
  const { width, height } = picture;
  const { planes, toRgb: convert } = componentsOf(picture, colour);
  const data = new Uint8ClampedArray(3 * width * height); // rounds
  const [r, g, b] = planes.map(() => new Float32Array(width)) as [Float32Array, Float32Array, Float32Array];
  for (let y = 0, at = 0; y < height; y++) {
    [r, g, b].forEach((line, c) => {
      const { data: samples, stride, shift } = planes[c]!;
      for (let x = 0, row = (y >> shift) * stride; x < width; x++) line[x] = samples[row + (x >> shift)]!;
    });
    convert(r, g, b, 0, width);
    for (let x = 0; x < width; x++, at += 3) data.set([r[x]!, g[x]!, b[x]!], at);
  }
  return { width, height, data: new Uint8Array(data.buffer) };
}

/** The picture's components. Throws ModelError when its arrays do not fit its size. */
export function componentsOf(picture: Picture, colour: Colour = {}): Components {
  const { width, height } = picture;
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new ModelError(`a picture cannot be ${width}x${height} pixels`);
  }
  return 'data' in picture ? rgbComponents(picture) : planeComponents(picture, colour);
}

function rgbComponents({ width, height, data }: RgbPicture): Components {
  if (data.length !== 3 * width * height) {
    throw new ModelError(`an RGB picture of ${width}x${height} has ${3 * width * height} samples, not ${data.length}`);
  }
  const channel = (offset: number): Component => ({ data, stride: 3 * width, step: 3, offset, shift: 0, black: 0 });
  return { planes: [channel(0), channel(1), channel(2)], toRgb: () => {} };
}

function planeComponents({ width, height, y, cb, cr }: DecodedPicture, colour: Colour): Components {
  const stride = (width + 1) >> 1;
  const chroma = stride * ((height + 1) >> 1);
  if (y.length !== width * height || cb.length !== chroma || cr.length !== chroma) {
    throw new ModelError(`the planes of a 4:2:0 picture do not fit its size ${width}x${height}`);
  }
  const [kr, kb] = lumaWeights[colour.matrix ?? 'bt601'];
  const kg = 1 - kr - kb;
  const [black, lumaScale, chromaScale] = colour.fullRange ? [0, 1, 1 / 255] : [16, 255 / 219, 1 / 224];
  const redOfCr = 2 * (1 - kr) * 255 * chromaScale;
  const blueOfCb = 2 * (1 - kb) * 255 * chromaScale;
  const greenOfCr = (redOfCr * kr) / kg;
  const greenOfCb = (blueOfCb * kb) / kg;
  const half = (data: Uint8Array): Component => ({ data, stride, step: 1, offset: 0, shift: 1, black: 128 });
  return {
    planes: [{ data: y, stride: width, step: 1, offset: 0, shift: 0, black }, half(cb), half(cr)],
    toRgb(first, second, third, from, count) {
      for (let i = from; i < from + count; i++) {
        const grey = (first[i]! - black) * lumaScale;
        const b = second[i]! - 128;
        const r = third[i]! - 128;
        first[i] = limited(grey + redOfCr * r);
        second[i] = limited(grey - greenOfCr * r - greenOfCb * b);
        third[i] = limited(grey + blueOfCb * b);
      }
    },
  };
}

function limited(value: number): number {
  return Math.min(255, Math.max(0, value));
}
