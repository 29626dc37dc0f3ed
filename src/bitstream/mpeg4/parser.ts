/** MPEG-4 Part 2: packets -> pictures in the compressed domain. Headers here, macroblocks in the kernel. */
import type { VideoTrack } from '../../container/packet.js';
import { MalformedStreamError, UnsupportedStreamError } from '../../errors.js';
import { checkLimit, type Limits } from '../../limits.js';
import type { CompressedFrame } from '../frame.js';
import type { BitstreamParser, DecodedPicture, ParseOptions, PictureHeader } from '../parser.js';
import { VopClock, type VopTime } from './clock.js';
import { Kernel } from './kernel.js';
import { convertRemedy, type Layer, readLayer } from './layer.js';
import { decodePicture } from './pixels.js';
import { StartCode, splitUnits, type Unit } from './start-codes.js';
import { type Encoder, readUserData, unknownEncoder } from './user-data.js';
import { readGroupTime, readVop, type Vop } from './vop.js';

/** A picture found in a packet. */
interface Found {
  vop: Vop;
  time: VopTime;
  offset: number;
  end: number;
}

class Mpeg4Parser implements BitstreamParser {
  private readonly limits: Limits;
  private readonly kernel = new Kernel();
  private readonly clock = new VopClock();
  private layer: Layer | undefined;
  private layerBytes = '';
  private objectVerid = 1;
  private encoder: Encoder = unknownEncoder;

  constructor(track: VideoTrack, limits: Limits) {
    this.limits = limits;
    for (const unit of splitUnits(track.config)) this.takeHeader(track.config, unit);
  }

  headers(packet: Uint8Array): PictureHeader[] {
    return this.find(packet).map(({ vop, time, offset, end }) => ({
      type: vop.type,
      coded: vop.coded,
      offset,
      size: end - offset,
      time: time.time / this.layer!.timeIncrementResolution,
    }));
  }

  parse(packet: Uint8Array, picture = 0, options: ParseOptions = {}): CompressedFrame {
    const found = this.find(packet, picture);
    const { vop, offset, end } = this.pick(found, picture);
    const xvid = this.encoder.xvid !== undefined && options.idct !== 'simple';
    return this.kernel.read(packet, offset, end, vop, {
      scale: options.scale ?? 1,
      region: options.region,
      chroma: options.chroma ?? true,
      idct: xvid ? 'xvid' : 'simple',
      intraMismatch: options.idct === 'simple',
    });
  }

  async decodeKeyFrame(packet: Uint8Array, picture = 0): Promise<DecodedPicture> {
    const frame = this.parse(packet, picture);
    if (frame.type !== 'I')
      throw new MalformedStreamError(`picture ${picture} of the packet is no key frame but ${frame.type}`);
    if (frame.damage) throw frame.damage;
    return decodePicture(frame);
  }

  private pick(found: readonly Found[], picture: number): Found {
    const one = found[picture];
    if (one) return one;
    const what =
      found.length === 0
        ? 'the packet holds no picture'
        : `the packet holds ${found.length} pictures, no picture ${picture}`;
    throw new MalformedStreamError(what);
  }

  /** The packet's pictures up to and including `last`; takes in the headers between them. */
  private find(packet: Uint8Array, last = Number.POSITIVE_INFINITY): Found[] {
    checkLimit(this.limits, 'packetBytes', packet.length);
    const found: Found[] = [];
    for (const unit of splitUnits(packet)) {
      if (unit.code !== StartCode.vop) {
        this.takeHeader(packet, unit);
        continue;
      }
      if (!this.layer)
        throw new MalformedStreamError('a picture comes before any video object layer header', { offset: unit.start });
      const vop = readVop(packet, unit.start, unit.end, this.layer);
      const offset = unit.start - 4;
      found.push({ vop, time: this.clock.visit(keyOf(packet, unit), vop, this.layer), offset, end: unit.end });
      if (found.length > last) break;
    }
    return found;
  }

  /** Everything with a start code that is no picture. */
  private takeHeader(bytes: Uint8Array, unit: Unit): void {
    const { code, start, end } = unit;
    if (code >= StartCode.firstLayer && code <= StartCode.lastLayer) this.takeLayer(bytes, start, end);
    else if (code === StartCode.userData) this.takeEncoder(readUserData(bytes, start, end, this.encoder));
    else if (code === StartCode.groupOfVop) {
      const seconds = readGroupTime(bytes, start, end);
      if (seconds !== undefined) this.clock.setSeconds(seconds);
    } else if (code === StartCode.visualObject) {
      // is_visual_object_identifier, visual_object_verid
      const first = bytes[start] ?? 0;
      this.objectVerid = first & 0x80 ? (first >> 3) & 15 : 1;
    } else if (code === StartCode.visualObjectSequence) {
      const profile = bytes[start] ?? 0; // profile_and_level_indication
      if (profile >= 0xe1 && profile <= 0xe8) throw new UnsupportedStreamError('Studio profile', convertRemedy);
    }
  }

  private takeLayer(bytes: Uint8Array, start: number, end: number): void {
    const key = String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 256)), this.objectVerid);
    if (key === this.layerBytes) return; // repeated before each key frame
    const layer = readLayer(bytes, start, end, this.objectVerid);
    checkLimit(this.limits, 'pixels', ((layer.width + 15) & ~15) * ((layer.height + 15) & ~15));
    this.kernel.setLayer(layer, 0);
    this.layer = layer;
    this.layerBytes = key;
  }

  private takeEncoder(encoder: Encoder): void {
    this.encoder = encoder;
  }
}

/** Tells a picture from those around it: its size and first bytes, which hold its time. */
function keyOf(packet: Uint8Array, unit: Unit): string {
  return `${unit.start} ${unit.end} ${packet.subarray(unit.start, Math.min(unit.end, unit.start + 16)).join(' ')}`;
}

/** A parser of an `mpeg4` track. Throws UnsupportedStreamError, MalformedStreamError, LimitExceededError for its config. */
export function createMpeg4Parser(track: VideoTrack, limits: Limits): BitstreamParser {
  return new Mpeg4Parser(track, limits);
}
