/** From the raw folder to the report by the one command, for every corpus; interrupted, it ends with the same report. */
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { registerDataset } from '../../src/cli/commands/dataset.js';
import { registerReproduce } from '../../src/cli/commands/reproduce.js';
import { UsageError } from '../../src/cli/failure.js';
import { corpora } from '../../src/dataset/corpora/index.js';
import { metricsOf } from '../../src/evaluation/metrics.js';
import { applicable, baseConfig, configOf, experiments } from '../../src/training/reproduction/experiments.js';
import { publishedFigures } from '../../src/training/reproduction/published.js';
import type { Reproduction } from '../../src/training/reproduction/reproduce.js';
import { overRounds, summaryOf } from '../../src/training/reproduction/summary.js';
import { damages } from './damage.js';
import { miniatures } from './miniature.js';

const folder = mkdtempSync(join(tmpdir(), 'vultus-reproduce-'));
const tiny = {
  name: 'tiny',
  signal: { kind: 'residual', size: 16, frames: 2, margin: 1, residualGain: 1, motionGain: 1, window: 12 },
  network: { channels: [4], blocks: [1], stemStride: 2, temporal: 'mean', embedding: 4, dropout: 0 },
  augmentation: { flip: true, shift: 1, stretch: 0.8, jitter: true, gain: 0.2 },
  batch: 2,
  epochs: 1,
};
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  for (const [name, make] of Object.entries(miniatures)) make(join(folder, name));
  writeFileSync(join(folder, 'tiny.json'), JSON.stringify(tiny));
});
afterEach(() => {
  process.exitCode = undefined;
});

/** Runs the command line in this process; gives what it printed and its exit code. */
async function vultus(args: readonly string[], signal = new AbortController().signal) {
  const program = new Command('vultus').exitOverride().configureOutput({ writeErr: () => {} });
  registerDataset(program, signal);
  registerReproduce(program, signal);
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
  let [stdout, stderr] = ['', ''];
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += text;
    return true;
  });
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += text;
    return true;
  });
  process.exitCode = undefined;
  try {
    await program.parseAsync(args, { from: 'user' });
    return { stdout, stderr, code: process.exitCode ?? 0 };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}
const reproduction = (name: string, out: string, ...more: string[]) => [
  ...[
    'reproduce',
    name,
    '--root',
    join(folder, name),
    '--out',
    join(folder, out),
    '--config',
    join(folder, 'tiny.json'),
  ],
  ...['--boxes', 'frame', '--threads', '1', '--jobs', '2', '--cache', join(folder, 'cache', out), ...more],
];
const reportIn = (out: string) => JSON.parse(readFileSync(join(folder, out, 'report.json'), 'utf8')) as Reproduction;

describe('vultus reproduce', () => {
  it.each([
    ['ck-plus', 3, 6],
    ['mmi', 3, 6],
    ['afew', 1, 7],
    ['oulu-casia', 3, 18],
    ['ravdess', 4, 8],
    ['crema-d', 4, 8],
  ])('takes %s from its folder to the report', async (name, rounds, tested) => {
    const { stdout, code } = await vultus(reproduction(name, `out-${name}`, '--only', 'residual'));
    expect(code).toBe(0);
    expect(stdout).toMatch(/residual +WAR \d/);
    const report = reportIn(`out-${name}`);
    const [own] = report.experiments;
    expect(own!.failed).toEqual([]);
    expect(own!.rounds).toHaveLength(rounds);
    // Every clip of a tested fold counts once.
    expect(own!.pooled.n).toBe(tested);
    expect(own!.confusion.flat().reduce((a, b) => a + b)).toBe(tested);
    expect(own!.pooled).toEqual(metricsOf(own!.confusion));
    expect(own!.labels).toEqual(Object.values(corpora.find((one) => one.name === name)!.variants)[0]!.labels);
    expect(report.published.every((one) => stdout.includes(one.method))).toBe(true);
    const page = readFileSync(join(folder, `out-${name}`, 'report.html'), 'utf8');
    expect(page).toContain('This copy is not the published corpus');
    for (const { citation } of report.published) expect(page).toContain(citation.slice(0, 30).replaceAll('&', '&amp;'));
    expect(page).not.toMatch(/https?:\/\/|<script/);
  });

  it.each(Object.entries(damages))(
    'takes a damaged %s to the report, with rows for what is lost',
    async (name, { harm, told }) => {
      const root = join(folder, `damaged-${name}`);
      cpSync(join(folder, name), root, { recursive: true });
      harm(root);
      const whole = reportIn(`out-${name}`);
      const { code, stderr } = await vultus(
        reproduction(`damaged-${name}`, `out-damaged-${name}`, '--only', 'residual').with(1, name),
      );
      expect(code).toBe(1);
      const report = reportIn(`out-damaged-${name}`);
      expect(report.data.faulty).toBe(true);
      expect(report.data.clips).toBeLessThan(whole.data.clips);
      const [own] = report.experiments;
      expect(own!.rounds.length + own!.failed.length).toBeGreaterThan(0);
      const { skipped } = JSON.parse(readFileSync(join(folder, `out-damaged-${name}`, 'data', 'report.json'), 'utf8'));
      const page = readFileSync(join(folder, `out-damaged-${name}`, 'data', 'report.html'), 'utf8');
      for (const [path, reason] of told) {
        expect(skipped.find((one: { path: string }) => one.path === path)?.reason, path).toContain(reason);
        expect(page).toContain(path);
      }
      expect(stderr).toContain(told[0]![0].split('/').at(-1)!);
    },
  );

  it('interrupted in a run, goes on and ends with the same report', async () => {
    const args = (out: string) => reproduction('ck-plus', out, '--only', 'residual', 'motion', '--epochs', '2');
    await vultus(args('whole'));
    const stop = new AbortController();
    // The second round of the first experiment has begun when its folder is made.
    const watch = setInterval(() => {
      if (exists(join(folder, 'cut', 'runs', 'residual', 'fold-2')))
        stop.abort(new DOMException('interrupted', 'AbortError'));
    }, 5);
    await expect(vultus(args('cut'), stop.signal)).rejects.toThrow('interrupted');
    clearInterval(watch);
    expect(exists(join(folder, 'cut', 'report.json'))).toBe(false);
    const first = readFileSync(join(folder, 'cut', 'runs', 'residual', 'fold-1', 'result.json'));
    await vultus(args('cut'));
    for (const file of ['report.json', 'report.html', 'data/manifest.csv', 'data/report.json']) {
      expect(readFileSync(join(folder, 'cut', file)), file).toEqual(readFileSync(join(folder, 'whole', file)));
    }
    expect(readFileSync(join(folder, 'cut', 'runs', 'residual', 'fold-1', 'result.json'))).toEqual(first);
  });

  it('makes rows of a clip that is damaged and of a round that cannot be run, and says so by its exit code', async () => {
    const root = join(folder, 'hurt');
    cpSync(join(folder, 'ck-plus'), root, { recursive: true });
    // Two of three people keep one label each: what one round is to test, no one else shows.
    truncateSync(join(root, 'cohn-kanade-images/S005/001/S005_001_00000002.png'), 50);
    truncateSync(join(root, 'cohn-kanade-images/S010/001/S010_001_00000002.png'), 50);
    const args = reproduction('ck-plus', 'out-hurt', '--only', 'residual').map((arg) =>
      arg === join(folder, 'ck-plus') ? root : arg,
    );
    const { code, stderr } = await vultus(args);
    expect(code).toBe(1);
    const report = reportIn('out-hurt');
    expect(report.data.faulty).toBe(true);
    const [own] = report.experiments;
    expect(own!.rounds.length + own!.failed.length).toBe(3);
    expect(own!.failed.length).toBeGreaterThan(0);
    expect(own!.failed[0]!.error).toBe('no training clip shows anger');
    expect(stderr).toContain('no training clip shows anger');
    expect(stderr).toContain('S005_001_00000002.png is cut short');
    expect(readFileSync(join(folder, 'out-hurt', 'report.html'), 'utf8')).toContain('no training clip shows anger');
  });

  it('trains the whole method, or what applies of it', async () => {
    const own = async (name: string) => {
      const { code } = await vultus(reproduction(name, `method-${name}`, '--only', 'paper', 'no-apex'));
      const report = reportIn(`method-${name}`);
      expect(report.experiments.flatMap(({ failed }) => failed)).toEqual([]);
      expect(code).toBe(0);
      return report;
    };
    const withApex = await own('ck-plus');
    expect(withApex.experiments.map((one) => [one.name, one.rounds.length])).toEqual([
      ['paper', 3],
      ['no-apex', 3],
    ]);
    const without = await own('afew');
    expect(without.experiments.map((one) => one.name)).toEqual(['no-apex']);
    expect(without.left).toEqual([{ name: 'paper', reason: 'no clip of this corpus has an apex frame' }]);
    expect(readFileSync(join(folder, 'method-afew', 'report.html'), 'utf8')).toContain(
      'no clip of this corpus has an apex',
    );
  }, 180_000);

  it('refuses a fold file that was changed', async () => {
    const { reproduce } = await import('../../src/training/reproduction/reproduce.js');
    const data = join(folder, 'out-mmi', 'data');
    const corpus = corpora.find((one) => one.name === 'mmi')!;
    const folds = readFileSync(join(data, 'folds.json'), 'utf8');
    writeFileSync(join(data, 'folds.json'), folds.replace('"test": 1', '"test": 2'));
    const work = reproduce({
      ...{ corpus, variant: 'frontal', data, out: join(folder, 'never'), base: tiny, experiments: [] },
      ...{
        threads: 1,
        cache: join(folder, 'cache'),
        prepared: JSON.parse(readFileSync(join(data, 'report.json'), 'utf8')),
      },
    });
    await expect(work).rejects.toThrow('folds.json was changed');
  });

  it('refuses names that it does not know, with those it does', async () => {
    const unknown = (args: readonly string[]) => expect(vultus(args)).rejects;
    await unknown(['reproduce', 'fer', '--root', folder, '--out', join(folder, 'x')]).toThrow(UsageError);
    await unknown(['reproduce', 'fer', '--root', folder, '--out', join(folder, 'x')]).toThrow('there are ck-plus, mmi');
    await unknown(reproduction('mmi', 'x', '--variant', 'side')).toThrow('mmi has no variant side: there are frontal');
    await unknown(reproduction('mmi', 'x', '--only', 'magic')).toThrow('no experiment magic: choose from');
    await unknown(reproduction('mmi', 'x', '--jobs', '0')).toThrow('from 1 to 64');
  });
});

describe('vultus dataset', () => {
  it('lists the corpora', async () => {
    const { stdout } = await vultus(['dataset', 'list']);
    for (const { name } of corpora) expect(stdout).toContain(name);
  });

  it('prepares, and tells counts and what was left out', async () => {
    const args = [
      'dataset',
      'prepare',
      'mmi',
      '--root',
      join(folder, 'mmi'),
      '--out',
      join(folder, 'data'),
      '--boxes',
      'frame',
    ];
    const { stdout, code } = await vultus(args);
    expect(code).toBe(0);
    expect(stdout).toContain('6 clips of 3 subjects');
    expect(stdout).toContain('2 view');
    expect(stdout).toContain('clips: 6 found, 205 published');
  });
});

describe('the comparison', () => {
  it('gives mean and Student interval over rounds', () => {
    // scipy.stats.t.interval(0.95, 2, 0.7, 0.1 / sqrt(3)): 0.7 -+ 4.302653 * 0.0577350
    const { mean, low, high } = overRounds([0.6, 0.7, 0.8]);
    expect(mean).toBeCloseTo(0.7, 12);
    expect(low).toBeCloseTo(0.4516, 3);
    expect(high).toBeCloseTo(0.9484, 3);
    expect(overRounds([0.5])).toEqual({ mean: 0.5, low: null, high: null });
  });

  it('adds up rounds whose data lacks some labels', () => {
    const result = {
      labels: ['b', 'c'],
      confusion: [
        [2, 1],
        [0, 3],
      ],
      war: 5 / 6,
      uar: 5 / 6,
      n: 6,
    };
    const summary = summaryOf(
      'x',
      'y',
      ['a', 'b', 'c'],
      [
        { test: 1, validation: 2, identity: '', bestEpoch: 1, result: result as never },
        { test: 2, validation: 1, error: 'no' },
      ],
    );
    expect(summary.confusion).toEqual([
      [0, 0, 0],
      [0, 2, 1],
      [0, 0, 3],
    ]);
    expect(summary.recall).toEqual([null, 2 / 3, 1]);
    expect(summary.failed).toHaveLength(1);
  });

  it('has sources for every published figure, on variants that there are', () => {
    for (const { corpus, variants, accuracy, citation, protocol, seen } of publishedFigures()) {
      const known = corpora.find((one) => one.name === corpus)!;
      for (const variant of variants) expect(Object.keys(known.variants)).toContain(variant);
      expect(accuracy).toBeGreaterThan(10);
      expect(accuracy).toBeLessThanOrEqual(100);
      for (const text of [citation, protocol, seen]) expect(text.length).toBeGreaterThan(8);
    }
  });

  it('has a config for every experiment, and leaves out those that need an apex where there is none', () => {
    for (const experiment of experiments) {
      const config = configOf(baseConfig(), experiment, ['anger', 'fear'], ['mpeg4']);
      expect(config.name).toBe(`reproduction-${experiment.name}`);
      expect(config.labels).toEqual(['anger', 'fear']);
    }
    expect(() => configOf({ ...baseConfig(), batch: 1 }, experiments[0]!, ['anger', 'fear'], ['mpeg4'])).toThrow(
      'batch',
    );
    const names = (clips: { apexFrame: number | undefined }[]) =>
      applicable(experiments, clips).can.map((one) => one.name);
    expect(names([{ apexFrame: undefined }, { apexFrame: 3 }])).toContain('paper');
    expect(names([{ apexFrame: undefined }])).not.toContain('paper');
    expect(names([{ apexFrame: undefined }])).toContain('no-apex');
  });
});

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EISDIR';
  }
}
