/** Start codes of 14496-2 (6.2.1): 00 00 01 and a byte that says what follows. */

export const StartCode = {
  /** video_object_layer_start_code: 20..2f. */
  firstLayer: 0x20,
  lastLayer: 0x2f,
  visualObjectSequence: 0xb0,
  sequenceEnd: 0xb1,
  userData: 0xb2,
  groupOfVop: 0xb3,
  visualObject: 0xb5,
  vop: 0xb6,
} as const;

/** A start code and what follows it up to the next: `start` is the offset behind the code's four bytes. */
export interface Unit {
  code: number;
  start: number;
  end: number;
}

/** Offset of the next 00 00 01 at or behind `from` that a byte follows; `bytes.length` if there is none. */
export function findStartCode(bytes: Uint8Array, from: number): number {
  let i = from + 2;
  const last = bytes.length - 1;
  while (i < last) {
    const b = bytes[i]!;
    if (b > 1) i += 3;
    else if (b === 0) i += 1;
    else if (bytes[i - 1] === 0 && bytes[i - 2] === 0) return i - 2;
    else i += 3;
  }
  return bytes.length;
}

/** All units of a packet in order. Bytes before the first start code are left out. */
export function splitUnits(bytes: Uint8Array): Unit[] {
  const units: Unit[] = [];
  let at = findStartCode(bytes, 0);
  while (at < bytes.length) {
    const next = findStartCode(bytes, at + 4);
    units.push({ code: bytes[at + 3]!, start: at + 4, end: next });
    at = next;
  }
  return units;
}
