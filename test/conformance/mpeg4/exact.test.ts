/**
 * The proof of the MPEG-4 Part 2 parser: for every picture of every clip, motion compensation from our vectors plus our
 * residual is ffmpeg's picture, sample by sample, luma and chroma; key frames decode to ffmpeg's pixels.
 */
import assert from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { createParser } from '../../../src/bitstream/index.js';
import type { BitstreamParser } from '../../../src/bitstream/parser.js';
import { defaultLimits } from '../../../src/limits.js';
import { makeClip } from '../../support/clips.js';
import { splitM4v, withDeclaredSize } from '../../support/m4v.js';
import { decodeClip, type Picture } from '../../support/oracle.js';
import { rawTrack, readM4v } from '../../support/streams.js';
import { type ConformanceClip, mpeg4Clips, oddClips, xvidClips } from './clips.js';
import { codedPictures, firstDifference, reconstruct } from './reconstruct.js';

/** Key frames through `decodeKeyFrame`, compared with ffmpeg's; the differences in words. */
async function keyFrameDifferences(
  parser: BitstreamParser,
  packets: readonly Uint8Array[],
  decoded: readonly Picture[],
): Promise<string[]> {
  const differences: string[] = [];
  for (const { packet, picture, type, display } of codedPictures(parser, packets)) {
    if (type !== 'I') continue;
    const difference = firstDifference(await parser.decodeKeyFrame(packet, picture), decoded[display]!);
    if (difference) differences.push(`key frame shown as ${display}: ${difference}`);
  }
  return differences;
}

async function check(clip: ConformanceClip): Promise<void> {
  const path = makeClip(clip.source, clip.encoder, 'm4v');
  const { packets } = readM4v(path);
  const byXvid = clip.encoder.includes('libxvid');
  // Streams that name Xvid as their encoder are read with its inverse transform, unless told otherwise.
  const own = decodeClip(path, clip.width, clip.height, byXvid ? 'xvid' : 'simple', ['-f', 'm4v']);
  const parser = createParser(rawTrack(clip.width, clip.height), defaultLimits);
  const { census, differences, compared } = reconstruct(parser, packets, own);
  expect(differences).toEqual([]);
  expect(compared).toBe(own.length);
  expect(clip.expects(census), `the clip exercises its feature: ${JSON.stringify(census)}`).toBe(true);
  expect(await keyFrameDifferences(parser, packets, own)).toEqual([]);

  if (byXvid) {
    const simple = decodeClip(path, clip.width, clip.height, 'simple', ['-f', 'm4v']);
    const again = reconstruct(parser, packets, simple, { idct: 'simple' });
    expect(again.differences).toEqual([]);
    expect(again.compared).toBe(simple.length);
  }
}

describe('prediction + residual = picture: ffmpeg mpeg4', () => {
  it.each(mpeg4Clips)('$name', check);
});

describe('prediction + residual = picture: libxvid, with its inverse transform and with the simple one', () => {
  it.each(xvidClips)('$name', check);
});

/**
 * Sizes that are not whole macroblocks. A decoder's references include the padding, which is not ours to give: so the
 * same stream is parsed a second time with its VOL header declaring the padded size, rebuilt upon itself, and its middle
 * compared; and the planes of the stream as it is must be that parse's planes, cut.
 */
describe('prediction + residual = picture: sizes that are not whole macroblocks', () => {
  it.each(oddClips)('$name', async (clip) => {
    const { width, height } = clip;
    const byXvid = clip.encoder.includes('libxvid');
    const path = makeClip(clip.source, clip.encoder, 'm4v');
    const { bytes, packets } = readM4v(path);
    const decoded = decodeClip(path, width, height, byXvid ? 'xvid' : 'simple', ['-f', 'm4v']);
    const padded = { width: Math.ceil(width / 16) * 16, height: Math.ceil(height / 16) * 16 };
    const widened = splitM4v(withDeclaredSize(bytes, padded.width, padded.height));
    const wide = createParser(rawTrack(padded.width, padded.height), defaultLimits);
    const { census, differences } = reconstruct(wide, widened, decoded);
    expect(differences).toEqual([]);
    expect(clip.expects(census), `the clip exercises its feature: ${JSON.stringify(census)}`).toBe(true);

    const parser = createParser(rawTrack(width, height), defaultLimits);
    const wides = codedPictures(wide, widened);
    for (const [index, { packet, picture, type, display }] of codedPictures(parser, packets).entries()) {
      const frame = parser.parse(packet, picture);
      expect([frame.width, frame.height]).toEqual([width, height]);
      expect([frame.luma!.width, frame.luma!.height]).toEqual([width, height]);
      expect([frame.cb!.width, frame.cb!.height]).toEqual([(width + 1) >> 1, (height + 1) >> 1]);
      const whole = wide.parse(wides[index]!.packet, wides[index]!.picture);
      for (const name of ['luma', 'cb', 'cr'] as const) {
        const ours = frame[name]!;
        const theirs = whole[name]!;
        for (let y = 0; y < ours.height; y++) {
          const row = ours.data.subarray(y * ours.stride, y * ours.stride + ours.width);
          assert.deepStrictEqual(
            row.slice(),
            theirs.data.subarray(y * theirs.stride, y * theirs.stride + ours.width).slice(),
          );
        }
      }
      if (type === 'I') {
        expect(firstDifference(await parser.decodeKeyFrame(packet, picture), decoded[display]!)).toBeUndefined();
      }
    }
  });
});
