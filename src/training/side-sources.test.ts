/** Where z_i and apex faces come from: real faces for the one, drawn brightness for the other. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faceVideo, lavfi, makeClip } from '../../test/support/clips.js';
import { type Dataset, loadDataset } from '../dataset/dataset.js';
import { descriptorDistance } from '../face/networks/index.js';
import { apexFaces } from './apex-faces.js';
import { faceIdentity } from './face-identity.js';
import { apexSize } from './losses/apex.js';

const folder = mkdtempSync(join(tmpdir(), 'vultus-sources-'));
let dataset: Dataset;

beforeAll(async () => {
  const encoder = ['-c:v', 'mpeg4', '-g', '12', '-bf', '0', '-q:v', '4'];
  const man = (second: number) => makeClip(['-ss', String(second), '-t', '1', '-i', faceVideo()], encoder, 'mp4');
  copyFileSync(man(2), join(folder, 'early.mp4'));
  copyFileSync(man(40), join(folder, 'late.mp4'));
  // Frame n is as bright as 40 + 5 n, its left half 20 less.
  const ramp = makeClip(
    lavfi("color=s=96x64:r=25,geq=lum='40+5*N-20*lt(X\\,48)':cb=128:cr=128", 20),
    [...encoder, '-q:v', '1'],
    'mp4',
  );
  copyFileSync(ramp, join(folder, 'ramp.mp4'));
  const rows = [
    'clip,path,subject,emotion,codec,fold,apex_frame',
    'early,early.mp4,man,neutral,mpeg4,1,',
    'late,late.mp4,man,neutral,mpeg4,1,',
    'ramp,ramp.mp4,nobody,neutral,mpeg4,2,7',
    'past,ramp.mp4x,nobody,neutral,mpeg4,2,99',
  ];
  copyFileSync(ramp, join(folder, 'ramp.mp4x'));
  writeFileSync(join(folder, 'manifest.csv'), rows.join('\n'));
  writeFileSync(join(folder, 'faces.csv'), 'clip,frame,x,y,w,h\nramp,0,16,0,64,64\npast,0,0,0,64,64');
  dataset = await loadDataset(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('faceIdentity', () => {
  it('describes one man alike in two clips, and refuses a clip without a face', async () => {
    const source = faceIdentity(1);
    try {
      const [early, late, ramp] = dataset.clips;
      const [a, b] = [await source.describe(early!, dataset), await source.describe(late!, dataset)];
      expect(a).toHaveLength(source.size);
      expect(descriptorDistance(a, b)).toBeLessThan(0.5);
      expect(await source.describe(early!, dataset)).toEqual(a);
      // The box of faces.csv is taken on trust; without one, a face has to be found.
      const unknown = { ...dataset, faces: new Map() };
      await expect(source.describe(ramp!, unknown)).rejects.toThrow('no I-frame on which a face can be seen');
    } finally {
      await source.close();
    }
  }, 60_000);
});

describe('apexFaces', () => {
  it('reads the annotated frame inside the face box', async () => {
    const face = await apexFaces().describe(dataset.clips[2]!, dataset);
    expect(face).toHaveLength(apexSize ** 2);
    const row = 20 * apexSize;
    // The box begins at 16: the step at 48 is in its middle.
    expect(face[row + 5]! * 255).toBeCloseTo(55, -0.5);
    expect(face[row + 40]! * 255).toBeCloseTo(75, -0.5);
  });
  it('says what is wrong with a frame that is not there', async () => {
    await expect(apexFaces().describe(dataset.clips[3]!, dataset)).rejects.toThrow('frame 99 cannot be decoded');
    await expect(apexFaces().describe(dataset.clips[0]!, dataset)).rejects.toThrow('has no apex_frame');
  });
});
