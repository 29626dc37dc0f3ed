/** `vultus quantise`: a model in 8-bit integers. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { writeWhole } from '../../files/write-whole.js';
import { isReadable } from '../codecs.js';
import { UsageError } from '../failure.js';
import { modelNamed } from '../models.js';
import { parseCount } from '../options.js';
import { clearProgress, notice, print, progress } from '../output.js';

interface Flags {
  model: string;
  data: string;
  out: string;
  name: string;
  clips: number;
  testFold?: number;
  like?: string;
  threads: number;
}

const examples = `
Example:
  $ vultus quantise --model heldout --data DIR --test-fold 9 --out heldout-int8.onnx
  $ vultus quantise --model default --data DIR --like heldout-int8.onnx --out int8.onnx

Ranges of activations are seen in clips that the model learnt from. The finished file is tested once on the test fold; a model that
learnt from everyone takes over the scores of a quantised one of the same recipe (--like).`;

export function registerQuantise(program: Command, signal: AbortSignal): void {
  program
    .command('quantise')
    .description('a model in 8-bit integers: a third of the size, quicker on processors that multiply them')
    .requiredOption('--model <file>', 'default, heldout, residual, or a model of vultus train or fuse')
    .requiredOption('--data <dir>', 'folder of the data set')
    .requiredOption('--out <file>', 'the model to write')
    .option('--name <name>', 'name in the card', 'vultus-int8')
    .option('--clips <n>', 'clips to see the ranges of activations in', parseCount, 256)
    .option('--test-fold <n>', 'fold that is tested once', parseCount)
    .option('--like <file>', 'a quantised model of the same recipe, whose scores are taken over')
    .option('--threads <n>', 'threads of the run-time', parseCount, 1)
    .addHelpText('after', examples)
    .action((flags: Flags) => run(flags, signal));
}

async function run(flags: Flags, signal: AbortSignal): Promise<void> {
  const { testFold, like } = flags;
  if ((testFold === undefined) === (like === undefined)) throw new UsageError('say one of --test-fold and --like');
  if (flags.clips < 1) throw new UsageError('--clips is 0: ranges are seen in 1 clip or more');
  const { loadDataset } = await import('../../dataset/dataset.js');
  const { knownLabels } = await import('../../dataset/manifest.js');
  const { reportText } = await import('../../evaluation/report.js');
  const { readCard } = await import('../../network/model.js');
  const { quantise } = await import('../../training/quantise.js');
  const model = await readFile(modelNamed(flags.model));
  const { labels } = readCard(model);
  const dataset = await loadDataset(flags.data, { labels: [...new Set([...knownLabels, ...labels])] });
  const made = await quantise({
    ...{ model, dataset, signal, name: flags.name, calibration: flags.clips, threads: Math.max(1, flags.threads) },
    clips: dataset.clips.filter(({ codec, emotion }) => isReadable(codec) && labels.includes(emotion)),
    test: testFold ?? readCard(await readFile(modelNamed(like!))),
    onProgress: (what, done, all) => progress(`${what}: ${done} of ${all} clips`),
  });
  clearProgress();
  await writeWhole(flags.out, made.model);
  if (made.test) await print(`test fold ${testFold}\n\n${reportText(made.test)}`);
  notice(`${flags.out} written${made.test ? '' : `; its card has the scores of ${like}`}`);
}
