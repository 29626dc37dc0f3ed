/** Reads header fields. Past the end it gives zeros and remembers: ask `overrun` once, when the header is read. */
export class BitReader {
  private readonly bytes: Uint8Array;
  /** Position in bits from the start of `bytes`. */
  position: number;
  private readonly end: number;

  /** Reads `bytes[start..end)` (in bytes). */
  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = start * 8;
    this.end = end * 8;
  }

  /** True once more bits were read than there are: everything read since is zero and means nothing. */
  get overrun(): boolean {
    return this.position > this.end;
  }

  /** Bits that are left; 0 at and past the end. */
  get left(): number {
    return Math.max(0, this.end - this.position);
  }

  /** The next `count` bits (0..32) as an unsigned number. */
  read(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      const at = this.position++;
      const bit = at < this.end ? (this.bytes[at >> 3]! >> (7 - (at & 7))) & 1 : 0;
      value = value * 2 + bit;
    }
    return value;
  }

  /** The next `count` bits without consuming them. */
  peek(count: number): number {
    const at = this.position;
    const value = this.read(count);
    this.position = at;
    return value;
  }

  flag(): boolean {
    return this.read(1) === 1;
  }

  skip(count: number): void {
    this.position += count;
  }
}
