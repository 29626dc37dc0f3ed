/**
 * A parameter group: weights that one optimiser moves together, kept as flat vectors so that an update is a handful of
 * operators however many weights there are. Every vector exists twice: a step reads one and writes the other, then they
 * change places, so a step that fails leaves no trace.
 */
import { ModelError } from '../errors.js';
import { concat, constant, input, reshape, sizeOf, split, type Tensor } from '../graph/index.js';
import type { ParameterSpec, Parameters } from '../network/parameters.js';
import type { Value } from '../network/runtime.js';
import type { WeightArray, WeightSet } from '../network/weights.js';
import type { Random } from './random.js';

/** The vectors of a group: weights, Adam's moments, the weights' moving average, running statistics. */
export const slots = ['weights', 'm', 'v', 'average', 'statistics'] as const;
export type Slot = (typeof slots)[number];

/** The tensors of a group inside one graph. */
export interface GroupTensors {
  /** Flat inputs, one for each slot that the group has. */
  flat: Partial<Record<Slot, Tensor>>;
  /** Trained parameters by name, in the order of the flat vector. */
  weights: ReadonlyMap<string, Tensor>;
  parameters: Parameters;
  /** The statistics after the step as one flat vector; undefined when the network updated none. */
  statistics(): Tensor | undefined;
}

export class ParameterGroup {
  readonly name: string;
  readonly trained: readonly ParameterSpec[];
  readonly tracked: readonly ParameterSpec[];
  private readonly now: Partial<Record<Slot, Value>> = {};
  private readonly next: Partial<Record<Slot, Value>> = {};

  /** @param average whether a moving average of the weights is kept. */
  constructor(name: string, specs: readonly ParameterSpec[], random: Random, average = false) {
    this.name = name;
    this.trained = specs.filter((spec) => spec.trained);
    this.tracked = specs.filter((spec) => !spec.trained);
    const weights = total(this.trained);
    if (weights === 0) throw new ModelError(`parameter group ${name} holds nothing to train`);
    const sizes: Record<Slot, number> = {
      weights,
      m: weights,
      v: weights,
      average: average ? weights : 0,
      statistics: total(this.tracked),
    };
    for (const slot of slots) {
      if (sizes[slot] === 0) continue;
      for (const side of [this.now, this.next]) {
        side[slot] = { type: 'float32', shape: [sizes[slot]], data: new Float32Array(sizes[slot]) };
      }
    }
    for (const { spec, data } of this.parts('weights')) initialise(data, spec, random);
    for (const { spec, data } of this.parts('statistics')) initialise(data, spec, random);
    this.now.average?.data.set(this.now.weights!.data);
  }

  /** The current vector of a slot; undefined where the group has none. */
  value(slot: Slot): Value | undefined {
    return this.now[slot];
  }

  /** The vector that the running step writes. */
  target(slot: Slot): Value | undefined {
    return this.next[slot];
  }

  /** Makes what the step wrote into these slots current. */
  commit(written: readonly Slot[]): void {
    for (const slot of written) {
      const value = this.now[slot]!;
      this.now[slot] = this.next[slot]!;
      this.next[slot] = value;
    }
  }

  /** Views of a slot's vector, one for each parameter. */
  *parts(slot: Slot): Generator<{ spec: ParameterSpec; data: Float32Array }> {
    const flat = this.now[slot]?.data as Float32Array | undefined;
    if (!flat) return;
    let at = 0;
    for (const spec of slot === 'statistics' ? this.tracked : this.trained) {
      const size = sizeOf(spec.shape);
      yield { spec, data: flat.subarray(at, at + size) };
      at += size;
    }
  }

  /** Copies of weights (or of their average) and statistics, by name. */
  weights(source: 'weights' | 'average' = 'weights'): WeightSet {
    const set = new Map<string, WeightArray>();
    for (const slot of [source, 'statistics'] as const) {
      for (const { spec, data } of this.parts(slot)) set.set(spec.name, { shape: spec.shape, data: data.slice() });
    }
    return set;
  }

  /**
   * Puts these weights and statistics, by name, in the place of the fresh ones. Throws ModelError where one is missing or has
   * another shape; nothing is changed then.
   */
  start(weights: WeightSet): void {
    const parts = (['weights', 'average', 'statistics'] as const).flatMap((slot) => [...this.parts(slot)]);
    for (const { spec } of parts) {
      const found = weights.get(spec.name);
      if (found?.shape.join() !== spec.shape.join()) {
        throw new ModelError(
          `the weights to start from have ${found ? `${spec.name} as [${found.shape}]` : `no ${spec.name}`}, the network wants [${spec.shape}]`,
        );
      }
    }
    for (const { spec, data } of parts) data.set(weights.get(spec.name)!.data);
  }

  /** The weight decay of each value of the flat vector. */
  decay(amount: number): Float32Array {
    const values = new Float32Array(total(this.trained));
    let at = 0;
    for (const spec of this.trained) {
      values.fill(spec.decay ? amount : 0, at, at + sizeOf(spec.shape));
      at += sizeOf(spec.shape);
    }
    return values;
  }

  /** The group inside a graph: its flat inputs, named `<group>.<slot>`, and the parameters cut out of them. */
  tensors(): GroupTensors {
    const flat: Partial<Record<Slot, Tensor>> = {};
    for (const slot of slots) {
      const value = this.now[slot];
      if (value) flat[slot] = input(`${this.name}.${slot}`, value.shape);
    }
    const weights = cut(flat.weights, this.trained);
    const statistics = cut(flat.statistics, this.tracked);
    const updates = new Map<string, Tensor>();
    const find = (from: ReadonlyMap<string, Tensor>, name: string): Tensor => {
      const found = from.get(name);
      if (!found) throw new ModelError(`parameter group ${this.name} has no ${name}`);
      return found;
    };
    return {
      flat,
      weights,
      parameters: {
        weight: (name) => find(weights, name),
        statistic: (name) => find(statistics, name),
        update: (name, value) => {
          find(statistics, name);
          updates.set(name, value);
        },
      },
      statistics: () =>
        updates.size === 0
          ? undefined
          : concat(
              this.tracked.map(({ name, shape }) =>
                reshape(updates.get(name) ?? find(statistics, name), [sizeOf(shape)]),
              ),
              0,
            ),
    };
  }

  /** The decay vector as a constant of a graph; a scalar 0 when nothing decays. */
  decayTensor(amount: number): Tensor {
    return amount === 0 ? constant(0) : constant(this.decay(amount));
  }
}

function total(specs: readonly ParameterSpec[]): number {
  return specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

function cut(flat: Tensor | undefined, specs: readonly ParameterSpec[]): ReadonlyMap<string, Tensor> {
  if (!flat) return new Map();
  const parts = split(
    flat,
    0,
    specs.map(({ shape }) => sizeOf(shape)),
  );
  return new Map(specs.map(({ name, shape }, i) => [name, reshape(parts[i]!, shape)]));
}

function initialise(data: Float32Array, { initial }: ParameterSpec, random: Random): void {
  if (initial.kind === 'constant') {
    data.fill(initial.value);
    return;
  }
  const deviation = Math.sqrt((initial.kind === 'he' ? 2 : 1) / initial.fanIn);
  for (let i = 0; i < data.length; i++) data[i] = deviation * random.normal();
}
