/** Checks an operator from three sides: onnxruntime in float32, the float64 reference, and central differences of it. */
import { expect } from 'vitest';
import {
  add,
  type CompileOptions,
  compile,
  constant,
  type DataType,
  gradients,
  input,
  mul,
  reduceSum,
  sizeOf,
  type Tensor,
} from '../../src/graph/index.js';
import { createSession, type Value } from '../../src/network/runtime.js';
import { Random } from '../../src/training/random.js';
import { evaluate } from './reference.js';

export interface Operand {
  shape: readonly number[];
  type?: DataType;
  /** Value from a standard normal deviate; the deviate itself if absent. */
  value?: (normal: number, index: number) => number;
}

/** Runs a graph with onnxruntime. */
export async function runOnnx(
  outputs: Readonly<Record<string, Tensor>>,
  feeds: Readonly<Record<string, Value>>,
  options: CompileOptions = {},
): Promise<Record<string, Float32Array>> {
  const session = await createSession(compile(outputs, options), { threads: 1, optimisation: 'extended' });
  try {
    const used = Object.fromEntries(session.inputs.map((name) => [name, feeds[name]!]));
    const results = await session.run(used, Object.fromEntries(Object.keys(outputs).map((name) => [name, null])));
    return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, Float32Array.from(data)]));
  } finally {
    await session.close();
  }
}

/** Largest difference, relative to the largest magnitude of the reference (at least 1e-3). */
export function relativeError(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(got.length).toBe(wanted.length);
  let size = 1e-3;
  let worst = 0;
  for (let i = 0; i < wanted.length; i++) {
    size = Math.max(size, Math.abs(wanted[i]!));
    const error = Math.abs(got[i]! - wanted[i]!);
    worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(worst, error);
  }
  return worst / size;
}

/**
 * Builds `build(...operands)`, weighs its values at random into a scalar and checks value and gradients with respect to
 * every float32 operand.
 */
export async function checkOperator(
  operands: readonly Operand[],
  build: (...tensors: Tensor[]) => Tensor | readonly Tensor[],
  options: { seed?: number; tolerance?: number; samples?: number } = {},
): Promise<void> {
  const random = new Random(options.seed ?? 1);
  const tensors = operands.map(({ shape, type }, i) => input(`x${i}`, shape, type));
  const values: Record<string, Float32Array | Int32Array> = {};
  operands.forEach(({ shape, type, value = (normal: number) => normal }, i) => {
    const numbers = Array.from({ length: sizeOf(shape) }, (_, j) => value(random.normal(), j));
    values[`x${i}`] = type === 'int32' ? Int32Array.from(numbers) : Float32Array.from(numbers);
  });
  const made = build(...tensors);
  const outputs = Array.isArray(made) ? (made as readonly Tensor[]) : [made as Tensor];
  const weighed = outputs.map((y) => {
    const weights = Float32Array.from({ length: sizeOf(y.shape) }, () => random.normal());
    return reduceSum(mul(y, constant(weights, y.shape)));
  });
  const loss = weighed.reduce(add);
  const floats = tensors.filter(({ type }) => type === 'float32');
  const dxs = gradients(loss, floats);

  const everything = [...outputs, loss, ...dxs];
  const reference = evaluate(everything, values);
  const names = everything.map((_, i) => `y${i}`);
  const feeds = Object.fromEntries(
    operands.map(({ shape, type }, i) => [
      `x${i}`,
      { type: type === 'int32' ? 'int32' : 'float32', shape, data: values[`x${i}`]! } as Value,
    ]),
  );
  const results = await runOnnx(Object.fromEntries(names.map((name, i) => [name, everything[i]!])), feeds);
  names.forEach((name, i) => {
    // The loss is a sum of random signs: its cancellation says nothing about the operator.
    if (everything[i] === loss) return;
    expect(relativeError(results[name]!, reference[i]!), `onnxruntime, ${name}`).toBeLessThan(
      options.tolerance ?? 2e-5,
    );
  });

  // Central differences of the float64 loss, element by element (at most `samples` of each operand).
  const step = 1e-5;
  floats.forEach((tensor, i) => {
    const name = tensor.source.kind === 'input' ? tensor.source.name : '';
    const analytic = reference[outputs.length + 1 + i]!;
    const size = sizeOf(tensor.shape);
    const stride = Math.max(1, Math.floor(size / (options.samples ?? 40)));
    const largest = Math.max(1e-3, ...analytic.map(Math.abs));
    for (let j = 0; j < size; j += stride) {
      const shifted = (delta: number) => {
        const moved = Float64Array.from(values[name]!);
        moved[j]! += delta;
        return evaluate([loss], { ...values, [name]: moved })[0]![0]!;
      };
      const numeric = (shifted(step) - shifted(-step)) / (2 * step);
      expect(
        Math.abs(numeric - analytic[j]!) / largest,
        `${name}[${j}]: ${numeric} against ${analytic[j]}`,
      ).toBeLessThan(1e-6);
    }
  });
}
