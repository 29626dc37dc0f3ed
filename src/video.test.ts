/** The opened video: its index against what ffmpeg shows, and what its iterations read and give. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeClip, motion, remuxClip } from '../test/support/clips.js';
import { ffmpeg } from '../test/support/ffmpeg.js';
import { adler32 } from '../test/support/framecrc.js';
import { type ShownPicture, shownPictures } from '../test/support/showinfo.js';
import { type CompressedFrame, copyFrame } from './bitstream/frame.js';
import { openContainer } from './container/index.js';
import { MalformedStreamError } from './errors.js';
import { openVideo, type Video, type VideoSource } from './video.js';

const count = 40;
const mpeg4 = ['-c:v', 'mpeg4', '-g', '12', '-q:v', '5', '-threads', '1'];
const plain = (extension: string) => makeClip(motion.bars('176x144', count), [...mpeg4, '-bf', '0'], extension);
const withB = (extension: string) => makeClip(motion.bars('176x144', count), [...mpeg4, '-bf', '2'], extension);
/** Xvid packs a B-VOP with the anchor before it, as AVI wants: and fills AVI's time slots with empty chunks. */
const packed = () =>
  makeClip(motion.bars('176x144', count), ['-c:v', 'libxvid', '-bf', '2', '-g', '12', '-q:v', '5'], 'avi');

/** B-pictures that refer to B-pictures: the order of types does not tell which is shown first. */
const pyramid = () =>
  makeClip(
    motion.zoom('176x144', count),
    ['-c:v', 'libx264', '-threads', '1', '-g', '20', '-bf', '3', '-x264-params', 'b-pyramid=normal:b-adapt=0'],
    'mp4',
  );

/** When picture `n` of 25 a second is shown, in the steps of temporal_reference, as ffmpeg's encoder counts them. */
const h263Time = (n: number) => (Math.floor((n * 30000) / (1001 * 25)) * 1001) / 30000;

/** Every second frame is dropped: the AVI holds an empty chunk for it. */
const dropped = () => {
  const half = makeClip(motion.bars('176x144', count), [...mpeg4, '-bf', '0', '-r', '12.5'], 'mp4');
  return makeClip(['-i', half], ['-c:v', 'copy', '-r', '25'], 'avi');
};

async function using<T>(source: VideoSource, use: (video: Video) => Promise<T>): Promise<T> {
  const video = await openVideo(source);
  try {
    return await use(video);
  } finally {
    video.close();
  }
}

/** The index in display order, in the oracle's words, without dropped frames; times from the first. */
async function shown(source: VideoSource): Promise<ShownPicture[]> {
  return using(source, async (video) => {
    const index = await video.index();
    const pictures = [];
    for (let i = 0; i < index.length; i++) {
      const { type, timestamp, key, coded } = index.at(i);
      if (coded) pictures.push({ type: type ?? '?', key, time: timestamp });
    }
    return pictures;
  });
}

function expectSame(found: readonly ShownPicture[], expected: readonly ShownPicture[]): void {
  expect(found.map(({ type }) => type).join('')).toBe(expected.map(({ type }) => type).join(''));
  expect(found.map(({ key }) => key)).toEqual(expected.map(({ key }) => key));
  const start = expected[0]!.time;
  for (const [i, { time }] of found.entries()) expect(time).toBeCloseTo(expected[i]!.time - start, 2);
}

describe('index', () => {
  for (const extension of ['mp4', 'mov', '3gp', 'mkv', 'ts', 'avi', 'm4v']) {
    it(`${extension}, I and P: what ffmpeg shows`, async () => {
      expectSame(await shown(plain(extension)), shownPictures(plain(extension)));
    });

    it(`${extension}, with B-VOPs: what ffmpeg shows`, async () => {
      expectSame(await shown(withB(extension)), shownPictures(withB(extension)));
    });
  }

  for (const [codec, extensions] of [
    ['h263', ['3gp', 'mov', 'mkv', 'avi', 'h263']],
    ['flv', ['flv', 'mkv', 'avi']],
  ] as const) {
    for (const extension of extensions) {
      it(`${extension}, ${codec}: what ffmpeg shows`, async () => {
        const path = makeClip(motion.bars('176x144', count), ['-c:v', codec, '-g', '12', '-q:v', '5'], extension);
        // ffmpeg's H.263 decoder flags no key frames in some containers: compare types and times.
        const types = (pictures: ShownPicture[]) =>
          pictures.map((picture) => ({ ...picture, key: picture.type === 'I' }));
        // A raw stream counts in steps of 1001/30000 s, into which ffmpeg puts time stamps of its own at the start.
        const pictures = types(shownPictures(path));
        if (extension === 'h263') for (const [i, picture] of pictures.entries()) picture.time = h263Time(i);
        expectSame(await shown(path), pictures);
      });
    }
  }

  it('a packed bitstream in AVI: neither its dummies nor the empty chunks of the delay are pictures', async () => {
    // ffmpeg keeps the B-VOP of a packed packet for the next one, and so never shows that of the last.
    const pictures = await shown(packed());
    const last = pictures.map(({ type }) => type).lastIndexOf('B');
    const times = pictures.map(({ time }) => time);
    pictures.splice(last, 1);
    for (const [i, picture] of pictures.entries()) picture.time = times[i]!;
    expectSame(pictures, shownPictures(packed()));
    await using(packed(), async (video) => {
      const index = await video.index();
      const entries = [...index];
      expect(entries.filter(({ picture }) => picture === 1).length).toBeGreaterThan(5);
      expect(entries.every(({ coded, bytes }) => coded && bytes > 0)).toBe(true);
      const container = await openContainer(packed());
      const table = await container.table();
      expect(table.filter(({ size }) => size === 0).length).toBe(2);
      expect(table.filter(({ size }) => size > 0 && size < 8).length).toBeGreaterThan(5); // dummies
      container.close();
    });
  });

  it.each(['mkv', 'mp4'])('a packed bitstream put into %s as it is', async (extension) => {
    const path = makeClip(['-fflags', '+genpts', '-i', packed()], ['-c:v', 'copy', '-bsf:v', 'null'], extension);
    const pictures = await shown(path);
    const expected = await shown(packed());
    expect(pictures.map(({ type }) => type).join('')).toBe(expected.map(({ type }) => type).join(''));
    for (const [i, { time }] of pictures.entries())
      if (i > 0) expect(time).toBeGreaterThanOrEqual(pictures[i - 1]!.time);
  });

  it('display order and decoding order are each the inverse of the other', async () => {
    for (const path of [withB('mp4'), withB('avi'), packed()]) {
      await using(path, async (video) => {
        const index = await video.index();
        for (let i = 0; i < index.length; i++) {
          expect(index.decode[index.display[i]!]).toBe(i);
          expect(index.at(i).index).toBe(i);
          if (i > 0) expect(index.at(i).timestamp).toBeGreaterThan(index.at(i - 1).timestamp);
        }
        expect(() => index.at(index.length)).toThrow(RangeError);
      });
    }
  });

  it('says where its times come from, and keeps what it took off', async () => {
    const source = async (path: string) =>
      using(path, async (video) => {
        const { timeSource, startTime } = await video.index();
        return { timeSource, startTime: Number(startTime.toFixed(3)) };
      });
    expect(await source(withB('mp4'))).toEqual({ timeSource: 'container', startTime: 0 });
    expect(await source(plain('ts'))).toEqual({ timeSource: 'container', startTime: 1.4 });
    expect(await source(withB('avi'))).toEqual({ timeSource: 'frame rate', startTime: 0 });
    expect(await source(withB('m4v'))).toMatchObject({ timeSource: 'bitstream' });
  });

  it('a film of variable rate keeps its times', async () => {
    const select = ['-vf', "select='not(mod(n,3))+eq(mod(n,7),1)'", '-vsync', 'vfr'];
    const path = makeClip(motion.bars('176x144', count), [...mpeg4, ...select], 'mp4');
    expectSame(await shown(path), shownPictures(path));
  });
});

describe('properties', () => {
  for (const extension of ['mp4', 'mkv', 'ts', 'avi', 'm4v']) {
    it(extension, async () => {
      const video = await openVideo(withB(extension));
      expect(video.container).toBe(extension);
      expect(video.codec).toBe('mpeg4');
      expect([video.width, video.height, video.rotation]).toEqual([176, 144, 0]);
      expect(video.frameRate).toBeCloseTo(25, 6);
      expect(video.duration).toBeCloseTo(count / 25, 6);
      expect(video.frameCount).toBe(count);
      expect(video.damage).toBeUndefined();
      video.close();
    });
  }
});

/** What of a frame shows that it was parsed right. */
function fingerprint(frame: CompressedFrame) {
  const { type, coded, bits, luma, cb, motion: grid, macroblockType, qp } = copyFrame(frame);
  const sum = (array: ArrayBufferView | undefined) =>
    array && adler32(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  const arrays = { luma: luma?.data, cb: cb?.data, vectors: grid.vectors, backward: grid.backward, macroblockType, qp };
  const sums = Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, sum(array)]));
  return { type, coded, bits, ...sums };
}

/** For comparing all but the vectors. */
const noMotion: CompressedFrame['motion'] = {
  cols: 0,
  rows: 0,
  cell: 4,
  unit: 4,
  vectors: new Int16Array(0),
  backward: undefined,
};

async function read(video: Video, select: Parameters<Video['frames']>[0] = {}) {
  const found = [];
  for await (const { index, timestamp, bytes, key, frame, error } of video.frames({ scale: 4, ...select })) {
    found.push({ index, timestamp, bytes, key, error, frame: frame && fingerprint(frame) });
  }
  return found;
}

describe('frames', () => {
  it('come in decoding order, with their places in display order', async () => {
    await using(withB('mp4'), async (video) => {
      const index = await video.index();
      const frames = await read(video);
      expect(frames.map((f) => f.index)).toEqual(Array.from(index.display));
      expect(frames.map((f) => f.frame!.type).join('')).toBe([...index].map(({ type }) => type).join(''));
      expect(frames.every(({ error }) => error === undefined)).toBe(true);
    });
  });

  // ffmpeg fills an AVI of doubled frame rate with empty chunks: compare without them.
  const contents = async (path: string) =>
    using(path, async (video) => {
      const coded = (await read(video)).filter(({ bytes }) => bytes > 0);
      const shownOrder = coded.map(({ index }) => index).sort((a, b) => a - b);
      return coded.map(({ index, frame, error }) => ({ rank: shownOrder.indexOf(index), frame, error }));
    });

  it('are the same from every container', async () => {
    const expected = await contents(withB('mp4'));
    for (const extension of ['mkv', 'ts', 'avi', 'm4v']) {
      expect(await contents(remuxClip(withB('mp4'), extension, 'dump_extra'))).toEqual(expected);
    }
  });

  it('of H.264, too: where the container has no times, the picture order count tells display order', async () => {
    const mp4 = pyramid();
    const expected = await contents(mp4);
    // The oracle of the mp4's own order; a B-picture that others refer to makes it more than the picture types tell.
    const types = (found: typeof expected) =>
      [...found].sort((a, b) => a.rank - b.rank).map(({ frame }) => frame!.type);
    expect(types(expected)).toEqual(shownPictures(mp4).map(({ type }) => type));
    expect(types(expected).filter((type) => type === 'I').length).toBeGreaterThan(1);
    const coded = [...expected.keys()].filter((i) => expected[i]!.frame!.type === 'B');
    expect(coded.some((i) => expected[i + 1]?.frame?.type === 'B' && expected[i + 1]!.rank < expected[i]!.rank)).toBe(
      true,
    );
    for (const extension of ['mkv', 'ts', 'avi', 'h264']) {
      expect(await contents(remuxClip(mp4, extension, 'h264_mp4toannexb'))).toEqual(expected);
    }
  });

  for (const [name, path] of [
    ['mp4', () => withB('mp4')],
    ['avi', () => withB('avi')],
    ['packed avi', packed],
  ] as const) {
    it(`any picture alone is the picture in the whole: ${name}`, async () => {
      await using(path(), async (video) => {
        const all = await read(video);
        for (const expected of [...all].reverse()) {
          expect(await read(video, { select: [expected.index] })).toEqual([expected]);
        }
        // And every third in one go, so that anchors are missing between.
        const third = all.filter(({ index }) => index % 3 === 1);
        expect(await read(video, { select: third.map(({ index }) => index) })).toEqual(third);
      });
    });
  }

  it('any H.264 picture alone has its residual; its vectors too, but for macroblocks marked as guessed', async () => {
    await using(pyramid(), async (video) => {
      const all = new Map<number, CompressedFrame>();
      for await (const { index, frame } of video.frames({ scale: 4 })) all.set(index, copyFrame(frame!));
      let compared = 0;
      for (const index of [...all.keys()].reverse()) {
        for await (const { frame } of video.frames({ scale: 4, select: [index] })) {
          const expected = all.get(index)!;
          const { motion: _, ...residual } = copyFrame(frame!);
          expect(fingerprint({ ...expected, motion: noMotion })).toEqual(
            fingerprint({ ...residual, motion: noMotion }),
          );
          for (const list of ['vectors', 'backward'] as const) {
            const [found, wanted] = [frame!.motion[list], expected.motion[list]];
            if (!found || !wanted) continue;
            const sure = (cell: number) => {
              const { cols } = frame!.motion;
              const macroblock = (Math.floor(cell / cols) >> 2) * frame!.mbCols + ((cell % cols) >> 2);
              return !frame!.motion.guessed?.[macroblock];
            };
            const wrong = [...found.keys()].filter((i) => sure(i >> 1) && found[i] !== wanted[i]);
            expect(wrong).toEqual([]);
            compared += [...found.keys()].filter((i) => sure(i >> 1)).length;
          }
        }
      }
      expect(compared).toBeGreaterThan(0.5 * 40 * 2 * 44 * 36);
    });
  });

  it('selections', async () => {
    await using(withB('mp4'), async (video) => {
      const indices = async (select: NonNullable<Parameters<Video['frames']>[0]>['select'] & {}) =>
        (await read(video, { select })).map(({ index }) => index).sort((a, b) => a - b);
      const all = Array.from({ length: count }, (_, i) => i);
      const index = await video.index();
      expect(await indices('all')).toEqual(all);
      for (const type of ['I', 'P', 'B'] as const) {
        expect(await indices(type)).toEqual(all.filter((i) => index.at(i).type === type));
      }
      expect(await indices([3, [7, 9], [8, 10], 3, [38, 99]])).toEqual([3, 7, 8, 9, 10, 38, 39]);
      expect(await indices(({ timestamp }) => timestamp >= 1.5)).toEqual([38, 39]);
      expect(await indices([])).toEqual([]);
      await expect(indices([[4, 3]])).rejects.toBeInstanceOf(RangeError);
      await expect(indices([-1])).rejects.toBeInstanceOf(RangeError);
      await expect(indices([0.5])).rejects.toBeInstanceOf(RangeError);
    });
  });

  it('scale, region and chroma are passed on', async () => {
    await using(plain('mp4'), async (video) => {
      const region = { x: 32, y: 16, width: 64, height: 48 };
      for await (const { frame } of video.frames({ select: [5], scale: 2, region, chroma: false })) {
        expect(frame!.scale).toBe(2);
        expect(frame!.region).toEqual(region);
        expect(frame!.luma).toMatchObject({ width: 32, height: 24 });
        expect(frame!.cb).toBeUndefined();
      }
    });
  });

  it('two iterations at once do not disturb each other', async () => {
    await using(withB('mp4'), async (video) => {
      const expected = await read(video);
      const again = await Promise.all([read(video), read(video), read(video, { select: [12] })]);
      expect(again[0]).toEqual(expected);
      expect(again[1]).toEqual(expected);
      expect(again[2]).toEqual(expected.filter(({ index }) => index === 12));
    });
  });

  it('stop when the signal says so', async () => {
    await using(plain('mp4'), async (video) => {
      const controller = new AbortController();
      const seen: number[] = [];
      const run = async () => {
        for await (const { index } of video.frames({ signal: controller.signal })) {
          seen.push(index);
          if (index === 4) controller.abort(new Error('enough'));
        }
      };
      await expect(run()).rejects.toThrow('enough');
      expect(seen).toEqual([0, 1, 2, 3, 4]);
    });
  });

  it('of an empty AVI chunk repeat the last picture', async () => {
    await using(dropped(), async (video) => {
      expect((await video.index()).at(1)).toMatchObject({ type: 'P', coded: false, bytes: 0, timestamp: 0.04 });
      const [repeat] = await read(video, { select: [1] });
      expect(repeat).toMatchObject({ index: 1, bytes: 0, key: false, error: undefined });
      const { frame } = repeat!;
      // The Adler-32 of zeros, begun at 0, is 0.
      expect(frame).toMatchObject({ type: 'P', coded: false, bits: 0, luma: 0, cb: 0, vectors: 0, macroblockType: 0 });
    });
  });
});

describe('a broken packet', () => {
  for (const extension of ['mp4', 'avi']) {
    it(`gives an entry with its error, and the next follows: ${extension}`, async () => {
      const bytes = new Uint8Array(readFileSync(plain(extension)));
      const whole = await using(bytes, (video) => read(video));
      const container = await openContainer(bytes);
      const { data } = await container.read(20);
      const broken = bytes.slice();
      broken.fill(0xff, data.byteOffset, data.byteOffset + data.length);
      await using(broken, async (video) => {
        const frames = await read(video);
        expect(frames.length).toBe(count);
        for (const [i, frame] of frames.entries()) {
          if (i !== 20) expect(frame).toEqual(whole[i]);
        }
        expect(frames[20]).toMatchObject({ index: 20, frame: undefined, error: expect.any(MalformedStreamError) });
      });
    });
  }

  it('at the start is no end', async () => {
    const bytes = new Uint8Array(readFileSync(plain('mp4')));
    const container = await openContainer(bytes);
    const { data } = await container.read(0);
    const broken = bytes.slice();
    broken.fill(0xff, data.byteOffset, data.byteOffset + data.length);
    await using(broken, async (video) => {
      expect([video.width, video.height]).toEqual([176, 144]);
      const frames = await read(video);
      expect(frames[0]!.error).toBeInstanceOf(MalformedStreamError);
      expect(frames.slice(1).every(({ error }) => error === undefined)).toBe(true);
    });
  });

  it('everywhere is an error on opening', async () => {
    const bytes = new Uint8Array(readFileSync(plain('mp4')));
    const container = await openContainer(bytes);
    for (const { index } of await container.table()) {
      const { data } = await container.read(index);
      data.fill(0xff);
    }
    await expect(openVideo(bytes)).rejects.toBeInstanceOf(MalformedStreamError);
  });

  it('a film cut short gives what is there and says so', async () => {
    const bytes = new Uint8Array(readFileSync(plain('avi')));
    await using(bytes.subarray(0, bytes.length >> 1), async (video) => {
      expect(video.damage).toBeInstanceOf(MalformedStreamError);
      expect(video.frameCount).toBeGreaterThan(10);
      expect((await read(video)).every(({ error }) => error === undefined)).toBe(true);
    });
  });
});

describe('key frames', () => {
  it('decode to the pictures that ffmpeg decodes', async () => {
    const expected = ffmpeg(['-flags', '+bitexact', '-idct', 'simple', '-i', plain('mp4'), '-f', 'rawvideo', '-']);
    const size = (176 * 144 * 3) / 2;
    await using(plain('mp4'), async (video) => {
      const seen: number[] = [];
      for await (const { index, key, picture, error } of video.keyFrames()) {
        expect(error).toBeUndefined();
        expect(key).toBe(true);
        const planes = Buffer.concat([picture!.y, picture!.cb, picture!.cr]);
        expect(planes.equals(expected.subarray(index * size, (index + 1) * size))).toBe(true);
        seen.push(index);
      }
      expect(seen).toEqual([0, 12, 24, 36]);
    });
  });

  it('only those selected', async () => {
    await using(plain('mp4'), async (video) => {
      const seen: number[] = [];
      for await (const { index } of video.keyFrames({ select: [[10, 30]] })) seen.push(index);
      expect(seen).toEqual([12, 24]);
    });
  });
});

describe('what is read', () => {
  /** A Blob that counts the bytes asked for. */
  class CountingBlob extends Blob {
    count = 0;

    override slice(start = 0, end = this.size): Blob {
      this.count += Math.max(0, Math.min(end, this.size) - start);
      return super.slice(start, end);
    }
  }

  it('sixteen frames of a long MP4: its index and sixteen packets, no more', async () => {
    const frames = 2000;
    const path = makeClip(
      motion.grain('320x240', frames),
      ['-c:v', 'mpeg4', '-bf', '0', '-g', '12', '-q:v', '3'],
      'mp4',
    );
    const blob = new CountingBlob([new Uint8Array(readFileSync(path))]);
    await using(blob, async (video) => {
      const select = Array.from({ length: 16 }, (_, i) => i * 120 + 7);
      const found = await read(video, { select });
      expect(found.map(({ index }) => index)).toEqual(select);
      expect(blob.size).toBeGreaterThan(20 * 2 ** 20);
      expect(blob.count).toBeLessThan(blob.size / 10);
    });
  });
});
