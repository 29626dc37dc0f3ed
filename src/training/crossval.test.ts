/** Cross-validation, grids, side inputs: on drawn clips and made-up identity features, resumed and reported. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { drawDataset, drawnConfig } from '../../test/support/drawn-dataset.js';
import { registerAblate } from '../cli/commands/ablate.js';
import { registerCrossval } from '../cli/commands/crossval.js';
import { registerEvaluate } from '../cli/commands/evaluate.js';
import { loadDataset } from '../dataset/dataset.js';
import { MalformedStreamError } from '../errors.js';
import { ablate } from './ablate.js';
import { apexFaces } from './apex-faces.js';
import { type FeatureSource, openFeatures, standardise } from './clip-features.js';
import { type CrossvalOptions, crossval } from './crossval.js';
import { readGrid } from './grid.js';
import { Random } from './random.js';
import { train } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'vultus-crossval-'));
const data = join(folder, 'drawn');
beforeAll(() => drawDataset(data));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A feature of its own for each person; counts what it is asked. */
function fakeIdentity(refused = ''): FeatureSource & { asked: string[] } {
  const asked: string[] = [];
  return {
    name: `by subject${refused}`,
    size: 5,
    asked,
    async describe({ subject, path }) {
      asked.push(path);
      if (path === refused) throw new MalformedStreamError('no face');
      const random = new Random(Number(subject.slice(1)));
      return Float32Array.from({ length: 5 }, () => random.normal());
    },
  };
}

const game = { kind: 'vclub', lambda: 0.1, innerSteps: 2, memory: 2, hidden: 8, warmup: 0.5 };
const options = (name: string, over: Partial<CrossvalOptions> = {}): CrossvalOptions => ({
  data,
  config: drawnConfig({ epochs: 2 }),
  out: join(folder, name),
  threads: 1,
  cache: join(folder, 'cache'),
  ...over,
});
const bytes = (path: string) => readFileSync(join(folder, path));

describe('crossval', () => {
  it('tests every fold once per seed, and tells mean and margin over folds', async () => {
    const found = await crossval(options('cv', { seeds: [1, 2] }));
    expect([found.done, found.all]).toEqual([6, 6]);
    expect(found.summary.WAR).toMatchObject({ folds: 3, runs: 6 });
    const perFold = [1, 2, 3].map((fold) => {
      const own = found.runs.filter((run) => run.fold === fold);
      expect(own.map(({ seed }) => seed)).toEqual([1, 2]);
      return own.reduce((sum, { figures }) => sum + figures.WAR! / 2, 0);
    });
    const mean = perFold.reduce((a, b) => a + b) / 3;
    const deviation = Math.sqrt(perFold.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 2);
    expect(found.summary.WAR!.mean).toBeCloseTo(mean, 10);
    expect(found.summary.WAR!.margin!).toBeCloseTo((4.303 * deviation) / Math.sqrt(3), 6);
    // 24 clips, each tested by two seeds.
    expect(found.confusion.flat().reduce((a, b) => a + b)).toBe(48);
    expect(found.curves.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(found.summary['probe, people trained on']).toMatchObject({ runs: 6 });
    expect(found.summary['WAR, long']!.folds).toBe(3);
    const { folds } = JSON.parse(bytes('cv/fold-3/seed-1/metrics.json').toString());
    expect(folds).toEqual({ test: 3, validation: 1 });
    const html = bytes('cv/report.html').toString();
    expect(html).toContain('6 of 6 runs over 3 folds');
    expect(html).not.toMatch(/https?:\/\/|<script|NaN|undefined/);
  }, 60_000);

  it('interrupted and called again, it does what is missing and nothing twice', async () => {
    const stop = new AbortController();
    const step = ({ epoch }: { epoch: number }) => {
      if (epoch === 2) stop.abort(new DOMException('interrupted', 'AbortError'));
    };
    const first = options('cut', { folds: [1, 2], signal: stop.signal, events: { step } });
    await expect(crossval(first)).rejects.toThrow('interrupted');
    const seen: boolean[] = [];
    await crossval(options('cut', { folds: [1, 2], onRun: ({ done }) => seen.push(done) }));
    expect(seen).toEqual([false, false]);
    expect(bytes('cut/fold-1/seed-1/best.safetensors').equals(bytes('cv/fold-1/seed-1/best.safetensors'))).toBe(true);
    const before = statSync(join(folder, 'cut/fold-1/seed-1/model.onnx')).mtimeMs;
    const again = await crossval(options('cut', { folds: [1, 2, 3], onRun: ({ done }) => seen.push(done) }));
    expect(seen.slice(2)).toEqual([true, true, false]);
    expect(statSync(join(folder, 'cut/fold-1/seed-1/model.onnx')).mtimeMs).toBe(before);
    expect(again.done).toBe(3);
    const other = options('cut', { config: drawnConfig({ epochs: 3 }) });
    await expect(crossval(other)).rejects.toThrow('another config');
    await expect(crossval(options('x', { folds: [7] }))).rejects.toThrow('there is no fold 7');
  }, 60_000);
});

describe('a run that diverges', () => {
  it('is told, kept, and does not stop the others', async () => {
    const notices: string[] = [];
    const config = drawnConfig({ epochs: 3, lr: 1e30, warmup: 0 });
    const events = { notice: (text: string) => notices.push(text) };
    const found = await crossval(options('diverged', { config, events, folds: [1, 2] }));
    expect([found.done, found.failed.length]).toEqual([2, 2]);
    expect(found.failed[0]!.why).toMatch(/of network is (NaN|Infinity)/);
    expect(notices.join()).toContain('fold 2, seed 1: training: the');
    expect(bytes('diverged/report.html').toString()).toContain('Diverged, without figures: fold 1, seed 1; fold 2');
    const seen: boolean[] = [];
    await crossval(options('diverged', { config, folds: [1, 2], onRun: ({ done }) => seen.push(done) }));
    expect(seen).toEqual([true, true]);
  });
});

describe('a run with the game', () => {
  const run = (name: string, over: Record<string, unknown> = {}) =>
    train({
      ...options(name),
      ...{ config: drawnConfig({ epochs: 3, regulariser: game }), validationFold: 2, testFold: 3, resume: false },
      identity: fakeIdentity(),
      ...over,
    });
  const lines = (name: string) => bytes(`${name}/record.jsonl`).toString().trimEnd().split('\n');
  const games = (name: string) => lines(name).map((line) => JSON.parse(line).game);

  it('goes on after an interruption bit for bit, its record too', async () => {
    await run('game');
    expect(games('game')).toHaveLength(3);
    expect(games('game')[2]).toMatchObject({ lambda: 0.1, apex: null, inner: expect.any(Number) });
    const stop = new AbortController();
    let steps = 0;
    const events = {
      step: () => {
        if (++steps === 3) stop.abort(new DOMException('interrupted', 'AbortError'));
      },
    };
    await expect(run('game-cut', { events, signal: stop.signal })).rejects.toThrow('interrupted');
    await run('game-cut', { resume: true });
    expect(games('game-cut')).toEqual(games('game'));
    expect(bytes('game-cut/best.safetensors').equals(bytes('game/best.safetensors'))).toBe(true);
    // Another source of z_i is another run.
    await expect(run('game-cut', { resume: true, identity: fakeIdentity('x') })).rejects.toThrow('another config');
  }, 60_000);

  it('tells a starved estimator', async () => {
    const notices: string[] = [];
    const starved = drawnConfig({ epochs: 2, regulariser: { ...game, innerSteps: 0 } });
    await run('starved', { config: starved, events: { notice: (text: string) => notices.push(text) } });
    expect(games('starved')[1].alarm).toContain('worse than knowing nothing');
    expect(notices.join()).toContain('epoch 2: the estimator explains identity');
    expect(JSON.parse(bytes('starved/metrics.json').toString()).alarms).toBe(2);
  });

  it('draws the apex, where it is annotated', async () => {
    const config = drawnConfig({ epochs: 12, regulariser: { kind: 'none' }, apex: { mu: 1, hidden: 32 } });
    await run('apex', { config, apex: apexFaces() });
    const apart = games('apex').map(({ apex }) => apex as number);
    expect(apart.at(-1)!).toBeLessThan(0.7 * apart[0]!);
  }, 30_000);

  it('leaves out clips without z_i, and refuses to run without a source', async () => {
    const notices: string[] = [];
    await run('some', {
      identity: fakeIdentity('P0-happiness-0.mp4'),
      events: { notice: (text: string) => notices.push(text) },
    });
    expect(notices[0]).toContain(
      '1 training clips have no identity feature and are left out (P0-happiness-0: no face)',
    );
    expect(JSON.parse(bytes('some/metrics.json').toString()).clips.train).toBe(7);
    await expect(run('none', { identity: undefined })).rejects.toThrow('needs an identity');
  });
});

describe('clip features', () => {
  it('are computed once, kept whatever happens, and shared by the rows of a clip', async () => {
    const dataset = await loadDataset(data);
    const cache = join(folder, 'features');
    const rows = dataset.clips.slice(0, 4).map((row, i) => (i === 1 ? { ...row, clip: dataset.clips[0]!.clip } : row));
    const source = fakeIdentity(rows[3]!.path);
    const stop = new AbortController();
    const cut = openFeatures(cache, dataset, rows, source, { abort: stop.signal, onProgress: () => stop.abort() });
    await expect(cut).rejects.toThrow();
    const found = await openFeatures(cache, dataset, rows, source);
    expect(source.asked).toEqual([rows[0]!.path, rows[2]!.path, rows[3]!.path]);
    expect([...found.features.keys()]).toEqual([rows[0]!.clip, rows[2]!.clip]);
    expect(found.failures.get(rows[3]!.clip)).toBe('no face');
    await openFeatures(cache, dataset, rows, source);
    expect(source.asked).toHaveLength(3);
  });
  it('standardise to mean 0 and variance 1 over the training clips', () => {
    const features = new Map([
      ['a', Float32Array.of(1, 7)],
      ['b', Float32Array.of(3, 7)],
      ['c', Float32Array.of(99, 8)],
    ]);
    const result = standardise(features, [{ clip: 'a' }, { clip: 'b' }]);
    expect([...result.get('a')!, ...result.get('b')!]).toEqual([-1, 0, 1, 0]);
  });
});

describe('ablate', () => {
  const grid = (over: Record<string, unknown> = {}) => {
    writeFileSync(join(folder, 'base.json'), `// base\n${JSON.stringify(drawnConfig({ epochs: 1 }))}`);
    writeFileSync(join(folder, 'few.json'), '{"name":"few-subjects 1","kind":"few-subjects","subjects":1}');
    writeFileSync(join(folder, 'all.json'), '{"name":"balanced","kind":"balanced"}');
    const path = join(folder, 'grid.json');
    writeFileSync(
      path,
      JSON.stringify({
        name: 'tiny grid',
        config: 'base.json',
        protocols: ['all.json', 'few.json'],
        cells: [
          { name: 'none', set: {} },
          { name: 'vclub', set: { regulariser: game } },
        ],
        folds: [1, 2],
        seeds: [1],
        ...over,
      }),
    );
    return path;
  };

  it('runs every cell under every protocol and compares fold by fold', async () => {
    const order: string[] = [];
    const found = await ablate({
      ...options('grid'),
      grid: await readGrid(grid()),
      identity: fakeIdentity(),
      onRun: ({ cell, fold }) => order.push(`${cell.protocolName} ${cell.name} ${fold}`),
    });
    expect(order).toHaveLength(8);
    expect(order[3]).toBe('few-subjects 1 vclub 1');
    expect(found.cells.map(({ name, protocol }) => `${protocol}/${name}`)).toEqual([
      'balanced/none',
      'balanced/vclub',
      'few-subjects 1/none',
      'few-subjects 1/vclub',
    ]);
    const [none, vclub, few] = found.cells;
    const apart = [0, 1].map((i) => vclub!.results.runs[i]!.figures.WAR! - none!.results.runs[i]!.figures.WAR!);
    expect(vclub!.difference.WAR!.mean).toBeCloseTo((apart[0]! + apart[1]!) / 2, 10);
    expect(none!.difference).toEqual({});
    expect(few!.results.summary['training subjects']!.mean).toBe(1);
    expect(few!.results.protocol!.sha256).toHaveLength(2);
    expect(existsSync(join(folder, 'grid/few-subjects-1/vclub/fold-2/seed-1/model.onnx'))).toBe(true);
    const html = bytes('grid/report.html').toString();
    for (const part of [
      'Protocol: balanced',
      'WAR per condition',
      'Accuracy (WAR) against lambda',
      'number of training subjects',
    ]) {
      expect(html).toContain(part);
    }
    expect(html).not.toMatch(/NaN|undefined|<script/);
    expect(bytes('grid/results.csv').toString().split('\n')[0]).toContain('difference_margin95');
  }, 60_000);

  it('multiplies cells by axes, and names the cell that is wrong', async () => {
    const axes = { 'regulariser.lambda': [0.1, 1], lr: [0.01] };
    const cells = [{ name: 'v', set: { regulariser: game } }];
    const { cells: found } = await readGrid(grid({ axes, cells, protocols: [] }));
    expect(found.map(({ name }) => name)).toEqual(['v, lambda 0.1, lr 0.01', 'v, lambda 1, lr 0.01']);
    expect(found[1]!.config.regulariser!.lambda).toBe(1);
    expect(found[0]!.folder).toBe(join('all-clips', 'v-lambda-0.1-lr-0.01'));
    const bad = (over: Record<string, unknown>) => readGrid(grid(over));
    await expect(bad({ cells: [{ name: 'x', set: { epochs: 0 } }] })).rejects.toThrow('grid.json, cell x: epochs');
    await expect(bad({ cells: [{ name: 'x', set: { 'apex.mu': 1 } }] })).rejects.toThrow('the config has no apex');
    await expect(bad({ cells: [{ name: 'x' }, { name: 'X' }] })).rejects.toThrow('two cells are called');
    await expect(bad({ protocols: ['nowhere.json'] })).rejects.toThrow('names nowhere.json');
  });

  it('takes files by whole paths too', async () => {
    const { cells: found } = await readGrid(grid({ protocols: [join(folder, 'few.json')] }));
    expect(found[0]!.protocolName).toBe('few-subjects 1');
  });
});

describe('the commands', () => {
  const run = async (...args: string[]) => {
    const out: string[] = [];
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
    const quiet = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
    try {
      const program = new Command().exitOverride().configureOutput({ outputError: () => {} });
      const { signal } = new AbortController();
      for (const register of [registerCrossval, registerAblate, registerEvaluate]) register(program, signal);
      for (const command of program.commands) command.copyInheritedSettings(program);
      await program.parseAsync(['node', 'vultus', ...args]);
    } finally {
      write.mockRestore();
      quiet.mockRestore();
    }
    return out.join('');
  };
  const config = () => {
    const path = join(folder, 'command.json');
    writeFileSync(path, JSON.stringify(drawnConfig({ epochs: 1 })));
    return path;
  };

  it('crossval prints every figure with its margin', async () => {
    const where = ['--data', data, '--out', join(folder, 'command'), '--cache', join(folder, 'cache')];
    const text = await run(
      'crossval',
      '--config',
      config(),
      ...where,
      '--folds',
      '1,3',
      '--seeds',
      '1',
      '--threads',
      '1',
    );
    expect(text).toMatch(/^WAR +\d+\.\d% ± \d+\.\d$/m);
    expect(text).toMatch(/^probe, new people +\d/m);
    await expect(run('crossval', '--config', config(), ...where, '--folds', '1,1')).rejects.toThrow('there twice');
  }, 30_000);

  it('ablate prints a line per cell with its difference', async () => {
    const grid = join(folder, 'command-grid.json');
    const cells = [{ name: 'a' }, { name: 'b', set: { lr: 0.02 } }];
    writeFileSync(grid, JSON.stringify({ name: 'g', config: 'command.json', cells, folds: [1, 2], seeds: [1] }));
    config();
    const where = ['--data', data, '--out', join(folder, 'command-grid'), '--cache', join(folder, 'cache')];
    const text = await run('ablate', '--grid', grid, ...where, '--threads', '1');
    expect(text.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^all clips: a: WAR \d+\.\d% ± /),
      expect.stringMatching(/^all clips: b: WAR .* less the first: -?\d+\.\d% ± /),
    ]);
    // What is done, whoever did it: half of b, and a cell that nobody began.
    rmSync(join(folder, 'command-grid/all-clips/b/fold-2'), { recursive: true });
    cells.push({ name: 'c', set: { lr: 0.03 } });
    writeFileSync(grid, JSON.stringify({ name: 'g', config: 'command.json', cells, folds: [1, 2], seeds: [1] }));
    const finished = await run('ablate', '--grid', grid, ...where, '--finished');
    expect(
      finished
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/: WAR.*/, '')),
    ).toEqual(['all clips: a', 'all clips: b']);
    const { cells: found } = JSON.parse(bytes('command-grid/results.json').toString());
    expect(found.map(({ results }: { results: { done: number } }) => results.done)).toEqual([2, 1]);
    expect(existsSync(join(folder, 'command-grid/all-clips/b/fold-2'))).toBe(false);
  }, 30_000);

  it('evaluate --leakage gives the probe beside chance', async () => {
    const model = join(folder, 'cv/fold-1/seed-1/model.onnx');
    const json = JSON.parse(await run('evaluate', '--model', model, '--data', data, '--leakage', '--json'));
    expect(json.leakage).toMatchObject({ subjects: 6, clips: 24, probe: { chance: expect.closeTo(1 / 6) } });
    expect(await run('evaluate', '--model', model, '--data', data, '--leakage')).toContain('identity in z_e (24 clips');
  });
});
