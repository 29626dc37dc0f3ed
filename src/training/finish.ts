/** The end of a run: the best epoch exported, the exported file tested, and everything about it written down. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { evaluateClips } from '../evaluation/evaluate.js';
import { type EvaluationReport, reportOf } from '../evaluation/report.js';
import { exportModel, loadModel } from '../network/model.js';
import { readSafetensors } from '../network/weights.js';
import { cardOf } from './model-card.js';
import type { TrainResult } from './options.js';
import { packageVersion } from './package-version.js';
import { writeWhole } from './record.js';
import { recordHtml } from './record-html.js';
import type { Run } from './run-plan.js';
import type { Trained } from './session.js';

/** Exports the best epoch, tests the exported file, and writes its card with the result. */
export async function finish(run: Run, { record, bestEpoch }: Trained): Promise<TrainResult> {
  const { options, dataset, split, labels, normalisation } = run;
  const { out, config, events, signal } = options;
  const { weights } = readSafetensors(await readFile(join(out, 'best.safetensors')));
  const chosen = record.epochs[bestEpoch - 1]!;
  const about = { config, labels, normalisation, dataset, split, options, chosen };
  const model = await loadModel(exportModel(weights, cardOf({ ...about, test: undefined })), {
    threads: options.threads,
  });
  let test: EvaluationReport;
  try {
    const { outcomes, damaged } = await evaluateClips(model, dataset, split.test, {
      onProgress: (done, all) => events?.work?.('testing', done, all),
      ...(signal && { signal }),
    });
    if (damaged.length > 0) events?.notice?.(`${damaged.length} test clips have damaged frames, which read as zero`);
    test = reportOf(outcomes, labels);
  } finally {
    await model.close();
  }
  const seconds = record.epochs.reduce((sum, one) => sum + one.seconds, 0);
  const framesPerSecond = record.epochs.reduce((sum, one) => sum + one.framesPerSecond, 0) / record.epochs.length;
  await writeWhole(join(out, 'model.onnx'), exportModel(weights, cardOf({ ...about, test })));
  await writeWhole(
    join(out, 'record.html'),
    recordHtml({ config, epochs: record.epochs, dataset: dataset.name, test, testFold: options.testFold }),
  );
  const metrics = {
    package: packageVersion(),
    data: { name: dataset.name, sha256: dataset.hash, faces: dataset.facesHash },
    folds: { validation: options.validationFold, test: options.testFold },
    clips: { train: split.train.length, validation: split.validation.length, test: split.test.length },
    config,
    bestEpoch: bestEpoch,
    validation: chosen.validation,
    test,
    framesPerSecond,
    seconds,
    threads: options.threads,
  };
  await writeWhole(join(out, 'metrics.json'), `${JSON.stringify(metrics, null, 2)}\n`);
  return { model: join(out, 'model.onnx'), bestEpoch: bestEpoch, test, framesPerSecond, seconds };
}
