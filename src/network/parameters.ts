/**
 * The named arrays of a network. A network is built by a function that asks `Parameters` for each of them; who answers
 * decides what the graph is for: a recorder (to learn names and shapes), a trainer (parts of one flat input), or a file
 * (constants).
 */
import { ModelError } from '../errors.js';
import { constant, sizeOf, type Tensor } from '../graph/index.js';
import type { WeightSet } from './weights.js';

/** How a weight starts. */
export type Initial =
  /** Normal with standard deviation sqrt(2 / fanIn) (He et al. 2015), for layers followed by ReLU. */
  | { kind: 'he'; fanIn: number }
  /** Normal with standard deviation sqrt(1 / fanIn). */
  | { kind: 'lecun'; fanIn: number }
  | { kind: 'constant'; value: number };

export interface ParameterSpec {
  name: string;
  shape: readonly number[];
  initial: Initial;
  /** Learned by gradient descent; otherwise a statistic that the training step computes. */
  trained: boolean;
  /** Whether weight decay applies. */
  decay: boolean;
}

/** Answers a network builder's requests. */
export interface Parameters {
  /** A tensor that training learns. */
  weight(name: string, shape: readonly number[], initial: Initial, decay?: boolean): Tensor;
  /** A statistic that training tracks, such as a running mean. */
  statistic(name: string, shape: readonly number[], value: number): Tensor;
  /** Sets what the statistic will be after this step; means nothing outside training. */
  update(name: string, value: Tensor): void;
}

/** Learns what a network asks for by building it once; the graph that comes out is thrown away. */
export function recordParameters(build: (parameters: Parameters) => unknown): ParameterSpec[] {
  const specs = new Map<string, ParameterSpec>();
  const ask = (spec: ParameterSpec): Tensor => {
    const known = specs.get(spec.name);
    if (known && known.shape.join() !== spec.shape.join())
      throw new ModelError(`parameter ${spec.name} has two shapes`);
    if (!known) specs.set(spec.name, spec);
    return { shape: spec.shape, type: 'float32', source: { kind: 'input', name: spec.name } };
  };
  build({
    weight: (name, shape, initial, decay = true) => ask({ name, shape, initial, trained: true, decay }),
    statistic: (name, shape, value) =>
      ask({ name, shape, initial: { kind: 'constant', value }, trained: false, decay: false }),
    update: () => undefined,
  });
  return [...specs.values()];
}

/** Parameters that are constants from a set of weights. Throws ModelError where one is missing or has another shape. */
export function constantParameters(weights: WeightSet): Parameters {
  const find = (name: string, shape: readonly number[]): Tensor => {
    const found = weights.get(name);
    if (!found) throw new ModelError(`weights: ${name} is missing`);
    if (found.shape.join() !== shape.join() || found.data.length !== sizeOf(shape)) {
      throw new ModelError(`weights: ${name} is [${found.shape}], the network wants [${shape}]`);
    }
    return constant(found.data, shape);
  };
  return { weight: find, statistic: find, update: () => undefined };
}
