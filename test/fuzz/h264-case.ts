/**
 * One case of the H.264 fuzzer: a seed chooses a stream, its form (Annex B or avcC), a picture and its damage, and
 * everything that must hold whatever the bytes are is checked. A case that fails throws `FuzzFailure`.
 */
import { type CompressedFrame, MacroblockType, type Plane } from '../../src/bitstream/frame.js';
import { H264Parser } from '../../src/bitstream/h264/parser.js';
import type { ParseOptions } from '../../src/bitstream/parser.js';
import { defaultLimits, type Limits } from '../../src/limits.js';
import { accessUnits } from '../conformance/h264/access-units.js';
import { clips, makeH264 } from '../conformance/h264/clips.js';
import { avcCOf, h264Track, lengthPrefixed, parameterSetsOf } from '../support/h264.js';
import { FuzzFailure, type Outcome, outcomeOf } from './mpeg4-case.js';
import { mutate, truncate } from './mutate.js';
import { Random } from './random.js';

/** A stream in one form. */
export interface Subject {
  name: string;
  width: number;
  height: number;
  config: Uint8Array;
  packets: Uint8Array[];
  /** Index of a P-picture, and what undamaged parsing of it alone gives. */
  healthy: { index: number; digest: number };
}

/** Milliseconds of processor time that a case may take: a fixed part, and one for each macroblock that its headers may declare. */
const fixedTime = 250;
const timePerMacroblock = 0.02;

function fail(message: string): never {
  throw new FuzzFailure(message);
}

/** Every fourth clip of the conformance suite, the first pictures of each, in both forms. */
export function makeSubjects(): Subject[] {
  return clips
    .filter((_, i) => i % 4 === 1)
    .flatMap((clip) => {
      const units = accessUnits(makeH264(clip).stream).slice(0, 8);
      const { name, width, height } = clip;
      const annexB = { config: parameterSetsOf(units[0]!), packets: units.map((unit) => unit.slice()) };
      const avcC = { config: avcCOf(units[0]!), packets: units.map(lengthPrefixed) };
      return [annexB, avcC].map(({ config, packets }) => {
        const parser = new H264Parser(h264Track(config), defaultLimits);
        const index = packets.findIndex((packet) => parser.parse(packet).type === 'P');
        const alone = new H264Parser(h264Track(config), defaultLimits).parse(packets[Math.max(0, index)]!);
        return { name, width, height, config, packets, healthy: { index: Math.max(0, index), digest: digest(alone) } };
      });
    });
}

function checkPlane(frame: CompressedFrame, name: 'luma' | 'cb' | 'cr', plane: Plane): void {
  const step = name === 'luma' ? frame.scale : 2 * frame.scale;
  const { region } = frame;
  const width = Math.ceil(region.width / step);
  const height = Math.ceil(region.height / step);
  if (plane.width !== width || plane.height !== height) fail(`${name} is ${plane.width}x${plane.height}`);
  if (height > 0 && plane.data.length < plane.stride * (height - 1) + width) fail(`${name} is too short`);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const mb = ((region.y + y * step) >> 4) * frame.mbCols + ((region.x + x * step) >> 4);
      if (frame.macroblockType[mb] === MacroblockType.lost && plane.data[y * plane.stride + x] !== 0)
        fail(`lost macroblock ${mb} has a residual`);
    }
  }
}

/** What must hold of any frame, damaged or not. */
function checkFrame(frame: CompressedFrame, packet: Uint8Array): void {
  const count = frame.mbCols * frame.mbRows;
  for (const name of ['macroblockType', 'intra', 'qp'] as const) {
    if (frame[name].length !== count) fail(`${name} has ${frame[name].length} entries for ${count} macroblocks`);
  }
  const { motion } = frame;
  if (motion.vectors.length !== count * 32) fail('motion grid');
  if (motion.references!.length !== count * 4) fail('references');
  if ((frame.type === 'B') !== (motion.backward !== undefined)) fail('backward vectors');
  let lost = 0;
  for (let mb = 0; mb < count; mb++) {
    const type = frame.macroblockType[mb]!;
    if (type > 4) fail(`macroblock type ${type}`);
    if (type === MacroblockType.lost) lost++;
    if ((type === MacroblockType.intra) !== (frame.intra[mb] === 1)) fail('intra mask');
    if (frame.qp[mb]! > 51) fail(`quantiser ${frame.qp[mb]}`);
  }
  if (lost > 0 && !frame.damage) fail(`${lost} lost macroblocks, but no damage`);
  if (frame.damage) outcomeOf(frame.damage);
  if (!(frame.bits >= 0 && frame.bits <= packet.length * 8)) fail(`${frame.bits} bits from ${packet.length} bytes`);
  for (const name of ['luma', 'cb', 'cr'] as const) {
    const plane = frame[name];
    if (plane) checkPlane(frame, name, plane);
  }
}

/** A number that tells one I- or P-picture from another; nothing in it depends on the pictures before. */
function digest(frame: CompressedFrame): number {
  let hash = frame.bits | 0;
  const add = (values: ArrayLike<number>): void => {
    for (let i = 0; i < values.length; i++) hash = (Math.imul(hash, 31) + values[i]!) | 0;
  };
  for (const plane of [frame.luma, frame.cb, frame.cr]) {
    if (!plane) continue;
    for (let y = 0; y < plane.height; y++) add(plane.data.subarray(y * plane.stride, y * plane.stride + plane.width));
  }
  add(frame.motion.vectors);
  add(frame.macroblockType);
  add(frame.qp);
  return hash;
}

/** Every fourth case asks for something else than the whole frame. */
function chooseOptions(random: Random, { width, height }: Subject): ParseOptions {
  if (!random.once(4)) return {};
  const region = {
    x: random.below(width),
    y: random.below(height),
    width: 1 + random.below(width),
    height: 1 + random.below(height),
  };
  return { scale: random.pick([0, 1, 2, 4, 8] as const), chroma: random.once(2), ...(random.once(2) && { region }) };
}

/** Parses all pictures of the packet, checks them, and says how the worst ended. */
function parseAll(
  parser: H264Parser,
  packet: Uint8Array,
  options: ParseOptions,
): { outcome: Outcome; macroblocks: number } {
  let outcome: Outcome = 'frame';
  let macroblocks = 0;
  const headers = parser.headers(packet);
  for (const [index, { offset, size }] of headers.entries()) {
    if (offset < 0 || size < 0 || offset + size > packet.length) fail('picture outside its packet');
    const frame = parser.parse(packet, index, options);
    checkFrame(frame, packet);
    if (frame.damage) outcome = 'damaged frame';
    macroblocks += frame.mbCols * frame.mbRows;
  }
  return { outcome: headers.length === 0 ? 'malformed' : outcome, macroblocks };
}

/**
 * Parses the packet twice, after packets that leave different bytes behind in the kernel's memory: the frames must be
 * equal, or something beyond the end of the packet, or of the picture before, was read.
 */
function checkIsolation(subject: Subject, packet: Uint8Array, limits: Limits, random: Random): void {
  const length = packet.length + 4096;
  const slice = (body: Uint8Array): Uint8Array => Uint8Array.from([0, 0, 0, 1, 0x65, 0x88, 0x84, ...body]);
  const results = [slice(new Uint8Array(length)), slice(random.bytes(length))].map((poison) => {
    const parser = new H264Parser(h264Track(subject.config), limits);
    for (const before of [subject.packets[0]!, poison]) {
      try {
        parser.parse(before);
      } catch (error) {
        outcomeOf(error);
      }
    }
    parser.reset();
    try {
      const frame = parser.parse(packet);
      return frame.type === 'B' ? undefined : { digest: digest(frame), damage: frame.damage?.message };
    } catch (error) {
      outcomeOf(error);
      return { error: (error as Error).message };
    }
  });
  if (JSON.stringify(results[0]) !== JSON.stringify(results[1])) {
    fail(`what came before changes the frame: ${JSON.stringify(results)}`);
  }
}

/** A parser that has met damage must read what is healthy as if nothing had been. */
function checkRecovery(subject: Subject, packet: Uint8Array, limits: Limits, options: ParseOptions): void {
  const parser = new H264Parser(h264Track(subject.config), limits);
  try {
    parseAll(parser, packet, options);
  } catch (error) {
    if (error instanceof FuzzFailure) throw error;
  }
  // The damaged packet may have brought parameter sets of its own: give the right ones again.
  const { index, digest: healthy } = subject.healthy;
  const again = subject.config[0] === 1 ? new H264Parser(h264Track(subject.config), limits) : parser;
  if (again === parser) {
    try {
      parser.headers(subject.packets[0]!);
    } catch (error) {
      outcomeOf(error);
    }
  }
  if (digest(again.parse(subject.packets[index]!)) !== healthy)
    fail('a healthy packet is read differently after a damaged one');
}

/** Runs the case of this seed. `subjects` are the same for all. */
export async function runCase(seed: number, subjects: readonly Subject[]): Promise<Outcome> {
  const random = new Random(seed);
  const subject = random.pick(subjects);
  const other = random.pick(subjects);
  const otherPacket = random.pick(other.packets);
  const healthy = random.pick(subject.packets);
  // Most declare at most a million pixels, so that a case is about its bytes; some may use all that is allowed.
  const limits = random.once(50) ? defaultLimits : { ...defaultLimits, pixels: 2 ** 20 };
  const options = chooseOptions(random, subject);

  const kind = random.below(10);
  let { config } = subject;
  let packet = healthy;
  if (kind === 0) packet = random.bytes(random.below(600));
  else if (kind === 1) config = mutate(config, random, other.config);
  else if (kind === 2) packet = mutate(subject.packets[0]!, random, otherPacket);
  else if (kind === 3) packet = truncate(healthy, random, otherPacket);
  else packet = mutate(healthy, random, otherPacket);
  const given = packet.slice();

  const attempt = (): { outcome: Outcome; time: number; macroblocks: number } => {
    const start = process.cpuUsage();
    let result: { outcome: Outcome; macroblocks: number } = { outcome: 'malformed', macroblocks: 0 };
    try {
      const parser = new H264Parser(h264Track(config), limits);
      // Half of the cases come after the first picture, as in a stream.
      if (seed & 1) parseAll(parser, subject.packets[0]!, options);
      result = parseAll(parser, packet, options);
    } catch (error) {
      if (error instanceof FuzzFailure) throw error;
      result = { outcome: outcomeOf(error), macroblocks: 0 };
    }
    const { user, system } = process.cpuUsage(start);
    return { ...result, time: (user + system) / 1000 };
  };
  const allowed = ({ macroblocks }: { macroblocks: number }): number => fixedTime + timePerMacroblock * macroblocks;
  let result = attempt();
  // A slow case is run again: code may have been compiled, or memory collected, in it.
  for (let again = 0; again < 2 && result.time > allowed(result); again++) result = attempt();
  if (result.time > allowed(result)) fail(`took ${result.time.toFixed(0)} ms`);
  if (packet.some((byte, i) => byte !== given[i])) fail('the packet was written to');

  // The last slice's stop bit lies in its last byte: without it something must be found missing.
  if (kind === 3 && packet.length <= healthy.length - 2 && result.outcome === 'frame') {
    fail(`cut from ${healthy.length} to ${packet.length} bytes, and nothing was noticed`);
  }
  if (random.once(4)) checkIsolation(subject, packet, limits, random);
  if (random.once(4)) checkRecovery(subject, packet, limits, options);
  return result.outcome;
}
