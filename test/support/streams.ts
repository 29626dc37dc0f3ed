/** A clip as the parser sees it: raw packets and a track, without any container between. */
import { readFileSync } from 'node:fs';
import type { VideoTrack } from '../../src/container/packet.js';
import { findStartCode, splitM4v } from './m4v.js';

/** The track of a raw MPEG-4 visual elementary stream; its parameter sets lie in the packets unless `config` is given. */
export function rawTrack(width: number, height: number, config: Uint8Array = new Uint8Array(0)): VideoTrack {
  return { container: 'm4v', codec: 'mpeg4', width, height, rotation: 0, config, frameRate: undefined };
}

/** A `.m4v` file, whole and cut into packets. */
export function readM4v(path: string): { bytes: Uint8Array; packets: Uint8Array[] } {
  const bytes = new Uint8Array(readFileSync(path));
  return { bytes, packets: splitM4v(bytes) };
}

/** VOS, VO and VOL headers of the stream's first packet: everything before its first GOP or VOP start code. */
export function parameterSets(packet: Uint8Array): Uint8Array {
  const gop = findStartCode(packet, 0, 0xb3, 0xb3);
  const vop = findStartCode(packet, 0, 0xb6, 0xb6);
  return packet.slice(0, gop >= 0 && gop < vop ? gop : Math.max(0, vop));
}
