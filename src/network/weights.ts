/**
 * Named float32 tensors as safetensors: 8 bytes little-endian header length, a JSON header
 * `{ "__metadata__": {...}, name: { dtype, shape, data_offsets: [begin, end] } }`, then the data, without holes.
 * Read strictly: anything that does not follow the format is a ModelError.
 */
import { z } from 'zod';
import { ModelError } from '../errors.js';

/** A named tensor: row-major values and their shape. */
export interface WeightArray {
  shape: readonly number[];
  data: Float32Array;
}

/** Weights (and running statistics) by name. */
export type WeightSet = ReadonlyMap<string, WeightArray>;

const maxHeaderBytes = 16 * 2 ** 20;
const tensorHeader = z.strictObject({
  dtype: z.string(),
  shape: z.array(z.int().min(0)).max(8),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});
const metadataHeader = z.record(z.string(), z.string());

/** The safetensors file of `weights`, names in the map's order, data aligned to 8 bytes. */
export function writeSafetensors(weights: WeightSet, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const entries: [string, unknown][] = [['__metadata__', metadata]];
  let end = 0;
  for (const [name, { shape, data }] of weights) {
    if (name === '__metadata__') throw new ModelError('safetensors: a tensor may not be named __metadata__');
    if (shape.reduce((a, b) => a * b, 1) !== data.length) {
      throw new ModelError(`safetensors: tensor ${name} has ${data.length} values, its shape [${shape}] wants others`);
    }
    entries.push([name, { dtype: 'F32', shape, data_offsets: [end, end + data.byteLength] }]);
    end += data.byteLength;
  }
  // fromEntries keeps the order of names that are no integers; `__metadata__` comes first.
  let header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const padding = (8 - (header.length % 8)) % 8;
  if (padding > 0) {
    const padded = new Uint8Array(header.length + padding).fill(0x20);
    padded.set(header);
    header = padded;
  }
  const bytes = new Uint8Array(8 + header.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  let at = 8 + header.length;
  for (const { data } of weights.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** Reads a safetensors file of float32 tensors; the data are copies. Throws ModelError. */
export function readSafetensors(bytes: Uint8Array): {
  weights: Map<string, WeightArray>;
  metadata: Record<string, string>;
} {
  const fail = (why: string): never => {
    throw new ModelError(`not a usable safetensors file: ${why}`);
  };
  if (bytes.length < 8) fail(`${bytes.length} bytes, too short for its header length`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  if (headerBytes > maxHeaderBytes || 8 + headerBytes > bytes.length) fail(`header of ${headerBytes} bytes`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + headerBytes)));
  } catch {
    fail('the header is no JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) fail('the header is no object');
  const metadata: Record<string, string> = {};
  const tensors: { name: string; shape: number[]; begin: number; end: number }[] = [];
  for (const [name, value] of Object.entries(parsed as Record<string, unknown>)) {
    if (name === '__metadata__') {
      const result = metadataHeader.safeParse(value);
      if (!result.success) fail('__metadata__ holds more than strings');
      Object.assign(metadata, result.data);
      continue;
    }
    const result = tensorHeader.safeParse(value);
    if (!result.success) return fail(`tensor ${name} is not described`);
    const { dtype, shape, data_offsets } = result.data;
    if (dtype !== 'F32') fail(`tensor ${name} is ${dtype}, only F32 is read`);
    const [begin, end] = data_offsets;
    if (end - begin !== 4 * shape.reduce((a, b) => a * b, 1))
      fail(`tensor ${name} has a shape that its bytes do not fit`);
    tensors.push({ name, shape, begin, end });
  }
  const data = bytes.subarray(8 + headerBytes);
  let expected = 0;
  for (const { name, begin, end } of [...tensors].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== expected) fail(`a hole or an overlap before tensor ${name}`);
    expected = end;
  }
  if (expected !== data.length) fail(`${data.length} bytes of data, its header describes ${expected}`);
  const weights = new Map<string, WeightArray>();
  for (const { name, shape, begin, end } of tensors) {
    // A copy, so that the floats are aligned whatever the header's length (slice() of a Node Buffer copies nothing).
    weights.set(name, { shape, data: new Float32Array(new Uint8Array(data.subarray(begin, end)).buffer) });
  }
  return { weights, metadata };
}
