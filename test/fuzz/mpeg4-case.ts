/**
 * One case of the MPEG-4 fuzzer: a seed chooses a stream, a packet and its damage, and everything that must hold
 * whatever the bytes are is checked. A case that fails throws `FuzzFailure`.
 */
import { type CompressedFrame, copyFrame, MacroblockType, type Plane } from '../../src/bitstream/frame.js';
import { createParser } from '../../src/bitstream/index.js';
import type { BitstreamParser, ParseOptions } from '../../src/bitstream/parser.js';
import { LimitExceededError, MalformedStreamError, UnsupportedStreamError } from '../../src/errors.js';
import { defaultLimits, type Limits } from '../../src/limits.js';
import type { FuzzStream } from './corpus.js';
import { mutate, truncate } from './mutate.js';
import { Random } from './random.js';

export class FuzzFailure extends Error {}

/** How a case ended. */
export type Outcome = 'frame' | 'damaged frame' | 'malformed' | 'unsupported' | 'limit';

/** Milliseconds of processor time since `start`: unlike those on the clock they do not grow on a busy machine. */
export function processorTime(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Milliseconds that a case may take: a fixed part, and one for each macroblock that its headers declare. */
const fixedTime = 200;
const timePerMacroblock = 0.01;

function fail(message: string): never {
  throw new FuzzFailure(message);
}

/** The outcome that an error stands for; anything but the three typed errors of bad input is a failure. */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof MalformedStreamError) return 'malformed';
  if (error instanceof UnsupportedStreamError) return 'unsupported';
  if (error instanceof LimitExceededError) return 'limit';
  throw new FuzzFailure(`not a typed error: ${error instanceof Error ? error.stack : String(error)}`);
}

function checkPlane(frame: CompressedFrame, name: 'luma' | 'cb' | 'cr', plane: Plane): void {
  const step = name === 'luma' ? frame.scale : 2 * frame.scale;
  const width = Math.ceil(frame.region.width / step);
  const height = Math.ceil(frame.region.height / step);
  if (plane.width !== width || plane.height !== height)
    fail(`${name} is ${plane.width}x${plane.height}, not ${width}x${height}`);
  if (plane.data.length < plane.stride * (height - 1) + width) fail(`${name} is too short`);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = plane.data[y * plane.stride + x]!;
      if (value < -256 || value > 255) fail(`${name}(${x},${y}) = ${value}`);
      // A macroblock that was not read has no residual.
      const mb =
        Math.floor((frame.region.y + y * step) / 16) * frame.mbCols + Math.floor((frame.region.x + x * step) / 16);
      if (value !== 0 && frame.macroblockType[mb] === MacroblockType.lost) fail(`lost macroblock ${mb} has a residual`);
    }
  }
}

/** What must hold of any frame, damaged or not. */
function checkFrame(frame: CompressedFrame, packet: Uint8Array): void {
  const count = frame.mbCols * frame.mbRows;
  if (frame.mbCols !== Math.ceil(frame.width / 16) || frame.mbRows !== Math.ceil(frame.height / 16))
    fail('macroblock grid');
  for (const name of ['macroblockType', 'intra', 'qp'] as const) {
    if (frame[name].length !== count) fail(`${name} has ${frame[name].length} entries for ${count} macroblocks`);
  }
  if (frame.motion.vectors.length !== count * 8) fail('motion grid');
  let lost = 0;
  for (let mb = 0; mb < count; mb++) {
    const type = frame.macroblockType[mb]!;
    if (type > 4) fail(`macroblock type ${type}`);
    if (type === MacroblockType.lost) lost++;
    if ((type === MacroblockType.intra) !== (frame.intra[mb] === 1)) fail('intra mask');
    const qp = frame.qp[mb]!;
    if (frame.coded && type !== MacroblockType.lost && (qp < 1 || qp > 31)) fail(`quantiser ${qp}`);
  }
  if (lost > 0 && !frame.damage) fail(`${lost} lost macroblocks, but no damage`);
  if (frame.damage) outcomeOf(frame.damage);
  if (!(frame.bits >= 0 && frame.bits <= packet.length * 8)) fail(`${frame.bits} bits from ${packet.length} bytes`);
  for (const name of ['luma', 'cb', 'cr'] as const) {
    const plane = frame[name];
    if (plane) checkPlane(frame, name, plane);
  }
}

/** A number that tells one frame from another. */
function digest(frame: CompressedFrame): number {
  let hash = frame.bits | 0;
  const add = (values: ArrayLike<number> | undefined): void => {
    if (values) for (let i = 0; i < values.length; i++) hash = (Math.imul(hash, 31) + values[i]!) | 0;
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

/** A stream and what undamaged parsing of it gives. */
export interface Subject {
  stream: FuzzStream;
  /** Position of an undamaged packet after the first, and the digest of its first picture. */
  healthyIndex: number;
  healthy: number;
}

export function makeSubject(stream: FuzzStream): Subject {
  const parser = createParser(stream.track, defaultLimits);
  const healthyIndex = stream.packets.findIndex((packet, i) => i > 0 && parser.headers(packet)[0]?.coded === true);
  return { stream, healthyIndex, healthy: digest(parser.parse(stream.packets[healthyIndex]!)) };
}

const isB = (header: { type: string }): boolean => header.type === 'B';

/** Every fourth case asks for something else than the whole frame. */
function chooseOptions(random: Random, stream: FuzzStream): ParseOptions {
  if (!random.once(4)) return {};
  const region = {
    x: random.below(stream.track.width),
    y: random.below(stream.track.height),
    width: 1 + random.below(stream.track.width),
    height: 1 + random.below(stream.track.height),
  };
  return { scale: random.pick([0, 1, 2, 4, 8] as const), chroma: random.once(2), ...(random.once(2) && { region }) };
}

/** Parses all pictures of the packet, checks them, and says how the worst ended. */
async function parseAll(
  parser: BitstreamParser,
  packet: Uint8Array,
  options: ParseOptions,
  decode: boolean,
): Promise<Outcome> {
  let outcome: Outcome = 'frame';
  const headers = parser.headers(packet);
  for (const [index, header] of headers.entries()) {
    if (header.offset < 0 || header.size < 0 || header.offset + header.size > packet.length)
      fail('picture outside its packet');
    const frame = parser.parse(packet, index, options);
    checkFrame(frame, packet);
    if (frame.damage) outcome = 'damaged frame';
    if (decode && header.type === 'I') {
      try {
        const picture = await parser.decodeKeyFrame(packet, index);
        if (picture.y.length !== picture.width * picture.height) fail('decoded picture is too short');
      } catch (error) {
        outcomeOf(error);
      }
    }
  }
  return headers.length === 0 ? 'malformed' : outcome;
}

/**
 * Parses the packet twice, the second time after a packet that leaves other bytes behind in the kernel's memory: the
 * frames must be equal, or something beyond the end of the packet was read.
 */
function checkIsolation(stream: FuzzStream, packet: Uint8Array, limits: Limits, random: Random): void {
  const results = [new Uint8Array(packet.length + 4096), random.bytes(packet.length + 4096)].map((poison) => {
    const parser = createParser(stream.track, limits);
    // A VOP header of a P-VOP, then zeros or noise.
    poison.set([0, 0, 1, 0xb6, 0x50], 0);
    try {
      parser.parse(poison);
    } catch (error) {
      outcomeOf(error);
    }
    try {
      const frame = parser.parse(packet);
      return frame.type === 'B'
        ? undefined
        : { digest: digest(frame), damage: frame.damage?.message, error: undefined };
    } catch (error) {
      outcomeOf(error);
      return { digest: 0, damage: undefined, error: (error as Error).message };
    }
  });
  if (JSON.stringify(results[0]) !== JSON.stringify(results[1])) {
    fail(`what came before changes the frame: ${JSON.stringify(results)}`);
  }
}

/** Runs the case of this seed. `subjects` are the same for all. */
export async function runCase(seed: number, subjects: readonly Subject[]): Promise<Outcome> {
  const random = new Random(seed);
  const subject = random.pick(subjects);
  const { stream } = subject;
  const other = random.pick(subjects).stream;
  const otherPacket = random.pick(other.packets);
  const index = random.below(stream.packets.length);
  const healthy = stream.packets[index]!;
  // Most declare at most a million pixels, so that a case is about its bytes; some may use all that is allowed.
  const limits = random.once(50) ? defaultLimits : { ...defaultLimits, pixels: 2 ** 20 };
  const options = chooseOptions(random, stream);

  // B-VOPs lean on the anchors before them: parse these first, sometimes one of them damaged.
  const before = random.once(2) ? stream.packets.slice(Math.max(0, index - 3), index) : [];
  const [at, hurt] = [random.below(before.length), random.once(4)];
  if (hurt && before.length > 0) before[at] = mutate(before[at]!, random, otherPacket);

  const kind = random.below(10);
  let config = stream.track.config;
  let packet = healthy;
  if (kind === 0) packet = random.bytes(random.below(600));
  else if (kind === 1) config = mutate(config, random, other.track.config);
  else if (kind === 2) packet = mutate(stream.packets[0]!, random, otherPacket);
  else if (kind === 3) packet = truncate(healthy, random, otherPacket);
  else packet = mutate(healthy, random, otherPacket);
  const given = packet.slice();

  const attempt = async (): Promise<{ outcome: Outcome; time: number; macroblocks: number }> => {
    const start = process.cpuUsage();
    let outcome: Outcome;
    let macroblocks = 0;
    try {
      const parser = createParser({ ...stream.track, config }, limits);
      for (const earlier of before) {
        try {
          await parseAll(parser, earlier, options, false);
        } catch (error) {
          if (error instanceof FuzzFailure) throw error;
          outcomeOf(error);
        }
      }
      outcome = await parseAll(parser, packet, options, random.once(8));
      if (outcome !== 'malformed') {
        const { mbCols, mbRows } = parser.parse(packet, 0, { scale: 0 });
        macroblocks = mbCols * mbRows;
      }
    } catch (error) {
      if (error instanceof FuzzFailure) throw error;
      outcome = outcomeOf(error);
    }
    return { outcome, time: processorTime(start), macroblocks };
  };
  let result = await attempt();
  // A slow case is run again: the engine may have been busy compiling.
  for (let again = 0; again < 2 && result.time > fixedTime + timePerMacroblock * result.macroblocks; again++) {
    result = await attempt();
  }
  if (result.time > fixedTime + timePerMacroblock * result.macroblocks) fail(`took ${result.time.toFixed(0)} ms`);
  if (packet.some((byte, i) => byte !== given[i])) fail('the packet was written to');

  // Two bytes hold more than the stuffing at the end of a VOP: without them something must be found missing. Not so in
  // a B-VOP, whose last macroblocks may take no bits at all (where those of the next anchor are not coded).
  const cut = kind === 3 && packet.length <= healthy.length - 2;
  if (cut && result.outcome === 'frame' && !createParser(stream.track, limits).headers(healthy).some(isB)) {
    fail(`cut from ${healthy.length} to ${packet.length} bytes, and nothing was noticed`);
  }
  if (random.once(4)) checkIsolation(stream, packet, limits, random);

  // A parser that has met damage must read what is healthy as if nothing had been: unless a splice brought along another
  // encoder's name, which holds from there on.
  const named = (bytes: Uint8Array): boolean => Buffer.from(bytes).includes('XviD');
  if (random.once(4) && (named(stream.track.config) || !named(packet))) {
    const parser = createParser(stream.track, limits);
    try {
      await parseAll(parser, packet, options, false);
    } catch (error) {
      if (error instanceof FuzzFailure) throw error;
    }
    parser.headers(stream.packets[0]!);
    const frame = copyFrame(parser.parse(stream.packets[subject.healthyIndex]!));
    if (frame.type !== 'B' && digest(frame) !== subject.healthy)
      fail('a healthy packet is read differently after a damaged one');
  }
  return result.outcome;
}
