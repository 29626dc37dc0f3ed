/** Files that are cut short, flipped, empty, or no video at all: a typed error or noted damage, soon, and nothing made up. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeClip, motion } from '../../test/support/clips.js';
import { ffmpeg } from '../../test/support/ffmpeg.js';
import { adler32 } from '../../test/support/framecrc.js';
import { ascii, concat, SparseBlob, u32 } from '../../test/support/sparse.js';
import { LimitExceededError, MalformedStreamError, UnsupportedStreamError } from '../errors.js';
import type { Limits } from '../limits.js';
import { openContainer, type VideoSource } from './index.js';

const encoder = ['-c:v', 'mpeg4', '-bf', '2', '-g', '12', '-q:v', '5', '-threads', '1'];
const extensions = ['mp4', 'mkv', 'ts', 'avi', 'm4v'] as const;

function clip(extension: string, args: readonly string[] = []): Uint8Array {
  return new Uint8Array(readFileSync(makeClip(motion.bars('176x144', 40), [...encoder, ...args], extension)));
}

const files: Record<string, () => Uint8Array> = {
  ...Object.fromEntries(extensions.map((extension) => [extension, () => clip(extension)])),
  'mp4, index in front': () => clip('mp4', ['-movflags', '+faststart']),
  'mp4, fragments': () => clip('mp4', ['-movflags', '+frag_every_frame+empty_moov']),
  flv: () => new Uint8Array(readFileSync(makeClip(motion.bars('176x144', 40), ['-c:v', 'flv'], 'flv'))),
  h263: () => new Uint8Array(readFileSync(makeClip(motion.bars('176x144', 40), ['-c:v', 'h263'], 'h263'))),
  h264: () => new Uint8Array(readFileSync(makeClip(motion.bars('176x144', 40), ['-c:v', 'libx264'], 'h264'))),
};

const isTyped = (error: unknown) =>
  error instanceof MalformedStreamError ||
  error instanceof UnsupportedStreamError ||
  error instanceof LimitExceededError;

/** Reads everything there is. Errors must be typed. */
async function readAll(source: VideoSource, limits: Partial<Limits> = {}) {
  const checksums: number[] = [];
  try {
    const container = await openContainer(source, { limits });
    for (const { index, size } of await container.table()) {
      const packet = await container.read(index);
      expect(packet.data.length).toBe(size);
      checksums.push(adler32(packet.data));
    }
    container.close();
    return { checksums, damage: container.damage, error: undefined };
  } catch (error) {
    if (!isTyped(error)) throw error;
    expect((error as Error).message).not.toContain('\n');
    return { checksums, damage: undefined, error };
  }
}

describe('cut short at every sixteenth', () => {
  for (const [name, file] of Object.entries(files)) {
    it(`${name}: the packets that are whole, and no others`, async () => {
      const bytes = file();
      const whole = (await readAll(bytes)).checksums;
      expect(whole.length).toBe(40);
      let best = 0;
      for (let sixteenths = 0; sixteenths < 16; sixteenths++) {
        const cut = bytes.subarray(0, Math.floor((bytes.length * sixteenths) / 16));
        const { checksums, damage, error } = await readAll(cut);
        // The last picture of a raw stream, and of a transport stream, ends where the file does: nothing says it is cut.
        const open = ['m4v', 'h263', 'h264', 'ts'].includes(name) ? 1 : 0;
        const certain = checksums.slice(0, Math.max(0, checksums.length - open));
        expect(certain).toEqual(whole.slice(0, certain.length));
        expect(checksums.length).toBeLessThanOrEqual(40);
        if (!error && !open) expect(damage, `at ${sixteenths}/16`).toBeInstanceOf(MalformedStreamError);
        best = Math.max(best, checksums.length);
      }
      // Without its index at the end an MP4 is lost; all others give what is there.
      if (name === 'mp4') expect(best).toBe(0);
      else expect(best).toBeGreaterThan(30);
    });
  }
});

describe('bit flips', () => {
  for (const [name, file] of Object.entries(files)) {
    it(`${name}: in the headers at both ends`, async () => {
      const bytes = file();
      const nearEnds = fc.integer({ min: 0, max: 4095 }).map((n) => (n < 2048 ? n : bytes.length - 1 - (n - 2048)));
      const flips = fc.array(fc.record({ at: nearEnds, bit: fc.nat(7) }), { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(flips, async (list) => {
          const flipped = bytes.slice();
          for (const { at, bit } of list) flipped[Math.max(0, at)]! ^= 1 << bit;
          await readAll(flipped);
        }),
        { numRuns: 150 },
      );
    });

    it(`${name}: bytes replaced by extremes`, async () => {
      const bytes = file();
      const value = fc.constantFrom(0, 1, 0x7f, 0x80, 0xff);
      const patch = fc.record({
        at: fc.nat(Math.min(bytes.length, 1500) - 1),
        length: fc.integer({ min: 1, max: 8 }),
        value,
      });
      const fromEnd = fc.boolean();
      await fc.assert(
        fc.asyncProperty(patch, fromEnd, async ({ at, length, value: byte }, end) => {
          const patched = bytes.slice();
          const start = end ? bytes.length - 1 - at : at;
          patched.fill(byte, start, start + length);
          await readAll(patched);
        }),
        { numRuns: 150 },
      );
    });
  }
});

describe('what is no video', () => {
  it.each<[string, VideoSource, RegExp]>([
    ['an empty file', new Uint8Array(0), /the file is empty/],
    ['an empty Blob', new Blob([]), /the file is empty/],
    ['one byte', Uint8Array.of(0), /not a container that vultus knows/],
    ['text', ascii('Once upon a time there was no video.'), /not a container that vultus knows/],
    ['zeros', new Uint8Array(100_000), /not a container that vultus knows/],
    [
      'a picture',
      concat(Uint8Array.of(0x89), ascii('PNG\r\n'), new Uint8Array(100)),
      /not a container that vultus knows/,
    ],
  ])('%s', async (_, source, message) => {
    const error = await openContainer(source).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(MalformedStreamError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain('\n');
  });

  it.each([
    ['mpg', ['-c:v', 'mpeg1video'], /MPEG program stream/],
    ['wmv', ['-c:v', 'wmv2'], /ASF/],
  ])('a kind that is not read is named: %s', async (extension, args, message) => {
    const path = makeClip(motion.bars('176x144', 4), args, extension);
    await expect(openContainer(path)).rejects.toBeInstanceOf(UnsupportedStreamError);
    await expect(openContainer(path)).rejects.toThrow(message);
  });

  it.each(['mp4', 'matroska', 'mpegts', 'flv', 'wav'])('sound alone in %s', async (format) => {
    const args = ['-f', 'lavfi', '-i', 'sine=d=1', '-c:a', format === 'wav' ? 'pcm_s16le' : 'aac'];
    const bytes = ffmpeg([
      ...args,
      ...(format === 'mp4' ? ['-movflags', 'frag_keyframe+empty_moov'] : []),
      '-f',
      format,
      '-',
    ]);
    await expect(openContainer(bytes)).rejects.toThrow(/without a video track/);
  });

  it('a codec that is not read keeps its name', async () => {
    const container = await openContainer(
      makeClip(motion.bars('176x144', 4), ['-c:v', 'mjpeg', '-strict', '-1'], 'mkv'),
    );
    expect(container.track.codec).toBe('V_MJPEG');
    container.close();
  });
});

describe('limits', () => {
  const be = (...values: number[]) => u32(false, ...values);

  it.each<[keyof Limits, number]>([
    ['fileBytes', 1000],
    ['frames', 39],
    ['packetBytes', 100],
    ['boxDepth', 2],
    ['tracks', 0],
  ])('%s', async (limit, value) => {
    for (const extension of ['mp4', 'mkv', 'avi']) {
      const { error } = await readAll(clip(extension), { [limit]: value });
      if (limit === 'tracks' && extension === 'avi') continue; // one stream is no list of them
      expect(error).toBeInstanceOf(LimitExceededError);
      expect((error as LimitExceededError).limit).toBe(limit);
    }
    for (const extension of ['m4v', 'ts']) {
      if (limit === 'boxDepth' || limit === 'tracks') continue;
      expect((await readAll(clip(extension), { [limit]: value })).error).toBeInstanceOf(LimitExceededError);
    }
  });

  it('counts of billions in a small file cost neither time nor memory', async () => {
    const bytes = clip('mp4');
    const text = Buffer.from(bytes).toString('latin1');
    for (const type of ['stsz', 'stco', 'stts', 'stsc', 'ctts', 'stss', 'elst', 'stsd']) {
      for (const count of [0xffffffff, 0x7fffffff, 9_999_999]) {
        const patched = bytes.slice();
        const at = text.lastIndexOf(type) + 8 + (type === 'stsz' ? 4 : 0);
        patched.set(be(count), at);
        const before = process.memoryUsage().arrayBuffers;
        const started = performance.now();
        await readAll(patched);
        expect(performance.now() - started).toBeLessThan(2000);
        expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 2 ** 20);
      }
    }
  });

  it('one sample size for billions of samples is bounded by the file', async () => {
    const bytes = clip('mp4');
    const at = Buffer.from(bytes).toString('latin1').lastIndexOf('stsz') + 8;
    bytes.set(be(1, 9_000_000), at);
    const { checksums } = await readAll(bytes);
    expect(checksums.length).toBeLessThanOrEqual(bytes.length);
  });

  it('boxes within boxes without end', async () => {
    const depth = 100_000;
    const bytes = new Uint8Array(8 * depth);
    for (let i = 0; i < depth; i++) bytes.set(concat(be(8 * (depth - i)), ascii(i === 0 ? 'moov' : 'trak')), 8 * i);
    const { error } = await readAll(bytes);
    expect(isTyped(error)).toBe(true);
  });

  it('gigabytes of nothing are refused or passed over soon', async () => {
    const started = performance.now();
    const size = 40 * 2 ** 30;
    const heads = [
      concat(be(8), ascii('free'), be(1), ascii('mdat'), be(9, 0)),
      concat(ascii('RIFF'), u32(true, 0xfffffff0), ascii('AVI LIST'), u32(true, 0xffffff00), ascii('hdrl')),
      concat(Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, 0x80, 0x18, 0x53, 0x80, 0x67, 1), be(9, 0)),
    ];
    for (const bytes of heads) {
      const file = new SparseBlob(size, [{ offset: 0, bytes }]);
      const { checksums } = await readAll(file);
      expect(checksums).toEqual([]);
      expect(file.bytesRead).toBeLessThan(2 ** 24);
    }
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
