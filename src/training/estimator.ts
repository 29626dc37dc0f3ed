/**
 * The inner player of the min-min game: the estimator of how z_e tells z_i. It is a parameter group of its own with an
 * optimiser of its own, and learns from the embeddings of the last batches, which the outer steps hand over: z_e is data
 * to it, so nothing flows back. Its memory is part of the checkpoint: a resumed game goes on exactly.
 */
import { ModelError } from '../errors.js';
import { input } from '../graph/index.js';
import { type Layers, TrainingLayers } from '../network/layers.js';
import { type Parameters, recordParameters } from '../network/parameters.js';
import type { Value } from '../network/runtime.js';
import type { WeightArray } from '../network/weights.js';
import { ParameterGroup } from './group.js';
import type { Regulariser, RegulariserConfig } from './losses/regulariser.js';
import { Random } from './random.js';
import { TrainingStep } from './step.js';

/** Bound on the norm of the estimator's gradients. */
const gradientLimit = 10;

/** Sizes of what an estimator reads. */
export interface EstimatorShape {
  batch: number;
  /** Size of z_e. */
  embedding: number;
  /** Size of z_i. */
  identity: number;
}

/** Layers without dropout over these parameters. */
export function plainLayers(parameters: Parameters): Layers {
  return new TrainingLayers(parameters, () => undefined);
}

/** The estimator's weights as a group named `estimator`; undefined for kinds that learn nothing. */
export function estimatorGroup(
  { inner }: Regulariser,
  { batch, embedding, identity }: EstimatorShape,
  seed: number,
): ParameterGroup | undefined {
  if (!inner) return undefined;
  const specs = recordParameters((p) =>
    inner(plainLayers(p), input('ze', [batch, embedding]), input('zi', [batch, identity])),
  );
  return new ParameterGroup('estimator', specs, new Random(seed));
}

/** A remembered batch. */
interface Pairs {
  ze: Value;
  zi: Value;
}

/** The estimator with its optimiser and its memory of embeddings. */
export class Estimator {
  readonly group: ParameterGroup;
  readonly #config: RegulariserConfig;
  readonly #shape: EstimatorShape;
  readonly #step: TrainingStep;
  /** The newest first; places beyond `#filled` hold nothing yet. */
  #memory: Pairs[];
  #filled = 0;
  #done = 0;

  private constructor(config: RegulariserConfig, shape: EstimatorShape, group: ParameterGroup, step: TrainingStep) {
    const { batch, embedding, identity } = shape;
    this.group = group;
    this.#config = config;
    this.#shape = shape;
    this.#step = step;
    const empty = (size: number): Value => ({
      type: 'float32',
      shape: [batch, size],
      data: new Float32Array(batch * size),
    });
    this.#memory = Array.from({ length: config.memory }, () => ({ ze: empty(embedding), zi: empty(identity) }));
  }

  static async create(
    config: RegulariserConfig,
    regulariser: Regulariser,
    shape: EstimatorShape,
    group: ParameterGroup,
    threads: number,
  ): Promise<Estimator> {
    const { batch, embedding, identity } = shape;
    const step = await TrainingStep.create(
      {
        groups: [group],
        build: ({ estimator }) => ({
          losses: {
            estimator: regulariser.inner!(
              plainLayers(estimator!),
              input('ze', [batch, embedding]),
              input('zi', [batch, identity]),
            ),
          },
          outputs: {},
        }),
      },
      { threads },
    );
    return new Estimator(config, shape, group, step);
  }

  /** Takes over copies of a batch's z_e [batch, e] and z_i [batch, d]; the oldest batch is forgotten. */
  remember(ze: Float32Array, zi: Float32Array): void {
    const oldest = this.#memory.pop()!;
    oldest.ze.data.set(ze);
    oldest.zi.data.set(zi);
    this.#memory.unshift(oldest);
    this.#filled = Math.min(this.#filled + 1, this.#memory.length);
  }

  /** The inner steps that follow one outer step, each on another remembered batch, the newest first. Mean loss; NaN for none. */
  async learn(): Promise<number> {
    const { innerSteps, innerLr } = this.#config;
    if (this.#filled === 0) return Number.NaN;
    let sum = 0;
    for (let i = 0; i < innerSteps; i++) {
      const { ze, zi } = this.#memory[i % this.#filled]!;
      const settings = { lr: innerLr, clip: gradientLimit, done: this.#done };
      const result = await this.#step.run({ ze, zi }, { estimator: settings });
      this.#done++;
      sum += result['estimator.loss']!.data[0]!;
    }
    return innerSteps === 0 ? Number.NaN : sum / innerSteps;
  }

  /** The memory, for a checkpoint. */
  arrays(): Map<string, WeightArray> {
    const arrays = new Map<string, WeightArray>();
    for (let i = 0; i < this.#filled; i++) {
      for (const what of ['ze', 'zi'] as const) {
        const { shape, data } = this.#memory[i]![what];
        arrays.set(`memory/${i}/${what}`, { shape, data: data as Float32Array });
      }
    }
    return arrays;
  }

  /** Inner steps done. */
  get done(): number {
    return this.#done;
  }

  /** Checks a checkpoint's memory; what it gives back puts it in place. Throws ModelError when it is not of this game. */
  restoring(arrays: ReadonlyMap<string, WeightArray>, done: number): () => void {
    const { batch, embedding, identity } = this.#shape;
    const count = arrays.size / 2;
    const found = Array.from({ length: Math.floor(count) }, (_, i) => {
      const [ze, zi] = [arrays.get(`memory/${i}/ze`), arrays.get(`memory/${i}/zi`)];
      if (ze?.data.length !== batch * embedding || zi?.data.length !== batch * identity) {
        throw new ModelError('checkpoint: its remembered batches are not of this game');
      }
      return { ze, zi };
    });
    if (count !== found.length || count > this.#memory.length) {
      throw new ModelError('checkpoint: it remembers another number of batches');
    }
    return () => {
      found.forEach(({ ze, zi }, i) => {
        this.#memory[i]!.ze.data.set(ze.data);
        this.#memory[i]!.zi.data.set(zi.data);
      });
      this.#filled = found.length;
      this.#done = done;
    };
  }

  close(): Promise<void> {
    return this.#step.close();
  }
}
