/**
 * Rewrites a data-partitioned stream with reversible codes (reversible_vlc, ISO/IEC 14496-2 table B-23), which no
 * encoder at hand writes: the texture partition is read with the ordinary codes and written again with the reversible
 * ones, all else stays. For streams with one video packet to a VOP. The codes are those of the parser's own tables; that
 * they are the standard's is proven by ffmpeg reading the result.
 */
import {
  type Code,
  type CoefficientCode,
  cbpy,
  dctDcSizeChrominance,
  dctDcSizeLuminance,
  interRvlc,
  interTcoef,
  intraRvlc,
  intraTcoef,
  mbType,
  mcbpcInter,
  mcbpcIntra,
  mvd,
  tcoefEscape,
} from '../../../src/bitstream/mpeg4/vlc-tables.js';
import { findStartCode, splitM4v, volFields, withReversibleVlc } from '../../support/m4v.js';

/** Reads a string of '0' and '1'. */
class Bits {
  readonly text: string;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.text = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  }

  read(count: number): number {
    const value = Number.parseInt(this.text.slice(this.at, this.at + count), 2);
    this.at += count;
    return value;
  }

  /** The meaning of the code that comes next. */
  code<T>(table: ReadonlyMap<string, T>): T {
    for (let length = 1; length <= 16; length++) {
      const found = table.get(this.text.slice(this.at, this.at + length));
      if (found !== undefined) {
        this.at += length;
        return found;
      }
    }
    throw new Error(`no code at bit ${this.at}`);
  }

  expect(pattern: string): void {
    if (!this.text.startsWith(pattern, this.at)) throw new Error(`${pattern} is missing at bit ${this.at}`);
    this.at += pattern.length;
  }
}

const byCode = <T>(table: readonly Code<T>[]): Map<string, T> =>
  new Map(table.map(([meaning, bits]) => [bits, meaning]));
const codes = {
  mcbpcIntra: byCode(mcbpcIntra),
  mcbpcInter: byCode(mcbpcInter),
  cbpy: byCode(cbpy),
  mvd: byCode(mvd),
  dcLuma: byCode(dctDcSizeLuminance),
  dcChroma: byCode(dctDcSizeChrominance),
};

interface Coefficient {
  last: number;
  run: number;
  level: number;
}

/** Reads and writes the coefficients of intra or of inter blocks. */
class Texture {
  readonly #read: Map<string, CoefficientCode | undefined>;
  readonly #write: Map<string, string>;
  readonly #table: readonly CoefficientCode[];

  constructor(from: readonly CoefficientCode[], to: readonly CoefficientCode[]) {
    this.#table = from;
    this.#read = new Map(from.map((row) => [row[3], row]));
    this.#write = new Map(to.map(([last, run, level, bits]) => [`${last} ${run} ${level}`, bits]));
  }

  #code(bits: Bits): Coefficient {
    const row = bits.code(this.#read as Map<string, CoefficientCode>);
    return { last: row[0], run: row[1], level: bits.read(1) ? -row[2] : row[2] };
  }

  /** One coefficient (7.4.1.3), escapes of all three types included. */
  read(bits: Bits): Coefficient {
    if (!bits.text.startsWith(tcoefEscape, bits.at)) return this.#code(bits);
    bits.at += tcoefEscape.length;
    if (!bits.read(1)) {
      const { last, run, level } = this.#code(bits);
      const most = Math.max(...this.#table.filter((row) => row[0] === last && row[1] === run).map((row) => row[2]));
      return { last, run, level: level + Math.sign(level) * most };
    }
    if (!bits.read(1)) {
      const { last, run, level } = this.#code(bits);
      const size = Math.abs(level);
      const longest = Math.max(...this.#table.filter((row) => row[0] === last && row[2] === size).map((row) => row[1]));
      return { last, run: run + longest + 1, level };
    }
    const last = bits.read(1);
    const run = bits.read(6);
    bits.expect('1');
    const level = bits.read(12);
    bits.expect('1');
    return { last, run, level: level >= 2048 ? level - 4096 : level };
  }

  /** The same as a reversible code or escape; `used` collects the codes. */
  write({ last, run, level }: Coefficient, used: Set<string>): string {
    const size = Math.abs(level);
    const sign = level < 0 ? '1' : '0';
    const code = this.#write.get(`${last} ${run} ${size}`);
    used.add(code === undefined ? 'escape' : `${last} ${run} ${size}`);
    if (code !== undefined) return code + sign;
    const binary = (value: number, count: number): string => value.toString(2).padStart(count, '0');
    return `00001${last}${binary(run, 6)}1${binary(size, 11)}10000${sign}`;
  }
}

const textures = { intra: new Texture(intraTcoef, intraRvlc), inter: new Texture(interTcoef, interRvlc) };

interface Macroblock {
  intra: boolean;
  dquant: boolean;
  /** Blocks with coefficients, block 0 in bit 5. */
  cbp: number;
  coded: boolean;
}

function skipVector(bits: Bits, fcode: number): void {
  for (let component = 0; component < 2; component++) {
    if (bits.code(codes.mvd) !== 0) bits.read(1 + fcode - 1); // sign, residual
  }
}

function skipDc(bits: Bits): void {
  for (let block = 0; block < 6; block++) {
    const size = bits.code(block < 4 ? codes.dcLuma : codes.dcChroma);
    if (size > 0) bits.read(size);
    if (size > 8) bits.expect('1');
  }
}

/** Reads both header partitions of the VOP and leaves `bits` at the texture. */
function readPartitions(bits: Bits, predicted: boolean, fcode: number, count: number): Macroblock[] {
  const macroblocks: Macroblock[] = [];
  for (let mb = 0; mb < count; mb++) {
    if (predicted && bits.read(1)) {
      macroblocks.push({ intra: false, dquant: false, cbp: 0, coded: false });
      continue;
    }
    const [type, cbpc] = bits.code(predicted ? codes.mcbpcInter : codes.mcbpcIntra);
    if (type === mbType.stuffing) throw new Error('stuffing');
    const intra = type === mbType.intra || type === mbType.intraq;
    const dquant = type === mbType.interq || type === mbType.intraq;
    macroblocks.push({ intra, dquant, cbp: cbpc, coded: true });
    if (!predicted) {
      if (dquant) bits.read(2);
      skipDc(bits);
    } else if (!intra) {
      for (let vector = 0; vector < (type === mbType.inter4v ? 4 : 1); vector++) skipVector(bits, fcode);
    }
  }
  bits.expect(predicted ? '11111000000000001' : '1101011000000000001'); // motion_marker, dc_marker
  for (const macroblock of macroblocks) {
    if (!macroblock.coded) continue;
    if (macroblock.intra) bits.read(1); // ac_pred_flag
    const luma = bits.code(codes.cbpy);
    macroblock.cbp |= (macroblock.intra ? luma : 15 - luma) << 2;
    if (predicted && macroblock.dquant) bits.read(2);
    if (predicted && macroblock.intra) skipDc(bits);
  }
  return macroblocks;
}

function transcodePacket(
  packet: Uint8Array,
  ticks: number,
  count: number,
  used: Record<string, Set<string>>,
): Uint8Array {
  const vop = findStartCode(packet, 0, 0xb6, 0xb6);
  const bits = new Bits(packet.subarray(vop + 4));
  const type = bits.read(2); // vop_coding_type
  if (type > 1) throw new Error('neither an I- nor a P-VOP');
  while (bits.read(1)); // modulo_time_base
  bits.expect('1');
  bits.read(Math.max(1, Math.ceil(Math.log2(ticks))));
  bits.expect('1');
  if (!bits.read(1)) return packet; // vop_coded
  if (type === 1) bits.read(1); // vop_rounding_type
  bits.expect('000'); // intra_dc_vlc_thr
  bits.read(5); // vop_quant
  const fcode = type === 1 ? bits.read(3) : 1;
  const macroblocks = readPartitions(bits, type === 1, fcode, count);
  let out = bits.text.slice(0, bits.at);
  for (const { intra, cbp } of macroblocks) {
    const kind = intra ? 'intra' : 'inter';
    for (let block = 0; block < 6; block++) {
      if (!(cbp & (32 >> block))) continue;
      for (let last = 0; !last; ) {
        const coefficient = textures[kind].read(bits);
        out += textures[kind].write(coefficient, used[kind]!);
        last = coefficient.last;
      }
    }
  }
  out += '0'; // stuffing
  out = out.padEnd(Math.ceil(out.length / 8) * 8, '1');
  const bytes = out.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2));
  return Uint8Array.from([...packet.subarray(0, vop + 4), ...bytes]);
}

export interface Transcoded {
  packets: Uint8Array[];
  /** The codes that occur, by table: `last run level`, or `escape`. */
  used: { intra: Set<string>; inter: Set<string> };
}

/** The stream with reversible codes. */
export function toReversibleVlc(stream: Uint8Array, width: number, height: number): Transcoded {
  const { ticks } = volFields(stream)[0]!;
  const count = Math.ceil(width / 16) * Math.ceil(height / 16);
  const used = { intra: new Set<string>(), inter: new Set<string>() };
  const packets = splitM4v(withReversibleVlc(stream)).map((packet) => transcodePacket(packet, ticks, count, used));
  return { packets, used };
}
