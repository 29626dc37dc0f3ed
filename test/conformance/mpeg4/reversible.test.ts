/** Reversible VLC: streams rewritten with it decode in ffmpeg as before, and parse to the same frames. */
import assert from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { copyFrame } from '../../../src/bitstream/frame.js';
import { createParser } from '../../../src/bitstream/index.js';
import { defaultLimits } from '../../../src/limits.js';
import { makeClip, motion, type Source } from '../../support/clips.js';
import { ffmpeg } from '../../support/ffmpeg.js';
import { decodeClip, splitI420 } from '../../support/oracle.js';
import { rawTrack, readM4v } from '../../support/streams.js';
import { firstDifference, reconstruct } from './reconstruct.js';
import { toReversibleVlc } from './reversible.js';

const [width, height] = [176, 144];

describe('reversible VLC', () => {
  it.each<[string, Source, string[], number]>([
    ['scene cuts', motion.cuts('176x144', 12), ['-q:v', '5', '-g', '12'], 60],
    ['grain at the finest quantisers', motion.grain('176x144', 5), ['-q:v', '2', '-g', '3', '-flags', '+aic'], 120],
    ['four vectors', motion.life('176x144', 8), ['-q:v', '3', '-g', '6', '-flags', '+mv4+aic', '-mbd', 'rd'], 60],
  ])('%s', (_, source, encoder, variety) => {
    const path = makeClip(source, ['-c:v', 'mpeg4', '-threads', '1', '-data_partitioning', '1', ...encoder], 'm4v');
    const { bytes, packets: before } = readM4v(path);
    const { packets, used } = toReversibleVlc(bytes, width, height);
    expect(used.intra.size).toBeGreaterThan(variety);
    expect(used.inter.size).toBeGreaterThan(variety);

    // ffmpeg reads the rewritten stream as the one that it wrote: the codes are the standard's.
    const decoded = decodeClip(path, width, height, 'simple', ['-f', 'm4v']);
    const again = splitI420(
      ffmpeg(
        ['-flags', 'bitexact', '-idct', 'simple', '-f', 'm4v', '-i', 'pipe:0', '-vsync', '0', '-f', 'rawvideo', '-'],
        Buffer.concat(packets),
      ),
      width,
      height,
    );
    expect(again.length).toBe(decoded.length);
    again.forEach((picture, i) => {
      expect(firstDifference(picture, decoded[i]!), `picture ${i}`).toBeUndefined();
    });

    // And so do we.
    const parser = createParser(rawTrack(width, height), defaultLimits);
    const { differences, compared } = reconstruct(parser, packets, decoded);
    expect(differences).toEqual([]);
    expect(compared).toBe(packets.length);
    const plain = createParser(rawTrack(width, height), defaultLimits);
    for (const [i, packet] of packets.entries()) {
      const { bits: _now, ...frame } = copyFrame(parser.parse(packet));
      const { bits: _then, ...expected } = copyFrame(plain.parse(before[i]!));
      assert.deepStrictEqual(frame, expected);
      // Stepping over blocks is a path of its own.
      const part = { region: { x: 96, y: 80, width: 16, height: 16 }, scale: 2 } as const;
      assert.deepStrictEqual(parser.parse(packet, 0, part).luma, plain.parse(before[i]!, 0, part).luma);
    }
  });
});
