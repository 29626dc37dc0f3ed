/** The layers that networks are made of, in three modes: training, inference with running statistics, folded for export. */
import {
  add,
  batchNormInference,
  batchNormTraining,
  type ConvOptions,
  constant,
  conv2d,
  dropout,
  foldBatchNorm,
  gemm,
  scale,
  type Tensor,
} from '../graph/index.js';
import { constantParameters, type Initial, type Parameters } from './parameters.js';
import type { WeightSet } from './weights.js';

/** Weight of the old value in a running statistic. */
const momentum = 0.9;

export interface ConvNormOptions extends ConvOptions {
  channels: number;
  kernel: readonly [number, number];
  /** Start of gamma: 1, or 0 for the last norm of a residual block, which then starts as the identity. */
  gamma?: number;
}

export interface Layers {
  /** x [n, c, h, w]: convolution without bias, then batch norm. Parameters `<name>.weight`, `.gamma`, `.beta`, `.mean`, `.variance`. */
  convNorm(name: string, x: Tensor, options: ConvNormOptions): Tensor;
  /** x [n, in] to [n, units]: `<name>.weight` [in, units], `<name>.bias`. */
  dense(name: string, x: Tensor, units: number, gain?: 'he' | 'lecun'): Tensor;
  /** Drops a share of x in training; the identity otherwise. */
  dropout(x: Tensor): Tensor;
  weight(name: string, shape: readonly number[], initial: Initial, decay?: boolean): Tensor;
}

abstract class CommonLayers implements Layers {
  protected readonly parameters: Parameters;

  constructor(parameters: Parameters) {
    this.parameters = parameters;
  }

  abstract convNorm(name: string, x: Tensor, options: ConvNormOptions): Tensor;

  dense(name: string, x: Tensor, units: number, gain: 'he' | 'lecun' = 'lecun'): Tensor {
    const inputs = x.shape[1]!;
    const w = this.weight(`${name}.weight`, [inputs, units], { kind: gain, fanIn: inputs });
    return gemm(x, w, this.weight(`${name}.bias`, [units], { kind: 'constant', value: 0 }, false));
  }

  dropout(x: Tensor): Tensor {
    return x;
  }

  weight(name: string, shape: readonly number[], initial: Initial, decay = true): Tensor {
    return this.parameters.weight(name, shape, initial, decay);
  }

  protected convolution(name: string, x: Tensor, { channels, kernel, ...options }: ConvNormOptions): Tensor {
    const c = x.shape[1]!;
    const fanIn = c * kernel[0] * kernel[1];
    const w = this.weight(`${name}.weight`, [channels, c, ...kernel], { kind: 'he', fanIn });
    return conv2d(x, w, undefined, options);
  }

  protected norm(name: string, { channels, gamma }: ConvNormOptions) {
    const start = (value: number): Initial => ({ kind: 'constant', value });
    return {
      gamma: this.weight(`${name}.gamma`, [channels], start(gamma ?? 1), false),
      beta: this.weight(`${name}.beta`, [channels], start(0), false),
      mean: this.parameters.statistic(`${name}.mean`, [channels], 0),
      variance: this.parameters.statistic(`${name}.variance`, [channels], 1),
    };
  }
}

/** Batch norm with the batch's statistics, which update the running ones; dropout by a mask that `mask` gives for a shape. */
export class TrainingLayers extends CommonLayers {
  private readonly mask: (shape: readonly number[]) => Tensor | undefined;

  constructor(parameters: Parameters, mask: (shape: readonly number[]) => Tensor | undefined) {
    super(parameters);
    this.mask = mask;
  }

  convNorm(name: string, x: Tensor, options: ConvNormOptions): Tensor {
    const convolved = this.convolution(name, x, options);
    const norm = this.norm(name, options);
    const { y, mean, variance } = batchNormTraining(convolved, norm.gamma, norm.beta);
    const [n, , h, w] = convolved.shape as [number, number, number, number];
    const count = n * h * w;
    // The running variance is the unbiased one.
    const unbiased = count > 1 ? scale(variance, count / (count - 1)) : variance;
    this.parameters.update(`${name}.mean`, add(scale(norm.mean, momentum), scale(mean, 1 - momentum)));
    this.parameters.update(`${name}.variance`, add(scale(norm.variance, momentum), scale(unbiased, 1 - momentum)));
    return y;
  }

  override dropout(x: Tensor): Tensor {
    const mask = this.mask(x.shape);
    return mask ? dropout(x, mask) : x;
  }
}

/** Batch norm with running statistics. */
export class InferenceLayers extends CommonLayers {
  convNorm(name: string, x: Tensor, options: ConvNormOptions): Tensor {
    const { gamma, beta, mean, variance } = this.norm(name, options);
    return batchNormInference(this.convolution(name, x, options), gamma, beta, mean, variance);
  }
}

/** Batch norm folded into the convolutions: what is exported. */
export class FoldedLayers extends CommonLayers {
  private readonly weights: WeightSet;

  constructor(weights: WeightSet) {
    super(constantParameters(weights));
    this.weights = weights;
  }

  convNorm(name: string, x: Tensor, options: ConvNormOptions): Tensor {
    // Asking for the parameters checks that they are there, in their shapes.
    this.convolution(name, x, options);
    this.norm(name, options);
    const data = (part: string) => this.weights.get(`${name}.${part}`)!.data;
    const { w, bias } = foldBatchNorm(data('weight'), {
      gamma: data('gamma'),
      beta: data('beta'),
      mean: data('mean'),
      variance: data('variance'),
    });
    const kernels = constant(w, [options.channels, x.shape[1]!, ...options.kernel]);
    return conv2d(x, kernels, constant(bias), options);
  }
}
