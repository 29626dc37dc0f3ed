/** Fused models: both networks in one file, the first alone where there are no I-frames, and what does not fit is refused. */
import { describe, expect, it } from 'vitest';
import { makeClip, motion } from '../../test/support/clips.js';
import { tinyModel } from '../../test/support/tiny-model.js';
import { analyze } from '../analyze.js';
import { ModelError } from '../errors.js';
import { replaceOnnxMetadata } from '../graph/index.js';
import { mirrorClips } from '../residual/mirror.js';
import type { ModelCard } from './card.js';
import { metadataOf } from './card-file.js';
import { combine, fuseModels, keyFrameModel } from './fused.js';
import { loadModel, readCard } from './model.js';

const residual = tinyModel('summed', 32, 4);
const keyframes = tinyModel('keyframes', 32, 3);
const cardOf = (weight: number, temperature = 1): ModelCard => ({
  ...readCard(residual),
  name: 'both',
  temperature: 0.5,
  keyframes: { weight, temperature },
});
const noise = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(1.7 * i) * 2);
const input = noise(4 * 3 * 32 * 32);
const keys = noise(3 * 32 * 32);

describe('a fused model', () => {
  it('adds log-probabilities, and is the first network alone without I-frames', async () => {
    const [first, second] = [await loadModel(residual), await loadModel(keyframes)];
    const both = await loadModel(fuseModels(residual, keyframes, cardOf(0.7, 2)));
    expect(both.card.name).toBe('both');
    expect(both.keyframes?.signal.kind).toBe('keyframes');
    const own = await first.predict(input, 1);
    const other = await second.predict(keys, 1);

    const alone = await both.predict(input, 1);
    const sharpened = own.probabilities.map((p) => Math.max(p, 1e-5) ** 2);
    const total = sharpened.reduce((a, b) => a + b);
    alone.probabilities.forEach((p, c) => {
      expect(p).toBeCloseTo(sharpened[c]! / total, 5);
    });
    expect(alone.embedding).toEqual(own.embedding);

    const two = new Float32Array([...input, ...input]);
    const mixed = await both.predict(two, 2, [keys, undefined]);
    const floor = (p: number) => Math.max(p, 1e-5);
    const joined = own.probabilities.map((p, c) => Math.sqrt(floor(p) * floor(other.probabilities[c]!) ** 0.7));
    const sum = joined.reduce((a, b) => a + b);
    const classes = joined.length;
    mixed.probabilities.subarray(0, classes).forEach((p, c) => {
      expect(p).toBeCloseTo(joined[c]! / sum, 4);
    });
    mixed.probabilities.subarray(classes).forEach((p, c) => {
      expect(p).toBeCloseTo(alone.probabilities[c]!, 5);
    });
    await Promise.all([first, second, both].map((model) => model.close()));
  });

  it('of weight 0 and temperature 1 says what the first network says', async () => {
    const first = await loadModel(residual);
    const both = await loadModel(fuseModels(residual, keyframes, cardOf(0)));
    const own = (await first.predict(input, 1)).probabilities;
    const fused = (await both.predict(input, 1, [keys])).probabilities;
    // Probabilities below 1e-5 are taken for it.
    own.forEach((p, c) => {
      expect(Math.abs(fused[c]! - p)).toBeLessThan(1e-4);
    });
    await Promise.all([first.close(), both.close()]);
  });

  it('is refused where the parts do not fit or are damaged', async () => {
    expect(() => fuseModels(keyframes, residual, cardOf(1))).toThrow(ModelError);
    expect(() => fuseModels(residual, residual, cardOf(1))).toThrow('in this order');
    expect(() => fuseModels(residual, keyframes, readCard(residual))).toThrow('weight');
    const bare = replaceOnnxMetadata(residual, metadataOf(cardOf(1)));
    await expect(loadModel(bare)).rejects.toThrow('holds no network');
    const broken = replaceOnnxMetadata(residual, { ...metadataOf(cardOf(1)), 'vultus.keyframes': 'AAAA' });
    await expect(loadModel(broken)).rejects.toThrow(ModelError);
    const garbled = replaceOnnxMetadata(residual, { ...metadataOf(cardOf(1)), 'vultus.keyframes': '§' });
    expect(() => keyFrameModel(garbled)).toThrow('damaged');
  });

  it('reads I-frames along a video: windows that hold one differ from those of the first network, the others do not', async () => {
    const clip = makeClip(motion.bars('160x128', 150), ['-c:v', 'mpeg4', '-g', '75', '-bf', '0', '-q:v', '4'], 'mp4');
    const card = { ...cardOf(1), temperature: 1 };
    const [first, both] = [await loadModel(residual), await loadModel(fuseModels(residual, keyframes, card))];
    const options = { faces: 'frame', window: 1, hop: 0.5 } as const;
    const alone = await analyze(clip, { ...options, model: first }).result();
    const fused = await analyze(clip, { ...options, model: both }).result();
    const differ = fused.faces[0]!.windows.map(({ probabilities }, i) => {
      const before = alone.faces[0]!.windows[i]!.probabilities;
      return probabilities.some((p, c) => Math.abs(p - before[c]!) > 2e-3);
    });
    const holdsKey = fused.faces[0]!.windows.map(({ start, end }) => start <= 0 || (start <= 3 && end > 3));
    expect(holdsKey).toContain(false);
    expect(differ).toEqual(holdsKey);
    await Promise.all([first.close(), both.close()]);
  });
});

describe('a model that also looks at the mirror image', () => {
  it('says the same of a clip and of its mirror image: the geometric mean of what it says of both alone', async () => {
    const card = cardOf(0.7, 2);
    const plain = await loadModel(fuseModels(residual, keyframes, card));
    const both = await loadModel(fuseModels(residual, keyframes, { ...card, mirror: true }));
    const turned = mirrorClips(input, card.signal);
    const turnedKeys = mirrorClips(keys, plain.keyframes!.signal);
    const one = await both.predict(input, 1, [keys]);
    const other = await both.predict(turned, 1, [turnedKeys]);
    const parts = [await plain.predict(input, 1, [keys]), await plain.predict(turned, 1, [turnedKeys])] as const;
    const means = parts[0].probabilities.map((p, c) =>
      Math.sqrt(Math.max(p, 1e-5) * Math.max(parts[1].probabilities[c]!, 1e-5)),
    );
    const sum = means.reduce((a, b) => a + b);
    one.probabilities.forEach((p, c) => {
      expect(p).toBeCloseTo(other.probabilities[c]!, 4);
      expect(p).toBeCloseTo(means[c]! / sum, 4);
    });
    expect(one.embedding).toEqual(parts[0].embedding);
    await Promise.all([plain.close(), both.close()]);
  });
});

describe('combine', () => {
  it('gives numbers that add up to 1, also of certainties that contradict each other', () => {
    const own = Float32Array.of(1, 0, 0);
    combine(own, Float32Array.of(0, 1, 0), 1, 1);
    expect(own[0]).toBeCloseTo(0.5, 4);
    expect(own.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
  });
});
