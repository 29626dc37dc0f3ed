/** Where a long video is cut, and that its parts together say what one reader of them says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { face, makeClip } from '../../test/support/clips.js';
import { tinyModel } from '../../test/support/tiny-model.js';
import { analyze } from '../analyze.js';
import { loadModel } from '../network/model.js';
import { predictedPictures } from '../residual/sliding-clips.js';
import { openVideo } from '../video.js';
import { PartMerger } from './merge-parts.js';
import { readWholePart, resultOfParts } from './part-result.js';
import { planParts } from './parts.js';
import { VideoAnalysis } from './video-analysis.js';
import { planWindows } from './window.js';

const encoders = {
  mpeg4: ['-c:v', 'mpeg4', '-bf', '0', '-g', '12', '-q:v', '4', '-threads', '1'],
  h264: ['-c:v', 'libx264', '-g', '24', '-bf', '2', '-threads', '1', '-preset', 'fast'],
  oneKey: ['-c:v', 'mpeg4', '-bf', '0', '-g', '600', '-sc_threshold', '1000000000', '-q:v', '4', '-threads', '1'],
};
const seconds = 10;
const clipOf = (encoder: keyof typeof encoders) => makeClip(face(160, 128, seconds * 25), encoders[encoder], 'mp4');

async function planned(encoder: keyof typeof encoders, part: number, hop = 0.2) {
  const video = await openVideo(clipOf(encoder));
  try {
    const frames = await video.index();
    const pictures = predictedPictures(frames);
    const windows = planWindows(pictures.times, 0, video.duration, { window: 1.2, hop });
    return { frames, pictures, windows, parts: planParts(frames, pictures, windows, part) };
  } finally {
    video.close();
  }
}

describe('planParts', () => {
  it.each(['mpeg4', 'h264'] as const)(
    'covers every window and every P-picture once, from key frames on (%s)',
    async (encoder) => {
      const { frames, pictures, windows, parts } = await planned(encoder, 2.5);
      expect(parts.length).toBeGreaterThan(2);
      expect(parts[0]).toMatchObject({ first: 0, begin: 0, time: 0, from: 0 });
      expect(parts.at(-1)).toMatchObject({ end: windows.length, to: pictures.index.length });
      const counted = parts.map((part) => part.counted);
      expect(counted.map(([from]) => from)).toEqual([0, ...counted.slice(0, -1).map(([, to]) => to)]);
      expect(counted.at(-1)![1]).toBe(pictures.index.length);
      for (const [i, { first, end, begin, time, from, to, counted }] of parts.entries()) {
        const after = parts[i + 1];
        if (after) expect(end).toBe(after.first);
        expect(counted[0]).toBeGreaterThanOrEqual(from);
        expect(counted[1]).toBeLessThanOrEqual(to);
        expect(frames.atDecode(begin)).toMatchObject({ type: 'I', key: true, timestamp: time });
        expect(time).toBeLessThanOrEqual(windows[first]!.start + 1e-6);
        expect(windows[first]!.from).toBeGreaterThanOrEqual(from);
        expect(windows[end - 1]!.to).toBeLessThanOrEqual(to);
        // The first P-picture met is the first that is coded after the key frame.
        expect(pictures.decode[from]!).toBeGreaterThan(begin);
        expect(from === 0 || pictures.decode[from - 1]! < begin).toBe(true);
      }
    },
  );

  it('begins at the last key frame that is coded and shown before the first window', async () => {
    for (const part of [1, 1.5, 2, 2.5, 3]) {
      const { frames, pictures, windows, parts } = await planned('mpeg4', part, 0.02);
      expect(parts.length).toBeGreaterThan(2);
      for (const { first, begin } of parts.slice(1)) {
        const { start, from } = windows[first]!;
        const keys = Array.from({ length: pictures.decode[from]! }, (_, i) => frames.atDecode(i)).filter(
          ({ key, timestamp }) => key && timestamp <= start,
        );
        expect(begin).toBe(keys.at(-1)!.decodeIndex);
      }
    }
  });

  it('leaves a video whole that is short or has no key frames to go on from', async () => {
    expect((await planned('mpeg4', 7)).parts).toHaveLength(1);
    expect((await planned('oneKey', 2)).parts).toHaveLength(1);
    await expect(planned('mpeg4', 0)).rejects.toThrow(RangeError);
  });
});

describe('a video in parts', () => {
  let model: Awaited<ReturnType<typeof loadModel>>;
  beforeAll(async () => {
    model = await loadModel(tinyModel());
  });
  afterAll(() => model.close());

  it.each(['mpeg4', 'h264'] as const)('with a given box reads what one reader reads (%s)', async (encoder) => {
    const box = { x: 30, y: 20, width: 80, height: 80 };
    const whole = await analyze(clipOf(encoder), { model, faces: box }).result();
    const met: number[] = [];
    const inParts = await analyze(clipOf(encoder), {
      ...{ model, faces: box, part: 2.5 },
      onProgress: ({ read }) => met.push(read),
    }).result();
    expect(inParts).toEqual(whole);
    expect(met.at(-1)).toBe(whole.predicted);
  });

  it('keeps the number of a face that is followed on, and reads every window of it', async () => {
    const whole = await analyze(clipOf('mpeg4'), { model }).result();
    const inParts = await analyze(clipOf('mpeg4'), { model, part: 2.5 }).result();
    expect(whole.located).toBe('auto');
    expect(whole.faces).toHaveLength(1);
    expect(inParts.faces.map(({ face }) => face)).toEqual([0]);
    const starts = ({ windows }: (typeof whole.faces)[number]) => windows.map(({ start, frames }) => [start, frames]);
    expect(starts(inParts.faces[0]!)).toEqual(starts(whole.faces[0]!));
    const frames = inParts.faces[0]!.track.map(({ frame }) => frame);
    expect(frames).toEqual(whole.faces[0]!.track.map(({ frame }) => frame));

    // As threads do it: every part on its own, its answer sent as plain data.
    const analysis = await VideoAnalysis.open(clipOf('mpeg4'), { model, part: 2.5 });
    try {
      const parts = [];
      for (const part of [...analysis.parts].reverse()) parts.unshift(await readWholePart(analysis, part));
      expect(await resultOfParts(analysis, structuredClone(parts))).toEqual(inParts);
    } finally {
      await analysis.close();
    }
  });
});

describe('PartMerger', () => {
  const at = (frame: number, x: number) => ({
    ...{ frame, time: frame / 25, confidence: 1 },
    box: { x, y: 10, width: 50, height: 50 },
  });
  const person = (n: number) => async () => Float32Array.of(n, 0);
  const window = (face: number) => ({
    ...{ face, start: 0, end: 1, probabilities: [1], frame: 0, frames: 25, energy: 0, masked: 0, confidence: 1 },
    box: at(0, 0).box,
  });
  const numbers = async (merger: PartMerger, faces: Parameters<PartMerger['add']>[1][]) => {
    const given: number[] = [];
    for (const face of faces) given.push((await merger.add(window(face.face), face)).face);
    return given;
  };

  it('knows faces by their place on a shared key frame, by their looks elsewhere, and numbers the rest on', async () => {
    const merger = new PartMerger();
    const one = [
      { face: 0, track: [at(0, 0), at(48, 5)], first: person(1), last: person(1.1) },
      { face: 2, track: [at(0, 200), at(24, 200)], first: person(5), last: person(5) },
    ];
    expect(await numbers(merger, one)).toEqual([0, 2]);
    merger.end(one, 3, 48 / 25);
    const two = [
      // In the place of face 0, though it looks otherwise: it was followed there.
      { face: 0, track: [at(48, 8)], first: person(9), last: person(9) },
      // Elsewhere, with the looks of face 2.
      { face: 1, track: [at(72, 120)], first: person(5.2), last: person(5.2) },
      { face: 2, track: [at(96, 300)], first: person(7), last: person(7) },
    ];
    expect(await numbers(merger, two)).toEqual([0, 2, 3]);
    merger.end(two, 3, Number.POSITIVE_INFINITY);
  });
});
