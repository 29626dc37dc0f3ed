/** Ways to damage bytes: what a bad cable, a cut download or an attacker does to a packet or to a file. */
import type { Random } from './random.js';

function concat(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Offsets near the start are likelier: headers lie there. */
function place(random: Random, length: number): number {
  if (length === 0) return 0;
  return random.once(2) ? random.below(length) : random.below(Math.min(length, random.pick([8, 32, 128])));
}

/** Inserted and overwritten patterns: start codes, a resync marker, runs of zeros and ones. */
const patterns: readonly (readonly number[])[] = [
  [0, 0, 1, 0xb6],
  [0, 0, 1, 0xb3],
  [0, 0, 1, 0xb2],
  [0, 0, 1, 0xb5],
  [0, 0, 1, 0xb0],
  [0, 0, 1, 0x20],
  [0, 0, 1, 0x00],
  [0, 0, 0x80, 0x02],
  [0, 0, 0x80],
  [0, 1],
  [0, 0, 0, 0, 0, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xff],
  [0x55, 0x55, 0x55],
];

type Mutation = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

/** Ends early: anywhere, near the start, or by a byte or two. */
export const truncate: Mutation = (bytes, random) =>
  bytes.subarray(0, random.once(4) ? Math.max(0, bytes.length - 1 - random.below(4)) : place(random, bytes.length));

const flipBits: Mutation = (bytes, random) => {
  const out = bytes.slice();
  for (let n = 1 + random.below(random.pick([1, 3, 20])); n > 0 && out.length > 0; n--) {
    const at = place(random, out.length);
    out[at] = out[at]! ^ (1 << random.below(8));
  }
  return out;
};

const overwriteBytes: Mutation = (bytes, random) => {
  const out = bytes.slice();
  for (let n = 1 + random.below(8); n > 0 && out.length > 0; n--) out[place(random, out.length)] = random.below(256);
  return out;
};

const dropChunk: Mutation = (bytes, random) => {
  const from = place(random, bytes.length);
  const to = Math.min(bytes.length, from + 1 + random.below(random.pick([2, 16, 200])));
  return concat(bytes.subarray(0, from), bytes.subarray(to));
};

const repeatChunk: Mutation = (bytes, random) => {
  const from = place(random, bytes.length);
  const to = Math.min(bytes.length, from + 1 + random.below(random.pick([2, 16, 200])));
  return concat(bytes.subarray(0, to), bytes.subarray(from));
};

const splice: Mutation = (bytes, random, other) => {
  const cut = place(random, bytes.length);
  return concat(bytes.subarray(0, cut), other.subarray(place(random, other.length)));
};

const insertPattern: Mutation = (bytes, random) => {
  const at = place(random, bytes.length);
  const pattern = random.pick(patterns);
  const after = random.once(2) ? at : Math.min(bytes.length, at + pattern.length);
  return concat(bytes.subarray(0, at), Uint8Array.from(pattern), bytes.subarray(after));
};

const insertNoise: Mutation = (bytes, random) => {
  const at = place(random, bytes.length);
  return concat(bytes.subarray(0, at), random.bytes(1 + random.below(64)), bytes.subarray(at));
};

const noiseTail: Mutation = (bytes, random) => {
  const at = place(random, bytes.length);
  return concat(bytes.subarray(0, at), random.bytes(bytes.length - at));
};

/** A run of one value: long codes of zeros, endless stuffing of ones. */
const run: Mutation = (bytes, random) => {
  const out = bytes.slice();
  const at = place(random, out.length);
  out.fill(random.pick([0, 0xff, 0x80, 0x01]), at, at + 1 + random.below(random.pick([4, 64, 4000])));
  return out;
};

/** Sets a field of up to 32 bits anywhere in the first bytes to one of the extremes. */
const extremeField: Mutation = (bytes, random) => {
  const out = bytes.slice();
  const width = 1 + random.below(32);
  const start = random.below(Math.max(1, Math.min(out.length, 64) * 8 - width));
  const kind = random.below(3);
  for (let i = start; i < start + width && i >> 3 < out.length; i++) {
    const bit = kind === 0 ? 0 : kind === 1 ? 1 : i === start + width - 1 ? 1 : 0;
    const mask = 0x80 >> (i & 7);
    out[i >> 3] = bit ? out[i >> 3]! | mask : out[i >> 3]! & ~mask;
  }
  return out;
};

const mutations: readonly Mutation[] = [
  truncate,
  flipBits,
  flipBits,
  overwriteBytes,
  dropChunk,
  repeatChunk,
  splice,
  insertPattern,
  insertPattern,
  insertNoise,
  noiseTail,
  run,
  extremeField,
  extremeField,
];

/** One to three of them in a row; `other` is what splices take from. The input is left as it is. */
export function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  let out = bytes;
  for (let n = random.pick([1, 1, 1, 2, 3]); n > 0; n--) out = random.pick(mutations)(out, random, other);
  return out;
}
