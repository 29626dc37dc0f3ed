/**
 * Rebuilds every picture of a stream from residuals and vectors (`rebuild.ts`), and holds it against ffmpeg's.
 */
import { type CompressedFrame, MacroblockType, type PictureType } from '../../../src/bitstream/frame.js';
import { rebuild } from '../../../src/bitstream/mpeg4/rebuild.js';
import type { BitstreamParser, ParseOptions } from '../../../src/bitstream/parser.js';
import type { Picture } from '../../support/oracle.js';

/** One coded picture of the stream: where it is, and which of ffmpeg's pictures it is. */
export interface CodedPicture {
  packet: Uint8Array;
  /** Position in the packet, for packed bitstreams. */
  picture: number;
  type: PictureType;
  /** Position in display order, counting coded pictures only. */
  display: number;
}

/**
 * The coded pictures of the packets in decoding order. An anchor (I, P) is displayed when the next one arrives, a
 * B-VOP at once; pictures with vop_coded = 0 are left out, as ffmpeg puts none out for them.
 */
export function codedPictures(parser: BitstreamParser, packets: readonly Uint8Array[]): CodedPicture[] {
  const pictures: CodedPicture[] = [];
  for (const packet of packets) {
    parser.headers(packet).forEach((header, picture) => {
      if (header.coded) pictures.push({ packet, picture, type: header.type, display: -1 });
    });
  }
  let display = 0;
  let held: CodedPicture | undefined;
  for (const picture of pictures) {
    if (picture.type === 'B') {
      picture.display = display++;
    } else {
      if (held) held.display = display++;
      held = picture;
    }
  }
  if (held) held.display = display;
  return pictures;
}

/** What a run over a clip met, so that a test can also demand that its clip has the feature it is there for. */
export interface Census {
  pictures: Record<PictureType, number>;
  /** Macroblocks of P- and B-VOPs by type, and by flag of `prediction`. */
  skipped: number;
  inter: number;
  split: number;
  intraInPredicted: number;
  field: number;
  bidirectional: number;
  /** Macroblocks whose quantiser differs from that of the one before. */
  quantiserChanges: number;
  /** Vectors that point at least 8 pixels out of the picture. */
  farOutside: number;
  /** Vectors that are not whole pixels. */
  fractional: number;
  /** Pictures with vop_rounding_type = 1. */
  roundedDown: number;
}

export interface Reconstruction {
  census: Census;
  /** The first few differences, in words; empty when every sample of every picture is equal. */
  differences: string[];
  compared: number;
}

/** The first difference between our picture and ffmpeg's, over what is displayed; `undefined` if there is none. */
export function firstDifference(ours: Picture, theirs: Picture): string | undefined {
  for (const name of ['y', 'cb', 'cr'] as const) {
    const half = name === 'y' ? 0 : 1;
    const width = (theirs.width + half) >> half;
    const height = (theirs.height + half) >> half;
    const stride = (ours.width + half) >> half;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const a = ours[name][y * stride + x];
        const b = theirs[name][y * width + x];
        if (a !== b) {
          const size = 16 >> half;
          return `${name}(${x},${y}) macroblock (${Math.floor(x / size)},${Math.floor(y / size)}): ours ${a}, ffmpeg ${b}`;
        }
      }
    }
  }
  return undefined;
}

function count(census: Census, frame: CompressedFrame): void {
  census.pictures[frame.type]++;
  if (frame.rounding) census.roundedDown++;
  const { cols, cell, unit, vectors } = frame.motion;
  for (let mb = 0; mb < frame.mbCols * frame.mbRows; mb++) {
    if (mb > 0 && frame.qp[mb] !== frame.qp[mb - 1]) census.quantiserChanges++;
    if (frame.type === 'I') continue;
    const type = frame.macroblockType[mb];
    const flags = frame.prediction?.[mb] ?? 0;
    if (type === MacroblockType.skipped) census.skipped++;
    if (type === MacroblockType.inter) census.inter++;
    if (type === MacroblockType.interSplit) census.split++;
    if (type === MacroblockType.intra) census.intraInPredicted++;
    if (flags & 8) census.field++;
    if ((flags & 3) === 3) census.bidirectional++;
  }
  for (let i = 0; i < vectors.length / 2; i++) {
    const x = (i % cols) * cell + vectors[2 * i]! / unit;
    const y = Math.floor(i / cols) * cell + vectors[2 * i + 1]! / unit;
    if (x < -8 || y < -8 || x + cell > frame.mbCols * 16 + 8 || y + cell > frame.mbRows * 16 + 8) census.farOutside++;
    if (!Number.isInteger(x) || !Number.isInteger(y)) census.fractional++;
  }
}

/**
 * Rebuilds every picture of the stream and compares. Where the size is whole macroblocks each picture is built upon
 * ffmpeg's own references, so that an error cannot hide behind another; else upon ours, which have the padding.
 */
export function reconstruct(
  parser: BitstreamParser,
  packets: readonly Uint8Array[],
  decoded: readonly Picture[],
  options: ParseOptions = {},
): Reconstruction {
  const census: Census = {
    pictures: { I: 0, P: 0, B: 0 },
    skipped: 0,
    inter: 0,
    split: 0,
    intraInPredicted: 0,
    field: 0,
    bidirectional: 0,
    quantiserChanges: 0,
    farOutside: 0,
    fractional: 0,
    roundedDown: 0,
  };
  const differences: string[] = [];
  const pictures = codedPictures(parser, packets);
  if (pictures.length !== decoded.length) {
    differences.push(`${pictures.length} coded pictures, but ffmpeg put out ${decoded.length}`);
  }
  let compared = 0;
  let past: Picture | undefined;
  let future: Picture | undefined;
  for (const [index, { packet, picture, type, display }] of pictures.entries()) {
    const theirs = decoded[display];
    if (!theirs || differences.length >= 5) break;
    const name = `picture ${index} (${type}, shown as ${display})`;
    const frame = parser.parse(packet, picture, options);
    if (frame.damage) {
      differences.push(`${name}: damage: ${frame.damage.message}`);
      continue;
    }
    count(census, frame);
    const ours = rebuild(frame, type === 'B' ? past : future, type === 'B' ? future : undefined);
    const difference = firstDifference(ours, theirs);
    if (difference) differences.push(`${name}: ${difference}`);
    compared++;
    if (type !== 'B') {
      past = future;
      future = theirs.width === ours.width && theirs.height === ours.height ? theirs : ours;
    }
  }
  return { census, differences, compared };
}
