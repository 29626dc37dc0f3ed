/**
 * The expression network: a narrow residual network (He et al. 2016) shared over the T frames of a clip, an aggregation
 * over time, the embedding z_e, and a linear classifier on it.
 */
import {
  add,
  concat,
  globalAveragePool,
  gru,
  mul,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  softmax,
  type Tensor,
  tanh,
  transpose,
} from '../graph/index.js';
import type { NetworkConfig } from './config.js';
import type { Layers } from './layers.js';

export interface ExpressionOutputs {
  /** z_e, [n, embedding]. */
  embedding: Tensor;
  /** [n, classes] */
  logits: Tensor;
}

/** Builds the network over `x` [n, T, C, S, S]. */
export function buildExpression(layers: Layers, x: Tensor, config: NetworkConfig, classes: number): ExpressionOutputs {
  const [n, t, c, height, width] = x.shape as [number, number, number, number, number];
  const frames = reshape(x, [n * t, c, height, width]);
  const features = buildFrameFeatures(layers, frames, config);
  const clip = buildTemporal(layers, features, [n, t], config);
  const embedding = layers.dense('embedding', layers.dropout(clip), config.embedding);
  const logits = layers.dense('classifier', relu(embedding), classes);
  return { embedding, logits };
}

/** Frames [m, c, s, s] to one feature vector each, [m, last channels]. */
export function buildFrameFeatures(layers: Layers, x: Tensor, { channels, blocks, stemStride }: NetworkConfig): Tensor {
  const step = stemStride === 1 ? 1 : 2;
  const stem = { channels: channels[0]!, kernel: [3, 3], padding: [1, 1], stride: [step, step] } as const;
  let y = relu(layers.convNorm('stem', x, stem));
  channels.forEach((width, stage) => {
    for (let block = 0; block < (blocks[stage] ?? 1); block++) {
      y = residualBlock(
        layers,
        `stage${stage + 1}.block${block + 1}`,
        y,
        width,
        block === 0 && (stage > 0 || stemStride === 4) ? 2 : 1,
      );
    }
  });
  return reshape(globalAveragePool(y), [y.shape[0]!, y.shape[1]!]);
}

function residualBlock(layers: Layers, name: string, x: Tensor, channels: number, stride: 1 | 2): Tensor {
  const square = { channels, kernel: [3, 3], padding: [1, 1] } as const;
  const first = relu(layers.convNorm(`${name}.conv1`, x, { ...square, stride: [stride, stride] }));
  const second = layers.convNorm(`${name}.conv2`, first, { ...square, gamma: 0 });
  const same = stride === 1 && x.shape[1] === channels;
  const shortcut = same
    ? x
    : layers.convNorm(`${name}.shortcut`, x, { channels, kernel: [1, 1], stride: [stride, stride] });
  return relu(add(second, shortcut));
}

/** Features [n t, f] of t frames to one vector per clip. */
function buildTemporal(layers: Layers, x: Tensor, [n, t]: readonly [number, number], config: NetworkConfig): Tensor {
  const f = x.shape[1]!;
  const sequence = reshape(x, [n, t, f]);
  switch (config.temporal) {
    case 'mean':
      return reduceMean(sequence, [1]);
    case 'conv': {
      const wide = { channels: f, kernel: [1, 3], padding: [0, 1] } as const;
      let y = reshape(transpose(sequence, [0, 2, 1]), [n, f, 1, t]);
      y = relu(layers.convNorm('temporal.conv1', y, wide));
      y = relu(add(y, layers.convNorm('temporal.conv2', y, { ...wide, gamma: 0 })));
      return reshape(globalAveragePool(y), [n, f]);
    }
    case 'gru': {
      const small = { kind: 'lecun', fanIn: f } as const;
      const zero = { kind: 'constant', value: 0 } as const;
      const states = gru(sequence, {
        input: layers.weight('temporal.input', [f, 3 * f], small),
        hidden: layers.weight('temporal.hidden', [f, 3 * f], small),
        inputBias: layers.weight('temporal.inputBias', [3 * f], zero, false),
        hiddenBias: layers.weight('temporal.hiddenBias', [3 * f], zero, false),
      });
      return states.at(-1)!;
    }
    case 'attention': {
      const scores = layers.dense('temporal.score', tanh(layers.dense('temporal.key', x, Math.max(8, f >> 2))), 1);
      const shares = reshape(softmax(reshape(scores, [n, t])), [n, t, 1]);
      // The mean beside it keeps a gradient for every frame while the scores are still untrained.
      return concat([reduceSum(mul(sequence, shares), [1]), reduceMean(sequence, [1])], 1);
    }
  }
}
