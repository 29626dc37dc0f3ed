/**
 * Convolutions. The gradients are written in the forms that onnxruntime's CPU kernels run fastest (see
 * docs/training-engine.md): convolution for the input at stride 1, one matrix product per kernel tap for the weights.
 */
import { ModelError } from '../errors.js';
import { reduceSum, reshape } from './broadcast.js';
import { concat, padAll, slice, transpose } from './shape.js';
import { apply, expectFloat, type Tensor } from './tensor.js';

export interface ConvOptions {
  /** Steps in [height, width]. */
  stride?: readonly [number, number];
  /** Zeros on each side in [height, width]. */
  padding?: readonly [number, number];
}

interface Geometry {
  stride: readonly [number, number];
  padding: readonly [number, number];
  kernel: readonly [number, number];
}

function attributes({ stride, padding, kernel }: Geometry) {
  return {
    kernel_shape: { ints: kernel },
    strides: { ints: stride },
    pads: { ints: [...padding, ...padding] },
  };
}

/** x [n, c, h, w] with kernels w [k, c, kh, kw] and an optional bias [k] = [n, k, h', w'] (cross-correlation, as everywhere). */
export function conv2d(x: Tensor, w: Tensor, bias?: Tensor, options: ConvOptions = {}): Tensor {
  expectFloat('Conv', x, w, ...(bias ? [bias] : []));
  const [n, c, height, width] = x.shape;
  const [k, depth, kh, kw] = w.shape;
  if (x.shape.length !== 4 || w.shape.length !== 4 || c !== depth || (bias && bias.shape.join() !== `${k}`)) {
    throw new ModelError(`Conv: [${x.shape}] with kernels [${w.shape}]${bias ? ` and bias [${bias.shape}]` : ''}`);
  }
  const geometry: Geometry = {
    stride: options.stride ?? [1, 1],
    padding: options.padding ?? [0, 0],
    kernel: [kh!, kw!],
  };
  const out = (size: number, i: 0 | 1) =>
    Math.floor((size + 2 * geometry.padding[i] - geometry.kernel[i]) / geometry.stride[i]) + 1;
  const shape = [n!, k!, out(height!, 0), out(width!, 1)];
  const inputs = bias ? [x, w, bias] : [x, w];
  return apply('Conv', inputs, attributes(geometry), shape, (dy) => [
    inputGradient(dy, w, x.shape, geometry),
    weightGradient(dy, x, w.shape, geometry),
    ...(bias ? [reduceSum(dy, [0, 2, 3])] : []),
  ]);
}

/** x [n, c, t] with kernels w [k, c, width] and an optional bias [k] = [n, k, t']. */
export function conv1d(
  x: Tensor,
  w: Tensor,
  bias?: Tensor,
  options: { stride?: number; padding?: number } = {},
): Tensor {
  const [n, c, t] = x.shape;
  const [k, depth, width] = w.shape;
  if (x.shape.length !== 3 || w.shape.length !== 3)
    throw new ModelError(`Conv: [${x.shape}] with kernels [${w.shape}]`);
  const y = conv2d(reshape(x, [n!, c!, 1, t!]), reshape(w, [k!, depth!, 1, width!]), bias, {
    stride: [1, options.stride ?? 1],
    padding: [0, options.padding ?? 0],
  });
  return reshape(y, [n!, k!, y.shape[3]!]);
}

function inputGradient(dy: Tensor, w: Tensor, shape: readonly number[], geometry: Geometry): Tensor {
  const { stride, padding, kernel } = geometry;
  if (stride[0] === 1 && stride[1] === 1 && padding[0] < kernel[0] && padding[1] < kernel[1]) {
    const flips = kernel.flatMap((size, i) =>
      size > 1 ? [{ axis: i + 2, start: size - 1, count: size, step: -1 }] : [],
    );
    const turned = transpose(w, [1, 0, 2, 3]);
    return conv2d(dy, flips.length > 0 ? slice(turned, flips) : turned, undefined, {
      padding: [kernel[0] - 1 - padding[0], kernel[1] - 1 - padding[1]],
    });
  }
  const missing = ([0, 1] as const).map((i) => {
    const reached = (dy.shape[i + 2]! - 1) * stride[i] - 2 * padding[i] + kernel[i];
    return shape[i + 2]! - reached;
  });
  const all = { ...attributes(geometry), output_padding: { ints: missing } };
  return apply('ConvTranspose', [dy, w], all, shape, undefined);
}

/** dW [k, c, kh, kw] */
function weightGradient(dy: Tensor, x: Tensor, shape: readonly number[], geometry: Geometry): Tensor {
  return narrowWeightGradient(dy, x, shape, geometry) ?? tapWeightGradient(dy, x, shape, geometry);
}

/**
 * For the few channels of a picture: a convolution of x [c, n, h, w] by dY [k, n, h', w'] as its kernels, the stride being
 * their dilation. `undefined` where it is not the faster way, or would need negative padding.
 */
function narrowWeightGradient(
  dy: Tensor,
  x: Tensor,
  shape: readonly number[],
  { stride, padding, kernel }: Geometry,
): Tensor | undefined {
  const after = ([0, 1] as const).map((i) => {
    const reach = stride[i] * (dy.shape[i + 2]! - 1) + 1;
    return kernel[i] - 1 + reach - x.shape[i + 2]! - padding[i];
  });
  if (shape[1]! > 4 || after.some((n) => n < 0)) return undefined;
  const attributes = {
    kernel_shape: { ints: dy.shape.slice(2) },
    dilations: { ints: stride },
    strides: { ints: [1, 1] },
    pads: { ints: [...padding, ...after] },
  };
  const [pictures, kernels] = [x, dy].map((tensor) => transpose(tensor, [1, 0, 2, 3])) as [Tensor, Tensor];
  const dw = apply('Conv', [pictures, kernels], attributes, [shape[1]!, shape[0]!, ...kernel], undefined);
  return transpose(dw, [1, 0, 2, 3]);
}

/** For each tap of the kernel, dY as [k, n h w] times the x under that tap as [n h w, c]. */
function tapWeightGradient(
  dy: Tensor,
  x: Tensor,
  shape: readonly number[],
  { stride, padding, kernel }: Geometry,
): Tensor {
  const [k, c] = shape as [number, number];
  const [n, , height, width] = dy.shape as [number, number, number, number];
  const points = n * height * width;
  const rows = reshape(transpose(dy, [1, 0, 2, 3]), [k, points]);
  const last = transpose(x, [0, 2, 3, 1]);
  const [ph, pw] = padding;
  const padded = padAll(last, [
    { before: 0, after: 0 },
    { before: ph, after: ph },
    { before: pw, after: pw },
    { before: 0, after: 0 },
  ]);
  const taps: Tensor[] = [];
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      const under = slice(padded, [
        { axis: 1, start: i, count: height, step: stride[0] },
        { axis: 2, start: j, count: width, step: stride[1] },
      ]);
      taps.push(matmulPlain(rows, reshape(under, [points, c])));
    }
  }
  const all = concat(
    taps.map((tap) => reshape(tap, [1, k, c])),
    0,
  );
  return reshape(transpose(all, [1, 2, 0]), [...shape]);
}

function matmulPlain(a: Tensor, b: Tensor): Tensor {
  return apply('MatMul', [a, b], {}, [a.shape[0]!, b.shape[1]!], undefined);
}
