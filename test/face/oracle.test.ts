/** The face networks answer what face-api answers on its own TensorFlow.js (record-oracle.mts), to float tolerance. */
import { afterAll, describe, expect, it } from 'vitest';
import { type Detection, descriptorDistance, loadFaceNetworks } from '../../src/face/networks/index.js';
import oracle from './oracle.json' with { type: 'json' };
import { drawPicture, testPictures } from './pictures.js';

const tiny = await loadFaceNetworks();
const ssd = await loadFaceNetworks({ detector: 'ssd', landmarks: 'tiny' });
afterAll(() => Promise.all([tiny.close(), ssd.close()]));

/** Both lists hold the same boxes in the same order: pixels within a hundredth, scores within 1e-4. */
function expectBoxes(found: readonly Detection[], expected: readonly (readonly number[])[]) {
  expect(found.length).toBe(expected.length);
  found.forEach(({ x, y, width, height, score }, i) => {
    [x, y, width, height].forEach((value, side) => {
      expect(Math.abs(value - expected[i]![side]!)).toBeLessThan(0.01);
    });
    expect(Math.abs(score - expected[i]![4]!)).toBeLessThan(1e-4);
  });
}

const byName = new Map(oracle.pictures.map((picture) => [picture.name, picture]));

describe.each(testPictures)('$name', (test) => {
  const picture = drawPicture(test);
  const expected = byName.get(test.name)!;

  it('finds the boxes of the tiny detector', async () => {
    for (const [inputSize, boxes] of Object.entries(expected.tiny)) {
      expectBoxes(await tiny.detect(picture, { inputSize: Number(inputSize), minScore: 0.3 }), boxes);
    }
  });

  it('finds the boxes of the ssd detector', async () => {
    expectBoxes(await ssd.detect(picture, { minScore: 0.3 }), expected.ssd);
  });

  if (expected.faces.length === 0) return;
  it('finds the points and the descriptor of every face', async () => {
    for (const [i, face] of expected.faces.entries()) {
      const [x, y, width, height] = expected.ssd[i]! as [number, number, number, number];
      const box = { x, y, width, height };
      const points = await tiny.landmarks(picture, box);
      const numbers = points.flatMap((point) => [point.x, point.y]);
      const tinyNumbers = (await ssd.landmarks(picture, box)).flatMap((point) => [point.x, point.y]);
      const worst = (a: number[], b: number[]) => Math.max(...a.map((value, n) => Math.abs(value - b[n]!)));
      expect(worst(numbers, face.points)).toBeLessThan(0.02);
      expect(worst(tinyNumbers, face.tinyPoints)).toBeLessThan(0.02);
      const descriptor = await tiny.describe(picture, box);
      expect(descriptorDistance(descriptor, Float32Array.from(face.descriptor))).toBeLessThan(1e-4);
      expect(await tiny.describe(picture, box, points)).toEqual(descriptor);
    }
  });
});
