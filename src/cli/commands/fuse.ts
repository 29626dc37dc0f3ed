/** `vultus fuse`: one model out of two. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { writeWhole } from '../../files/write-whole.js';
import { isReadable } from '../codecs.js';
import { parseCount } from '../options.js';
import { clearProgress, notice, print, progress } from '../output.js';

interface Flags {
  residual: string;
  keyframes?: string;
  data: string;
  out: string;
  name: string;
  like?: string;
  valFold: number;
  testFold: number;
  threads: number;
}

const examples = `
Example:
  $ vultus fuse --residual runs/summed/model.onnx --keyframes runs/keyframes/model.onnx --data DIR --out model.onnx

How much the I-frames count, and the temperature of the answers, make the validation fold's labels likeliest; the finished file
is tested once on the test fold. A clip or window without an I-frame is judged by its P-frames alone.

A model for use may learn from everyone: train both with --everyone, and join them --like the fused model that was tested.`;

export function registerFuse(program: Command, signal: AbortSignal): void {
  program
    .command('fuse')
    .description('join a model that reads P-frames with one that reads I-frames, calibrate and test')
    .requiredOption('--residual <file>', 'a model.onnx that reads P-frames')
    .option(
      '--keyframes <file>',
      'a model.onnx that reads I-frames (configs/keyframes.json); without it the first is calibrated',
    )
    .requiredOption('--data <dir>', 'folder of the data set')
    .requiredOption('--out <file>', 'the model to write')
    .option('--name <name>', 'name in the card', 'vultus-fused')
    .option('--val-fold <n>', 'fold by which the weight is chosen', parseCount, 8)
    .option('--test-fold <n>', 'fold that is tested once', parseCount, 9)
    .option('--like <file>', 'join them as this fused model was joined, whose recipe they share; nothing is tested')
    .option('--threads <n>', 'threads of the run-time', parseCount, 1)
    .addHelpText('after', examples)
    .action((flags: Flags) => run(flags, signal));
}

async function run(flags: Flags, signal: AbortSignal): Promise<void> {
  const { loadDataset } = await import('../../dataset/dataset.js');
  const { knownLabels } = await import('../../dataset/manifest.js');
  const { reportText } = await import('../../evaluation/report.js');
  const { readCard } = await import('../../network/model.js');
  const { fuse, fuseLike } = await import('../../training/fuse.js');
  const residual = await readFile(flags.residual);
  const keyframes = flags.keyframes === undefined ? undefined : await readFile(flags.keyframes);
  if (flags.like !== undefined) {
    const like = readCard(await readFile(flags.like));
    await writeWhole(flags.out, fuseLike(residual, keyframes, like, flags.name));
    notice(`${flags.out} written; its card has the scores of ${like.name}`);
    return;
  }
  const { labels } = readCard(residual);
  const dataset = await loadDataset(flags.data, { labels: [...new Set([...knownLabels, ...labels])] });
  const fused = await fuse({
    ...{ residual, keyframes, dataset, signal, name: flags.name },
    ...{ validationFold: flags.valFold, testFold: flags.testFold, threads: Math.max(1, flags.threads) },
    clips: dataset.clips.filter(({ codec, emotion }) => isReadable(codec) && labels.includes(emotion)),
    onProgress: (what, done, all) => progress(`${what}: ${done} of ${all} clips`),
  });
  clearProgress();
  await writeWhole(flags.out, fused.model);
  const { residual: alone, fused: both } = fused.validation;
  const words = ({ weight, temperature, loss, ece }: typeof both) =>
    `weight ${weight.toFixed(2)}, temperature ${temperature.toFixed(2)}: loss ${loss.toFixed(3)} nats, calibration error ${ece.toFixed(3)}`;
  await print(`validation fold ${flags.valFold}, P-frames alone: ${words(alone)}`);
  if (keyframes) await print(`validation fold ${flags.valFold}, with I-frames:  ${words(both)}`);
  await print(`\ntest fold ${flags.testFold}\n\n${reportText(fused.test)}`);
  notice(`${flags.out} written`);
}
