/** H.263 baseline and FLV's H.263: one picture per packet, and everything about it in its own header. */
import { MalformedStreamError } from '../../errors.js';
import { checkLimit, type Limits } from '../../limits.js';
import type { CompressedFrame } from '../frame.js';
import { Kernel } from '../mpeg4/kernel.js';
import { decodePicture } from '../mpeg4/pixels.js';
import { decodeRun } from '../mpeg4/rebuild.js';
import {
  type BitstreamParser,
  type DecodedPicture,
  type ParseOptions,
  type PictureAt,
  type PictureHeader,
  rowsRead,
} from '../parser.js';
import { type H263Picture, readH263Header, readSorensonHeader } from './header.js';

const noTime = { time: 0, trb: 0, trd: 0, trbField: 0, trdField: 0, anchor: undefined };

class H263Parser implements BitstreamParser {
  private readonly kernel = new Kernel();
  private readonly read: (packet: Uint8Array) => H263Picture;
  private readonly limits: Limits;
  private layerKey = '';

  constructor(read: (packet: Uint8Array) => H263Picture, limits: Limits) {
    this.read = read;
    this.limits = limits;
  }

  headers(packet: Uint8Array): PictureHeader[] {
    const { vop, layer } = this.header(packet);
    const { width, height } = layer;
    return [{ type: vop.type, coded: true, width, height, offset: 0, size: packet.length, time: undefined }];
  }

  parse(packet: Uint8Array, picture = 0, options: ParseOptions = {}): CompressedFrame {
    if (picture !== 0) throw new MalformedStreamError(`the packet holds 1 picture, no picture ${picture}`);
    const { layer, vop } = this.header(packet);
    const key = `${layer.width} ${layer.height} ${layer.syntax}`;
    if (key !== this.layerKey) {
      this.layerKey = '';
      this.kernel.setLayer(layer, 0);
      this.layerKey = key;
    }
    return this.kernel.read(packet, 0, packet.length, vop, noTime, {
      scale: options.scale ?? 1,
      region: options.region,
      chroma: options.chroma ?? true,
      ...(options.partial && { rows: rowsRead(options, (layer.height + 15) >> 4) }),
      idct: 'simple',
    });
  }

  private header(packet: Uint8Array): H263Picture {
    checkLimit(this.limits, 'packetBytes', packet.length);
    const picture = this.read(packet);
    const { width, height } = picture.layer;
    checkLimit(this.limits, 'pixels', ((width + 15) & ~15) * ((height + 15) & ~15));
    return picture;
  }

  async decodeKeyFrame(packet: Uint8Array, picture = 0): Promise<DecodedPicture> {
    const frame = this.parse(packet, picture);
    if (frame.type !== 'I') throw new MalformedStreamError('the packet is no key frame but a P-picture');
    if (frame.damage) throw frame.damage;
    return decodePicture(frame);
  }

  decodeRun(run: AsyncIterable<PictureAt>): Promise<DecodedPicture> {
    return decodeRun(this, run);
  }
}

/** A parser of an `h263` track: H.263 baseline, also MPEG-4 with short_video_header. */
export function createH263Parser(limits: Limits): BitstreamParser {
  return new H263Parser(readH263Header, limits);
}

/** A parser of an `flv1` track (Sorenson H.263). */
export function createSorensonParser(limits: Limits): BitstreamParser {
  return new H263Parser(readSorensonHeader, limits);
}
