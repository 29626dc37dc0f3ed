/** `vultus evaluate`: how good a model is on a folder with manifest.csv. */
import { type Command, Option } from 'commander';
import { isReadable } from '../codecs.js';
import { UsageError } from '../failure.js';
import { modelNamed } from '../models.js';
import { parseCount } from '../options.js';
import { clearProgress, notice, print, progress } from '../output.js';

interface EvaluateFlags {
  model: string;
  data: string;
  fold?: number[];
  codec?: string;
  threads: number;
  leakage: boolean;
  json: boolean;
  keyframes: boolean;
}

const examples = `
Example:
  $ vultus evaluate --model runs/summed/model.onnx --data london-expressions --fold 9
  $ vultus evaluate --model m.onnx --data my-clips --json > scores.json`;

export function registerEvaluate(program: Command, signal: AbortSignal): void {
  program
    .command('evaluate')
    .description('test a model on a folder with manifest.csv')
    .requiredOption('--model <file>', 'default, int8, residual, heldout, or a model.onnx that vultus trained')
    .requiredOption('--data <dir>', 'folder of the data set')
    .addOption(
      new Option('--fold <n...>', 'only clips of these folds (default: all)').argParser(
        (text: string, before: number[] | undefined) => [...(before ?? []), parseCount(text)],
      ),
    )
    .option('--codec <name>', 'only clips whose codec column says so (default: all that can be read)')
    .option('--threads <n>', 'threads of the run-time', parseCount, 1)
    .option('--leakage', 'also ask how well z_e names the person: a fresh probe, and retrieval', false)
    .option('--no-keyframes', 'judge by the P-frames alone, also where the model reads I-frames')
    .option('--json', 'print one JSON object', false)
    .addHelpText('after', examples)
    .action((flags: EvaluateFlags) => run(flags, signal));
}

async function run(flags: EvaluateFlags, signal: AbortSignal): Promise<void> {
  const { loadDataset } = await import('../../dataset/dataset.js');
  const { knownLabels } = await import('../../dataset/manifest.js');
  const { evaluateClips } = await import('../../evaluation/evaluate.js');
  const { learntFrom } = await import('../../evaluation/overlap.js');
  const { leakageOf, leakageText } = await import('../../evaluation/leakage.js');
  const { reportOf, reportText } = await import('../../evaluation/report.js');
  const { loadModel, withoutKeyFrames } = await import('../../network/model.js');
  const { packageVersion } = await import('../../training/package-version.js');

  const loaded = await loadModel(modelNamed(flags.model), { threads: Math.max(1, flags.threads) });
  const model = flags.keyframes ? loaded : withoutKeyFrames(loaded);
  try {
    const { card } = model;
    const dataset = await loadDataset(flags.data, { labels: [...new Set([...knownLabels, ...card.labels])] });
    const inFold = dataset.clips.filter(({ fold }) => !flags.fold || flags.fold.includes(fold));
    const clips = inFold.filter(({ codec }) => (flags.codec ? codec === flags.codec : isReadable(codec)));
    if (clips.length === 0) {
      const codecs = [...new Set(inFold.map(({ codec }) => codec))].join(', ') || 'none';
      throw new UsageError(`no clip to test: in these folds the codecs are ${codecs}; see --fold and --codec`);
    }
    const left = inFold.length - clips.length;
    if (left > 0 && !flags.codec) notice(`${left} clips of codecs that are not read yet are left out`);

    // Trained on this data set, or an earlier state of it: folds tell who was seen. On other data nobody was, as far as the card knows.
    const seenFolds = learntFrom(card, dataset) ? clips.filter((row) => card.data.folds.includes(row.fold)) : [];
    const overlap = seenFolds.length > 0;
    if (overlap) {
      notice(
        `warning: ${seenFolds.length} of these ${clips.length} clips are of folds that training saw (${card.data.folds.join(', ')}): the scores say nothing about new people`,
      );
    }
    const { outcomes, embeddings, damaged, withoutKeys, parsed } = await evaluateClips(model, dataset, clips, {
      onProgress: (done, all) => progress(`testing ${done} of ${all} clips`),
      signal,
    });
    clearProgress();
    if (damaged.length > 0) notice(`${damaged.length} clips have damaged frames, which read as zero`);
    if (withoutKeys.length > 0) {
      notice(`${withoutKeys.length} clips are judged by their P-frames alone: their I-frames cannot be decoded here`);
    }
    const report = reportOf(outcomes, card.labels);
    const leakage = flags.leakage
      ? leakageOf(clips.map((row, i) => ({ ...row, embedding: embeddings[i]! })))
      : undefined;
    if (flags.leakage && !leakage) notice('no leakage figures: they need two people with two clips each');
    if (!flags.json) {
      await print(
        `${card.name}, ${card.signal.kind}, on ${dataset.name}${flags.fold ? `, fold ${flags.fold.join(', ')}` : ''}\n`,
      );
      await print(reportText(report));
      if (leakage) await print(`\n${leakageText(leakage)}`);
      return;
    }
    const object = {
      ...report,
      ...(flags.leakage && { leakage: leakage ?? null }),
      overlap,
      model: { name: card.name, version: card.version, sha256: model.hash },
      data: { name: dataset.name, sha256: dataset.hash, folds: flags.fold ?? 'all', leftOut: left },
      damaged,
      withoutKeys,
      parsedFrames: parsed,
      predictions: outcomes.map(({ path, truth, predicted, probabilities }) => ({
        path,
        truth: card.labels[truth],
        predicted: card.labels[predicted],
        probabilities: probabilities.map((p) => Number(p.toFixed(5))),
      })),
      version: packageVersion(),
    };
    await print(JSON.stringify(object, null, 2));
  } finally {
    await model.close();
  }
}
