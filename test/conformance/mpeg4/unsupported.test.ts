/** What is not read says so, by the standard's name for it; pictures that are not coded are pictures all the same. */
import { describe, expect, it } from 'vitest';
import { createParser } from '../../../src/bitstream/index.js';
import { UnsupportedStreamError } from '../../../src/errors.js';
import { defaultLimits } from '../../../src/limits.js';
import { makeClip, motion } from '../../support/clips.js';
import { decodeClip } from '../../support/oracle.js';
import { rawTrack, readM4v } from '../../support/streams.js';
import { mpeg4Clips } from './clips.js';
import { reconstruct } from './reconstruct.js';

describe('features that are not read', () => {
  it('global motion compensation', () => {
    const clip = makeClip(motion.pan('176x144', 10), ['-c:v', 'libxvid', '-q:v', '4', '-gmc', '1'], 'm4v');
    const { packets } = readM4v(clip);
    const parse = (): void => {
      const parser = createParser(rawTrack(176, 144), defaultLimits);
      for (const packet of packets) parser.parse(packet);
    };
    expect(parse).toThrow(UnsupportedStreamError);
    expect(parse).toThrow(/global motion compensation/i);
  });
});

describe('pictures that are not coded', () => {
  /** A P-VOP header (6.2.5) with vop_coded = 0, 11 bits of time increment for 25 Hz: modulo_time_base 0. */
  function notCoded(increment: number, bits: number): Uint8Array {
    const text = `01${'0'}1${increment.toString(2).padStart(bits, '0')}10`;
    const stuffed = `${text}0`.padEnd(Math.ceil((text.length + 1) / 8) * 8, '1');
    const bytes = stuffed.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2));
    return Uint8Array.from([0, 0, 1, 0xb6, ...bytes]);
  }

  it('are told, empty, and leave their neighbours as they are', () => {
    const clip = mpeg4Clips[0]!;
    const path = makeClip(clip.source, clip.encoder, 'm4v');
    const { packets } = readM4v(path);
    const parser = createParser(rawTrack(176, 144), defaultLimits);
    parser.headers(packets[0]!);
    // 25 ticks a second: 5 bits of vop_time_increment.
    const empty = notCoded(3, 5);
    expect(parser.headers(empty)).toMatchObject([{ type: 'P', coded: false, offset: 0, size: empty.length }]);
    const frame = parser.parse(empty);
    expect(frame.coded).toBe(false);
    expect(frame.damage).toBeUndefined();
    expect(frame.luma!.data.every((value) => value === 0)).toBe(true);
    expect(frame.motion.vectors.every((value) => value === 0)).toBe(true);
    expect(frame.macroblockType.every((type) => type === 0)).toBe(true);

    const mixed = packets.flatMap((packet, i) => (i % 4 === 2 ? [packet, empty] : [packet]));
    const fresh = createParser(rawTrack(176, 144), defaultLimits);
    const { differences, compared } = reconstruct(fresh, mixed, decodeClip(path, 176, 144, 'simple', ['-f', 'm4v']));
    expect(differences).toEqual([]);
    expect(compared).toBe(packets.length);
  });
});
