/** The baselines' pictures against ffmpeg asked in another way, at one sample a pixel. */
import { beforeAll, describe, expect, it } from 'vitest';
import { makeClip, motion } from '../../test/support/clips.js';
import { ffmpeg, ffmpegPath } from '../../test/support/ffmpeg.js';
import { MalformedStreamError } from '../errors.js';
import { decodedPictures } from '../ingest/decode.js';
import { FrameCropper } from '../residual/crop.js';
import { RESIDUAL_UNIT } from '../residual/planes.js';
import { readClip } from './read-clip.js';
import { type DecodedOptions, readDecoded } from './read-decoded.js';

const size = 48;
const area = size * size;
const cropper = new FrameCropper({ size, margin: 1 });
const faces = [{ frame: 0, x: 8, y: 0, width: size, height: size }];
const read = (path: string, options: DecodedOptions) => readDecoded(path, { cropper, faces, track: 'hold' }, options);

/** One plane of each picture, cut to the box. */
function planes(path: string, plane: 'y' | 'r' | 'g' | 'b'): Uint8Array[] {
  const format = plane === 'y' ? [] : ['format=gbrp'];
  const filter = [...format, `extractplanes=${plane}`, `crop=${size}:${size}:8:0`].join(',');
  const bytes = ffmpeg(['-i', path, '-vf', filter, '-vsync', '0', '-f', 'rawvideo', '-pix_fmt', 'gray', '-']);
  return Array.from({ length: bytes.length / area }, (_, i) => bytes.subarray(i * area, (i + 1) * area));
}

let mpeg4: string;
let h264: string;
beforeAll(() => {
  process.env.VULTUS_FFMPEG = ffmpegPath();
  mpeg4 = makeClip(motion.bars('64x48', 15), ['-c:v', 'mpeg4', '-g', '6', '-bf', '0', '-q:v', '4'], 'mp4');
  h264 = makeClip(motion.bars('64x48', 15), ['-c:v', 'libx264', '-g', '8', '-bf', '2', '-threads', '1'], 'mp4');
});

describe('readDecoded', () => {
  it('gives the picture of every P-frame, in colour', async () => {
    const { sequence, parsed } = await read(mpeg4, { what: 'pictures', colour: 'rgb' });
    // I-frames: 0, 6, 12.
    const predicted = [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 13, 14];
    expect([sequence.count, parsed]).toEqual([12, 12]);
    expect(predicted.filter((_, p) => sequence.afterKey(p))).toEqual([1, 7, 13]);
    const [r, g, b] = [planes(mpeg4, 'r'), planes(mpeg4, 'g'), planes(mpeg4, 'b')];
    const out = new Int32Array(3 * area);
    for (const [p, index] of predicted.entries()) {
      expect(sequence.index(p)).toBe(index);
      sequence.sum(0, p + 1, out);
      expect([...out]).toEqual([...r[index]!, ...g[index]!, ...b[index]!]);
    }
  });

  it('gives differences of luma between any two P-frames, and from the picture before the first', async () => {
    for (const path of [mpeg4, h264]) {
      const { sequence } = await read(path, { what: 'differences', colour: 'luma' });
      const { sequence: compressed } = await readClip(path, { cropper, faces, track: 'hold' });
      // The same P-frames, though B-frames stand between them.
      expect(sequence.count).toBe(compressed.count);
      const indices = Array.from({ length: sequence.count }, (_, p) => sequence.index(p));
      expect(indices).toEqual(indices.map((_, p) => compressed.index(p)));
      const y = planes(path, 'y');
      const out = new Int32Array(3 * area);
      for (const [from, to] of [
        [0, 1],
        [0, 4],
        [2, 3],
        [1, sequence.count],
      ] as const) {
        sequence.sum(from, to, out);
        const [after, before] = [y[indices[to - 1]!]!, y[from === 0 ? 0 : indices[from - 1]!]!];
        expect([...out.subarray(0, area)]).toEqual(Array.from(after, (v, i) => (v - before[i]!) / RESIDUAL_UNIT));
        expect(out.subarray(area).every((v) => v === 0)).toBe(true);
      }
    }
  });

  it('stops when it is told to, and when nobody reads on', async () => {
    const stop = new AbortController();
    const told = decodedPictures(mpeg4, { width: 64, height: 48, colour: 'luma', signal: stop.signal });
    await told.next();
    stop.abort(new DOMException('interrupted', 'AbortError'));
    await expect(
      (async () => {
        for await (const _ of told);
      })(),
    ).rejects.toThrow('interrupted');
    for await (const [luma] of decodedPictures(mpeg4, { width: 64, height: 48, colour: 'luma' })) {
      expect(luma).toHaveLength(64 * 48);
      break;
    }
  });

  it('tells which file ffmpeg cannot decode', async () => {
    const options = { width: 64, height: 48, colour: 'luma' } as const;
    await expect(decodedPictures(`${mpeg4}.none`, options).next()).rejects.toThrow(/none: ffmpeg cannot decode it/);
    // A size that is not the file's leaves a part of a picture.
    const wrong = decodedPictures(mpeg4, { ...options, height: 47 });
    await expect(
      (async () => {
        for await (const _ of wrong);
      })(),
    ).rejects.toThrow(MalformedStreamError);
  });
});
