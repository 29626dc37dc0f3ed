/** A made-up grid for tests of what is drawn: figures by formula, so that a point's place is known. No measurement. */
import { pairedDifference, type RunFigures, summarise } from '../../src/evaluation/aggregate.js';
import type { AblateResults, CellResults } from '../../src/training/ablate-results.js';
import { type TrainingConfig, trainingConfigSchema } from '../../src/training/config.js';

const folds = [1, 4, 7];
const subjects: Record<string, number> = { 'few-8': 8, 'few-16': 16, 'few-32': 32, balanced: 56, 'confounded-16': 16 };
export const lambdas = [0.003, 0.03, 0.3];

function configOf(name: string, regulariser?: { kind: 'vclub' | 'hsic'; lambda: number }): TrainingConfig {
  const signal = { kind: 'summed', size: 64, frames: 8, margin: 1.2, residualGain: 0.05, motionGain: 0.5, window: 48 };
  return trainingConfigSchema.parse({ name, signal, ...(regulariser && { regulariser }) });
}

/** WAR of a made-up cell, before what the fold adds (-2, 0 or 2 points). */
export function madeUpWar(people: number, lambda: number): number {
  return 0.55 + 0.05 * Math.log2(people / 8) + 0.1 * lambda;
}

function runsOf(people: number, lambda: number, wobble: number): RunFigures[] {
  return folds.map((fold, i) => {
    const war = madeUpWar(people, lambda) + 0.02 * (i - 1) + wobble * (i % 2);
    return {
      fold,
      seed: 1,
      figures: {
        ...{ WAR: war, UAR: war - 0.01, 'macro-F1': war - 0.02 },
        ...{
          'WAR, lab-full': war + 0.1,
          'WAR, wild': war - 0.2,
          'WAR, gender: female': war,
          'WAR, age: under 25': null,
        },
        'probe, people trained on': (0.2 + 0.02 * i) / (1 + 10 * lambda),
        'probe chance, people trained on': 1 / people,
        'probe, new people': 0.3,
        'probe chance, new people': 0.125,
        'milliseconds per clip': 8 + 40 * lambda + i,
        'training subjects': people,
      },
    };
  });
}

/** Five protocols, and in each a cell without a penalty, three of vCLUB and two of HSIC. */
export function madeUpGrid(protocols: readonly string[] = Object.keys(subjects)): AblateResults {
  const variants = [
    { name: 'none', config: configOf('none'), lambda: 0, wobble: 0 },
    ...lambdas.map((lambda) => {
      const name = `vclub ${lambda}`;
      return { name, config: configOf(name, { kind: 'vclub', lambda }), lambda, wobble: 0.01 };
    }),
    ...[1, 3].map((lambda) => {
      const name = `hsic ${lambda}`;
      return { name, config: configOf(name, { kind: 'hsic', lambda }), lambda: lambda / 10, wobble: -0.01 };
    }),
  ];
  const cells = protocols.flatMap((protocol) => {
    const people = subjects[protocol]!;
    const base = runsOf(people, 0, 0);
    const kind = protocol === 'balanced' ? 'balanced' : protocol.startsWith('few') ? 'few-subjects' : 'confounded';
    return variants.map(({ name, config, lambda, wobble }): CellResults => {
      const runs = runsOf(people, lambda, wobble);
      const compared = name === 'none' ? [] : ['WAR', 'probe, people trained on'];
      return {
        ...{ name, protocol, folder: `${protocol}/${name}` },
        results: {
          ...{ name, package: '0', data: { name: 'made up', sha256: '0'.repeat(64), faces: 'manifest' } },
          ...{
            protocol: { name: protocol, kind, sha256: [] },
            config,
            labels: ['a', 'b'],
            done: 3,
            all: 3,
            failed: [],
          },
          summary: summarise(runs),
          confusion: [
            [8, 2],
            [1, 9],
          ],
          curves: [1, 2, 3].map((epoch) => ({ epoch, trainAccuracy: 0.3 * epoch, validationWar: 0.25 * epoch })),
          runs,
        },
        difference: Object.fromEntries(compared.map((figure) => [figure, pairedDifference(runs, base, figure)!])),
      };
    });
  });
  return { name: 'made-up grid', cells, done: 3 * cells.length, all: 3 * cells.length };
}
