/** Clips as a mirror shows them. */
import { planeRange, type Signal, signalPlanes } from './signal.js';

/** The mirror image of clips [n, T, C, S, S] as `ClipTensor` makes them: left for right, x motion with its sign changed. */
export function mirrorClips(clips: Float32Array, signal: Signal): Float32Array {
  const { size, kind } = signal;
  const [from, to] = planeRange(signal);
  const planes = signalPlanes(signal);
  // Place of x motion among the planes of a sample, if it has one: of pictures the same place is green.
  const motionX = kind === 'decoded' || to < 2 ? -1 : 1 - from;
  const mirrored = new Float32Array(clips.length);
  for (let row = 0; row < clips.length / size; row++) {
    const sign = Math.floor(row / size) % planes === motionX ? -1 : 1;
    const begin = row * size;
    for (let x = 0; x < size; x++) mirrored[begin + x] = sign * clips[begin + size - 1 - x]!;
  }
  return mirrored;
}
