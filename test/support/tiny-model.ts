/** A small network with seeded random weights, exported as a model file: for tests of everything around a model. */
import { input, sizeOf } from '../../src/graph/index.js';
import { clipShape, type ModelCard } from '../../src/network/card.js';
import { buildExpression } from '../../src/network/expression.js';
import { InferenceLayers } from '../../src/network/layers.js';
import { exportModel } from '../../src/network/model.js';
import { recordParameters } from '../../src/network/parameters.js';
import type { WeightArray } from '../../src/network/weights.js';
import { Random } from '../../src/training/random.js';
import { card } from './analysis.js';

/** The bytes of an untrained `.onnx` model that reads this kind of signal. */
export function tinyModel(
  kind: ModelCard['signal']['kind'] = 'summed',
  size = 32,
  frames = 4,
  network = card.network,
): Uint8Array {
  const own: ModelCard = {
    ...card,
    ...{ name: 'untrained', signal: { ...card.signal, kind, size, frames }, network, metrics: [] },
    ...(kind === 'keyframes' && { normalisation: { kind: 'standard' } }),
  };
  const random = new Random(7);
  const specs = recordParameters((parameters) =>
    buildExpression(
      new InferenceLayers(parameters),
      input('input', [2, ...clipShape(own)]),
      own.network,
      own.labels.length,
    ),
  );
  const weights = specs.map(({ name, shape }): [string, WeightArray] => {
    const positive = name.endsWith('.variance') || name.endsWith('.gamma');
    const scale = name.endsWith('.weight') ? 2 / Math.sqrt(sizeOf(shape.slice(1))) : 0.5;
    const data = Float32Array.from({ length: sizeOf(shape) }, () =>
      positive ? 0.5 + random.uniform() : scale * random.normal(),
    );
    return [name, { shape, data }];
  });
  return exportModel(new Map(weights), own);
}
