/**
 * Rewrites convolutions for onnxruntime's blocked kernels. Those hold channels in blocks of 8 or 16 (NCHWc) and convolve
 * directly, where the plain kernel copies each patch into a matrix first: a third faster with narrow channels, including
 * the reordering to and fro. onnxruntime chooses them by itself only where weights are constants, which in training they
 * are not; so the nodes are written here, with the kernels reordered by plain operators. The block size belongs to the
 * processor: `training/blocking.ts` finds it by trial.
 */
import { reshape } from './broadcast.js';
import { transpose } from './shape.js';
import { apply, type Operator, type Tensor } from './tensor.js';

/** onnxruntime's internal domain; a type with a colon is `domain:Type`. */
const domain = 'com.microsoft.nchwc';

/** The same convolution by blocked kernels, or `undefined` where they do not apply. */
export function blockedConvolution(operator: Operator, block: number): Tensor | undefined {
  const [x, w, bias] = operator.inputs;
  if (operator.type !== 'Conv' || !x || !w || bias) return undefined;
  const [k, c, kh, kw] = w.shape as [number, number, number, number];
  const [, , height, width] = x.shape as [number, number, number, number];
  const dilated = 'dilations' in operator.attributes;
  if (k % block !== 0 || c % block !== 0 || height === 1 || width === 1 || dilated) return undefined;
  // [k, c, kh, kw] to [k / block, c / block, kh, kw, c in block, k in block], in the shape that the node wants to see.
  const cells = reshape(w, [k / block, block, c / block, block, kh, kw]);
  const kernels = reshape(transpose(cells, [0, 2, 4, 5, 3, 1]), [k, c, kh, kw]);
  const inside = apply(`${domain}:ReorderInput`, [x], { channels_last: { int: 0 } }, x.shape, undefined);
  const { shape } = operator.outputs[0]!;
  const attributes = { ...operator.attributes, dilations: { ints: [1, 1] }, group: { int: 1 } };
  const y = apply(`${domain}:Conv`, [inside, kernels], attributes, shape, undefined);
  return apply(`${domain}:ReorderOutput`, [y], { channels: { int: k }, channels_last: { int: 0 } }, shape, undefined);
}
