/** `vultus dataset reencode`: a data set's clips as other encoders would have coded them. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { type Command, Option } from 'commander';
import { UsageError } from '../failure.js';
import { parseJobs } from '../options.js';
import { clearProgress, notice, print, progress } from '../output.js';

interface ReencodeFlags {
  data: string;
  out: string;
  variants: string;
  from: string;
  originals: 'none' | 'link' | 'copy';
  jobs: number;
}

const examples = `
Example:
  $ vultus dataset reencode --data my-clips --out my-clips-robust --variants configs/variants/robust.json --originals link

The new data set has a row per clip and variant; the codec column names the variant, and a training config's "codec" lists the
ones to learn from. After an interruption the same command goes on and ends with the same bytes. Exit code 1: some clips
could not be encoded; reencoded.json names them.`;

export function registerReencode(dataset: Command, signal: AbortSignal): void {
  dataset
    .command('reencode')
    .description('encode the clips of a folder with manifest.csv in other ways, to train on all of them')
    .requiredOption('--data <dir>', 'folder of the data set')
    .requiredOption('--out <dir>', 'folder of the new data set')
    .requiredOption('--variants <file>', 'how to encode (configs/variants/robust.json is an example)')
    .option('--from <codec>', 'encode the clips whose codec column says so', 'mpeg4')
    .addOption(
      new Option('--originals <how>', 'also keep the clips as they are: as hard links, or copied')
        .choices(['none', 'link', 'copy'])
        .default('none'),
    )
    .option('--jobs <n>', 'clips encoded at the same time', parseJobs, Math.max(1, availableParallelism() - 1))
    .addHelpText('after', examples)
    .action((flags: ReencodeFlags) => run(flags, signal));
}

async function run({ variants: file, ...flags }: ReencodeFlags, signal: AbortSignal): Promise<void> {
  const { parseJson } = await import('../../files/json-file.js');
  const { reencode } = await import('../../dataset/reencoding/reencode.js');
  const { variantsSchema } = await import('../../dataset/reencoding/variants.js');
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new UsageError(`--variants ${file}: ${error.message}`);
  });
  const { variants } = parseJson(text, basename(file), variantsSchema);
  try {
    const report = await reencode({
      ...flags,
      variants,
      signal,
      events: {
        progress: (done, all) => progress(`encoding ${done} of ${all} clips`),
        fault: ({ path, variant, reason }) => notice(`${path} as ${variant}: ${reason}`),
      },
    });
    clearProgress();
    for (const { name, clips } of report.variants) await print(`${name.padEnd(28)} ${clips} clips`);
    if (report.originals > 0) await print(`${'as they are'.padEnd(28)} ${report.originals} clips`);
    notice(`${join(flags.out, 'manifest.csv')} written`);
    if (report.faults.length > 0) process.exitCode = 1;
  } finally {
    clearProgress();
  }
}
