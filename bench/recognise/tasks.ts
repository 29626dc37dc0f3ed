/** The ways that are compared: vultus, and three that decode every picture. Each is shown in its favour; the notes say how. */
import { analyze } from '../../src/analyze.js';
import { FrameCropper } from '../../src/residual/crop.js';
import { KeyFrameTensor } from '../../src/residual/key-tensor.js';
import type { CropPlanes } from '../../src/residual/planes.js';
import type { FaceBox } from '../../src/residual/track.js';
import { decode } from './decode.js';
import { expressionLabels } from './expression-network.js';
import { tensorflowInstalled } from './face-api-tensorflow.js';
import { decodedResidual } from './motion-residual.js';
import { best, hop, sampled, secondsOf, stretches, type Task, window } from './task.js';

/** Whole pixels. */
const region = ({ x, y, width, height }: FaceBox) => ({
  ...{ x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height) },
});

function vultus(name: string, which: 'model' | 'residual' | 'int8', faces: 'auto' | 'box', note: string): Task {
  return {
    name,
    note,
    async run(clip, mode, tools) {
      const seconds = secondsOf(clip);
      const options = mode === 'label' ? { window: seconds, hop: seconds } : { window, hop };
      const where = faces === 'auto' ? { networks: await tools.faces() } : { faces: region(clip.box) };
      const model = await tools[which]();
      const analysis = analyze(clip.path, { ...options, ...where, model });
      let decisions = 0;
      let label: string | undefined;
      for await (const { probabilities } of analysis) {
        decisions++;
        label ??= best(model.card.labels, probabilities);
      }
      return { decisions, childSeconds: 0, childBytes: 0, label };
    },
  };
}

const decodedTwin: Task = {
  name: 'decoded twin, box given',
  note: 'the same backbone on the luma of 8 decoded pictures a decision; the face box costs it nothing',
  async run(clip, mode, { twin, twinTrained, threads }) {
    const model = await twin();
    const { signal, normalisation, labels } = model.card;
    const cropper = new FrameCropper(signal);
    const tensor = new KeyFrameTensor(signal, normalisation);
    const wanted = stretches(clip, mode);
    const needed = new Set(wanted.flatMap(sampled));
    const planes = new Map<number, CropPlanes>();
    const { width, height, box } = clip;
    let next = 0;
    let label: string | undefined;
    const judge = async (index: number) => {
      for (; next < wanted.length && index >= wanted[next]![1]; next++) {
        const input = tensor.of(sampled(wanted[next]!).map((at) => planes.get(at)!))!;
        const { probabilities } = await model.predict(input, 1);
        if (twinTrained) label ??= best(labels, probabilities);
        for (const at of planes.keys()) if (at < (wanted[next + 1]?.[0] ?? 0)) planes.delete(at);
      }
    };
    const child = await decode(clip, 'gray', threads, async (y, index) => {
      if (needed.has(index)) planes.set(index, cropper.cropPicture({ width, height, y }, index, box));
      await judge(index + 1);
    });
    await judge(Number.POSITIVE_INFINITY);
    return { decisions: wanted.length, label, ...child };
  },
};

function faceApi(name: string, which: 'faceApi' | 'tensorflow', engine: string): Task {
  return {
    name,
    note: `tiny detector, 68 points and expression network on 8 pictures a label, on one picture every 0.2 s of a timeline; ${engine}`,
    async run(clip, mode, tools) {
      const pipeline = await tools[which]();
      const { width, height } = clip;
      const wanted = stretches(clip, mode);
      const needed = new Set(mode === 'label' ? wanted.flatMap(sampled) : wanted.map(([from, to]) => (from + to) >> 1));
      const sum = new Float64Array(expressionLabels.length);
      let seen = 0;
      const child = await decode(clip, 'rgb24', tools.threads, async (data, index) => {
        const found = needed.has(index) ? await pipeline.predict({ width, height, data }) : undefined;
        if (!found) return;
        seen++;
        for (let i = 0; i < sum.length; i++) sum[i]! += found[i]!;
      });
      const label = seen > 0 ? best(expressionLabels, sum) : undefined;
      return { decisions: mode === 'label' ? 1 : needed.size, label, ...child };
    },
  };
}

export const tasks: readonly Task[] = [
  vultus('vultus, box given', 'model', 'box', 'the default model: every P-picture, and the I-pictures decoded'),
  vultus('vultus, faces found', 'model', 'auto', 'the same, faces found and followed'),
  vultus('vultus residual-only, box given', 'residual', 'box', 'P-pictures alone'),
  {
    ...vultus('vultus int8, box given', 'int8', 'box', 'the default model in 8-bit integers'),
    // It learnt from the people that accuracy is measured on: what it cost in accuracy stands in its card.
    tested: false,
  },
  decodedTwin,
  ...(tensorflowInstalled
    ? [
        faceApi(
          'face-api.js',
          'tensorflow',
          'as published, on the WebAssembly back end of TensorFlow.js (its native one, which downloads a library when it is installed, was not tried)',
        ),
      ]
    : []),
  faceApi(
    'face-api on onnxruntime',
    'faceApi',
    'its networks on onnxruntime, several times as fast as what its users run',
  ),
  decodedResidual,
];
