/** From decoding order to display order, and the times that go with it. */
import type { DisplayTimes, Pictures, TimeSource } from './frame-index.js';

/** Frames per second where neither container nor bitstream has a clock. */
const ASSUMED_FRAME_RATE = 25;

/** A permutation and its inverse. */
export interface Order {
  /** By decode index: display index. */
  display: Uint32Array;
  /** By display index: decode index. */
  decode: Uint32Array;
}

/** Display order is the order of presentation times; equal ones stay in decoding order. */
export function orderByTime(times: Float64Array, length: number): Order {
  const decode = new Uint32Array(length);
  let sorted = true;
  for (let i = 0; i < length; i++) {
    decode[i] = i;
    if (i > 0 && times[i]! < times[i - 1]!) sorted = false;
  }
  if (!sorted) decode.sort((a, b) => times[a]! - times[b]! || a - b);
  return { decode, display: inverse(decode) };
}

/** Where the bitstream says that a picture is shown; `count` is NaN where it does not. */
export interface Placing {
  count: number;
  /** It and all coded after it are shown after all coded before it. */
  restarts: boolean;
}

/**
 * Display order from the bitstream: its own count where it has one (H.264), else the picture types. A packet is a slot in
 * time: an empty one repeats what is shown, each of the others shows the next picture.
 *
 * @param placings by decode index
 * @param emptySlots by packet: does it hold nothing at all? Such a packet has one entry in `pictures`, of 0 bytes.
 */
export function orderByBitstream(
  pictures: Pictures,
  placings: readonly Placing[],
  emptySlots: readonly boolean[],
): Order {
  const empty: number[] = [];
  const filled: number[] = [];
  for (let i = 0; i < pictures.length; i++) (pictures.bytes[i] === 0 ? empty : filled).push(i);
  const counted = placings.some(({ count }) => !Number.isNaN(count));
  const shown = counted ? shownByCount(filled, placings) : shownByType(filled, pictures);

  const decode = new Uint32Array(pictures.length);
  let length = 0;
  let nextShown = 0;
  let nextEmpty = 0;
  for (const isEmpty of emptySlots) {
    if (isEmpty) decode[length++] = empty[nextEmpty++]!;
    else if (nextShown < shown.length) decode[length++] = shown[nextShown++]!;
  }
  while (nextShown < shown.length) decode[length++] = shown[nextShown++]!;
  return { decode, display: inverse(decode) };
}

function inverse(permutation: Uint32Array): Uint32Array {
  const inverted = new Uint32Array(permutation.length);
  for (let i = 0; i < permutation.length; i++) inverted[permutation[i]!] = i;
  return inverted;
}

/** A B-picture is shown at once, any other when the next that is no B arrives (ISO/IEC 14496-2, 6.1.3.7). */
function shownByType(filled: readonly number[], pictures: Pictures): number[] {
  const shown: number[] = [];
  let held = -1;
  for (const i of filled) {
    if (pictures.isB(i) && held >= 0) {
      shown.push(i);
    } else {
      if (held >= 0) shown.push(held);
      held = i;
    }
  }
  if (held >= 0) shown.push(held);
  return shown;
}

/** A picture without a count (its header is broken) stays behind the one coded before it. */
function shownByCount(filled: readonly number[], placings: readonly Placing[]): number[] {
  let sequence = 0;
  let last = 0;
  const places = filled.map((i) => {
    const { count, restarts } = placings[i]!;
    if (restarts) sequence++;
    if (!Number.isNaN(count)) last = count;
    else if (restarts) last = 0;
    return { i, sequence, count: last };
  });
  return places.sort((a, b) => a.sequence - b.sequence || a.count - b.count || a.i - b.i).map(({ i }) => i);
}

/**
 * Times in display order from times in any order, which may be too few, too many, or not rise: sorted, shifted so that
 * the first is 0, continued at the usual distance.
 */
export function timesFromStamps(source: TimeSource, stamps: Float64Array, length: number): DisplayTimes {
  const sorted = stamps.slice().sort();
  const start = sorted[0] ?? 0;
  const span = (sorted[sorted.length - 1] ?? 0) - start;
  const period = sorted.length > 1 && span > 0 ? span / (sorted.length - 1) : undefined;
  const seconds = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    seconds[i] = i < sorted.length ? sorted[i]! - start : (seconds[i - 1] ?? 0) + (period ?? 0);
  }
  const last = seconds[length - 1] ?? 0;
  return { source, seconds, start, duration: last + (period ?? 0), frameRate: period && 1 / period };
}

/**
 * Times in display order from the bitstream's clock, given in display order with NaN where a picture has none. A time
 * that does not rise (a broken header, a clock set back at a cut) is replaced by the usual distance from the one before.
 */
export function timesFromClock(clock: Float64Array): DisplayTimes {
  if (clock.every(Number.isNaN)) return { ...timesFromRate(ASSUMED_FRAME_RATE, clock.length), source: 'assumed' };
  const period = usualDistance(clock) ?? 1 / ASSUMED_FRAME_RATE;
  const seconds = new Float64Array(clock.length);
  // What the clock shows less what is meant: changes where the clock jumps.
  let offset = clock.find((time) => !Number.isNaN(time)) ?? 0;
  const start = offset;
  for (let i = 0; i < clock.length; i++) {
    const before = i > 0 ? seconds[i - 1]! : -period;
    let time = clock[i]! - offset;
    if (Number.isNaN(time)) time = before + period;
    else if (i > 0 && time <= before) {
      time = before + period;
      offset = clock[i]! - time;
    }
    seconds[i] = Math.max(0, time);
  }
  const duration = (seconds[clock.length - 1] ?? 0) + period;
  return { source: 'bitstream', seconds, start, duration, frameRate: 1 / period };
}

/** The median of the positive distances between neighbours, of the first few thousand. */
function usualDistance(clock: Float64Array): number | undefined {
  const distances: number[] = [];
  for (let i = 1; i < clock.length && distances.length < 4096; i++) {
    const distance = clock[i]! - clock[i - 1]!;
    if (distance > 0) distances.push(distance);
  }
  distances.sort((a, b) => a - b);
  return distances[distances.length >> 1];
}

/** Times of a constant frame rate. */
export function timesFromRate(frameRate: number, length: number): DisplayTimes {
  const seconds = Float64Array.from({ length }, (_, i) => i / frameRate);
  return { source: 'frame rate', seconds, start: 0, duration: length / frameRate, frameRate };
}
