/**
 * Just enough of the MPEG-4 visual elementary stream to handle it in tests: cut it at its VOP start codes, and rewrite
 * the size in its VOL header (ISO/IEC 14496-2, 6.2.3).
 */

/** Offset of the next 00 00 01 xx at or after `from` with low <= xx <= high, or -1. */
export function findStartCode(bytes: Uint8Array, from: number, low: number, high: number): number {
  for (let i = from; i + 3 < bytes.length; i++) {
    if (bytes[i] === 0 && bytes[i + 1] === 0 && bytes[i + 2] === 1 && bytes[i + 3]! >= low && bytes[i + 3]! <= high) {
      return i;
    }
  }
  return -1;
}

/** One packet per VOP; the headers before a VOP stay with it. */
export function splitM4v(bytes: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let start = 0;
  let vop = findStartCode(bytes, 0, 0xb6, 0xb6);
  while (vop >= 0) {
    // The packet ends at the next start code of any kind, for headers that follow belong to the next VOP.
    const next = findStartCode(bytes, vop + 4, 0, 0xff);
    const end = next < 0 ? bytes.length : next;
    packets.push(bytes.subarray(start, end));
    start = end;
    vop = next < 0 ? -1 : findStartCode(bytes, next, 0xb6, 0xb6);
  }
  return packets;
}

/** Reads and overwrites single bit fields in place. */
class BitCursor {
  readonly bytes: Uint8Array;
  position: number;

  constructor(bytes: Uint8Array, byteOffset: number) {
    this.bytes = bytes;
    this.position = byteOffset * 8;
  }

  read(bits: number): number {
    let value = 0;
    for (let i = 0; i < bits; i++, this.position++) {
      value = value * 2 + ((this.bytes[this.position >> 3]! >> (7 - (this.position & 7))) & 1);
    }
    return value;
  }

  write(value: number, bits: number): void {
    for (let i = bits - 1; i >= 0; i--, this.position++) {
      const mask = 0x80 >> (this.position & 7);
      const at = this.position >> 3;
      this.bytes[at] = (value >> i) & 1 ? this.bytes[at]! | mask : this.bytes[at]! & ~mask;
    }
  }
}

/** intra_quant_mat or nonintra_quant_mat: up to 64 values, ended early by 0. */
function skipMatrix(bits: BitCursor): void {
  for (let i = 0; i < 64 && bits.read(8) !== 0; i++);
}

/** Where the fields of interest lie in a VOL header, in bits from the start of `bytes`. */
export interface VolFields {
  /** vop_time_increment_resolution, 16 bits. */
  resolution: number;
  /** Its value: ticks in a second. */
  ticks: number;
  /** video_object_layer_width, 13 bits; video_object_layer_height follows after a marker bit. */
  width: number;
  /** reversible_vlc, 1 bit, or `undefined` where the stream is not data-partitioned. */
  reversibleVlc: number | undefined;
}

/** Finds them in every VOL header of the stream. */
export function volFields(bytes: Uint8Array): VolFields[] {
  const found: VolFields[] = [];
  for (let at = findStartCode(bytes, 0, 0x20, 0x2f); at >= 0; at = findStartCode(bytes, at + 4, 0x20, 0x2f)) {
    const bits = new BitCursor(bytes, at + 4);
    bits.read(1 + 8); // random_accessible_vol, video_object_type_indication
    let verid = 1;
    if (bits.read(1)) {
      verid = bits.read(4); // video_object_layer_verid
      bits.read(3); // video_object_layer_priority
    }
    if (bits.read(4) === 15) bits.read(8 + 8); // aspect_ratio_info: extended_PAR
    if (bits.read(1)) {
      bits.read(2 + 1); // chroma_format, low_delay
      if (bits.read(1)) bits.read(15 + 1 + 15 + 1 + 15 + 1 + 3 + 11 + 1 + 15 + 1); // vbv_parameters
    }
    bits.read(2 + 1); // video_object_layer_shape, marker
    const resolution = bits.position;
    const ticks = bits.read(16);
    bits.read(1);
    if (bits.read(1)) bits.read(Math.max(1, Math.ceil(Math.log2(ticks)))); // fixed_vop_time_increment
    bits.read(1);
    const width = bits.position;
    bits.read(13 + 1 + 13 + 1 + 1 + 1); // width, height and their markers, interlaced, obmc_disable
    bits.read(verid === 1 ? 1 : 2); // sprite_enable
    bits.read(1); // not_8_bit
    if (bits.read(1)) {
      for (let matrix = 0; matrix < 2; matrix++) if (bits.read(1)) skipMatrix(bits);
    }
    if (verid !== 1) bits.read(1); // quarter_sample
    bits.read(1 + 1); // complexity_estimation_disable, resync_marker_disable
    found.push({ resolution, ticks, width, reversibleVlc: bits.read(1) ? bits.position : undefined });
  }
  return found;
}

/** A copy of the stream whose VOL headers declare another size. */
export function withDeclaredSize(stream: Uint8Array, width: number, height: number): Uint8Array {
  const bytes = stream.slice();
  const fields = volFields(bytes);
  if (fields.length === 0) throw new Error('no VOL header found');
  for (const field of fields) {
    const bits = new BitCursor(bytes, 0);
    bits.position = field.width;
    bits.write(width, 13);
    bits.read(1);
    bits.write(height, 13);
  }
  return bytes;
}

/** A copy of the stream whose VOL headers declare reversible VLC. */
export function withReversibleVlc(stream: Uint8Array): Uint8Array {
  const bytes = stream.slice();
  for (const { reversibleVlc } of volFields(bytes)) {
    if (reversibleVlc === undefined) throw new Error('the stream is not data-partitioned');
    const bits = new BitCursor(bytes, 0);
    bits.position = reversibleVlc;
    bits.write(1, 1);
  }
  return bytes;
}
