/**
 * A second network that reads the clip's I-frames and learns together with the first, which reads its P-frames: their logits
 * add up, as a fused model's log-probabilities do. Each also answers alone for its own part of the loss, and the I-frames are
 * kept from some showings, so that neither leans on the other: a window without an I-frame has only the first.
 */
import { z } from 'zod';
import { add, constant, crossEntropy, input, mul, reshape, scale, type Tensor } from '../graph/index.js';
import { networkConfigSchema } from '../network/config.js';
import { buildExpression } from '../network/expression.js';
import type { Layers } from '../network/layers.js';
import type { WeightSet } from '../network/weights.js';
import { signalSchema } from '../residual/signal.js';
import type { Normalisation } from '../residual/tensor.js';

export const stillsSchema = z
  .strictObject({
    /** Of kind `keyframes`. */
    signal: signalSchema,
    network: networkConfigSchema,
    /** Share of showings whose I-frames are kept from the network. */
    drop: z.number().min(0).max(1).default(0.3),
    /** Weight of each network's own cross-entropy beside that of both together. */
    alone: z.number().min(0).max(10).default(0.5),
  })
  .refine(({ signal }) => signal.kind === 'keyframes', { path: ['signal', 'kind'], error: 'stills are keyframes' });

/** See the comments of `stillsSchema`. */
export type StillsConfig = z.infer<typeof stillsSchema>;

/** I-frames are read less their mean, over their standard deviation. */
export const stillNormalisation: Normalisation = { kind: 'standard' };

/** Before the names of the second network's weights, where both are in one file. */
const prefix = 'stills/';

/** Both networks' weights in one set. */
export function joinStills(weights: WeightSet, stills: WeightSet | undefined): WeightSet {
  return new Map([...weights, ...[...(stills ?? [])].map(([name, array]) => [prefix + name, array] as const)]);
}

/** The two sets of `joinStills`; the second is empty where there was one network. */
export function splitStills(all: WeightSet): { weights: WeightSet; stills: WeightSet } {
  const [weights, stills] = [new Map(), new Map()];
  for (const [name, array] of all) {
    if (name.startsWith(prefix)) stills.set(name.slice(prefix.length), array);
    else weights.set(name, array);
  }
  return { weights, stills };
}

/** The I-frames of one batch. */
export interface StillBatch {
  /** [batch, K, 1, S, S]; anything where `present` is 0. */
  input: Float32Array;
  /** 1 where the clip's I-frames are shown, 0 where they are kept back: [batch]. */
  present: Float32Array;
}

/** Shape of `StillBatch.input` for a batch. */
export function stillShape({ signal }: StillsConfig, batch: number): readonly [number, number, number, number, number] {
  return [batch, signal.frames, 1, signal.size, signal.size];
}

/** The logits [n, classes] of the second network, read from the graph's input `stills`. */
export function stillLogits(layers: Layers, config: StillsConfig, batch: number, classes: number): Tensor {
  return buildExpression(layers, input('stills', stillShape(config, batch)), config.network, classes).logits;
}

/** What the two networks' logits [n, classes] say together, and the loss that both descend. */
export function jointLoss(
  own: Tensor,
  stills: Tensor,
  labels: Tensor,
  { weights, smoothing, alone }: { weights: Tensor; smoothing: number; alone: number },
): { logits: Tensor; loss: Tensor } {
  const batch = own.shape[0]!;
  const present = input('present', [batch]);
  const logits = add(own, mul(stills, reshape(present, [batch, 1])));
  const together = crossEntropy(logits, labels, { smoothing, weights });
  if (alone === 0) return { logits, loss: together };
  const first = crossEntropy(own, labels, { smoothing, weights });
  // The weights' sum is kept away from 0: a batch may show no I-frame at all.
  const shown = mul(weights, add(present, constant(1e-6)));
  const second = crossEntropy(stills, labels, { smoothing, weights: shown });
  return { logits, loss: add(together, scale(add(first, second), alone)) };
}
