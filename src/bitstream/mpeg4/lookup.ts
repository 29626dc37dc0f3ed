/** Turns the code tables into the lookup tables that the kernel indexes with the next bits of the stream. */
import { alternateHorizontalScan, alternateVerticalScan, zigzagScan } from './scans.js';
import {
  type Code,
  type CoefficientCode,
  cbpy,
  dctDcSizeChrominance,
  dctDcSizeLuminance,
  interRvlc,
  interTcoef,
  intraRvlc,
  intraTcoef,
  mcbpcInter,
  mcbpcIntra,
  mvd,
  rvlcEscape,
  tcoefEscape,
} from './vlc-tables.js';

/** Addresses in the kernel's memory, as its exports give them (kernels/mpeg4/memory.ts says what lies there). */
export type TableAddresses = Record<
  | 'TCOEF_INTER'
  | 'TCOEF_INTRA'
  | 'RVLC_INTER'
  | 'RVLC_INTRA'
  | 'SKIP_INTER'
  | 'SKIP_INTRA'
  | 'MVD'
  | 'DCT_DC_SIZE_LUMA'
  | 'DCT_DC_SIZE_CHROMA'
  | 'MCBPC_INTRA'
  | 'MCBPC_INTER'
  | 'CBPY'
  | 'LMAX_INTER'
  | 'LMAX_INTRA'
  | 'RMAX_INTER'
  | 'RMAX_INTRA'
  | 'SCAN_ZIGZAG'
  | 'SCAN_HORIZONTAL'
  | 'SCAN_VERTICAL'
  | 'NO_NEIGHBOUR',
  number
>;

/** Calls `set` with every index of `width` bits that begins with `bits`. */
function forEachIndex(bits: string, width: number, set: (index: number) => void): void {
  const free = width - bits.length;
  const first = Number.parseInt(bits, 2) << free;
  for (let i = 0; i < 1 << free; i++) set(first + i);
}

/** `length | value << 4` at every index; 0 where no code stands. */
function fillCodes<T>(
  table: Uint8Array | Uint16Array,
  codes: readonly Code<T>[],
  width: number,
  value: (meaning: T) => number,
): void {
  for (const [meaning, bits] of codes) {
    forEachIndex(bits, width, (index) => {
      table[index] = bits.length | (value(meaning) << 4);
    });
  }
}

function fillCoefficients(
  table: Uint32Array,
  codes: readonly CoefficientCode[],
  escapeCode: string,
  width: number,
): void {
  for (const [last, run, level, bits] of codes) {
    const entry = ((level << 16) | (last << 15) | ((run + 1) << 8) | (bits.length + 1)) >>> 0;
    forEachIndex(bits, width, (index) => {
      table[index] = entry;
    });
  }
  forEachIndex(escapeCode, width, (index) => {
    table[index] = escapeCode.length;
  });
}

/** As many whole coefficients as 13 bits hold: what stepping over them needs (kernels/mpeg4/memory.ts, SKIP_*). */
function fillSkips(table: Uint16Array, single: Uint32Array): void {
  for (let index = 0; index < 8192; index++) {
    let length = 0;
    let advance = 0;
    let last = 0;
    while (!last) {
      // The next 12 bits, zeros behind the 13th: an entry counts only if it lies within what is known.
      const entry = single[((index << length) >> 1) & 4095]!;
      const more = entry & 31;
      const runs = (entry >> 8) & 127;
      if (entry >>> 16 === 0 || length + more > 13 || advance + runs > 127) break;
      length += more;
      advance += runs;
      last = (entry >> 15) & 1;
    }
    table[index] = length | (advance << 4) | (last << 11);
  }
}

/** LMAX[last][run] and RMAX[last][level] (tables B-19 to B-22): they follow from the codes. */
function fillMaxima(lmax: Uint8Array, rmax: Uint8Array, codes: readonly CoefficientCode[]): void {
  for (const [last, run, level] of codes) {
    lmax[last * 64 + run] = Math.max(lmax[last * 64 + run]!, level);
    rmax[last * 64 + level] = Math.max(rmax[last * 64 + level]!, run);
  }
}

/** Position in a block that lies transposed in memory. */
export function transposed(position: number): number {
  return (position & 7) * 8 + (position >> 3);
}

/** Writes all constant tables into the kernel's memory. */
export function writeTables(buffer: ArrayBufferLike, at: TableAddresses): void {
  const bytes = (address: number, length: number) => new Uint8Array(buffer, address, length);
  const words = (address: number, length: number) => new Uint16Array(buffer, address, length);
  const longs = (address: number, length: number) => new Uint32Array(buffer, address, length);
  fillCoefficients(longs(at.TCOEF_INTER, 4096), interTcoef, tcoefEscape, 12);
  fillCoefficients(longs(at.TCOEF_INTRA, 4096), intraTcoef, tcoefEscape, 12);
  fillCoefficients(longs(at.RVLC_INTER, 32768), interRvlc, rvlcEscape, 15);
  fillCoefficients(longs(at.RVLC_INTRA, 32768), intraRvlc, rvlcEscape, 15);
  fillSkips(words(at.SKIP_INTER, 8192), longs(at.TCOEF_INTER, 4096));
  fillSkips(words(at.SKIP_INTRA, 8192), longs(at.TCOEF_INTRA, 4096));
  fillCodes(words(at.MVD, 4096), mvd, 12, (magnitude) => magnitude);
  fillCodes(bytes(at.DCT_DC_SIZE_LUMA, 2048), dctDcSizeLuminance, 11, (size) => size);
  fillCodes(bytes(at.DCT_DC_SIZE_CHROMA, 4096), dctDcSizeChrominance, 12, (size) => size);
  fillCodes(words(at.MCBPC_INTRA, 512), mcbpcIntra, 9, ([type, cbpc]) => type * 4 + cbpc);
  fillCodes(words(at.MCBPC_INTER, 512), mcbpcInter, 9, ([type, cbpc]) => type * 4 + cbpc);
  fillCodes(bytes(at.CBPY, 64), cbpy, 6, (pattern) => pattern);
  fillMaxima(bytes(at.LMAX_INTER, 128), bytes(at.RMAX_INTER, 128), interTcoef);
  fillMaxima(bytes(at.LMAX_INTRA, 128), bytes(at.RMAX_INTRA, 128), intraTcoef);
  bytes(at.SCAN_ZIGZAG, 64).set(zigzagScan.map(transposed));
  bytes(at.SCAN_HORIZONTAL, 64).set(alternateHorizontalScan.map(transposed));
  bytes(at.SCAN_VERTICAL, 64).set(alternateVerticalScan.map(transposed));
  new Int16Array(buffer, at.NO_NEIGHBOUR, 1)[0] = 1024;
}
