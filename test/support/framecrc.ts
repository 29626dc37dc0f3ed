/** ffmpeg as the judge of containers: the packets of a file's video track as its demultiplexer sees them. */
import { ffmpeg } from './ffmpeg.js';

export interface OraclePacket {
  /** Seconds; `undefined` where ffmpeg has none. */
  pts: number | undefined;
  key: boolean;
  size: number;
  /** Adler-32 of the bytes, begun at 0. */
  checksum: number;
}

/** Packets of the first video track in decoding order. */
export function oraclePackets(path: string, input: readonly string[] = []): OraclePacket[] {
  const text = ffmpeg([
    ...input,
    '-copyts',
    '-i',
    path,
    '-map',
    '0:v:0',
    '-c',
    'copy',
    '-f',
    'framecrc',
    '-',
  ]).toString();
  let tick = Number.NaN;
  const packets: OraclePacket[] = [];
  for (const line of text.split('\n')) {
    const timeBase = /^#tb 0: (\d+)\/(\d+)/.exec(line);
    if (timeBase) tick = Number(timeBase[1]) / Number(timeBase[2]);
    const fields = /^0, *(-?\d+), *(-?\d+), *(\d+), *(\d+), (0x[0-9a-f]+)(, F=0x0)?/.exec(line);
    if (!fields) continue;
    const pts = Number(fields[2]);
    packets.push({
      pts: Math.abs(pts) > 2 ** 62 ? undefined : pts * tick,
      key: fields[6] === undefined,
      size: Number(fields[4]),
      checksum: Number(fields[5]),
    });
  }
  return packets;
}

/** The checksum that ffmpeg's framecrc prints. */
export function adler32(bytes: Uint8Array): number {
  let a = 0;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return (b * 65536 + a) >>> 0;
}
