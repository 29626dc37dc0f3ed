/**
 * face-api's expression network as an ONNX graph, so that its pipeline is compared whole: the layers of its 68-point network
 * with seven classes at the end (`FaceExpressionNet`), shown the face as its points align it.
 */
import { alignedRect, pixelRect } from '../../src/face/networks/alignment.js';
import { GraphBuilder } from '../../src/face/networks/graph-builder.js';
import { loadFaceNetworks, type Picture, type Point } from '../../src/face/networks/index.js';
import { installedWeights } from '../../src/face/networks/installed-weights.js';
import { denseBlock, landmarkInput, landmarkMean } from '../../src/face/networks/landmarks.js';
import { letterbox } from '../../src/face/networks/letterbox.js';
import { readWeights } from '../../src/face/networks/weights.js';
import { createSession } from '../../src/network/runtime.js';
import type { FaceBox } from '../../src/residual/track.js';

const name = 'face_expression_model';
/** `FACE_EXPRESSION_LABELS`, in the words of our data sets. */
export const expressionLabels = ['neutral', 'happiness', 'sadness', 'anger', 'fear', 'disgust', 'surprise'] as const;

/** From a picture to the expression of its surest face. */
export interface ExpressionPipeline {
  /** Softmax over `expressionLabels`; `undefined` without a face. */
  predict(picture: Picture): Promise<ArrayLike<number> | undefined>;
  close(): Promise<void>;
}

/** face-api's tiny detector, 68 points and expression network on onnxruntime. */
export async function loadOnnxPipeline(threads: number): Promise<ExpressionPipeline> {
  const faces = await loadFaceNetworks({ threads });
  const network = await loadExpressionNetwork(threads);
  return {
    async predict(picture) {
      const [face] = await faces.detect(picture);
      return face && network.predict(picture, face, await faces.landmarks(picture, face));
    },
    async close() {
      await network.close();
      await faces.close();
    },
  };
}

interface ExpressionNetwork {
  /** Softmax over `expressionLabels` of the face in the box, aligned by its points. */
  predict(picture: Picture, box: FaceBox, points: readonly Point[]): Promise<Float32Array>;
  close(): Promise<void>;
}

async function loadExpressionNetwork(threads: number): Promise<ExpressionNetwork> {
  const weights = await readWeights(name, await installedWeights());
  const graph = new GraphBuilder(name, weights);
  let x = graph.normalise(graph.picture(landmarkInput), landmarkMean, 255);
  for (let block = 0; block < 4; block++) x = denseBlock(graph, x, block, 4);
  x = graph.averagePool(x, landmarkInput >> 4, 1);
  x = graph.fullyConnected(x, graph.weight('fc/weights', 2), graph.weight('fc/bias', 1).read());
  graph.output(x, 'logits', [1, expressionLabels.length]);
  const session = await createSession(graph.finish(), { threads });
  return {
    async predict(picture, box, points) {
      const rect = alignedRect(points, pixelRect(box, picture), picture);
      const data = letterbox(picture, rect, landmarkInput, true);
      const input = { type: 'float32', shape: [1, 3, landmarkInput, landmarkInput], data } as const;
      const { logits } = await session.run({ picture: input }, { logits: null });
      const values = Array.from(logits!.data);
      const highest = Math.max(...values);
      const powers = values.map((value) => Math.exp(value - highest));
      const sum = powers.reduce((a, b) => a + b, 0);
      return Float32Array.from(powers, (power) => power / sum);
    },
    close: () => session.close(),
  };
}
