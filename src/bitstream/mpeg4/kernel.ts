/** One instance of the WebAssembly kernel: loads it, hands it a picture, shows its memory as a CompressedFrame. */

import { LimitExceededError, MalformedStreamError } from '../../errors.js';
import { fromBase64 } from '../../files/base64.js';
import { type CompressedFrame, MacroblockType, type Plane, type Rect, type Scale } from '../frame.js';
import type { VopTime } from './clock.js';
import { wasmBase64 } from './kernel.generated.js';
import type { Layer } from './layer.js';
import { type TableAddresses, transposed, writeTables } from './lookup.js';
import type { Vop } from './vop.js';

type Address = WebAssembly.Global;

interface Exports extends Record<keyof TableAddresses, Address> {
  PADDING: Address;
  HEAP: Address;
  MATRIX_INTRA: Address;
  MATRIX_INTER: Address;
  damage: WebAssembly.Global;
  damageAt: WebAssembly.Global;
  typeAt: Address;
  intraAt: Address;
  quantAt: Address;
  predictionAt: Address;
  vectorAt: Address;
  backwardAt: Address;
  planesEnd: Address;
  lumaStride: Address;
  chromaStride: Address;
  lumaPlane(): number;
  cbPlane(): number;
  crPlane(): number;
  reserve(end: number): number;
  openPacket(address: number, size: number): void;
  setLayer(...fields: number[]): number;
  setPicture(...fields: number[]): void;
  setRows(rows: number): void;
  setDistances(trb: number, trd: number, trbField: number, trdField: number): void;
  setPlanes(...fields: number[]): number;
  readPicture(start: number): void;
  skipPicture(): void;
  losePicture(): void;
  forgetPlanes(): void;
}

/** Reasons of kernels/mpeg4/state.ts in words. */
const reasons: readonly string[] = [
  '',
  'mcbpc is no code',
  'cbpy is no code',
  'motion vector is no code',
  'dct_dc_size is no code',
  'coefficient is no code',
  'coefficient run leaves the block',
  'a marker bit is missing',
  'the picture ends before its last macroblock',
  'video packet header contradicts the macroblocks before it',
  'mb_type is no code',
  'data partitions do not fit together',
];

let compiled: WebAssembly.Module | undefined;

function compile(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(fromBase64(wasmBase64));
  return compiled;
}

/** What the planes shall hold. */
export interface Output {
  /** 0: no planes. */
  scale: Scale | 0;
  region: Rect | undefined;
  chroma: boolean;
  /** Rows of macroblocks to read; default: all. */
  rows?: number;
  idct: 'simple' | 'xvid';
}

const syntaxes = { mpeg4: 0, h263: 1, sorenson: 2 } as const;
const vopTypes = { I: 0, P: 1, B: 2 } as const;

function bit(value: boolean): number {
  return value ? 1 : 0;
}

export class Kernel {
  private readonly memory: WebAssembly.Memory;
  private readonly wasm: Exports;
  private layer: Layer | undefined;
  private mbCols = 0;
  private mbRows = 0;

  constructor() {
    // 7 pages hold the tables; the rest grows with the pictures.
    this.memory = new WebAssembly.Memory({ initial: 7 });
    this.wasm = new WebAssembly.Instance(compile(), { env: { memory: this.memory } }).exports as unknown as Exports;
    const addresses = Object.fromEntries(
      Object.entries(this.wasm)
        .filter(([, value]) => value instanceof WebAssembly.Global)
        .map(([name, value]) => [name, value.value as number]),
    ) as TableAddresses;
    writeTables(this.memory.buffer, addresses);
  }

  /** Sets the layer; sizes were checked against the limits before. `workarounds`: see kernels/mpeg4/state.ts. */
  setLayer(layer: Layer, workarounds: number): void {
    this.mbCols = (layer.width + 15) >> 4;
    this.mbRows = (layer.height + 15) >> 4;
    this.layer = undefined;
    const fields = [
      this.mbCols,
      this.mbRows,
      bit(layer.matrixQuantisation),
      bit(layer.interlaced),
      bit(layer.resyncMarkers),
      bit(layer.dataPartitioned),
      bit(layer.reversibleVlc),
      layer.timeIncrementBits,
      syntaxes[layer.syntax],
      layer.gobRows,
      workarounds,
    ];
    if (!this.wasm.setLayer(...fields)) throw this.outOfMemory();
    this.wasm.forgetPlanes();
    this.layer = layer;
    const matrix = (at: Address, values: readonly number[]) => {
      const view = new Int16Array(this.memory.buffer, at.value, 64);
      for (let i = 0; i < 64; i++) view[transposed(i)] = values[i]!;
    };
    matrix(this.wasm.MATRIX_INTRA, layer.intraMatrix);
    matrix(this.wasm.MATRIX_INTER, layer.interMatrix);
  }

  /** Reads the picture `bytes[start..end)` (whole, header included) with the header `vop`. */
  read(bytes: Uint8Array, start: number, end: number, vop: Vop, time: VopTime, output: Output): CompressedFrame {
    const { wasm } = this;
    const layer = this.layer!;
    const region = this.setPlanes(layer, output);
    wasm.setPicture(
      vopTypes[vop.type],
      vop.quantiser,
      vop.fcodeForward,
      vop.fcodeBackward,
      vop.intraDcThreshold,
      bit(vop.alternateVerticalScan),
      bit(vop.topFieldFirst),
    );
    let damage: Error | undefined;
    if (vop.type === 'B' && vop.coded) wasm.setDistances(time.trb, time.trd, time.trbField, time.trdField);
    if (vop.coded) {
      const size = end - start;
      const packetAt = wasm.planesEnd.value as number;
      const padding = wasm.PADDING.value as number;
      if (!wasm.reserve(packetAt + padding + size + 16)) throw this.outOfMemory();
      new Uint8Array(this.memory.buffer, packetAt + padding, size).set(bytes.subarray(start, end));
      wasm.openPacket(packetAt, size);
      wasm.setRows(output.rows ?? this.mbRows);
      wasm.readPicture(vop.dataBit - start * 8);
      if (wasm.damage.value) {
        const offset = start + ((wasm.damageAt.value as number) >>> 3);
        damage = new MalformedStreamError(reasons[wasm.damage.value as number]!, { offset });
      }
    } else {
      wasm.skipPicture();
    }
    return this.frame(layer, vop, output, region, (end - start) * 8, damage);
  }

  /** A B-picture without its anchor: a frame of lost macroblocks, with the reason. */
  lose(start: number, end: number, vop: Vop, output: Output, reason: string): CompressedFrame {
    const layer = this.layer!;
    const region = this.setPlanes(layer, output);
    this.wasm.setPicture(vopTypes[vop.type], 1, 1, 1, 0, 0, 0);
    this.wasm.losePicture();
    const damage = new MalformedStreamError(reason, { offset: start });
    return this.frame(layer, vop, output, region, (end - start) * 8, damage);
  }

  /** Snaps the region to even multiples of the scale, and lays the planes out. */
  private setPlanes(layer: Layer, output: Output): Rect {
    const { width, height } = layer;
    const idct = output.idct === 'xvid' ? 1 : 0;
    const scale = output.scale;
    if (scale === 0) {
      if (!this.wasm.setPlanes(-1, 0, 0, 0, 0, 0, idct)) throw this.outOfMemory();
      return { x: 0, y: 0, width, height };
    }
    const region = snap(output.region ?? { x: 0, y: 0, width, height }, 2 * scale, width, height);
    const log2 = 31 - Math.clz32(scale);
    // The whole picture: its macroblocks to their ends, so that the planes' memory goes on beyond the picture's edges.
    const whole = region.width === width && region.height === height;
    const ok = this.wasm.setPlanes(
      log2,
      region.x >> 3,
      region.y >> 3,
      whole ? this.mbCols * 2 : (region.x + region.width + 7) >> 3,
      whole ? this.mbRows * 2 : (region.y + region.height + 7) >> 3,
      bit(output.chroma),
      idct,
    );
    if (!ok) throw this.outOfMemory();
    return region;
  }

  private frame(
    layer: Layer,
    vop: Vop,
    output: Output,
    region: Rect,
    bits: number,
    damage: Error | undefined,
  ): CompressedFrame {
    const { wasm, mbCols, mbRows } = this;
    const buffer = this.memory.buffer;
    const count = mbCols * mbRows;
    const bytes = (at: Address) => new Uint8Array(buffer, at.value, count);
    const cells = count * 4;
    const planes = output.scale !== 0;
    const scale = output.scale || 1;
    return {
      type: vop.type,
      coded: vop.coded,
      width: layer.width,
      height: layer.height,
      mbCols,
      mbRows,
      scale,
      region,
      luma: planes ? this.plane(wasm.lumaPlane(), wasm.lumaStride.value / 2, region, scale, 1) : undefined,
      cb:
        planes && output.chroma ? this.plane(wasm.cbPlane(), wasm.chromaStride.value / 2, region, scale, 2) : undefined,
      cr:
        planes && output.chroma ? this.plane(wasm.crPlane(), wasm.chromaStride.value / 2, region, scale, 2) : undefined,
      motion: {
        cols: mbCols * 2,
        rows: mbRows * 2,
        cell: 8,
        unit: layer.quarterSample ? 4 : 2,
        vectors: new Int16Array(buffer, wasm.vectorAt.value, cells * 2),
        backward: vop.type === 'B' ? new Int16Array(buffer, wasm.backwardAt.value, cells * 2) : undefined,
      },
      macroblockType: bytes(wasm.typeAt),
      prediction: bytes(wasm.predictionAt),
      rounding: vop.roundingType,
      intra: bytes(wasm.intraAt),
      qp: bytes(wasm.quantAt),
      bits,
      damage,
    };
  }

  /** The part of a padded plane that the region covers. `step`: luma pixels per sample of this plane at scale 1. */
  private plane(at: number, stride: number, region: Rect, scale: number, step: number): Plane {
    const unit = scale * step;
    const left = (region.x & ~15) / unit;
    const top = (region.y & ~15) / unit;
    const x = region.x / unit - left;
    const y = region.y / unit - top;
    const width = Math.ceil(region.width / unit);
    const height = Math.ceil(region.height / unit);
    const rows = ((((region.y + region.height + 15) & ~15) - (region.y & ~15)) / unit - y) | 0;
    const length = height > 0 && width > 0 ? rows * stride - x : 0;
    return { data: new Int16Array(this.memory.buffer, at + (y * stride + x) * 2, length), width, height, stride };
  }

  private outOfMemory(): LimitExceededError {
    const pixels = this.mbCols * this.mbRows * 256;
    return new LimitExceededError('pixels', pixels, pixels - 1);
  }
}

/** `rect` snapped outwards to multiples of `step` and cut to the picture; empty where they do not meet. */
function snap(rect: Rect, step: number, width: number, height: number): Rect {
  const along = (start: number, length: number, limit: number): [number, number] => {
    const from = Math.min(Math.max(Math.floor(start / step) * step, 0), limit);
    const to = Math.min(Math.max(Math.ceil((start + length) / step) * step, from), limit);
    return [from - (from % step), to];
  };
  const [x, right] = along(rect.x, rect.width, width);
  const [y, bottom] = along(rect.y, rect.height, height);
  return { x, y, width: right - x, height: bottom - y };
}

/** Every macroblock that the kernel did not read. */
export function lostMacroblocks(frame: CompressedFrame): number {
  let lost = 0;
  for (const type of frame.macroblockType) if (type === MacroblockType.lost) lost++;
  return lost;
}
