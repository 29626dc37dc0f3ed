/** `vultus erase` on runs over drawn clips: figures, files, and what it refuses. */
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { drawDataset, drawnConfig } from '../../../test/support/drawn-dataset.js';
import { registerErase } from '../../cli/commands/erase.js';
import { loadDataset } from '../../dataset/dataset.js';
import { evaluateClips } from '../../evaluation/evaluate.js';
import { loadModel } from '../../network/model.js';
import { crossval } from '../crossval.js';
import { Random } from '../random.js';
import { type EraseOptions, erase, eraseRun } from './erase.js';

const folder = mkdtempSync(join(tmpdir(), 'vultus-erase-'));
const data = join(folder, 'drawn');
const cache = join(folder, 'cache');
const cv = join(folder, 'cv');
const one = join(cv, 'fold-1', 'seed-1');
beforeAll(async () => {
  await drawDataset(data);
  await crossval({ data, config: drawnConfig({ epochs: 2 }), out: cv, threads: 1, cache, folds: [1, 2] });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = (over: Partial<EraseOptions> = {}): EraseOptions => ({
  ...{ run: one, data, directions: [1, 2], identity: 'person', threads: 1, cache },
  ...over,
});

describe('eraseRun', () => {
  it('begins with the run as it is, and takes directions out of what its file answers', async () => {
    const { metrics, models } = await eraseRun(options());
    // Two people trained on: they differ in one direction.
    expect(models.map(({ directions }) => directions)).toEqual([0, 1]);
    expect(models[0]!.figures.WAR).toBe(metrics.test.war);
    expect(models[0]!.figures['validation WAR']).toBeCloseTo(metrics.validation.war, 10);
    const dataset = await loadDataset(data);
    const clips = dataset.clips.filter(({ fold }) => fold === 1);
    let own: Float32Array[] = [];
    for (const { model, figures, directions } of models) {
      const loaded = await loadModel(model);
      const { outcomes, embeddings } = await evaluateClips(loaded, dataset, clips);
      const right = outcomes.filter(({ truth, predicted }) => truth === predicted).length;
      expect(figures.WAR).toBeCloseTo(right / clips.length, 10);
      if (directions > 0) {
        expect(loaded.card.training.hyperparameters).toMatchObject({
          'erasure.directions': directions,
          'erasure.identity': 'person',
        });
        expect(loaded.card.metrics.map(({ war }) => war)).toEqual([figures['validation WAR'], figures.WAR]);
      }
      if (directions === 0) own = embeddings;
      // What was taken out lies in so many dimensions, the same for all clips.
      expect(rank(embeddings.map((z, i) => z.map((v, k) => v - own[i]![k]!)))).toBe(directions);
      await loaded.close();
    }
  }, 60_000);

  it('knows people by a descriptor as well', async () => {
    const asked: string[] = [];
    const identity = {
      ...{ name: 'by subject', size: 5 },
      async describe({ subject, path }: { subject: string; path: string }) {
        asked.push(path);
        const random = new Random(Number(subject.slice(1)));
        return Float32Array.from({ length: 5 }, () => random.normal());
      },
    };
    const { models } = await eraseRun(options({ identity, directions: [1] }));
    const { training } = (await loadModel(models[1]!.model)).card;
    expect(training.hyperparameters['erasure.identity']).toBe('by subject');
    expect(asked.length).toBeGreaterThan(0);
  }, 60_000);

  it('refuses a folder without a run, other data, and a run of two networks', async () => {
    await expect(eraseRun(options({ run: data }))).rejects.toThrow('holds no finished run');
    const other = join(folder, 'other');
    cpSync(data, other, { recursive: true });
    appendFileSync(join(other, 'manifest.csv'), '\n');
    await expect(eraseRun(options({ data: other }))).rejects.toThrow('a run on another data set');
    const joint = join(folder, 'joint');
    cpSync(one, joint, { recursive: true });
    const metrics = JSON.parse(readFileSync(join(joint, 'metrics.json'), 'utf8'));
    writeFileSync(
      join(joint, 'metrics.json'),
      JSON.stringify({ ...metrics, config: { ...metrics.config, stills: {} } }),
    );
    await expect(eraseRun(options({ run: joint }))).rejects.toThrow('a run of two networks');
    const seen = { ...metrics, folds: { validation: 2, test: 3 } };
    writeFileSync(join(joint, 'metrics.json'), JSON.stringify(seen));
    await expect(eraseRun(options({ run: joint }))).rejects.toThrow('learnt from fold 3 too');
  });
});

describe('erase', () => {
  it('does not do twice what it did of the same model with the same choice', async () => {
    const work: string[] = [];
    const onProgress = (what: string) => work.push(what);
    const found = await erase(options({ onProgress }));
    expect(new Set(work)).toContain('testing');
    work.length = 0;
    expect(await erase(options({ onProgress }))).toMatchObject(JSON.parse(JSON.stringify(found)));
    expect(work).toEqual([]);
    const other = join(folder, 'kept');
    cpSync(data, other, { recursive: true });
    appendFileSync(join(other, 'manifest.csv'), '\n');
    await expect(erase(options({ data: other }))).rejects.toThrow('a run on another data set');
    await erase(options({ onProgress, directions: [1] }));
    expect(new Set(work)).toContain('testing');
    await expect(erase(options({ run: data }))).rejects.toThrow('holds no finished run');
  });
});

describe('vultus erase', () => {
  /** What the command prints. */
  async function run(...args: string[]): Promise<string> {
    const program = new Command().exitOverride();
    registerErase(program, new AbortController().signal);
    let text = '';
    const out = vi.spyOn(process.stdout, 'write').mockImplementation((chunk, ...rest) => {
      text += chunk;
      (rest.find((one) => typeof one === 'function') as (() => void) | undefined)?.();
      return true;
    });
    const quiet = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      await program.parseAsync(['node', 'vultus', 'erase', ...args]);
    } finally {
      out.mockRestore();
      quiet.mockRestore();
    }
    return text;
  }
  const where = ['--data', data, '--cache', cache];

  it('prints a row per number of directions with intervals over the runs, and leaves them in the folder', async () => {
    const lines = (await run('--run', cv, ...where, '--directions', '1,4')).trimEnd().split('\n');
    // Two people trained on differ in one direction, so 4 is 1.
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^directions +WAR +validation WAR +probe, people trained on/);
    expect(lines[1]).toMatch(/^0 +\d+\.\d% ± \d+\.\d /);
    expect(lines[2]).toMatch(/^1 +\d.*± \d+\.\d$/);
    const { points, identity } = JSON.parse(readFileSync(join(cv, 'erasure-results.json'), 'utf8'));
    expect(identity).toBe('person');
    expect(points[1].summary.WAR).toMatchObject({ folds: 2, runs: 2 });
    expect(points[1].difference.WAR.mean).toBeCloseTo(points[1].summary.WAR.mean - points[0].summary.WAR.mean, 10);
    expect(Object.keys(points[0].summary).filter((name) => name.startsWith('training'))).toEqual([]);
    const html = readFileSync(join(cv, 'erasure.html'), 'utf8');
    expect(html).toContain('2 runs of 2 folds');
    expect(html).not.toMatch(/https?:\/\/|<script|NaN|undefined/);
  }, 60_000);

  it('writes the model of one run and one number', async () => {
    const out = join(folder, 'erased.onnx');
    await run('--run', one, ...where, '--directions', '1', '--out', out);
    const model = await loadModel(out);
    expect(model.card.training.hyperparameters['erasure.directions']).toBe(1);
    await model.close();
    await expect(run('--run', cv, ...where, '--directions', '1', '--out', out)).rejects.toThrow('writes one model');
    await expect(run('--run', data, ...where)).rejects.toThrow('holds no finished run');
    await expect(run('--run', one, ...where, '--directions', '0')).rejects.toThrow('say how many, from 1');
  }, 60_000);
});

/** How many dimensions the rows vary in. */
function rank(rows: readonly Float32Array[]): number {
  const left = rows.map((row) => Float64Array.from(row, (v, k) => v - rows[0]![k]!));
  let found = 0;
  const largest = Math.max(...left.map((row) => Math.hypot(...row)));
  while (largest > 0) {
    const length = Math.max(...left.map((row) => Math.hypot(...row)));
    const pivot = left.find((row) => Math.hypot(...row) === length)!;
    if (length < 1e-3 * largest) break;
    found++;
    const unit = pivot.map((v) => v / length);
    for (const row of left) {
      const along = row.reduce((sum, v, k) => sum + v * unit[k]!, 0);
      unit.forEach((u, k) => {
        row[k]! -= along * u;
      });
    }
  }
  return found;
}
