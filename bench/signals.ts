/**
 * What each signal is worth: trains one network per signal on the same clips with the same budget, tests each once, and
 * writes a table to bench/results/. The set is semi-synthetic: real faces, scripted motion.
 *
 *   npx tsx bench/signals.ts --data DIR [--epochs 16] [--seed 1] [--stem 2] [--threads 2] [--only summed,motion]
 *
 * Every run is checkpointed below --runs and goes on where it was stopped; a finished one is only read.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { EvaluationReport } from '../src/evaluation/report.js';
import type { Signal } from '../src/residual/signal.js';
import { defaultCacheFolder } from '../src/training/clip-store.js';
import { type TrainingConfig, trainingConfigSchema } from '../src/training/config.js';
import { train } from '../src/training/run.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: join(root, '..', 'shared', 'data', 'london-expressions') },
    runs: { type: 'string', default: join(root, 'out', 'signals') },
    cache: { type: 'string', default: defaultCacheFolder() },
    epochs: { type: 'string', default: '16' },
    seed: { type: 'string', default: '1' },
    stem: { type: 'string', default: '2' },
    threads: { type: 'string', default: '2' },
    only: { type: 'string' },
  },
});

/** Gains that bring each kind to a root mean square of about 1 (docs/train-a-model.md). */
const gains: Record<Signal['kind'], { residualGain: number; motionGain: number }> = {
  residual: { residualGain: 0.87, motionGain: 2.8 },
  motion: { residualGain: 0.87, motionGain: 2.8 },
  'residual+motion': { residualGain: 0.87, motionGain: 2.8 },
  accumulated: { residualGain: 0.4, motionGain: 1.15 },
  summed: { residualGain: 0.4, motionGain: 1.15 },
  keyframes: { residualGain: 1, motionGain: 1 },
  decoded: { residualGain: 1, motionGain: 1 },
  'decoded-difference': { residualGain: 0.19, motionGain: 1 },
};

const titles: Record<Signal['kind'], string> = {
  residual: "one P-frame's residual",
  motion: "one P-frame's motion",
  'residual+motion': 'residual + motion',
  accumulated: 'accumulated along motion since the I-frame',
  summed: 'summed in place between samples',
  keyframes: 'luma of I-frames',
  decoded: 'P-frames decoded to RGB',
  'decoded-difference': 'difference of decoded luma between samples',
};

function configOf(kind: Signal['kind']): TrainingConfig {
  return trainingConfigSchema.parse({
    name: `signals-${kind}`,
    signal: { kind, size: 64, frames: 8, margin: 1.2, ...gains[kind], window: 12 },
    limit: 8,
    network: {
      channels: [16, 32, 64, 128],
      blocks: [1, 1, 1, 1],
      stemStride: Number(flags.stem),
      temporal: 'conv',
      embedding: 128,
      dropout: 0.2,
    },
    epochs: Number(flags.epochs),
    seed: Number(flags.seed),
    batch: 32,
    lr: 2e-3,
    ema: 0.95,
  });
}

interface RunMetrics {
  config: TrainingConfig;
  package: string;
  data: { name: string; sha256: string };
  bestEpoch: number;
  validation: { war: number };
  test: EvaluationReport;
  framesPerSecond: number;
  seconds: number;
}

const stop = new AbortController();
process.on('SIGINT', () => stop.abort(new DOMException('interrupted', 'AbortError')));

async function runOf(kind: Signal['kind']): Promise<RunMetrics> {
  const out = join(flags.runs, `${kind}-e${flags.epochs}-s${flags.seed}-stem${flags.stem}`);
  const metrics = join(out, 'metrics.json');
  if (!existsSync(metrics)) {
    await train({
      data: flags.data,
      config: configOf(kind),
      out,
      validationFold: 8,
      testFold: 9,
      threads: Number(flags.threads),
      cache: flags.cache,
      resume: true,
      signal: stop.signal,
      events: {
        notice: console.error,
        work: (what, done, all) => done % 200 === 0 && console.error(`${what} ${done} of ${all}`),
        epoch: (e, epochs, left) =>
          console.error(
            `${kind} ${e.epoch}/${epochs} loss ${e.loss.toFixed(3)} val WAR ${e.validation.war.toFixed(3)} ${Math.round(e.framesPerSecond)} frames/s, ${Math.round(left / 60)} min left`,
          ),
      },
    });
  }
  return JSON.parse(readFileSync(metrics, 'utf8')) as RunMetrics;
}

const kinds = (flags.only?.split(',') ?? Object.keys(gains)) as Signal['kind'][];
const results: { kind: Signal['kind']; run: RunMetrics }[] = [];
for (const kind of kinds) {
  results.push({ kind, run: await runOf(kind) });
  write();
}

/** Writes what is known so far: the table grows run by run. */
function write(): void {
  const folder = join(root, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  const command = `npx tsx bench/signals.ts --epochs ${flags.epochs} --seed ${flags.seed} --stem ${flags.stem} --threads ${flags.threads}`;
  const machine = `${cpus().length} cores, ${cpus()[0]?.model.trim()}`;
  const rows = results.map(({ kind, run }) => {
    const { test } = run;
    return {
      signal: kind,
      war: test.war,
      interval: test.interval.war,
      byCondition: test.byCondition,
      uar: test.uar,
      macroF1: test.macroF1,
      n: test.n,
      validationWar: run.validation.war,
      bestEpoch: run.bestEpoch,
      framesPerSecond: run.framesPerSecond,
      minutes: run.seconds / 60,
    };
  });
  const { data, config, package: version } = results[0]!.run;
  const json = { date, command, machine, version, data, semiSynthetic: true, network: config.network, rows };
  writeFileSync(join(folder, `signals-${date}.json`), `${JSON.stringify(json, null, 2)}\n`);
  const share = (value: number | undefined) => (value === undefined ? '' : value.toFixed(3));
  const lines = rows.map((row) => {
    const by = (condition: string) => share(row.byCondition[condition]?.war);
    const range = row.interval ? `${share(row.interval.low)}-${share(row.interval.high)}` : '';
    return `| ${titles[row.signal]} | ${share(row.war)} | ${range} | ${by('lab-onset')} | ${by('lab-full')} | ${by('wild')} | ${share(row.uar)} | ${share(row.macroF1)} | ${share(row.validationWar)} | ${row.bestEpoch} | ${Math.round(row.framesPerSecond)} | ${row.minutes.toFixed(1)} |`;
  });
  const text = `# What each signal is worth (${date})

Semi-synthetic clips (${data.name}: real faces, scripted motion), folds 1-7 to train, 8 to choose the epoch, 9 (8 subjects
never seen, ${rows[0]!.n} clips) tested once. Same network, T = 8, 64 x 64, ${flags.epochs} epochs, batch 32, seed ${flags.seed}.
Interval: 95%, bootstrap over subjects.

| signal | WAR | 95% | lab-onset | lab-full | wild | UAR | macro-F1 | val WAR | epoch | frames/s | minutes |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${lines.join('\n')}

\`${command}\` on ${machine}. Frames/s: clips x T in training; it depends on what else the machine did.
`;
  writeFileSync(join(folder, `signals-${date}.md`), text);
  console.log(text);
}
