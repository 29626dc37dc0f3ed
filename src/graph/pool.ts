/** Pooling over [n, c, h, w]. */
import { ModelError } from '../errors.js';
import { expand, reshape } from './broadcast.js';
import { equal, mul, scale, sub, toFloat } from './elementwise.js';
import { concat, padAll, slice } from './shape.js';
import { apply, constant, expectFloat, type Tensor } from './tensor.js';

export interface PoolOptions {
  kernel: readonly [number, number];
  /** The kernel's size if absent. */
  stride?: readonly [number, number];
  /** On each side; less than the kernel. */
  padding?: readonly [number, number];
}

interface Geometry {
  kernel: readonly [number, number];
  stride: readonly [number, number];
  padding: readonly [number, number];
  shape: readonly [number, number, number, number];
}

function geometryOf(operator: string, x: Tensor, options: PoolOptions): Geometry {
  expectFloat(operator, x);
  const { kernel, stride = kernel, padding = [0, 0] } = options;
  const [n, c, height, width] = x.shape;
  if (x.shape.length !== 4 || padding[0] >= kernel[0] || padding[1] >= kernel[1]) {
    throw new ModelError(`${operator}: [${x.shape}] with kernel [${kernel}] and padding [${padding}]`);
  }
  const out = (size: number, i: 0 | 1) => Math.floor((size + 2 * padding[i] - kernel[i]) / stride[i]) + 1;
  return { kernel, stride, padding, shape: [n!, c!, out(height!, 0), out(width!, 1)] };
}

function attributes({ kernel, stride, padding }: Geometry) {
  return {
    kernel_shape: { ints: kernel },
    strides: { ints: stride },
    pads: { ints: [...padding, ...padding] },
  };
}

/**
 * Spreads [n c, taps, h', w'] back over [n c, 1, h, w]: tap (i, j) of each window adds to the sample it was read from.
 * A transposed convolution with one-hot kernels (or, for averages, one kernel of ones).
 */
function spread(values: Tensor, kernels: Tensor, x: Tensor, geometry: Geometry): Tensor {
  const [n, c, height, width] = x.shape as [number, number, number, number];
  const missing = ([0, 1] as const).map(
    (i) =>
      x.shape[i + 2]! -
      ((geometry.shape[i + 2]! - 1) * geometry.stride[i] - 2 * geometry.padding[i] + geometry.kernel[i]),
  );
  const all = { ...attributes(geometry), output_padding: { ints: missing } };
  const wide = apply('ConvTranspose', [values, kernels], all, [n * c, 1, height, width], undefined);
  return reshape(wide, x.shape);
}

/** Mean of each window; padding counts as zeros. */
export function averagePool(x: Tensor, options: PoolOptions): Tensor {
  const geometry = geometryOf('AveragePool', x, options);
  const [n, c, height, width] = geometry.shape;
  const [kh, kw] = geometry.kernel;
  const all = { ...attributes(geometry), count_include_pad: { int: 1 } };
  return apply('AveragePool', [x], all, geometry.shape, (dy) => {
    const kernel = constant(new Float32Array(kh * kw).fill(1 / (kh * kw)), [1, 1, kh, kw]);
    return [spread(reshape(dy, [n * c, 1, height, width]), kernel, x, geometry)];
  });
}

/** Largest value of each window; where several are, the first in reading order gets the gradient. */
export function maxPool(x: Tensor, options: PoolOptions): Tensor {
  const geometry = geometryOf('MaxPool', x, options);
  const [n, c, height, width] = geometry.shape;
  const { kernel, stride, padding } = geometry;
  return apply('MaxPool', [x], attributes(geometry), geometry.shape, (dy, y) => {
    // Padding never wins a window in the forward pass; a zero of the padding that equals y must not win here either.
    const edge = padding.map((before) => ({ before, after: before }));
    const amounts = [{ before: 0, after: 0 }, { before: 0, after: 0 }, ...edge];
    const padded = padAll(x, amounts);
    const inside = padding.some((p) => p > 0) ? padAll(expand(constant(1), x.shape), amounts) : undefined;
    const parts: Tensor[] = [];
    let free: Tensor | undefined;
    for (let i = 0; i < kernel[0]; i++) {
      for (let j = 0; j < kernel[1]; j++) {
        const ranges = [
          { axis: 2, start: i, count: height, step: stride[0] },
          { axis: 3, start: j, count: width, step: stride[1] },
        ];
        let won = toFloat(equal(slice(padded, ranges), y));
        if (inside) won = mul(won, slice(inside, ranges));
        if (free) won = mul(won, free);
        free = sub(free ?? constant(1), won);
        parts.push(reshape(mul(won, dy), [n * c, 1, height, width]));
      }
    }
    const taps = kernel[0] * kernel[1];
    const oneHot = new Float32Array(taps * taps);
    for (let i = 0; i < taps; i++) oneHot[i * taps + i] = 1;
    return [spread(concat(parts, 1), constant(oneHot, [taps, 1, kernel[0], kernel[1]]), x, geometry)];
  });
}

/** Mean of each channel: [n, c, h, w] to [n, c, 1, 1]. */
export function globalAveragePool(x: Tensor): Tensor {
  expectFloat('GlobalAveragePool', x);
  const [n, c, height, width] = x.shape as [number, number, number, number];
  if (x.shape.length !== 4) throw new ModelError(`GlobalAveragePool: [${x.shape}]`);
  return apply('GlobalAveragePool', [x], {}, [n, c, 1, 1], (dy) => [expand(scale(dy, 1 / (height * width)), x.shape)]);
}
