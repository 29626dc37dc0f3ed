/** Key frames to pixels through the WebCodecs interface: the browser's own, or the package `@napi-rs/webcodecs` in Node. */
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

/**
 * Decodes one intra picture. Throws ModelError without WebCodecs, UnsupportedStreamError where its decoder does not take
 * the stream, MalformedStreamError when it gives no picture.
 */
export async function decodeKeyPicture(
  packet: Uint8Array,
  picture: FoundPicture,
  parameterSets: readonly Uint8Array[],
): Promise<DecodedPicture> {
  const { VideoDecoder: Decoder, EncodedVideoChunk: Chunk } = await webCodecs();
  const { profile_idc, constraint_set_flags, level_idc } = picture.sps;
  const codec = `avc1.${hex(profile_idc)}${hex(constraint_set_flags)}${hex(level_idc)}`;
  const slices = picture.slices.map(({ unit }) => packet.subarray(unit.start, unit.end));
  const data = annexB([...parameterSets, ...slices]);
  const frames: VideoFrame[] = [];
  let failure: unknown;
  const decoder = new Decoder({
    output: (frame) => frames.push(frame),
    error: (error) => {
      failure = error;
    },
  });
  try {
    decoder.configure({ codec, optimizeForLatency: true });
    decoder.decode(new Chunk({ type: 'key', timestamp: 0, data }));
    await decoder.flush();
    if (frames[0]) return await planesOf(frames[0]);
  } catch (error) {
    if (error instanceof UnsupportedStreamError) throw error;
    failure ??= error;
  } finally {
    for (const frame of frames) frame.close();
    if (decoder.state !== 'closed') decoder.close();
  }
  if (failure instanceof Error && failure.name === 'NotSupportedError')
    throw new UnsupportedStreamError(`H.264 profile ${codec} in this WebCodecs`, 'convert it to Main profile');
  const reason = failure instanceof Error ? `: ${failure.message}` : '';
  throw new MalformedStreamError(`the key frame was not decoded${reason}`, { offset: picture.offset, cause: failure });
}

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
