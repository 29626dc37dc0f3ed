/** Video of a phone held upright: coded on its side, with a note how to turn it. Read as it is, nothing is converted. */
import { afterAll, describe, expect, it } from 'vitest';
import { analyze } from '../../src/analyze.js';
import { intersectionOverUnion, loadFaceNetworks } from '../../src/face/networks/index.js';
import { loadModel } from '../../src/network/model.js';
import type { AnalysisResult } from '../../src/timeline/result.js';
import { faceVideo, makeClip } from '../support/clips.js';

const networks = await loadFaceNetworks();
const model = await loadModel(new URL('../../models/default.onnx', import.meta.url));
afterAll(async () => {
  await networks.close();
  await model.close();
});

const encoder = ['-c:v', 'mpeg4', '-g', '12', '-bf', '0', '-q:v', '3', '-threads', '1'];

/** Two and a half seconds in which the face moves about an upright picture, turned as ffmpeg's filters say. */
function portrait(turning: string): string {
  const upright = "crop=216:288:x='92+20*sin(n/9)':y='6+6*cos(n/7)'";
  const filter = [upright, ...(turning ? [turning] : [])].join(',');
  return makeClip(['-ss', '4', '-i', faceVideo(), '-vf', filter, '-frames:v', '64'], encoder, 'mp4');
}

const read = (path: string, faces?: 'frame' | { x: number; y: number; width: number; height: number }) =>
  analyze(path, { model, networks, thumbnails: 2, ...(faces && { faces }) }).result();

let expected: AnalysisResult | undefined;

describe('a picture coded on its side', () => {
  /** Degrees by which a player turns it; how the encoder was given it. */
  const cases = [
    [90, 'transpose=2'],
    [180, 'hflip,vflip'],
    [270, 'transpose=1'],
  ] as const;
  it.each(cases)('gives what the upright one gives (%i degrees)', async (degrees, turning) => {
    const lying = makeClip(
      ['-i', portrait(turning)],
      ['-c:v', 'copy', '-metadata:s:v:0', `rotate=${360 - degrees}`],
      'mp4',
    );
    expected ??= await read(portrait(''));
    const found = await read(lying);
    expect(found.converted).toBe(false);
    expect(found.notices).toEqual([]);
    expect([found.width, found.height]).toEqual([216, 288]);
    expect(found.faces).toHaveLength(1);
    const [one, other] = [expected.faces[0]!, found.faces[0]!];
    expect(other.windows).toHaveLength(one.windows.length);
    for (const [i, { box, probabilities }] of other.windows.entries()) {
      expect(intersectionOverUnion(box, one.windows[i]!.box)).toBeGreaterThan(0.93);
      // Another raster, other vectors chosen by the encoder: not the same numbers, but the same answer.
      for (const [label, p] of probabilities.entries()) {
        expect(Math.abs(p - one.windows[i]!.probabilities[label]!)).toBeLessThan(0.15);
      }
    }
    const [small, upright] = [other.thumbnails[0]!, one.thumbnails[0]!];
    expect([small.width, small.height]).toEqual([upright.width, upright.height]);
    // Cut by boxes that may differ by a few pixels; upside down it is another picture.
    const apart = (from: Uint8Array) =>
      small.rgb.reduce((sum, value, i) => sum + Math.abs(value - from[i]!), 0) / small.rgb.length;
    expect(apart(upright.rgb)).toBeLessThan(9);
    expect(apart(upright.rgb.toReversed())).toBeGreaterThan(25);
  });

  it('takes a given box as a place in the upright picture', async () => {
    const box = { x: 0, y: 200, width: 80, height: 88 };
    const lying = makeClip(['-i', portrait('transpose=2')], ['-c:v', 'copy', '-metadata:s:v:0', 'rotate=270'], 'mp4');
    const { faces } = await read(lying, box);
    expect(faces[0]!.windows[0]!.box).toEqual(box);
    await expect(read(lying, { x: 220, y: 0, width: 20, height: 20 })).rejects.toThrow('216x288');
  });
});
