/**
 * A stream has no offsets to go back to, and a video's index may stand at its end: the bytes are put where they can be read
 * at random, in a temporary file, or, where there is no file system, in a Blob, which browsers keep on disk as it grows.
 */
import { inNode, temporaryFolder } from '../files/temporary.js';
import { checkLimit, type Limits } from '../limits.js';

/** Where a stream's bytes are now. */
export interface Spooled {
  source: string | Blob;
  /** Removes them; what was opened before can still be read. */
  remove(): Promise<void>;
}

/** Where chunks go: one after another, then `finish`, or `drop` where the stream failed. */
interface Sink {
  write(chunk: Uint8Array): Promise<void>;
  finish(): Promise<Spooled>;
  drop(): Promise<void>;
}

export function isStream(source: unknown): source is ReadableStream<Uint8Array> {
  return typeof source === 'object' && source !== null && 'getReader' in source;
}

/**
 * Reads the stream to its end. Rejects with LimitExceededError (`fileBytes`) as soon as there are too many bytes, with the
 * signal's reason, with TypeError for a chunk that is no Uint8Array, and with the stream's own error; in each case nothing is
 * left behind and the stream is cancelled, so that whoever feeds it can stop.
 */
export async function spool(
  stream: ReadableStream<Uint8Array>,
  limits: Limits,
  signal: AbortSignal | undefined,
  open: () => Promise<Sink> = inNode() ? fileSink : blobSink,
): Promise<Spooled> {
  const reader = stream.getReader();
  // Ends a read that waits for bytes.
  const stop = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener('abort', stop, { once: true });
  let sink: Sink | undefined;
  try {
    signal?.throwIfAborted();
    sink = await open();
    let size = 0;
    for (;;) {
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) return await sink.finish();
      if (!(value instanceof Uint8Array)) throw new TypeError('a stream of a video gives chunks of Uint8Array');
      size += value.length;
      checkLimit(limits, 'fileBytes', size);
      await sink.write(value);
    }
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    await sink?.drop();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function fileSink(): Promise<Sink> {
  const { open } = await import('node:fs/promises');
  const { join } = await import('node:path');
  const folder = await temporaryFolder();
  try {
    const path = join(folder.path, 'stream');
    const file = await open(path, 'wx', 0o600);
    return {
      write: async (chunk) => void (await file.writeFile(chunk)),
      async finish() {
        await file.close();
        return { source: path, remove: folder.remove };
      },
      async drop() {
        await file.close().catch(() => {});
        await folder.remove();
      },
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

/** Bytes of a part that is handed to the browser. */
const partBytes = 8 * 2 ** 20;

/** In parts, so that no more than one is held in the program's own memory. */
export async function blobSink(): Promise<Sink> {
  const parts: Blob[] = [];
  let chunks: Uint8Array<ArrayBuffer>[] = [];
  let held = 0;
  const hand = () => {
    parts.push(new Blob(chunks));
    chunks = [];
    held = 0;
  };
  return {
    async write(chunk) {
      chunks.push(new Uint8Array(chunk));
      held += chunk.length;
      if (held >= partBytes) hand();
    },
    async finish() {
      hand();
      return { source: new Blob(parts), remove: async () => {} };
    },
    async drop() {},
  };
}
