import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ModelError } from '../errors.js';
import { CropList } from '../residual/planes.js';
import { evenPlan } from '../residual/sampling.js';
import { Batches } from './batches.js';
import { openClipStore, type StoreDescription } from './clip-store.js';
import { Random } from './random.js';
import { defaultAugmentation, drawLost, drawPlan, drawView } from './sampling.js';
import { WithoutFrames } from './without-frames.js';

const folder = mkdtempSync(join(tmpdir(), 'vultus-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const size = 16;
const describeStore = (name: string, paths: string[]): StoreDescription => ({
  ...{ data: name, faces: '', crop: size, size, margin: 1, track: 'linear', package: '0' },
  paths,
});

/** A clip of random planes, the same for the same name. */
function clipOf(path: string, strength = 500): CropList {
  const random = new Random([...path].reduce((h, c) => h * 31 + c.charCodeAt(0), 7));
  const list = new CropList(size);
  const count = 3 + random.int(12);
  for (let p = 0; p < count; p++) {
    if (p % 5 === 0) list.pushKey();
    const draw = (n: number) => Int16Array.from({ length: n }, () => random.int(2 * strength) - strength);
    const planes = { residual: draw(size * size), motion: draw(2 * size * size), mask: new Uint8Array(size * size) };
    list.push({ size, ...planes, index: p, isKey: false });
  }
  return list;
}

const read = async (path: string) => clipOf(path);
const paths = ['a', 'b', 'c', 'd'];

describe('openClipStore', () => {
  it('gives back every sum of every clip, in any order', async () => {
    const store = await openClipStore(folder, describeStore('sums', paths), { read });
    const [got, want] = [new Int32Array(3 * size * size), new Int32Array(3 * size * size)];
    const random = new Random(3);
    for (let i = 0; i < 400; i++) {
      const path = paths[random.int(4)]!;
      const clip = clipOf(path);
      const stored = store.clip(path);
      expect(stored.count).toBe(clip.count);
      const from = random.int(clip.count);
      const to = from + random.int(clip.count - from + 1);
      stored.sum(from, to, got);
      clip.sum(from, to, want);
      expect(got).toEqual(want);
      expect(stored.afterKey(from)).toBe(clip.afterKey(from));
    }
    expect(() => store.clip('a').sum(0, 999, got)).toThrow(RangeError);
    store.close();
  });

  it('holds sums that leave 16 bits, at a coarser unit', async () => {
    const store = await openClipStore(folder, describeStore('big', ['big']), {
      read: async () => {
        const list = new CropList(size);
        for (let p = 0; p < 20; p++) {
          const planes = { residual: new Int16Array(256).fill(4080), motion: new Int16Array(512).fill(-64) };
          list.push({ size, ...planes, mask: new Uint8Array(256), index: p, isKey: false });
        }
        return list;
      },
    });
    const out = new Int32Array(3 * 256);
    store.clip('big').sum(0, 20, out);
    expect(Math.abs(out[0]! - 20 * 4080)).toBeLessThanOrEqual(4);
    store.clip('big').sum(4, 5, out);
    expect(Math.abs(out[0]! - 4080)).toBeLessThanOrEqual(4);
    expect(Math.abs(out[256]! + 64)).toBeLessThanOrEqual(4);
    store.close();
  });

  it('keeps the mask where the description says so', async () => {
    const masked = async (path: string) => {
      const list = new CropList(size);
      const source = clipOf(path);
      const one = new Int32Array(3 * 256);
      for (let p = 0; p < source.count; p++) {
        source.sum(p, p + 1, one);
        const planes = { residual: Int16Array.from(one.subarray(0, 256)), motion: Int16Array.from(one.subarray(256)) };
        const mask = Uint8Array.from({ length: 256 }, (_, i) => ((i + p) % 3 === 0 ? 1 : 0));
        list.push({ size, ...planes, mask, index: p, isKey: false });
      }
      return list;
    };
    const store = await openClipStore(folder, { ...describeStore('mask', paths), mask: true }, { read: masked });
    const [got, want] = [new Int32Array(4 * 256), new Int32Array(4 * 256)];
    for (const path of paths) {
      const clip = await masked(path);
      for (const [from, to] of [
        [0, clip.count],
        [1, 3],
        [2, 3],
      ] as const) {
        store.clip(path).sum(from, to, got);
        clip.sum(from, to, want);
        expect(got).toEqual(want);
      }
    }
    store.close();
    const plain = await openClipStore(folder, describeStore('sums', paths), { read });
    expect(() => plain.clip('a').sum(0, 1, got)).toThrow('holds no mask');
    plain.close();
  });

  it('parses nothing twice, and goes on where it was stopped', async () => {
    const description = describeStore('resume', paths);
    const seen: string[] = [];
    const stop = new AbortController();
    const counted = async (path: string) => {
      seen.push(path);
      if (seen.length === 2) stop.abort();
      return clipOf(path);
    };
    await expect(openClipStore(folder, description, { read: counted, abort: stop.signal })).rejects.toThrow();
    const store = await openClipStore(folder, description, { read: counted });
    store.close();
    expect(seen).toEqual(paths);
    (await openClipStore(folder, description, { read: () => Promise.reject(new Error('parsed again')) })).close();
  });

  it('drops a torn line of the index and parses that clip again', async () => {
    const description = describeStore('torn', paths);
    const fails = async (path: string) => (path === 'c' ? Promise.reject(new Error('power cut')) : clipOf(path));
    await expect(openClipStore(folder, description, { read: fails })).rejects.toThrow('power cut');
    const partial = join(folder, readdirSync(folder).find((name) => name.endsWith('.partial'))!);
    const index = await open(join(partial, 'index.jsonl'), 'a');
    await index.write('{"path":"c","offs');
    await index.close();
    const store = await openClipStore(folder, description, { read });
    const [got, want] = [new Int32Array(768), new Int32Array(768)];
    for (const path of paths) {
      store.clip(path).sum(1, 3, got);
      clipOf(path).sum(1, 3, want);
      expect(got).toEqual(want);
    }
    store.close();
  });

  it('builds a damaged store anew', async () => {
    const description = describeStore('damaged', paths);
    const before = new Set(readdirSync(folder));
    (await openClipStore(folder, description, { read })).close();
    const place = join(folder, readdirSync(folder).find((name) => !before.has(name))!);
    const file = await open(join(place, 'planes.bin'), 'r+');
    await file.write(Uint8Array.of(1, 2, 3), 0, 3, 5000);
    await file.close();
    let parsed = 0;
    const store = await openClipStore(folder, description, {
      read: (path) => {
        parsed++;
        return read(path);
      },
    });
    expect(parsed).toBe(4);
    expect(store.check()).toBeUndefined();
    store.close();
  });

  it('lets one process build, and ignores a lock whose process is gone', async () => {
    const description = describeStore('lock', paths);
    const before = new Set(readdirSync(folder));
    await expect(openClipStore(folder, description, { read: () => Promise.reject(new Error('x')) })).rejects.toThrow(
      'x',
    );
    const partial = join(folder, readdirSync(folder).find((name) => !before.has(name))!);
    expect(existsSync(join(partial, 'lock'))).toBe(false);
    writeFileSync(join(partial, 'lock'), String(process.ppid));
    await expect(openClipStore(folder, description, { read })).rejects.toThrow(ModelError);
    writeFileSync(join(partial, 'lock'), '999999999');
    (await openClipStore(folder, description, { read })).close();
  });
});

describe('Batches', () => {
  const options = {
    clips: Array.from({ length: 10 }, (_, i) => ({ path: `clip${i}`, label: i })),
    sequence: (path: string) => clipOf(path),
    signal: { kind: 'summed', size: 10, frames: 3, margin: 1, residualGain: 1, motionGain: 1, window: 12 } as const,
    normalisation: { kind: 'gain' } as const,
    augmentation: defaultAugmentation,
    batch: 4,
    seed: 5,
  };
  it('show a clip at most once an epoch, in another order each epoch', () => {
    const batches = new Batches(options);
    expect(batches.stepsPerEpoch).toBe(2);
    const labels = Array.from({ length: 8 }, (_, step) => [...batches.at(step).labels]);
    for (let epoch = 0; epoch < 4; epoch++) {
      expect(new Set([...labels[2 * epoch]!, ...labels[2 * epoch + 1]!]).size).toBe(8);
    }
    expect(labels[0]).not.toEqual(labels[2]);
  });
  it('depend on seed and step alone', () => {
    const all = new Batches(options);
    for (let step = 0; step < 5; step++) all.at(step);
    const fifth = all.at(5).input.slice();
    expect(new Batches(options).at(5).input).toEqual(fifth);
    expect(new Batches({ ...options, seed: 6 }).at(5).input).not.toEqual(fifth);
  });
  it('show a clip once an epoch however many files there are of it, each of them in its turn', () => {
    // Clip k is there k + 1 times.
    const clips = Array.from({ length: 8 }, (_, k) =>
      Array.from({ length: k + 1 }, (_, v) => ({ path: `clip${k}-${v}`, label: k, group: `clip${k}` })),
    ).flat();
    expect(new Batches({ ...options, clips }).stepsPerEpoch).toBe(9);
    const batches = new Batches({ ...options, clips, variants: 'one' });
    expect(batches.stepsPerEpoch).toBe(2);
    const seen = new Set<string>();
    for (let epoch = 0; epoch < 60; epoch++) {
      const shown = [0, 1].flatMap((step) => {
        const { labels, shown } = batches.at(2 * epoch + step);
        return shown.map(({ path }, i) => {
          seen.add(path);
          expect(path.startsWith(`clip${labels[i]}-`)).toBe(true);
          return labels[i];
        });
      });
      expect(new Set(shown).size).toBe(8);
    }
    expect(seen.size).toBe(clips.length);
    const again = new Batches({ ...options, clips, variants: 'one' });
    expect(again.at(31).input).toEqual(new Batches({ ...options, clips, variants: 'one' }).at(31).input);
    // Where every clip is there once, nothing changes.
    const same = new Batches({ ...options, variants: 'one' }).at(3).input.slice();
    expect(same).toEqual(new Batches(options).at(3).input);
  });
  it('may lose frames and planes of a clip', () => {
    const lossy = { ...defaultAugmentation, dropFrames: 0.9, dropPlanes: 1 };
    const { input } = new Batches({ ...options, augmentation: lossy }).at(0);
    expect(input.every(Number.isFinite)).toBe(true);
    const zero = (values: Float32Array) => values.filter((v) => v === 0).length / values.length;
    expect(zero(input)).toBeGreaterThan(0.3);
    expect(zero(new Batches(options).at(0).input)).toBeLessThan(0.2);
  });
  it('may turn, size and light a clip, the same at the same step', () => {
    const augmentation = { ...defaultAugmentation, turn: 15, zoom: 0.2 };
    const changed = new Batches({ ...options, augmentation }).at(3).input.slice();
    expect(changed).not.toEqual(new Batches(options).at(3).input);
    expect(changed).toEqual(new Batches({ ...options, augmentation }).at(3).input);
    const pictures = { ...options, signal: { ...options.signal, kind: 'keyframes' as const } };
    const lit = { ...pictures, augmentation: { ...defaultAugmentation, light: 0.5 } };
    expect(new Batches(lit).at(3).input).not.toEqual(new Batches(pictures).at(3).input);
  });
  it('let few clips take turns', () => {
    const batches = new Batches({ ...options, clips: options.clips.slice(0, 3), batch: 8 });
    expect(batches.stepsPerEpoch).toBe(1);
    expect([...batches.at(0).labels].sort()).toEqual([0, 0, 0, 1, 1, 1, 2, 2]);
  });
});

describe('WithoutFrames', () => {
  it('sums the other frames, and masks the lost ones', () => {
    const whole = clipOf('lossy');
    const lost = [1, 2];
    const part = new WithoutFrames(whole, lost);
    expect([part.size, part.count, part.afterKey(0)]).toEqual([size, whole.count, true]);
    const [got, want, one] = [new Int32Array(1024), new Int32Array(1024), new Int32Array(1024)];
    for (const [from, to] of [
      [0, whole.count],
      [1, 3],
      [2, 3],
      [0, 1],
    ] as const) {
      part.sum(from, to, got);
      want.fill(0);
      for (let p = from; p < to; p++) {
        if (lost.includes(p)) {
          for (let i = 768; i < 1024; i++) want[i]!++;
          continue;
        }
        whole.sum(p, p + 1, one);
        for (let i = 0; i < 1024; i++) want[i]! += one[i]!;
      }
      expect(got).toEqual(want);
    }
  });
});

describe('draws', () => {
  it('lose frames and planes as often as they are told to, and change nothing else', () => {
    const random = new Random(4);
    let [lost, frames, residual, motion] = [0, 0, 0, 0];
    const often = { ...defaultAugmentation, dropFrames: 0.2, dropPlanes: 0.5 };
    for (let i = 0; i < 2000; i++) {
      const count = 1 + random.int(40);
      const drawn = drawLost(count, often, random);
      expect(drawn.every((p, k) => p < count && (k === 0 || p > drawn[k - 1]!))).toBe(true);
      lost += drawn.length;
      frames += count;
      const { without } = drawView(70, 64, often, random);
      if (without === 'residual') residual++;
      if (without === 'motion') motion++;
    }
    expect(lost / frames).toBeGreaterThan(0.08);
    expect(lost / frames).toBeLessThan(0.12);
    for (const n of [residual, motion]) expect(Math.abs(n - 500)).toBeLessThan(80);
    const [a, b] = [new Random(5), new Random(5)];
    expect(drawLost(30, defaultAugmentation, a)).toEqual([]);
    expect(drawView(70, 64, often, a)).toMatchObject(drawView(70, 64, defaultAugmentation, b));
  });

  it('stay inside clip and grid, and reach their corners', () => {
    const random = new Random(9);
    const xs = new Set<number>();
    let [shortest, flips] = [1, 0];
    for (let i = 0; i < 2000; i++) {
      const count = 1 + random.int(40);
      const plan = drawPlan(8, count, defaultAugmentation, random);
      expect(plan.bounds[0]).toBeGreaterThanOrEqual(0);
      expect(plan.bounds[8]).toBeLessThanOrEqual(count);
      expect(Math.max(...plan.picks)).toBeLessThan(count);
      if (count > 20) shortest = Math.min(shortest, (plan.bounds[8]! - plan.bounds[0]!) / count);
      const view = drawView(70, 64, defaultAugmentation, random);
      xs.add(view.x);
      if (view.flip) flips++;
      expect(Math.abs(Math.log(view.gain))).toBeLessThanOrEqual(0.25);
    }
    expect([...xs].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(shortest).toBeLessThan(0.85);
    expect(shortest).toBeGreaterThan(0.7);
    expect(flips).toBeGreaterThan(800);
    expect(flips).toBeLessThan(1200);
  });
  it('leave a clip alone when nothing may change', () => {
    const none = { flip: false, shift: 0, stretch: 1, jitter: false, gain: 0 };
    expect(drawPlan(4, 10, none, new Random(1))).toEqual(evenPlan(4, 0, 10));
    expect(drawView(70, 64, none, new Random(1))).toEqual({ x: 3, y: 3, flip: false, gain: 1 });
  });
});
