/**
 * face-api's 68-point landmark networks: four (tiny: three) densely connected blocks of depthwise separable convolutions
 * over the face, and one fully connected layer that gives the points.
 */
import { GraphBuilder, type ValueName } from './graph-builder.js';
import type { PixelRect } from './letterbox.js';
import type { FaceWeights } from './weights.js';

/** A point in picture pixels. */
export interface Point {
  x: number;
  y: number;
}

/** Names of their files. */
export const faceLandmarks = { full: 'face_landmark_68_model', tiny: 'face_landmark_68_tiny_model' } as const;
export type LandmarkSize = keyof typeof faceLandmarks;

/** Side of the picture they take; the face is centred in it. */
export const landmarkInput = 112;

/**
 * Where the points of a face are in the answer (the iBUG 300-W order): first and one past the last. Left and right are those of the picture.
 */
export const landmarkRanges = {
  jaw: [0, 17],
  leftBrow: [17, 22],
  rightBrow: [22, 27],
  nose: [27, 36],
  leftEye: [36, 42],
  rightEye: [42, 48],
  mouth: [48, 68],
} as const;

/** Mean of the training pictures' red, green and blue. */
export const landmarkMean = [122.782, 117.001, 104.298] as const;

/** The graph: picture [1, 3, 112, 112] -> `points` [1, 136]: x and y in turn, 0..1 of the padded square. */
export function landmarkGraph(weights: FaceWeights, size: LandmarkSize): Uint8Array<ArrayBuffer> {
  const [blocks, layers] = size === 'full' ? [4, 4] : [3, 3];
  const graph = new GraphBuilder(faceLandmarks[size], weights);
  let x: ValueName = graph.normalise(graph.picture(landmarkInput), landmarkMean, 255);
  for (let block = 0; block < blocks; block++) x = denseBlock(graph, x, block, layers);
  // What is left, 112 / 2^blocks square, is averaged whole.
  x = graph.averagePool(x, landmarkInput >> blocks, 1);
  x = graph.fullyConnected(x, graph.weight('fc/weights', 2), graph.weight('fc/bias', 1).read());
  graph.output(x, 'points', [1, 136]);
  return graph.finish();
}

/** Every layer sees the sum of all before it; the first halves the picture. */
export function denseBlock(graph: GraphBuilder, x: ValueName, block: number, layers: number): ValueName {
  const first =
    block === 0
      ? graph.conv(
          x,
          { filter: graph.weight('dense0/conv0/filters', 4), bias: graph.weight('dense0/conv0/bias', 1).read() },
          2,
          'same',
        )
      : graph.separable(x, `dense${block}/conv0`, 2);
  let sum = graph.relu(first);
  let out = sum;
  for (let layer = 1; layer < layers; layer++) {
    sum = graph.add(sum, graph.separable(out, `dense${block}/conv${layer}`, 1));
    out = graph.relu(sum);
  }
  return out;
}

/** The 68 points in picture pixels, from the network's answer for the rectangle `rect` that it was shown, taken to start at `origin`. */
export function landmarkPoints(points: Float32Array, { width, height }: PixelRect, origin: Point): Point[] {
  const side = Math.max(width, height);
  const [left, top] = [(side - width) / 2, (side - height) / 2];
  return Array.from({ length: 68 }, (_, i) => ({
    x: origin.x + points[2 * i]! * side - left,
    y: origin.y + points[2 * i + 1]! * side - top,
  }));
}
