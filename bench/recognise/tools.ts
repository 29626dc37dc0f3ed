/** The models and networks of the ways; no way pays for what another needs. */
import { defaultModel } from '../../src/analyze.js';
import { modelNamed } from '../../src/cli/models.js';
import { loadFaceNetworks } from '../../src/face/networks/index.js';
import { type ExpressionModel, loadModel, withoutKeyFrames } from '../../src/network/model.js';
import { tinyModel } from '../../test/support/tiny-model.js';
import { loadOnnxPipeline } from './expression-network.js';
import { loadTensorflowPipeline } from './face-api-tensorflow.js';
import { samples, type Tools } from './task.js';

/** @param twin a trained model of decoded luma (configs/twin.json) for the decoded twin; without one its weights are random */
export function openTools(threads: number, twin?: string): Tools {
  const opened: Promise<{ close(): Promise<void> }>[] = [];
  const once = <T extends { close(): Promise<void> }>(load: () => Promise<T>): (() => Promise<T>) => {
    let loading: Promise<T> | undefined;
    return () => {
      if (loading) return loading;
      loading = load();
      opened.push(loading);
      return loading;
    };
  };
  const model = once(() => loadModel(defaultModel, { threads }));
  const untrained = async () => tinyModel('keyframes', 64, samples, (await model()).card.network);
  return {
    model,
    residual: once(() => loadModel(modelNamed('residual'), { threads })),
    int8: once(() => loadModel(modelNamed('int8'), { threads })),
    twin: once(async () => asPictures(await loadModel(twin ?? (await untrained()), { threads }))),
    faces: once(() => loadFaceNetworks({ threads })),
    faceApi: once(() => loadOnnxPipeline(threads)),
    tensorflow: once(() => loadTensorflowPipeline(threads)),
    twinTrained: twin !== undefined,
    threads,
    async close() {
      for (const each of opened) await (await each).close();
    },
  };
}

/** Luma of pictures is one and the same tensor, whichever pictures they are: decoded P-frames are cut and read as I-frames are. */
function asPictures(model: ExpressionModel): ExpressionModel {
  const { kind, colour, ...signal } = model.card.signal;
  if (kind !== 'keyframes' && !(kind === 'decoded' && colour === 'luma')) {
    throw new Error(`--twin reads ${kind}: train one by configs/twin.json`);
  }
  if (signal.frames !== samples) throw new Error(`--twin reads ${signal.frames} pictures, not ${samples}`);
  return { ...model, card: { ...model.card, signal: { ...signal, kind: 'keyframes' } } };
}

/** For accuracy: the same recipe without the people that it is measured on. */
export function openTestedTools(twin?: string): Tools {
  const tools = openTools(1, twin);
  const model = loadModel(modelNamed('heldout'), { threads: 1 });
  return {
    ...tools,
    model: () => model,
    residual: async () => withoutKeyFrames(await model),
    async close() {
      await (await model).close();
      await tools.close();
    },
  };
}
