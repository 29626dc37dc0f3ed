/** What a reproduction trains: the method's configuration, and what is left when its parts are taken away or exchanged. */
import { ModelError } from '../../errors.js';
import { type TrainingConfig, trainingConfigSchema } from '../config.js';

/** One configuration. */
export interface Experiment {
  name: string;
  about: string;
  /** Keys that replace the base config's; those inside `signal` replace single ones. */
  change: { signal?: Record<string, unknown> } & Record<string, unknown>;
}

/** Gains that bring one P-frame's signal to a root mean square of about 1, and those of sums (docs/train-a-model.md). */
const single = { residualGain: 0.87, motionGain: 2.8 };
const summed = { residualGain: 0.4, motionGain: 1.15 };

/** As in configs/min-min.json. */
const regulariser = {
  kind: 'vclub',
  lambda: 0.01,
  innerSteps: 10,
  innerLr: 2e-3,
  memory: 8,
  hidden: 128,
  warmup: 2,
};
const residual = { kind: 'residual', ...single };

/** In the order of reports. The first is the method whole; where a corpus marks no apex, the second is. */
export const experiments: readonly Experiment[] = [
  {
    name: 'paper',
    about: 'residual of P-frames, mutual information with the identity minimised, complementary constraint at the apex',
    change: { signal: residual, regulariser, apex: { mu: 1 } },
  },
  {
    name: 'no-apex',
    about: 'the same without the complementary constraint',
    change: { signal: residual, regulariser },
  },
  { name: 'residual', about: 'residual of P-frames alone: no identity term', change: { signal: residual } },
  { name: 'motion', about: 'motion vectors alone', change: { signal: { kind: 'motion', ...single } } },
  {
    name: 'residual-motion',
    about: 'residual and motion vectors of the sampled P-frames',
    change: { signal: { kind: 'residual+motion', ...single } },
  },
  {
    name: 'summed',
    about: 'residual and motion of all P-frames, summed between samples: our own signal',
    change: { signal: { kind: 'summed', ...summed } },
  },
  {
    name: 'keyframes',
    about: 'luma of I-frames: what still pictures alone show',
    change: { signal: { kind: 'keyframes', frames: 3, residualGain: 1, motionGain: 1 }, limit: undefined },
  },
];

/** An experiment that does not apply to a corpus, and why. */
export interface LeftOut {
  name: string;
  reason: string;
}

/** Those that make sense on these clips, and the others with the reason. */
export function applicable(
  some: readonly Experiment[],
  clips: readonly { apexFrame: number | undefined }[],
): { can: Experiment[]; left: LeftOut[] } {
  const marked = clips.some(({ apexFrame }) => apexFrame !== undefined);
  const can = some.filter(({ change }) => marked || change.apex === undefined);
  const reason = 'no clip of this corpus has an apex frame';
  return { can, left: some.filter((one) => !can.includes(one)).map(({ name }) => ({ name, reason })) };
}

/** The config that experiments start from where the caller names none. */
export function baseConfig(): Record<string, unknown> {
  return {
    name: 'reproduction',
    signal: { ...residual, size: 64, frames: 8, margin: 1.2, window: 12 },
    limit: 8,
    network: {
      channels: [16, 32, 64, 128],
      blocks: [1, 1, 1, 1],
      stemStride: 2,
      temporal: 'conv',
      embedding: 128,
      dropout: 0.2,
    },
    batch: 32,
    epochs: 60,
    lr: 0.002,
    weightDecay: 0.02,
    ema: 0.95,
  };
}

/**
 * The config of an experiment on a corpus. Throws ModelError where it is none.
 * @param base a config as `baseConfig` gives it
 */
export function configOf(
  base: Readonly<Record<string, unknown>>,
  { name, change }: Experiment,
  labels: readonly string[],
  codecs: readonly string[],
): TrainingConfig {
  const { signal, ...rest } = change;
  const values = {
    ...base,
    ...rest,
    ...(signal && { signal: { ...(base.signal as object), ...signal } }),
    name: `${String(base.name)}-${name}`,
    labels: [...labels],
    codec: [...codecs],
  };
  const parsed = trainingConfigSchema.safeParse(values);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new ModelError(`experiment ${name}: ${path.join('.') || 'the config'}: ${message}`);
}
