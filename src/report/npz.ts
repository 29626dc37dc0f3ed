/**
 * Writes numpy's .npz: a ZIP archive with one .npy file per array. All shapes are known before the first value, so every
 * row has its place in the file from the start and is written there as soon as it is known, in any order: memory holds
 * one row, however long the video. The file appears under its name only when it is complete.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';
import { type DType, itemSize, npyHeader } from './npy.js';
import { centralDirectory, localHeader, localHeaderSize, type ZipEntry } from './zip.js';

/** One array of the archive. */
export interface NpzArray {
  name: string;
  dtype: DType;
  /** Empty for a scalar. */
  shape: readonly number[];
}

export type NpzValues = Uint8Array | Int16Array | Int32Array | Float64Array;

interface Place {
  entry: ZipEntry;
  dtype: DType;
  /** Where the contents begin in the file (.npy header, then values), and where the values do. */
  contents: number;
  values: number;
  /** Bytes of one row: of everything below the first dimension. */
  row: number;
}

/** Bytes read at once when check sums are made. */
const CHUNK = 1 << 20;

export class NpzWriter {
  readonly #path: string;
  readonly #partial: string;
  readonly #file: FileHandle;
  readonly #places: Map<string, Place>;
  readonly #end: number;

  private constructor(path: string, partial: string, file: FileHandle, places: Map<string, Place>, end: number) {
    this.#path = path;
    this.#partial = partial;
    this.#file = file;
    this.#places = places;
    this.#end = end;
  }

  /** Lays the archive out. Values not written later are 0. */
  static async create(path: string, arrays: readonly NpzArray[]): Promise<NpzWriter> {
    const places = new Map<string, Place>();
    const headers: { at: number; bytes: Uint8Array }[] = [];
    let at = 0;
    for (const { name, dtype, shape } of arrays) {
      const header = npyHeader(dtype, shape);
      const row = shape.slice(1).reduce((product, n) => product * n, itemSize[dtype]);
      const size = header.length + row * (shape[0] ?? 1);
      const entry: ZipEntry = { name: `${name}.npy`, method: 0, crc: 0, compressedSize: size, size, offset: at };
      const contents = at + localHeaderSize(entry.name, size);
      headers.push({ at: contents, bytes: header });
      places.set(name, { entry, dtype, contents, values: contents + header.length, row });
      at = contents + size;
    }
    const partial = join(dirname(path), `.${basename(path)}.${process.pid}.partial`);
    const file = await open(partial, 'wx+');
    const writer = new NpzWriter(path, partial, file, places, at);
    try {
      await file.truncate(at);
      for (const header of headers) await writeAt(file, header.bytes, header.at);
    } catch (error) {
      await writer.discard();
      throw error;
    }
    return writer;
  }

  /** Bytes that the stored archive will have, but for its directory. */
  get bytes(): number {
    return this.#end;
  }

  /** Writes row `index` of an array (index 0 of a scalar), or several rows from there on. */
  async write(name: string, index: number, values: NpzValues): Promise<void> {
    const place = this.#places.get(name);
    if (!place) throw new RangeError(`no array ${name}`);
    if (values.BYTES_PER_ELEMENT !== itemSize[place.dtype]) throw new TypeError(`${name} holds ${place.dtype}`);
    const start = place.values + index * place.row;
    const end = start + values.byteLength;
    if (index < 0 || values.byteLength % place.row !== 0 || end > place.contents + place.entry.size) {
      throw new RangeError(`row ${index} of ${name} has ${values.byteLength} bytes and does not fit`);
    }
    await writeAt(this.#file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength), start);
  }

  /**
   * Completes the archive and gives it its name.
   * @param compress deflate it: much smaller, and slower to write and to read
   */
  async finish(compress = false): Promise<void> {
    try {
      if (compress) await this.#compressed();
      else await this.#stored();
      await this.#file.close();
      await rename(this.#partial, this.#path);
    } catch (error) {
      await this.discard();
      throw error;
    }
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    await this.#file.close().catch(() => {});
    await rm(this.#partial, { force: true });
  }

  async #stored(): Promise<void> {
    const entries = [...this.#places.values()].map((place) => place.entry);
    for (const { entry, contents } of this.#places.values()) {
      for await (const chunk of chunks(this.#file, contents, entry.size)) entry.crc = crc32(chunk, entry.crc);
      await writeAt(this.#file, localHeader(entry), entry.offset);
    }
    await writeAt(this.#file, centralDirectory(entries, this.#end), this.#end);
  }

  async #compressed(): Promise<void> {
    const packed = `${this.#partial}.z`;
    const file = await open(packed, 'wx');
    try {
      const entries: ZipEntry[] = [];
      let at = 0;
      for (const { entry, contents } of this.#places.values()) {
        const start = at + localHeaderSize(entry.name, entry.size);
        let position = start;
        let crc = 0;
        // Each chunk but the last ends with a full flush, so that one follows the other as a single deflate stream.
        for await (const chunk of chunks(this.#file, contents, entry.size)) {
          crc = crc32(chunk, crc);
          position = await writeAt(file, await deflatePart(chunk, FULL_FLUSH), position);
        }
        position = await writeAt(file, await deflatePart(new Uint8Array(0), FINISH), position);
        const done = { ...entry, method: 8 as const, crc, compressedSize: position - start, offset: at };
        await writeAt(file, localHeader(done), at);
        entries.push(done);
        at = position;
      }
      await writeAt(file, centralDirectory(entries, at), at);
      await file.close();
      await rename(packed, this.#partial);
    } catch (error) {
      await file.close().catch(() => {});
      await rm(packed, { force: true });
      throw error;
    }
  }
}

// Z_FULL_FLUSH and Z_FINISH of zlib.
const FULL_FLUSH = 3;
const FINISH = 4;
const deflate = promisify<Uint8Array, { finishFlush: number }, Buffer>(deflateRaw);
const deflatePart = (bytes: Uint8Array, finishFlush: number) => deflate(bytes, { finishFlush });

async function* chunks(file: FileHandle, from: number, length: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(Math.min(CHUNK, length));
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, length - done), from + done);
    if (bytesRead === 0) throw new Error('the file shrank while it was written');
    yield buffer.subarray(0, bytesRead);
    done += bytesRead;
  }
}

async function writeAt(file: FileHandle, bytes: Uint8Array, at: number): Promise<number> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
  }
  return at + bytes.length;
}
