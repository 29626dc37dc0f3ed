/** What kind of file the first bytes belong to. */
import { MalformedStreamError } from '../errors.js';
import { fourcc } from './bytes.js';

export type FileKind = 'mp4' | 'avi' | 'matroska' | 'mpeg-ts' | 'flv' | 'm4v' | 'h263' | 'h264';

/** Bytes that `sniff` wants to see, if the file has them. */
export const SNIFF_BYTES = 64 * 1024;

/**
 * The kind of file, or the name of a kind that is known but not read. Throws MalformedStreamError for anything else.
 */
export function sniff(head: Uint8Array): FileKind | { unsupported: string } {
  const first = fourcc(head, 0);
  const second = fourcc(head, 4);
  if (topLevelBoxes.has(second)) return 'mp4';
  if (first === 'RIFF' && fourcc(head, 8).startsWith('AVI')) return 'avi';
  if (first === '\x1aE\xdf\xa3') return 'matroska';
  if (first === 'FLV\x01') return 'flv';
  if (isTransportStream(head)) return 'mpeg-ts';
  const elementary = elementaryKind(head);
  if (elementary) return elementary;
  const unsupported = unsupportedKind(first, head);
  if (unsupported) return { unsupported };
  const known = 'MP4, MOV, 3GP, MKV, WebM, MPEG-TS, AVI, FLV, or a raw MPEG-4, H.263 or H.264 stream';
  throw new MalformedStreamError(`not a container that vultus knows (${known})`, { offset: 0 });
}

/** The boxes with which an MP4 or QuickTime file may begin. */
const topLevelBoxes = new Set(['ftyp', 'styp', 'moov', 'mdat', 'free', 'skip', 'wide', 'pnot', 'uuid']);

/** Sync bytes 188 apart, or 192 with the four bytes of a time code in front (M2TS). */
function isTransportStream(head: Uint8Array): boolean {
  const synced = (start: number, step: number) => {
    if (head.length < start + step) return head.length >= start + 188 && head[start] === 0x47;
    for (let i = 0; i < 4 && start + i * step < head.length; i++) if (head[start + i * step] !== 0x47) return false;
    return true;
  };
  return synced(0, 188) || synced(4, 192);
}

/** A raw elementary stream begins with a start code of its own. */
function elementaryKind(head: Uint8Array): FileKind | undefined {
  // H.263 5.1.1: picture_start_code of 22 bits; PTYPE begins with bits 1 and 0 (5.1.3).
  if (head[0] === 0 && head[1] === 0 && (head[2]! & 0xfc) === 0x80 && (head[3]! & 3) === 2) return 'h263';
  if (head[0] !== 0 || head[1] !== 0 || !(head[2] === 1 || (head[2] === 0 && head[3] === 1))) return undefined;
  let sps = false;
  let header = false;
  for (let i = 0; i + 3 < head.length; i++) {
    if (head[i] !== 0 || head[i + 1] !== 0 || head[i + 2] !== 1) continue;
    const code = head[i + 3]!;
    if (code === 0xb6) return header ? 'm4v' : undefined; // vop_start_code: no NAL unit begins with a bit 1
    if (code === 0xb0 || code === 0xb5 || (code >= 0x20 && code <= 0x2f))
      header = true; // VOS, visual object, VOL
    else if (code >= 0xb7) return undefined; // MPEG-1/2 program stream
    if ((code & 0x9f) === 7) sps = true;
    const nal_unit_type = code & 0x1f;
    if (sps && code < 0x80 && (nal_unit_type === 1 || nal_unit_type === 5)) return 'h264';
  }
  return header ? 'm4v' : undefined;
}

function unsupportedKind(first: string, head: Uint8Array): string | undefined {
  if (first === 'OggS') return 'Ogg container';
  if (first === '\x30\x26\xb2\x75') return 'ASF / WMV container';
  if (first === '\0\0\x01\xba') return 'MPEG program stream';
  if (first === '\0\0\x01\xb3') return 'MPEG-1 / MPEG-2 video';
  if (first === '.RMF') return 'RealMedia container';
  if (first === 'RIFF' && fourcc(head, 8) === 'WAVE') return 'a file without a video track (WAVE)';
  return undefined;
}
