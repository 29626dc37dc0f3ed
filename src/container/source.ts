/**
 * Random access to the bytes of a file, wherever it lives. A file on disk or a Blob is never held whole: one window of
 * it is read ahead, and every read that falls outside makes a new one.
 */
import { MalformedStreamError, UnsupportedStreamError } from '../errors.js';
import { inNode } from '../files/temporary.js';
import { checkLimit, type Limits } from '../limits.js';
import { isStream, spool } from './spool.js';

/**
 * What can be opened: a path or `file:` URL (where there is a file system), bytes in memory, a Blob or File, or a web stream
 * of bytes, which is read to its end first (`Readable.toWeb` makes one of a stream of Node).
 */
export type VideoSource = string | URL | Uint8Array | ArrayBuffer | Blob | ReadableStream<Uint8Array>;

/** Bytes at offsets. */
export interface ByteSource {
  /** Bytes in all. */
  readonly size: number;
  /**
   * The bytes from `offset`, `length` of them, or fewer where the source ends; never more. They may be shared with
   * other reads: do not write into them.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Lets go of the file. Reads after it fail. */
  close(): void;
}

/** Read in one go when reads follow one another. */
const READ_AHEAD = 256 * 1024;
/** Read in one go when a read lands elsewhere: headers lie together, and so do the tables of a short film. */
const READ_AROUND = 32 * 1024;
/** A read so close behind the last window goes on from it: passing over some bytes costs less than another read. */
const NEAR = 64 * 1024;

/** A source that fetches a window at a time from something slower than memory. */
export class WindowedSource implements ByteSource {
  readonly size: number;
  readonly #fetch: (offset: number, length: number) => Promise<Uint8Array>;
  readonly #close: () => void;
  #window: Uint8Array = new Uint8Array(0);
  #windowStart = 0;

  /** @param fetch gives exactly `length` bytes, all within `size`; fewer if the file shrank meanwhile. */
  constructor(size: number, fetch: (offset: number, length: number) => Promise<Uint8Array>, close: () => void) {
    this.size = size;
    this.#fetch = fetch;
    this.#close = close;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(length, this.size - offset));
    const start = this.#windowStart;
    const end = start + this.#window.length;
    if (offset >= start && offset + wanted <= end)
      return this.#window.subarray(offset - start, offset - start + wanted);

    const ahead = offset >= start && offset <= end + NEAR ? READ_AHEAD : READ_AROUND;
    const window = await this.#fetch(offset, Math.min(Math.max(wanted, ahead), this.size - offset));
    this.#window = window;
    this.#windowStart = offset;
    return window.subarray(0, wanted);
  }

  close(): void {
    this.#window = new Uint8Array(0);
    this.#close();
  }
}

/**
 * Opens a source. Errors of the file system (no such file, no permission) come through as they are.
 * @param signal once it is aborted, opening and every later read fail with its reason
 */
export async function openSource(source: VideoSource, limits: Limits, signal?: AbortSignal): Promise<ByteSource> {
  signal?.throwIfAborted();
  const found = await openAny(source, limits, signal);
  const opened = signal ? stoppable(found, signal) : found;
  try {
    signal?.throwIfAborted();
    checkLimit(limits, 'fileBytes', opened.size);
    if (opened.size === 0) throw new MalformedStreamError('the file is empty', { offset: 0 });
  } catch (error) {
    opened.close();
    throw error;
  }
  return opened;
}

function stoppable(source: ByteSource, signal: AbortSignal): ByteSource {
  return {
    size: source.size,
    async read(offset, length) {
      signal.throwIfAborted();
      return await source.read(offset, length);
    },
    close: () => source.close(),
  };
}

async function openAny(source: VideoSource, limits: Limits, signal: AbortSignal | undefined): Promise<ByteSource> {
  if (source instanceof Uint8Array) return bytesSource(source);
  if (source instanceof ArrayBuffer) return bytesSource(new Uint8Array(source));
  if (typeof Blob !== 'undefined' && source instanceof Blob) return blobSource(source);
  if (isStream(source)) {
    const spooled = await spool(source, limits, signal);
    try {
      return await openAny(spooled.source, limits, signal);
    } finally {
      // An open file can be read without its name, and leaves nothing behind however the program ends.
      await spooled.remove();
    }
  }
  return fileSource(source as string | URL);
}

function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: async (offset, length) =>
      bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + length, bytes.length)),
    close: () => {},
  };
}

function blobSource(blob: Blob): ByteSource {
  const fetch = async (offset: number, length: number) =>
    new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
  return new WindowedSource(blob.size, fetch, () => {});
}

async function fileSource(path: string | URL): Promise<ByteSource> {
  const [scheme] = /^https?:(?=\/\/)/.exec(String(path)) ?? [];
  if (scheme)
    throw new UnsupportedStreamError(`${scheme} addresses`, 'give the body of its fetch: (await fetch(url)).body');
  if (!inNode()) throw new UnsupportedStreamError('paths, without a file system', 'give the bytes, a File or a stream');
  const { constants, open } = await import('node:fs/promises');
  // A pipe would keep `open` waiting for its other end.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new MalformedStreamError('not a regular file');
    const fetch = async (offset: number, length: number) => {
      const bytes = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    };
    return new WindowedSource(stat.size, fetch, () => void file.close().catch(() => {}));
  } catch (error) {
    await file.close();
    throw error;
  }
}
