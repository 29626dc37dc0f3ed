/** The same proof through the package's own containers, where packets hold several pictures and headers lie outside. */
import { describe, expect, it } from 'vitest';
import { createParser } from '../../../src/bitstream/index.js';
import { defaultLimits } from '../../../src/limits.js';
import { face, makeClip, motion, remuxClip } from '../../support/clips.js';
import { decodeClip } from '../../support/oracle.js';
import { readPackets } from '../../support/packets.js';
import { type Census, reconstruct } from './reconstruct.js';

const mpeg4 = ['-c:v', 'mpeg4', '-threads', '1', '-q:v', '4', '-g', '12'];
const plain = face(176, 144, 25, 36);

async function check(
  path: string,
  expects: (census: Census) => boolean,
  { packed = false, idct = 'simple' as 'simple' | 'xvid', judged = path } = {},
): Promise<void> {
  const { track, packets } = await readPackets(path);
  expect([track.width, track.height]).toEqual([176, 144]);
  const decoded = decodeClip(judged, 176, 144, idct);
  const parser = createParser(track, defaultLimits);
  expect(packets.some((packet) => parser.headers(packet).length > 1)).toBe(packed);
  const { census, differences, compared } = reconstruct(parser, packets, decoded);
  expect(differences).toEqual([]);
  expect(compared).toBe(decoded.length);
  expect(expects(census), JSON.stringify(census)).toBe(true);
}

describe('prediction + residual = picture, through containers', () => {
  it.each(['mp4', 'mov', 'mkv', 'avi', '3gp'])('MPEG-4 in .%s', (extension) =>
    check(makeClip(plain, mpeg4, extension), (census) => census.pictures.P > 15),
  );

  it.each(['mp4', 'mkv', 'avi'])('B-VOPs in .%s', (extension) =>
    check(makeClip(plain, [...mpeg4, '-bf', '2'], extension), (census) => census.pictures.B > 10),
  );

  const packed = () =>
    makeClip(motion.bars('176x144', 40), ['-c:v', 'libxvid', '-q:v', '4', '-bf', '2', '-g', '40'], 'avi');

  const unpacked = () => remuxClip(packed(), 'avi', 'mpeg4_unpack_bframes');

  // ffmpeg loses the last B-VOP of a packed file: judged by the same stream without its packets.
  it('packed bitstream of Xvid in .avi', () =>
    check(packed(), (census) => census.pictures.B > 10, {
      packed: true,
      idct: 'xvid',
      judged: remuxClip(packed(), 'm4v'),
    }));

  it('the same, unpacked', () => check(unpacked(), (census) => census.pictures.B > 10, { idct: 'xvid' }));

  it('short header (H.263 baseline) in .3gp', () =>
    check(makeClip(plain, ['-c:v', 'h263', '-q:v', '4', '-g', '12'], '3gp'), (census) => census.inter > 300));

  it('short header with groups of blocks in .3gp', () =>
    check(
      makeClip(motion.cuts('176x144', 25), ['-c:v', 'h263', '-q:v', '6', '-g', '25', '-ps', '200'], '3gp'),
      (census) => census.intraInPredicted > 100,
    ));
});
