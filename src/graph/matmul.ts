/** Matrix products and fully connected layers. */
import { ModelError } from '../errors.js';
import { broadcastShape, reduceSum, unbroadcast } from './broadcast.js';
import { transpose } from './shape.js';
import { apply, expectFloat, type Tensor } from './tensor.js';

/** Swaps the last two axes. */
function swap(x: Tensor): Tensor {
  const rank = x.shape.length;
  return transpose(
    x,
    x.shape.map((_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i)),
  );
}

/** a [..., m, k] times b [..., k, n] = [..., m, n]; leading axes broadcast. Both of rank 2 or more. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  expectFloat('MatMul', a, b);
  const [m, ka] = a.shape.slice(-2);
  const [kb, n] = b.shape.slice(-2);
  if (a.shape.length < 2 || b.shape.length < 2 || ka !== kb) {
    throw new ModelError(`MatMul: [${a.shape}] by [${b.shape}]`);
  }
  const shape = [...broadcastShape('MatMul', a.shape.slice(0, -2), b.shape.slice(0, -2)), m!, n!];
  return apply('MatMul', [a, b], {}, shape, (dy) => [
    unbroadcast(matmul(dy, swap(b)), a.shape),
    unbroadcast(matmul(swap(a), dy), b.shape),
  ]);
}

/** A fully connected layer: x [n, in] times w [in, out] plus bias [out]. */
export function gemm(x: Tensor, w: Tensor, bias: Tensor): Tensor {
  expectFloat('Gemm', x, w, bias);
  const [n, inputs] = x.shape;
  const [rows, outputs] = w.shape;
  if (x.shape.length !== 2 || w.shape.length !== 2 || inputs !== rows || bias.shape.join() !== `${outputs}`) {
    throw new ModelError(`Gemm: [${x.shape}] by [${w.shape}] plus [${bias.shape}]`);
  }
  return apply('Gemm', [x, w, bias], {}, [n!, outputs!], (dy) => [
    matmul(dy, swap(w)),
    matmul(swap(x), dy),
    reduceSum(dy, [0]),
  ]);
}
