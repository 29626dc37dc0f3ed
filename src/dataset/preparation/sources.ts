/** The files of one clip before they are opened: their hash, and faults that can be told without decoding. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MalformedStreamError } from '../../errors.js';
import type { CorpusClip } from '../corpora/corpus.js';

/** Bytes of one picture of a sequence. */
const pictureLimit = 64 * 2 ** 20;
/** Pictures of one sequence. */
export const longestSequence = 15_000;

/** What is made of files. */
export type Sourced = Pick<CorpusClip, 'source'>;

/** The files that a clip is made of, relative to the corpus. */
export function filesOf({ source }: Sourced): readonly string[] {
  return source.kind === 'video' ? [source.path] : source.paths;
}

/** Sizes and times of the files, as one short text: unchanged as long as nobody touches them. */
export async function stampOf(root: string, clip: Sourced): Promise<string> {
  const hash = createHash('sha256');
  for (const file of filesOf(clip)) {
    const found = await stat(join(root, file)).catch(() => undefined);
    hash.update(`${file}\0${found?.size}\0${found?.mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 32);
}

/** SHA-256 over the lengths and contents of the files in order, hexadecimal; a missing or unreadable file counts
 * as that. */
export async function hashOf(root: string, clip: Sourced): Promise<string> {
  const hash = createHash('sha256');
  for (const file of filesOf(clip)) {
    const found = await stat(join(root, file)).catch(() => undefined);
    hash.update(`${found?.size ?? 'missing'}\n`);
    if (!found?.isFile()) continue;
    try {
      for await (const chunk of createReadStream(join(root, file))) hash.update(chunk as Buffer);
    } catch {
      hash.update('unreadable\n');
    }
  }
  return hash.digest('hex');
}

/**
 * Throws MalformedStreamError naming the file where it is missing, empty, a pointer of git-lfs, or a picture that is not
 * whole or not of its kind; pictures of one sequence must have one size.
 */
export async function checkSources(root: string, { source }: Sourced): Promise<void> {
  if (source.kind === 'video') {
    await readEnds(root, source.path);
    return;
  }
  if (source.paths.length > longestSequence) {
    throw new MalformedStreamError(`${source.paths.length} pictures are no clip: ${longestSequence} are the most`);
  }
  let size: string | undefined;
  for (const path of source.paths) {
    const { head, tail, bytes } = await readEnds(root, path);
    if (bytes > pictureLimit) throw new MalformedStreamError(`${path} has ${bytes} bytes: too many for a picture`);
    if (source.format === 'png') {
      if (head.readUInt32BE(0) !== 0x89504e47 || head.length < 24) throw new MalformedStreamError(`${path} is no PNG`);
      if (!tail.includes('IEND')) throw new MalformedStreamError(`${path} is cut short: a PNG ends with IEND`);
      const own = `${head.readUInt32BE(16)}x${head.readUInt32BE(20)}`;
      if (size !== undefined && own !== size) {
        throw new MalformedStreamError(`${path} is ${own}, the pictures before it ${size}`);
      }
      size = own;
    } else {
      if (head.readUInt16BE(0) !== 0xffd8) throw new MalformedStreamError(`${path} is no JPEG`);
      if (tail.lastIndexOf(Buffer.from([0xff, 0xd9])) < 0) {
        throw new MalformedStreamError(`${path} is cut short: a JPEG ends with the marker EOI`);
      }
    }
  }
}

/** The first 64 and the last 4096 bytes of a file. */
async function readEnds(root: string, path: string): Promise<{ head: Buffer; tail: Buffer; bytes: number }> {
  const file = await open(join(root, path)).catch((error: NodeJS.ErrnoException) => {
    throw new MalformedStreamError(error.code === 'ENOENT' ? `${path} is missing` : `${path}: ${error.message}`);
  });
  try {
    const { size } = await file.stat();
    if (size === 0) throw new MalformedStreamError(`${path} is empty`);
    const head = Buffer.alloc(64);
    const { bytesRead } = await file.read(head, 0, 64, 0);
    if (head.toString('latin1').startsWith('version https://git-lfs')) {
      throw new MalformedStreamError(`${path} is a pointer of git-lfs, not the file: run git lfs pull`);
    }
    if (bytesRead < 4) throw new MalformedStreamError(`${path} has ${size} bytes: nothing to read`);
    const tail = Buffer.alloc(Math.min(4096, size));
    await file.read(tail, 0, tail.length, size - tail.length);
    return { head: head.subarray(0, bytesRead), tail, bytes: size };
  } finally {
    await file.close();
  }
}
