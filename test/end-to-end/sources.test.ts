/** Whatever a video is given as, the result is the same; whenever it is stopped, nothing is left behind. */
import {
  createReadStream,
  existsSync,
  mkdtempSync,
  openAsBlob,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blobSink, spool } from '../../src/container/spool.js';
import {
  type AnalyzeOptions,
  analysisJson,
  analyze,
  type ExpressionModel,
  LimitExceededError,
  loadModel,
  openVideo,
  type VideoSource,
} from '../../src/index.js';
import { defaultLimits } from '../../src/limits.js';
import { face, makeClip } from '../support/clips.js';
import { tinyModel } from '../support/tiny-model.js';

const temporary = mkdtempSync(join(tmpdir(), 'vultus-sources-'));
const before = process.env.TMPDIR;
let clip: string;
let bytes: Uint8Array<ArrayBuffer>;
let vp8: string;
let slow: string;
let model: ExpressionModel;

beforeAll(async () => {
  clip = makeClip(face(160, 128, 75), ['-c:v', 'mpeg4', '-bf', '0', '-g', '12', '-q:v', '4', '-threads', '1'], 'mp4');
  vp8 = makeClip(face(160, 128, 75), ['-c:v', 'libvpx', '-b:v', '300k', '-deadline', 'realtime'], 'webm');
  slow = makeClip(face(640, 480, 500, 2), ['-c:v', 'mjpeg', '-q:v', '4'], 'mkv');
  bytes = new Uint8Array(readFileSync(clip));
  model = await loadModel(tinyModel());
  process.env.TMPDIR = temporary;
}, 120_000);
afterAll(async () => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  rmSync(temporary, { recursive: true });
  await model.close();
});

/** A stream of these bytes in pieces, that tells whether it was cancelled; after `stall` bytes it gives none, and does not end. */
function streamOf(content: Uint8Array, { piece = 2003, stall = Number.POSITIVE_INFINITY } = {}) {
  const seen: { given: number; cancelled?: unknown } = { given: 0 };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (seen.given >= stall) return new Promise(() => {});
        const part = content.slice(seen.given, seen.given + piece);
        seen.given += part.length;
        if (part.length > 0) controller.enqueue(part);
        else controller.close();
        return undefined;
      },
      cancel(reason) {
        seen.cancelled = reason;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, seen };
}

/** Files of this process that are open on the path, where the system tells; and what stands in the temporary folder. */
function leftovers(path: string): string[] {
  const open = existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd') : [];
  const targets = open.map((fd) => {
    try {
      return readlinkSync(join('/proc/self/fd', fd));
    } catch {
      return '';
    }
  });
  return [...targets.filter((target) => target === path || target.startsWith(temporary)), ...readdirSync(temporary)];
}

/** A file handle is closed a moment after `close` was called. */
const settled = async (path: string) => {
  await expect.poll(() => leftovers(path), { timeout: 3000 }).toEqual([]);
};

const read = async (source: VideoSource, options: AnalyzeOptions = {}) =>
  analysisJson('clip', await analyze(source, { model, faces: 'frame', ...options }).result());

describe('sources', () => {
  const kinds: Record<string, () => VideoSource | Promise<VideoSource>> = {
    'file: URL': () => pathToFileURL(clip),
    Uint8Array: () => bytes,
    'a view into more bytes': () => {
      const more = new Uint8Array(bytes.length + 200);
      more.set(bytes, 100);
      return more.subarray(100, 100 + bytes.length);
    },
    ArrayBuffer: () => bytes.buffer,
    Blob: () => new Blob([bytes]),
    'a Blob of a file': () => openAsBlob(clip),
    'web stream': () => streamOf(bytes).stream,
    'the body of a Response': () => new Response(bytes).body!,
    'a stream of Node, through toWeb': () => Readable.toWeb(createReadStream(clip)) as ReadableStream<Uint8Array>,
  };

  it.each(Object.entries(kinds))('%s: analyze gives what it gives for the path', async (_, make) => {
    expect(await read(await make())).toEqual(await read(clip));
    await settled(clip);
  });

  it.each(Object.entries(kinds))('%s: openVideo gives what it gives for the path', async (_, make) => {
    const sums: number[] = [];
    for (const source of [clip, await make()]) {
      const video = await openVideo(source);
      let sum = video.frameCount;
      for await (const { frame } of video.frames({ select: 'P', scale: 8 }))
        for (const v of frame!.luma!.data) sum += v;
      video.close();
      sums.push(sum);
    }
    expect(sums[1]).toBe(sums[0]);
    await settled(clip);
  });

  it('a stream of a codec that is converted leaves nothing behind either', async () => {
    const result = await read(streamOf(new Uint8Array(readFileSync(vp8))).stream);
    expect(result).toMatchObject({ converted: true, codec: 'V_VP8' });
    await settled(vp8);
  });

  it('where there is no file system a stream goes into a Blob', async () => {
    const { source } = await spool(streamOf(bytes).stream, defaultLimits, undefined, blobSink);
    expect(source).toBeInstanceOf(Blob);
    expect(new Uint8Array(await (source as Blob).arrayBuffer())).toEqual(bytes);
  });

  it('addresses are told how to be read', async () => {
    for (const address of ['https://example.org/clip.mp4', new URL('http://example.org/clip.mp4')]) {
      await expect(openVideo(address)).rejects.toThrow(/\(await fetch\(url\)\)\.body/);
    }
  });
});

describe('streams that are no good', () => {
  it.each([
    ['more bytes than allowed', () => streamOf(bytes), { fileBytes: 9000 }, LimitExceededError],
    ['no video', () => streamOf(new TextEncoder().encode('words '.repeat(9999))), {}, /not a container/],
    ['nothing', () => streamOf(new Uint8Array(0)), {}, /empty/],
  ] as const)('%s', async (what, make, limits, error) => {
    const { stream, seen } = make();
    await expect(read(stream, { limits })).rejects.toThrow(error as RegExp);
    await expect(openVideo(make().stream, { limits })).rejects.toThrow(error as RegExp);
    if (what === 'more bytes than allowed') {
      expect(seen.given).toBeLessThan(12_000);
      expect(seen.cancelled).toBeInstanceOf(LimitExceededError);
    }
    await settled(clip);
  });

  it('of strings, or one that fails', async () => {
    const words = new ReadableStream({ start: (controller) => controller.enqueue('words') });
    await expect(openVideo(words)).rejects.toThrow(TypeError);
    const broken = new ReadableStream({ start: (controller) => controller.error(new Error('the line is dead')) });
    await expect(openVideo(broken)).rejects.toThrow('the line is dead');
    await settled(clip);
  });
});

describe('an AbortSignal', () => {
  const reason = new Error('enough');

  it('that is aborted already: nothing is read', async () => {
    const signal = AbortSignal.abort(reason);
    const { stream, seen } = streamOf(bytes);
    await expect(read(stream, { signal })).rejects.toBe(reason);
    expect(seen).toEqual({ given: 0, cancelled: reason });
    await expect(openVideo('/nowhere', { signal })).rejects.toBe(reason);
    await expect(loadModel('/nowhere', { signal })).rejects.toBe(reason);
    await expect(analyze(clip, { signal }).result()).rejects.toBe(reason);
    await settled(clip);
  });

  it('while a stream gives nothing more', async () => {
    const { stream, seen } = streamOf(bytes, { stall: 9000 });
    const controller = new AbortController();
    const analysis = read(stream, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 50);
    await expect(analysis).rejects.toBe(reason);
    expect(seen.cancelled).toBe(reason);
    await settled(clip);
  });

  it('while pictures are read, in the library and between frames', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    let met = 0;
    const onProgress = () => {
      if (++met === 5) controller.abort(reason);
    };
    await expect(read(clip, { signal, onProgress })).rejects.toBe(reason);
    expect(met).toBe(5);
    await settled(clip);

    const later = new AbortController();
    const video = await openVideo(clip, { signal: later.signal });
    const frames = async () => {
      for await (const { index } of video.frames()) if (index === 3) later.abort(reason);
    };
    await expect(frames()).rejects.toBe(reason);
    video.close();
    await settled(clip);
  });

  it('while ffmpeg converts', async () => {
    const controller = new AbortController();
    const onNotice = () => setTimeout(() => controller.abort(reason), 300);
    const started = performance.now();
    await expect(read(slow, { signal: controller.signal, onNotice })).rejects.toBe(reason);
    expect(performance.now() - started).toBeLessThan(20_000);
    await settled(slow);
  });

  it('breaking off the iteration closes the file as well', async () => {
    for await (const _ of analyze(clip, { model, faces: 'frame' })) break;
    await settled(clip);
  });
});
