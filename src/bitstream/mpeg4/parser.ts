/** MPEG-4 Part 2: packets -> pictures in the compressed domain. Headers here, macroblocks in the kernel. */
import type { VideoTrack } from '../../container/packet.js';
import { MalformedStreamError, UnsupportedStreamError } from '../../errors.js';
import { checkLimit, type Limits } from '../../limits.js';
import type { CompressedFrame } from '../frame.js';
import { isPictureStart } from '../h263/header.js';
import { createH263Parser } from '../h263/parser.js';
import {
  type BitstreamParser,
  type DecodedPicture,
  type ParseOptions,
  type PictureAt,
  type PictureHeader,
  rowsRead,
} from '../parser.js';
import { VopClock, type VopTime } from './clock.js';
import { Kernel, type Output } from './kernel.js';
import { convertRemedy, type Layer, readLayer } from './layer.js';
import { decodePicture } from './pixels.js';
import { decodeRun } from './rebuild.js';
import { StartCode, splitUnits, type Unit } from './start-codes.js';
import { type Encoder, readUserData, unknownEncoder } from './user-data.js';
import { readGroupTime, readVop, type Vop } from './vop.js';

/** A picture found in a packet. */
interface Found {
  vop: Vop;
  time: VopTime;
  /** Tells the picture from its neighbours. */
  key: string;
  offset: number;
  end: number;
}

class Mpeg4Parser implements BitstreamParser {
  private readonly limits: Limits;
  private readonly kernel = new Kernel();
  private readonly clock = new VopClock();
  private short: BitstreamParser | undefined;
  private layer: Layer | undefined;
  private layerBytes = '';
  private objectVerid = 1;
  private encoder: Encoder = unknownEncoder;
  /** The I- or P-picture parsed last, which B-pictures behind it refer to. */
  private anchor: { key: string; damaged: boolean } | undefined;

  constructor(track: VideoTrack, limits: Limits) {
    this.limits = limits;
    for (const unit of splitUnits(track.config)) this.takeHeader(track.config, unit);
  }

  headers(packet: Uint8Array): PictureHeader[] {
    if (isPictureStart(packet)) return this.shortHeader().headers(packet);
    return this.find(packet).map(({ vop, time, offset, end }) => ({
      type: vop.type,
      coded: vop.coded,
      width: this.layer!.width,
      height: this.layer!.height,
      offset,
      size: end - offset,
      time: time.time / this.layer!.timeIncrementResolution,
    }));
  }

  parse(packet: Uint8Array, picture = 0, options: ParseOptions = {}): CompressedFrame {
    if (isPictureStart(packet)) return this.shortHeader().parse(packet, picture, options);
    const found = this.find(packet, picture);
    const { vop, time, key, offset, end } = this.pick(found, picture);
    const xvid = this.encoder.xvid !== undefined && options.idct !== 'simple';
    const output: Output = {
      scale: options.scale ?? 1,
      region: options.region,
      chroma: options.chroma ?? true,
      ...(options.partial && { rows: rowsRead(options, (this.layer!.height + 15) >> 4) }),
      idct: xvid ? 'xvid' : 'simple',
    };
    if (!vop.coded) return this.kernel.read(packet, offset, end, vop, time, output);
    if (vop.type !== 'B') {
      this.anchor = undefined;
      const frame = this.kernel.read(packet, offset, end, vop, time, output);
      if (!options.partial) this.anchor = { key, damaged: frame.damage !== undefined };
      return frame;
    }
    // Direct mode and skipped macroblocks are told by the next anchor, which comes just before in decoding order.
    if (this.anchor === undefined || this.anchor.key !== time.anchor || time.trd === 0) {
      return this.kernel.lose(
        offset,
        end,
        vop,
        output,
        'B-picture: the anchors before it in the stream were not parsed',
      );
    }
    const frame = this.kernel.read(packet, offset, end, vop, time, output);
    if (this.anchor.damaged) frame.damage ??= new MalformedStreamError('B-picture: its anchor is damaged', { offset });
    return frame;
  }

  async decodeKeyFrame(packet: Uint8Array, picture = 0): Promise<DecodedPicture> {
    const frame = this.parse(packet, picture);
    if (frame.type !== 'I')
      throw new MalformedStreamError(`picture ${picture} of the packet is no key frame but ${frame.type}`);
    if (frame.damage) throw frame.damage;
    return decodePicture(frame);
  }

  decodeRun(run: AsyncIterable<PictureAt>): Promise<DecodedPicture> {
    return decodeRun(this, run);
  }

  /** short_video_header: the packet is H.263 baseline. */
  private shortHeader(): BitstreamParser {
    this.short ??= createH263Parser(this.limits);
    return this.short;
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
    const units = splitUnits(packet);
    const first = units.find(({ code }) => code === StartCode.vop);
    if (first) this.clock.begin(keyOf(packet, first));
    for (const unit of units) {
      if (unit.code !== StartCode.vop) {
        this.takeHeader(packet, unit);
        continue;
      }
      if (!this.layer)
        throw new MalformedStreamError('a picture comes before any video object layer header', { offset: unit.start });
      const vop = readVop(packet, unit.start, unit.end, this.layer);
      const offset = unit.start - 4;
      const key = keyOf(packet, unit);
      found.push({ vop, time: this.clock.visit(key, vop, this.layer), key, offset, end: unit.end });
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
    this.kernel.setLayer(layer, workarounds(this.encoder));
    this.anchor = undefined;
    this.layer = layer;
    this.layerBytes = key;
  }

  private takeEncoder(encoder: Encoder): void {
    const before = workarounds(this.encoder);
    this.encoder = encoder;
    if (this.layer && workarounds(encoder) !== before) this.kernel.setLayer(this.layer, workarounds(encoder));
  }
}

/** What old encoders did otherwise, as far as it touches parsing (bits of kernels/mpeg4/state.ts). */
function workarounds({ xvid, divx, lavc }: Encoder): number {
  const dcUnclipped = (xvid !== undefined && xvid <= 32) || (lavc !== undefined && lavc <= 4712);
  const directWhole = (divx !== undefined && xvid === undefined) || (lavc !== undefined && lavc < 4655);
  return (dcUnclipped ? 1 : 0) | (directWhole ? 2 : 0);
}

/** Tells a picture from those around it: its size and first bytes, which hold its time. */
function keyOf(packet: Uint8Array, unit: Unit): string {
  return `${unit.start} ${unit.end} ${packet.subarray(unit.start, Math.min(unit.end, unit.start + 16)).join(' ')}`;
}

/** A parser of an `mpeg4` track. Throws UnsupportedStreamError, MalformedStreamError, LimitExceededError for its config. */
export function createMpeg4Parser(track: VideoTrack, limits: Limits): BitstreamParser {
  return new Mpeg4Parser(track, limits);
}
