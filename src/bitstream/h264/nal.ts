/** The NAL unit layer: Annex B byte streams, length-prefixed packets (ISO/IEC 14496-15), emulation prevention (7.4.1). */
import { MalformedStreamError } from '../../errors.js';
import { BitReader } from '../bit-reader.js';

/** Table 7-1, the types that are looked at. */
export const NalUnitType = {
  nonIdr: 1,
  partitionA: 2,
  partitionC: 4,
  idr: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  delimiter: 9,
  prefix: 14,
  subsetSps: 15,
  sliceExtension: 20,
} as const;

/** A NAL unit in a packet. */
export interface NalUnit {
  /** Of its header byte. */
  start: number;
  /** Behind its last byte (trailing zero bytes of Annex B taken off). */
  end: number;
  nal_ref_idc: number;
  nal_unit_type: number;
  /** Its length field promised more bytes than the packet has. */
  truncated: boolean;
}

/**
 * The NAL units of a packet. `lengthSize`: bytes of the length fields; 0: Annex B start codes. Empty units are stepped over.
 */
export function nalUnits(packet: Uint8Array, lengthSize: number): NalUnit[] {
  return lengthSize > 0 && !startsWithStartCode(packet) ? lengthPrefixed(packet, lengthSize) : annexB(packet);
}

function startsWithStartCode(packet: Uint8Array): boolean {
  // Some writers put start codes into files that promise length fields; a length of 1 would hold a header and no more.
  return packet.length > 4 && packet[0] === 0 && packet[1] === 0 && packet[2] === 0 && packet[3] === 1;
}

function unit(packet: Uint8Array, start: number, end: number, truncated: boolean): NalUnit[] {
  if (end <= start) return [];
  const header = packet[start]!;
  // forbidden_zero_bit set: damage; the unit is not to be used.
  if (header & 0x80) return [];
  return [{ start, end, nal_ref_idc: (header >> 5) & 3, nal_unit_type: header & 31, truncated }];
}

function lengthPrefixed(packet: Uint8Array, lengthSize: number): NalUnit[] {
  const units: NalUnit[] = [];
  let at = 0;
  while (at + lengthSize <= packet.length) {
    let length = 0;
    for (let i = 0; i < lengthSize; i++) length = length * 256 + packet[at + i]!;
    const start = at + lengthSize;
    const end = Math.min(start + length, packet.length);
    units.push(...unit(packet, start, end, end - start < length));
    at = start + length;
  }
  return units;
}

function annexB(packet: Uint8Array): NalUnit[] {
  const units: NalUnit[] = [];
  let start = -1;
  const close = (end: number): void => {
    if (start < 0) return;
    let last = end;
    while (last > start && packet[last - 1] === 0) last--; // trailing_zero_8bits
    units.push(...unit(packet, start, last, false));
  };
  // A start code is 00 00 01: look for its 1.
  for (let at = packet.indexOf(1, 2); at >= 0; at = packet.indexOf(1, at + 1)) {
    if (packet[at - 1] !== 0 || packet[at - 2] !== 0) continue;
    close(at - 2);
    start = at + 1;
  }
  close(packet.length);
  return units;
}

/**
 * Copies the payload `nal[start..end)` (behind the NAL unit header) without emulation_prevention_three_byte to
 * `target`, which has room for all of it; gives the bytes written.
 */
export function copyRbsp(nal: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let from = start;
  let size = 0;
  for (let at = nal.indexOf(3, start + 2); at >= 0 && at < end; at = nal.indexOf(3, at + 1)) {
    if (nal[at - 1] !== 0 || nal[at - 2] !== 0 || at - 2 < from) continue;
    target.set(nal.subarray(from, at), size);
    size += at - from;
    from = at + 1;
  }
  target.set(nal.subarray(from, end), size);
  return size + end - from;
}

/** The RBSP of a NAL unit, at most its first `limit` bytes. */
export function rbspOf(packet: Uint8Array, { start, end }: NalUnit, limit = Number.POSITIVE_INFINITY): Uint8Array {
  const last = Math.min(end, start + 1 + limit);
  const target = new Uint8Array(Math.max(0, last - start - 1));
  return target.subarray(0, copyRbsp(packet, start + 1, last, target));
}

/** Position of rbsp_stop_one_bit in `rbsp`, in bits; -1 if there is none. cabac_zero_words are stepped over. */
export function stopBitOf(rbsp: Uint8Array): number {
  let last = rbsp.length - 1;
  while (last >= 0 && rbsp[last] === 0) last--;
  if (last < 0) return -1;
  const lowest = rbsp[last]! & -rbsp[last]!;
  return last * 8 + 7 - (31 - Math.clz32(lowest));
}

/** Reads the syntax of parameter sets and slice headers. */
export class RbspReader extends BitReader {
  private readonly stop: number;

  constructor(rbsp: Uint8Array) {
    super(rbsp);
    this.stop = stopBitOf(rbsp);
  }

  /** ue(v), 9.1. Throws MalformedStreamError for a code of more than 32 bits of prefix. */
  ue(): number {
    let leadingZeroBits = 0;
    while (!this.flag()) {
      leadingZeroBits++;
      if (leadingZeroBits > 32) throw new MalformedStreamError('Exp-Golomb code with more than 32 leading zeros');
    }
    return 2 ** leadingZeroBits - 1 + this.read(leadingZeroBits);
  }

  /** ue(v) of at most `max`; `name`: the syntax element, for the message. */
  ueUpTo(max: number, name: string): number {
    const value = this.ue();
    if (value > max) throw new MalformedStreamError(`${name} is ${value}, more than ${max}`);
    return value;
  }

  /** se(v), 9.1.1. */
  se(): number {
    const codeNum = this.ue();
    return codeNum % 2 === 1 ? (codeNum + 1) / 2 : 0 - codeNum / 2;
  }

  /** se(v) within a range. */
  seWithin(min: number, max: number, name: string): number {
    const value = this.se();
    if (value < min || value > max) throw new MalformedStreamError(`${name} is ${value}, not within ${min} to ${max}`);
    return value;
  }

  /** more_rbsp_data(), 7.2. */
  moreData(): boolean {
    return this.position < this.stop;
  }

  /** Throws when more was read than there is. */
  check(what: string): void {
    if (this.overrun) throw new MalformedStreamError(`${what} ends early`);
  }
}
