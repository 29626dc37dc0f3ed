/** The path from a folder of clips to a tested model, on a data set that the test draws: two movements, six people. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { drawDataset, drawnConfig } from '../../test/support/drawn-dataset.js';
import { analyze } from '../analyze.js';
import { registerEvaluate } from '../cli/commands/evaluate.js';
import { loadDataset } from '../dataset/dataset.js';
import { readClip } from '../dataset/read-clip.js';
import { ModelError } from '../errors.js';
import { negativeLogLikelihood } from '../evaluation/calibration.js';
import { evaluateClips } from '../evaluation/evaluate.js';
import { loadModel, readCard } from '../network/model.js';
import { FrameCropper } from '../residual/crop.js';
import { evenPlan, framesNeeded } from '../residual/sampling.js';
import { parseTrainingConfig } from './config.js';
import { fuse, fuseLike } from './fuse.js';
import { quantise } from './quantise.js';
import type { EpochRecord } from './record.js';
import { type TrainOptions, type TrainResult, train } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'vultus-run-'));
const data = join(folder, 'drawn');

beforeAll(() => drawDataset(data));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const config = drawnConfig;

const options = (name: string, over: Partial<TrainOptions> = {}): TrainOptions => ({
  data,
  config: config(),
  out: join(folder, name),
  validationFold: 2,
  testFold: 3,
  threads: 1,
  cache: join(folder, 'cache'),
  resume: false,
  ...over,
});

const recordOf = (name: string) =>
  readFileSync(join(folder, name, 'record.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as EpochRecord);
/** All of a record that does not depend on the clock. */
const figures = (name: string) => recordOf(name).map(({ seconds: _, framesPerSecond: __, ...rest }) => rest);

describe('train', () => {
  let result: TrainResult;
  beforeAll(async () => {
    result = await train(options('whole'));
  });

  it('learns to tell movements of people it never saw', () => {
    expect(result.test.war).toBeGreaterThanOrEqual(0.85);
    const losses = recordOf('whole').map((e) => e.loss);
    expect(losses).toHaveLength(12);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! * 0.85);
  });

  it('learns from the key frames alone, if told so; evaluation reads them as training did', async () => {
    const keys = { ...config().signal, kind: 'keyframes', frames: 2 };
    const found = await train(options('keys', { config: config({ signal: keys, epochs: 2 }) }));
    const model = await loadModel(found.model);
    try {
      expect(model.card).toMatchObject({ signal: { kind: 'keyframes' }, normalisation: { kind: 'standard' } });
      const dataset = await loadDataset(data, { labels: model.card.labels });
      const rows = dataset.clips.filter(({ fold }) => fold === 2);
      const { outcomes, parsed } = await evaluateClips(model, dataset, rows);
      expect(parsed).toBeGreaterThanOrEqual(rows.length);
      const right = outcomes.filter(({ truth, predicted }) => truth === predicted).length;
      // The validation of the chosen epoch came from the store, this from the files.
      expect(right / rows.length).toBeCloseTo(model.card.metrics[0]!.war, 5);
      await expect(analyze(join(data, rows[0]!.path), { model }).result()).rejects.toThrow(
        'needs one that reads P-frames',
      );
    } finally {
      await model.close();
    }
  });

  it('trains a second network on the I-frames together with the first: one file, tested as trained, resumed bit for bit', async () => {
    const { signal, network } = config();
    const stills = { signal: { ...signal, kind: 'keyframes' as const, frames: 2 }, network, drop: 0.3, alone: 0.5 };
    const joint = config({ stills, epochs: 4 });
    const whole = await train(options('joint', { config: joint }));
    const stop = new AbortController();
    let steps = 0;
    const step = () => {
      if (++steps === 5) stop.abort(new DOMException('interrupted', 'AbortError'));
    };
    const cut = { config: joint, events: { step }, signal: stop.signal };
    await expect(train(options('joint-cut', cut))).rejects.toThrow('interrupted');
    await train(options('joint-cut', { config: joint, resume: true }));
    const bytes = (name: string) => readFileSync(join(folder, name, 'best.safetensors'));
    expect(bytes('joint-cut').equals(bytes('joint'))).toBe(true);

    const model = await loadModel(whole.model);
    try {
      expect(model.card.keyframes).toEqual({ weight: 1, temperature: 1 });
      expect(model.keyframes?.signal).toEqual(stills.signal);
      const dataset = await loadDataset(data, { labels: model.card.labels });
      const rows = dataset.clips.filter(({ fold }) => fold === 2);
      const { outcomes } = await evaluateClips(model, dataset, rows);
      // Validation took both networks from the trainer and the store, this takes them from the file and the clips.
      const { validation } = recordOf('joint').findLast(({ best }) => best)!;
      expect(negativeLogLikelihood(outcomes)).toBeCloseTo(validation.loss, 2);
    } finally {
      await model.close();
    }
  });

  it('learns from everyone, if told so: the last epoch, and no word of new people; joined like a model that was tested', async () => {
    const keys = { ...config().signal, kind: 'keyframes' as const, frames: 2 };
    const both = { residual: config({ epochs: 2 }), keyframes: config({ signal: keys, epochs: 2 }) };
    const trained = async (everyone: boolean, name: 'residual' | 'keyframes') => {
      const start = everyone ? readFileSync(join(folder, `${name}-false`, 'best.safetensors')) : undefined;
      const found = await train(options(`${name}-${everyone}`, { config: both[name], everyone, start }));
      if (everyone) {
        expect(found.bestEpoch).toBe(2);
        // It began where the other run had ended.
        const [first, fresh] = [recordOf(`${name}-true`)[0]!, recordOf(`${name}-false`)];
        expect(first.loss).toBeLessThan(fresh[0]!.loss);
      }
      return readFileSync(found.model);
    };
    const [tested, all] = [
      [await trained(false, 'residual'), await trained(false, 'keyframes')],
      [await trained(true, 'residual'), await trained(true, 'keyframes')],
    ] as const;
    const wrong = readFileSync(join(folder, 'keyframes-false', 'best.safetensors'));
    await expect(train(options('wrong', { start: wrong }))).rejects.toThrow('to start from');
    const card = readCard(all[0]);
    expect(card.data).toMatchObject({ folds: [1, 2, 3], clips: 24 });
    for (const { split } of card.metrics) expect(split).toContain('no score of new people');

    const dataset = await loadDataset(data, { labels: [...card.labels] });
    const fused = await fuse({
      ...{ residual: tested[0], keyframes: tested[1], dataset, clips: dataset.clips, name: 'tested', threads: 1 },
      ...{ validationFold: 2, testFold: 3 },
    });
    const like = readCard(fuseLike(all[0], all[1], fused.card, 'everyone'));
    expect(like).toMatchObject({ name: 'everyone', keyframes: fused.card.keyframes, data: card.data });
    expect(like.metrics[0]).toMatchObject({ war: fused.card.metrics[0]!.war });
    expect(like.metrics[0]!.split).toContain('trained on folds 1, 2');
    expect(() => fuseLike(all[0], all[1], readCard(tested[0]), 'x')).toThrow('of one network');

    const common = { dataset, clips: dataset.clips, name: 'small', calibration: 6, threads: 1 };
    const small = await quantise({ ...common, model: fused.model, test: 3 });
    expect(small.card).toMatchObject({ quantisation: { clips: 6 }, keyframes: fused.card.keyframes });
    expect(small.card.quantisation!.folds).not.toContain(3);
    expect(small.test!.n).toBe(fused.test.n);
    expect(Math.abs(small.test!.war - fused.test.war)).toBeLessThanOrEqual(0.25);
    const everyone = fuseLike(all[0], all[1], fused.card, 'everyone');
    await expect(quantise({ ...common, model: everyone, test: 3 })).rejects.toThrow('was trained on fold 3');
    await expect(quantise({ ...common, model: small.model, test: 3 })).rejects.toThrow('quantised already');
    await expect(quantise({ ...common, model: everyone, test: fused.card })).rejects.toThrow('is not quantised');
    const smallEveryone = await quantise({ ...common, model: everyone, test: small.card });
    expect(smallEveryone.card.metrics[0]).toMatchObject({ war: small.test!.war });

    const alone = await fuse({
      ...{ residual: tested[0], dataset, clips: dataset.clips, name: 'alone', threads: 1 },
      ...{ validationFold: 2, testFold: 3 },
    });
    expect(alone.card.temperature).toBe(fused.card.temperature);
    expect(alone.card.keyframes).toBeUndefined();
    expect(readCard(fuseLike(all[0], undefined, alone.card, 'everyone')).metrics[0]!.war).toBe(alone.test.war);
  });

  it('leaves a model with its card, figures and a page', async () => {
    const metrics = JSON.parse(readFileSync(join(folder, 'whole', 'metrics.json'), 'utf8'));
    expect(metrics.clips).toEqual({ train: 8, validation: 8, test: 8 });
    expect(metrics.test.war).toBe(result.test.war);
    const model = await loadModel(result.model);
    expect(model.card).toMatchObject({ labels: ['happiness', 'surprise'], data: { folds: [1, 2], clips: 8 } });
    expect(model.card.metrics[1]).toMatchObject({ n: 8, war: result.test.war });
    await model.close();
    const page = readFileSync(join(folder, 'whole', 'record.html'), 'utf8');
    expect(page).toContain('Confusion on the test fold');
    expect(page.match(/<path class="curve/g)).toHaveLength(4);
    expect(page).not.toMatch(/https?:\/\/|<script/);
  });

  it('interrupted and resumed gives the very same model', async () => {
    const stop = new AbortController();
    let steps = 0;
    const step = () => {
      if (++steps === 7) stop.abort(new DOMException('interrupted', 'AbortError'));
    };
    await expect(train(options('cut', { events: { step }, signal: stop.signal }))).rejects.toThrow('interrupted');
    // The seventh step of two an epoch: in the middle of the fourth.
    expect(recordOf('cut')).toHaveLength(3);
    await train(options('cut', { resume: true }));
    expect(figures('cut')).toEqual(figures('whole'));
    const bytes = (name: string) => readFileSync(join(folder, name, 'best.safetensors'));
    expect(bytes('cut').equals(bytes('whole'))).toBe(true);
  });

  it('refuses to write over a run, to go on with another config, and folds that overlap', async () => {
    await expect(train(options('whole'))).rejects.toThrow('holds a run already');
    const other = options('whole', { resume: true, config: config({ lr: 0.02 }) });
    await expect(train(other)).rejects.toThrow('another config');
    await expect(train(options('x', { testFold: 2 }))).rejects.toThrow(ModelError);
    await expect(train(options('x', { testFold: 7 }))).rejects.toThrow('there is no fold 7');
    await expect(train(options('x', { config: config({ codec: 'h264' }) }))).rejects.toThrow('no clip of codec h264');
    const wrong = { signal: { ...config().signal, kind: 'keyframes' }, augmentation: { ...config().augmentation } };
    expect(() => config({ ...wrong, augmentation: { ...wrong.augmentation, dropFrames: 0.1 } })).toThrow(
      'could be lost',
    );
    expect(() => config({ ...wrong, augmentation: { ...wrong.augmentation, dropPlanes: 0.1 } })).toThrow('go without');
    const coded = { ...config().augmentation, light: 0.1 };
    expect(() => config({ augmentation: coded })).toThrow('reads no picture that could be lit');
  });

  it('learns baselines from decoded pictures: evaluation reads them as training did, analysis refuses them', async () => {
    for (const kind of ['decoded', 'decoded-difference'] as const) {
      const signal = { ...config().signal, kind };
      const found = await train(options(kind, { config: config({ signal, epochs: 2 }) }));
      const model = await loadModel(found.model);
      try {
        const dataset = await loadDataset(data, { labels: model.card.labels });
        const rows = dataset.clips.filter(({ fold }) => fold === 2);
        const { outcomes } = await evaluateClips(model, dataset, rows);
        const right = outcomes.filter(({ truth, predicted }) => truth === predicted).length;
        expect(right / rows.length).toBeCloseTo(model.card.metrics[0]!.war, 5);
        await expect(analyze(join(data, rows[0]!.path), { model }).result()).rejects.toThrow(
          'a baseline that reads P-frames decoded to pixels',
        );
      } finally {
        await model.close();
      }
    }
  });

  it('carries the choice of planes from config to card to analysis', async () => {
    const signal = { ...config().signal, planes: 'residual' };
    const found = await train(options('residual-only', { config: config({ signal, epochs: 1 }) }));
    const model = await loadModel(found.model);
    try {
      expect(model.card.signal).toMatchObject({ kind: 'summed', planes: 'residual' });
      const { faces } = await analyze(join(data, 'P4-surprise-1.mp4'), { model, faces: 'frame', window: 0.4 }).result();
      expect(faces[0]!.windows.length).toBeGreaterThan(0);
    } finally {
      await model.close();
    }
  });

  it('makes the head, the outline and the mask of a signal the same in training, evaluation and analysis', async () => {
    const signal = { ...config().signal, rigid: 'similarity', outline: 'ellipse', mask: true };
    const augmentation = { ...config().augmentation, dropFrames: 0.1, dropPlanes: 0.1, turn: 10, zoom: 0.1 };
    const found = await train(options('options', { config: config({ signal, augmentation, epochs: 2 }) }));
    const model = await loadModel(found.model);
    try {
      const dataset = await loadDataset(data, { labels: model.card.labels });
      const rows = dataset.clips.filter(({ fold }) => fold === 2);
      const { outcomes } = await evaluateClips(model, dataset, rows);
      const right = outcomes.filter(({ truth, predicted }) => truth === predicted).length;
      expect(right / rows.length).toBeCloseTo(model.card.metrics[0]!.war, 5);
      const row = dataset.clips.find(({ path }) => path === 'P4-surprise-1.mp4')!;
      const one = await evaluateClips(model, { ...dataset, faces: new Map() }, [row]);
      const whole = { model, faces: 'frame', window: 60, hop: 60 } as const;
      const { faces } = await analyze(join(data, row.path), whole).result();
      // The whole clip as one window in the whole picture is the clip of evaluation.
      expect(faces[0]!.windows).toHaveLength(1);
      faces[0]!.windows[0]!.probabilities.forEach((p, c) => {
        expect(p).toBeCloseTo(one.outcomes[0]!.probabilities[c]!, 5);
      });
    } finally {
      await model.close();
    }
  });

  it.each(['residual', 'motion', 'residual+motion', 'accumulated'] as const)('runs on %s', async (kind) => {
    const { signal } = config();
    const once = await train(
      options(kind.replace('+', '-'), { config: config({ signal: { ...signal, kind }, epochs: 1 }) }),
    );
    expect(once.test.n).toBe(8);
  });
});

describe('evaluate', () => {
  const json = async (...args: string[]) => {
    const out: string[] = [];
    const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
    const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => notices.push(String(text)) > 0);
    try {
      const program = new Command().exitOverride();
      registerEvaluate(program, new AbortController().signal);
      const model = join(folder, 'whole', 'model.onnx');
      await program.parseAsync(['node', 'vultus', 'evaluate', '--model', model, '--data', data, ...args]);
    } finally {
      spy.mockRestore();
      err.mockRestore();
    }
    return out.join('');
  };
  let notices: string[] = [];

  it('gives the figures of the training run', async () => {
    const metrics = JSON.parse(readFileSync(join(folder, 'whole', 'metrics.json'), 'utf8'));
    const report = JSON.parse(await json('--fold', '3', '--json'));
    for (const key of ['n', 'war', 'uar', 'macroF1', 'byCondition', 'byGroup', 'confusion', 'labels', 'interval']) {
      expect(report[key], key).toEqual(metrics.test[key]);
    }
    expect(Object.keys(report.byCondition)).toEqual(['long', 'short']);
    expect(report.overlap).toBe(false);
    expect(report.data.sha256).toBe(metrics.data.sha256);
    expect(report.predictions).toHaveLength(8);
  });

  it('warns of people that training saw', async () => {
    notices = [];
    const report = JSON.parse(await json('--json'));
    expect(report.overlap).toBe(true);
    expect(notices.join('')).toContain('16 of these 24 clips are of folds that training saw (1, 2)');
    expect(await json('--fold', '3')).toContain('confusion (rows');
  });

  it('leaves out codecs that are not read, and counts them', async () => {
    const mixed = join(folder, 'mixed');
    mkdirSync(mixed);
    copyFileSync(join(data, 'P4-surprise-0.mp4'), join(mixed, 'a.mp4'));
    const rows = ['path,subject,emotion,codec,fold', 'a.mp4,Q,surprise,mpeg4,1'];
    writeFileSync(join(mixed, 'b.mp4'), 'x');
    writeFileSync(join(mixed, 'manifest.csv'), [...rows, 'b.mp4,Q,surprise,vp9,1'].join('\n'));
    notices = [];
    const model = join(folder, 'whole', 'model.onnx');
    const report = JSON.parse(await json('--model', model, '--data', mixed, '--json'));
    // Without faces.csv the whole frame is the face; other data has no one in common.
    expect(report).toMatchObject({ n: 1, overlap: false, data: { leftOut: 1 }, interval: { war: null } });
    expect(notices.join('')).toContain('1 clips of codecs');
  });

  it('parses no more P-frames than the signal needs', async () => {
    const dataset = await loadDataset(data);
    const model = await loadModel(join(folder, 'residual', 'model.onnx'));
    const clips = dataset.clips.slice(0, 4);
    const { parsed, outcomes } = await evaluateClips(model, dataset, clips);
    await model.close();
    expect(parsed).toBe(4 * 4);
    for (const { probabilities } of outcomes) expect(probabilities[0]! + probabilities[1]!).toBeCloseTo(1, 5);
  });
});

describe('readClip', () => {
  it('reads the same samples alone as all together, and a wider grid holds the narrower one', async () => {
    const { signal } = config();
    const read = (crop: number, some: boolean) =>
      readClip(join(data, 'P1-happiness-1.mp4'), {
        cropper: new FrameCropper(signal, crop),
        faces: [{ frame: 0, x: 4, y: 4, width: 72, height: 72 }],
        track: 'linear',
        ...(some && {
          needed: (count: number, afterKey: (p: number) => boolean) =>
            framesNeeded({ kind: 'residual', window: 1 }, evenPlan(3, 0, count), afterKey),
        }),
      });
    const [all, some, wide] = [await read(16, false), await read(16, true), await read(18, false)];
    expect([all.parsed, some.parsed, all.damaged]).toEqual([18, 3, 0]);
    expect(some.sequence.count).toBe(18);
    const [a, b, c] = [new Int32Array(768), new Int32Array(768), new Int32Array(3 * 18 * 18)];
    all.sequence.sum(9, 10, a);
    some.sequence.sum(9, 10, b);
    wide.sequence.sum(9, 10, c);
    expect(b).toEqual(a);
    expect(a.some((v) => v !== 0)).toBe(true);
    for (let i = 0; i < 256; i++) {
      expect(Math.abs(c[((i >> 4) + 1) * 18 + (i & 15) + 1]! - a[i]!)).toBeLessThanOrEqual(1);
    }
    expect(() => some.sequence.sum(0, 2, b)).toThrow(RangeError);
    expect([all.sequence.afterKey(0), all.sequence.afterKey(5), all.sequence.afterKey(11)]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe('parseTrainingConfig', () => {
  const { signal } = config();
  it('allows comments and fills in what is left out', () => {
    const text = `{ // why\n "name": "a // b", "signal": ${JSON.stringify(signal)} }`;
    expect(parseTrainingConfig(text, 'c')).toMatchObject({ name: 'a // b', batch: 32, seed: 1 });
  });
  it('names what is wrong', () => {
    expect(() => parseTrainingConfig('{', 'c.json')).toThrow('c.json is no JSON');
    expect(() => parseTrainingConfig('{"name":"x"}', 'c.json')).toThrow('c.json: signal:');
    const typo = JSON.stringify({ name: 'x', signal, epoch: 3 });
    expect(() => parseTrainingConfig(typo, 'c.json')).toThrow(/epoch/);
    const bad = JSON.stringify({ name: 'x', signal: { ...signal, size: 3 } });
    expect(() => parseTrainingConfig(bad, 'c.json')).toThrow('signal.size');
  });
});
