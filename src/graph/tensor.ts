/**
 * Symbolic tensors and the operators between them. A graph is nothing but tensors that know which operator made them:
 * immutable, without a registry. Each operator is one ONNX node and knows how to build its own gradient from further
 * operators, so the backward pass is a graph like any other. Shapes are static and checked when a node is built.
 */
import { ModelError } from '../errors.js';

export type DataType = 'float32' | 'int32' | 'int64' | 'bool';
export type Values = Float32Array | Int32Array | BigInt64Array | Uint8Array | Int8Array;

/** A value of the graph: row-major, static shape. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly type: DataType;
  readonly source: Source;
}

/** Where a tensor's values come from. */
export type Source =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'constant'; readonly values: Values }
  | { readonly kind: 'operator'; readonly operator: Operator; readonly output: number };

/** An ONNX attribute; which kind decides its AttributeProto.type. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly string: string };

/**
 * Builds the gradients of a scalar with respect to the operator's inputs from those with respect to its outputs
 * (`undefined`: the output does not matter to the scalar). `undefined` in the answer: no gradient flows that way.
 */
export type Gradient = (dy: readonly (Tensor | undefined)[]) => readonly (Tensor | undefined)[];

/** One ONNX node. */
export interface Operator {
  /** Rises with every operator built, so that sorting by it is a topological order. */
  readonly id: number;
  readonly type: string;
  readonly inputs: readonly (Tensor | undefined)[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly outputs: readonly Tensor[];
  /** `undefined`: not differentiable; asking for its gradient is an error. */
  readonly gradient: Gradient | undefined;
}

/** A scalar's product: 1 for an empty shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** A tensor that is fed at run time. */
export function input(name: string, shape: readonly number[], type: DataType = 'float32'): Tensor {
  checkShape(shape, `input ${name}`);
  return { shape: [...shape], type, source: { kind: 'input', name } };
}

/** A tensor whose float32 values are part of the graph; a number alone is a scalar. */
export function constant(
  values: number | readonly number[] | Float32Array,
  shape: readonly number[] = typeof values === 'number' ? [] : [values.length],
): Tensor {
  const array = typeof values === 'number' ? Float32Array.of(values) : Float32Array.from(values);
  return constantOf(array, shape, 'float32');
}

/** An int64 constant (shapes, axes, indices). */
export function constantInt64(values: readonly number[]): Tensor {
  return constantOf(BigInt64Array.from(values, BigInt), [values.length], 'int64');
}

/** An int32 constant (labels). */
export function constantInt32(values: readonly number[]): Tensor {
  return constantOf(Int32Array.from(values), [values.length], 'int32');
}

function constantOf(values: Values, shape: readonly number[], type: DataType): Tensor {
  checkShape(shape, 'constant');
  if (sizeOf(shape) !== values.length) throw new ModelError(`constant: ${values.length} values for shape [${shape}]`);
  return { shape: [...shape], type, source: { kind: 'constant', values } };
}

function checkShape(shape: readonly number[], what: string): void {
  if (shape.some((n) => !Number.isInteger(n) || n < 1)) throw new ModelError(`${what}: impossible shape [${shape}]`);
}

let operators = 0;

/** Adds a node with several outputs. Attribute and operator names are those of the ONNX standard. */
export function applyMany(
  type: string,
  inputs: readonly (Tensor | undefined)[],
  attributes: Readonly<Record<string, Attribute>>,
  outputs: readonly { shape: readonly number[]; type: DataType }[],
  gradient: ((self: Operator) => Gradient) | undefined,
): readonly Tensor[] {
  const made: Tensor[] = [];
  const self: Operator = {
    id: ++operators,
    type,
    inputs,
    attributes,
    outputs: made,
    get gradient() {
      return gradient?.(self);
    },
  };
  outputs.forEach((output, index) => {
    checkShape(output.shape, type);
    made.push({
      shape: [...output.shape],
      type: output.type,
      source: { kind: 'operator', operator: self, output: index },
    });
  });
  return made;
}

/** Adds a node with one output. `gradient` gets dy and the output y. */
export function apply(
  type: string,
  inputs: readonly (Tensor | undefined)[],
  attributes: Readonly<Record<string, Attribute>>,
  shape: readonly number[],
  gradient: ((dy: Tensor, y: Tensor) => readonly (Tensor | undefined)[]) | undefined,
  dataType: DataType = 'float32',
): Tensor {
  const chain =
    gradient &&
    ((self: Operator): Gradient =>
      ([dy]) =>
        dy === undefined ? self.inputs.map(() => undefined) : gradient(dy, self.outputs[0]!));
  return applyMany(type, inputs, attributes, [{ shape, type: dataType }], chain)[0]!;
}

/** The same values, but no gradient flows back through them. */
export function stopGradient(x: Tensor): Tensor {
  return apply('Identity', [x], {}, x.shape, () => [undefined], x.type);
}

/** Throws ModelError unless all are float32; the name is the operator's. */
export function expectFloat(operator: string, ...tensors: readonly Tensor[]): void {
  for (const { type } of tensors)
    if (type !== 'float32') throw new ModelError(`${operator}: wants float32, got ${type}`);
}
