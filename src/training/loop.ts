/** One training step after another: a network, its optimiser and their state. */
import { z } from 'zod';
import { ModelError } from '../errors.js';
import { sizeOf } from '../graph/index.js';
import { type NetworkConfig, networkConfigSchema } from '../network/config.js';
import { combine } from '../network/fused.js';
import { compileInference, openInference, type Prediction } from '../network/model.js';
import type { Value } from '../network/runtime.js';
import type { WeightSet } from '../network/weights.js';
import { signalPlanes, signalSchema } from '../residual/signal.js';
import { readCheckpoint, writeCheckpoint } from './checkpoint.js';
import { Estimator } from './estimator.js';
import { type ExpressionStep, expressionStep } from './expression-step.js';
import { apexSize } from './losses/apex.js';
import { createRegulariser } from './losses/index.js';
import { cosineLearningRate } from './optimiser.js';
import { Random } from './random.js';
import { TrainingStep } from './step.js';
import { stillShape } from './stills.js';
import type { SideBatch, StepResult, Trainer, TrainerOptions } from './trainer.js';

/** Sets up a network with fresh weights. Throws ModelError when the options contradict each other. */
export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  checkOptions(options);
  const { signal, batch, game, network, threads } = options;
  const clip = [signal.frames, signalPlanes(signal), signal.size, signal.size] as const;
  const random = new Random(options.seed);
  const parts = expressionStep(options, clip, random);
  const step = await TrainingStep.create(parts.definition, {
    threads,
    ...(options.profile === undefined ? {} : { profile: options.profile }),
  });
  let estimator: Estimator | undefined;
  if (parts.estimator) {
    const shape = { batch, embedding: network.embedding, identity: game!.identitySize };
    const config = game!.regulariser!;
    estimator = await Estimator.create(config, createRegulariser(config), shape, parts.estimator, threads);
  }
  return new ExpressionTrainer(options, clip, random, parts, step, estimator);
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
type Clip = readonly [number, number, number, number];

class ExpressionTrainer implements Trainer {
  readonly options: TrainerOptions;
  readonly random: Random;
  private readonly clip: Clip;
  private readonly parts: ExpressionStep;
  private readonly program: TrainingStep;
  private readonly estimator: Estimator | undefined;
  private done = 0;
  /** The exported network with the weights of now; made when `predict` first wants it. */
  private inference: Promise<Inference> | undefined;
  private stillInference: Promise<Inference> | undefined;

  constructor(
    options: TrainerOptions,
    clip: Clip,
    random: Random,
    parts: ExpressionStep,
    program: TrainingStep,
    estimator: Estimator | undefined,
  ) {
    this.options = options;
    this.clip = clip;
    this.random = random;
    this.parts = parts;
    this.program = program;
    this.estimator = estimator;
  }

  get steps(): number {
    return this.done;
  }

  async step(values: Float32Array, labels: Int32Array, weights?: Float32Array, side?: SideBatch): Promise<StepResult> {
    const { batch, classes, hyper, stepsPerEpoch } = this.options;
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
    for (const { name, shape, keep } of this.parts.masks) {
      const data = new Float32Array(sizeOf(shape));
      for (let i = 0; i < data.length; i++) data[i] = this.random.uniform() < keep ? 1 / keep : 0;
      feeds[name] = { type: 'float32', shape, data };
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
    const lambda = this.lambda();
    Object.assign(feeds, this.sideFeeds(side, lambda));
    const results = await this.program.run(feeds, { network: settings, stills: settings, decoder: settings });
    this.done++;
    await this.forget();
    let inner = Number.NaN;
    if (this.estimator) {
      this.estimator.remember(results.embedding!.data as Float32Array, side!.identity!);
      inner = await this.estimator.learn();
    }
    const logits = results.logits!.data;
    let correct = 0;
    for (let i = 0; i < batch; i++) {
      const row = logits.subarray(i * classes, (i + 1) * classes);
      if (row.indexOf(Math.max(...row)) === labels[i]) correct++;
    }
    const scalar = (name: string) => results[name]?.data[0];
    const bound = scalar('bound');
    const gain = scalar('gain');
    const apex = scalar('apexLoss');
    return {
      loss: scalar('own') ?? scalar('network.loss')!,
      correct,
      gradNorm: scalar('network.norm')!,
      lr,
      ...(bound !== undefined && {
        penalty: { bound, lambda, ...(gain !== undefined && { gain }), ...(!Number.isNaN(inner) && { inner }) },
      }),
      ...(apex !== undefined && { apex }),
    };
  }

  /** The penalty's weight in the next step: it rises from 0, so that the estimator learns first. */
  private lambda(): number {
    const { game, stepsPerEpoch } = this.options;
    const { lambda = 0, warmup = 0 } = game?.regulariser ?? {};
    const rise = warmup * stepsPerEpoch;
    return rise === 0 ? lambda : lambda * Math.min(1, this.done / rise);
  }

  private sideFeeds(side: SideBatch | undefined, lambda: number): Record<string, Value> {
    const { game, batch, stills } = this.options;
    const value = (shape: readonly number[], data: Float32Array | undefined): Value => {
      if (data?.length !== sizeOf(shape)) {
        throw new ModelError(`step: ${sizeOf(shape)} side values for [${shape}] are wanted, got ${data?.length}`);
      }
      return { type: 'float32', shape, data };
    };
    const pictures = stills && {
      stills: value(stillShape(stills, batch), side?.stills?.input),
      present: value([batch], side?.stills?.present),
    };
    if (!this.parts.regulariser && !this.parts.decoder) return { ...pictures };
    return {
      ...pictures,
      identity: value([batch, game!.identitySize], side?.identity),
      lambda: value([], Float32Array.of(lambda)),
      ...(this.parts.decoder && {
        apex: value([batch, apexSize ** 2], side?.apex),
        apexWeights: value([batch], side?.apexWeights),
      }),
    };
  }

  async predict(
    values: Float32Array,
    n: number,
    keys: readonly (Float32Array | undefined)[] = [],
  ): Promise<Prediction> {
    const { network, classes, stills } = this.options;
    this.inference ??= this.open(this.weights(), network, this.clip);
    const found = await (await this.inference).predict(values, n);
    if (!stills) return found;
    const [, frames, planes, height, width] = stillShape(stills, 1);
    this.stillInference ??= this.open(this.stillWeights()!, stills.network, [frames, planes, height, width]);
    for (let i = 0; i < n; i++) {
      const key = keys[i];
      if (!key) continue;
      const { probabilities } = await (await this.stillInference).predict(key, 1);
      combine(found.probabilities.subarray(i * classes, (i + 1) * classes), probabilities, 1, 1);
    }
    return found;
  }

  private open(weights: WeightSet, network: NetworkConfig, clip: Clip): Promise<Inference> {
    const { classes, threads } = this.options;
    return openInference(compileInference(weights, network, clip, classes), clip, classes, network.embedding, threads);
  }

  start(weights: WeightSet, stills?: WeightSet): void {
    this.parts.network.start(weights);
    if (this.parts.stills) this.parts.stills.start(stills ?? new Map());
  }

  weights(): WeightSet {
    return this.parts.network.weights(this.exported);
  }

  stillWeights(): WeightSet | undefined {
    return this.parts.stills?.weights(this.exported);
  }

  private get exported(): 'weights' | 'average' {
    return this.options.hyper.ema === undefined ? 'weights' : 'average';
  }

  saveCheckpoint(metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    const described = {
      identity: this.identity(),
      steps: String(this.done),
      // JSON has no NaN: a missing spare deviate becomes null.
      random: JSON.stringify(this.random.state()),
      user: JSON.stringify(metadata),
      ...(this.estimator && { inner: String(this.estimator.done) }),
    };
    return writeCheckpoint([...this.parts.definition.groups], described, this.estimator?.arrays());
  }

  loadCheckpoint(bytes: Uint8Array): Record<string, string> {
    const checkpoint = readCheckpoint(bytes);
    const { identity, steps, random, user, inner } = checkpoint.metadata;
    if (identity !== this.identity())
      throw new ModelError('checkpoint: it belongs to another network, signal, averaging or game');
    const state = checkpointState.safeParse({
      steps: Number(steps),
      random: parse(random),
      user: parse(user),
      inner: Number(inner ?? 0),
    });
    if (!state.success) throw new ModelError('checkpoint: its metadata are damaged');
    const remember = this.estimator?.restoring(checkpoint.further('memory/'), state.data.inner);
    checkpoint.restore(this.parts.definition.groups, this.estimator && 'memory/');
    remember?.();
    this.done = state.data.steps;
    const [a, b, c, counter, spare] = state.data.random;
    this.random.restore([a, b, c, counter, spare ?? Number.NaN]);
    void this.forget();
    return state.data.user;
  }

  async close(): Promise<void> {
    await this.forget();
    await this.program.close();
    await this.estimator?.close();
  }

  private identity(): string {
    const { network, signal, classes, hyper, game, stills } = this.options;
    return JSON.stringify({ network, signal, classes, average: hyper.ema !== undefined, game, stills });
  }

  private async forget(): Promise<void> {
    const old = [this.inference, this.stillInference];
    this.inference = undefined;
    this.stillInference = undefined;
    for (const one of old) {
      // A session that failed to open was reported to the caller of `predict`.
      await one?.then(
        (inference) => inference.close(),
        () => undefined,
      );
    }
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
  inner: z.int().min(0),
});

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return undefined;
  }
}
