/** `vultus doctor` and `vultus models`: what is installed, what is missing and what to do; which models ship. */
import { access, constants, mkdir } from 'node:fs/promises';
import type { Command } from 'commander';
import { describe } from '../failure.js';
import { modelNamed, shippedModels } from '../models.js';
import { print } from '../output.js';
import { packageVersion } from '../version.js';

/** One thing that may be missing. `without` says what does not work then. */
interface Check {
  name: string;
  without: string;
  /** Gives what was found; throws with what to do. */
  look(): Promise<string>;
}

const checks: readonly Check[] = [
  {
    name: 'onnxruntime',
    without: 'nothing can be recognised or trained',
    look: async () => {
      const { loadModel } = await import('../../network/model.js');
      const model = await loadModel(modelNamed('default'));
      await model.close();
      return `runs ${model.card.name}`;
    },
  },
  {
    name: 'face networks',
    without: 'faces are not looked for: give --faces x,y,w,h',
    look: async () => {
      const { loadFaceNetworks } = await import('../../face/networks/index.js');
      const networks = await loadFaceNetworks();
      await networks.detect({ width: 32, height: 32, data: new Uint8Array(3 * 32 * 32) }, { inputSize: 128 });
      await networks.close();
      return 'weights of @vladmandic/face-api';
    },
  },
  {
    name: 'WebCodecs',
    without:
      'key frames of H.264 are not decoded: no faces are found in H.264, and the default model reads P-frames alone',
    look: async () => {
      await import('@napi-rs/webcodecs').catch(() => {
        throw new Error('install the optional package @napi-rs/webcodecs');
      });
      return '@napi-rs/webcodecs';
    },
  },
  {
    name: 'ffmpeg',
    without: 'codecs that are not read directly cannot be converted',
    look: async () => {
      const { findFfmpeg } = await import('../../ingest/ffmpeg.js');
      const { path, tool } = await findFfmpeg('other codecs');
      return `${tool}, ${path}`;
    },
  },
  {
    name: 'cache folder',
    without: 'training parses its clips anew each time',
    look: async () => {
      const { defaultCacheFolder } = await import('../../training/clip-store.js');
      const folder = defaultCacheFolder();
      await mkdir(folder, { recursive: true });
      await access(folder, constants.W_OK);
      return folder;
    },
  },
];

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('say what is installed, what is missing, and what to do about it')
    .addHelpText('after', '\nExample:\n  $ vultus doctor\n\nExit code 1 where something is missing.')
    .action(async () => {
      await print(`vultus ${packageVersion()}, Node ${process.version}, ${process.platform} ${process.arch}`);
      const width = Math.max(...checks.map(({ name }) => name.length));
      for (const { name, without, look } of checks) {
        try {
          await print(`ok       ${name.padEnd(width)}  ${await look()}`);
        } catch (error) {
          await print(`missing  ${name.padEnd(width)}  ${describeMissing(error)}; without it ${without}`);
          process.exitCode = 1;
        }
      }
    });
  program
    .command('models')
    .description('list the models of the package')
    .addHelpText('after', '\nExample:\n  $ vultus models\n  $ vultus analyze clip.mp4 --model residual')
    .option('--markdown', 'print their model cards as Markdown', false)
    .action(async ({ markdown }: { markdown: boolean }) => {
      const { loadModel } = await import('../../network/model.js');
      const { cardMarkdown } = await import('../../report/card-markdown.js');
      for (const name of shippedModels) {
        const model = await loadModel(modelNamed(name));
        const { card, hash, keyframes } = model;
        await model.close();
        if (markdown) {
          await print(cardMarkdown({ name, card, hash, keyframes }));
          continue;
        }
        await print(`${name}: ${card.name} ${card.version}, ${card.date}, SHA-256 ${hash}`);
        await print(
          `  reads ${card.signal.kind}${keyframes ? ' and key frames' : ''}; answers ${card.labels.join(', ')}`,
        );
        for (const { split, n, war } of card.metrics)
          await print(`  ${(100 * war).toFixed(1)}% of ${n} clips, ${split}`);
        await print(`  trained on ${card.data.name}, ${card.data.clips} clips. Not for: ${card.forbiddenUse}\n`);
      }
    });
}

function describeMissing(error: unknown): string {
  const words = describe(error);
  return words.startsWith('internal error: ') && error instanceof Error ? error.message : words;
}
