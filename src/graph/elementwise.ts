/** Operators that work element by element, with numpy's broadcasting; gradients are summed back to the operand's shape. */
import { ModelError } from '../errors.js';
import { broadcastShape, unbroadcast } from './broadcast.js';
import { apply, constant, type DataType, expectFloat, type Tensor } from './tensor.js';

function binary(
  type: string,
  a: Tensor,
  b: Tensor,
  gradient: (dy: Tensor, y: Tensor) => readonly [Tensor, Tensor],
): Tensor {
  expectFloat(type, a, b);
  return apply(type, [a, b], {}, broadcastShape(type, a.shape, b.shape), (dy, y) => {
    const [da, db] = gradient(dy, y);
    return [unbroadcast(da, a.shape), unbroadcast(db, b.shape)];
  });
}

function unary(type: string, x: Tensor, gradient: (dy: Tensor, y: Tensor) => Tensor): Tensor {
  expectFloat(type, x);
  return apply(type, [x], {}, x.shape, (dy, y) => [gradient(dy, y)]);
}

/** a + b */
export function add(a: Tensor, b: Tensor): Tensor {
  return binary('Add', a, b, (dy) => [dy, dy]);
}

/** a - b */
export function sub(a: Tensor, b: Tensor): Tensor {
  return binary('Sub', a, b, (dy) => [dy, neg(dy)]);
}

/** a * b */
export function mul(a: Tensor, b: Tensor): Tensor {
  return binary('Mul', a, b, (dy) => [mul(dy, b), mul(dy, a)]);
}

/** a / b */
export function div(a: Tensor, b: Tensor): Tensor {
  return binary('Div', a, b, (dy, y) => [div(dy, b), neg(div(mul(dy, y), b))]);
}

/** x times a number. */
export function scale(x: Tensor, factor: number): Tensor {
  return mul(x, constant(factor));
}

/** x^2 */
export function square(x: Tensor): Tensor {
  return mul(x, x);
}

export function neg(x: Tensor): Tensor {
  return unary('Neg', x, (dy) => neg(dy));
}

export function exp(x: Tensor): Tensor {
  return unary('Exp', x, (dy, y) => mul(dy, y));
}

/** Natural logarithm. */
export function log(x: Tensor): Tensor {
  return unary('Log', x, (dy) => div(dy, x));
}

export function sqrt(x: Tensor): Tensor {
  return unary('Sqrt', x, (dy, y) => div(scale(dy, 0.5), y));
}

export function tanh(x: Tensor): Tensor {
  return unary('Tanh', x, (dy, y) => mul(dy, sub(constant(1), square(y))));
}

export function sigmoid(x: Tensor): Tensor {
  return unary('Sigmoid', x, (dy, y) => mul(dy, mul(y, sub(constant(1), y))));
}

/** log(1 + e^x) */
export function softplus(x: Tensor): Tensor {
  return unary('Softplus', x, (dy) => mul(dy, sigmoid(x)));
}

/** max(x, 0); the gradient at 0 is 0. */
export function relu(x: Tensor): Tensor {
  return unary('Relu', x, (dy, y) => mul(dy, toFloat(greater(y, constant(0)))));
}

/** |x|; the gradient at 0 is 0. */
export function abs(x: Tensor): Tensor {
  return unary('Abs', x, (dy) => mul(dy, apply('Sign', [x], {}, x.shape, undefined)));
}

/** x held to [low, high]; no gradient flows where it was held. */
export function clip(x: Tensor, low: number, high: number): Tensor {
  expectFloat('Clip', x);
  return apply('Clip', [x, constant(low), constant(high)], {}, x.shape, (dy, y) => [
    where(equal(x, y), dy, constant(0)),
    undefined,
    undefined,
  ]);
}

/** The smaller of two; where they are equal, half the gradient flows to each. */
export function minimum(a: Tensor, b: Tensor): Tensor {
  const half = (dy: Tensor, mine: Tensor, other: Tensor) =>
    where(less(mine, other), dy, where(equal(mine, other), scale(dy, 0.5), constant(0)));
  return binary('Min', a, b, (dy) => [half(dy, a, b), half(dy, b, a)]);
}

/** `condition ? a : b`, element by element; `condition` is bool. */
export function where(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  if (condition.type !== 'bool') throw new ModelError(`Where: the condition is ${condition.type}, not bool`);
  expectFloat('Where', a, b);
  const shape = broadcastShape('Where', condition.shape, broadcastShape('Where', a.shape, b.shape));
  return apply('Where', [condition, a, b], {}, shape, (dy) => [
    undefined,
    unbroadcast(where(condition, dy, constant(0)), a.shape),
    unbroadcast(where(condition, constant(0), dy), b.shape),
  ]);
}

function compare(type: string, a: Tensor, b: Tensor): Tensor {
  if (a.type !== b.type) throw new ModelError(`${type}: compares ${a.type} with ${b.type}`);
  const shape = broadcastShape(type, a.shape, b.shape);
  return apply(type, [a, b], {}, shape, () => [undefined, undefined], 'bool');
}

/** a > b, as bool. */
export function greater(a: Tensor, b: Tensor): Tensor {
  return compare('Greater', a, b);
}

/** a < b, as bool. */
export function less(a: Tensor, b: Tensor): Tensor {
  return compare('Less', a, b);
}

/** a = b, as bool. */
export function equal(a: Tensor, b: Tensor): Tensor {
  return compare('Equal', a, b);
}

/** Bool or integer to float32 (true is 1); no gradient. */
export function toFloat(x: Tensor): Tensor {
  return cast(x, 'float32');
}

function cast(x: Tensor, to: DataType): Tensor {
  const code = { float32: 1, int32: 6, int64: 7, bool: 9 }[to];
  return apply('Cast', [x], { to: { int: code } }, x.shape, () => [undefined], to);
}

/** x times a mask of zeros and 1 / (1 - rate) that the caller feeds (inverted dropout). */
export function dropout(x: Tensor, mask: Tensor): Tensor {
  return mul(x, mask);
}
