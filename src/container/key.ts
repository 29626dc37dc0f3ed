/** Whether a packet holds a key frame, from its first bytes, where a container does not say. */

/**
 * True if the first picture in the packet is intra: MPEG-4 vop_coding_type (ISO/IEC 14496-2, 6.3.5), H.263 PTYPE bit 9
 * (5.1.3), H.264 an IDR slice before any other (14496-10, 7.4.1). False for codecs that it does not know.
 */
export function isKeyPacket(codec: string, head: Uint8Array): boolean {
  if (codec === 'mpeg4') return firstVop(head) === 0;
  if (codec === 'h263') return isIntraH263(head);
  if (codec === 'h264') return firstSlice(head) === 5;
  return false;
}

/** vop_coding_type of the first VOP (0 is I), or -1. A short header (H.263) may stand in its place. */
function firstVop(head: Uint8Array): number {
  if (head[0] === 0 && head[1] === 0 && (head[2]! & 0xfc) === 0x80) return isIntraH263(head) ? 0 : 1;
  for (let i = 0; i + 4 < head.length; i++) {
    if (head[i] === 0 && head[i + 1] === 0 && head[i + 2] === 1 && head[i + 3] === 0xb6) return head[i + 4]! >> 6;
  }
  return -1;
}

/** PSC 22 bits, TR 8 bits, PTYPE: bit 9 is the coding type unless bits 6-8 say there is an extended PTYPE. */
function isIntraH263(head: Uint8Array): boolean {
  if (head.length < 8) return false;
  const ptype = head[4]!; // bits 3..10 of PTYPE: split, document, freeze, format (3), coding type, …
  const sourceFormat = (ptype >> 2) & 7;
  if (sourceFormat !== 7) return (ptype & 2) === 0;
  // PLUSPTYPE (5.1.4): UFEP 3 bits, OPPTYPE 18 bits if UFEP is 1, then MPPTYPE, which begins with the type in 3 bits.
  const bits = ((head[4]! & 3) * 2 ** 24 + head[5]! * 2 ** 16 + head[6]! * 2 ** 8 + head[7]!) >>> 0; // 26 bits
  const ufep = (bits >>> 23) & 7;
  if (ufep === 0) return ((bits >>> 20) & 7) === 0;
  return ((bits >>> 2) & 7) === 0;
}

/** nal_unit_type of the first slice, or 0. Finds units by start codes, and by lengths where there are none. */
function firstSlice(head: Uint8Array): number {
  const annexB = head[0] === 0 && head[1] === 0 && (head[2] === 1 || (head[2] === 0 && head[3] === 1));
  let at = 0;
  while (at + 5 <= head.length) {
    let type = 0;
    if (annexB) {
      while (at + 3 < head.length && !(head[at] === 0 && head[at + 1] === 0 && head[at + 2] === 1)) at++;
      type = (head[at + 3] ?? 0) & 31;
      at += 3;
    } else {
      type = head[at + 4]! & 31;
      at += 4 + head[at]! * 2 ** 24 + head[at + 1]! * 2 ** 16 + head[at + 2]! * 2 ** 8 + head[at + 3]!;
    }
    if (type === 1 || type === 2 || type === 5) return type;
  }
  return 0;
}
