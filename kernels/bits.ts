/**
 * The bit reader of all kernels. A packet lies in memory with its bytes reversed: one unaligned little-endian load then
 * gives eight bytes in bit-stream order, and the only state is a position. Zeros follow the packet, so that a reader may
 * run past its end and find out afterwards: `past()` is the sticky error, asked once per macroblock.
 */

/** Zero bytes kept behind the packet: more than one macroblock can consume (6 blocks x 64 coefficients x 30 bits). */
export const PADDING: usize = 4096;

/** Bit position from the first bit of the packet. */
export let bitPos: u32 = 0;
/** Bits in the packet. */
export let bitEnd: u32 = 0;
/** Address just above the packet's first byte. */
let top: usize = 0;

/** Reverses the `size` bytes at `address + PADDING` in place, clears the padding below and starts reading at bit 0. */
export function openPacket(address: usize, size: usize): void {
  memory.fill(address, 0, PADDING);
  let low = address + PADDING;
  let high = low + size;
  top = high;
  bitPos = 0;
  bitEnd = <u32>(size << 3);
  while (high - low >= 32) {
    high -= 16;
    const a = reverse16(v128.load(low));
    const b = reverse16(v128.load(high));
    v128.store(low, b);
    v128.store(high, a);
    low += 16;
  }
  while (low + 1 < high) {
    high--;
    const a = load<u8>(low);
    store<u8>(low, load<u8>(high));
    store<u8>(high, a);
    low++;
  }
}

// @ts-ignore: decorator
@inline
function reverse16(a: v128): v128 {
  return i8x16.shuffle(a, a, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
}

/** The 57 or more bits that follow position `pos`, left-justified; the rest is zero. */
// @ts-ignore: decorator
@inline
export function bitsAt(pos: u32): u64 {
  return load<u64>(top - 8 - <usize>(pos >>> 3)) << (pos & 7);
}

/** The byte at `index` of the packet; 0 behind its end (as far as the padding reaches). */
// @ts-ignore: decorator
@inline
export function byteAt(index: u32): u32 {
  return load<u8>(top - 1 - <usize>index);
}

// @ts-ignore: decorator
@inline
export function seek(pos: u32): void {
  bitPos = pos;
}

// @ts-ignore: decorator
@inline
export function skip(count: u32): void {
  bitPos += count;
}

/** The next `count` bits (1..32) without consuming them. */
// @ts-ignore: decorator
@inline
export function show(count: u32): u32 {
  return <u32>(bitsAt(bitPos) >>> (64 - count));
}

/** Consumes and gives `count` bits (1..32). */
// @ts-ignore: decorator
@inline
export function read(count: u32): u32 {
  const value = show(count);
  bitPos += count;
  return value;
}

/** True once more bits were consumed than the packet has. */
// @ts-ignore: decorator
@inline
export function past(): bool {
  return bitPos > bitEnd;
}
