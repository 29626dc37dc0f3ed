/**
 * A network in 8-bit integers, from a trained one: post-training static quantisation. Activations are unsigned bytes with a scale and
 * a zero of their own, weights signed ones with a scale for each output channel, sums 32-bit integers:
 *
 *   x = s (q - z),   y = sum x w = s_x s_w sum (q_x - z_x) q_w
 *
 * (Jacob et al.: Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference, CVPR 2018). Written
 * as ONNX's QuantizeLinear and DequantizeLinear around the float operators, which a run-time joins into integer ones. Convolutions
 * and what stands between them are quantised: nearly all of the time. What follows the last pooling stays float.
 *
 * Weights use 7 of the 8 bits: processors without VNNI add pairs of products in 16 bits, which full ones would overflow.
 */
import { ModelError } from '../errors.js';
import { type OnnxInitializer, type OnnxModel, type OnnxNode, writeOnnx } from '../graph/onnx.js';
import { readOnnx } from '../graph/onnx-read.js';
import type { Values } from '../graph/tensor.js';
import { createSession } from './runtime.js';

/** Largest weight, see above. */
const topWeight = 63;
/** Largest activation. */
const topByte = 255;
/** Bins of the histograms that ranges are chosen by. */
const bins = 2048;
/** Shares of the seen range that are tried as the range. */
const shares = Array.from({ length: 40 }, (_, i) => (i + 1) / 40);

/** Input of a network for n clips, as often as asked for, the same each time. */
export type CalibrationInput = () => AsyncIterable<{ input: Float32Array; n: number }>;

/** Values that one tensor takes. Includes 0, which padding needs exactly. */
interface Range {
  low: number;
  high: number;
}

/** The file's network with integers in place of floats; metadata stay. `clip` is the shape of its input without the batch. Throws ModelError. */
export async function quantiseNetwork(
  bytes: Uint8Array,
  clip: readonly number[],
  inputs: CalibrationInput,
  threads: number,
): Promise<Uint8Array> {
  const model = readOnnx(bytes);
  const tensors = quantisedTensors(model);
  if (tensors.length === 0) throw new ModelError('this network has no convolution to quantise');
  const ranges = await observe(model, tensors, clip, inputs, threads);
  return writeOnnx(quantised(model, ranges));
}

/** Initializers by name. */
const constantsOf = ({ initializers }: OnnxModel) => new Map(initializers.map((one) => [one.name, one]));

/** The activations that become bytes: what convolutions read and give, and sums of these, behind their ReLU where one follows. */
function quantisedTensors(model: OnnxModel): string[] {
  const constants = constantsOf(model);
  const readers = new Map<string, OnnxNode[]>();
  for (const node of model.nodes) for (const x of node.inputs) readers.set(x, [...(readers.get(x) ?? []), node]);
  const found = new Set<string>();
  const give = (y: string) => {
    const [only, ...others] = readers.get(y) ?? [];
    found.add(only?.type === 'Relu' && others.length === 0 ? only.outputs[0]! : y);
  };
  for (const { type, inputs, outputs } of model.nodes) {
    if (type === 'Conv' && constants.has(inputs[1]!)) {
      found.add(inputs[0]!);
      give(outputs[0]!);
    }
    if (type === 'Add' && inputs.every((x) => found.has(x))) give(outputs[0]!);
  }
  return [...found];
}

/** The range of each tensor over the clips: the one in which 8 bits leave the smallest squared error. */
async function observe(
  model: OnnxModel,
  tensors: readonly string[],
  clip: readonly number[],
  inputs: CalibrationInput,
  threads: number,
): Promise<Map<string, Range>> {
  // What convolutions read and give has four dimensions.
  const shapeOf = (i: number) => ['n', 'c', 'h', 'w'].map((axis) => `${axis}${i}`);
  const outputs = tensors.map((name, i) => ({ name, type: 'float32' as const, shape: shapeOf(i) }));
  const session = await createSession(writeOnnx({ ...model, outputs, metadata: {} }), { threads });
  const each = async (look: (values: Float32Array, i: number) => void) => {
    for await (const { input, n } of inputs()) {
      const feeds = { input: { type: 'float32' as const, shape: [n, ...clip], data: input } };
      const results = await session.run(feeds, Object.fromEntries(tensors.map((name) => [name, null])));
      for (const [i, name] of tensors.entries()) look(results[name]!.data as Float32Array, i);
    }
  };
  try {
    const seen = tensors.map((): Range => ({ low: 0, high: 0 }));
    await each((values, i) => {
      const range = seen[i]!;
      for (const value of values) {
        if (value < range.low) range.low = value;
        else if (value > range.high) range.high = value;
      }
    });
    const histograms = tensors.map(() => new Float64Array(bins));
    await each((values, i) => {
      const { low, high } = seen[i]!;
      const perUnit = bins / (high - low || 1);
      const histogram = histograms[i]!;
      for (const value of values) histogram[Math.min(bins - 1, Math.floor((value - low) * perUnit))]!++;
    });
    return new Map(tensors.map((name, i) => [name, bestRange(histograms[i]!, seen[i]!)]));
  } finally {
    await session.close();
  }
}

/** The part of the range, shrunk towards 0, that gives the least squared error: steps within it, what is cut off beyond it. */
export function bestRange(histogram: Float64Array, { low, high }: Range): Range {
  let best = { low, high };
  let least = Number.POSITIVE_INFINITY;
  const width = (high - low) / histogram.length;
  for (const share of shares) {
    const tried = { low: low * share, high: high * share };
    const step = (tried.high - tried.low) / topByte;
    let error = 0;
    histogram.forEach((count, i) => {
      const value = low + (i + 0.5) * width;
      const beyond = Math.max(0, value - tried.high, tried.low - value);
      error += count * (beyond > 0 ? beyond ** 2 : step ** 2 / 12);
    });
    if (error < least) [best, least] = [tried, error];
  }
  return best;
}

/** The graph with its tensors of `ranges` as bytes, and its convolutions' weights as signed ones. */
function quantised(model: OnnxModel, ranges: ReadonlyMap<string, Range>): OnnxModel {
  const constants = constantsOf(model);
  const scales = new Map<string, number>();
  const nodes: OnnxNode[] = [];
  const initializers: OnnxInitializer[] = [];
  const stored = (name: string, type: OnnxInitializer['type'], shape: readonly number[], values: Values) => {
    initializers.push({ name, type, shape, values });
    return name;
  };
  const put = (type: string, inputs: string[], output: string, attributes: OnnxNode['attributes'] = {}) => {
    nodes.push({ name: `${type}_${output}`, type, inputs, outputs: [output], attributes });
    return output;
  };
  const asBytes = (name: string) => {
    const range = ranges.get(name);
    if (!range) return;
    const scale = (range.high - range.low) / topByte || 1;
    scales.set(name, Math.fround(scale));
    const grid = [
      stored(`${name}.scale`, 'float32', [], Float32Array.of(scale)),
      stored(`${name}.zero`, 'uint8', [], Uint8Array.of(Math.round(-range.low / scale))),
    ];
    put('QuantizeLinear', [name, ...grid], `${name}.bytes`);
    put('DequantizeLinear', [`${name}.bytes`, ...grid], bytesOf(name));
  };
  const read = (name: string) => (scales.has(name) ? bytesOf(name) : name);

  for (const input of model.inputs) asBytes(input.name);
  for (const node of model.nodes) {
    const [x, w, b] = node.inputs as [string, string | undefined, string | undefined];
    const weights = node.type === 'Conv' && scales.has(x) ? constants.get(w!) : undefined;
    if (weights) {
      const inputs = [
        bytesOf(x),
        ...weightsAsBytes(weights, b ? constants.get(b) : undefined, scales.get(x)!, stored, put),
      ];
      nodes.push({ ...node, inputs });
    } else {
      nodes.push({ ...node, inputs: node.inputs.map(read) });
    }
    for (const y of node.outputs) asBytes(y);
  }
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  const kept = model.initializers.filter(({ name }) => used.has(name));
  return { ...model, nodes, initializers: [...kept, ...initializers] };
}

/** Name of a tensor's values as its bytes have them. */
const bytesOf = (name: string) => `${name}.rounded`;

/** A convolution's filters and bias on the grids of integers; the names of their values there. */
function weightsAsBytes(
  { name, shape, values }: OnnxInitializer,
  bias: OnnxInitializer | undefined,
  inputScale: number,
  stored: (name: string, type: OnnxInitializer['type'], shape: readonly number[], values: Values) => string,
  put: (type: string, inputs: string[], output: string, attributes: OnnxNode['attributes']) => string,
): string[] {
  const weights = values as Float32Array;
  const outputs = shape[0]!;
  const row = weights.length / outputs;
  const scale = Float32Array.from({ length: outputs }, (_, o) => {
    const top = weights.subarray(o * row, (o + 1) * row).reduce((most, w) => Math.max(most, Math.abs(w)), 0);
    return top / topWeight || 1;
  });
  const axis = { axis: { int: 0 } };
  const bytes = Int8Array.from(weights, (w, i) => Math.round(w / scale[Math.floor(i / row)]!));
  const filters = [
    stored(`${name}.bytes`, 'int8', shape, bytes),
    stored(`${name}.scale`, 'float32', [outputs], scale),
    stored(`${name}.zero`, 'int8', [outputs], new Int8Array(outputs)),
  ];
  const found = [put('DequantizeLinear', filters, bytesOf(name), axis)];
  if (bias) {
    const sums = scale.map((each) => each * inputScale);
    const rounded = Int32Array.from(bias.values as Float32Array, (b, o) => Math.round(b / sums[o]!));
    const parts = [
      stored(`${bias.name}.sums`, 'int32', [outputs], rounded),
      stored(`${bias.name}.scale`, 'float32', [outputs], sums),
    ];
    found.push(put('DequantizeLinear', parts, bytesOf(bias.name), axis));
  }
  return found;
}
