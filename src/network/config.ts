/** The shape of an expression network: everything needed, with a `Signal` and the labels, to build its graph. */
import { z } from 'zod';

export const networkConfigSchema = z.strictObject({
  /** Channels of the stem and of each stage; every stage after the first halves the height and the width. */
  channels: z.array(z.int().min(1).max(1024)).min(1).max(5),
  /** Residual blocks of two 3x3 convolutions in each stage; as many entries as `channels`. */
  blocks: z.array(z.int().min(1).max(8)).min(1).max(5),
  /**
   * How much smaller than the input the first stage is: 1, 2 (the first convolution strides) or 4 (so does the first
   * stage). Each step up makes the network about three times as fast.
   */
  stemStride: z.literal([1, 2, 4]),
  /**
   * How the features of T frames become one vector.
   * - `mean`: their average; blind to order
   * - `conv`: two temporal convolutions of width 3 with batch norm, then the average
   * - `gru`: the last state of a gated recurrent unit
   * - `attention`: a weighted average, the weights by a learned score of each frame
   */
  temporal: z.enum(['mean', 'conv', 'gru', 'attention']),
  /** Size of z_e, the expression embedding. */
  embedding: z.int().min(1).max(1024),
  /** Share of z_e's input that is dropped in training. */
  dropout: z.number().min(0).max(0.9),
});

export type NetworkConfig = z.infer<typeof networkConfigSchema>;

/** The narrow ResNet of the first models. */
export const defaultNetworkConfig: NetworkConfig = {
  channels: [16, 32, 64, 128],
  blocks: [1, 1, 1, 1],
  stemStride: 2,
  temporal: 'conv',
  embedding: 128,
  dropout: 0.2,
};
