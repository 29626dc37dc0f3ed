import { describe, expect, it } from 'vitest';
import { type CompressedFrame, MacroblockType } from '../bitstream/frame.js';
import { FrameCropper } from './crop.js';
import { CropList, type CropPlanes, MOTION_UNIT, RESIDUAL_UNIT } from './planes.js';
import { axisWeights, resamplePlane } from './resample.js';
import { evenPlan, framesNeeded, spread } from './sampling.js';
import { type Signal, signalPlanes, signalSchema } from './signal.js';
import { ClipTensor, centreView } from './tensor.js';
import { faceTrack } from './track.js';

const signal = (kind: Signal['kind'], over: Partial<Signal> = {}): Signal => ({
  kind,
  size: 16,
  frames: 2,
  margin: 1,
  residualGain: 1,
  motionGain: 1,
  window: 12,
  ...over,
});

/** A 64x48 P-frame whose residual and vectors are given by functions of pixel and cell. */
function frameOf(
  luma: (x: number, y: number) => number,
  vector: (col: number, row: number) => [number, number] = () => [0, 0],
  over: Partial<CompressedFrame> = {},
): CompressedFrame {
  const width = 64;
  const height = 48;
  const data = new Int16Array(width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data[y * width + x] = luma(x, y);
  const vectors = new Int16Array(8 * 6 * 2);
  for (let y = 0; y < 6; y++) for (let x = 0; x < 8; x++) vectors.set(vector(x, y), 2 * (y * 8 + x));
  return {
    type: 'P',
    coded: true,
    width,
    height,
    mbCols: 4,
    mbRows: 3,
    scale: 1,
    region: { x: 0, y: 0, width, height },
    luma: { data, width, height, stride: width },
    cb: undefined,
    cr: undefined,
    motion: { cols: 8, rows: 6, cell: 8, unit: 2, vectors, backward: undefined },
    macroblockType: new Uint8Array(12).fill(MacroblockType.inter),
    intra: new Uint8Array(12),
    qp: new Uint8Array(12),
    bits: 0,
    damage: undefined,
    ...over,
  };
}

describe('area resampling', () => {
  it('keeps the mean, whatever the ratio', () => {
    for (const [n, m] of [
      [10, 4],
      [7, 16],
      [16, 16],
      [33, 10],
    ] as const) {
      const source = Float64Array.from({ length: n * n }, (_, i) => Math.sin(i * 12.9898) * 50);
      const w = axisWeights(m, 0, n / m, 0, 1, n);
      const out = new Float64Array(m * m);
      resamplePlane(w, w, (y, line) => line.set(source.subarray(y * n, y * n + n)), new Float64Array(n), out);
      const mean = (a: Float64Array) => a.reduce((s, v) => s + v, 0) / a.length;
      expect(mean(out)).toBeCloseTo(mean(source), 10);
    }
  });

  it('agrees with the definition, an integral over each footprint, off the grid and over the edges', () => {
    const n = 9;
    const source = Float64Array.from({ length: n * n }, (_, i) => (i * 37) % 101);
    const [m, origin, pitch] = [6, -2.3, 2.1];
    const w = axisWeights(m, origin, pitch, 0.5, 1.25, n);
    const out = new Float64Array(m * m);
    resamplePlane(w, w, (y, line) => line.set(source.subarray(y * n, y * n + n)), new Float64Array(n), out);
    const overlap = (i: number, j: number) => {
      const a = Math.max(origin + i * pitch, 0.5 + j * 1.25);
      const b = Math.min(origin + (i + 1) * pitch, 0.5 + (j + 1) * 1.25);
      return Math.max(0, b - a) / pitch;
    };
    for (let y = 0; y < m; y++) {
      for (let x = 0; x < m; x++) {
        let sum = 0;
        for (let j = 0; j < n; j++)
          for (let i = 0; i < n; i++) sum += overlap(x, i) * overlap(y, j) * source[j * n + i]!;
        expect(out[y * m + x]).toBeCloseTo(sum, 9);
      }
    }
  });
});

describe('FrameCropper', () => {
  const box = { x: 16, y: 8, width: 32, height: 32 };

  it('asks for the coarsest scale that still has a residual sample per crop sample, inside the picture', () => {
    const cropper = new FrameCropper(signal('residual'), 20);
    expect(cropper.request(box, 64, 48)).toEqual({
      scale: 2,
      region: { x: 12, y: 4, width: 40, height: 40 },
      chroma: false,
    });
    expect(cropper.request({ x: 0, y: 0, width: 128, height: 10 }, 640, 480).scale).toBe(8);
    expect(cropper.request({ x: 0, y: 0, width: 20, height: 31 }, 640, 480).scale).toBe(1);
    expect(cropper.request({ x: 900, y: 0, width: 20, height: 20 }, 640, 480).scale).toBe(0);
  });

  it('averages the residual over each sample and reads 0 outside the picture', () => {
    const frame = frameOf((x, y) => x + 3 * y);
    const planes = new FrameCropper(signal('residual')).crop(frame, 5, box);
    expect(planes.index).toBe(5);
    // Sample (3, 2) covers pixels 22..23 x 12..13: mean 22.5 + 3 * 12.5.
    expect(planes.residual[2 * 16 + 3]! * RESIDUAL_UNIT).toBe(22.5 + 3 * 12.5);
    const over = new FrameCropper(signal('residual')).crop(frame, 5, { x: -16, y: 8, width: 32, height: 32 });
    expect(over.residual[7]).toBe(0);
    expect(over.mask[7]).toBe(1);
    expect(over.mask[8]).toBe(0);
  });

  it('gives the same from a scaled plane of part of the picture', () => {
    const full = frameOf((x, y) => ((x * 7) % 13) - ((y * 5) % 11));
    const region = { x: 16, y: 0, width: 32, height: 48 };
    const data = new Int16Array(16 * 24);
    const exact = frameOf((x, y) => data[(y >> 1) * 16 + (((x - 16) >> 1) & 15)]!);
    for (let y = 0; y < 24; y++) for (let x = 0; x < 16; x++) data[y * 16 + x] = (x * 31 + y * 17) % 41;
    const half = { ...full, scale: 2 as const, region, luma: { data, width: 16, height: 24, stride: 16 } };
    const fine = { ...full, luma: exact.luma };
    for (let y = 0; y < 48; y++)
      for (let x = 16; x < 48; x++) fine.luma!.data[y * 64 + x] = data[(y >> 1) * 16 + ((x - 16) >> 1)]!;
    const cropper = new FrameCropper(signal('residual'));
    expect(cropper.crop(half, 0, box).residual).toEqual(cropper.crop(fine, 0, box).residual);
  });

  it('leaves intra and lost macroblocks out and marks them', () => {
    const frame = frameOf(
      () => 100,
      () => [4, 4],
    );
    frame.intra[1] = 1; // pixels 16..31 x 0..15
    frame.macroblockType[6] = MacroblockType.lost; // pixels 32..47 x 16..31
    const planes = new FrameCropper(signal('residual')).crop(frame, 0, box);
    expect([planes.mask[0], planes.residual[0], planes.motion[0]]).toEqual([1, 0, 0]);
    expect([planes.mask[4 * 16 + 8], planes.residual[4 * 16 + 8]]).toEqual([1, 0]);
    expect([planes.mask[8], planes.residual[8]]).toEqual([0, 100 / RESIDUAL_UNIT]);
  });

  it('gives motion in crop samples', () => {
    const frame = frameOf(
      () => 0,
      (col) => [col, -6],
    );
    const { motion } = new FrameCropper(signal('motion')).crop(frame, 0, box);
    // Column 0 begins at pixel 16, cell 2: 2 half samples = 1 pixel = half a crop sample of 2 pixels.
    expect(motion[0]! * MOTION_UNIT).toBe(0.5);
    expect(motion[256]! * MOTION_UNIT).toBe(-1.5);
  });

  it('gives a face that the box follows no motion, and one that grows with its box neither', () => {
    const moved = frameOf(
      () => 0,
      () => [-6, 2],
    ); // fetched 3 pixels to the left, 1 below: the face moved right and up
    const cropper = new FrameCropper(signal('motion'));
    const before = { ...box, x: box.x - 3, y: box.y + 1 };
    expect([...cropper.crop(moved, 1, box, before).motion].every((v) => v === 0)).toBe(true);
    // A point at distance d from the centre came from distance d / 2: vectors of -d / 2 pixels, -d half samples.
    const grown = frameOf(
      () => 0,
      (col, row) => [-(col * 8 + 4 - 32), -(row * 8 + 4 - 24)],
    );
    const half = { x: 24, y: 16, width: 16, height: 16 };
    const { motion } = cropper.crop(grown, 1, box, half);
    // The field is constant over a cell of 4 samples: off by at most 2 samples of the previous frame's grid.
    expect(Math.max(...motion.map(Math.abs)) * MOTION_UNIT).toBeLessThanOrEqual(2);
  });

  it('gives nothing for a frame that was not coded or an I-frame', () => {
    const cropper = new FrameCropper(signal('motion'));
    const still = cropper.crop(
      frameOf(
        () => 9,
        () => [1, 1],
        { coded: false },
      ),
      0,
      box,
    );
    expect(still.residual.every((v) => v === 0) && still.motion.every((v) => v === 0)).toBe(true);
    expect(
      cropper.crop(
        frameOf(() => 9, undefined, { type: 'I' }),
        0,
        box,
      ).isKey,
    ).toBe(true);
  });
});

describe('faceTrack', () => {
  const faces = [
    { frame: 0, x: 0, y: 0, width: 10, height: 10 },
    { frame: 12, x: 12, y: 0, width: 22, height: 10 },
  ];
  it('holds or moves evenly', () => {
    expect(faceTrack(faces, 'hold')(11).x).toBe(0);
    expect(faceTrack(faces, 'hold')(12).x).toBe(12);
    expect(faceTrack(faces, 'linear')(6)).toEqual({ x: 6, y: 0, width: 16, height: 10 });
    expect(faceTrack(faces, 'linear')(40).x).toBe(12);
  });
});

/** P-frames of constant residual r(p) and motion (mx, my)(p). */
function listOf(size: number, count: number, keys: number[], fill: (p: number, planes: CropPlanes) => void): CropList {
  const list = new CropList(size);
  for (let p = 0; p < count; p++) {
    if (keys.includes(p)) list.pushKey();
    const planes: CropPlanes = {
      size,
      residual: new Int16Array(size * size),
      motion: new Int16Array(2 * size * size),
      mask: new Uint8Array(size * size),
      index: p,
      isKey: false,
    };
    fill(p, planes);
    list.push(planes);
  }
  return list;
}

describe('sampling', () => {
  it('gives every P-frame to one segment and picks the centres', () => {
    const plan = evenPlan(4, 0, 10);
    expect([...plan.bounds]).toEqual([0, 3, 5, 8, 10]);
    expect([...plan.picks]).toEqual([1, 3, 6, 8]);
  });
  it('has empty segments and repeated picks where there are too few', () => {
    const plan = evenPlan(6, 2, 5);
    expect([...plan.picks]).toEqual([2, 2, 3, 3, 4, 4]);
    expect(plan.bounds[0]).toBe(2);
    expect(plan.bounds[6]).toBe(5);
    expect(() => evenPlan(4, 3, 3)).toThrow(RangeError);
  });
  it('never leaves its stretch', () => {
    for (let i = 0; i < 200; i++) {
      const [from, length] = [(i * 7.3) % 5, 0.2 + ((i * 3.7) % 20)];
      const plan = spread(8, from, from + length, () => 0.999999);
      for (const pick of plan.picks) {
        expect(pick).toBeGreaterThanOrEqual(Math.floor(from));
        expect(pick).toBeLessThan(Math.ceil(from + length));
      }
    }
  });
  it('knows which frames must be parsed', () => {
    const afterKey = (p: number) => p % 11 === 0;
    const plan = evenPlan(2, 0, 20); // picks 5 and 15
    expect(framesNeeded(signal('residual'), plan, afterKey)).toEqual([5, 15]);
    expect(framesNeeded(signal('accumulated'), plan, afterKey)).toEqual([0, 1, 2, 3, 4, 5, 11, 12, 13, 14, 15]);
    expect(framesNeeded(signal('accumulated', { window: 2 }), plan, afterKey)).toEqual([4, 5, 14, 15]);
    expect(framesNeeded(signal('summed'), plan, afterKey)).toHaveLength(20);
  });
});

describe('signalSchema', () => {
  it('takes cards from before there were choices, and refuses choices that mean nothing', () => {
    expect(signalSchema.parse(signal('summed'))).toEqual(signal('summed'));
    expect(signalPlanes(signal('summed'))).toBe(3);
    expect(() => signalSchema.parse(signal('residual', { planes: 'motion' }))).toThrow('choice of planes');
    expect(() => signalSchema.parse(signal('summed', { colour: 'luma' }))).toThrow('only decoded has colours');
  });
});

describe('ClipTensor', () => {
  const run = (s: Signal, list: CropList, view = centreView(list.size, s.size), limit?: number) => {
    const tensor = new ClipTensor(s, limit ? { kind: 'gain+clip', limit } : { kind: 'gain' });
    const out = new Float32Array(tensor.length);
    tensor.fill(list, evenPlan(s.frames, 0, list.count), view, out);
    return out;
  };
  const numbered = listOf(18, 6, [3], (p, planes) => {
    planes.residual.fill((p + 1) / RESIDUAL_UNIT);
    planes.motion.fill(10 / MOTION_UNIT, 0, 18 * 18);
  });

  it('reads one frame per sample', () => {
    const out = run(signal('residual', { residualGain: 0.5 }), numbered);
    expect([out[0], out[256]]).toEqual([1, 2.5]); // P-frames 1 and 4
    const both = run(signal('residual+motion', { motionGain: 0.1 }), numbered);
    expect(both[0]).toBe(2);
    expect(both[256]).toBeCloseTo(1);
    expect(both[512]).toBe(0);
    expect(run(signal('motion'), numbered)).toHaveLength(2 * 2 * 256);
  });

  it('key frames: each picture less its mean, over its standard deviation, whatever its brightness', () => {
    const picture = (brightness: number, contrast: number) => ({
      width: 40,
      height: 40,
      y: Uint8Array.from({ length: 1600 }, (_, i) => brightness + contrast * ((i % 40) % 2)),
    });
    const s = signal('keyframes', { size: 16, frames: 2, margin: 1 });
    const cropper = new FrameCropper(s);
    const list = new CropList(16);
    const box = { x: 10, y: 10, width: 16, height: 16 };
    list.push(cropper.cropPicture(picture(50, 40), 0, box));
    list.push(cropper.cropPicture(picture(100, 80), 12, box));
    const tensor = new ClipTensor(s, { kind: 'standard' });
    const out = new Float32Array(tensor.length);
    tensor.fill(list, evenPlan(2, 0, 2), centreView(16, 16), out);
    // Columns of 50 and 90: mean 70, standard deviation 20, and 4 against flat pictures.
    expect([out[0], out[1], out[16]]).toEqual([-20 / 24, 20 / 24, -20 / 24].map(Math.fround));
    expect([out[256], out[257]]).toEqual([-40 / 44, 40 / 44].map(Math.fround));
    const flipped = new Float32Array(tensor.length);
    tensor.fill(list, evenPlan(2, 0, 2), { x: 0, y: 0, flip: true, gain: 2 }, flipped);
    expect(flipped[0]).toBeCloseTo(2 * out[1]!, 5);
    // Outside the picture there is nothing.
    expect(cropper.cropPicture(picture(50, 40), 0, { ...box, x: 100 }).residual.every((v) => v === 0)).toBe(true);
  });

  it('sums the frames of each segment in place', () => {
    const out = run(signal('summed'), numbered);
    expect([out[0], out[256], out[768], out[1024]]).toEqual([6, 30, 15, 30]);
    expect(run(signal('summed'), numbered, undefined, 20)[256]).toBe(20);
  });

  it('hands on the planes that are wanted', () => {
    const noise = listOf(18, 10, [4], (p, planes) => {
      for (let i = 0; i < planes.residual.length; i++) planes.residual[i] = ((i * 7919 + p * 104729) % 2001) - 1000;
      for (let i = 0; i < planes.motion.length; i++) planes.motion[i] = ((i * 31 + p * 17) % 401) - 200;
    });
    for (const kind of ['summed', 'accumulated'] as const) {
      const both = run(signal(kind), noise);
      expect(run(signal(kind, { planes: 'both' }), noise)).toEqual(both);
      const residual = run(signal(kind, { planes: 'residual' }), noise);
      const motion = run(signal(kind, { planes: 'motion' }), noise);
      expect([residual.length, motion.length]).toEqual([2 * 256, 2 * 512]);
      for (const k of [0, 1]) {
        expect(residual.subarray(k * 256, (k + 1) * 256)).toEqual(both.subarray(k * 768, k * 768 + 256));
        expect(motion.subarray(k * 512, (k + 1) * 512)).toEqual(both.subarray(k * 768 + 256, (k + 1) * 768));
      }
    }
    const flipped = run(signal('summed', { planes: 'motion' }), noise, { ...centreView(18, 16), flip: true });
    const plain = run(signal('summed', { planes: 'motion' }), noise);
    expect(flipped[0]).toBe(-plain[15]!);
    expect(flipped[256]).toBe(plain[256 + 15]);
  });

  it('decoded: the sampled pictures out of changes, each plane standardised; differences of stretches', () => {
    // Pictures of P-frames 0..5: columns of 10 (p + 1) times 1 and 3; green the double.
    const changes = listOf(16, 6, [], (_, planes) => {
      for (let i = 0; i < 256; i++) {
        planes.residual[i] = i % 2 ? 30 : 10;
        planes.motion[i] = i % 2 ? 60 : 20;
        planes.motion[256 + i] = 50;
      }
    });
    const tensor = new ClipTensor(signal('decoded'), { kind: 'standard' });
    const out = new Float32Array(tensor.length);
    tensor.fill(changes, evenPlan(2, 0, 6), centreView(16, 16), out); // P-frames 1 and 4
    const at = (k: number, plane: number) => out[(k * 3 + plane) * 256];
    expect([at(0, 0), at(0, 1), at(0, 2)]).toEqual([-20 / 24, -40 / 44, 0].map(Math.fround));
    expect([at(1, 0), at(1, 1)]).toEqual([-50 / 54, -100 / 104].map(Math.fround));
    const luma = new ClipTensor(signal('decoded', { colour: 'luma' }), { kind: 'standard' });
    expect(luma.length).toBe(2 * 256);
    const difference = run(signal('decoded-difference', { residualGain: 2 }), changes);
    expect(difference).toHaveLength(512);
    expect(difference[0]).toBe(2 * 3 * 10 * RESIDUAL_UNIT);
  });

  it('accumulates along motion since the I-frame, no further than its window', () => {
    // One bright sample moves right by one sample a frame: its energy gathers where it has got to.
    const moving = listOf(18, 6, [3], (p, planes) => {
      planes.motion.fill(-1 / MOTION_UNIT, 0, 18 * 18);
      planes.residual[9 * 18 + 5 + p] = 100 / RESIDUAL_UNIT;
    });
    const out = run(signal('accumulated'), moving); // picks P-frames 1 and 4
    const at = (k: number, plane: number, x: number) => out[(k * 3 + plane) * 256 + 8 * 16 + x - 1];
    expect(at(0, 0, 6)).toBe(200); // frames 0 and 1
    expect(at(0, 0, 5)).toBe(0);
    expect(at(1, 0, 9)).toBe(200); // frames 3 and 4: not the ones before the I-frame
    expect(at(1, 1, 9)).toBe(-2);
    const short = run(signal('accumulated', { window: 1 }), moving);
    expect(short[8 * 16 + 5]).toBe(100);
  });

  it('accumulates the same from pick to pick as from the start', () => {
    const noise = listOf(18, 10, [], (p, planes) => {
      for (let i = 0; i < planes.residual.length; i++) planes.residual[i] = ((i * 7919 + p * 104729) % 2001) - 1000;
      for (let i = 0; i < planes.motion.length; i++) planes.motion[i] = ((i * 31 + p * 17) % 401) - 200;
    });
    const all = run(signal('accumulated', { frames: 10, window: 100 }), noise);
    const two = run(signal('accumulated', { frames: 2, window: 100 }), noise); // picks 2 and 7
    expect(two.subarray(0, 768)).toEqual(all.subarray(2 * 768, 3 * 768));
    expect(two.subarray(768)).toEqual(all.subarray(7 * 768, 8 * 768));
  });

  it('mirrors left to right, turning the sign of x motion', () => {
    const ramp = listOf(18, 2, [], (_, planes) => {
      for (let i = 0; i < 18 * 18; i++) {
        planes.residual[i] = (i % 18) / RESIDUAL_UNIT;
        planes.motion[i] = (i % 18) / MOTION_UNIT;
        planes.motion[18 * 18 + i] = (i % 18) / MOTION_UNIT;
      }
    });
    const s = signal('residual+motion');
    const plain = run(s, ramp);
    const flipped = run(s, ramp, { ...centreView(18, 16), flip: true });
    for (let x = 0; x < 16; x++) {
      expect(flipped[x]).toBe(plain[15 - x]);
      expect(flipped[256 + x]).toBe(-plain[256 + 15 - x]!);
      expect(flipped[512 + x]).toBe(plain[512 + 15 - x]);
    }
    expect(run(s, ramp, { x: 2, y: 0, flip: false, gain: 2 })[0]).toBe(4);
    expect(() => run(s, ramp, { x: 3, y: 0, flip: false, gain: 1 })).toThrow(RangeError);
  });
});
