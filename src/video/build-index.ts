/**
 * Makes the index of a video. Where the container has times they tell display order and types, and no packet is read
 * but the first few; otherwise every picture header is.
 */
import type { BitstreamParser, PictureHeader } from '../bitstream/parser.js';
import type { Container, PacketInfo } from '../container/packet.js';
import { LimitExceededError, MalformedStreamError, UnsupportedStreamError } from '../errors.js';
import {
  orderByBitstream,
  orderByTime,
  type Placing,
  timesFromClock,
  timesFromRate,
  timesFromStamps,
} from './display-order.js';
import { FrameIndex, Pictures, type TimeSource } from './frame-index.js';

/** Packets at the start whose headers are read to see whether the container's times can be believed. */
const PROBED = 8;

/** Errors that belong to one packet; anything else ends the reading. */
export function isPacketError(error: unknown): error is Error {
  return (
    error instanceof MalformedStreamError ||
    error instanceof UnsupportedStreamError ||
    error instanceof LimitExceededError
  );
}

export async function buildIndex(
  container: Container,
  table: readonly PacketInfo[],
  parser: BitstreamParser,
): Promise<FrameIndex> {
  if (table.every((packet) => packet.timestamp !== undefined)) {
    const index = indexByTimes(table, container.track.container === 'h263' ? 'bitstream' : 'container');
    if (await agrees(container, parser, index)) return index;
  }
  return indexByHeaders(container, table, parser);
}

/** One picture a packet, shown at the packet's time. */
function indexByTimes(table: readonly PacketInfo[], source: TimeSource): FrameIndex {
  const stamps = Float64Array.from(table, (packet) => packet.timestamp!);
  const pictures = new Pictures(table.length);
  let latest = Number.NEGATIVE_INFINITY;
  for (const packet of table) {
    const time = packet.timestamp!;
    // Shown before a picture that was coded before it: a B-picture.
    const type = packet.key ? 'I' : time < latest ? 'B' : 'P';
    latest = Math.max(latest, time);
    pictures.push(packet.index, 0, type, packet.key, packet.size, packet.size > 0);
  }
  const { display, decode } = orderByTime(stamps, table.length);
  return new FrameIndex(pictures, display, decode, timesFromStamps(source, stamps, table.length));
}

/** Does each of the first packets hold one picture, of the type that the times say? Not so in a packed bitstream. */
async function agrees(container: Container, parser: BitstreamParser, index: FrameIndex): Promise<boolean> {
  if (container.track.codec !== 'mpeg4') return true;
  for (let i = 0; i < Math.min(PROBED, index.length); i++) {
    const entry = index.atDecode(i);
    const headers = await readHeaders(container, parser, entry.packet);
    if (headers instanceof Error) continue;
    if (headers.length !== 1 || (headers[0]!.type === 'B') !== (entry.type === 'B')) return false;
  }
  return true;
}

async function readHeaders(
  container: Container,
  parser: BitstreamParser,
  packet: number,
): Promise<PictureHeader[] | Error> {
  try {
    const { data } = await container.read(packet);
    return data.length === 0 ? [] : parser.headers(data);
  } catch (error) {
    if (isPacketError(error)) return error;
    throw error;
  }
}

/** Reads every packet for the headers of its pictures. */
async function indexByHeaders(
  container: Container,
  table: readonly PacketInfo[],
  parser: BitstreamParser,
): Promise<FrameIndex> {
  const pictures = new Pictures(table.length);
  const clock: number[] = [];
  const placings: Placing[] = [];
  const unplaced: Placing = { count: Number.NaN, restarts: false };
  // A packed bitstream puts an anchor and the B-VOP shown before it in one packet, and later a dummy in a packet of its
  // own, so that packets stay as many as pictures. As many dummies are dropped as pictures were packed.
  let packed = 0;
  for (const { index: packet, key, size } of table) {
    if (size === 0) {
      pictures.push(packet, 0, 'P', false, 0, false);
      clock.push(Number.NaN);
      placings.push(unplaced);
      continue;
    }
    const headers = await readHeaders(container, parser, packet);
    if (headers instanceof Error || headers.length === 0) {
      pictures.push(packet, 0, undefined, false, size, true);
      clock.push(Number.NaN);
      placings.push(unplaced);
      continue;
    }
    if (headers.length === 1 && !headers[0]!.coded && packed > 0) {
      packed--;
      continue;
    }
    packed += headers.length - 1;
    headers.forEach(({ type, coded, size: bytes, time, order, restartsOrder }, position) => {
      const isKey = type === 'I' && (key || container.track.codec !== 'h264'); // an I-slice there may follow references
      pictures.push(packet, position, type, isKey, headers.length === 1 ? size : bytes, coded);
      clock.push(time ?? Number.NaN);
      placings.push({ count: order ?? Number.NaN, restarts: restartsOrder ?? false });
    });
  }
  const emptySlots = table.map(({ size }) => size === 0);
  let { display, decode } = orderByBitstream(pictures, placings, emptySlots);
  const delay = encoderDelay(container, emptySlots, pictures, clock, decode);
  if (delay > 0) {
    const first = emptySlots.indexOf(true);
    const position = pictures.bytes.indexOf(0);
    emptySlots.splice(first, delay);
    pictures.remove(position, delay);
    clock.splice(position, delay);
    placings.splice(position, delay);
    ({ display, decode } = orderByBitstream(pictures, placings, emptySlots));
  }
  const times = displayTimes(container, table, clock, decode);
  return new FrameIndex(pictures, display, decode, times);
}

/**
 * How many of the empty packets behind the first one only stand for the time that the encoder needed to look ahead: an
 * AVI has one time for decoding and showing, so a writer of B-pictures leaves slots empty between the first picture and
 * the second. The bitstream's own clock knows how far these are apart.
 */
function encoderDelay(
  container: Container,
  emptySlots: readonly boolean[],
  pictures: Pictures,
  clock: readonly number[],
  decode: Uint32Array,
): number {
  const { frameRate } = container.track;
  if (frameRate === undefined || emptySlots[0] || !emptySlots[1]) return 0;
  let empty = 1;
  while (emptySlots[empty + 1]) empty++;
  const first = decode[0]!;
  const second = decode[1 + empty];
  if (second === undefined || !pictures.isB(second)) return 0;
  const distance = Math.round((clock[second]! - clock[first]!) * frameRate);
  return distance >= 1 ? Math.max(0, 1 + empty - distance) : 0;
}

function displayTimes(container: Container, table: readonly PacketInfo[], clock: number[], decode: Uint32Array) {
  const { frameRate } = container.track;
  if (frameRate !== undefined) return timesFromRate(frameRate, decode.length);
  const stamps = table.flatMap((packet) => packet.timestamp ?? []);
  if (stamps.length > 0) return timesFromStamps('container', Float64Array.from(stamps), decode.length);
  return timesFromClock(Float64Array.from(decode, (i) => clock[i]!));
}
