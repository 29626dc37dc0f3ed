/** The training engine's graph: tensors, operators with gradients, compilation to ONNX. */
export { expand, reduceSum, reshape } from './broadcast.js';
export { type CompileOptions, compile, operatorsBehind } from './compile.js';
export { type ConvOptions, conv1d, conv2d } from './conv.js';
export {
  abs,
  add,
  clip,
  div,
  dropout,
  equal,
  exp,
  greater,
  less,
  log,
  minimum,
  mul,
  neg,
  relu,
  scale,
  sigmoid,
  softplus,
  sqrt,
  square,
  sub,
  tanh,
  toFloat,
  where,
} from './elementwise.js';
export { gradients } from './gradient.js';
export { crossEntropy, gaussianNegativeLogLikelihood, l1Loss, logSoftmax, oneHot, softmax } from './loss.js';
export { gemm, matmul } from './matmul.js';
export { batchNormEpsilon, batchNormInference, batchNormTraining, foldBatchNorm } from './norm.js';
export { irVersion, opset, replaceOnnxMetadata } from './onnx.js';
export { readOnnxMetadata } from './onnx-read.js';
export { averagePool, globalAveragePool, maxPool, type PoolOptions } from './pool.js';
export { type GruWeights, gru } from './recurrent.js';
export { reduceMax, reduceMean } from './reduce.js';
export { concat, pad, padAll, type Range, slice, split, squeeze, transpose } from './shape.js';
export {
  type Attribute,
  constant,
  constantInt32,
  constantInt64,
  type DataType,
  input,
  type Operator,
  type Source,
  sizeOf,
  stopGradient,
  type Tensor,
  type Values,
} from './tensor.js';
