import { describe, expect, it } from 'vitest';
import { mirrorClips } from './mirror.js';
import type { CropSequence } from './planes.js';
import { evenPlan } from './sampling.js';
import { type Signal, signalPlanes } from './signal.js';
import { ClipTensor, centreView } from './tensor.js';

const size = 16;
const sequence: CropSequence = {
  size,
  count: 3,
  afterKey: (p) => p === 0,
  sum: (from, to, out) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.round(900 * Math.sin(i * 0.37 + from + 2 * to));
  },
};

describe('mirrorClips', () => {
  it.each([
    { kind: 'residual' },
    { kind: 'motion' },
    { kind: 'residual+motion' },
    { kind: 'summed' },
    { kind: 'summed', planes: 'motion' },
    { kind: 'summed', planes: 'residual' },
    { kind: 'summed', mask: true },
    { kind: 'summed', planes: 'residual', mask: true },
    { kind: 'summed', rigid: 'similarity', outline: 'ellipse' },
    { kind: 'keyframes' },
    { kind: 'decoded' },
  ] as const)('is what a mirrored view of the crop gives: %j', (kind) => {
    const signal: Signal = { ...kind, size, frames: 2, margin: 1, residualGain: 0.4, motionGain: 1.1, window: 12 };
    const still = signal.kind === 'keyframes' || signal.kind === 'decoded';
    const tensor = new ClipTensor(signal, still ? { kind: 'standard' } : { kind: 'gain' });
    const [plain, flipped] = [new Float32Array(tensor.length), new Float32Array(tensor.length)];
    const view = centreView(size, size);
    tensor.fill(sequence, evenPlan(2, 0, 3), view, plain);
    tensor.fill(sequence, evenPlan(2, 0, 3), { ...view, flip: true }, flipped);
    expect(plain.length).toBe(2 * signalPlanes(signal) * size * size);
    const mirrored = mirrorClips(plain, signal);
    mirrored.forEach((value, i) => {
      expect(value).toBeCloseTo(flipped[i]!, 4);
    });
    expect(mirrorClips(mirrored, signal)).toEqual(plain);
  });
});
