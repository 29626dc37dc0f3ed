/** NAL units, Exp-Golomb codes, picture order count and reference marking, on small written examples. */
import { describe, expect, it } from 'vitest';
import { BitWriter, concat, idrSliceHeader, nal, pps, sps } from '../../../test/support/h264-writer.js';
import { defaultLimits } from '../../limits.js';
import { PictureFinder } from './access-unit.js';
import { copyRbsp, nalUnits, RbspReader, rbspOf, stopBitOf } from './nal.js';
import { initialPocState, pictureOrderCount } from './poc.js';
import { References } from './references.js';
import { readSps } from './sps.js';
import { type MemoryManagementOperation, type SeqParameterSet, type SliceHeader, SliceType } from './syntax.js';

describe('NAL units', () => {
  it('are found behind start codes of three and four bytes, without trailing zeros', () => {
    const stream = Uint8Array.of(0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3, 0, 0, 1, 0x65, 1, 1);
    const units = nalUnits(stream, 0);
    expect(units.map(({ start, end, nal_unit_type }) => [start, end, nal_unit_type])).toEqual([
      [4, 7, 7],
      [11, 13, 8],
      [16, 19, 5],
    ]);
  });

  it('are found by length fields, a cut one marked', () => {
    const units = nalUnits(Uint8Array.of(0, 0, 0, 2, 0x67, 1, 0, 0, 0, 9, 0x65, 1), 4);
    expect(units.map(({ start, end, truncated }) => [start, end, truncated])).toEqual([
      [4, 6, false],
      [10, 12, true],
    ]);
  });

  it('lose their emulation prevention and nothing else', () => {
    const rbsp = Uint8Array.of(0, 0, 1, 0, 0, 0, 0, 3, 3, 0, 0, 2, 3, 0, 0);
    const unit = nal(3, 7, rbsp);
    const [found] = nalUnits(unit, 0);
    expect([...rbspOf(unit, { ...found!, end: unit.length })]).toEqual([...rbsp]);
    const target = new Uint8Array(8);
    expect(copyRbsp(Uint8Array.of(0, 0, 3, 0, 0, 3, 1), 0, 7, target)).toBe(5);
    expect([...target.subarray(0, 5)]).toEqual([0, 0, 0, 0, 1]);
  });

  it('end at their stop bit', () => {
    expect(stopBitOf(Uint8Array.of(0xff, 0x80))).toBe(8);
    expect(stopBitOf(Uint8Array.of(0xff, 0x01, 0, 0))).toBe(15);
    expect(stopBitOf(Uint8Array.of(0, 0))).toBe(-1);
  });
});

describe('Exp-Golomb codes', () => {
  it('read what was written', () => {
    const values = [0, 1, 2, 3, 6, 7, 254, 255, 65535, 2 ** 31];
    const writer = new BitWriter();
    for (const value of values) writer.ue(value);
    for (const value of values) writer.se(value % 1000).se(-(value % 1000));
    const reader = new RbspReader(writer.rbsp());
    for (const value of values) expect(reader.ue()).toBe(value);
    for (const value of values) {
      expect(reader.se()).toBe(value % 1000);
      expect(reader.se() + 0).toBe(0 - (value % 1000));
    }
    expect(reader.moreData()).toBe(false);
  });

  it('do not run on through zeros', () => {
    expect(() => new RbspReader(new Uint8Array(100)).ue()).toThrow(/more than 32 leading zeros/);
  });
});

const baseSps: SeqParameterSet = readSps(rbspOf(sps(2, 2), nalUnits(sps(2, 2), 0)[0]!));

const slice = (fields: Partial<SliceHeader>): SliceHeader => ({
  nal_unit_type: 1,
  nal_ref_idc: 1,
  IdrPicFlag: false,
  first_mb_in_slice: 0,
  slice_type: SliceType.P,
  pic_parameter_set_id: 0,
  frame_num: 0,
  idr_pic_id: 0,
  pic_order_cnt_lsb: 0,
  delta_pic_order_cnt_bottom: 0,
  delta_pic_order_cnt: [0, 0],
  redundant_pic_cnt: 0,
  direct_spatial_mv_pred_flag: false,
  num_ref_idx_active: [4, 0],
  ref_pic_list_modification: [[], []],
  pred_weight_table: undefined,
  dec_ref_pic_marking: undefined,
  cabac_init_idc: 0,
  SliceQPY: 26,
  disable_deblocking_filter_idc: 0,
  FilterOffsetA: 0,
  FilterOffsetB: 0,
  headerBits: 0,
  ...fields,
});

const marking = (operations: MemoryManagementOperation[]): Partial<SliceHeader> => ({
  dec_ref_pic_marking: {
    no_output_of_prior_pics_flag: false,
    long_term_reference_flag: false,
    adaptive_ref_pic_marking_mode_flag: operations.length > 0,
    operations,
  },
});

describe('picture order count', () => {
  const counts = (set: SeqParameterSet, slices: SliceHeader[]): number[] => {
    let state = { ...initialPocState };
    return slices.map((header) => {
      const poc = pictureOrderCount(set, header, state);
      state = poc.next;
      return poc.PicOrderCnt;
    });
  };

  it('of type 0 follows the lsb around its modulus, from reference pictures only', () => {
    const set = { ...baseSps, pic_order_cnt_type: 0, log2_max_pic_order_cnt_lsb: 4 };
    const lsbs: [number, number][] = [
      [0, 1],
      [8, 1],
      [4, 0],
      [2, 0],
      [14, 1],
      [4, 1],
      [0, 0],
      [12, 1],
    ];
    const slices = lsbs.map(([pic_order_cnt_lsb, nal_ref_idc], i) =>
      slice({ pic_order_cnt_lsb, nal_ref_idc, IdrPicFlag: i === 0 }),
    );
    expect(counts(set, slices)).toEqual([0, 8, 4, 2, 14, 20, 16, 28]);
  });

  it('of type 1 adds up the cycle', () => {
    const set = {
      ...baseSps,
      pic_order_cnt_type: 1,
      log2_max_frame_num: 4,
      offset_for_ref_frame: [2, 6],
      offset_for_non_ref_pic: -3,
      offset_for_top_to_bottom_field: 1,
    };
    const slices = [0, 1, 2, 3].map((frame_num, i) => slice({ frame_num, IdrPicFlag: i === 0 }));
    slices.push(slice({ frame_num: 4, nal_ref_idc: 0 }));
    slices.push(slice({ frame_num: 4, delta_pic_order_cnt: [5, 0] }));
    // Frames 1, 2, 3, … stand at 2, 8, 10, 16; the non-reference picture of frame_num 4 at that of 3, less 3.
    expect(counts(set, slices)).toEqual([0, 2, 8, 10, 7, 21]);
  });

  it('of type 2 is decoding order, and survives the wrap of frame_num', () => {
    const set = { ...baseSps, pic_order_cnt_type: 2, log2_max_frame_num: 4 };
    const slices = Array.from({ length: 20 }, (_, i) => slice({ frame_num: i % 16, IdrPicFlag: i === 0 }));
    slices.push(slice({ frame_num: 4, nal_ref_idc: 0 }));
    expect(counts(set, slices)).toEqual([...Array.from({ length: 20 }, (_, i) => 2 * i), 39]);
  });

  it('starts anew after memory_management_control_operation 5', () => {
    const set = { ...baseSps, pic_order_cnt_type: 0, log2_max_pic_order_cnt_lsb: 4 };
    const reset = marking([{ operation: 5, value: 0, long_term_frame_idx: 0 }]);
    const slices = [
      slice({ IdrPicFlag: true }),
      slice({ pic_order_cnt_lsb: 6, ...reset }),
      slice({ pic_order_cnt_lsb: 2 }),
    ];
    expect(counts(set, slices)).toEqual([0, 6, 2]);
  });
});

describe('reference pictures', () => {
  const set: SeqParameterSet = {
    ...baseSps,
    pic_order_cnt_type: 0,
    log2_max_pic_order_cnt_lsb: 8,
    log2_max_frame_num: 4,
    max_num_ref_frames: 3,
  };
  /** Visits the slices and gives both lists of the last as PicOrderCnt. */
  const lists = (slices: SliceHeader[]): (number | undefined)[][] => {
    const references = new References();
    for (const [i, header] of slices.entries()) references.visit(`${i}`, set, header);
    return references.lists(set, slices.at(-1)!).map((list) => list.map((picture) => picture?.PicOrderCnt));
  };
  const idr = slice({ IdrPicFlag: true, ...marking([]) });
  const p = (frame_num: number, poc: number, fields: Partial<SliceHeader> = {}): SliceHeader =>
    slice({ frame_num, pic_order_cnt_lsb: poc, ...marking([]), ...fields });

  it('slide through a window of max_num_ref_frames', () => {
    expect(lists([idr, p(1, 8), p(2, 16), p(3, 24), p(4, 32)])[0]).toEqual([24, 16, 8, undefined]);
  });

  it('stand around a B-picture by distance in time', () => {
    const b = slice({
      slice_type: SliceType.B,
      frame_num: 3,
      pic_order_cnt_lsb: 12,
      nal_ref_idc: 0,
      num_ref_idx_active: [3, 3],
    });
    expect(lists([idr, p(1, 8), p(2, 16), b])).toEqual([
      [8, 0, 16],
      [16, 8, 0],
    ]);
  });

  it('are brought forward by list modification', () => {
    const modified = p(3, 24, { ref_pic_list_modification: [[{ modification_of_pic_nums_idc: 0, value: 2 }], []] });
    expect(lists([idr, p(1, 8), p(2, 16), modified])[0]).toEqual([0, 16, 8, undefined]);
  });

  it('become long-term and stay', () => {
    const keep = p(
      1,
      8,
      marking([
        { operation: 4, value: 1, long_term_frame_idx: 0 },
        { operation: 3, value: 0, long_term_frame_idx: 0 },
      ]),
    );
    expect(lists([idr, keep, p(2, 16), p(3, 24), p(4, 32), p(5, 40)])[0]).toEqual([32, 24, 0, undefined]);
  });

  it('that were never met are not taken for others', () => {
    // frame_num jumps from 1 to 4: two pictures are missing.
    expect(lists([idr, p(1, 8), p(4, 32)])[0]).toEqual([undefined, undefined, 8, undefined]);
    const b = slice({
      slice_type: SliceType.B,
      frame_num: 5,
      pic_order_cnt_lsb: 12,
      nal_ref_idc: 0,
      num_ref_idx_active: [2, 2],
    });
    expect(lists([p(4, 16), b])).toEqual([
      [undefined, undefined],
      [16, undefined],
    ]);
  });

  it('are marked once, however often a picture is visited', () => {
    const references = new References();
    const slices = [idr, p(1, 8), p(2, 16)];
    slices.forEach((header, i) => {
      for (let again = 0; again < 3; again++) references.visit(`${i}`, set, header);
    });
    expect(references.lists(set, slices[2]!)[0].map((picture) => picture?.PicOrderCnt)).toEqual([
      8,
      0,
      undefined,
      undefined,
    ]);
  });
});

describe('pictures of a packet', () => {
  it('are told apart, and take parameter sets that change midway', () => {
    const finder = new PictureFinder(concat(sps(1, 1), pps()), defaultLimits);
    const one = nal(3, 5, idrSliceHeader(20).rbsp());
    const other = nal(3, 5, idrSliceHeader(20, 1, 3).rbsp());
    const pictures = finder.pictures(concat(one, sps(2, 1, { id: 1 }), pps({ id: 3, sps: 1 }), other));
    expect(pictures.map(({ sps }) => sps.PicWidthInMbs)).toEqual([1, 2]);
    expect(pictures[1]!.slices[0]!.header.first_mb_in_slice).toBe(1);
    // A parameter set sent again with other content replaces the first.
    expect(finder.pictures(concat(sps(4, 1), one))[0]!.sps.PicWidthInMbs).toBe(4);
  });

  it('reads avcC', () => {
    const set = (unit: Uint8Array): number[] => [0, unit.length - 4, ...unit.subarray(4)];
    const avcC = Uint8Array.of(1, 100, 0, 30, 0xff, 0xe1, ...set(sps(3, 2)), 1, ...set(pps()));
    const finder = new PictureFinder(avcC, defaultLimits);
    const unit = nal(3, 5, idrSliceHeader(20).rbsp()).subarray(4);
    const packet = Uint8Array.of(0, 0, 0, unit.length, ...unit);
    expect(finder.pictures(packet)[0]!.sps.PicWidthInMbs).toBe(3);
    expect(() => new PictureFinder(avcC.subarray(0, 20), defaultLimits)).toThrow(/avcC ends/);
  });
});
