/**
 * The outer step's graph: the expression network with cross-entropy and, where they are on, the penalty on what z_e tells
 * of z_i (the estimator is read, not written) and the apex constraint, whose decoder is a group of its own that descends
 * the same loss:
 *
 *   cross-entropy + lambda max(0, bound) + mu apex
 *
 * A negative bound says that the estimator is bad, not that less than nothing is shared: no gradient comes of it.
 */
import { add, crossEntropy, input, mul, relu, scale, stopGradient, type Tensor } from '../graph/index.js';
import { buildExpression } from '../network/expression.js';
import { TrainingLayers } from '../network/layers.js';
import { type Parameters, recordParameters } from '../network/parameters.js';
import { estimatorGroup, plainLayers } from './estimator.js';
import { ParameterGroup } from './group.js';
import { apexLoss, apexSize, drawApex } from './losses/apex.js';
import { createRegulariser, type Regulariser } from './losses/index.js';
import { averageOfAll, averageOfLabel } from './losses/pairs.js';
import { Random } from './random.js';
import type { StepDefinition } from './step.js';
import { jointLoss, type StillsConfig, stillLogits } from './stills.js';
import type { TrainerOptions } from './trainer.js';

/** What makes the seeds of estimator and decoder: the network starts as it would without them. */
const seedOf = { estimator: 0x51ed270b, decoder: 0x2c1b3c6d, stills: 0x7a3f9b15 };

/** A dropout mask that each step must feed. */
export interface Mask {
  name: string;
  shape: readonly number[];
  /** Share of values that are kept. */
  keep: number;
}

/** The outer step before it is compiled, and its groups. */
export interface ExpressionStep {
  definition: StepDefinition;
  network: ParameterGroup;
  /** The second network, on I-frames; undefined without one. */
  stills: ParameterGroup | undefined;
  /** The penalty; undefined without a game. */
  regulariser: Regulariser | undefined;
  estimator: ParameterGroup | undefined;
  decoder: ParameterGroup | undefined;
  masks: readonly Mask[];
}

/** Builds the groups with fresh weights; `random` draws the network's. */
export function expressionStep(
  options: TrainerOptions,
  clip: readonly [number, number, number, number],
  random: Random,
): ExpressionStep {
  const { network, classes, batch, hyper, game, seed, stills } = options;
  const masks: Mask[] = [];
  const layersOf = (parameters: Parameters, dropout: number) =>
    new TrainingLayers(parameters, (shape) => {
      if (dropout === 0) return undefined;
      const name = `dropout${masks.length}`;
      masks.push({ name, shape, keep: 1 - dropout });
      return input(name, shape);
    });
  const forward = (parameters: Parameters) => {
    masks.length = 0;
    return buildExpression(layersOf(parameters, network.dropout), input('input', [batch, ...clip]), network, classes);
  };
  const forwardStills = (parameters: Parameters, config: StillsConfig) =>
    stillLogits(layersOf(parameters, config.network.dropout), config, batch, classes);
  const averaged = hyper.ema !== undefined;
  const group = new ParameterGroup('network', recordParameters(forward), random, averaged);
  const second =
    stills &&
    new ParameterGroup(
      'stills',
      recordParameters((p) => forwardStills(p, stills)),
      new Random((seed ^ seedOf.stills) >>> 0),
      averaged,
    );

  const identity = game?.identitySize ?? 1;
  const shape = { batch, embedding: network.embedding, identity };
  const regulariser =
    game?.regulariser && game.regulariser.kind !== 'none' ? createRegulariser(game.regulariser) : undefined;
  const estimator = regulariser && estimatorGroup(regulariser, shape, (seed ^ seedOf.estimator) >>> 0);
  const apex = game?.apex;
  const pair = () => [input('ze', [batch, network.embedding]), input('identity', [batch, identity])] as const;
  const decoder =
    apex &&
    new ParameterGroup(
      'decoder',
      recordParameters((p) => drawApex(plainLayers(p), ...pair(), apex)),
      new Random((seed ^ seedOf.decoder) >>> 0),
    );

  const definition: StepDefinition = {
    groups: [group, second, estimator, decoder].filter((one) => one !== undefined),
    weightDecay: Object.fromEntries([group, second, decoder].map((one) => [one?.name, hyper.weightDecay])),
    build(parameters) {
      const first = forward(parameters.network!);
      const { embedding } = first;
      const labels = input('labels', [batch], 'int32');
      const weights = input('weights', [batch]);
      const smoothing = hyper.labelSmoothing;
      const { logits, loss: own } = stills
        ? jointLoss(first.logits, forwardStills(parameters.stills!, stills), labels, {
            ...{ weights, smoothing, alone: stills.alone },
          })
        : { logits: first.logits, loss: crossEntropy(first.logits, labels, { smoothing, weights }) };
      const outputs: Record<string, Tensor> = { logits };
      const all = (loss: Tensor) => ({
        network: loss,
        ...(second && { stills: loss }),
        ...(decoder && { decoder: loss }),
      });
      if (!regulariser?.penalty && !apex) return { losses: all(own), outputs };

      // One tensor has one name among a graph's inputs and outputs: what is handed out is a copy.
      outputs.own = stopGradient(own);
      const zi = input('identity', [batch, identity]);
      let loss = own;
      if (regulariser?.penalty) {
        const layers = plainLayers(parameters.estimator ?? nothing);
        const { bound, gain } = regulariser.penalty(
          layers,
          embedding,
          zi,
          game!.regulariser!.given === 'expression' ? averageOfLabel(labels, classes) : averageOfAll(batch),
        );
        loss = add(loss, mul(input('lambda', []), relu(bound)));
        outputs.bound = stopGradient(bound);
        if (gain) outputs.gain = stopGradient(gain);
        if (estimator) outputs.embedding = stopGradient(embedding);
      }
      if (apex) {
        const drawn = drawApex(plainLayers(parameters.decoder!), embedding, zi, apex);
        const apart = apexLoss(drawn, input('apex', [batch, apexSize ** 2]), input('apexWeights', [batch]));
        loss = add(loss, scale(apart, apex.mu));
        outputs.apexLoss = stopGradient(apart);
      }
      return { losses: all(loss), outputs };
    },
  };
  // Building once fills `masks`; the step builds the graph again.
  return { definition, network: group, stills: second, regulariser, estimator, decoder, masks };
}

/** The parameters of a penalty that has none. */
const nothing: Parameters = {
  weight: (name) => {
    throw new RangeError(`this penalty has no weight ${name}`);
  },
  statistic: (name) => {
    throw new RangeError(`this penalty has no statistic ${name}`);
  },
  update: () => undefined,
};
