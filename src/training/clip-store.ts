/**
 * Parsed clips on disk, so that a data set is parsed once and every epoch after it reads planes. Stored are running sums
 * over time: any sum over P-frames `from`..`to` is then one difference of two stored frames, however long the stretch.
 *
 * A store is a folder: `index.jsonl` (a header, then a line per clip) and `planes.bin` (int16). It grows in
 * `<key>.partial`, clip by clip, and is renamed to `<key>` when complete; a build that was cut short goes on where it
 * stopped. Every clip carries a CRC-32, checked when a store is opened.
 */
import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { appendFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { ModelError } from '../errors.js';
import type { CropSequence } from '../residual/planes.js';

/** Raised when stored planes change their meaning: parser, cropper or file format. */
const storeVersion = 1;

/** P-frames of one clip that training takes; longer recordings are to be cut into clips. */
export const maxClipFrames = 2000;

/** One line of the index. */
interface StoredClip {
  path: string;
  /** Bytes into `planes.bin`. */
  offset: number;
  /** P-frames. */
  count: number;
  /** P-frames that follow an I-frame. */
  keys: number[];
  /** Running sums are divided by 2^shift where 16 bits would not hold them; 0 for all but extreme clips. */
  shift: number;
  crc: number;
}

/** What a store holds; clips of one description are interchangeable. */
export interface StoreDescription {
  /** SHA-256 of the manifest and of the face boxes. */
  data: string;
  faces: string;
  /** Crop grid: C, and the signal's size and margin. */
  crop: number;
  size: number;
  margin: number;
  track: string;
  /** Left out: what P-frames code. `key`: luma of I-frames. Else P-frames decoded to pixels (`dataset/read-decoded.ts`). */
  frames?: 'key' | `decoded ${'rgb' | 'luma' | 'difference'}`;
  /** A fourth plane: which samples are masked. */
  mask?: true;
  /** Version of the package that parsed. */
  package: string;
  /** Files, in order. */
  paths: readonly string[];
}

/** `$XDG_CACHE_HOME/vultus`, `~/.cache/vultus`, or their like on macOS and Windows. */
export function defaultCacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, 'vultus');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'vultus');
  if (process.platform === 'win32' && LOCALAPPDATA) return join(LOCALAPPDATA, 'vultus', 'Cache');
  return join(homedir(), '.cache', 'vultus');
}

export interface OpenStoreOptions {
  /** Parses one file. */
  read: (path: string) => Promise<CropSequence>;
  onProgress?: (done: number, all: number) => void;
  /** Stops a build between two clips; what is done stays. */
  abort?: AbortSignal;
}

/** Opens the store of this description below `folder`, building what is missing of it. */
export async function openClipStore(
  folder: string,
  description: StoreDescription,
  options: OpenStoreOptions,
): Promise<ClipStore> {
  const header = JSON.stringify({ format: 'vultus-clips', storeVersion, ...description });
  const key = createHash('sha256').update(header).digest('hex').slice(0, 24);
  const place = join(folder, `clips-${key}`);
  const exists = await stat(place).catch(() => undefined);
  if (!exists) {
    await mkdir(folder, { recursive: true });
    await buildStore(place, header, description, options);
  }
  const store = await ClipStore.open(place, description);
  const broken = store.check();
  if (broken === undefined) return store;
  // Damaged by something outside; it is only a cache.
  store.close();
  await rm(place, { recursive: true, force: true });
  await buildStore(place, header, description, options);
  return await ClipStore.open(place, description);
}

async function buildStore(
  place: string,
  header: string,
  { paths, ...description }: StoreDescription,
  { read, onProgress, abort }: OpenStoreOptions,
): Promise<void> {
  const partial = `${place}.partial`;
  const length = frameLength(description);
  await mkdir(partial, { recursive: true });
  const release = await lock(join(partial, 'lock'));
  try {
    const index = join(partial, 'index.jsonl');
    const done = await resumableClips(index, header, paths);
    const file = openSync(join(partial, 'planes.bin'), done.length > 0 ? 'r+' : 'w');
    try {
      let offset = done.reduce((end, clip) => end + storedBytes(clip.count, length), 0);
      ftruncateSync(file, offset);
      await writeFile(index, `${[header, ...done.map((clip) => JSON.stringify(clip))].join('\n')}\n`);
      for (let i = done.length; i < paths.length; i++) {
        abort?.throwIfAborted();
        const { values, ...clip } = runningSums(await read(paths[i]!), paths[i]!, length);
        const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, offset + at);
        await appendFile(index, `${JSON.stringify({ path: paths[i]!, offset, ...clip, crc: crc32(bytes) })}\n`);
        offset += bytes.length;
        onProgress?.(i + 1, paths.length);
      }
    } finally {
      closeSync(file);
    }
  } finally {
    await release();
  }
  await rename(partial, place);
}

/** The clips of a partial index that can be kept: its last line may be torn. */
async function resumableClips(index: string, header: string, paths: readonly string[]): Promise<StoredClip[]> {
  const text = await readFile(index, 'utf8').catch(() => '');
  const [first, ...lines] = text.split('\n').slice(0, -1);
  if (first !== header) return [];
  const clips: StoredClip[] = [];
  for (const line of lines) {
    const clip = JSON.parse(line) as StoredClip;
    if (clip.path !== paths[clips.length]) break;
    clips.push(clip);
  }
  return clips;
}

/** One builder at a time: a lock names its process, and counts for nothing when that is gone. */
async function lock(path: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx' });
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(await readFile(path, 'utf8').catch(() => '0'));
    if (holder !== process.pid && isRunning(holder)) {
      throw new ModelError(`process ${holder} is parsing the same clips: wait for it, or name another --cache`);
    }
    await rm(path, { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Values of a stored frame. */
function frameLength({ crop, mask }: Pick<StoreDescription, 'crop' | 'mask'>): number {
  return (mask ? 4 : 3) * crop * crop;
}

function storedBytes(count: number, length: number): number {
  return count * length * Int16Array.BYTES_PER_ELEMENT;
}

/** Running sums of a clip's planes, modulo 2^16: a difference of two is exact while it fits in 16 bits by itself. */
function runningSums(
  clip: CropSequence,
  path: string,
  length: number,
): Pick<StoredClip, 'count' | 'keys' | 'shift'> & { values: Int16Array } {
  const { count } = clip;
  if (count > maxClipFrames) {
    throw new ModelError(`${path} has ${count} P-frames; training takes clips of up to ${maxClipFrames}: cut it`);
  }
  const frame = new Int32Array(length);
  const sum = new Int32Array(length);
  const low = new Int32Array(length);
  const high = new Int32Array(length);
  for (let p = 0; p < count; p++) {
    clip.sum(p, p + 1, frame);
    for (let i = 0; i < length; i++) {
      const value = sum[i]! + frame[i]!;
      sum[i] = value;
      if (value < low[i]!) low[i] = value;
      if (value > high[i]!) high[i] = value;
    }
  }
  let range = 0;
  for (let i = 0; i < length; i++) range = Math.max(range, high[i]! - low[i]!);
  let shift = 0;
  while (range >> shift > 32766) shift++;

  const values = new Int16Array(count * length);
  sum.fill(0);
  for (let p = 0; p < count; p++) {
    clip.sum(p, p + 1, frame);
    for (let i = 0; i < length; i++) {
      sum[i]! += frame[i]!;
      values[p * length + i] = sum[i]! >> shift;
    }
  }
  const keys = Array.from({ length: count }, (_, p) => p).filter((p) => clip.afterKey(p));
  return { count, keys, shift, values };
}

/** A stored frame in memory, and where in the file it was read; -1 for nowhere. */
interface HeldFrame {
  offset: number;
  values: Int16Array;
  bytes: Buffer;
}

function heldFrame(length: number): HeldFrame {
  const values = new Int16Array(length);
  return { offset: -1, values, bytes: Buffer.from(values.buffer) };
}

/** An open store. Sequences share its buffers: use one at a time. */
export class ClipStore {
  readonly #file: number;
  readonly #clips = new Map<string, StoredClip & { keySet: Set<number> }>();
  readonly #crop: number;
  readonly #length: number;
  /** The two stored frames read last, by their byte offset. */
  readonly #held: readonly [HeldFrame, HeldFrame];

  private constructor(file: number, clips: readonly StoredClip[], description: StoreDescription) {
    this.#file = file;
    this.#crop = description.crop;
    this.#length = frameLength(description);
    for (const clip of clips) this.#clips.set(clip.path, { ...clip, keySet: new Set(clip.keys) });
    this.#held = [heldFrame(this.#length), heldFrame(this.#length)];
  }

  static async open(place: string, description: StoreDescription): Promise<ClipStore> {
    const [, ...lines] = (await readFile(join(place, 'index.jsonl'), 'utf8')).trimEnd().split('\n');
    const clips = lines.map((line) => JSON.parse(line) as StoredClip);
    return new ClipStore(openSync(join(place, 'planes.bin'), 'r'), clips, description);
  }

  /** P-frames of all clips. */
  get frames(): number {
    return [...this.#clips.values()].reduce((sum, clip) => sum + clip.count, 0);
  }

  /** Path of the first clip whose bytes are not what was written, if there is one. */
  check(): string | undefined {
    const chunk = Buffer.allocUnsafe(4 * 2 ** 20);
    for (const { path, offset, count, crc } of this.#clips.values()) {
      const length = storedBytes(count, this.#length);
      let found = 0;
      for (let at = 0; at < length; ) {
        const read = readSync(this.#file, chunk, 0, Math.min(chunk.length, length - at), offset + at);
        if (read === 0) return path;
        found = crc32(chunk.subarray(0, read), found);
        at += read;
      }
      if (found !== crc) return path;
    }
    return undefined;
  }

  /** The P-frames of one file. */
  clip(path: string): CropSequence {
    const clip = this.#clips.get(path);
    if (!clip) throw new RangeError(`${path} is not in the store`);
    return {
      size: this.#crop,
      count: clip.count,
      afterKey: (p) => clip.keySet.has(p),
      sum: (from, to, out) => {
        if (to <= from) {
          out.fill(0);
          return;
        }
        if (from < 0 || to > clip.count) throw new RangeError(`P-frames ${from} to ${to} of ${clip.count}`);
        if (out.length > this.#length) throw new RangeError('the store holds no mask');
        const minuend = this.#read(clip, to - 1, undefined);
        if (from === 0) {
          for (let i = 0; i < out.length; i++) out[i] = minuend[i]! << clip.shift;
          return;
        }
        const subtrahend = this.#read(clip, from - 1, minuend);
        for (let i = 0; i < out.length; i++) out[i] = (((minuend[i]! - subtrahend[i]!) << 16) >> 16) << clip.shift;
      },
    };
  }

  /** Running sum up to and with P-frame `p`; `keep` is not overwritten. */
  #read(clip: StoredClip, p: number, keep: Int16Array | undefined): Int16Array {
    const offset = clip.offset + storedBytes(p, this.#length);
    const held = this.#held.find((slot) => slot.offset === offset);
    if (held) return held.values;
    // The older of the two makes room: stretches follow each other, so the later one is wanted next.
    const [a, b] = this.#held;
    const slot = keep ? (a.values === keep ? b : a) : a.offset <= b.offset ? a : b;
    slot.offset = -1;
    for (let at = 0; at < slot.bytes.length; ) {
      const read = readSync(this.#file, slot.bytes, at, slot.bytes.length - at, offset + at);
      if (read === 0) throw new ModelError(`the clip cache ends inside ${clip.path}: delete it and start again`);
      at += read;
    }
    slot.offset = offset;
    return slot.values;
  }

  close(): void {
    closeSync(this.#file);
  }
}
