/** Reading numbers and names out of bytes. Offsets past the end give a RangeError from DataView: check lengths first. */

/** A DataView over the same bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Four bytes as text, one character a byte (Latin-1), as boxes, chunks and codecs are named. */
export function fourcc(bytes: Uint8Array, offset: number): string {
  return String.fromCharCode(
    bytes[offset] ?? 0,
    bytes[offset + 1] ?? 0,
    bytes[offset + 2] ?? 0,
    bytes[offset + 3] ?? 0,
  );
}

/** A name that can be shown: bytes outside printable ASCII as `\xNN`. */
export function printable(name: string): string {
  return name.replace(/[^ -~]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** A 64-bit unsigned number; exact up to 2^53, which no file offset reaches. */
export function uint64(view: DataView, offset: number, littleEndian = false): number {
  const first = view.getUint32(offset, littleEndian);
  const second = view.getUint32(offset + 4, littleEndian);
  return littleEndian ? second * 2 ** 32 + first : first * 2 ** 32 + second;
}

/** A 64-bit signed big-endian number. */
export function int64(view: DataView, offset: number): number {
  return view.getInt32(offset) * 2 ** 32 + view.getUint32(offset + 4);
}
