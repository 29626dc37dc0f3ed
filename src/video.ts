/** An opened video: a container and the parser of its codec, joined into pictures that can be picked. */
import type { CompressedFrame } from './bitstream/frame.js';
import { createParser } from './bitstream/index.js';
import type { BitstreamParser, DecodedPicture, ParseOptions } from './bitstream/parser.js';
import { type OpenOptions, openContainer, type VideoSource } from './container/index.js';
import type { Container, PacketInfo } from './container/packet.js';
import { MalformedStreamError } from './errors.js';
import { type Limits, withLimits } from './limits.js';
import { buildIndex, isPacketError } from './video/build-index.js';
import type { FrameEntry, FrameIndex } from './video/frame-index.js';
import { PictureReader } from './video/reader.js';
import { type Selection, selectFrames } from './video/select.js';

export type { OpenOptions, VideoSource } from './container/index.js';
export type { FrameEntry, FrameIndex, TimeSource } from './video/frame-index.js';
export type { Selection } from './video/select.js';

/** Which pictures to read, and what of them. */
export interface FrameOptions extends ParseOptions {
  /** Default `all`. */
  select?: Selection;
  /**
   * Asked just before each selected picture is parsed; its answer stands instead of the other parse options. `undefined`:
   * the picture is passed over.
   */
  request?: (entry: FrameEntry) => ParseOptions | undefined | Promise<ParseOptions | undefined>;
  /** Stops the iteration with the signal's reason. */
  signal?: AbortSignal;
}

interface PictureFacts {
  /** Position in display order, from 0. */
  index: number;
  /** Seconds from the first picture shown. */
  timestamp: number;
  key: boolean;
  /** Bytes of the picture in the file; 0 for a dropped frame. */
  bytes: number;
}

/** A picture of `Video.frames`, or why there is none. */
export type VideoFrame = PictureFacts &
  (
    | { frame: CompressedFrame; error: undefined }
    | {
        frame: undefined;
        /** MalformedStreamError, UnsupportedStreamError or LimitExceededError. */
        error: Error;
      }
  );

/** A picture of `Video.keyFrames`, or why there is none. */
export type VideoKeyFrame = PictureFacts &
  ({ picture: DecodedPicture; error: undefined } | { picture: undefined; error: Error });

/** Packets in which the stream's first headers are looked for. */
const PROBED = 8;

/**
 * Opens a video.
 *
 * MP4, MOV and 3GP are opened by their index, whatever their length; MKV, TS and FLV by one walk from packet to packet.
 * AVI and raw streams carry no times, and a packed bitstream carries wrong ones in any container: there every packet is
 * read once for its pictures' headers.
 *
 * Throws MalformedStreamError, UnsupportedStreamError (container, codec or a feature of it) or LimitExceededError.
 */
export async function openVideo(source: VideoSource, options: OpenOptions = {}): Promise<Video> {
  const limits = withLimits(options.limits);
  const container = await openContainer(source, options);
  try {
    const table = await container.table();
    if (table.length === 0) throw container.damage ?? new MalformedStreamError('the video track holds no packet');
    const first = await firstPicture(container, table, limits);
    const frames = await buildIndex(container, table, first.parser);
    return new Video(container, limits, frames, first);
  } catch (error) {
    container.close();
    throw error;
  }
}

/** The first packet with a picture that can be read, which also holds the parameter sets that `config` lacks. */
interface FirstPicture {
  parser: BitstreamParser;
  packet: number;
  width: number;
  height: number;
}

async function firstPicture(container: Container, table: readonly PacketInfo[], limits: Limits): Promise<FirstPicture> {
  const parser = createParser(container.track, limits);
  let failure: Error = new MalformedStreamError('the first packets hold no picture');
  for (const { index, size } of table.slice(0, PROBED)) {
    if (size === 0) continue;
    try {
      const { data } = await container.read(index);
      const [header] = parser.headers(data);
      if (header) return { parser, packet: index, width: header.width, height: header.height };
    } catch (error) {
      if (!isPacketError(error)) throw error;
      failure = error;
    }
  }
  throw failure;
}

/** One opened video. Close it when done. */
export class Video {
  /** `mp4`, `mov`, `3gp`, `mkv`, `webm`, `ts`, `flv`, `avi`, or a raw stream: `m4v`, `h263`, `h264`. */
  readonly container: string;
  /** `mpeg4`, `h263`, `flv1`, `h264`, … */
  readonly codec: string;
  /** Luma pixels of the picture, as the bitstream says. */
  readonly width: number;
  readonly height: number;
  /** Degrees, clockwise, by which the picture is to be turned for display: 0, 90, 180 or 270. Frames are not turned. */
  readonly rotation: number;
  /** Why the video ends early, if its file is damaged. */
  readonly damage: Error | undefined;
  readonly #container: Container;
  readonly #limits: Limits;
  readonly #frames: FrameIndex;
  readonly #headerPacket: number;
  /** Parsers that know the stream's parameter sets and that no iteration uses. */
  readonly #idle: BitstreamParser[];

  /** @internal Use `openVideo`. */
  constructor(container: Container, limits: Limits, frames: FrameIndex, first: FirstPicture) {
    this.container = container.track.container;
    this.codec = container.track.codec;
    this.width = first.width;
    this.height = first.height;
    this.rotation = container.track.rotation;
    this.damage = container.damage;
    this.#container = container;
    this.#limits = limits;
    this.#frames = frames;
    this.#headerPacket = first.packet;
    this.#idle = [first.parser];
  }

  /** Pictures per second on average; `undefined` when a single picture has no known duration. */
  get frameRate(): number | undefined {
    return this.#frames.frameRate;
  }

  /** Seconds. */
  get duration(): number {
    return this.#frames.duration;
  }

  /** Pictures, dropped ones included. */
  get frameCount(): number {
    return this.#frames.length;
  }

  /** Every picture's type, bytes, times and places. It is made when the video is opened. */
  async index(): Promise<FrameIndex> {
    return this.#frames;
  }

  /**
   * The selected pictures in **decoding order**; `index` is the place of each in display order. Only the packets of
   * selected pictures are read and parsed (and, for a B-picture, the anchors it lies between). `frame`'s buffers are
   * overwritten by the next step: `copyFrame` keeps one. A broken packet gives an entry with `error`, and the next
   * follows. Throws RangeError for a selection that makes no sense, and the reason of `signal` when that fires.
   */
  async *frames(options: FrameOptions = {}): AsyncGenerator<VideoFrame, void, undefined> {
    const { select, signal, request, ...parseOptions } = options;
    const selected = selectFrames(this.#frames, select);
    const reader = this.#reader();
    try {
      for (const decodeIndex of selected) {
        signal?.throwIfAborted();
        const entry = this.#frames.atDecode(decodeIndex);
        const wanted = request ? await request(entry) : parseOptions;
        if (!wanted) continue;
        const result = await attempt(() => reader.parse(entry, wanted));
        if (result.error) yield { ...facts(entry), frame: undefined, error: result.error };
        else yield { ...facts(entry), frame: result.value, error: undefined };
      }
    } finally {
      this.#idle.push(...reader.release());
    }
  }

  /** The selected key frames decoded to pixels, in decoding order. Default: all of them. Errors as in `frames`. */
  async *keyFrames(
    options: Pick<FrameOptions, 'select' | 'signal'> = {},
  ): AsyncGenerator<VideoKeyFrame, void, undefined> {
    const selected = selectFrames(this.#frames, options.select);
    const reader = this.#reader();
    try {
      for (const decodeIndex of selected) {
        options.signal?.throwIfAborted();
        const entry = this.#frames.atDecode(decodeIndex);
        if (!entry.key) continue;
        const result = await attempt(() => reader.decode(entry));
        if (result.error) yield { ...facts(entry), picture: undefined, error: result.error };
        else yield { ...facts(entry), picture: result.value, error: undefined };
      }
    } finally {
      this.#idle.push(...reader.release());
    }
  }

  /**
   * Decodes a P-picture to pixels, and to reach it all pictures from the key frame before it on: seldom worth it. `entry` comes
   * from `index`. Throws RangeError for a B-picture, LimitExceededError (`decodedPictures`), the typed errors of a broken
   * packet or a codec that is not decoded here, and the reason of `signal` when that fires.
   */
  async decodePicture(entry: FrameEntry, { signal }: { signal?: AbortSignal } = {}): Promise<DecodedPicture> {
    if (entry.type === 'B') throw new RangeError(`picture ${entry.index} is a B-picture`);
    const reader = this.#reader();
    try {
      return await reader.decodeRun(entry, this.#limits, signal);
    } finally {
      this.#idle.push(...reader.release());
    }
  }

  /** Lets go of the file. Iterations under way fail at their next step. */
  close(): void {
    this.#container.close();
    for (const parser of this.#idle.splice(0)) parser.release?.();
  }

  #reader(): PictureReader {
    return new PictureReader(this.#container, this.#frames, this.#idle.pop(), () => this.#newParser());
  }

  async #newParser(): Promise<BitstreamParser> {
    const parser = createParser(this.#container.track, this.#limits);
    parser.headers((await this.#container.read(this.#headerPacket)).data);
    return parser;
  }
}

function facts({ index, timestamp, key, bytes }: FrameEntry): PictureFacts {
  return { index, timestamp, key, bytes };
}

type Attempt<T> = { value: T; error?: undefined } | { value?: undefined; error: Error };

async function attempt<T>(read: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (isPacketError(error)) return { error };
    throw error;
  }
}
