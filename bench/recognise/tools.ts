/** The models and networks of all ways, loaded once. */
import { defaultModel } from '../../src/analyze.js';
import { modelNamed } from '../../src/cli/models.js';
import { loadFaceNetworks } from '../../src/face/networks/index.js';
import { loadModel, withoutKeyFrames } from '../../src/network/model.js';
import { tinyModel } from '../../test/support/tiny-model.js';
import { loadExpressionNetwork } from './expression-network.js';
import { samples, type Tools } from './task.js';

/** @param twin a trained model of kind `keyframes` for the decoded twin; without one its weights are random */
export async function loadTools(threads: number, twin?: string): Promise<Tools> {
  const model = await loadModel(defaultModel, { threads });
  const untrained = () => tinyModel('keyframes', 64, samples, model.card.network);
  return {
    model,
    residual: await loadModel(modelNamed('residual'), { threads }),
    twin: await loadModel(twin ?? untrained(), { threads }),
    twinTrained: twin !== undefined,
    faces: await loadFaceNetworks({ threads }),
    expressions: await loadExpressionNetwork(threads),
    threads,
  };
}

/** For accuracy: the same recipe without the people that it is measured on. Only its model is to be closed. */
export async function testedTools(tools: Tools): Promise<Tools> {
  const model = await loadModel(modelNamed('heldout'), { threads: tools.threads });
  return { ...tools, model, residual: withoutKeyFrames(model) };
}

export async function closeTools({ model, residual, twin, faces, expressions }: Tools): Promise<void> {
  for (const each of [model, residual, twin, faces, expressions]) await each.close();
}
