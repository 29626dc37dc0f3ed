/** Opens the parser under test on a raw stream and steps through its pictures, with their side information. */
import type { CompressedFrame, Plane } from '../../../src/bitstream/frame.js';
import { H264Parser } from '../../../src/bitstream/h264/parser.js';
import type { H264Tap } from '../../../src/bitstream/h264/tap.js';
import type { VideoTrack } from '../../../src/container/packet.js';
import { defaultLimits } from '../../../src/limits.js';
import type { Residual } from './reconstruct/decoder.js';
import type { ResidualPlane } from './reconstruct/macroblock.js';

export const rawTrack: VideoTrack = {
  container: 'h264',
  codec: 'h264',
  width: 0,
  height: 0,
  rotation: 0,
  config: new Uint8Array(0),
  frameRate: undefined,
};

export const openParser = (): H264Parser => new H264Parser(rawTrack, defaultLimits);

/** One parsed picture. Everything belongs to the parser until its next call. */
export interface ParsedPicture {
  frame: CompressedFrame;
  tap: H264Tap;
  residual: Residual;
}

/**
 * The plane to whole macroblocks. The frame's planes end at the cropped picture, but the memory that they look at holds
 * every macroblock that the region meets, and prediction needs the coded picture.
 */
function whole(plane: Plane | undefined, mbRows: number, size: number): ResidualPlane | undefined {
  if (!plane) return undefined;
  const { data, stride } = plane;
  return { data: new Int16Array(data.buffer, data.byteOffset, stride * mbRows * size), stride };
}

/** Parses the pictures of a packet at scale 1, one after another. */
export function* pictures(parser: H264Parser, packet: Uint8Array): Generator<ParsedPicture> {
  const count = parser.headers(packet).length;
  for (let i = 0; i < Math.max(1, count); i++) {
    const frame = parser.parse(packet, i);
    const { mbRows } = frame;
    const residual = [whole(frame.luma, mbRows, 16)!, whole(frame.cb, mbRows, 8), whole(frame.cr, mbRows, 8)] as const;
    yield { frame, tap: parser.tap(), residual };
  }
}
