/** slice_header(), 7.3.3, of frame slices. */
import { MalformedStreamError, UnsupportedStreamError } from '../../errors.js';
import { NalUnitType, RbspReader } from './nal.js';
import { convertRemedy } from './sps.js';
import {
  type DecRefPicMarking,
  type ListModification,
  type MemoryManagementOperation,
  type PicParameterSet,
  type PredWeight,
  type PredWeightTable,
  type SeqParameterSet,
  type SliceHeader,
  SliceType,
} from './syntax.js';

/** The fields in front of everything that depends on parameter sets. */
export interface SliceStart {
  first_mb_in_slice: number;
  /** Modulo 5. */
  slice_type: number;
  pic_parameter_set_id: number;
}

/** Reads the start of a slice header, to find its parameter sets. */
export function readSliceStart(rbsp: Uint8Array): SliceStart {
  const reader = new RbspReader(rbsp);
  const start = sliceStart(reader);
  reader.check('slice header');
  return start;
}

function sliceStart(reader: RbspReader): SliceStart {
  const first_mb_in_slice = reader.ue();
  const slice_type = reader.ueUpTo(9, 'slice_type') % 5;
  const pic_parameter_set_id = reader.ueUpTo(255, 'pic_parameter_set_id');
  return { first_mb_in_slice, slice_type, pic_parameter_set_id };
}

/**
 * Reads a slice header. `rbsp`: of the slice's NAL unit, at least as far as its header goes.
 * Throws UnsupportedStreamError for SP and SI slices and field pictures, MalformedStreamError for values out of range.
 */
export function readSliceHeader(
  rbsp: Uint8Array,
  { nal_unit_type, nal_ref_idc }: { nal_unit_type: number; nal_ref_idc: number },
  sps: SeqParameterSet,
  pps: PicParameterSet,
): SliceHeader {
  const reader = new RbspReader(rbsp);
  const { first_mb_in_slice, slice_type, pic_parameter_set_id } = sliceStart(reader);
  if (slice_type === SliceType.SP || slice_type === SliceType.SI)
    throw new UnsupportedStreamError('SP and SI slices (H.264 Extended profile)', convertRemedy);
  const isP = slice_type === SliceType.P;
  const isB = slice_type === SliceType.B;
  const IdrPicFlag = nal_unit_type === NalUnitType.idr;
  const frame_num = reader.read(sps.log2_max_frame_num);
  if (!sps.frame_mbs_only_flag && reader.flag())
    throw new UnsupportedStreamError('interlaced H.264 (PAFF: field pictures)', convertRemedy);
  const idr_pic_id = IdrPicFlag ? reader.ueUpTo(65535, 'idr_pic_id') : 0;
  let pic_order_cnt_lsb = 0;
  let delta_pic_order_cnt_bottom = 0;
  const delta_pic_order_cnt: [number, number] = [0, 0];
  if (sps.pic_order_cnt_type === 0) {
    pic_order_cnt_lsb = reader.read(sps.log2_max_pic_order_cnt_lsb);
    if (pps.bottom_field_pic_order_in_frame_present_flag) delta_pic_order_cnt_bottom = reader.se();
  } else if (sps.pic_order_cnt_type === 1 && !sps.delta_pic_order_always_zero_flag) {
    delta_pic_order_cnt[0] = reader.se();
    if (pps.bottom_field_pic_order_in_frame_present_flag) delta_pic_order_cnt[1] = reader.se();
  }
  const redundant_pic_cnt = pps.redundant_pic_cnt_present_flag ? reader.ueUpTo(127, 'redundant_pic_cnt') : 0;
  const direct_spatial_mv_pred_flag = isB && reader.flag();
  const num_ref_idx_active: [number, number] = [0, 0];
  if (isP || isB) {
    num_ref_idx_active[0] = pps.num_ref_idx_default_active[0];
    if (isB) num_ref_idx_active[1] = pps.num_ref_idx_default_active[1];
    if (reader.flag()) {
      num_ref_idx_active[0] = reader.ueUpTo(31, 'num_ref_idx_l0_active_minus1') + 1;
      if (isB) num_ref_idx_active[1] = reader.ueUpTo(31, 'num_ref_idx_l1_active_minus1') + 1;
    }
  }
  const ref_pic_list_modification: [ListModification[], ListModification[]] = [
    isP || isB ? list_modification(reader) : [],
    isB ? list_modification(reader) : [],
  ];
  const weighted = (pps.weighted_pred_flag && isP) || (pps.weighted_bipred_idc === 1 && isB);
  const pred_weight_table = weighted ? readPredWeightTable(reader, sps, num_ref_idx_active) : undefined;
  const dec_ref_pic_marking = nal_ref_idc > 0 ? readDecRefPicMarking(reader, IdrPicFlag) : undefined;
  const cabac_init_idc = pps.entropy_coding_mode_flag && (isP || isB) ? reader.ueUpTo(2, 'cabac_init_idc') : 0;
  const SliceQPY = pps.pic_init_qp + reader.se();
  if (SliceQPY < 0 || SliceQPY > 51) throw new MalformedStreamError(`SliceQPY is ${SliceQPY}, not within 0 to 51`);
  let disable_deblocking_filter_idc = 0;
  let FilterOffsetA = 0;
  let FilterOffsetB = 0;
  if (pps.deblocking_filter_control_present_flag) {
    disable_deblocking_filter_idc = reader.ueUpTo(2, 'disable_deblocking_filter_idc');
    if (disable_deblocking_filter_idc !== 1) {
      FilterOffsetA = reader.seWithin(-6, 6, 'slice_alpha_c0_offset_div2') * 2;
      FilterOffsetB = reader.seWithin(-6, 6, 'slice_beta_offset_div2') * 2;
    }
  }
  reader.check('slice header');
  return {
    nal_unit_type,
    nal_ref_idc,
    IdrPicFlag,
    first_mb_in_slice,
    slice_type,
    pic_parameter_set_id,
    frame_num,
    idr_pic_id,
    pic_order_cnt_lsb,
    delta_pic_order_cnt_bottom,
    delta_pic_order_cnt,
    redundant_pic_cnt,
    direct_spatial_mv_pred_flag,
    num_ref_idx_active,
    ref_pic_list_modification,
    pred_weight_table,
    dec_ref_pic_marking,
    cabac_init_idc,
    SliceQPY,
    disable_deblocking_filter_idc,
    FilterOffsetA,
    FilterOffsetB,
    headerBits: reader.position,
  };
}

/** ref_pic_list_modification() for one list, 7.3.3.1. */
function list_modification(reader: RbspReader): ListModification[] {
  const commands: ListModification[] = [];
  if (!reader.flag()) return commands;
  for (;;) {
    const modification_of_pic_nums_idc = reader.ueUpTo(3, 'modification_of_pic_nums_idc');
    if (modification_of_pic_nums_idc === 3) return commands;
    // One command per list entry at most, and one more is a list that does not end.
    if (commands.length > 32) throw new MalformedStreamError('ref_pic_list_modification does not end');
    commands.push({ modification_of_pic_nums_idc, value: reader.ue() });
  }
}

/** pred_weight_table(), 7.3.3.2. */
function readPredWeightTable(
  reader: RbspReader,
  sps: SeqParameterSet,
  num_ref_idx_active: readonly [number, number],
): PredWeightTable {
  const chroma = sps.chroma_format_idc !== 0;
  const luma_log2_weight_denom = reader.ueUpTo(7, 'luma_log2_weight_denom');
  const chroma_log2_weight_denom = chroma ? reader.ueUpTo(7, 'chroma_log2_weight_denom') : 0;
  const pair = (): [number, number] => [reader.seWithin(-128, 127, 'weight'), reader.seWithin(-128, 127, 'offset')];
  const weights: [PredWeight[], PredWeight[]] = [[], []];
  for (const list of [0, 1] as const) {
    for (let i = 0; i < num_ref_idx_active[list]; i++) {
      const weight: PredWeight = {
        luma: [2 ** luma_log2_weight_denom, 0],
        cb: [2 ** chroma_log2_weight_denom, 0],
        cr: [2 ** chroma_log2_weight_denom, 0],
      };
      if (reader.flag()) weight.luma = pair();
      if (chroma && reader.flag()) {
        weight.cb = pair();
        weight.cr = pair();
      }
      weights[list].push(weight);
    }
  }
  return { luma_log2_weight_denom, chroma_log2_weight_denom, weights };
}

/** dec_ref_pic_marking(), 7.3.3.3. */
function readDecRefPicMarking(reader: RbspReader, IdrPicFlag: boolean): DecRefPicMarking {
  const marking: DecRefPicMarking = {
    no_output_of_prior_pics_flag: false,
    long_term_reference_flag: false,
    adaptive_ref_pic_marking_mode_flag: false,
    operations: [],
  };
  if (IdrPicFlag) {
    marking.no_output_of_prior_pics_flag = reader.flag();
    marking.long_term_reference_flag = reader.flag();
    return marking;
  }
  marking.adaptive_ref_pic_marking_mode_flag = reader.flag();
  if (!marking.adaptive_ref_pic_marking_mode_flag) return marking;
  for (;;) {
    const operation = reader.ueUpTo(6, 'memory_management_control_operation');
    if (operation === 0) return marking;
    if (marking.operations.length > 64) throw new MalformedStreamError('dec_ref_pic_marking does not end');
    const entry: MemoryManagementOperation = { operation, value: 0, long_term_frame_idx: 0 };
    if (operation !== 5 && operation !== 6) entry.value = reader.ue();
    if (operation === 3 || operation === 6) entry.long_term_frame_idx = reader.ueUpTo(15, 'long_term_frame_idx');
    marking.operations.push(entry);
  }
}
