/** Cuts an Annex B byte stream into access units, which are what a container would hand on as packets. */

/** nal_unit_type (table 7-1) of the NAL units that this file looks at. */
const NON_IDR = 1;
const IDR = 5;
/** SEI, SPS, PPS, access unit delimiter: after a slice, each of them starts the next access unit (7.4.1.2.3). */
const SEI = 6;
const DELIMITER = 9;

/** Where NAL units start (at their start code, with its leading zero byte) and their type. */
function nalUnits(stream: Uint8Array): { start: number; header: number }[] {
  const units: { start: number; header: number }[] = [];
  for (let i = 0; i + 3 < stream.length; i++) {
    if (stream[i] !== 0 || stream[i + 1] !== 0 || stream[i + 2] !== 1) continue;
    const start = i > 0 && stream[i - 1] === 0 ? i - 1 : i;
    units.push({ start, header: i + 3 });
    i += 2;
  }
  return units;
}

/**
 * The access units in decoding order. A new one starts at a slice with first_mb_in_slice = 0, or at SEI, SPS, PPS or
 * delimiter after a slice. (A picture whose first slice is lost stays with the one before: the parser tells them apart.)
 */
export function accessUnits(stream: Uint8Array): Uint8Array[] {
  const starts: number[] = [];
  let prefixAt: number | undefined;
  for (const { start, header } of nalUnits(stream)) {
    const type = stream[header]! & 31;
    if (type >= SEI && type <= DELIMITER) prefixAt ??= start;
    if (type !== NON_IDR && type !== IDR) continue;
    const firstMbIsZero = (stream[header + 1]! & 0x80) !== 0; // ue(v) = 0 is the single bit 1
    if (firstMbIsZero || prefixAt !== undefined || starts.length === 0) starts.push(prefixAt ?? start);
    prefixAt = undefined;
  }
  if (starts.length === 0) return [stream];
  starts[0] = 0;
  return starts.map((start, i) => stream.subarray(start, starts[i + 1] ?? stream.length));
}
