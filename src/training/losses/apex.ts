/**
 * The complementary constraint: expression and identity together must explain the face at its apex. A decoder
 * G([z_e; z_i]) draws it, grey, 48 x 48, and pays the mean absolute difference; the encoder descends the same loss.
 *
 * Liu et al. 2021 name the constraint; the decoder's shape is ours: a perceptron, since a frontal face box needs no
 * translation invariance. Clips without an annotated apex take no part.
 */

import { z } from 'zod';
import {
  abs,
  add,
  concat,
  constant,
  div,
  mul,
  reduceMean,
  reduceSum,
  relu,
  sub,
  type Tensor,
} from '../../graph/index.js';
import type { Layers } from '../../network/layers.js';

export const apexSchema = z.strictObject({
  /** Weight of the reconstruction beside the cross-entropy. */
  mu: z.number().min(0).max(1e4),
  /** Hidden units of the decoder. */
  hidden: z.int().min(1).max(4096).default(256),
});

/** See the comments of `apexSchema`. */
export type ApexConfig = z.infer<typeof apexSchema>;

/** Side of the apex face in samples. */
export const apexSize = 48;

/** G: z_e [n, e] and z_i [n, d] to grey faces [n, 48 x 48], 0 black, 1 white. */
export function drawApex(layers: Layers, ze: Tensor, zi: Tensor, { hidden }: ApexConfig): Tensor {
  const first = relu(layers.dense('hidden1', concat([ze, zi], 1), hidden, 'he'));
  const second = relu(layers.dense('hidden2', first, hidden, 'he'));
  return layers.dense('face', second, apexSize ** 2);
}

/** Mean over the clips whose weight is 1 of the mean absolute difference; 0 where there is none. `weights` [n]. */
export function apexLoss(drawn: Tensor, faces: Tensor, weights: Tensor): Tensor {
  const each = reduceMean(abs(sub(drawn, faces)), [1]);
  return div(reduceSum(mul(each, weights)), add(reduceSum(weights), constant(1e-6)));
}
