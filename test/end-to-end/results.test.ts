/** What the commands print and write: JSON held against schemas, numbers against the library and against ffmpeg's own. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { analyze, copyFrame, loadModel, openVideo } from '../../src/index.js';
import { face, lavfi, makeClip } from '../support/clips.js';
import { readNpy } from '../support/npy.js';
import { tinyModel } from '../support/tiny-model.js';
import { vultus } from './vultus.js';

const mpeg4 = ['-c:v', 'mpeg4', '-bf', '0', '-g', '12', '-q:v', '4', '-threads', '1'];
let folder: string;
let clip: string;
let withB: string;
let h264: string;
let vp8: string;
let model: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultus-results-'));
  clip = makeClip(face(160, 128, 75), mpeg4, 'mp4');
  withB = makeClip(lavfi('testsrc2=s=176x144:r=25', 40), ['-c:v', 'mpeg4', '-bf', '2', '-g', '12', '-q:v', '5'], 'avi');
  h264 = makeClip(face(160, 128, 75), ['-c:v', 'libx264', '-g', '48', '-bf', '2'], 'mp4');
  vp8 = makeClip(face(160, 128, 75), ['-c:v', 'libvpx', '-b:v', '300k', '-deadline', 'realtime'], 'webm');
  model = join(folder, 'tiny.onnx');
  writeFileSync(model, tinyModel());
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

const share = z.number().min(0).max(1);
const time = z.number().min(0);
const count = z.int().min(0);
const inspection = z.strictObject({
  ...{ file: z.string(), container: z.string(), codec: z.string(), width: count, height: count },
  ...{ rotation: z.literal([0, 90, 180, 270]), frameRate: z.number().positive().nullable(), duration: time },
  ...{ frameCount: count, damage: z.string().nullable() },
  totals: z.record(z.string(), z.strictObject({ frames: count, bytes: count })),
  frames: z.array(
    z.strictObject({
      ...{ index: count, type: z.enum(['I', 'P', 'B']).nullable(), coded: z.boolean(), time, bytes: count },
      ...{ qp: z.number().min(1).max(51).nullable(), intra: count, inter: count, skipped: count, lost: count },
      ...{ energy: z.number().min(0).nullable(), motion: z.number().min(0).nullable(), damage: z.string().nullable() },
    }),
  ),
});
const box = z.strictObject({ x: z.number(), y: z.number(), width: z.number(), height: z.number() });
const analysis = z.strictObject({
  ...{ file: z.string(), container: z.string(), codec: z.string(), width: count, height: count, duration: time },
  ...{ frames: count, predicted: count, parsed: count, damaged: count, converted: z.boolean() },
  notices: z.array(z.string()),
  located: z.enum(['auto', 'frame', 'box']),
  model: z.strictObject({
    ...{ name: z.string(), version: z.string(), hash: z.string().regex(/^[0-9a-f]{64}$/), signal: z.string() },
  }),
  ...{ window: time, hop: time, threshold: share, labels: z.array(z.string()).length(7) },
  faces: z.array(
    z.strictObject({
      face: count,
      windows: z.array(
        z.strictObject({
          ...{ start: time, end: time, probabilities: z.array(share).length(7) },
          ...{ frame: count, frames: count, energy: z.number().min(0), masked: share, box, confidence: share },
        }),
      ),
      segments: z.array(
        z.strictObject({
          ...{ label: z.string(), start: time, end: time, probability: share },
          ...{ onset: time.nullable(), apex: time.nullable(), offset: time.nullable() },
        }),
      ),
      distribution: z.record(z.string(), share),
      track: z.array(z.strictObject({ frame: count, time, box, confidence: share })),
    }),
  ),
});

describe('inspect', () => {
  it('gives every picture in display order', async () => {
    const { code, stdout, stderr } = await vultus(['inspect', '--json', withB]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const found = inspection.parse(JSON.parse(stdout));
    expect(found).toMatchObject({ container: 'avi', codec: 'mpeg4', width: 176, height: 144, frameRate: 25 });
    expect(found.frames.map((f) => f.index)).toEqual(Array.from({ length: found.frameCount }, (_, i) => i));
    expect(found.frames.slice(0, 4).map((f) => f.type)).toEqual(['I', 'B', 'B', 'P']);
    for (const f of found.frames) expect(f.intra + f.inter + f.skipped + f.lost).toBe(11 * 9);
    expect(Object.values(found.totals).reduce((sum, t) => sum + t.frames, 0)).toBe(found.frameCount);
    for (const f of found.frames.filter((f) => f.type === 'I')) expect(f).toMatchObject({ energy: null, intra: 99 });
  });

  it('tells the quantiser that the encoder was given, and the energy of the residual planes', async () => {
    const { stdout } = await vultus(['inspect', '--json', clip]);
    const { frames } = inspection.parse(JSON.parse(stdout));
    expect(frames).toHaveLength(75);
    expect(frames.every((f) => f.qp === 4)).toBe(true);
    const video = await openVideo(clip);
    for await (const { index, frame } of video.frames({ select: [5] })) {
      const { luma, macroblockType, mbCols } = frame!;
      let sum = 0;
      let samples = 0;
      for (let y = 0; y < luma!.height; y++) {
        for (let x = 0; x < luma!.width; x++) {
          const type = macroblockType[(y >> 4) * mbCols + (x >> 4)]!;
          if (type !== 1 && type !== 2) continue;
          sum += Math.abs(luma!.data[y * luma!.stride + x]!);
          samples++;
        }
      }
      expect(frames[index]!.energy).toBeCloseTo(sum / samples, 3);
    }
    video.close();
  });

  it('prints a table with as many rows as asked for', async () => {
    const { stdout } = await vultus(['inspect', clip, '--limit', '5']);
    expect(stdout).toContain('mp4, mpeg4, 160x128');
    expect(stdout.match(/^ +\d+ {2}[IP] /gm)).toHaveLength(5);
    expect(stdout).toContain('70 more');
  });
});

describe('extract', () => {
  /** Runs the command and reads what it wrote. */
  async function extract(video: string, ...options: string[]) {
    const path = join(folder, 'out.npz');
    const { code, stdout, stderr } = await vultus(['extract', video, '--out', path, ...options]);
    expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: '' });
    const files = unzipSync(readFileSync(path));
    return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name.replace('.npy', ''), readNpy(bytes)]));
  }

  it.each([
    ['all of a clip', () => clip, [], 75],
    ['a few frames, scaled', () => clip, ['--frames', '40,3-12', '--scale', '4'], 11],
    ['a region, deflated', () => clip, ['--region', '33,17,50,60', '--compress', '--frames', '0-20'], 21],
    ['a clip with B-frames', () => withB, ['--scale', '2'], 40],
  ])('writes what the library reads: %s', async (_, file, options, n) => {
    const found = await extract(file(), ...options);
    expect(found.frame!.shape).toEqual([n]);
    const numbers = [...found.frame!.values];
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    const at = (name: string) => Number(options[options.indexOf(name) + 1]);
    const scale = (options.includes('--scale') ? at('--scale') : 1) as 1 | 2 | 4;
    const [x, y, width, height] = options.includes('--region') ? [33, 17, 50, 60] : [];
    const region = width === undefined ? {} : { region: { x: x!, y: y!, width, height: height! } };
    const video = await openVideo(file());
    const seen = new Set<string>();
    for await (const read of video.frames({ select: numbers, scale, ...region })) {
      const frame = copyFrame(read.frame!);
      const row = numbers.indexOf(read.index);
      const rowOf = (name: string) => {
        const { shape, values } = found[name]!;
        const size = shape.slice(1).reduce((a, b) => a * b, 1);
        return values.subarray(row * size, (row + 1) * size);
      };
      for (const name of ['luma', 'cb', 'cr'] as const) {
        const plane = frame[name]!;
        expect(found[name]!.shape).toEqual([n, plane.height, plane.width]);
        const rows = Array.from({ length: plane.height }, (_, j) => [
          ...plane.data.subarray(j * plane.stride, j * plane.stride + plane.width),
        ]).flat();
        expect([...rowOf(name)]).toEqual(rows);
      }
      expect(rowOf('mv')).toEqual(frame.motion.vectors);
      expect(found.mv!.shape).toEqual([n, frame.motion.rows, frame.motion.cols, 2]);
      if (found.mv_backward && frame.type === 'B') expect(rowOf('mv_backward')).toEqual(frame.motion.backward);
      for (const name of ['intra', 'qp'] as const) {
        expect(found[name]!.shape).toEqual([n, frame.mbRows, frame.mbCols]);
        expect(rowOf(name)).toEqual(frame[name]);
      }
      expect(rowOf('macroblock_type')).toEqual(frame.macroblockType);
      expect(String.fromCharCode(found.type!.values[row]!)).toBe(frame.type);
      expect(found.timestamp!.values[row]!).toBeCloseTo(read.timestamp, 9);
      expect([...found.region!.values]).toEqual(Object.values(frame.region));
      expect(found.mv_cell).toEqual({ shape: [], values: Int32Array.of(frame.motion.cell) });
      expect(found.mv_unit).toEqual({ shape: [], values: Int32Array.of(frame.motion.unit) });
      seen.add(frame.type);
    }
    video.close();
    expect('mv_backward' in found).toBe(seen.has('B'));
    expect(found.scale!.values[0]).toBe(scale);
    expect(found.damaged!.values.every((d) => d === 0)).toBe(true);
  });

  it('refuses what lies outside the video, and writes nothing', async () => {
    const path = join(folder, 'none.npz');
    for (const options of [
      ['--frames', '70-75'],
      ['--region', '160,0,10,10'],
    ]) {
      const { code, stderr } = await vultus(['extract', clip, '--out', path, ...options]);
      expect(code).toBe(2);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    }
    const h = await vultus(['extract', vp8, '--out', path]);
    expect(h.code).toBe(1);
    expect(h.stderr).toMatch(/unsupported: codec V_VP8; convert it/);
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
  });
});

describe('analyze', () => {
  it('gives one object per video, directly from MPEG-4 and H.264, converted from VP8', async () => {
    const region = '40,20,80,90';
    const { code, stdout, stderr } = await vultus([
      'analyze',
      '--json',
      clip,
      h264,
      vp8,
      '--model',
      model,
      '--faces',
      region,
    ]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^vultus: [^\n]*V_VP8[^\n]*converted[^\n]*ffmpeg[^\n]*\n$/);
    const [direct, direct264, converted] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => analysis.parse(JSON.parse(line)));
    expect(direct).toMatchObject({ codec: 'mpeg4', converted: false, notices: [], frames: 75, damaged: 0 });
    expect(direct264).toMatchObject({ codec: 'h264', converted: false, notices: [], frames: 75, damaged: 0 });
    expect(converted).toMatchObject({ codec: 'V_VP8', converted: true, frames: 75 });
    expect(converted!.notices[0]).toMatch(/ffmpeg version/);
    for (const found of [direct!, direct264!, converted!]) {
      expect(found.located).toBe('box');
      expect(found.faces).toHaveLength(1);
      const face = found.faces[0]!;
      expect(face.track[0]!.box).toEqual({ x: 40, y: 20, width: 80, height: 90 });
      expect(face.windows).toHaveLength(10);
      for (const w of face.windows) expect(w.probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 2);
      expect(face.segments[0]!.start).toBe(0);
      expect(face.segments.at(-1)!.end).toBeCloseTo(3, 2);
      expect(Object.values(face.distribution).reduce((a, b) => a + b)).toBeCloseTo(1, 2);
    }
  });

  it('prints text and CSV, and writes a report that asks for nothing', async () => {
    const report = join(folder, 'report.html');
    const text = await vultus(['analyze', clip, '--model', model, '--faces', 'frame', '--report', report]);
    expect(text.code).toBe(0);
    expect(text.stdout).toContain('MPEG-4 Part 2 in mp4, 160x128');
    expect(text.stdout).toContain('model untrained');
    const html = readFileSync(report, 'utf8');
    expect(html).toMatch(/<svg[\s\S]*Article 5\(1\)\(f\)/);
    expect(html.match(/data:image\/png;base64,/g)).toHaveLength(7); // one per key frame
    expect(html).not.toMatch(/(src|href)="https?:|@import|url\(/);
    const csv = await vultus(['analyze', clip, '--model', model, '--faces', 'frame', '--csv']);
    const rows = csv.stdout.trimEnd().split(/\r?\n/);
    expect(rows).toHaveLength(11);
    expect(rows[0]).toBe(
      'input,face,frame,timestamp,start,end,FaceRectX,FaceRectY,FaceRectWidth,FaceRectHeight,FaceScore,anger,disgust,fear,happiness,neutral,sadness,surprise,energy,masked,model,version',
    );
  });

  it('refuses a region outside the picture', async () => {
    const { code, stderr } = await vultus(['analyze', clip, '--model', model, '--faces', '500,0,10,10']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^vultus: --faces: face box 500,0,10,10 lies outside the picture of 160x128\n$/);
  });

  it('is a library too: windows as they come, then the result; stops when told', async () => {
    const loaded = await loadModel(model);
    const run = analyze(readFileSync(clip), { model: loaded, hop: 0.4, faces: 'frame' });
    const starts: number[] = [];
    for await (const window of run) starts.push(window.start);
    const result = await run.result();
    expect(result.faces[0]!.windows.map((w) => w.start)).toEqual(starts);
    expect(starts[1]! - starts[0]!).toBeCloseTo(0.4);

    const controller = new AbortController();
    const reason = new Error('enough');
    const stopped = analyze(clip, {
      model: loaded,
      faces: 'frame',
      signal: controller.signal,
      onProgress: ({ read }) => read === 10 && controller.abort(reason),
    });
    await expect(stopped.result()).rejects.toBe(reason);
    await loaded.close();
  });

  it('reads only the P-frames that the signal samples, and the same windows whatever came before', async () => {
    const residual = await loadModel(tinyModel('residual', 32, 4));
    const sparse = await analyze(clip, { model: residual, window: 3, hop: 3, faces: 'frame' }).result();
    expect(sparse.faces[0]!.windows).toHaveLength(1);
    expect(sparse.parsed).toBe(4);
    const accumulated = await loadModel(tinyModel('accumulated', 32, 4));
    const dense = await analyze(clip, { model: accumulated, window: 1, hop: 0.2, faces: 'frame' }).result();
    const skipping = await analyze(clip, { model: accumulated, window: 1, hop: 0.6, faces: 'frame' }).result();
    for (const window of skipping.faces[0]!.windows) {
      const twin = dense.faces[0]!.windows.find((w) => Math.abs(w.start - window.start) < 1e-6);
      expect(twin?.probabilities).toEqual(window.probabilities);
    }
    await residual.close();
    await accumulated.close();
  });
});
