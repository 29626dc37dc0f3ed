/** Head motion taken out, the outline of the face, and the mask as a plane: known fields in, known planes out. */
import { describe, expect, it } from 'vitest';
import { ellipse } from './outline.js';
import { CropList, type CropPlanes, MOTION_UNIT, RESIDUAL_UNIT } from './planes.js';
import { RigidMotion } from './rigid.js';
import { evenPlan } from './sampling.js';
import { type Signal, signalSchema } from './signal.js';
import { ClipTensor, type CropView, centreView } from './tensor.js';

const size = 48;
const crop = 54;
const area = crop * crop;
const at = (size - 1) / 2;

/** Planes whose motion is a function of window coordinates in [-1, 1], the window being in the middle. */
function planesOf(motion: (u: number, v: number) => readonly [number, number]): Float32Array {
  const planes = new Float32Array(4 * area);
  for (let y = 0, i = 0; y < crop; y++) {
    for (let x = 0; x < crop; x++, i++) {
      const [mx, my] = motion((x - 3 - at) / at, (y - 3 - at) / at);
      planes[area + i] = mx;
      planes[2 * area + i] = my;
    }
  }
  return planes;
}

const fieldOf = (kind: 'translation' | 'similarity' | 'affine', planes: Float32Array, frames = 1) =>
  new RigidMotion(kind, size).fit(planes, frames, crop, 3, 3);

const sheared = (u: number, v: number) => [40 + 20 * u - 12 * v, -16 + 8 * u + 4 * v] as const;
const turned = (u: number, v: number) => [40 + 10 * u - 25 * v, -16 + 25 * u + 10 * v] as const;

describe('RigidMotion', () => {
  it('finds the field that is there', () => {
    const shift = fieldOf(
      'translation',
      planesOf(() => [40, -16]),
    );
    expect(shift).toEqual({ ax: 40, bx: 0, cx: 0, ay: -16, by: 0, cy: 0 });
    for (const [kind, field] of [
      ['similarity', turned],
      ['affine', sheared],
      ['affine', turned],
    ] as const) {
      const { ax, bx, cx, ay, by, cy } = fieldOf(kind, planesOf(field));
      const [[x0, y0], [xu, yu], [xv, yv]] = [field(0, 0), field(1, 0), field(0, 1)];
      const want = [x0, xu - x0, xv - x0, y0, yu - y0, yv - y0];
      for (const [i, value] of [ax, bx, cx, ay, by, cy].entries()) expect(value).toBeCloseTo(want[i]!, 3);
    }
  });

  it('does not follow lips and brows', () => {
    const face = planesOf((u, v) => {
      const [x, y] = turned(u, v);
      const mouth = Math.abs(u) < 0.4 && v > 0.25 && v < 0.7;
      const brows = Math.abs(u) < 0.6 && v > -0.6 && v < -0.4;
      return mouth ? [x, y + 130] : brows ? [x, y - 100] : [x, y];
    });
    const { ax, ay, cx, by } = fieldOf('similarity', face);
    for (const [got, want] of [
      [ax, 40],
      [ay, -16],
      [cx, -25],
      [by, 25],
    ] as const) {
      expect(Math.abs(got - want) * MOTION_UNIT).toBeLessThan(0.05);
    }
    const shift = fieldOf('translation', face);
    expect(Math.abs(shift.ay + 16) * MOTION_UNIT).toBeLessThan(0.25);
  });

  it('leaves out masked samples, and what is beside the face', () => {
    // In 10 P-frames the left third is masked throughout, the middle in 5 of them; the corners go their own way.
    const outline = ellipse(size);
    const planes = planesOf(sheared);
    for (let y = 0, i = 0; y < crop; y++) {
      for (let x = 0; x < crop; x++, i++) {
        const masked = x < 18 ? 10 : x < 36 ? 5 : 0;
        const [wx, wy] = [x - 3, y - 3];
        const inWindow = wx >= 0 && wy >= 0 && wx < size && wy < size;
        const beside = !inWindow || outline[wy * size + wx] === 0;
        planes[3 * area + i] = masked;
        planes[area + i] = beside ? 999 : planes[area + i]! * (1 - masked / 10);
        planes[2 * area + i] = beside ? -999 : planes[2 * area + i]! * (1 - masked / 10);
      }
    }
    const rigid = new RigidMotion('affine', size);
    const { ax, bx, cy } = rigid.fit(planes, 10, crop, 3, 3);
    expect([ax, bx, cy].map((v) => Math.round(v * 100) / 100)).toEqual([40, 20, 4]);
    const rest = rigid.without(planes, 10, crop, 3, 3);
    for (const x of [10, 20, 30, 45]) {
      expect(rest[area + 27 * crop + x]).toBeCloseTo(0, 2);
      expect(rest[2 * area + 27 * crop + x]).toBeCloseTo(0, 2);
    }
  });

  it('is 0 where nothing is seen', () => {
    const planes = planesOf(sheared).fill(7, 3 * area);
    for (const kind of ['translation', 'similarity', 'affine'] as const) {
      expect(fieldOf(kind, planes, 7)).toEqual({ ax: 0, bx: 0, cx: 0, ay: 0, by: 0, cy: 0 });
      const empty = new RigidMotion(kind, size).without(new Float32Array(4 * area), 0, crop, 3, 3);
      expect(empty.every((v) => v === 0)).toBe(true);
    }
    // A single column that is seen says nothing about the direction across it.
    for (let i = 0; i < area; i++) if (i % crop === 3 + Math.floor(16.5 * 3)) planes[3 * area + i] = 0;
    expect(Object.values(fieldOf('affine', planes, 7)).every(Number.isFinite)).toBe(true);
  });
});

describe('ellipse', () => {
  it('keeps the middle, leaves out the corners, is its own mirror image', () => {
    for (const n of [16, 17, 48, 64]) {
      const weights = ellipse(n);
      const middle = n >> 1;
      expect(weights[middle * n + middle]).toBe(1);
      expect([weights[0], weights[n - 1], weights[n * n - 1]]).toEqual([0, 0, 0]);
      expect(weights.map((_, i) => weights[i - (i % n) + n - 1 - (i % n)]!)).toEqual(weights);
      expect(weights.toReversed()).toEqual(weights);
      const share = weights.reduce((sum, w) => sum + w, 0) / (n * n);
      expect(share).toBeGreaterThan(0.5);
      expect(share).toBeLessThan(0.7);
    }
  });
});

describe('ClipTensor with options', () => {
  const signal = (over: Partial<Signal>): Signal =>
    signalSchema.parse({
      ...{ kind: 'summed', size: 16, frames: 2, margin: 1, residualGain: 1, motionGain: 1, window: 12 },
      ...over,
    });
  const side = 18;
  /** Six P-frames of noise: head turning, some samples masked; with `mirror` the same seen in a mirror. */
  const clip = (mirror = false): CropList => {
    const list = new CropList(side);
    for (let p = 0; p < 6; p++) {
      const planes: CropPlanes = {
        ...{ size: side, residual: new Int16Array(side ** 2), motion: new Int16Array(2 * side ** 2) },
        ...{ mask: new Uint8Array(side ** 2), index: p, isKey: false },
      };
      for (let i = 0; i < side ** 2; i++) {
        const x = i % side;
        const to = mirror ? i - x + side - 1 - x : i;
        const noise = (k: number) => ((i * 7919 + p * 104729 + k * 31) % 41) - 20;
        if ((i * 13 + p * 7) % 11 === 0) {
          planes.mask[to] = 1;
          continue;
        }
        planes.residual[to] = 16 * noise(0);
        // No halves of samples: `accumulated` rounds them up, in a mirror too.
        const mx = 60 + 3 * x + noise(1);
        planes.motion[to] = (mirror ? -1 : 1) * (mx % 64 === 32 ? mx + 1 : mx);
        planes.motion[side ** 2 + to] = -30 + 3 * Math.floor(i / side) + noise(2);
      }
      list.push(planes);
    }
    return list;
  };
  const run = (s: Signal, list: CropList, view: Partial<CropView> = {}) => {
    const tensor = new ClipTensor(s, { kind: 'gain+clip', limit: 8 });
    const out = new Float32Array(tensor.length).fill(Number.NaN);
    tensor.fill(list, evenPlan(s.frames, 0, list.count), { ...centreView(side, 16), ...view }, out);
    expect(out.every(Number.isFinite)).toBe(true);
    return out;
  };

  it('a mirrored view is the view of the mirrored clip, with every option', () => {
    for (const over of [
      { rigid: 'translation' },
      { rigid: 'similarity', mask: true },
      { rigid: 'affine', outline: 'ellipse' },
      { kind: 'accumulated', rigid: 'similarity', mask: true, outline: 'ellipse' },
      { kind: 'residual+motion', rigid: 'affine', mask: true },
      { kind: 'motion', rigid: 'translation' },
      { planes: 'residual', mask: true, outline: 'ellipse' },
    ] as const) {
      const flipped = run(signal(over), clip(), { flip: true });
      const mirrored = run(signal(over), clip(true));
      const off = flipped.filter((v, i) => Math.abs(v - mirrored[i]!) > 1e-4).length;
      expect(off, JSON.stringify(over)).toBe(0);
    }
  });

  it('takes the head out of motion and leaves the residual alone', () => {
    const plain = run(signal({}), clip());
    const less = run(signal({ rigid: 'affine' }), clip());
    const power = (values: Float32Array, plane: number) =>
      values.subarray(plane * 256, (plane + 1) * 256).reduce((sum, v) => sum + v * v, 0);
    expect(less.subarray(0, 256)).toEqual(plain.subarray(0, 256));
    for (const plane of [1, 2]) expect(power(less, plane)).toBeLessThan(0.1 * power(plain, plane));
  });

  it('hands the mask on as a share, cuts to the outline, and leaves planes out', () => {
    const out = run(signal({ mask: true }), clip());
    expect(out).toHaveLength(2 * 4 * 256);
    // Window sample (0, 0) is crop sample (1, 1), number 19: (19 * 13 + 7 p) % 11 = 0 for none of p = 0..2.
    for (let j = 0; j < 16; j++) {
      for (let x = 0; x < 16; x++) {
        const i = (j + 1) * side + x + 1;
        const masked = [0, 1, 2].filter((p) => (i * 13 + p * 7) % 11 === 0).length;
        expect(out[3 * 256 + j * 16 + x]).toBe(Math.fround(masked / 3));
      }
    }
    const cut = run(signal({ outline: 'ellipse' }), clip());
    const whole = run(signal({}), clip());
    const outline = ellipse(16);
    expect(cut.map((v) => v + 0)).toEqual(whole.map((v, i) => v * outline[i % 256]! + 0));
    const still = run(signal({}), clip(), { without: 'motion' });
    expect(still.subarray(0, 256)).toEqual(whole.subarray(0, 256));
    expect(still.subarray(256, 768).every((v) => v === 0)).toBe(true);
    expect(
      run(signal({}), clip(), { without: 'residual' })
        .subarray(0, 256)
        .every((v) => v === 0),
    ).toBe(true);
    expect(whole[0]! / RESIDUAL_UNIT).not.toBe(0);
  });

  it('refuses options that the signal has no use for', () => {
    expect(() => signal({ planes: 'residual', rigid: 'affine' })).toThrow('no motion in this signal');
    expect(() => signal({ kind: 'keyframes', rigid: 'affine' })).toThrow('no motion in this signal');
    expect(() => signal({ kind: 'decoded', mask: true })).toThrow('no masked samples');
  });
});
