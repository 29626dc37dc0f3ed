/** Operators that move values without changing them. */
import { ModelError } from '../errors.js';
import { expand, reshape } from './broadcast.js';
import { apply, applyMany, constant, constantInt64, type Operator, type Tensor } from './tensor.js';

/** Removes axes of size 1. */
export function squeeze(x: Tensor, axes: readonly number[]): Tensor {
  if (axes.some((axis) => x.shape[axis] !== 1)) throw new ModelError(`Squeeze: axes [${axes}] of [${x.shape}]`);
  return reshape(
    x,
    x.shape.filter((_, i) => !axes.includes(i)),
  );
}

/** Axes in a new order: output axis i is input axis `order[i]`. */
export function transpose(x: Tensor, order: readonly number[]): Tensor {
  const rank = x.shape.length;
  if (order.length !== rank || new Set(order).size !== rank || order.some((i) => !(i >= 0 && i < rank))) {
    throw new ModelError(`Transpose: order [${order}] of [${x.shape}]`);
  }
  if (order.every((axis, i) => axis === i)) return x;
  const inverse = order.map((_, i) => order.indexOf(i));
  const shape = order.map((axis) => x.shape[axis]!);
  return apply('Transpose', [x], { perm: { ints: order } }, shape, (dy) => [transpose(dy, inverse)], x.type);
}

/** Joins tensors along an axis. */
export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const [first] = parts;
  if (!first) throw new ModelError('Concat: nothing to join');
  if (parts.length === 1) return first;
  const fits = (part: Tensor) =>
    part.type === first.type &&
    part.shape.length === first.shape.length &&
    part.shape.every((n, i) => i === axis || n === first.shape[i]);
  if (!(axis >= 0 && axis < first.shape.length) || !parts.every(fits)) {
    throw new ModelError(`Concat: axis ${axis} of ${parts.map((p) => `[${p.shape}]`).join(', ')}`);
  }
  const sizes = parts.map((part) => part.shape[axis]!);
  const total = sizes.reduce((a, b) => a + b, 0);
  const shape = first.shape.map((n, i) => (i === axis ? total : n));
  return apply('Concat', parts, { axis: { int: axis } }, shape, (dy) => split(dy, axis, sizes), first.type);
}

/** Cuts a tensor along an axis into parts of the given sizes, which sum to the axis. */
export function split(x: Tensor, axis: number, sizes: readonly number[]): readonly Tensor[] {
  if (sizes.reduce((a, b) => a + b, 0) !== x.shape[axis]) throw new ModelError(`Split: [${sizes}] of [${x.shape}]`);
  if (sizes.length === 1) return [x];
  const outputs = sizes.map((size) => ({ shape: x.shape.map((n, i) => (i === axis ? size : n)), type: x.type }));
  return applyMany('Split', [x, constantInt64(sizes)], { axis: { int: axis } }, outputs, (self: Operator) => (dys) => [
    concat(
      dys.map((dy, i) => dy ?? zeros(self.outputs[i]!.shape)),
      axis,
    ),
    undefined,
  ]);
}

function zeros(shape: readonly number[]): Tensor {
  return expand(constant(0), shape);
}

/** One axis of a slice: from `start` in steps of `step` (negative: backwards), `count` values. */
export interface Range {
  axis: number;
  start: number;
  count: number;
  step?: number;
}

/** Every `step`-th value along some axes. */
export function slice(x: Tensor, ranges: readonly Range[]): Tensor {
  const shape = [...x.shape];
  for (const { axis, start, count, step = 1 } of ranges) {
    const last = start + (count - 1) * step;
    const n = x.shape[axis] ?? 0;
    if (step === 0 || start < 0 || start >= n || last < 0 || last >= n) {
      throw new ModelError(`Slice: axis ${axis} of [${x.shape}] from ${start}, ${count} steps of ${step}`);
    }
    shape[axis] = count;
  }
  // The end is exclusive; past the front of the axis it is a very negative number, since -1 would mean the last value.
  const ends = ranges.map(({ start, count, step = 1 }) =>
    start + count * step < 0 ? -(2 ** 31) : start + count * step,
  );
  const node = [
    x,
    constantInt64(ranges.map((range) => range.start)),
    constantInt64(ends),
    constantInt64(ranges.map((range) => range.axis)),
    constantInt64(ranges.map((range) => range.step ?? 1)),
  ];
  const gradient = (dy: Tensor) => [ranges.reduceRight((d, range) => scatterAxis(d, range, x.shape), dy)];
  return apply('Slice', node, {}, shape, gradient, x.type);
}

/** The gradient of a slice along one axis: puts the values back and zeros elsewhere. */
function scatterAxis(dy: Tensor, { axis, start, count, step = 1 }: Range, full: readonly number[]): Tensor {
  let d = dy;
  let first = start;
  const stride = Math.abs(step);
  if (step < 0) {
    d = slice(d, [{ axis, start: count - 1, count, step: -1 }]);
    first = start + (count - 1) * step;
  }
  let filled = count;
  if (stride > 1) {
    // Each value followed by stride - 1 zeros; the zeros after the last value are cut off.
    const shape = d.shape;
    d = reshape(d, [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)]);
    d = pad(d, axis + 1, 0, stride - 1);
    d = reshape(d, [...shape.slice(0, axis), count * stride, ...shape.slice(axis + 1)]);
    filled = (count - 1) * stride + 1;
    d = slice(d, [{ axis, start: 0, count: filled }]);
  }
  return pad(d, axis, first, full[axis]! - first - filled);
}

/** Zeros before and after, along one axis. */
export function pad(x: Tensor, axis: number, before: number, after: number): Tensor {
  const amounts = x.shape.map((_, i) => (i === axis ? { before, after } : { before: 0, after: 0 }));
  return padAll(x, amounts);
}

/** Zeros before and after along every axis. */
export function padAll(x: Tensor, amounts: readonly { before: number; after: number }[]): Tensor {
  if (amounts.every(({ before, after }) => before === 0 && after === 0)) return x;
  const shape = x.shape.map((n, i) => n + amounts[i]!.before + amounts[i]!.after);
  const pads = constantInt64([...amounts.map((a) => a.before), ...amounts.map((a) => a.after)]);
  const inner = x.shape.flatMap((count, axis) => {
    const { before, after } = amounts[axis]!;
    return before + after > 0 ? [{ axis, start: before, count }] : [];
  });
  return apply('Pad', [x, pads, constant(0)], {}, shape, (dy) => [slice(dy, inner), undefined, undefined]);
}
