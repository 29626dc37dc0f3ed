/** One instance of the WebAssembly kernel: its tables, the picture's memory, and one call per slice. */

import { LimitExceededError } from '../../errors.js';
import { fromBase64 } from '../../files/base64.js';
import { wasmBase64 } from './kernel.generated.js';
import { type ScalingMatrices, scalingMatrices } from './pps.js';
import type { PicParameterSet, SeqParameterSet } from './syntax.js';
import { contextInitialisation } from './tables/cabac-contexts.js';
import { engineTable } from './tables/cabac-engine.js';
import { type Code, coeff_token, lookup, run_before, total_zeros, total_zeros_chroma_dc } from './tables/cavlc.js';
import { chromaQp, coded_block_pattern_400, coded_block_pattern_420, zigzag4x4, zigzag8x8 } from './tables/mapping.js';

/** What `address` of kernels/h264 is asked for. */
const Address = {
  engine: 0,
  contextInit: 1,
  coeffToken: 2,
  totalZeros: 3,
  totalZerosDc: 4,
  runBefore: 5,
  codedBlockPattern: 6,
  scan4x4: 7,
  scan8x8: 8,
  scan8x8Cavlc: 9,
  scale4x4: 10,
  scale8x8: 11,
  scale8x8Cavlc: 12,
  chromaQp: 13,
  slice: 14,
  refPoc: 15,
  refLong: 16,
  sliceOf: 17,
  mbTypes: 18,
  publicTypes: 19,
  intraMask: 20,
  qps: 21,
  intraModes: 22,
  intra16Modes: 23,
  chromaModes: 24,
  transform8x8: 25,
  codedBlockPatterns: 26,
  totalCoeff: 27,
  underived: 28,
  fields: 29,
  slotBytes: 30,
  vectorBytes: 31,
  refIdxOffset: 32,
  refPocOffset: 33,
  lumaPlane: 34,
  cbPlane: 35,
  crPlane: 36,
  lumaStride: 37,
  chromaStride: 38,
  buffer: 39,
  unitScale: 40,
  unitScan: 41,
} as const;

/** Error codes of kernels/h264/state.ts in words. */
const reasons: readonly string[] = [
  '',
  'the slice ends before its last macroblock',
  'mb_type is no code',
  'coded_block_pattern is no code',
  'ref_idx is outside the list',
  'mb_qp_delta is out of range',
  'a coefficient or vector is no code',
  'the slice leaves the picture or meets a macroblock that another has decoded',
  'intra_chroma_pred_mode is no code',
  'mb_skip_run leaves the picture',
  'slice_data ends elsewhere than at rbsp_trailing_bits',
  'Exp-Golomb code too long',
];

/** What went wrong in a slice, for an error code of `decodeSlice`. */
export function reasonOf(error: number): string {
  return reasons[error] ?? `error ${error}`;
}

/** Parameters of one slice, in the order of kernels/h264/state.ts, loadSlice. */
export interface SliceParameters {
  slice_type: number;
  entropy_coding_mode_flag: boolean;
  first_mb_in_slice: number;
  SliceQPY: number;
  /** 0 in I slices, 1 + cabac_init_idc else. */
  cabacModel: number;
  num_ref_idx_active: readonly [number, number];
  transform_8x8_mode_flag: boolean;
  direct_8x8_inference_flag: boolean;
  direct_spatial_mv_pred_flag: boolean;
  sliceIndex: number;
  constrained_intra_pred_flag: boolean;
  monochrome: boolean;
  startBit: number;
  stopBit: number;
  /** Motion field of RefPicList1[0]; -1: not there. */
  colSlot: number;
  colShortTerm: boolean;
  PicOrderCnt: number;
}

interface Exports {
  address(which: number): number;
  padding(): number;
  configure(cols: number, rows: number, pool: number, nalBytes: number): number;
  setPlanes(scale: number, chroma: number, x0: number, y0: number, x1: number, y1: number): void;
  setRows(rows: number): void;
  beginPicture(slot: number): void;
  decodeSlice(size: number): number;
  decodedMacroblocks(): number;
  endPosition(): number;
  hasUnderived(): number;
  endPicture(): number;
}

let compiled: WebAssembly.Module | undefined;

function compile(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(fromBase64(wasmBase64));
  return compiled;
}

/** Table 8-? of 8.5.9: weights v of normAdjust4x4 by m, for positions (0,0), (1,1) and the others. */
const normAdjust4x4 = [
  [10, 16, 13],
  [11, 18, 14],
  [13, 20, 16],
  [14, 23, 18],
  [16, 25, 20],
  [18, 29, 23],
] as const;

/** normAdjust8x8 by m: the six kinds of positions in the standard's order. */
const normAdjust8x8 = [
  [20, 18, 32, 19, 25, 24],
  [22, 19, 35, 21, 28, 26],
  [26, 23, 42, 24, 33, 31],
  [28, 25, 45, 26, 35, 33],
  [32, 28, 51, 30, 40, 38],
  [36, 32, 58, 34, 46, 43],
] as const;

function norm4x4(m: number, x: number, y: number): number {
  const row = normAdjust4x4[m]!;
  if (x % 2 === 0 && y % 2 === 0) return row[0];
  return x % 2 === 1 && y % 2 === 1 ? row[1] : row[2];
}

function norm8x8(m: number, x: number, y: number): number {
  const row = normAdjust8x8[m]!;
  if (x % 4 === 0 && y % 4 === 0) return row[0];
  if (x % 2 === 1 && y % 2 === 1) return row[1];
  if (x % 4 === 2 && y % 4 === 2) return row[2];
  if ((x % 4 === 0 && y % 2 === 1) || (x % 2 === 1 && y % 4 === 0)) return row[3];
  if ((x % 4 === 0 && y % 4 === 2) || (x % 4 === 2 && y % 4 === 0)) return row[4];
  return row[5];
}

/** Kernels that no parser uses: one costs as much as a picture or two, in tables and in memory touched for the first time. */
const idle: Kernel[] = [];
/** Kept at most, and bytes of memory that one of them may hold: about a picture of 4096 x 2304. */
const KEPT = 2;
const KEPT_BYTES = 96 * 2 ** 20;

export class Kernel {
  /** One that another parser has done with, or a new one. */
  static take(): Kernel {
    return idle.pop() ?? new Kernel();
  }

  /** Hands it on to who calls `take`. */
  release(): void {
    if (idle.length < KEPT && this.memory.buffer.byteLength <= KEPT_BYTES) idle.push(this);
  }

  private readonly memory: WebAssembly.Memory;
  private readonly wasm: Exports;
  private sps: SeqParameterSet | undefined;
  private pps: PicParameterSet | undefined;
  /** Bytes a NAL unit may have with the memory laid out now. */
  private nalBytes = 0;
  mbCols = 0;
  mbRows = 0;
  pool = 0;

  constructor() {
    this.memory = new WebAssembly.Memory({ initial: 8 });
    const imports = { env: { memory: this.memory } };
    this.wasm = new WebAssembly.Instance(compile(), imports).exports as unknown as Exports;
    this.writeTables();
  }

  /**
   * Lays memory out for pictures of this size; true where that was necessary, which empties every motion field.
   * Throws LimitExceededError when there is not enough memory.
   */
  configure(mbCols: number, mbRows: number, pool: number, nalBytes: number): boolean {
    const same = mbCols === this.mbCols && mbRows === this.mbRows && pool === this.pool;
    if (same && nalBytes <= this.nalBytes) return false;
    // Room to grow: units of one stream differ.
    const room = Math.max(same ? this.nalBytes : 0, nalBytes + (nalBytes >> 1) + 65536);
    this.mbCols = 0;
    if (!this.wasm.configure(mbCols, mbRows, pool, room)) {
      const pixels = mbCols * mbRows * 256;
      throw new LimitExceededError('pixels', pixels, pixels - 1);
    }
    // The planes lie elsewhere now, empty.
    this.wasm.setPlanes(0, 0, 0, 0, 0, 0);
    Object.assign(this, { mbCols, mbRows, pool, nalBytes: room });
    return true;
  }

  /** Macroblocks [x0, x1) x [y0, y1) are put on the planes; scale 0: none. */
  setPlanes(scale: number, chroma: boolean, x0: number, y0: number, x1: number, y1: number): void {
    this.wasm.setPlanes(scale, chroma ? 1 : 0, x0, y0, x1, y1);
  }

  /** @param rows of macroblocks, from the top, that are to be read */
  beginPicture(slot: number, rows: number): void {
    this.wasm.setRows(rows);
    this.wasm.beginPicture(slot);
  }

  /** Marks what was not decoded; gives how many macroblocks that is. */
  endPicture(): number {
    return this.wasm.endPicture();
  }

  get hasUnderived(): boolean {
    return this.wasm.hasUnderived() !== 0;
  }

  /** Where the RBSP of the next slice is to be put: room for the bytes promised to `configure`. */
  sliceBuffer(): Uint8Array {
    return new Uint8Array(this.memory.buffer, this.at('buffer') + this.wasm.padding(), this.nalBytes);
  }

  /** Parses the slice in `sliceBuffer`. Lists: PicOrderCnt and long-term mark of each entry. */
  decodeSlice(
    size: number,
    slice: SliceParameters,
    lists: { poc: readonly [Int32Array, Int32Array]; long: readonly [Uint8Array, Uint8Array] },
  ): { error: number; macroblocks: number; endBit: number } {
    new Int32Array(this.memory.buffer, this.at('slice'), 18).set([
      slice.slice_type,
      Number(slice.entropy_coding_mode_flag),
      slice.first_mb_in_slice,
      slice.SliceQPY,
      slice.cabacModel,
      slice.num_ref_idx_active[0],
      slice.num_ref_idx_active[1],
      Number(slice.transform_8x8_mode_flag),
      Number(slice.direct_8x8_inference_flag),
      Number(slice.direct_spatial_mv_pred_flag),
      slice.sliceIndex,
      Number(slice.constrained_intra_pred_flag),
      Number(slice.monochrome),
      slice.startBit,
      slice.stopBit,
      slice.colSlot,
      Number(slice.colShortTerm),
      slice.PicOrderCnt,
    ]);
    const pocs = new Int32Array(this.memory.buffer, this.at('refPoc'), 64);
    const long = new Uint8Array(this.memory.buffer, this.at('refLong'), 64);
    for (const list of [0, 1] as const) {
      pocs.set(lists.poc[list].subarray(0, 32), list * 32);
      long.set(lists.long[list].subarray(0, 32), list * 32);
    }
    const error = this.wasm.decodeSlice(size);
    return { error, macroblocks: this.wasm.decodedMacroblocks(), endBit: this.wasm.endPosition() >>> 0 };
  }

  /** A plane's samples and its stride, in samples. */
  plane(which: 'luma' | 'cb' | 'cr'): { at: number; stride: number } {
    const at = this.at(which === 'luma' ? 'lumaPlane' : which === 'cb' ? 'cbPlane' : 'crPlane');
    return { at, stride: this.at(which === 'luma' ? 'lumaStride' : 'chromaStride') / 2 };
  }

  samples(at: number, length: number): Int16Array {
    return new Int16Array(this.memory.buffer, at, length);
  }

  /** An array of `perMacroblock` bytes per macroblock. */
  bytes(
    which:
      | 'mbTypes'
      | 'publicTypes'
      | 'intraMask'
      | 'qps'
      | 'intraModes'
      | 'intra16Modes'
      | 'chromaModes'
      | 'transform8x8'
      | 'codedBlockPatterns'
      | 'totalCoeff'
      | 'underived',
    perMacroblock = 1,
  ): Uint8Array {
    return new Uint8Array(this.memory.buffer, this.at(which), this.mbCols * this.mbRows * perMacroblock);
  }

  sliceOf(): Uint16Array {
    return new Uint16Array(this.memory.buffer, this.at('sliceOf'), this.mbCols * this.mbRows);
  }

  /** A motion field: vectors, reference indices and reference POCs per list. */
  field(slot: number): {
    vectors: [Int16Array, Int16Array];
    refIdx: [Int8Array, Int8Array];
    references: [Int32Array, Int32Array];
  } {
    const { buffer } = this.memory;
    const mbs = this.mbCols * this.mbRows;
    const base = this.at('fields') + slot * this.at('slotBytes');
    const refs = base + this.at('refIdxOffset');
    const pocs = base + this.at('refPocOffset');
    return {
      vectors: [
        new Int16Array(buffer, base, mbs * 32),
        new Int16Array(buffer, base + this.at('vectorBytes'), mbs * 32),
      ],
      refIdx: [new Int8Array(buffer, refs, mbs * 4), new Int8Array(buffer, refs + mbs * 4, mbs * 4)],
      references: [new Int32Array(buffer, pocs, mbs * 4), new Int32Array(buffer, pocs + mbs * 16, mbs * 4)],
    };
  }

  /** Tables that follow from parameter sets: scaling (8.5.9) and chroma quantisers. */
  setParameterSets(sps: SeqParameterSet, pps: PicParameterSet): void {
    if (sps === this.sps && pps === this.pps) return;
    this.sps = sps;
    this.pps = pps;
    this.writeScales(scalingMatrices(sps, pps));
    const qp = this.view(Uint8Array, 'chromaQp', 104);
    for (const plane of [0, 1] as const) {
      for (let q = 0; q < 52; q++) qp[plane * 52 + q] = chromaQp(q, pps.chroma_qp_index_offset[plane]);
    }
  }

  private at(which: keyof typeof Address): number {
    return this.wasm.address(Address[which]) >>> 0;
  }

  private view<T>(
    type: new (buffer: ArrayBufferLike, offset: number, length: number) => T,
    which: keyof typeof Address,
    length: number,
  ): T {
    return new type(this.memory.buffer, this.at(which), length);
  }

  private writeScales({ lists4x4, lists8x8 }: ScalingMatrices): void {
    const scale4x4 = this.view(Int32Array, 'scale4x4', 6 * 52 * 16);
    for (let list = 0; list < 6; list++) {
      for (let q = 0; q < 52; q++) {
        for (let k = 0; k < 16; k++) {
          const raster = zigzag4x4[k]!;
          const level = lists4x4[list]![k]! * norm4x4(q % 6, raster & 3, raster >> 2);
          scale4x4[(list * 52 + q) * 16 + k] = level << Math.floor(q / 6);
        }
      }
    }
    const scale8x8 = this.view(Int32Array, 'scale8x8', 2 * 52 * 64);
    const cavlc = this.view(Int32Array, 'scale8x8Cavlc', 2 * 52 * 64);
    for (let list = 0; list < 2; list++) {
      for (let q = 0; q < 52; q++) {
        for (let k = 0; k < 64; k++) {
          const raster = zigzag8x8[k]!;
          const level = lists8x8[list]![k]! * norm8x8(q % 6, raster & 7, raster >> 3);
          const base = (list * 52 + q) * 64;
          scale8x8[base + k] = level << Math.floor(q / 6);
          cavlc[base + (k & 3) * 16 + (k >> 2)] = level << Math.floor(q / 6);
        }
      }
    }
  }

  private writeTables(): void {
    this.view(Uint8Array, 'engine', 1024).set(engineTable());
    this.view(Int8Array, 'contextInit', 4 * 460 * 2).set(contextInitialisation());
    const tokens = this.view(Uint16Array, 'coeffToken', 4 * 128);
    coeff_token.forEach((codes, table) => {
      tokens.set(byLeadingZeros(codes), table * 128);
    });
    const packed = (codes: readonly Code[], width: number): Uint8Array =>
      Uint8Array.from(lookup(codes, width), (entry) => ((entry >> 8) << 4) | (entry & 255));
    const zeros = this.view(Uint8Array, 'totalZeros', 15 * 512);
    total_zeros.forEach((codes, i) => {
      zeros.set(packed(codes, 9), i * 512);
    });
    const dc = this.view(Uint8Array, 'totalZerosDc', 24);
    total_zeros_chroma_dc.forEach((codes, i) => {
      dc.set(packed(codes, 3), i * 8);
    });
    const runs = this.view(Uint8Array, 'runBefore', 48);
    for (let i = 0; i < 6; i++) runs.set(packed(run_before[i]!, 3), i * 8);
    const cbp = this.view(Uint8Array, 'codedBlockPattern', 128);
    for (const column of [0, 1] as const) {
      cbp.set(
        coded_block_pattern_420.map((row) => row[column]),
        column * 48,
      );
      cbp.set(
        coded_block_pattern_400.map((row) => row[column]),
        96 + column * 16,
      );
    }
    // Coefficients lie column-major in the kernel.
    this.view(Uint8Array, 'scan4x4', 16).set(zigzag4x4.map((raster) => (raster & 3) * 4 + (raster >> 2)));
    const scan8x8 = zigzag8x8.map((raster) => (raster & 7) * 8 + (raster >> 3));
    this.view(Uint8Array, 'scan8x8', 64).set(scan8x8);
    const interleaved = this.view(Uint8Array, 'scan8x8Cavlc', 64);
    scan8x8.forEach((at, k) => {
      interleaved[(k & 3) * 16 + (k >> 2)] = at;
    });
    this.view(Int32Array, 'unitScale', 16).fill(16);
    this.view(Uint8Array, 'unitScan', 16).set(Array.from({ length: 16 }, (_, i) => i));
  }
}

/** coeff_token by (leading zeros << 3) | the three bits after the first 1: entry (value << 8) | length, 0: no code. */
function byLeadingZeros(codes: readonly Code[]): Uint16Array {
  const table = new Uint16Array(128);
  for (const { bits, value } of codes) {
    const zeros = bits.indexOf('1');
    const entry = (value << 8) | bits.length;
    if (zeros < 0) {
      // All zeros: whatever follows.
      table.fill(entry, bits.length * 8);
      continue;
    }
    const tail = bits.slice(zeros + 1);
    const from = zeros * 8 + (tail === '' ? 0 : Number.parseInt(tail, 2) << (3 - tail.length));
    table.fill(entry, from, from + (1 << (3 - tail.length)));
  }
  return table;
}
