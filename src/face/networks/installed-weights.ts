/** The weights as npm installed them, for Node; a browser gives its own `WeightSource`. */
import { ModelError } from '../../errors.js';
import type { WeightSource } from './weights.js';

const packageName = '@vladmandic/face-api';

/** Reads the `model` folder of the installed package. Throws ModelError where there is no package, or no file system. */
export async function installedWeights(): Promise<WeightSource> {
  try {
    const [{ createRequire }, { readFile }, { dirname, join }] = await Promise.all([
      import('node:module'),
      import('node:fs/promises'),
      import('node:path'),
    ]);
    const folder = join(dirname(createRequire(import.meta.url).resolve(`${packageName}/package.json`)), 'model');
    return (file) => readFile(join(folder, file));
  } catch (cause) {
    throw new ModelError(
      `the package ${packageName}, whose weights the face networks use, is not installed; install it with npm, or give its model files through the option \`weights\``,
      { cause },
    );
  }
}
