/**
 * face-api's face-recognition network: dlib's ResNet-34 variant with 29 convolutions (dlib_face_recognition_resnet_model_v1),
 * which maps a face to 128 numbers so that faces of one person lie close to each other.
 */

import { GraphBuilder, type Kernel, type ValueName } from './graph-builder.js';
import type { FaceWeights } from './weights.js';

/** Name of its files. */
export const faceRecognition = 'face_recognition_model';

/** Side of the picture it takes; the aligned face is centred in it. */
export const recognitionInput = 150;

/** Numbers in a descriptor. */
export const descriptorLength = 128;

/** Mean of the training pictures' red, green and blue. */
const mean = [122.782, 117.001, 104.298] as const;

/** The residual blocks in order; the sizes are those of the output, for an input of 150 after the stem's 35x35. */
const blocks = [
  ...[{ name: 'conv32_1' }, { name: 'conv32_2' }, { name: 'conv32_3' }], // 35x35
  ...[{ name: 'conv64_down', more: 32, short: 0 }, { name: 'conv64_1' }, { name: 'conv64_2' }, { name: 'conv64_3' }], // 17x17
  ...[{ name: 'conv128_down', more: 64, short: 0 }, { name: 'conv128_1' }, { name: 'conv128_2' }], // 8x8
  ...[{ name: 'conv256_down', more: 128, short: 1 }, { name: 'conv256_1' }, { name: 'conv256_2' }], // 4x4
  { name: 'conv256_down_out', more: 0, short: 1 }, // 2x2
];

/** The graph: picture [1, 3, 150, 150] -> `descriptor` [1, 128]. */
export function recognitionGraph(weights: FaceWeights): Uint8Array<ArrayBuffer> {
  const graph = new GraphBuilder(faceRecognition, weights);
  let x: ValueName = graph.normalise(graph.picture(recognitionInput), mean, 255);
  x = graph.relu(graph.conv(x, scaledKernel(graph, 'conv32_down'), 2, 0)); // 72x72
  x = graph.maxPool(x, 3, 2, 0);
  for (const { name, more, short } of blocks) {
    x = more === undefined ? residual(graph, x, name) : residualDown(graph, x, name, more, short);
  }
  graph.output(graph.fullyConnected(graph.globalAverage(x), graph.weight('fc', 2)), 'descriptor', [
    1,
    descriptorLength,
  ]);
  return graph.finish();
}

function residual(graph: GraphBuilder, x: ValueName, name: string): ValueName {
  const inner = graph.relu(graph.conv(x, scaledKernel(graph, `${name}/conv1`), 1, 'same'));
  return graph.relu(graph.add(graph.conv(inner, scaledKernel(graph, `${name}/conv2`), 1, 'same'), x));
}

/**
 * Halves the picture. The way around is an average pool, with zeros for the `more` channels that it lacks; where the unpadded
 * convolution comes out `short` a row and a column, zeros follow there too.
 */
function residualDown(graph: GraphBuilder, x: ValueName, name: string, more: number, short: number): ValueName {
  const inner = graph.relu(graph.conv(x, scaledKernel(graph, `${name}/conv1`), 2, 0));
  let out = graph.conv(inner, scaledKernel(graph, `${name}/conv2`), 1, 'same');
  if (short > 0) out = graph.padEnd(out, 0, short, short);
  let around = graph.averagePool(x, 2, 2);
  if (more > 0) around = graph.padEnd(around, more, 0, 0);
  return graph.relu(graph.add(around, out));
}

/** The convolution and the scale (what is left of a batch normalisation) after it, as one. */
function scaledKernel(graph: GraphBuilder, prefix: string): Kernel {
  const filter = graph.weight(`${prefix}/conv/filters`, 4);
  const bias = graph.weight(`${prefix}/conv/bias`, 1).read();
  const scale = graph.weight(`${prefix}/scale/weights`, 1).read();
  const offset = graph.weight(`${prefix}/scale/biases`, 1).read();
  return {
    filter,
    scale,
    bias: bias.map((b, c) => b * scale[c]! + offset[c]!),
  };
}

/** Euclidean distance of two descriptors; below about 0.6 the network takes two faces for one person's. */
export function descriptorDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}
