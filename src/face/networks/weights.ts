/**
 * The weights of `@vladmandic/face-api` (https://github.com/vladmandic/face-api, MIT), in TensorFlow.js's format: a JSON
 * manifest and one binary in which the tensors follow each other, quantised or not.
 */
import { z } from 'zod';
import { ModelError } from '../../errors.js';

/** Gives the bytes of a file of face-api's `model` folder, for example `tiny_face_detector_model.bin`. */
export type WeightSource = (file: string) => Promise<Uint8Array>;

/** A tensor as it is stored; floats are made of it when they are asked for, each time anew. */
export interface FaceWeight {
  shape: readonly number[];
  /** The float32 values; `into` is room that may be used for them, as large as they are or larger. */
  read(into?: Float32Array): Float32Array;
}

/** Tensors by name. */
export type FaceWeights = ReadonlyMap<string, FaceWeight>;

/** What to do about unusable weights. */
const remedy = 'install @vladmandic/face-api 1.7.15 again, or give its model files through the option `weights`';

/** Bytes of an element as it is stored. */
const elementBytes = { uint8: 1, float16: 2, uint16: 2, float32: 4, int32: 4 } as const;

const manifest = z
  .array(
    z.object({
      paths: z.tuple([z.string().regex(/^[\w.-]+$/)]),
      weights: z.array(
        z.object({
          name: z.string(),
          shape: z.array(z.int().min(0)).max(8),
          dtype: z.enum(['float32', 'int32']),
          quantization: z
            .object({ dtype: z.enum(['uint8', 'uint16', 'float16']), scale: z.number(), min: z.number() })
            .partial({ scale: true, min: true })
            .optional(),
        }),
      ),
    }),
  )
  .length(1);

type Entry = z.infer<typeof manifest>[number]['weights'][number];

/**
 * The float32 tensors of one network, by name, dequantised (value = scale * stored + min); integer tensors, which the
 * networks carry along but do not use, are left out. The largest network is 23 MB of float32. Throws ModelError where a file is missing or damaged.
 */
export async function readWeights(network: string, source: WeightSource): Promise<FaceWeights> {
  const file = `${network}-weights_manifest.json`;
  const { paths, weights } = parseManifest(file, await bytesOf(file, source));
  const binary = await bytesOf(paths[0], source);
  const wanted = weights.reduce((sum, entry) => sum + storedBytes(entry), 0);
  if (binary.length !== wanted) {
    throw new ModelError(`${paths[0]} is damaged: it has ${binary.length} bytes, not ${wanted}; ${remedy}`);
  }
  const set = new Map<string, FaceWeight>();
  let offset = 0;
  for (const entry of weights) {
    const bytes = storedBytes(entry);
    if (entry.dtype === 'float32') {
      const stored = binary.subarray(offset, offset + bytes);
      const count = elements(entry);
      set.set(entry.name, {
        shape: entry.shape,
        read: (into = new Float32Array(count)) => dequantise(entry, stored, into.subarray(0, count)),
      });
    }
    offset += bytes;
  }
  return set;
}

async function bytesOf(file: string, source: WeightSource): Promise<Uint8Array> {
  try {
    return await source(file);
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    throw new ModelError(`the face networks' weights ${file} cannot be read; ${remedy}`, { cause });
  }
}

function parseManifest(file: string, bytes: Uint8Array): z.infer<typeof manifest>[number] {
  try {
    return manifest.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))[0]!;
  } catch (cause) {
    throw new ModelError(`${file} is damaged: it is no manifest of weights; ${remedy}`, { cause });
  }
}

function elements({ shape }: Entry): number {
  return shape.reduce((a, b) => a * b, 1);
}

function storedBytes(entry: Entry): number {
  return elements(entry) * elementBytes[entry.quantization?.dtype ?? entry.dtype];
}

function dequantise(entry: Entry, stored: Uint8Array, out: Float32Array): Float32Array {
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  const { dtype, scale = 1, min = 0 } = entry.quantization ?? { dtype: entry.dtype };
  if (dtype === 'uint8') {
    for (let i = 0; i < out.length; i++) out[i] = stored[i]! * scale + min;
    return out;
  }
  for (let i = 0; i < out.length; i++) {
    if (dtype === 'uint16') out[i] = view.getUint16(2 * i, true) * scale + min;
    else if (dtype === 'float16') out[i] = halfToNumber(view.getUint16(2 * i, true));
    else out[i] = view.getFloat32(4 * i, true);
  }
  return out;
}

/** IEEE 754 binary16: sign 1, exponent 5 (bias 15), fraction 10. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
