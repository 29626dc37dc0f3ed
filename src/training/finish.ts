/** The end of a run: the best epoch exported, the exported file tested, and everything about it written down. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { evaluateClips } from '../evaluation/evaluate.js';
import { leakageOf } from '../evaluation/leakage.js';
import { type EvaluationReport, reportOf } from '../evaluation/report.js';
import { writeWhole } from '../files/write-whole.js';
import type { ModelCard } from '../network/card.js';
import { fuseModels } from '../network/fused.js';
import { exportModel, loadModel } from '../network/model.js';
import { readSafetensors, type WeightSet } from '../network/weights.js';
import { embedClips } from './embed.js';
import { cardOf } from './model-card.js';
import type { TrainResult } from './options.js';
import { packageVersion } from './package-version.js';
import type { ParsedClips } from './parsed-clips.js';
import { recordHtml } from './record-html.js';
import type { RunLeakage } from './run-figures.js';
import type { Run } from './run-plan.js';
import type { Trained } from './session.js';
import { type StillsConfig, splitStills, stillNormalisation } from './stills.js';

/** Exports the best epoch, tests the exported file, and writes its card with the result. */
export async function finish(run: Run, store: ParsedClips, { record, bestEpoch }: Trained): Promise<TrainResult> {
  const { options, dataset, split, labels, normalisation } = run;
  const { out, config, events, signal } = options;
  const { weights, stills } = splitStills(readSafetensors(await readFile(join(out, 'best.safetensors'))).weights);
  const chosen = record.epochs[bestEpoch - 1]!;
  const about = { config, labels, normalisation, dataset, split, options, chosen };
  const exported = (test: EvaluationReport | undefined) => {
    const card = cardOf({ ...about, test });
    const file = exportModel(weights, card);
    return config.stills ? withStillNetwork(file, stills, config.stills, card) : file;
  };
  const model = await loadModel(exported(undefined), {
    threads: options.threads,
  });
  let test: EvaluationReport;
  let milliseconds: number;
  let leakage: RunLeakage | undefined;
  try {
    const evaluation = await evaluateClips(model, dataset, split.test, {
      onProgress: (done, all) => events?.work?.('testing', done, all),
      ...(signal && { signal }),
    });
    const { outcomes, damaged } = evaluation;
    milliseconds = evaluation.milliseconds;
    if (damaged.length > 0) events?.notice?.(`${damaged.length} test clips have damaged frames, which read as zero`);
    test = reportOf(outcomes, labels);
    if (options.leakage) {
      leakage = {
        train: leakageOf(await embedClips(run.ofTrained, store, model)) ?? null,
        test: leakageOf(split.test.map((row, i) => ({ ...row, embedding: evaluation.embeddings[i]! }))) ?? null,
      };
    }
  } finally {
    await model.close();
  }
  const seconds = record.epochs.reduce((sum, one) => sum + one.seconds, 0);
  const framesPerSecond = record.epochs.reduce((sum, one) => sum + one.framesPerSecond, 0) / record.epochs.length;
  await writeWhole(join(out, 'model.onnx'), exported(test));
  await writeWhole(
    join(out, 'record.html'),
    recordHtml({ config, epochs: record.epochs, dataset: dataset.name, test, testFold: options.testFold }),
  );
  const metrics = {
    package: packageVersion(),
    data: { name: dataset.name, sha256: dataset.hash, faces: dataset.facesHash },
    folds: { validation: options.validationFold, test: options.testFold },
    clips: { train: split.train.length, validation: split.validation.length, test: split.test.length },
    ...(options.protocol && { protocol: { ...options.protocol, sha256: run.protocolHash } }),
    subjects: new Set(split.train.map(({ subject }) => subject)).size,
    config,
    bestEpoch,
    validation: chosen.validation,
    test,
    millisecondsPerClip: milliseconds,
    ...(leakage && { leakage }),
    ...(chosen.game && { game: chosen.game, alarms: record.epochs.filter(({ game }) => game?.alarm).length }),
    framesPerSecond,
    seconds,
    threads: options.threads,
  };
  await writeWhole(join(out, 'metrics.json'), `${JSON.stringify(metrics, null, 2)}\n`);
  return { model: join(out, 'model.onnx'), bestEpoch, test, ...(leakage && { leakage }), framesPerSecond, seconds };
}

/** One file of both networks: their log-probabilities add up as their logits did in training. */
function withStillNetwork(file: Uint8Array, weights: WeightSet, stills: StillsConfig, card: ModelCard): Uint8Array {
  const { signal, network } = stills;
  const second = exportModel(weights, { ...card, signal, network, normalisation: stillNormalisation });
  return fuseModels(file, second, { ...card, keyframes: { weight: 1, temperature: 1 } });
}
