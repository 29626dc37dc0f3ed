/** Every operator: float32 through onnxruntime against float64, gradients against central differences. */
import { describe, expect, it } from 'vitest';
import { checkOperator, type Operand, relativeError, runOnnx } from '../../test/graph/check.js';
import { ModelError } from '../errors.js';
import { convolutionBlock } from '../training/blocking.js';
import { Random } from '../training/random.js';
import * as g from './index.js';

const normal = (...shape: number[]): Operand => ({ shape });
const positive = (...shape: number[]): Operand => ({ shape, value: (v) => 0.5 + Math.abs(v) });
const labels = (n: number, classes: number): Operand => ({
  shape: [n],
  type: 'int32',
  value: (_, i) => (i * 5) % classes,
});
const mask = (...shape: number[]): Operand => ({ shape, value: (v) => (v > 0 ? 1.25 : 0) });

describe('elementwise', () => {
  const two = { add: g.add, sub: g.sub, mul: g.mul, minimum: g.minimum };
  for (const [name, operator] of Object.entries(two)) {
    it(`${name}, with broadcasting`, async () => {
      await checkOperator([normal(2, 3, 4), normal(2, 3, 4)], operator);
      await checkOperator([normal(2, 3, 4), normal(3, 1)], operator);
      await checkOperator([normal(4), normal(2, 3, 1)], operator);
      await checkOperator([normal(), normal(2, 2)], operator);
    });
  }
  it('div, with broadcasting', async () => {
    await checkOperator([normal(2, 3), positive(2, 3)], g.div);
    await checkOperator([normal(3), positive(2, 1)], g.div);
  });
  const one = {
    neg: g.neg,
    exp: g.exp,
    tanh: g.tanh,
    sigmoid: g.sigmoid,
    softplus: g.softplus,
    relu: g.relu,
    abs: g.abs,
    square: g.square,
  };
  for (const [name, operator] of Object.entries(one)) it(name, () => checkOperator([normal(3, 5)], operator));
  it('log', () => checkOperator([positive(3, 5)], g.log));
  it('sqrt', () => checkOperator([positive(3, 5)], g.sqrt));
  it('scale', () => checkOperator([normal(3, 5)], (x) => g.scale(x, -2.5)));
  it('clip', () => checkOperator([normal(5, 5)], (x) => g.clip(x, -0.5, 0.75)));
  it('where, with broadcasting', async () => {
    await checkOperator([normal(2, 3), normal(2, 3), normal(2, 3)], (c, a, b) =>
      g.where(g.greater(c, g.constant(0)), a, b),
    );
    await checkOperator([normal(2, 3), normal(3), normal(2, 1)], (c, a, b) => g.where(g.less(c, g.constant(0)), a, b));
  });
  it('dropout', () => checkOperator([normal(4, 6), mask(4, 6)], g.dropout));
  it('stopGradient lets nothing through', () => {
    const x = g.input('x', []);
    const [dx] = g.gradients(g.mul(x, g.stopGradient(x)), [x]);
    expect(dx!.source.kind === 'operator' && dx!.source.operator.type).toBe('Mul');
    return checkOperator([normal(3)], (y) => g.add(y, g.stopGradient(g.constant([1, 2, 3]))));
  });
});

describe('reduce', () => {
  for (const [name, operator] of Object.entries({ sum: g.reduceSum, mean: g.reduceMean, max: g.reduceMax })) {
    it(name, async () => {
      await checkOperator([normal(2, 3, 4)], (x) => operator(x));
      await checkOperator([normal(2, 3, 4)], (x) => operator(x, [1]));
      await checkOperator([normal(2, 3, 4)], (x) => operator(x, [-1, 0], true));
    });
  }
  it('tied maxima share the gradient', async () => {
    const x = g.constant([1, 3, 3, 2]);
    const [dx] = g.gradients(g.reduceMax(x), [x]);
    const { evaluate } = await import('../../test/graph/reference.js');
    expect([...evaluate([dx!], {})[0]!]).toEqual([0, 0.5, 0.5, 0]);
  });
});

describe('shape', () => {
  it('reshape', () => checkOperator([normal(2, 3, 4)], (x) => g.reshape(x, [4, 6])));
  it('squeeze', () => checkOperator([normal(2, 1, 3)], (x) => g.squeeze(x, [1])));
  it('transpose', () => checkOperator([normal(2, 3, 4)], (x) => g.transpose(x, [2, 0, 1])));
  it('expand', () => checkOperator([normal(3, 1)], (x) => g.expand(x, [2, 3, 4])));
  it('concat', () => checkOperator([normal(2, 3), normal(2, 1), normal(2, 2)], (...xs) => g.concat(xs, 1)));
  it('split', () => checkOperator([normal(2, 6)], (x) => g.split(x, 1, [1, 3, 2])));
  it('split, one part unused', () => checkOperator([normal(2, 6)], (x) => g.split(x, 1, [1, 3, 2])[1]!));
  it('pad', () => checkOperator([normal(2, 3)], (x) => g.pad(x, 1, 2, 1)));
  it('slice', async () => {
    await checkOperator([normal(4, 6)], (x) => g.slice(x, [{ axis: 1, start: 1, count: 3 }]));
    await checkOperator([normal(4, 7)], (x) => g.slice(x, [{ axis: 1, start: 1, count: 3, step: 2 }]));
    await checkOperator([normal(4, 6)], (x) =>
      g.slice(x, [
        { axis: 0, start: 3, count: 4, step: -1 },
        { axis: 1, start: 5, count: 2, step: -3 },
      ]),
    );
  });
});

describe('matmul', () => {
  it('matrices', () => checkOperator([normal(3, 4), normal(4, 5)], g.matmul));
  it('batches, broadcast', async () => {
    await checkOperator([normal(2, 3, 4), normal(2, 4, 5)], g.matmul);
    await checkOperator([normal(2, 3, 4), normal(4, 2)], g.matmul);
  });
  it('gemm', () => checkOperator([normal(3, 4), normal(4, 2), normal(2)], g.gemm));
});

describe('convolution', () => {
  const cases: [string, number[], number[], g.ConvOptions][] = [
    ['3x3, padded', [2, 3, 5, 6], [4, 3, 3, 3], { padding: [1, 1] }],
    ['3x3, no padding', [2, 3, 5, 6], [4, 3, 3, 3], {}],
    ['3x3, stride 2, even side', [2, 3, 6, 8], [4, 3, 3, 3], { stride: [2, 2], padding: [1, 1] }],
    ['3x3, stride 2, odd side', [2, 3, 7, 5], [4, 3, 3, 3], { stride: [2, 2], padding: [1, 1] }],
    ['1x1', [2, 3, 4, 4], [5, 3, 1, 1], {}],
    ['1x1, stride 2', [2, 3, 6, 5], [5, 3, 1, 1], { stride: [2, 2] }],
    ['7x7, stride 2', [2, 2, 9, 10], [3, 2, 7, 7], { stride: [2, 2], padding: [3, 3] }],
    ['1x3, stride 1x2', [2, 3, 2, 9], [4, 3, 1, 3], { stride: [1, 2], padding: [0, 1] }],
    ['2x2, padding wider than the kernel', [2, 3, 3, 3], [2, 3, 2, 2], { padding: [2, 2] }],
    ['one channel to many', [3, 1, 8, 8], [6, 1, 3, 3], { padding: [1, 1] }],
    ['16 channels at 8x8', [2, 16, 8, 8], [16, 16, 3, 3], { padding: [1, 1] }],
    ['32 channels at 4x4', [2, 32, 4, 4], [8, 32, 3, 3], { padding: [1, 1] }],
  ];
  for (const [name, x, w, options] of cases) {
    it(name, () =>
      checkOperator([normal(...x), normal(...w)], (a, b) => g.conv2d(a, b, undefined, options), { samples: 12 }),
    );
  }
  it('by blocked kernels: the same values and gradients', async () => {
    const block = await convolutionBlock();
    if (block === undefined) return console.warn('no blocked kernels on this processor: not tested');
    const random = new Random(5);
    const feeds = Object.fromEntries(
      Object.entries({ x: [3, 32, 7, 6], w: [16, 32, 3, 3] }).map(([name, shape]) => {
        const data = Float32Array.from({ length: g.sizeOf(shape) }, () => random.normal());
        return [name, { type: 'float32' as const, shape, data }];
      }),
    );
    for (const stride of [1, 2] as const) {
      const [x, w] = [g.input('x', [3, 32, 7, 6]), g.input('w', [16, 32, 3, 3])];
      const y = g.conv2d(x, w, undefined, { padding: [1, 1], stride: [stride, stride] });
      const [dx, dw] = g.gradients(g.reduceSum(g.square(y)), [x, w]) as [g.Tensor, g.Tensor];
      const outputs = { y, dx, dw };
      const [plain, blocked] = [await runOnnx(outputs, feeds), await runOnnx(outputs, feeds, { block })];
      for (const name of Object.keys(outputs)) expect(relativeError(blocked[name]!, plain[name]!)).toBeLessThan(1e-5);
    }
  });
  it('with bias', () =>
    checkOperator([normal(2, 3, 4, 4), normal(5, 3, 3, 3), normal(5)], (x, w, b) =>
      g.conv2d(x, w, b, { padding: [1, 1] }),
    ));
  it('conv1d', async () => {
    await checkOperator([normal(2, 3, 8), normal(4, 3, 3), normal(4)], (x, w, b) => g.conv1d(x, w, b, { padding: 1 }));
    await checkOperator([normal(2, 3, 8), normal(4, 3, 3)], (x, w) => g.conv1d(x, w, undefined, { stride: 2 }));
  });
});

describe('pooling', () => {
  it('max, 2x2', () => checkOperator([normal(2, 3, 4, 6)], (x) => g.maxPool(x, { kernel: [2, 2] })));
  it('max, 3x3 stride 2 padded: all negative, so that padding would win if it counted', () =>
    checkOperator([{ shape: [2, 2, 7, 6], value: (v) => -Math.abs(v) }], (x) =>
      g.maxPool(x, { kernel: [3, 3], stride: [2, 2], padding: [1, 1] }),
    ));
  it('max, ties', async () => {
    // All equal: the first of each window takes all.
    const x = g.constant(new Float32Array(16).fill(0), [1, 1, 4, 4]);
    const y = g.maxPool(x, { kernel: [2, 2] });
    const [dx] = g.gradients(g.reduceSum(y), [x]);
    const { evaluate } = await import('../../test/graph/reference.js');
    expect([...evaluate([dx!], {})[0]!]).toEqual([1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
  });
  it('average', async () => {
    await checkOperator([normal(2, 3, 4, 6)], (x) => g.averagePool(x, { kernel: [2, 2] }));
    await checkOperator([normal(2, 2, 7, 6)], (x) =>
      g.averagePool(x, { kernel: [3, 3], stride: [2, 2], padding: [1, 1] }),
    );
  });
  it('global average', () => checkOperator([normal(2, 3, 4, 5)], g.globalAveragePool));
});

describe('batch norm', () => {
  it('with its own statistics', async () => {
    await checkOperator([normal(3, 4, 3, 5), normal(4), normal(4)], (x, a, b) => g.batchNormTraining(x, a, b).y);
    await checkOperator(
      [{ shape: [3, 2, 3, 5], value: (v) => 5 + 0.3 * v }, normal(2), normal(2)],
      (x, a, b) => g.batchNormTraining(x, a, b).y,
      { tolerance: 3e-4 },
    );
  });
  it('with given statistics', () => {
    const running = [g.constant([0.1, -0.2, 0.3]), g.constant([0.5, 1.5, 2.5])] as const;
    return checkOperator([normal(2, 3, 4, 4), normal(3), normal(3)], (x, a, b) =>
      g.batchNormInference(x, a, b, ...running),
    );
  });
  it('folds into the convolution before it', async () => {
    const { evaluate } = await import('../../test/graph/reference.js');
    const random = new Random(3);
    const draw = (n: number, f = (v: number) => v) => Float32Array.from({ length: n }, () => f(random.normal()));
    const x = g.constant(draw(2 * 3 * 25), [2, 3, 5, 5]);
    const w = draw(4 * 27);
    const norm = { gamma: draw(4), beta: draw(4), mean: draw(4), variance: draw(4, (v) => 0.1 + v * v) };
    const plain = g.batchNormInference(
      g.conv2d(x, g.constant(w, [4, 3, 3, 3])),
      g.constant(norm.gamma),
      g.constant(norm.beta),
      g.constant(norm.mean),
      g.constant(norm.variance),
    );
    const folded = g.foldBatchNorm(w, norm);
    const fused = g.conv2d(x, g.constant(folded.w, [4, 3, 3, 3]), g.constant(folded.bias));
    const [a, b] = evaluate([plain, fused], {}) as [Float64Array, Float64Array];
    expect(relativeError(b, a)).toBeLessThan(1e-6);
  });
});

describe('recurrent', () => {
  it('gru', () =>
    checkOperator(
      [normal(2, 4, 3), normal(3, 6), normal(2, 6), normal(6), normal(6)],
      (x, input, hidden, a, b) => g.gru(x, { input, hidden, inputBias: a, hiddenBias: b }).at(-1)!,
    ));
});

describe('losses', () => {
  it('softmax', () => checkOperator([normal(3, 5)], g.softmax));
  it('log softmax', () => checkOperator([normal(3, 5)], g.logSoftmax));
  it('log softmax of large logits stays finite', async () => {
    await checkOperator([{ shape: [2, 3], value: (v) => 300 * v }], g.logSoftmax);
  });
  it('cross-entropy', () => checkOperator([normal(4, 7), labels(4, 7)], (x, t) => g.crossEntropy(x, t)));
  it('cross-entropy with smoothing and weights', () =>
    checkOperator([normal(4, 7), labels(4, 7), positive(4)], (x, t, weights) =>
      g.crossEntropy(x, t, { smoothing: 0.1, weights }),
    ));
  it('cross-entropy of even logits is log n', async () => {
    const { evaluate } = await import('../../test/graph/reference.js');
    const loss = g.crossEntropy(g.constant(new Float32Array(14), [2, 7]), g.constantInt32([0, 6]), { smoothing: 0.2 });
    expect(evaluate([loss], {})[0]![0]).toBeCloseTo(Math.log(7), 6);
  });
  it('l1', () => checkOperator([normal(3, 4), normal(3, 4)], g.l1Loss));
  it('Gaussian negative log-likelihood', async () => {
    await checkOperator([normal(3, 4), normal(3, 4), normal(3, 4)], g.gaussianNegativeLogLikelihood);
    const { evaluate } = await import('../../test/graph/reference.js');
    const [x, mean, logVariance] = [
      [1, 2],
      [0, 0],
      [0, Math.log(4)],
    ].map((v) => g.constant(v, [1, 2])) as g.Tensor[];
    const nll = evaluate([g.gaussianNegativeLogLikelihood(x!, mean!, logVariance!)], {})[0]![0];
    expect(nll).toBeCloseTo(0.5 * (1 + 1 + Math.log(4)) + Math.log(2 * Math.PI), 6);
  });
});

describe('graph', () => {
  it('a tensor used twice gets both gradients; one not used gets zeros', () =>
    checkOperator([normal(2, 3), normal(2)], (x) => g.add(g.mul(x, x), g.tanh(x))));
  it('gradients of gradients, where operators allow them', () =>
    checkOperator([normal(5)], (x) => g.gradients(g.reduceSum(g.mul(g.tanh(x), g.exp(x))), [x])[0]!));
  it('refuses shapes that do not fit, by a ModelError that names the operator', () => {
    const x = (...shape: number[]) => g.input(`x${shape}`, shape);
    expect(() => g.add(x(2, 3), x(4))).toThrow(/Add.*\[2,3\].*\[4\]/);
    expect(() => g.matmul(x(2, 3), x(2, 3))).toThrow(ModelError);
    expect(() => g.conv2d(x(1, 2, 4, 4), x(3, 5, 3, 3))).toThrow(ModelError);
    expect(() => g.gradients(x(2), [])).toThrow(/scalar/);
    expect(() => g.where(x(2), x(2), x(2))).toThrow(/bool/);
    expect(() => g.compile({ y: g.add(g.input('a', [1]), g.input('a', [2])) })).toThrow(/twice/);
    expect(() => g.input('a', [0])).toThrow(ModelError);
  });
});
