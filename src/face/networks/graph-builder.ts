/**
 * Writes down an inference network as ONNX nodes, one method per layer. Weights come by name in TensorFlow's layout (filters
 * [height, width, in, out]) and become ONNX's ([out, in, height, width]); activations are NCHW, batch 1. Filters are turned as
 * the file is written, one after the other in the same memory: the largest network, 22 MB of them, would pass through it twice.
 */
import { ModelError } from '../../errors.js';
import { type OnnxInitializer, type OnnxNode, type OnnxValue, writeOnnx } from '../../graph/onnx.js';
import type { Attribute } from '../../graph/tensor.js';
import type { FaceWeight, FaceWeights } from './weights.js';

/** Name of a value in the graph. */
export type ValueName = string;

/** A filter and bias in TensorFlow's layout; `scale`, per output channel, is multiplied into the filter. */
export interface Kernel {
  filter: FaceWeight;
  bias: Float32Array;
  scale?: Float32Array;
}

/** `same`: TensorFlow's, which pads the end more than the start. A number: zeros on each side. */
export type Padding = 'same' | number;

const ints = (...values: number[]): Attribute => ({ ints: values });

/** Collects nodes; `finish` gives the file. */
export class GraphBuilder {
  readonly #name: string;
  readonly #weights: FaceWeights;
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers: OnnxInitializer[] = [];
  readonly #inputs: OnnxValue[] = [];
  readonly #outputs: OnnxValue[] = [];
  /** Room for one filter, as it is stored and as it is written. */
  #stored = new Float32Array(0);
  #turned = new Float32Array(0);

  constructor(name: string, weights: FaceWeights) {
    this.#name = name;
    this.#weights = weights;
  }

  /** A picture [1, 3, size, size] of samples 0..255; a string leaves the size free. */
  picture(size: number | string): ValueName {
    this.#inputs.push({ name: 'picture', type: 'float32', shape: [1, 3, size, size] });
    return 'picture';
  }

  /** The weight of that name, which must have `rank` dimensions. Throws ModelError. */
  weight(name: string, rank: number): FaceWeight {
    const weight = this.#weights.get(name);
    if (!weight) throw new ModelError(`the weights of ${this.#name} lack ${name}`);
    if (weight.shape.length !== rank) {
      throw new ModelError(`the weights of ${this.#name}: ${name} has shape [${weight.shape}], not ${rank} dimensions`);
    }
    return weight;
  }

  /** (x - mean[channel]) / scale */
  normalise(x: ValueName, mean: readonly [number, number, number], scale: number): ValueName {
    const centred = this.#node('Sub', [x, this.#constant(Float32Array.from(mean), [1, 3, 1, 1])]);
    return this.#node('Div', [centred, this.#constant(Float32Array.of(scale), [])]);
  }

  conv(x: ValueName, { filter, bias, scale }: Kernel, stride: number, padding: Padding): ValueName {
    const [h, w, input, output] = filter.shape as [number, number, number, number];
    const values = () => this.#outputsFirst(filter, h * w, input, output, scale);
    return this.#conv(x, values, [output, input, h, w], bias, 1, stride, padding);
  }

  /** One filter per channel: [height, width, channels, 1]. */
  depthwise(x: ValueName, filter: FaceWeight, bias: Float32Array | undefined, stride: number, padding: Padding) {
    const [h, w, channels] = filter.shape as [number, number, number, number];
    const values = () => this.#outputsFirst(filter, h * w, 1, channels);
    return this.#conv(x, values, [channels, 1, h, w], bias, channels, stride, padding);
  }

  /** `prefix/depthwise_filter`, then `prefix/pointwise_filter` and `prefix/bias`. */
  separable(x: ValueName, prefix: string, stride: number): ValueName {
    const depthwise = this.depthwise(x, this.weight(`${prefix}/depthwise_filter`, 4), undefined, stride, 'same');
    const filter = this.weight(`${prefix}/pointwise_filter`, 4);
    return this.conv(depthwise, { filter, bias: this.weight(`${prefix}/bias`, 1).read() }, 1, 0);
  }

  /**
   * `count` strips of rows of x [1, C, n, n], n a multiple of `count`, each with the first `overlap` rows of the next one below it (the
   * last has none): what is made of them one after the other needs a part of the memory.
   */
  strips(x: ValueName, count: number, overlap: number): ValueName[] {
    const rows = this.#node('Div', [
      this.#node('Shape', [x], { start: { int: 2 }, end: { int: 3 } }),
      this.#int64([count]),
    ]);
    return Array.from({ length: count }, (_, i) => {
      const start = this.#node('Mul', [rows, this.#int64([i])]);
      const end = this.add(this.add(start, rows), this.#int64([overlap]));
      return this.#node('Slice', [x, start, end, this.#int64([2])]);
    });
  }

  maxPool(x: ValueName, kernel: number, stride: number, padding: Padding): ValueName {
    return this.#node('MaxPool', [x], {
      kernel_shape: ints(kernel, kernel),
      strides: ints(stride, stride),
      ...paddingAttributes(padding),
    });
  }

  averagePool(x: ValueName, kernel: number, stride: number): ValueName {
    return this.#node('AveragePool', [x], { kernel_shape: ints(kernel, kernel), strides: ints(stride, stride) });
  }

  relu(x: ValueName): ValueName {
    return this.#node('Relu', [x]);
  }

  /** Values limited to 0..6. */
  relu6(x: ValueName): ValueName {
    return this.#node('Clip', [x, this.#constant(Float32Array.of(0), []), this.#constant(Float32Array.of(6), [])]);
  }

  /** x where it is positive, slope * x elsewhere. */
  leakyRelu(x: ValueName, slope: number): ValueName {
    return this.#node('LeakyRelu', [x], { alpha: { float: slope } });
  }

  add(a: ValueName, b: ValueName): ValueName {
    return this.#node('Add', [a, b]);
  }

  /** Zeros after the end of each dimension: so many channels, rows and columns. */
  padEnd(x: ValueName, channels: number, rows: number, columns: number): ValueName {
    return this.#node('Pad', [x, this.#int64([0, 0, 0, 0, 0, channels, rows, columns])]);
  }

  /** [1, C, H, W] -> [1, H * W * C / width, width], channels fastest, as TensorFlow reshapes its activations. */
  rows(x: ValueName, width: number): ValueName {
    const nhwc = this.#node('Transpose', [x], { perm: ints(0, 2, 3, 1) });
    return this.#node('Reshape', [nhwc, this.#int64([1, -1, width])]);
  }

  concat(values: readonly ValueName[], axis: number): ValueName {
    return this.#node('Concat', values, { axis: { int: axis } });
  }

  /** [1, C, H, W] -> [1, C]: the mean over the picture. */
  globalAverage(x: ValueName): ValueName {
    return this.#node('Flatten', [this.#node('GlobalAveragePool', [x])]);
  }

  /** [1, C, 1, 1] or [1, C] -> [1, out]; `weights` is [C, out]. */
  fullyConnected(x: ValueName, weights: FaceWeight, bias?: Float32Array): ValueName {
    const product = this.#node('MatMul', [this.#node('Flatten', [x]), this.#constant(weights.read(), weights.shape)]);
    return bias ? this.add(product, this.#constant(bias, [bias.length])) : product;
  }

  /** Gives a value to the outside. */
  output(x: ValueName, name: string, shape: readonly (number | string)[]): void {
    this.#nodes.push({ name, type: 'Identity', inputs: [x], outputs: [name], attributes: {} });
    this.#outputs.push({ name, type: 'float32', shape });
  }

  /** The bytes of the ONNX file, in memory that `resize` gives back. */
  finish(): Uint8Array<ArrayBuffer> {
    const [nodes, initializers, inputs, outputs] = [this.#nodes, this.#initializers, this.#inputs, this.#outputs];
    const model = { name: this.#name, nodes, initializers, inputs, outputs, metadata: {} };
    return writeOnnx(model, (length) => new Uint8Array(new ArrayBuffer(length, { maxByteLength: length })));
  }

  #conv(
    x: ValueName,
    values: () => Float32Array,
    shape: number[],
    bias: Float32Array | undefined,
    group: number,
    stride: number,
    padding: Padding,
  ) {
    const inputs = [x, this.#constant(values, shape)];
    if (bias) inputs.push(this.#constant(bias, [bias.length]));
    return this.#node('Conv', inputs, {
      kernel_shape: ints(shape[2]!, shape[3]!),
      strides: ints(stride, stride),
      group: { int: group },
      ...paddingAttributes(padding),
    });
  }

  #constant(values: Float32Array | (() => Float32Array), shape: readonly number[]): ValueName {
    const name = `c${this.#initializers.length}`;
    this.#initializers.push({ name, type: 'float32', shape, values });
    return name;
  }

  #int64(values: readonly number[]): ValueName {
    const name = `c${this.#initializers.length}`;
    const array = BigInt64Array.from(values, BigInt);
    this.#initializers.push({ name, type: 'int64', shape: [values.length], values: array });
    return name;
  }

  /** A filter's [taps, in, out] as [out, in, taps], each output channel times its scale. Valid until it is called again. */
  #outputsFirst(filter: FaceWeight, taps: number, input: number, output: number, scale?: Float32Array): Float32Array {
    const length = taps * input * output;
    if (this.#turned.length < length) {
      this.#stored = new Float32Array(length);
      this.#turned = new Float32Array(length);
    }
    const data = filter.read(this.#stored);
    const out = this.#turned.subarray(0, length);
    let at = 0;
    // In the order of `data`: 6 million weights read in steps of their row would miss the cache at every one.
    for (let tap = 0; tap < taps; tap++) {
      for (let i = 0; i < input; i++) {
        let to = i * taps + tap;
        for (let o = 0; o < output; o++, to += input * taps) out[to] = data[at++]! * (scale ? scale[o]! : 1);
      }
    }
    return out;
  }

  #node(type: string, inputs: readonly ValueName[], attributes: Readonly<Record<string, Attribute>> = {}): ValueName {
    const name = `n${this.#nodes.length}`;
    this.#nodes.push({ name, type, inputs, outputs: [name], attributes });
    return name;
  }
}

function paddingAttributes(padding: Padding): Record<string, Attribute> {
  if (padding === 'same') return { auto_pad: { string: 'SAME_UPPER' } };
  return { pads: ints(padding, padding, padding, padding) };
}
