/**
 * Writes small H.264 streams for tests: parameter sets, slice headers and I_4x4, I_8x8 and Intra_16x16-free CAVLC
 * macroblocks with chosen transform coefficient levels. The codes come from the tables under test; that they are the
 * standard's is what the shared streams prove.
 */
import { coeff_token, run_before, total_zeros } from '../../src/bitstream/h264/tables/cavlc.js';

export class BitWriter {
  private readonly bits: number[] = [];

  u(count: number, value: number): this {
    for (let i = count - 1; i >= 0; i--) this.bits.push(Math.floor(value / 2 ** i) % 2);
    return this;
  }

  ue(value: number): this {
    const length = Math.floor(Math.log2(value + 1));
    return this.u(length, 0).u(length + 1, value + 1);
  }

  se(value: number): this {
    return this.ue(value > 0 ? 2 * value - 1 : -2 * value);
  }

  code(bits: string): this {
    for (const bit of bits) this.bits.push(bit === '1' ? 1 : 0);
    return this;
  }

  /** The RBSP, with rbsp_trailing_bits. */
  rbsp(): Uint8Array {
    const bits = [...this.bits, 1];
    while (bits.length % 8 !== 0) bits.push(0);
    return Uint8Array.from({ length: bits.length / 8 }, (_, i) =>
      Number.parseInt(bits.slice(8 * i, 8 * i + 8).join(''), 2),
    );
  }
}

/** A NAL unit with start code and emulation prevention. */
export function nal(nal_ref_idc: number, nal_unit_type: number, rbsp: Uint8Array): Uint8Array {
  const bytes = [0, 0, 0, 1, (nal_ref_idc << 5) | nal_unit_type];
  let zeros = 0;
  for (const byte of rbsp) {
    if (zeros === 2 && byte <= 3) {
      bytes.push(3);
      zeros = 0;
    }
    bytes.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Uint8Array.from(bytes);
}

export const concat = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

/** High profile, pic_order_cnt_type 2, cols x rows macroblocks. */
export function sps(cols: number, rows: number, change: { profile_idc?: number; id?: number } = {}): Uint8Array {
  const writer = new BitWriter()
    .u(8, change.profile_idc ?? 100)
    .u(8, 0)
    .u(8, 30)
    .ue(change.id ?? 0);
  if ((change.profile_idc ?? 100) === 100) writer.ue(1).ue(0).ue(0).u(1, 0).u(1, 0);
  writer.ue(0).ue(2).ue(1).u(1, 0); // log2_max_frame_num 4, pic_order_cnt_type 2, one reference, no gaps
  writer
    .ue(cols - 1)
    .ue(rows - 1)
    .u(1, 1)
    .u(1, 1)
    .u(1, 0)
    .u(1, 0);
  return nal(3, 7, writer.rbsp());
}

/** CAVLC, 8x8 transform allowed. */
export function pps(change: { sps?: number; id?: number } = {}): Uint8Array {
  const writer = new BitWriter()
    .ue(change.id ?? 0)
    .ue(change.sps ?? 0)
    .u(1, 0)
    .u(1, 0)
    .ue(0)
    .ue(0)
    .ue(0)
    .u(1, 0)
    .u(2, 0);
  writer.se(0).se(0).se(0).u(1, 0).u(1, 0).u(1, 0); // QP 26, no deblocking control
  writer.u(1, 1).u(1, 0).se(0); // transform_8x8_mode_flag
  return nal(3, 8, writer.rbsp());
}

/** Header of an IDR slice with the given quantiser. */
export function idrSliceHeader(qp: number, first_mb_in_slice = 0, pps = 0): BitWriter {
  return new BitWriter()
    .ue(first_mb_in_slice)
    .ue(7)
    .ue(pps)
    .u(4, 0)
    .ue(0)
    .u(1, 0)
    .u(1, 0)
    .se(qp - 26);
}

/** residual_block_cavlc() of `levels` in scan order, with context nC. */
export function residualBlock(writer: BitWriter, levels: readonly number[], nC: number): number {
  const positions = levels.flatMap((level, k) => (level !== 0 ? [k] : [])).reverse();
  const total = positions.length;
  let ones = 0;
  while (ones < Math.min(3, total) && Math.abs(levels[positions[ones]!]!) === 1) ones++;
  if (nC < 8) {
    const table = coeff_token[nC < 2 ? 0 : nC < 4 ? 1 : 2]!;
    writer.code(table.find(({ value }) => value === total * 4 + ones)!.bits);
  } else writer.u(6, total === 0 ? 3 : ((total - 1) << 2) | ones);
  if (total === 0) return 0;
  for (let i = 0; i < ones; i++) writer.u(1, levels[positions[i]!]! < 0 ? 1 : 0);
  let suffixLength = total > 10 && ones < 3 ? 1 : 0;
  for (let i = ones; i < total; i++) {
    const level = levels[positions[i]!]!;
    let levelCode = level > 0 ? 2 * level - 2 : -2 * level - 1;
    if (i === ones && ones < 3) levelCode -= 2;
    writeLevel(writer, levelCode, suffixLength);
    if (suffixLength === 0) suffixLength = 1;
    if (Math.abs(level) > 3 << (suffixLength - 1) && suffixLength < 6) suffixLength++;
  }
  let zerosLeft = positions[0]! + 1 - total;
  if (total < levels.length) writer.code(total_zeros[total - 1]![zerosLeft]!.bits);
  for (let i = 0; i < total - 1 && zerosLeft > 0; i++) {
    const run = positions[i]! - positions[i + 1]! - 1;
    writer.code(run_before[Math.min(zerosLeft, 7) - 1]![run]!.bits);
    zerosLeft -= run;
  }
  return total;
}

/** level_prefix and level_suffix, 9.2.2.1. */
function writeLevel(writer: BitWriter, levelCode: number, suffixLength: number): void {
  const prefix = (length: number): BitWriter => writer.u(length, 0).u(1, 1);
  if (suffixLength === 0) {
    if (levelCode < 14) prefix(levelCode);
    else if (levelCode < 30) prefix(14).u(4, levelCode - 14);
    else writeEscape(writer, levelCode - 30);
  } else if (levelCode < 15 << suffixLength) {
    prefix(levelCode >> suffixLength).u(suffixLength, levelCode & ((1 << suffixLength) - 1));
  } else writeEscape(writer, levelCode - (15 << suffixLength));
}

function writeEscape(writer: BitWriter, rest: number): void {
  let level_prefix = 15;
  // Prefix 15 carries 12 bits, each further one more bit and starts where the one before ends.
  while (rest >= 2 ** (level_prefix - 3)) {
    rest -= 2 ** (level_prefix - 3);
    level_prefix++;
  }
  writer
    .u(level_prefix, 0)
    .u(1, 1)
    .u(level_prefix - 3, rest);
}
