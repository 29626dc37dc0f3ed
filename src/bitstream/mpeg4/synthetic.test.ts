/**
 * Streams written bit by bit from the code tables: what no encoder at hand makes (reversible codes, every escape), and
 * coefficients chosen so that the planes can be checked against their definition in floating point.
 */
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../limits.js';
import { copyFrame, type Scale } from '../frame.js';
import { createMpeg4Parser } from './parser.js';
import { zigzagScan } from './scans.js';
import { type CoefficientCode, cbpy, interRvlc, interTcoef, mcbpcInter, mvd } from './vlc-tables.js';

class Writer {
  private bits = '';

  put(value: number, count: number): this {
    this.bits += value.toString(2).padStart(count, '0');
    return this;
  }

  code(bits: string): this {
    this.bits += bits;
    return this;
  }

  /** next_start_code(): a zero and ones to the next byte. */
  bytes(): number[] {
    const padded = `${this.bits}0`.padEnd(Math.ceil((this.bits.length + 1) / 8) * 8, '1');
    return (padded.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  }
}

interface LayerOptions {
  partitioned?: boolean;
  reversible?: boolean;
}

/** A Simple Profile layer, 16 x 16, no resync markers. */
function layer({ partitioned = false, reversible = false }: LayerOptions = {}): number[] {
  const writer = new Writer().put(0, 1).put(1, 8).put(0, 1).put(1, 4).put(0, 1); // … aspect ratio, vol_control_parameters
  writer.put(0, 2).put(1, 1).put(25, 16).put(1, 1).put(0, 1); // shape, marker, resolution, marker, fixed_vop_rate
  writer.put(1, 1).put(16, 13).put(1, 1).put(16, 13).put(1, 1); // size
  writer.put(0, 1).put(1, 1).put(0, 1).put(0, 1).put(0, 1); // interlaced, obmc_disable, sprite, not_8_bit, quant_type
  writer
    .put(1, 1)
    .put(1, 1)
    .put(partitioned ? 1 : 0, 1); // complexity off, resync_marker_disable, data_partitioned
  if (partitioned) writer.put(reversible ? 1 : 0, 1);
  return [0, 0, 1, 0x20, ...writer.put(0, 1).bytes()];
}

/** A P-VOP's header. */
function vop(quantiser: number): Writer {
  return new Writer()
    .put(1, 2) // P
    .put(0, 1)
    .put(1, 1)
    .put(1, 5) // vop_time_increment
    .put(1, 1)
    .put(1, 1) // vop_coded
    .put(0, 1)
    .put(0, 3) // intra_dc_vlc_thr
    .put(quantiser, 5)
    .put(1, 3); // fcode
}

interface Event {
  last: boolean;
  run: number;
  level: number;
}

function find(codes: readonly CoefficientCode[], last: boolean, run: number, level: number): string | undefined {
  return codes.find(([l, r, v]) => l === (last ? 1 : 0) && r === run && v === level)?.[3];
}

/** An event in the shortest form there is: its code, escape 1, escape 2, else escape 3. Counts which it was. */
function putEvent(writer: Writer, { last, run, level }: Event, forms: number[]): void {
  const magnitude = Math.abs(level);
  const sign = level < 0 ? 1 : 0;
  const direct = find(interTcoef, last, run, magnitude);
  if (direct) {
    forms[0]!++;
    writer.code(direct).put(sign, 1);
    return;
  }
  const rows = interTcoef.filter(([l]) => l === (last ? 1 : 0));
  const lmax = Math.max(0, ...rows.filter(([, r]) => r === run).map(([, , v]) => v));
  const first = lmax ? find(interTcoef, last, run, magnitude - lmax) : undefined;
  if (first) {
    forms[1]!++;
    writer.code('0000011').put(0, 1).code(first).put(sign, 1);
    return;
  }
  const rmax = Math.max(-1, ...rows.filter(([, , v]) => v === magnitude).map(([, r]) => r));
  const second = rmax >= 0 ? find(interTcoef, last, run - rmax - 1, magnitude) : undefined;
  if (second) {
    forms[2]!++;
    writer.code('0000011').put(2, 2).code(second).put(sign, 1);
    return;
  }
  forms[3]!++;
  writer
    .code('0000011')
    .put(3, 2)
    .put(last ? 1 : 0, 1)
    .put(run, 6)
    .put(1, 1);
  writer.put(level & 0xfff, 12).put(1, 1);
}

function putReversible(writer: Writer, { last, run, level }: Event, forms: number[]): void {
  const sign = level < 0 ? 1 : 0;
  const direct = find(interRvlc, last, run, Math.abs(level));
  if (direct) {
    forms[0]!++;
    writer.code(direct).put(sign, 1);
    return;
  }
  forms[1]!++;
  writer
    .code('00001')
    .put(last ? 1 : 0, 1)
    .put(run, 6)
    .put(1, 1)
    .put(Math.abs(level), 11);
  writer.code('10000').put(sign, 1);
}

/** Levels by zigzag position -> events. */
function eventsOf(levels: readonly number[]): Event[] {
  const events: Event[] = [];
  let run = 0;
  for (const level of levels) {
    if (level === 0) run++;
    else {
      events.push({ last: false, run, level });
      run = 0;
    }
  }
  events[events.length - 1]!.last = true;
  return events;
}

const cbpyAll = cbpy.find(([pattern]) => pattern === 0)![1]; // inter: the complement, all coded
const mcbpcAll = mcbpcInter.find(([[type, cbpc]]) => type === 0 && cbpc === 3)![1];
const noMotion = mvd.find(([magnitude]) => magnitude === 0)![1];

/** One inter macroblock with six coded blocks. */
function picture(
  blocks: readonly (readonly number[])[],
  quantiser: number,
  options: LayerOptions,
  forms: number[],
): Uint8Array {
  const writer = vop(quantiser).put(0, 1).code(mcbpcAll); // not_coded
  if (options.partitioned) {
    writer.code(noMotion).code(noMotion).code('11111000000000001').code(cbpyAll);
  } else writer.code(cbpyAll).code(noMotion).code(noMotion);
  for (const levels of blocks) {
    for (const event of eventsOf(levels)) {
      if (options.reversible) putReversible(writer, event, forms);
      else putEvent(writer, event, forms);
    }
  }
  return new Uint8Array([...layer(options), 0, 0, 1, 0xb6, ...writer.bytes()]);
}

let seed = 1;
function random(below: number): number {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return (seed >>> 8) % below;
}

/** A sparse block of up to `count` levels, few of them large. */
function randomLevels(count: number, reach: number): number[] {
  const levels = new Array<number>(64).fill(0);
  for (let i = 0; i <= random(count); i++) {
    const size = random(12) === 0 ? reach : random(4) === 0 ? 20 : 3;
    const level = 1 + random(size);
    levels[random(3) === 0 ? random(64) : random(12)] = random(2) ? level : -level;
  }
  return levels;
}

function track() {
  return {
    container: 'm4v',
    codec: 'mpeg4',
    width: 16,
    height: 16,
    rotation: 0,
    config: new Uint8Array(),
    frameRate: 25,
  };
}

/** 14496-2, 7.4.4.2: to raster order. */
function dequantised(levels: readonly number[], quantiser: number): Float64Array {
  const block = new Float64Array(64);
  levels.forEach((level, i) => {
    if (level === 0) return;
    const magnitude = quantiser * (2 * Math.abs(level) + 1) - (quantiser % 2 === 0 ? 1 : 0);
    block[zigzagScan[i]!] = Math.min(2047, Math.max(-2048, level < 0 ? -magnitude : magnitude));
  });
  return block;
}

/** The definition of frame.ts in double precision; a value within 1e-7 of a tie counts as the tie. */
function scaledBlock(block: Float64Array, scale: Scale): number[] {
  const n = 8 / scale;
  const basis = (k: number, i: number) =>
    (k === 0 ? Math.sqrt(1 / n) : Math.sqrt(2 / n)) * Math.cos(((2 * i + 1) * k * Math.PI) / (2 * n));
  const out: number[] = [];
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x++) {
      let sum = 0;
      for (let v = 0; v < n; v++) for (let u = 0; u < n; u++) sum += block[v * 8 + u]! * basis(u, x) * basis(v, y);
      out.push(Math.min(255, Math.max(-256, Math.floor(sum / scale + 0.5 + 1e-7))));
    }
  }
  return out;
}

/** Block n's samples of a parsed 16 x 16 picture. */
function samples(frame: ReturnType<typeof copyFrame>, n: number): number[] {
  const size = 8 / frame.scale;
  const plane = n < 4 ? frame.luma! : n === 4 ? frame.cb! : frame.cr!;
  const left = n < 4 ? (n & 1) * size : 0;
  const top = n < 4 ? (n >> 1) * size : 0;
  const out: number[] = [];
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) out.push(plane.data[(top + y) * plane.stride + left + x]!);
  return out;
}

describe('synthetic P-VOPs', () => {
  it.each([2, 4, 8] as const)('planes at scale %i equal their definition, ties and extremes included', (scale) => {
    const parser = createMpeg4Parser(track(), defaultLimits);
    const forms = [0, 0, 0, 0];
    for (let i = 0; i < 400; i++) {
      const quantiser = 1 + random(31);
      const blocks = Array.from({ length: 6 }, () => randomLevels(i % 3 === 0 ? 2 : 24, i % 5 === 0 ? 2047 : 60));
      const frame = parser.parse(picture(blocks, quantiser, {}, forms), 0, { scale });
      expect(frame.damage).toBeUndefined();
      blocks.forEach((levels, n) => {
        expect(samples(frame, n), `picture ${i} block ${n}`).toEqual(
          scaledBlock(dequantised(levels, quantiser), scale),
        );
      });
    }
    expect(Math.min(...forms), 'every form of coefficient code occurs').toBeGreaterThan(20);
  });

  it('scale 1 stays within one step of the real-valued transform', () => {
    const parser = createMpeg4Parser(track(), defaultLimits);
    for (let i = 0; i < 100; i++) {
      const blocks = Array.from({ length: 6 }, () => randomLevels(12, 6));
      const frame = parser.parse(picture(blocks, 3, {}, [0, 0, 0, 0]));
      blocks.forEach((levels, n) => {
        const exact = scaledBlock(dequantised(levels, 3), 1);
        samples(frame, n).forEach((value, at) => {
          expect(Math.abs(value - exact[at]!)).toBeLessThanOrEqual(1);
        });
      });
    }
  });

  it('data partitioning and reversible codes give the same planes as plain codes', () => {
    const plain = createMpeg4Parser(track(), defaultLimits);
    const partitioned = createMpeg4Parser(track(), defaultLimits);
    const reversible = createMpeg4Parser(track(), defaultLimits);
    const forms = [0, 0];
    for (let i = 0; i < 200; i++) {
      const blocks = Array.from({ length: 6 }, () => randomLevels(20, 300));
      const expected = copyFrame(plain.parse(picture(blocks, 5, {}, [0, 0, 0, 0])));
      for (const [parser, options] of [
        [partitioned, { partitioned: true }],
        [reversible, { partitioned: true, reversible: true }],
      ] as const) {
        const frame = parser.parse(
          picture(blocks, 5, options, options.partitioned && 'reversible' in options ? forms : [0, 0, 0, 0]),
        );
        expect(frame.damage).toBeUndefined();
        for (let n = 0; n < 6; n++) expect(samples(frame, n)).toEqual(samples(expected, n));
      }
    }
    expect(Math.min(...forms), 'codes and escapes occur').toBeGreaterThan(20);
  });

  it('a truncated picture is flagged, and leaves nothing behind', () => {
    const parser = createMpeg4Parser(track(), defaultLimits);
    const blocks = Array.from({ length: 6 }, () => randomLevels(20, 300));
    const packet = picture(blocks, 5, {}, [0, 0, 0, 0]);
    const whole = copyFrame(parser.parse(packet));
    for (let size = 40; size < packet.length - 1; size++) {
      const frame = parser.parse(packet.subarray(0, size));
      expect(frame.damage?.name).toBe('MalformedStreamError');
      expect([...frame.macroblockType]).toEqual([4]);
      expect(frame.luma!.data.every((value) => value === 0)).toBe(true);
      expect(parser.parse(packet).luma!.data).toEqual(whole.luma!.data);
    }
  });
});
