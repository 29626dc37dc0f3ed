/** A file of any length of which only some stretches are there: zeros everywhere else, none of them in memory. */

/** A Blob over stretches of bytes at offsets. `bytesRead` counts what was asked for. */
export class SparseBlob extends Blob {
  bytesRead = 0;
  readonly #size: number;
  readonly #stretches: readonly { offset: number; bytes: Uint8Array }[];

  constructor(size: number, stretches: readonly { offset: number; bytes: Uint8Array }[]) {
    super([]);
    this.#size = size;
    this.#stretches = stretches;
  }

  override get size(): number {
    return this.#size;
  }

  override slice(start = 0, end = this.#size): Blob {
    const window = new Uint8Array(Math.min(end, this.#size) - start);
    this.bytesRead += window.length;
    for (const { offset, bytes } of this.#stretches) {
      const from = Math.max(start, offset);
      const to = Math.min(start + window.length, offset + bytes.length);
      if (from < to) window.set(bytes.subarray(from - offset, to - offset), from - start);
    }
    return new Blob([window]);
  }
}

/** Bytes one behind the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Text as Latin-1 bytes. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** 32-bit numbers as bytes. */
export function u32(littleEndian: boolean, ...values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => {
    view.setUint32(4 * i, value, littleEndian);
  });
  return new Uint8Array(view.buffer);
}
