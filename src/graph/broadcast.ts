/**
 * The operators that broadcasting rests on: reshaping, copying along axes, and summing along them. They are each other's
 * gradients, and every other family is built on them.
 */
import { ModelError } from '../errors.js';
import { apply, constantInt64, expectFloat, sizeOf, type Tensor } from './tensor.js';

/** The shape of two operands together (ONNX: multidirectional broadcasting). */
export function broadcastShape(operator: string, a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const m = a[i - rank + a.length] ?? 1;
    const n = b[i - rank + b.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1) throw new ModelError(`${operator}: shapes [${a}] and [${b}] do not broadcast`);
    return Math.max(m, n);
  });
}

/** Sums `dy` over the axes along which `shape` was broadcast. */
export function unbroadcast(dy: Tensor, shape: readonly number[]): Tensor {
  const lead = dy.shape.length - shape.length;
  const axes = dy.shape.flatMap((n, i) => (i < lead || (shape[i - lead] === 1 && n !== 1) ? [i] : []));
  if (axes.length === 0) return dy;
  return reshape(reduceSum(dy, axes, true), shape);
}

/**
 * The same values in another shape. The leading dimension is written as -1 in the node, so that a graph whose leading
 * dimension is the batch runs with any batch.
 */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  if (sizeOf(x.shape) !== sizeOf(shape)) throw new ModelError(`Reshape: [${x.shape}] does not fit [${shape}]`);
  if (x.shape.length === shape.length && x.shape.every((n, i) => n === shape[i])) return x;
  const target = shape.map((n, i) => (i === 0 ? -1 : n));
  return apply('Reshape', [x, shapeConstant(target)], {}, shape, (dy) => [reshape(dy, x.shape), undefined], x.type);
}

function shapeConstant(shape: readonly number[]): Tensor {
  if (shape.length > 0) return constantInt64(shape);
  // An int64 tensor of no elements: the shape of a scalar.
  return { shape: [0], type: 'int64', source: { kind: 'constant', values: new BigInt64Array(0) } };
}

/** Broadcasts to `shape` by copying. */
export function expand(x: Tensor, shape: readonly number[]): Tensor {
  if (x.shape.length === shape.length && x.shape.every((n, i) => n === shape[i])) return x;
  const lead = shape.length - x.shape.length;
  if (lead < 0 || x.shape.some((n, i) => n !== 1 && n !== shape[i + lead])) {
    throw new ModelError(`Expand: [${x.shape}] to [${shape}]`);
  }
  return apply('Expand', [x, constantInt64(shape)], {}, shape, (dy) => [unbroadcast(dy, x.shape), undefined], x.type);
}

/** A reduction over `axes` (all if absent; negative axes count from the end), its gradient given dy and y with all axes kept. */
export function reduce(
  type: string,
  x: Tensor,
  axes: readonly number[] | undefined,
  keepDims: boolean,
  gradient: (dy: Tensor, y: Tensor, count: number) => Tensor,
): Tensor {
  expectFloat(type, x);
  const rank = x.shape.length;
  const list = (axes ?? x.shape.map((_, i) => i)).map((axis) => (axis < 0 ? axis + rank : axis));
  if (list.some((axis) => !(axis >= 0 && axis < rank)) || new Set(list).size !== list.length) {
    throw new ModelError(`${type}: axes [${list}] of shape [${x.shape}]`);
  }
  if (list.length === 0) return x;
  const kept = x.shape.map((n, i) => (list.includes(i) ? 1 : n));
  const shape = keepDims ? kept : x.shape.filter((_, i) => !list.includes(i));
  const count = sizeOf(x.shape) / sizeOf(kept);
  return apply(type, [x, constantInt64(list)], { keepdims: { int: keepDims ? 1 : 0 } }, shape, (dy, y) => [
    gradient(reshape(dy, kept), reshape(y, kept), count),
    undefined,
  ]);
}

/** Sum over `axes` (all if absent; negative axes count from the end). */
export function reduceSum(x: Tensor, axes?: readonly number[], keepDims = false): Tensor {
  return reduce('ReduceSum', x, axes, keepDims, (dy) => expand(dy, x.shape));
}
