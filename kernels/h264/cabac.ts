/**
 * The arithmetic decoding engine, 9.3.1.2 and 9.3.3.2. `value` holds codIOffset with `spare` more bits of the stream
 * below it, so that renormalisation is a change of `spare` alone, and the stream is touched once in 32 bits.
 */
import { bitEnd, bitsAt } from '../bits';
import { CONTEXTS, CONTEXT_INIT, ENGINE } from './memory';
import { cabacModel, qp } from './state';

export let range: u32 = 0;
export let value: u64 = 0;
export let spare: i32 = 0;
/** Position behind the last bit taken into `value`. */
export let position: u32 = 0;

/** Contexts as pStateIdx << 1 | valMPS, from m, n and SliceQPY (9.3.1.1). */
export function initContexts(): void {
  const table = CONTEXT_INIT + <usize>cabacModel * 920;
  const q = min(51, max(0, qp));
  for (let i: usize = 0; i < 460; i++) {
    const m = <i32>load<i8>(table + 2 * i);
    const n = <i32>load<i8>(table + 2 * i, 1);
    const preCtxState = min(126, max(1, ((m * q) >> 4) + n));
    store<u8>(CONTEXTS + i, preCtxState <= 63 ? (63 - preCtxState) << 1 : ((preCtxState - 64) << 1) | 1);
  }
}

/** Starts the engine at a byte-aligned position. */
export function initEngine(at: u32): void {
  range = 510;
  value = bitsAt(at) >>> 23;
  spare = 32;
  position = at + 41;
}

/** Bits consumed: the position behind the last bit of codIOffset. */
// @ts-ignore: decorator
@inline
export function consumed(): u32 {
  return position - <u32>spare;
}

/** The next 32 bits; zeros behind the end of the slice. */
// @ts-ignore: decorator
@inline
export function next32(at: u32): u64 {
  return at > bitEnd + 64 ? 0 : bitsAt(at) >>> 32;
}

/** Writes the engine back after a function that kept it in locals. */
// @ts-ignore: decorator
@inline
export function setEngine(r: u32, v: u64, s: i32, p: u32): void {
  range = r;
  value = v;
  spare = s;
  position = p;
}

// @ts-ignore: decorator
@inline
function refill(): void {
  if (spare < 16) {
    value = (value << 32) | next32(position);
    spare += 32;
    position += 32;
  }
}

/** DecodeDecision for context ctxIdx. */
export function decision(ctxIdx: usize): i32 {
  const state = <usize>load<u8>(CONTEXTS + ctxIdx);
  const row = ENGINE + (state << 3);
  const lps = <u32>load<u8>(row + ((range >>> 6) & 3));
  const mps = range - lps;
  const scaled = <u64>mps << spare;
  const mask = <i64>(scaled - value - 1) >> 63;
  const mask32 = <u32>mask;
  value -= scaled & mask;
  const r = mps ^ ((mps ^ lps) & mask32);
  const shift = clz(r) - 23;
  range = r << shift;
  spare -= <i32>shift;
  store<u8>(CONTEXTS + ctxIdx, load<u8>(row - <usize><i32>mask32, 4));
  refill();
  return <i32>((<u32>state ^ mask32) & 1);
}

/** DecodeBypass. */
export function bypass(): i32 {
  spare--;
  const scaled = <u64>range << spare;
  let bin = 0;
  if (value >= scaled) {
    value -= scaled;
    bin = 1;
  }
  refill();
  return bin;
}

/** DecodeTerminate. After a 1 `consumed` is the position behind the last bit read, which for a slice is its stop bit. */
export function terminate(): i32 {
  range -= 2;
  const scaled = <u64>range << spare;
  if (value >= scaled) return 1;
  const shift = clz(range) - 23;
  range <<= shift;
  spare -= <i32>shift;
  refill();
  return 0;
}
