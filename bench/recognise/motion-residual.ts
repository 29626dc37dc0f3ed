/**
 * What CoViAR (Wu et al., CVPR 2018) reads, as one gets it from a decoder: every picture decoded, vectors traced back to the
 * I-picture, and the difference between a picture and the I-picture's samples that its vectors lead to. In its favour: only
 * inside the face box, vectors come from our parser, and every vector is taken to point to the P- or I-picture before.
 */
import type { CompressedFrame } from '../../src/bitstream/frame.js';
import type { FaceBox } from '../../src/residual/track.js';
import { openVideo } from '../../src/video.js';
import { decode } from './decode.js';
import { sampled, stretches, type Task } from './task.js';

/** Side of the network's planes. */
const size = 64;

/** Follows each sample of the box back to the I-picture. */
class Tracer {
  readonly #x: number;
  readonly #y: number;
  readonly #width: number;
  readonly #height: number;
  #key: Uint8Array;
  #moved: Int16Array;
  #before: Int16Array;

  constructor(box: FaceBox, width: number, height: number) {
    this.#x = Math.max(0, Math.round(box.x));
    this.#y = Math.max(0, Math.round(box.y));
    this.#width = Math.min(width, Math.round(box.x + box.width)) - this.#x;
    this.#height = Math.min(height, Math.round(box.y + box.height)) - this.#y;
    this.#key = new Uint8Array(this.#width * this.#height);
    this.#moved = new Int16Array(2 * this.#width * this.#height);
    this.#before = new Int16Array(this.#moved.length);
  }

  /** An I-picture: tracing begins anew. */
  key(luma: Uint8Array, stride: number): void {
    this.#key = this.#cut(luma, stride);
    this.#moved.fill(0);
  }

  /** A P-picture: residual and motion as planes [3, size, size]. */
  step(luma: Uint8Array, stride: number, { motion }: CompressedFrame): Float32Array {
    const [width, height] = [this.#width, this.#height];
    const now = this.#cut(luma, stride);
    [this.#moved, this.#before] = [this.#before, this.#moved];
    const { vectors, cols, cell, unit } = motion;
    const out = new Float32Array(3 * size * size);
    const share = (size * size) / (width * height);
    for (let y = 0, i = 0; y < height; y++) {
      const row = Math.floor((y + this.#y) / cell) * cols;
      const outRow = Math.floor((y * size) / height) * size;
      for (let x = 0; x < width; x++, i++) {
        const at = 2 * (row + Math.floor((x + this.#x) / cell));
        const fromX = limit(x + Math.round(vectors[at]! / unit), width);
        const fromY = limit(y + Math.round(vectors[at + 1]! / unit), height);
        const from = 2 * (fromY * width + fromX);
        const dx = fromX - x + this.#before[from]!;
        const dy = fromY - y + this.#before[from + 1]!;
        this.#moved[2 * i] = dx;
        this.#moved[2 * i + 1] = dy;
        const traced = this.#key[limit(y + dy, height) * width + limit(x + dx, width)]!;
        const target = outRow + Math.floor((x * size) / width);
        out[target]! += share * (now[i]! - traced);
        out[target + size * size]! += share * dx;
        out[target + 2 * size * size]! += share * dy;
      }
    }
    return out;
  }

  #cut(luma: Uint8Array, stride: number): Uint8Array {
    const cut = new Uint8Array(this.#width * this.#height);
    for (let row = 0; row < this.#height; row++) {
      const from = (row + this.#y) * stride + this.#x;
      cut.set(luma.subarray(from, from + this.#width), row * this.#width);
    }
    return cut;
  }
}

function limit(value: number, length: number): number {
  return value < 0 ? 0 : value >= length ? length - 1 : value;
}

export const decodedResidual: Task = {
  name: 'full decode and residual, box given',
  note: 'every picture decoded, vectors parsed and traced to the I-picture, residual against its traced samples inside the face box only; the network has the size of ours and no training',
  async run(clip, mode, tools) {
    const residual = await tools.residual();
    const video = await openVideo(clip.path);
    const index = await video.index();
    const vectors = video.frames({ select: 'P', scale: 0, chroma: false });
    const tracer = new Tracer(clip.box, clip.width, clip.height);
    const planes = new Map<number, Float32Array>();
    const wanted = stretches(clip, mode);
    const input = new Float32Array(8 * 3 * size * size);
    let latest = new Float32Array(3 * size * size);
    let next = 0;
    const child = await decode(clip, 'gray', tools.threads, async (luma, at) => {
      const entry = at < index.length ? index.at(at) : undefined;
      if (entry?.type === 'I') tracer.key(luma, clip.width);
      if (entry?.type === 'P') {
        const { value } = await vectors.next();
        if (value?.frame) latest = Float32Array.from(tracer.step(luma, clip.width, value.frame));
      }
      planes.set(at, latest);
      for (; next < wanted.length && at + 1 >= wanted[next]![1]; next++) {
        for (const [i, picture] of sampled(wanted[next]!).entries()) input.set(planes.get(picture)!, i * latest.length);
        await residual.predict(input, 1);
        for (const key of planes.keys()) if (key < (wanted[next + 1]?.[0] ?? 0)) planes.delete(key);
      }
    });
    video.close();
    return { decisions: next, label: undefined, ...child };
  },
};
