/**
 * face-api's accurate face detector: SSD (Liu et al. 2016, arXiv 1512.02325) on MobileNet v1 (Howard et al. 2017, arXiv
 * 1704.04861). Six feature maps, from 32x32 down to 1x1, give 5118 boxes as offsets from boxes fixed beforehand.
 */
import { ModelError } from '../../errors.js';
import { type Detection, paddedScale, sigmoid, suppressOverlaps } from './boxes.js';
import { GraphBuilder, type Kernel, type ValueName } from './graph-builder.js';
import type { FaceWeights } from './weights.js';

/** Name of its files. */
export const ssdMobilenet = 'ssd_mobilenetv1_model';

/** Side of the picture it takes. */
export const ssdInput = 512;

const overlapThreshold = 0.5;
/** Boxes given at most. */
const most = 100;
const batchNormEpsilon = 0.0010000000474974513;
/** Layers whose depthwise convolution halves the picture. */
const halving = new Set([2, 4, 6, 12]);
/** Background, face, and a third class that is never used. */
const classes = 3;
const faceClass = 1;

/** The graph: picture [1, 3, 512, 512] -> `boxes` [1, 5118, 4], `logits` [1, 5118, 1]. */
export function ssdMobilenetGraph(weights: FaceWeights): Uint8Array<ArrayBuffer> {
  const graph = new GraphBuilder(ssdMobilenet, weights);
  const pointwise = (x: ValueName, prefix: string, stride: number) => {
    const bias = graph.weight(`${prefix}/convolution_bn_offset`, 1).read();
    return graph.relu6(graph.conv(x, { filter: graph.weight(`${prefix}/weights`, 4), bias }, stride, 'same'));
  };
  const depthwise = (x: ValueName, prefix: string, stride: number) => {
    const { filter, bias } = foldBatchNorm(graph, prefix);
    return graph.relu6(graph.depthwise(x, filter, bias, stride, 'same'));
  };

  // x / 127.5 - 1
  let x = pointwise(
    graph.normalise(graph.picture(ssdInput), [127.5, 127.5, 127.5], 127.5),
    'MobilenetV1/Conv2d_0_pointwise',
    2,
  );
  const features: ValueName[] = [];
  for (let layer = 1; layer <= 13; layer++) {
    x = depthwise(x, `MobilenetV1/Conv2d_${layer}_depthwise`, halving.has(layer) ? 2 : 1);
    x = pointwise(x, `MobilenetV1/Conv2d_${layer}_pointwise`, 1);
    if (layer === 11 || layer === 13) features.push(x);
  }
  for (let layer = 0; layer < 8; layer++) {
    x = pointwise(x, `Prediction/Conv2d_${layer}_pointwise`, layer % 2 === 0 ? 1 : 2);
    if (layer % 2 === 1) features.push(x);
  }
  const boxes: ValueName[] = [];
  const logits: ValueName[] = [];
  features.forEach((feature, i) => {
    const predictor = (name: string): Kernel => ({
      filter: graph.weight(`Prediction/BoxPredictor_${i}/${name}/weights`, 4),
      bias: graph.weight(`Prediction/BoxPredictor_${i}/${name}/biases`, 1).read(),
    });
    boxes.push(graph.rows(graph.conv(feature, predictor('BoxEncodingPredictor'), 1, 'same'), 4));
    logits.push(graph.rows(graph.conv(feature, onlyFaces(predictor('ClassPredictor')), 1, 'same'), 1));
  });
  graph.output(graph.concat(boxes, 1), 'boxes', [1, 'anchors', 4]);
  graph.output(graph.concat(logits, 1), 'logits', [1, 'anchors', 1]);
  return graph.finish();
}

/** The boxes fixed beforehand, [5118, 4]: top, left, bottom, right, 0..1 of the padded square. Throws ModelError. */
export function ssdAnchors(weights: FaceWeights): Float32Array {
  const anchors = weights.get('Output/extra_dim');
  if (anchors?.shape.at(-1) !== 4) throw new ModelError(`the weights of ${ssdMobilenet} lack Output/extra_dim`);
  return anchors.read();
}

/**
 * The faces in the detector's answer for a picture of that size: boxes of more than `minScore`, best first, in picture
 * pixels, cut to the padded picture.
 */
export function ssdDetections(
  boxes: Float32Array,
  logits: Float32Array,
  anchors: Float32Array,
  picture: { width: number; height: number },
  minScore: number,
): Detection[] {
  if (boxes.length !== anchors.length)
    throw new ModelError(`the weights of ${ssdMobilenet}: anchors do not fit the graph`);
  const scale = paddedScale(picture, ssdInput);
  const found: Detection[] = [];
  for (let i = 0; i < logits.length; i++) {
    const score = sigmoid(logits[i]!);
    if (!(score > minScore)) continue;
    const [top, left, bottom, right] = anchors.subarray(4 * i, 4 * i + 4) as unknown as [
      number,
      number,
      number,
      number,
    ];
    const [ty, tx, th, tw] = boxes.subarray(4 * i, 4 * i + 4) as unknown as [number, number, number, number];
    const height = Math.exp(th / 5) * (bottom - top);
    const width = Math.exp(tw / 5) * (right - left);
    const y = (ty / 10) * (bottom - top) + (top + bottom) / 2 - height / 2;
    const x = (tx / 10) * (right - left) + (left + right) / 2 - width / 2;
    found.push({ x, y, width, height, score });
  }
  return suppressOverlaps(found, overlapThreshold, most).map(({ score, ...box }) => {
    const [left, right] = [Math.max(0, box.x) * scale.x, Math.min(1, box.x + box.width) * scale.x];
    const [top, bottom] = [Math.max(0, box.y) * scale.y, Math.min(1, box.y + box.height) * scale.y];
    return { x: left, y: top, width: right - left, height: bottom - top, score };
  });
}

/** The depthwise filter and bias that include the batch normalisation after it. */
function foldBatchNorm(graph: GraphBuilder, prefix: string): Kernel {
  const filter = graph.weight(`${prefix}/depthwise_weights`, 4);
  const [gamma, beta, mean, variance] = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((name) =>
    graph.weight(`${prefix}/BatchNorm/${name}`, 1).read(),
  ) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const scale = Float64Array.from(gamma, (g, c) => g / Math.sqrt(variance[c]! + batchNormEpsilon));
  // [height, width, channels, 1]: the channel is the fastest.
  const data = filter.read().map((value, i) => value * scale[i % scale.length]!);
  return {
    filter: { shape: filter.shape, read: () => data },
    bias: beta.map((b, c) => b - mean[c]! * scale[c]!),
  };
}

/** A class predictor [1, 1, in, anchors * 3] that computes one class of the three. */
function onlyFaces({ filter, bias }: Kernel): Kernel {
  const isFace = (_: number, i: number) => i % classes === faceClass;
  const shape = filter.shape.with(3, filter.shape[3]! / classes);
  const data = filter.read().filter(isFace);
  return { filter: { shape, read: () => data }, bias: bias.filter(isFace) };
}
