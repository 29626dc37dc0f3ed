/** What the face networks do with bad weights, bad pictures and bad options; their answers are compared in test/face. */
import { describe, expect, it } from 'vitest';
import { ModelError } from '../../errors.js';
import { intersectionOverUnion, suppressOverlaps } from './boxes.js';
import { loadFaceNetworks, toRgb } from './index.js';
import { installedWeights } from './installed-weights.js';
import { letterbox } from './letterbox.js';
import { readWeights, type WeightSource } from './weights.js';

const installed = await installedWeights();
const grey = { width: 64, height: 48, data: new Uint8Array(3 * 64 * 48).fill(128) };

describe('weights', () => {
  it('are all there, finite, and of the shape that the manifest says', async () => {
    const weights = await readWeights('face_recognition_model', installed);
    expect(weights.get('fc')?.shape).toEqual([256, 128]);
    for (const { shape, read } of weights.values()) {
      const data = read();
      expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
      expect(data.every(Number.isFinite)).toBe(true);
    }
  });

  const damaged: [string, (file: string, bytes: Uint8Array) => Uint8Array][] = [
    ['a short binary', (file, bytes) => (file.endsWith('.bin') ? bytes.subarray(0, -1) : bytes)],
    ['a manifest that is no JSON', (file, bytes) => (file.endsWith('.json') ? bytes.subarray(1) : bytes)],
    [
      'a manifest of something else',
      (file, bytes) => (file.endsWith('.json') ? new TextEncoder().encode('[{}]') : bytes),
    ],
    [
      'a manifest that names another file',
      (file, bytes) =>
        file.endsWith('.json')
          ? new TextEncoder().encode(new TextDecoder().decode(bytes).replace('tiny_face_detector_model', '../secret'))
          : bytes,
    ],
  ];
  it.each(damaged)('refuses %s', async (_, damage) => {
    const source: WeightSource = async (file) => damage(file, await installed(file));
    const networks = await loadFaceNetworks({ weights: source });
    await expect(networks.detect(grey)).rejects.toThrow(ModelError);
    await networks.close();
  });

  it('tries again after a failure', async () => {
    let calls = 0;
    const networks = await loadFaceNetworks({
      weights: (file) => (calls++ === 0 ? Promise.reject(new Error('busy')) : installed(file)),
    });
    await expect(networks.detect(grey)).rejects.toThrow(/install @vladmandic\/face-api/);
    expect(await networks.detect(grey)).toEqual([]);
    await networks.close();
  });
});

describe('requests', () => {
  it('refuses impossible ones', async () => {
    await expect(loadFaceNetworks({ threads: 0 })).rejects.toThrow(ModelError);
    const networks = await loadFaceNetworks();
    await expect(networks.detect(grey, { inputSize: 100 })).rejects.toThrow('multiple of 32');
    await expect(networks.detect(grey, { minScore: 1 })).rejects.toThrow(ModelError);
    await expect(networks.detect({ ...grey, width: 65 })).rejects.toThrow('samples');
    await expect(networks.detect({ ...grey, height: Number.NaN })).rejects.toThrow(ModelError);
    await expect(networks.landmarks(grey, { x: 64, y: 0, width: 9, height: 9 })).rejects.toThrow('no part of the face');
    await expect(networks.describe(grey, { x: 0, y: 0, width: 9, height: 9 }, [])).rejects.toThrow('68 points');
    await networks.close();
    await expect((async () => networks.detect(grey))()).rejects.toThrow('closed');
    await networks.close();
  });

  it('finds no face where there is none, and describes nothing as something finite', async () => {
    const networks = await loadFaceNetworks({ detector: 'ssd' });
    expect(await networks.detect(grey)).toEqual([]);
    const descriptor = await networks.describe(grey, { x: -20, y: -20, width: 50, height: 200 });
    expect(descriptor.length).toBe(128);
    expect(descriptor.every(Number.isFinite)).toBe(true);
    await networks.close();
  });
});

describe('pictures', () => {
  it('planes become RGB by BT.601 limited range', () => {
    const planes = (y: number, cb: number, cr: number) => ({
      width: 2,
      height: 2,
      y: new Uint8Array(4).fill(y),
      cb: Uint8Array.of(cb),
      cr: Uint8Array.of(cr),
    });
    const first = (...ycc: [number, number, number]) => [...toRgb(planes(...ycc)).data.subarray(0, 3)];
    expect(first(16, 128, 128)).toEqual([0, 0, 0]);
    expect(first(235, 128, 128)).toEqual([255, 255, 255]);
    // The primaries of BT.601, rounded to 8 bits.
    expect(first(81, 90, 240)).toEqual([254, 0, 0]);
    expect(first(41, 240, 110)).toEqual([0, 0, 255]);
  });

  it('a rectangle of a picture is padded, then resized by the first bilinear rule', () => {
    // One row 0, 100, 200 of a picture 3x1, padded below to 3x3 and resized to 6x6: every second sample lies half-way.
    const picture = { width: 3, height: 1, data: Uint8Array.of(0, 0, 0, 100, 100, 100, 200, 200, 200) };
    const out = letterbox(picture, { x: 0, y: 0, width: 3, height: 1 }, 6, false);
    expect([...out.subarray(0, 6)]).toEqual([0, 50, 100, 150, 200, 200]);
    expect([...out.subarray(6, 12)]).toEqual([0, 25, 50, 75, 100, 100]);
    expect(out.subarray(12, 36).every((value) => value === 0)).toBe(true);
  });
});

describe('boxes', () => {
  it('overlap by intersection over union', () => {
    const box = { x: 0, y: 0, width: 4, height: 2 };
    expect(intersectionOverUnion(box, box)).toBe(1);
    expect(intersectionOverUnion(box, { ...box, x: 2 })).toBeCloseTo(4 / 12);
    expect(intersectionOverUnion(box, { ...box, y: 2 })).toBe(0);
  });

  it('the best of those that overlap stays', () => {
    const at = (x: number, score: number) => ({ x, y: 0, width: 10, height: 10, score });
    const kept = suppressOverlaps([at(0, 0.6), at(1, 0.9), at(30, 0.7)], 0.4, 9);
    expect(kept.map(({ score }) => score)).toEqual([0.9, 0.7]);
    expect(suppressOverlaps([at(0, 0.6), at(30, 0.7)], 0.4, 1)).toHaveLength(1);
  });
});
