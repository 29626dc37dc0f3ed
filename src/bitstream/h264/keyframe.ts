/** Key frames, and where that is asked for the pictures that follow one, to pixels through the WebCodecs interface: the browser's own, or the package `@napi-rs/webcodecs` in Node. */
import { MalformedStreamError, ModelError, UnsupportedStreamError } from '../../errors.js';
import type { DecodedPicture } from '../parser.js';
import type { FoundPicture } from './access-unit.js';

/** The parts of WebCodecs that are used. */
interface WebCodecs {
  VideoDecoder: typeof VideoDecoder;
  EncodedVideoChunk: typeof EncodedVideoChunk;
}

let loaded: Promise<WebCodecs> | undefined;

/** Throws ModelError where there is no WebCodecs. */
function webCodecs(): Promise<WebCodecs> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<WebCodecs> {
  if (typeof VideoDecoder !== 'undefined' && typeof EncodedVideoChunk !== 'undefined')
    return { VideoDecoder, EncodedVideoChunk };
  // Optional, and not for browsers: the name is kept from bundlers.
  const name = '@napi-rs/webcodecs';
  try {
    return (await import(/* @vite-ignore */ name)) as WebCodecs;
  } catch (cause) {
    loaded = undefined;
    throw new ModelError(
      'H.264 key frames are decoded through WebCodecs, which is not here: npm install @napi-rs/webcodecs@1.3.1, or run in a browser that has it',
      { cause },
    );
  }
}

/** Parameter sets and slices with Annex B start codes: what a decoder is given when it has no other description. */
function annexB(nals: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(nals.reduce((sum, nal) => sum + 4 + nal.length, 0));
  let at = 0;
  for (const nal of nals) {
    bytes.set([0, 0, 0, 1], at);
    bytes.set(nal, at + 4);
    at += 4 + nal.length;
  }
  return bytes;
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

/** A picture of a packet, with the parameter sets that it needs. */
export interface CodedPicture {
  packet: Uint8Array;
  picture: FoundPicture;
  parameterSets: readonly Uint8Array[];
}

/** Pictures that may wait in the decoder. */
const mostWaiting = 8;

/**
 * Decodes pictures through one decoder of the run-time, made when it is first needed and kept: a new one for each key frame
 * costs a fifth more, and in Node its memory is not given back for a long time. One call at a time.
 */
export class PictureDecoder {
  #decoder: VideoDecoder | undefined;
  #codec = '';
  /** Timestamps, in order, over all calls. */
  #given = 0;
  /** The frame of the last picture given, once it is there. */
  #latest: VideoFrame | undefined;
  #failure: unknown;

  /**
   * Decodes pictures in decoding order, an intra one first, and gives the last of them. Throws ModelError without WebCodecs,
   * UnsupportedStreamError where its decoder does not take the stream, MalformedStreamError when it gives no picture.
   */
  async decode(pictures: Iterable<CodedPicture> | AsyncIterable<CodedPicture>): Promise<DecodedPicture> {
    const { EncodedVideoChunk: Chunk } = await webCodecs();
    const first = this.#given;
    this.#failure = undefined;
    let offset = 0;
    let codec = '';
    let done = false;
    try {
      for await (const { packet, picture, parameterSets } of pictures) {
        offset = picture.offset;
        if (codec === '') {
          codec = codecOf(picture);
          await this.#refusing(() => this.#open(codec));
        }
        const slices = picture.slices.map(({ unit }) => packet.subarray(unit.start, unit.end));
        const data = annexB([...parameterSets, ...slices]);
        const type = this.#given === first ? 'key' : 'delta';
        const chunk = new Chunk({ type, timestamp: this.#given++, data });
        await this.#refusing(() => this.#decoder!.decode(chunk));
        while (this.#failure === undefined && this.#decoder!.decodeQueueSize > mostWaiting) await nextTurn();
        if (this.#failure !== undefined) break;
      }
      await this.#refusing(() => this.#decoder?.flush());
      if (this.#latest && this.#latest.timestamp === this.#given - 1) {
        const planes = await planesOf(this.#latest);
        done = true;
        return planes;
      }
    } finally {
      this.#latest?.close();
      this.#latest = undefined;
      // After a failure, or pictures left unread, nobody knows what the decoder still holds.
      if (!done) this.close();
    }
    const failure = this.#failure;
    if (failure instanceof Error && failure.name === 'NotSupportedError')
      throw new UnsupportedStreamError(`H.264 profile ${codec} in this WebCodecs`, 'convert it to Main profile');
    const reason = failure instanceof Error ? `: ${failure.message}` : '';
    throw new MalformedStreamError(`the picture was not decoded${reason}`, { offset, cause: failure });
  }

  /** Lets the decoder go; the next picture makes a new one. */
  close(): void {
    if (this.#decoder && this.#decoder.state !== 'closed') this.#decoder.close();
    this.#decoder = undefined;
  }

  async #open(codec: string): Promise<void> {
    if (this.#decoder?.state === 'configured' && this.#codec === codec) return;
    this.close();
    const { VideoDecoder: Decoder } = await webCodecs();
    const decoder = new Decoder({
      // Only the last picture given is wanted; frames held back would stop the decoder.
      output: (frame) => {
        const wanted = frame.timestamp === this.#given - 1;
        (wanted ? this.#latest : frame)?.close();
        if (wanted) this.#latest = frame;
      },
      error: (error) => {
        this.#failure ??= error;
      },
    });
    this.#decoder = decoder;
    this.#codec = codec;
    decoder.configure({ codec, optimizeForLatency: true });
  }

  /** What the decoder throws is told at the end; what reading the pictures throws goes through. */
  async #refusing(work: () => unknown): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      await work();
    } catch (error) {
      this.#failure ??= error;
    }
  }
}

function codecOf({ sps: { profile_idc, constraint_set_flags, level_idc } }: FoundPicture): string {
  return `avc1.${hex(profile_idc)}${hex(constraint_set_flags)}${hex(level_idc)}`;
}

/** Lets the decoder's callbacks run. */
const nextTurn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** The visible samples of a frame as planes of their own. */
async function planesOf(frame: VideoFrame): Promise<DecodedPicture> {
  const width = frame.visibleRect?.width ?? frame.codedWidth;
  const height = frame.visibleRect?.height ?? frame.codedHeight;
  const { format } = frame;
  if (format !== 'I420' && format !== 'NV12')
    throw new UnsupportedStreamError(`key frames of pixel format ${format}`, 'convert it to yuv420p');
  const bytes = new Uint8Array(frame.allocationSize());
  const layout = await frame.copyTo(bytes);
  const [w, h] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const y = rowsOf(bytes, layout[0]!, width, height);
  if (format === 'I420')
    return { width, height, y, cb: rowsOf(bytes, layout[1]!, w, h), cr: rowsOf(bytes, layout[2]!, w, h) };
  const both = rowsOf(bytes, layout[1]!, 2 * w, h);
  const [cb, cr] = [new Uint8Array(w * h), new Uint8Array(w * h)];
  for (let i = 0; i < cb.length; i++) {
    cb[i] = both[2 * i]!;
    cr[i] = both[2 * i + 1]!;
  }
  return { width, height, y, cb, cr };
}

/** A plane without the ends of its rows: the bytes themselves where rows follow one another. */
function rowsOf(bytes: Uint8Array, { offset, stride }: PlaneLayout, width: number, height: number): Uint8Array {
  if (stride === width) return bytes.subarray(offset, offset + width * height);
  const plane = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = offset + row * stride;
    plane.set(bytes.subarray(from, from + width), row * width);
  }
  return plane;
}
