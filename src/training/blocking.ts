/** Finds the block size of onnxruntime's blocked convolutions on this processor, by comparing them with the plain one. */
import { compile, conv2d, input, sizeOf } from '../graph/index.js';
import { createSession } from '../network/runtime.js';

let found: Promise<number | undefined> | undefined;

/** 16, 8, or `undefined` where blocked convolutions do not work. Tried once per process. */
export function convolutionBlock(): Promise<number | undefined> {
  found ??= search();
  return found;
}

async function search(): Promise<number | undefined> {
  const plain = await convolve(undefined);
  for (const block of [16, 8]) {
    const blocked = await convolve(block).catch(() => undefined);
    if (blocked?.every((value, i) => Math.abs(value - plain[i]!) < 1e-3)) return block;
  }
  return undefined;
}

/** A convolution of 32 channels with 32 kernels, every value different. */
async function convolve(block: number | undefined): Promise<Float32Array> {
  const shapes = { x: [1, 32, 5, 5], w: [32, 32, 3, 3] };
  const y = conv2d(input('x', shapes.x), input('w', shapes.w), undefined, { padding: [1, 1] });
  const session = await createSession(compile({ y }, block === undefined ? {} : { block }), {
    threads: 1,
    optimisation: 'extended',
  });
  const value = (shape: readonly number[]) => ({
    type: 'float32' as const,
    shape,
    data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7919) % 1009) / 1009 - 0.5),
  });
  try {
    const { y: result } = await session.run({ x: value(shapes.x), w: value(shapes.w) }, { y: null });
    return result!.data as Float32Array;
  } finally {
    await session.close();
  }
}
