/**
 * A training step as one ONNX graph: forward, backward, gradient clipping and update of any number of parameter groups,
 * each by a loss of its own or by a shared one. Games of several steps (min-min) are several of these over the same groups.
 */
import { ModelError } from '../errors.js';
import { add, compile, concat, gradients, input, mul, reshape, sizeOf, sub, type Tensor } from '../graph/index.js';
import type { Parameters } from '../network/parameters.js';
import { createSession, type Session, type SessionOptions, type Value } from '../network/runtime.js';
import { convolutionBlock } from './blocking.js';
import type { GroupTensors, ParameterGroup, Slot } from './group.js';
import { adamW, clipByNorm, scheduleSize, scheduleValues, unpackSchedule } from './optimiser.js';

/** Errors that say that training diverged, not that something was asked wrongly. */
const divergences = new WeakSet<Error>();

/** Whether a step threw this because a loss or a norm was not finite: the same run would do so again. */
export function isDivergence(error: unknown): error is ModelError {
  return error instanceof ModelError && divergences.has(error);
}

/** What a step's graph computes. */
export interface StepGraph {
  /** For each group to be updated, by name: the scalar that it descends. Equal tensors share one backward pass. */
  losses: Readonly<Record<string, Tensor>>;
  /** Further tensors to be handed out. */
  outputs: Readonly<Record<string, Tensor>>;
}

export interface StepDefinition {
  /** Every group that the graph reads. */
  groups: readonly ParameterGroup[];
  /** Builds the graph; `parameters` by the group's name. Data come in through `input` tensors. */
  build(parameters: Readonly<Record<string, Parameters>>): StepGraph;
  /** Weight decay of each updated group, by name; 0 if absent. */
  weightDecay?: Readonly<Record<string, number>>;
}

/** Run-time numbers of one update of one group. */
export interface UpdateSettings {
  lr: number;
  /** Bound on the global norm of the group's gradients; `Infinity` for none. */
  clip: number;
  /** Updates done before. */
  done: number;
  averageDecay?: number;
}

export class TrainingStep {
  private readonly session: Session;
  private readonly groups: readonly ParameterGroup[];
  private readonly written: ReadonlyMap<ParameterGroup, readonly Slot[]>;
  private readonly extra: readonly string[];
  /** The ONNX file, for measurements. */
  readonly bytes: Uint8Array;

  private constructor(
    session: Session,
    groups: readonly ParameterGroup[],
    written: ReadonlyMap<ParameterGroup, readonly Slot[]>,
    extra: readonly string[],
    bytes: Uint8Array,
  ) {
    this.session = session;
    this.groups = groups;
    this.written = written;
    this.extra = extra;
    this.bytes = bytes;
  }

  static async create(definition: StepDefinition, options: SessionOptions): Promise<TrainingStep> {
    const tensors = new Map(definition.groups.map((group) => [group, group.tensors()]));
    const parameters = Object.fromEntries([...tensors].map(([group, { parameters }]) => [group.name, parameters]));
    const graph = definition.build(parameters);
    const updated = definition.groups.filter(({ name }) => graph.losses[name]);
    const outputs: Record<string, Tensor> = { ...graph.outputs };
    const written = new Map<ParameterGroup, Slot[]>();
    const dxs = differentiate(updated, graph, tensors);
    for (const group of updated) {
      const after = update(group, tensors.get(group)!, dxs.get(group)!, definition.weightDecay?.[group.name] ?? 0);
      outputs[`${group.name}.norm`] = after.norm;
      outputs[`${group.name}.loss`] = graph.losses[group.name]!;
      written.set(
        group,
        Object.entries(after.slots).map(([slot, tensor]) => {
          outputs[`${group.name}.${slot}.next`] = tensor;
          return slot as Slot;
        }),
      );
    }
    const block = await convolutionBlock();
    const bytes = compile(outputs, block === undefined ? {} : { block });
    const session = await createSession(bytes, { optimisation: 'extended', ...options });
    return new TrainingStep(session, definition.groups, written, Object.keys(graph.outputs), bytes);
  }

  /**
   * One update. `settings` by the name of each updated group. Gives, beside the graph's outputs, `<group>.loss` and
   * `<group>.norm` (of the gradient, before clipping).
   * @throws ModelError when a loss or a norm is not finite; nothing is updated then.
   */
  async run(
    feeds: Readonly<Record<string, Value>>,
    settings: Readonly<Record<string, UpdateSettings>>,
  ): Promise<Record<string, Value>> {
    const all: Record<string, Value> = {};
    for (const [name, value] of Object.entries(feeds)) if (this.session.inputs.includes(name)) all[name] = value;
    const fetches: Record<string, Value | null> = {};
    for (const name of this.extra) fetches[name] = null;
    for (const group of this.groups) {
      for (const slot of ['weights', 'm', 'v', 'average', 'statistics'] as const) {
        const name = `${group.name}.${slot}`;
        if (this.session.inputs.includes(name)) all[name] = group.value(slot)!;
      }
    }
    for (const [group, slots] of this.written) {
      const given = settings[group.name];
      if (!given) throw new ModelError(`training step: no settings for group ${group.name}`);
      all[`${group.name}.schedule`] = {
        type: 'float32',
        shape: [scheduleSize],
        data: scheduleValues(given.done, given),
      };
      for (const slot of slots) fetches[`${group.name}.${slot}.next`] = group.target(slot)!;
      fetches[`${group.name}.norm`] = null;
      fetches[`${group.name}.loss`] = null;
    }
    const results = await this.session.run(all, fetches);
    for (const { name } of this.written.keys()) {
      for (const what of ['loss', 'norm']) {
        const value = results[`${name}.${what}`]!.data[0]!;
        if (!Number.isFinite(value)) {
          const error = new ModelError(
            `training: the ${what} of ${name} is ${value}; lower the learning rate or check the data`,
          );
          divergences.add(error);
          throw error;
        }
      }
    }
    for (const [group, slots] of this.written) group.commit(slots);
    return results;
  }

  close(): Promise<void> {
    return this.session.close();
  }
}

/** Flat gradients of every updated group; groups that share a loss share one backward pass. */
function differentiate(
  updated: readonly ParameterGroup[],
  graph: StepGraph,
  tensors: ReadonlyMap<ParameterGroup, GroupTensors>,
): Map<ParameterGroup, Tensor> {
  const flat = new Map<ParameterGroup, Tensor>();
  for (const loss of new Set(updated.map(({ name }) => graph.losses[name]!))) {
    const groups = updated.filter(({ name }) => graph.losses[name] === loss);
    const weights = groups.flatMap((group) => [...tensors.get(group)!.weights.values()]);
    const dxs = gradients(loss, weights);
    let at = 0;
    for (const group of groups) {
      const part = dxs.slice(at, at + group.trained.length);
      at += group.trained.length;
      flat.set(
        group,
        concat(
          part.map((dx) => reshape(dx, [sizeOf(dx.shape)])),
          0,
        ),
      );
    }
  }
  return flat;
}

/** The group's vectors after the update. */
function update(
  group: ParameterGroup,
  { flat, statistics }: GroupTensors,
  dx: Tensor,
  weightDecay: number,
): { slots: Partial<Record<Slot, Tensor>>; norm: Tensor } {
  const schedule = unpackSchedule(input(`${group.name}.schedule`, [scheduleSize]));
  const { gradient, norm } = clipByNorm(dx, schedule.clip);
  const state = { weights: flat.weights!, m: flat.m!, v: flat.v! };
  const after: Partial<Record<Slot, Tensor>> = adamW(state, gradient, group.decayTensor(weightDecay), schedule);
  if (flat.average) {
    // average + (1 - decay) (weights - average), written with one constant fewer.
    const apart = sub(after.weights!, flat.average);
    after.average = add(flat.average, sub(apart, mul(apart, schedule.averageDecay)));
  }
  const tracked = statistics();
  if (tracked) after.statistics = tracked;
  return { slots: after, norm };
}
