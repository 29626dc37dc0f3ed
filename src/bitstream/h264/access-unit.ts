/** From a packet to its pictures: NAL units sorted into parameter sets and slices, slices into pictures (7.4.1.2.4). */
import { MalformedStreamError, UnsupportedStreamError } from '../../errors.js';
import { checkLimit, type Limits } from '../../limits.js';
import { type NalUnit, NalUnitType, nalUnits, rbspOf } from './nal.js';
import { readPps, spsIdOfPps } from './pps.js';
import { readSliceHeader, readSliceStart } from './slice-header.js';
import { checkSupported, convertRemedy, frameHeightInMbs, readSps } from './sps.js';
import type { PicParameterSet, SeqParameterSet, SliceHeader } from './syntax.js';

/** A slice's place in the packet and its header. */
export interface FoundSlice {
  unit: NalUnit;
  header: SliceHeader;
  pps: PicParameterSet;
}

/** A picture's slices, in the order of the packet. At least one. */
export interface FoundPicture {
  sps: SeqParameterSet;
  slices: FoundSlice[];
  /** From its first NAL unit's header byte to the end of its last. */
  offset: number;
  end: number;
  /** Tells the picture from those around it. */
  key: string;
  /** A slice of it whose header could not be read. */
  problem: Error | undefined;
}

/** Longest slice header read: 32 commands, weights of 2 x 32 references and 64 markings come to less. */
const HEADER_BYTES = 2048;

/** A parameter set as it came, and as it was read. PPSs are read when used, since their SPS may come later. */
interface StoredSet<T> {
  nal: Uint8Array;
  set: T | undefined;
}

export class PictureFinder {
  private readonly limits: Limits;
  private lengthSize = 0;
  private readonly spss = new Map<number, StoredSet<SeqParameterSet>>();
  private readonly ppss = new Map<number, StoredSet<PicParameterSet>>();
  /** Why the last packet gave fewer pictures than it has slices, if so. */
  problem: Error | undefined;

  /**
   * @param config avcC (ISO/IEC 14496-15, 5.3.3.1.2), Annex B parameter sets, or nothing
   * Throws UnsupportedStreamError where every SPS in it asks for something that is not read.
   */
  constructor(config: Uint8Array, limits: Limits) {
    this.limits = limits;
    if (config.length > 0) this.takeConfig(config);
  }

  private takeConfig(config: Uint8Array): void {
    if (config[0] === 1 && config.length >= 7) {
      this.lengthSize = (config[4]! & 3) + 1;
      let at = 5;
      for (const mask of [31, 255]) {
        const count = (config[at++] ?? 0) & mask;
        for (let i = 0; i < count; i++) {
          const size = ((config[at] ?? 0) << 8) | (config[at + 1] ?? 0);
          if (at + 2 + size > config.length)
            throw new MalformedStreamError('avcC ends inside a parameter set', { offset: at });
          for (const unit of nalUnits(config.subarray(at, at + 2 + size), 2))
            this.takeSet(config.subarray(at, at + 2 + size), unit);
          at += 2 + size;
        }
      }
    } else {
      for (const unit of nalUnits(config, 0)) this.takeSet(config, unit);
    }
    const sets = [...this.spss.values()].flatMap(({ set }) => (set ? [set] : []));
    const unsupported: unknown[] = [];
    for (const sps of sets) {
      try {
        this.checkSps(sps);
      } catch (error) {
        unsupported.push(error);
      }
    }
    if (sets.length > 0 && unsupported.length === sets.length) throw unsupported[0];
  }

  private checkSps(sps: SeqParameterSet): void {
    checkSupported(sps);
    checkLimit(this.limits, 'pixels', sps.PicWidthInMbs * frameHeightInMbs(sps) * 256);
  }

  /**
   * The packet's pictures; takes in parameter sets on the way. A slice that cannot be read is left out and remembered
   * in `problem`. Throws UnsupportedStreamError, LimitExceededError, and MalformedStreamError when no picture of the
   * packet can be read though it holds slices.
   */
  pictures(packet: Uint8Array): FoundPicture[] {
    checkLimit(this.limits, 'packetBytes', packet.length);
    this.problem = undefined;
    const pictures: FoundPicture[] = [];
    let extension = false;
    for (const unit of nalUnits(packet, this.lengthSize)) {
      const { nal_unit_type } = unit;
      if (nal_unit_type === NalUnitType.sps || nal_unit_type === NalUnitType.pps) {
        this.attempt(() => this.takeSet(packet, unit), unit, pictures);
      } else if (nal_unit_type === NalUnitType.nonIdr || nal_unit_type === NalUnitType.idr) {
        this.attempt(() => this.takeSlice(packet, unit, pictures), unit, pictures);
      } else if (nal_unit_type >= NalUnitType.partitionA && nal_unit_type <= NalUnitType.partitionC) {
        throw new UnsupportedStreamError('data partitioning (H.264 Extended profile)', convertRemedy);
      } else if (nal_unit_type === NalUnitType.sliceExtension) extension = true;
      // SEI, delimiters, fillers; prefix NAL units and slices of SVC and MVC layers: the base layer stands alone.
    }
    if (pictures.length === 0 && this.problem) throw this.problem;
    if (pictures.length === 0 && extension)
      throw new UnsupportedStreamError('slices of SVC or MVC layers without their base layer', convertRemedy);
    return pictures;
  }

  /** The parameter sets of a picture as NAL units, SPS first. */
  parameterSets(picture: FoundPicture): Uint8Array[] {
    const sps = this.spss.get(picture.sps.seq_parameter_set_id);
    const ids = new Set(picture.slices.map(({ header }) => header.pic_parameter_set_id));
    return [sps, ...[...ids].map((id) => this.ppss.get(id))].flatMap((stored) => (stored ? [stored.nal] : []));
  }

  /** Damage in one NAL unit leaves the others. */
  private attempt(take: () => void, unit: NalUnit, pictures: FoundPicture[]): void {
    try {
      take();
    } catch (error) {
      if (!(error instanceof MalformedStreamError)) throw error;
      const placed =
        error.offset === undefined ? new MalformedStreamError(error.message, { offset: unit.start }) : error;
      this.problem ??= placed;
      const last = pictures.at(-1);
      if (last) last.problem ??= placed;
    }
  }

  private takeSet(packet: Uint8Array, unit: NalUnit): void {
    const nal = packet.slice(unit.start, unit.end);
    if (unit.nal_unit_type === NalUnitType.sps) {
      const set = readSps(rbspOf(packet, unit));
      const id = set.seq_parameter_set_id;
      if (sameBytes(this.spss.get(id)?.nal, nal)) return;
      this.spss.set(id, { nal, set });
      // A PPS is read in the light of its SPS.
      for (const stored of this.ppss.values()) if (stored.set?.seq_parameter_set_id === id) stored.set = undefined;
    } else if (unit.nal_unit_type === NalUnitType.pps) {
      const ids = spsIdOfPps(rbspOf(packet, unit, 16));
      if (!sameBytes(this.ppss.get(ids.pps)?.nal, nal)) this.ppss.set(ids.pps, { nal, set: undefined });
    }
  }

  private pps(id: number): { pps: PicParameterSet; sps: SeqParameterSet } {
    const stored = this.ppss.get(id);
    if (!stored) throw new MalformedStreamError(`a slice refers to picture parameter set ${id}, which was not met`);
    const rbsp = rbspOf(stored.nal, {
      start: 0,
      end: stored.nal.length,
      nal_ref_idc: 0,
      nal_unit_type: NalUnitType.pps,
      truncated: false,
    });
    const spsId = stored.set?.seq_parameter_set_id ?? spsIdOfPps(rbsp).sps;
    const sps = this.spss.get(spsId)?.set;
    if (!sps) throw new MalformedStreamError(`a slice refers to sequence parameter set ${spsId}, which was not met`);
    this.checkSps(sps);
    stored.set ??= readPps(rbsp, sps);
    return { pps: stored.set, sps };
  }

  private takeSlice(packet: Uint8Array, unit: NalUnit, pictures: FoundPicture[]): void {
    const rbsp = rbspOf(packet, unit, HEADER_BYTES);
    const { pps, sps } = this.pps(readSliceStart(rbsp).pic_parameter_set_id);
    if (pps.num_slice_groups > 1) throw new UnsupportedStreamError('flexible macroblock ordering (FMO)', convertRemedy);
    const header = readSliceHeader(rbsp, unit, sps, pps);
    // A redundant slice repeats macroblocks of the primary picture.
    if (header.redundant_pic_cnt > 0) return;
    if (header.first_mb_in_slice >= sps.PicWidthInMbs * frameHeightInMbs(sps))
      throw new MalformedStreamError('first_mb_in_slice lies outside the picture');
    const slice: FoundSlice = { unit, header, pps };
    const last = pictures.at(-1);
    if (last && last.sps === sps && samePicture(last.slices[0]!.header, header)) {
      last.slices.push(slice);
      last.end = unit.end;
      return;
    }
    const key = [
      header.IdrPicFlag ? header.idr_pic_id : -1,
      header.frame_num,
      header.pic_order_cnt_lsb,
      ...header.delta_pic_order_cnt,
      header.nal_ref_idc,
      unit.end - unit.start,
      ...packet.subarray(unit.start, unit.start + 24),
    ].join(' ');
    pictures.push({ sps, slices: [slice], offset: unit.start, end: unit.end, key, problem: undefined });
  }
}

/** 7.4.1.2.4, for frames: no field of the header says that a new primary coded picture begins. */
function samePicture(a: SliceHeader, b: SliceHeader): boolean {
  return (
    a.frame_num === b.frame_num &&
    a.IdrPicFlag === b.IdrPicFlag &&
    a.idr_pic_id === b.idr_pic_id &&
    (a.nal_ref_idc === 0) === (b.nal_ref_idc === 0) &&
    a.pic_order_cnt_lsb === b.pic_order_cnt_lsb &&
    a.delta_pic_order_cnt_bottom === b.delta_pic_order_cnt_bottom &&
    a.delta_pic_order_cnt[0] === b.delta_pic_order_cnt[0] &&
    a.delta_pic_order_cnt[1] === b.delta_pic_order_cnt[1]
  );
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);
}
