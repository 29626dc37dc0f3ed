/** One training step after another: a network, its optimiser and their state. */
import { z } from 'zod';
import { ModelError } from '../errors.js';
import { crossEntropy, input, sizeOf } from '../graph/index.js';
import { type NetworkConfig, networkConfigSchema } from '../network/config.js';
import { buildExpression } from '../network/expression.js';
import { TrainingLayers } from '../network/layers.js';
import { compileInference, openInference, type Prediction } from '../network/model.js';
import { type Parameters, recordParameters } from '../network/parameters.js';
import type { Value } from '../network/runtime.js';
import type { WeightSet } from '../network/weights.js';
import { type Signal, signalPlanes, signalSchema } from '../residual/signal.js';
import { readCheckpoint, writeCheckpoint } from './checkpoint.js';
import { ParameterGroup } from './group.js';
import { cosineLearningRate } from './optimiser.js';
import { Random } from './random.js';
import { type StepDefinition, TrainingStep } from './step.js';

export interface Hyperparameters {
  /** Length of the cosine schedule. */
  epochs: number;
  /** Peak learning rate. */
  lr: number;
  /** Decoupled weight decay (AdamW), for matrices and kernels; biases and batch norm are not decayed. */
  weightDecay: number;
  /** Epochs (fractions allowed) over which the learning rate rises linearly from 0. */
  warmup: number;
  /** Bound on the global norm of the gradients; `Infinity` for none. */
  clip: number;
  /** Share of the target spread evenly over all classes. */
  labelSmoothing: number;
  /** Decay of the moving average of the weights, for example 0.99; absent for none. When set, `predict` and `weights` use the average. */
  ema?: number;
}

export interface TrainerOptions {
  network: NetworkConfig;
  signal: Signal;
  /** Number of classes. */
  classes: number;
  /** Clips per step: every step takes exactly this many. */
  batch: number;
  /** Steps per epoch, for the schedule. */
  stepsPerEpoch: number;
  hyper: Hyperparameters;
  /** Of the initial weights and of dropout. */
  seed: number;
  /** Threads inside an operator. */
  threads: number;
  /** Prefix of the file into which onnxruntime writes a profile of the steps at `close`; none if absent. */
  profile?: string;
}

export interface StepResult {
  /** Mean loss of the batch, before the update. */
  loss: number;
  /** Clips of the batch whose label had the highest logit (batch statistics, dropout on). */
  correct: number;
  /** Global norm of the gradients before clipping. */
  gradNorm: number;
  /** Learning rate of this step. */
  lr: number;
}

export interface Trainer {
  readonly options: TrainerOptions;
  /** Steps done. */
  readonly steps: number;
  /** Kept in checkpoints; the sampler may draw from it between steps. */
  readonly random: Random;
  /**
   * One update. `input` is float32 [batch, T, C, S, S], `labels` int32 [batch] in 0..classes-1, `weights` float32 [batch]
   * (1 each if absent). The arrays are read before the promise settles and may be reused afterwards.
   */
  step(input: Float32Array, labels: Int32Array, weights?: Float32Array): Promise<StepResult>;
  /** Inference with the running statistics and the current (or averaged) weights; `input` is float32 [n, T, C, S, S], any n. */
  predict(input: Float32Array, n: number): Promise<Prediction>;
  /** Copies of weights and running statistics, as `exportModel` takes them. */
  weights(): WeightSet;
  /** Weights, optimiser state, step, generator: safetensors. `metadata` is kept beside it. */
  saveCheckpoint(metadata?: Readonly<Record<string, string>>): Uint8Array;
  /** Continues where `saveCheckpoint` was called; returns its metadata. Throws ModelError when it is not of this network. */
  loadCheckpoint(bytes: Uint8Array): Record<string, string>;
  /** Frees the run-time's sessions. */
  close(): Promise<void>;
}

/** Sets up a network with fresh weights. Throws ModelError when the options contradict each other. */
export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  const { network, signal, classes, batch, hyper } = options;
  checkOptions(options);
  const clip = [signal.frames, signalPlanes(signal.kind), signal.size, signal.size] as const;
  const random = new Random(options.seed);
  const masks: { name: string; shape: readonly number[] }[] = [];
  const forward = (parameters: Parameters) => {
    masks.length = 0;
    const layers = new TrainingLayers(parameters, (shape) => {
      if (network.dropout === 0) return undefined;
      const name = `dropout${masks.length}`;
      masks.push({ name, shape });
      return input(name, shape);
    });
    return buildExpression(layers, input('input', [batch, ...clip]), network, classes);
  };
  const group = new ParameterGroup('network', recordParameters(forward), random, hyper.ema !== undefined);
  const definition: StepDefinition = {
    groups: [group],
    weightDecay: { network: hyper.weightDecay },
    build(parameters) {
      const { logits } = forward(parameters.network!);
      const labels = input('labels', [batch], 'int32');
      const weights = input('weights', [batch]);
      const loss = crossEntropy(logits, labels, { smoothing: hyper.labelSmoothing, weights });
      return { losses: { network: loss }, outputs: { logits } };
    },
  };
  const step = await TrainingStep.create(definition, {
    threads: options.threads,
    ...(options.profile === undefined ? {} : { profile: options.profile }),
  });
  return new ExpressionTrainer(options, clip, random, group, step, [...masks]);
}

function checkOptions({ network, signal, classes, batch, stepsPerEpoch, hyper, threads }: TrainerOptions): void {
  const parts = [networkConfigSchema.safeParse(network), signalSchema.safeParse(signal)];
  const issue = parts.find((part) => !part.success)?.error?.issues[0];
  if (issue) throw new ModelError(`trainer: ${issue.path.join('.')}: ${issue.message}`);
  if (network.blocks.length !== network.channels.length)
    throw new ModelError('trainer: blocks and channels differ in length');
  for (const [name, value] of Object.entries({ classes, batch, stepsPerEpoch, threads })) {
    if (!Number.isInteger(value) || value < 1) throw new ModelError(`trainer: ${name} is ${value}`);
  }
  if (classes < 2) throw new ModelError('trainer: a classifier needs two classes');
  const { ema, clip, labelSmoothing, ...rest } = hyper;
  for (const [name, value] of Object.entries(rest)) {
    if (!(value >= 0 && Number.isFinite(value))) throw new ModelError(`trainer: ${name} is ${value}`);
  }
  if (!(clip > 0)) throw new ModelError(`trainer: clip is ${clip}`);
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw new ModelError(`trainer: labelSmoothing is ${labelSmoothing}`);
  if (ema !== undefined && !(ema >= 0 && ema < 1)) throw new ModelError(`trainer: ema is ${ema}`);
}

type Inference = Awaited<ReturnType<typeof openInference>>;

class ExpressionTrainer implements Trainer {
  readonly options: TrainerOptions;
  readonly random: Random;
  private readonly clip: readonly [number, number, number, number];
  private readonly group: ParameterGroup;
  private readonly program: TrainingStep;
  private readonly masks: readonly { name: string; shape: readonly number[] }[];
  private done = 0;
  /** The exported network with the weights of now; made when `predict` first wants it. */
  private inference: Promise<Inference> | undefined;

  constructor(
    options: TrainerOptions,
    clip: readonly [number, number, number, number],
    random: Random,
    group: ParameterGroup,
    program: TrainingStep,
    masks: readonly { name: string; shape: readonly number[] }[],
  ) {
    this.options = options;
    this.clip = clip;
    this.random = random;
    this.group = group;
    this.program = program;
    this.masks = masks;
  }

  get steps(): number {
    return this.done;
  }

  async step(values: Float32Array, labels: Int32Array, weights?: Float32Array): Promise<StepResult> {
    const { batch, classes, hyper, stepsPerEpoch, network } = this.options;
    const shape = [batch, ...this.clip];
    if (values.length !== sizeOf(shape)) throw new ModelError(`step: ${values.length} values for [${shape}]`);
    if (labels.length !== batch || labels.some((label) => label < 0 || label >= classes)) {
      throw new ModelError(`step: wants ${batch} labels from 0 to ${classes - 1}, got ${labels.join(', ')}`);
    }
    if (weights && weights.length !== batch) throw new ModelError(`step: ${weights.length} weights for ${batch} clips`);
    const feeds: Record<string, Value> = {
      input: { type: 'float32', shape, data: values },
      labels: { type: 'int32', shape: [batch], data: labels },
      weights: { type: 'float32', shape: [batch], data: weights ?? new Float32Array(batch).fill(1) },
    };
    const keep = 1 - network.dropout;
    for (const mask of this.masks) {
      const data = new Float32Array(sizeOf(mask.shape));
      for (let i = 0; i < data.length; i++) data[i] = this.random.uniform() < keep ? 1 / keep : 0;
      feeds[mask.name] = { type: 'float32', shape: mask.shape, data };
    }
    const lr = cosineLearningRate(this.done, {
      peak: hyper.lr,
      warmup: Math.round(hyper.warmup * stepsPerEpoch),
      total: Math.round(hyper.epochs * stepsPerEpoch),
    });
    const settings = {
      lr,
      clip: hyper.clip,
      done: this.done,
      ...(hyper.ema === undefined ? {} : { averageDecay: hyper.ema }),
    };
    const results = await this.program.run(feeds, { network: settings });
    this.done++;
    await this.forget();
    const logits = results.logits!.data;
    let correct = 0;
    for (let i = 0; i < batch; i++) {
      const row = logits.subarray(i * classes, (i + 1) * classes);
      if (row.indexOf(Math.max(...row)) === labels[i]) correct++;
    }
    return { loss: results['network.loss']!.data[0]!, correct, gradNorm: results['network.norm']!.data[0]!, lr };
  }

  async predict(values: Float32Array, n: number): Promise<Prediction> {
    const { network, classes, threads } = this.options;
    this.inference ??= openInference(
      compileInference(this.weights(), network, this.clip, classes),
      this.clip,
      classes,
      network.embedding,
      threads,
    );
    return (await this.inference).predict(values, n);
  }

  weights(): WeightSet {
    return this.group.weights(this.options.hyper.ema === undefined ? 'weights' : 'average');
  }

  saveCheckpoint(metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    return writeCheckpoint([this.group], {
      identity: this.identity(),
      steps: String(this.done),
      // JSON has no NaN: a missing spare deviate becomes null.
      random: JSON.stringify(this.random.state()),
      user: JSON.stringify(metadata),
    });
  }

  loadCheckpoint(bytes: Uint8Array): Record<string, string> {
    const checkpoint = readCheckpoint(bytes);
    const { identity, steps, random, user } = checkpoint.metadata;
    if (identity !== this.identity())
      throw new ModelError('checkpoint: it belongs to another network, signal or averaging');
    const state = checkpointState.safeParse({ steps: Number(steps), random: parse(random), user: parse(user) });
    if (!state.success) throw new ModelError('checkpoint: its metadata are damaged');
    checkpoint.restore([this.group]);
    this.done = state.data.steps;
    const [a, b, c, counter, spare] = state.data.random;
    this.random.restore([a, b, c, counter, spare ?? Number.NaN]);
    void this.forget();
    return state.data.user;
  }

  async close(): Promise<void> {
    await this.forget();
    await this.program.close();
  }

  private identity(): string {
    const { network, signal, classes, hyper } = this.options;
    return JSON.stringify({ network, signal, classes, average: hyper.ema !== undefined });
  }

  private async forget(): Promise<void> {
    const old = this.inference;
    this.inference = undefined;
    // A session that failed to open was reported to the caller of `predict`.
    await old?.then(
      (inference) => inference.close(),
      () => undefined,
    );
  }
}

const uint32 = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);
const checkpointState = z.object({
  steps: z.int().min(0),
  random: z.tuple([uint32, uint32, uint32, uint32, z.number().nullable()]),
  user: z.record(z.string(), z.string()),
});

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return undefined;
  }
}
