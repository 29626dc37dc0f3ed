/**
 * Headers of a ZIP archive (PKWARE APPNOTE.TXT 6.3), with the 64-bit fields where sizes or offsets need them. Dates are
 * fixed, so that equal contents give equal files.
 */

/** A member of the archive. */
export interface ZipEntry {
  /** ASCII. */
  name: string;
  /** 0 stored, 8 deflated. */
  method: 0 | 8;
  crc: number;
  /** Bytes in the archive, and bytes of the contents. */
  compressedSize: number;
  size: number;
  /** Where its local header begins. */
  offset: number;
}

const MAX32 = 0xffffffff;
/** 1 January 1980: the earliest date that the format knows. */
const DOS_DATE = 0x0021;

/** Whether a member needs 64-bit sizes: asked before its contents are known to be final, so that space can be kept. */
const isLarge = (size: number) => size >= MAX32;

/** Bytes of the local header of a member whose contents are `size` bytes. */
export function localHeaderSize(name: string, size: number): number {
  return 30 + name.length + (isLarge(size) ? 20 : 0);
}

/** 4.3.7: stands before the contents of a member. */
export function localHeader(entry: ZipEntry): Uint8Array {
  const large = isLarge(entry.size);
  const header = new Fields(localHeaderSize(entry.name, entry.size));
  header
    .u32(0x04034b50)
    .u16(large ? 45 : 20)
    .u16(0)
    .u16(entry.method)
    .u16(0)
    .u16(DOS_DATE)
    .u32(entry.crc);
  header.u32(large ? MAX32 : entry.compressedSize).u32(large ? MAX32 : entry.size);
  header
    .u16(entry.name.length)
    .u16(large ? 20 : 0)
    .ascii(entry.name);
  if (large) header.u16(1).u16(16).u64(entry.size).u64(entry.compressedSize);
  return header.bytes;
}

/** 4.3.12 to 4.3.16: the list of members and the end of the archive, to stand at `offset`. */
export function centralDirectory(entries: readonly ZipEntry[], offset: number): Uint8Array {
  const records = entries.map(centralHeader);
  const size = records.reduce((sum, record) => sum + record.length, 0);
  const large = offset + size >= MAX32 || entries.length >= 0xffff;
  const end = new Fields(22 + (large ? 56 + 20 : 0));
  if (large) {
    // Zip64 end of central directory record, and where it is.
    end.u32(0x06064b50).u64(44).u16(45).u16(45).u32(0).u32(0);
    end.u64(entries.length).u64(entries.length).u64(size).u64(offset);
    end
      .u32(0x07064b50)
      .u32(0)
      .u64(offset + size)
      .u32(1);
  }
  const count = large ? 0xffff : entries.length;
  end.u32(0x06054b50).u16(0).u16(0).u16(count).u16(count);
  end
    .u32(large ? MAX32 : size)
    .u32(large ? MAX32 : offset)
    .u16(0);
  return concat([...records, end.bytes]);
}

function centralHeader(entry: ZipEntry): Uint8Array {
  const large = isLarge(entry.size) || isLarge(entry.offset);
  const header = new Fields(46 + entry.name.length + (large ? 28 : 0));
  const version = large ? 45 : 20;
  header.u32(0x02014b50).u16(version).u16(version).u16(0).u16(entry.method).u16(0).u16(DOS_DATE).u32(entry.crc);
  header.u32(large ? MAX32 : entry.compressedSize).u32(large ? MAX32 : entry.size);
  header
    .u16(entry.name.length)
    .u16(large ? 28 : 0)
    .u16(0)
    .u16(0)
    .u16(0)
    .u32(0);
  header.u32(large ? MAX32 : entry.offset).ascii(entry.name);
  if (large) header.u16(1).u16(24).u64(entry.size).u64(entry.compressedSize).u64(entry.offset);
  return header.bytes;
}

/** Little-endian fields one after another. */
class Fields {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  u16(value: number): this {
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
    return this;
  }

  u32(value: number): this {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
    return this;
  }

  u64(value: number): this {
    this.#view.setBigUint64(this.#at, BigInt(value), true);
    this.#at += 8;
    return this;
  }

  ascii(text: string): this {
    for (let i = 0; i < text.length; i++) this.bytes[this.#at++] = text.charCodeAt(i);
    return this;
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
