import { describe, expect, it } from 'vitest';
import type { CropSequence } from '../residual/planes.js';
import { MOTION_UNIT } from '../residual/planes.js';
import { turnPlane } from '../video/turn.js';
import { Random } from './random.js';
import { drawWarp } from './sampling.js';
import { type PlanesOf, type Warp, WarpedClip } from './warped-clip.js';

const size = 33;
const area = size * size;
const plain: Warp = { angle: 0, zoom: 1, light: { gamma: 1, across: 0, down: 0 } };

/** A clip of one frame with these planes. */
function clipOf(planes: ArrayLike<number>): CropSequence {
  return { size, count: 1, afterKey: () => true, sum: (_from, _to, out) => out.set(Array.from(planes)) };
}

function shown(planes: ArrayLike<number>, warp: Partial<Warp>, of: PlanesOf = 'coded'): Int32Array {
  const out = new Int32Array(planes.length);
  new WarpedClip(clipOf(planes), { ...plain, ...warp }, of).sum(0, 1, out);
  return out;
}

const random = new Random(3);
const noise = Int32Array.from({ length: 3 * area }, () => random.int(400) - 200);
const flat = (...values: number[]) =>
  Int32Array.from({ length: values.length * area }, (_, i) => values[Math.floor(i / area)]!);

describe('a warped clip', () => {
  it('is the clip itself where nothing is changed', () => {
    expect(shown(noise, {})).toEqual(noise);
    expect(shown(noise, {}, 'differences')).toEqual(noise);
  });

  it('turned by a right angle is what turning a phone gives: planes and vectors', () => {
    const got = shown(noise, { angle: Math.PI / 2 });
    const plane = (p: number) =>
      Int32Array.from(turnPlane(Int16Array.from(noise.subarray(p * area, (p + 1) * area)), size, size, 90));
    expect(got.subarray(0, area)).toEqual(plane(0));
    // A step to the right becomes one down.
    expect(got.subarray(area, 2 * area)).toEqual(plane(2).map((v) => -v || 0));
    expect(got.subarray(2 * area)).toEqual(plane(1));
    const green = shown(noise, { angle: Math.PI / 2 }, 'differences').subarray(area, 2 * area);
    expect(green).toEqual(plane(1));
  });

  it('grows about its middle, and vectors with it', () => {
    const ramp = Int32Array.from({ length: 3 * area }, (_, i) =>
      i < area ? 100 * (i % size) : i < 2 * area ? 64 : -32,
    );
    const got = shown(ramp, { zoom: 2 });
    for (const x of [2, 16, 30]) expect(got[16 * size + x]).toBe(100 * (16 + (x - 16) / 2));
    expect(new Set(got.subarray(area, 2 * area))).toEqual(new Set([128]));
    expect(new Set(got.subarray(2 * area))).toEqual(new Set([-64]));
  });

  it('moves as its vectors say: predicting a warped picture from the warped one before gives the warped picture', () => {
    const [mx, my] = [2.25, -1.5];
    const wave = (x: number, y: number) => 8000 * Math.sin(x / 5 + 0.3) * Math.cos(y / 6);
    const picture = (dx: number, dy: number) =>
      Int32Array.from({ length: 3 * area }, (_, i) =>
        i < area ? wave((i % size) + dx, Math.floor(i / size) + dy) : 0,
      );
    const warp = { angle: 0.3, zoom: 1.2 };
    const before = shown(picture(0, 0), warp);
    const after = shown(picture(mx, my), warp);
    const motion = shown(flat(0, mx / MOTION_UNIT, my / MOTION_UNIT), warp);
    const [x, y] = [motion[area]! * MOTION_UNIT, motion[2 * area]! * MOTION_UNIT];
    let worst = 0;
    for (let j = 8; j < size - 8; j++) {
      for (let i = 8; i < size - 8; i++) {
        const [u, v] = [i + x, j + y];
        const at = Math.floor(v) * size + Math.floor(u);
        const [right, below] = [u - Math.floor(u), v - Math.floor(v)];
        const mix = (a: number, b: number, t: number) => a + t * (b - a);
        const fetched = mix(
          mix(before[at]!, before[at + 1]!, right),
          mix(before[at + size]!, before[at + size + 1]!, right),
          below,
        );
        worst = Math.max(worst, Math.abs(fetched - after[j * size + i]!));
      }
    }
    expect(worst).toBeLessThan(200);
  });

  it('relights pictures only: a ramp, a tone curve, within black and white', () => {
    const light = { gamma: 2, across: 0.5, down: 0 };
    const got = shown(flat(51, 102, 255), { light }, 'pictures');
    const middle = 16 * size + 16;
    expect([0, 1, 2].map((p) => got[p * area + middle])).toEqual([10, 41, 255]);
    expect(got[area]).toBe(20);
    expect(got[area + size - 1]).toBe(61);
    expect(got[2 * area + size - 1]).toBe(255);
    expect(shown(noise, { light })).toEqual(noise);
  });
});

describe('drawing a warp', () => {
  const off = { flip: true, shift: 0, stretch: 1, jitter: false, gain: 0 };

  it('draws nothing where all of it is off', () => {
    const random = new Random(1);
    expect(drawWarp(off, 0, random)).toBeUndefined();
    expect(random.uniform()).toBe(new Random(1).uniform());
  });

  it('stays within its limits and reaches them', () => {
    const random = new Random(2);
    const drawn = Array.from({ length: 500 }, () => drawWarp({ ...off, turn: 10, zoom: 0.1, light: 0.3 }, 0, random)!);
    const reach = (of: (warp: Warp) => number, limit: number) => {
      const most = Math.max(...drawn.map((warp) => Math.abs(of(warp))));
      expect(most).toBeLessThanOrEqual(limit);
      expect(most).toBeGreaterThan(0.95 * limit);
    };
    reach(({ angle }) => angle, (10 * Math.PI) / 180);
    reach(({ zoom }) => Math.log(zoom), 0.1);
    reach(({ light }) => Math.log(light.gamma), 0.3);
    reach(({ light }) => Math.hypot(light.across, light.down), 0.3);
    const { angle, light } = drawWarp({ ...off, zoom: 0.2 }, 0, random)!;
    expect(Math.abs(angle)).toBe(0);
    expect(light.gamma).toBe(1);
    expect(Math.hypot(light.across, light.down)).toBe(0);
  });

  it('grows with the epochs where it is told to', () => {
    const rising = { ...off, turn: 10, zoom: 0.1, light: 0.3, rise: 4 };
    const at = (epoch: number) => drawWarp(rising, epoch, new Random(6))!;
    expect(at(0)).toMatchObject({ zoom: 1, light: { gamma: 1 } });
    expect(Math.abs(at(0).angle)).toBe(0);
    expect(at(1).angle).toBeCloseTo(at(4).angle / 4);
    expect(Math.log(at(1).light.gamma)).toBeCloseTo(Math.log(at(4).light.gamma) / 4);
    expect(at(1).light.across).toBeCloseTo(at(4).light.across / 4);
    expect(at(9)).toEqual(at(4));
  });
});
