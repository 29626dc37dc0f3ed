/** The pictures of a video without their contents: one entry each, in typed arrays, about 30 bytes a picture. */
import type { PictureType } from '../bitstream/frame.js';

/** Where the timestamps of an index come from. */
export type TimeSource =
  /** The container's presentation times. */
  | 'container'
  /** The container's constant frame rate (AVI). */
  | 'frame rate'
  /** The bitstream's own clock (raw streams). */
  | 'bitstream'
  /** Nowhere: 25 frames per second are assumed (raw streams without a clock). */
  | 'assumed';

/** One picture of a video. */
export interface FrameEntry {
  /** Position in the order in which pictures are shown, from 0. */
  index: number;
  /** Position in the order in which pictures are coded, from 0. */
  decodeIndex: number;
  /** Seconds; the first picture shown is at 0. Never falls from one picture shown to the next. */
  timestamp: number;
  /** `undefined` where the picture's header is broken. From container timestamps it is a deduction: parsing decides. */
  type: PictureType | undefined;
  key: boolean;
  /** Bytes of the picture in the file (its packet's, when no other picture shares it). 0: a dropped frame, see `coded`. */
  bytes: number;
  /** False for a picture that repeats the last: an empty AVI chunk, or a VOP that says so where its header was read. */
  coded: boolean;
  /** The packet that holds it, and its position among the pictures of that packet. */
  packet: number;
  picture: number;
}

const TYPES: readonly (PictureType | undefined)[] = [undefined, 'I', 'P', 'B'];

/** The pictures of a video in decoding order, with the way back from display order. */
export class FrameIndex {
  /** Pictures. */
  readonly length: number;
  readonly timeSource: TimeSource;
  /** Seconds that were taken off the container's or bitstream's times so that the first picture shown is at 0. */
  readonly startTime: number;
  /** Seconds from the first picture shown to the end of the last. */
  readonly duration: number;
  /** Pictures per second on average; `undefined` when there is one picture and nothing says how long it lasts. */
  readonly frameRate: number | undefined;
  /** By decode index: display index. */
  readonly display: Uint32Array;
  /** By display index: decode index. */
  readonly decode: Uint32Array;
  /** By decode index. */
  readonly timestamps: Float64Array;
  readonly #pictures: Pictures;

  /** @internal */
  constructor(pictures: Pictures, display: Uint32Array, decode: Uint32Array, times: DisplayTimes) {
    this.length = pictures.length;
    this.#pictures = pictures;
    this.display = display;
    this.decode = decode;
    this.timeSource = times.source;
    this.startTime = times.start;
    this.duration = times.duration;
    this.frameRate = times.frameRate;
    this.timestamps = new Float64Array(this.length);
    for (let i = 0; i < this.length; i++) this.timestamps[i] = times.seconds[display[i]!]!;
  }

  /** The picture at a position in decoding order. Throws RangeError outside. */
  atDecode(decodeIndex: number): FrameEntry {
    if (!(decodeIndex >= 0 && decodeIndex < this.length))
      throw new RangeError(`picture ${decodeIndex} of ${this.length}`);
    const p = this.#pictures;
    return {
      index: this.display[decodeIndex]!,
      decodeIndex,
      timestamp: this.timestamps[decodeIndex]!,
      type: TYPES[p.types[decodeIndex]!],
      key: (p.flags[decodeIndex]! & KEY) !== 0,
      bytes: p.bytes[decodeIndex]!,
      coded: (p.flags[decodeIndex]! & NOT_CODED) === 0,
      packet: p.packets[decodeIndex]!,
      picture: p.positions[decodeIndex]!,
    };
  }

  /** The picture at a position in display order. Throws RangeError outside. */
  at(index: number): FrameEntry {
    return this.atDecode(this.decode[index] ?? -1);
  }

  /** Type of the picture at a position in decoding order, without making an entry. */
  typeAt(decodeIndex: number): PictureType | undefined {
    return TYPES[this.#pictures.types[decodeIndex] ?? 0];
  }

  /** All pictures in decoding order. */
  *[Symbol.iterator](): Generator<FrameEntry> {
    for (let i = 0; i < this.length; i++) yield this.atDecode(i);
  }
}

/** Times in display order, in seconds from the first. */
export interface DisplayTimes {
  source: TimeSource;
  seconds: Float64Array;
  start: number;
  duration: number;
  frameRate: number | undefined;
}

const KEY = 1;
const NOT_CODED = 2;

/** Pictures in decoding order while they are collected. */
export class Pictures {
  length = 0;
  packets: Uint32Array;
  positions: Uint16Array;
  types: Uint8Array;
  flags: Uint8Array;
  bytes: Float64Array;

  constructor(capacity: number) {
    const room = Math.max(1, capacity);
    this.packets = new Uint32Array(room);
    this.positions = new Uint16Array(room);
    this.types = new Uint8Array(room);
    this.flags = new Uint8Array(room);
    this.bytes = new Float64Array(room);
  }

  push(
    packet: number,
    position: number,
    type: PictureType | undefined,
    key: boolean,
    bytes: number,
    coded: boolean,
  ): void {
    const i = this.length;
    if (i === this.packets.length) this.#grow(2 * i);
    this.packets[i] = packet;
    this.positions[i] = position;
    this.types[i] = TYPES.indexOf(type);
    this.flags[i] = (key ? KEY : 0) | (coded ? 0 : NOT_CODED);
    this.bytes[i] = bytes;
    this.length++;
  }

  /** Takes pictures out. */
  remove(from: number, count: number): void {
    for (const array of [this.packets, this.positions, this.types, this.flags, this.bytes]) {
      array.copyWithin(from, from + count, this.length);
    }
    this.length -= count;
  }

  isB(i: number): boolean {
    return this.types[i] === 3;
  }

  #grow(capacity: number): void {
    const grow = <T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.packets = grow(this.packets, new Uint32Array(capacity));
    this.positions = grow(this.positions, new Uint16Array(capacity));
    this.types = grow(this.types, new Uint8Array(capacity));
    this.flags = grow(this.flags, new Uint8Array(capacity));
    this.bytes = grow(this.bytes, new Float64Array(capacity));
  }
}
