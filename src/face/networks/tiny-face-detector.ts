/**
 * face-api's tiny face detector: Tiny YOLO v2 (Redmon and Farhadi 2016, arXiv 1612.08242) with depthwise separable
 * convolutions. It divides the padded picture into cells of 32x32 and gives five boxes for each, one per anchor.
 */
import { type Detection, paddedScale, sigmoid, suppressOverlaps } from './boxes.js';
import { GraphBuilder, type Kernel, type ValueName } from './graph-builder.js';
import type { FaceWeights } from './weights.js';

/** Name of its files. */
export const tinyFaceDetector = 'tiny_face_detector_model';

/** Mean of the training pictures' red, green and blue. */
const mean = [117.001, 114.697, 97.404] as const;

/** Width and height of the anchor boxes, in cells. */
const anchors = [
  [1.603231, 2.094468],
  [6.041143, 7.080126],
  [2.882459, 3.518061],
  [4.266906, 5.178857],
  [9.041765, 10.66308],
] as const;

/** Values per anchor: x, y, width, height, score. */
const encoding = 5;
const overlapThreshold = 0.4;
/** The picture's side is a multiple of 32. */
const strips = 4;
const leak = 0.10000000149011612;

/** The graph: picture [1, 3, n, n] -> `cells` [1, n/32 * n/32 * 5, 5], cells in rows from the top. */
export function tinyFaceDetectorGraph(weights: FaceWeights): Uint8Array<ArrayBuffer> {
  const graph = new GraphBuilder(tinyFaceDetector, weights);
  const kernel = (prefix: string) => ({
    filter: graph.weight(`${prefix}/filters`, 4),
    bias: graph.weight(`${prefix}/bias`, 1).read(),
  });
  // The first layer's 16 channels of a picture of 608 are 23 MB: it is pooled strip by strip. It pads nothing, so two rows more are
  // enough, and strips of an even number of rows are pooled as the whole is.
  const first = normalising(kernel('conv0'));
  const pooled = graph.strips(graph.picture('n'), strips, 2).map((strip) => {
    return graph.maxPool(graph.leakyRelu(graph.conv(strip, first, 1, 0), leak), 2, 2, 'same');
  });
  let out: ValueName = graph.concat(pooled, 2);
  for (const layer of [1, 2, 3, 4, 5]) {
    if (layer > 1) out = graph.maxPool(out, 2, 2, 'same');
    out = graph.leakyRelu(graph.separable(out, `conv${layer}`, 1), leak);
  }
  out = graph.maxPool(out, 2, 1, 'same');
  out = graph.conv(out, kernel('conv8'), 1, 0);
  graph.output(graph.rows(out, encoding), 'cells', [1, 'boxes', encoding]);
  return graph.finish();
}

/** The kernel for samples 0..255 rather than (sample - mean) / 255: an eighth of the network's time. Exact, as it pads nothing. */
function normalising({ filter, bias }: Kernel): Kernel {
  const [input, output] = filter.shape.slice(2) as [number, number];
  const data = filter.read().map((value) => value / 255);
  const shifted = bias.slice();
  for (let i = 0; i < data.length; i++) shifted[i % output]! -= data[i]! * mean[Math.floor(i / output) % input]!;
  return { filter: { shape: filter.shape, read: () => data }, bias: shifted };
}

/**
 * The faces in the detector's answer `cells` for a picture of that size, seen at `inputSize`: boxes of more than `minScore`,
 * best first, in picture pixels.
 */
export function tinyFaceDetections(
  cells: Float32Array,
  { width, height }: { width: number; height: number },
  inputSize: number,
  minScore: number,
): Detection[] {
  const across = inputSize / 32;
  const scale = paddedScale({ width, height }, inputSize);
  const [cellWidth, cellHeight] = [scale.x / across, scale.y / across];
  const found: Detection[] = [];
  for (let box = 0; box < cells.length / encoding; box++) {
    const [tx, ty, tw, th, logit] = cells.subarray(box * encoding, (box + 1) * encoding);
    const score = sigmoid(logit!);
    if (!(score > minScore)) continue;
    const anchor = anchors[box % anchors.length]!;
    const cell = Math.floor(box / anchors.length);
    const [column, row] = [cell % across, Math.floor(cell / across)];
    const [boxWidth, boxHeight] = [Math.exp(tw!) * anchor[0] * cellWidth, Math.exp(th!) * anchor[1] * cellHeight];
    found.push({
      x: (column + sigmoid(tx!)) * cellWidth - boxWidth / 2,
      y: (row + sigmoid(ty!)) * cellHeight - boxHeight / 2,
      width: boxWidth,
      height: boxHeight,
      score,
    });
  }
  return suppressOverlaps(found, overlapThreshold, Number.POSITIVE_INFINITY);
}
