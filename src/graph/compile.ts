/** Turns a graph into an ONNX file: walks back from the outputs, so nodes that nothing asks for are never written. */
import { ModelError } from '../errors.js';
import { blockedConvolution } from './blocked.js';
import { type OnnxInitializer, type OnnxNode, type OnnxValue, writeOnnx } from './onnx.js';
import type { Operator, Tensor } from './tensor.js';

export interface CompileOptions {
  /** Name of the leading dimension of every input and output, when the graph runs with any: `N`. Fixed if absent. */
  batch?: string;
  metadata?: Readonly<Record<string, string>>;
  /** Block size of this processor's blocked convolutions, to use them (blocked.ts); such a file runs nowhere else. */
  block?: number;
}

/**
 * The ONNX file that computes `outputs`. Its inputs are the `input` tensors found on the way, by their names.
 * @throws ModelError when two inputs share a name or differ in it, or an output is a mere input.
 */
export function compile(outputs: Readonly<Record<string, Tensor>>, options: CompileOptions = {}): Uint8Array {
  const names = new Map<Tensor, string>();
  const inputs: OnnxValue[] = [];
  const initializers: OnnxInitializer[] = [];
  const nodes: OnnxNode[] = [];
  const taken = new Set<string>();
  const constants = new Map<string, string>();
  const written = new Set<Operator>();
  const claim = (name: string) => {
    if (taken.has(name)) throw new ModelError(`compile: the name ${name} is used twice`);
    taken.add(name);
  };
  const value = (name: string, tensor: Tensor): OnnxValue => ({
    name,
    type: tensor.type,
    shape:
      options.batch === undefined || tensor.shape.length === 0
        ? tensor.shape
        : [options.batch, ...tensor.shape.slice(1)],
  });

  for (const [name, tensor] of Object.entries(outputs)) {
    if (tensor.source.kind !== 'operator') throw new ModelError(`compile: output ${name} is computed by nothing`);
    claim(name);
    if (!names.has(tensor)) names.set(tensor, name);
  }
  const ordered = operatorsBehind(Object.values(outputs));
  const nameOf = (tensor: Tensor): string => {
    const known = names.get(tensor);
    if (known !== undefined) return known;
    const { source } = tensor;
    let name: string;
    if (source.kind === 'input') {
      name = source.name;
      claim(name);
      inputs.push(value(name, tensor));
    } else if (source.kind === 'constant') {
      // Small constants that are equal are written once.
      const key =
        source.values.length <= 16
          ? `${tensor.type} ${tensor.shape} ${[...(source.values as Iterable<number | bigint>)]}`
          : undefined;
      name = (key && constants.get(key)) ?? `constant#${initializers.length}`;
      if (!(key && constants.has(key))) {
        initializers.push({ name, type: tensor.type, shape: tensor.shape, values: source.values });
        if (key) constants.set(key, name);
      }
    } else {
      name = `#${names.size}`;
    }
    names.set(tensor, name);
    return name;
  };
  const write = (operator: Operator) => {
    nodes.push({
      name: `${operator.type}_${nodes.length}`,
      type: operator.type,
      inputs: operator.inputs.map((tensor) => (tensor ? nameOf(tensor) : '')),
      outputs: operator.outputs.map(nameOf),
      attributes: operator.attributes,
    });
    written.add(operator);
  };
  for (const operator of ordered) {
    const blocked = options.block === undefined ? undefined : blockedConvolution(operator, options.block);
    if (!blocked) {
      write(operator);
      continue;
    }
    written.add(operator);
    names.set(blocked, nameOf(operator.outputs[0]!));
    for (const part of operatorsBehind([blocked])) if (!written.has(part)) write(part);
  }
  // One tensor under two output names: the second is a copy.
  for (const [name, tensor] of Object.entries(outputs)) {
    const first = names.get(tensor)!;
    if (first === name) continue;
    nodes.push({
      name: `Identity_${nodes.length}`,
      type: 'Identity',
      inputs: [first],
      outputs: [name],
      attributes: {},
    });
  }
  return writeOnnx({
    name: 'vultus',
    nodes,
    initializers,
    inputs,
    outputs: Object.entries(outputs).map(([name, tensor]) => value(name, tensor)),
    metadata: options.metadata ?? {},
  });
}

/** Every operator that `outputs` need, oldest first: a topological order. */
export function operatorsBehind(outputs: readonly Tensor[]): Operator[] {
  const found = new Set<Operator>();
  const visit = [...outputs];
  while (visit.length > 0) {
    const { source } = visit.pop()!;
    if (source.kind !== 'operator' || found.has(source.operator)) continue;
    found.add(source.operator);
    for (const x of source.operator.inputs) if (x) visit.push(x);
  }
  return [...found].sort((a, b) => a.id - b.id);
}
