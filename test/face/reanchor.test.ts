/**
 * Faces located anew between key frames, where that is asked for: pictures decoded on the way to the needed one are those of
 * ffmpeg, and a face that a cut inside a group moved elsewhere is found again there.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { LimitExceededError } from '../../src/errors.js';
import { LocatedFaces } from '../../src/face/face-source.js';
import { locateFaces } from '../../src/face/locate.js';
import { intersectionOverUnion, loadFaceNetworks } from '../../src/face/networks/index.js';
import { spentConfidence } from '../../src/face/tracker.js';
import { type Watched, watchFaces } from '../../src/face/watch.js';
import { openVideo } from '../../src/video.js';
import { face, faceVideo, makeClip } from '../support/clips.js';
import { decodeClip } from '../support/oracle.js';

const networks = await loadFaceNetworks();
afterAll(() => networks.close());

const mpeg4 = ['-c:v', 'mpeg4', '-g', '250', '-sc_threshold', '1000000000', '-q:v', '4', '-threads', '1'];
const x264 = ['-c:v', 'libx264', '-threads', '1', '-g', '250', '-sc_threshold', '0', '-crf', '23'];

describe('a picture far from its key frame', () => {
  const cases: [string, string[], string, number, number][] = [
    ['MPEG-4 with B-pictures', [...mpeg4, '-bf', '2'], 'mp4', 330, 250],
    ['H.263', ['-c:v', 'h263', '-g', '250', '-q:v', '4'], '3gp', 352, 288],
    ['H.264 with B-pictures', [...x264, '-bf', '3'], 'mp4', 330, 250],
  ];
  it.each(cases)('decodes to the pixels that ffmpeg gives (%s)', async (_, encoder, extension, width, height) => {
    const clip = makeClip(face(width, height, 40), encoder, extension);
    const video = await openVideo(clip, { limits: { decodedPictures: 40 } });
    try {
      const index = await video.index();
      const entry = [...index].filter(({ type }) => type === 'P').at(-1)!;
      expect(entry.index).toBeGreaterThan(30);
      const ours = await video.decodePicture(entry);
      const theirs = decodeClip(clip, width, height)[entry.index]!;
      for (const plane of ['y', 'cb', 'cr'] as const) expect(Buffer.compare(ours[plane], theirs[plane])).toBe(0);
      const between = [...index].find(({ type }) => type === 'B');
      if (between) await expect(video.decodePicture(between)).rejects.toThrow(RangeError);
      await expect(video.decodePicture(entry, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
        'enough',
      );
    } finally {
      video.close();
    }
  });

  it('is not decoded where that takes more pictures than the limit allows', async () => {
    const video = await openVideo(makeClip(face(330, 250, 40), mpeg4, 'mp4'), { limits: { decodedPictures: 30 } });
    const index = await video.index();
    await expect(video.decodePicture(index.at(35))).rejects.toThrow(LimitExceededError);
    await expect(video.decodePicture(index.at(29))).resolves.toHaveProperty('width', 330);
    video.close();
  });
});

/** The face for a second and a half, then, by a cut, elsewhere and mirrored; one key frame in all. */
function jump(encoder: readonly string[]): string {
  const graph =
    '[0:v]split[a][b];[a]crop=240:240:110:40,pad=480:240:0:0:gray,trim=end_frame=38,setpts=N/25/TB[one];' +
    '[b]hflip,crop=240:240:50:40,pad=480:240:240:0:gray,trim=start_frame=38:end_frame=100,setpts=N/25/TB[two];[one][two]concat=n=2[out]';
  const source = ['-ss', '4', '-i', faceVideo(), '-filter_complex', graph, '-map', '[out]', '-pix_fmt', 'yuv420p'];
  return makeClip(source, encoder, 'mp4');
}

async function watch(clip: string, reanchor: boolean): Promise<{ seen: Watched[]; source: LocatedFaces }> {
  const video = await openVideo(clip);
  try {
    const source = new LocatedFaces(video, networks, { reanchor });
    const seen: Watched[] = [];
    for await (const watched of watchFaces(video, source)) seen.push(watched);
    return { seen, source };
  } finally {
    video.close();
  }
}

describe('re-anchoring', () => {
  it.each([
    ['MPEG-4', [...mpeg4, '-bf', '0']],
    ['H.264', x264],
  ] as const)('finds the face where a cut inside the group put it (%s)', async (_, encoder) => {
    const clip = jump(encoder);
    const without = await watch(clip, false);
    expect(without.source.reanchored).toBe(0);
    // Followed no further, or flagged.
    for (const { confidence } of without.seen.at(-1)!.faces) expect(confidence).toBeLessThan(spentConfidence);

    const { seen, source } = await watch(clip, true);
    expect(source.reanchored).toBeGreaterThan(0);
    expect(source.unreached).toBe(0);
    const { entry, faces } = seen.at(-1)!;
    const [truth] = await locateFaces(networks, decodeClip(clip, 480, 240)[entry.index]!);
    const best = faces.find(({ box }) => intersectionOverUnion(box, truth!.box) > 0.6);
    expect(best?.confidence).toBeGreaterThan(spentConfidence);
  });
});
