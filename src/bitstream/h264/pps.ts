/** pic_parameter_set_rbsp(), 7.3.2.2, and the scaling lists that follow from SPS and PPS (7.4.2.1.1.1, Table 7-2). */
import { RbspReader } from './nal.js';
import { readScalingLists } from './sps.js';
import type { PicParameterSet, ScalingLists, SeqParameterSet } from './syntax.js';
import { default4x4, default8x8 } from './tables/mapping.js';

/** seq_parameter_set_id of a PPS, without reading further; `undefined` where not even that is there. */
export function spsIdOfPps(rbsp: Uint8Array): { pps: number; sps: number } {
  const reader = new RbspReader(rbsp);
  const pps = reader.ueUpTo(255, 'pic_parameter_set_id');
  const sps = reader.ueUpTo(31, 'seq_parameter_set_id');
  reader.check('PPS');
  return { pps, sps };
}

/** Reads a PPS from its RBSP, `sps` being the one it refers to. Throws MalformedStreamError for values outside their range. */
export function readPps(rbsp: Uint8Array, sps: SeqParameterSet): PicParameterSet {
  const reader = new RbspReader(rbsp);
  const pic_parameter_set_id = reader.ueUpTo(255, 'pic_parameter_set_id');
  const seq_parameter_set_id = reader.ueUpTo(31, 'seq_parameter_set_id');
  const entropy_coding_mode_flag = reader.flag();
  const bottom_field_pic_order_in_frame_present_flag = reader.flag();
  const num_slice_groups = reader.ueUpTo(7, 'num_slice_groups_minus1') + 1;
  if (num_slice_groups > 1) slice_groups(reader, num_slice_groups);
  const l0 = reader.ueUpTo(31, 'num_ref_idx_l0_default_active_minus1') + 1;
  const l1 = reader.ueUpTo(31, 'num_ref_idx_l1_default_active_minus1') + 1;
  const weighted_pred_flag = reader.flag();
  const weighted_bipred_idc = reader.read(2);
  const pic_init_qp = 26 + reader.seWithin(-26, 25, 'pic_init_qp_minus26');
  reader.se(); // pic_init_qs_minus26
  const cb = reader.seWithin(-12, 12, 'chroma_qp_index_offset');
  const deblocking_filter_control_present_flag = reader.flag();
  const constrained_intra_pred_flag = reader.flag();
  const redundant_pic_cnt_present_flag = reader.flag();
  reader.check('PPS');
  let transform_8x8_mode_flag = false;
  let scaling: ScalingLists | undefined;
  let cr = cb;
  if (reader.moreData()) {
    transform_8x8_mode_flag = reader.flag();
    if (reader.flag()) {
      scaling = readScalingLists(reader, transform_8x8_mode_flag ? (sps.chroma_format_idc === 3 ? 6 : 2) : 0);
    }
    cr = reader.seWithin(-12, 12, 'second_chroma_qp_index_offset');
    reader.check('PPS');
  }
  return {
    pic_parameter_set_id,
    seq_parameter_set_id,
    entropy_coding_mode_flag,
    bottom_field_pic_order_in_frame_present_flag,
    num_slice_groups,
    num_ref_idx_default_active: [l0, l1],
    weighted_pred_flag,
    weighted_bipred_idc,
    pic_init_qp,
    chroma_qp_index_offset: [cb, cr],
    deblocking_filter_control_present_flag,
    constrained_intra_pred_flag,
    redundant_pic_cnt_present_flag,
    transform_8x8_mode_flag,
    scaling,
  };
}

/** The map of slice groups: read over, since pictures with several are not decoded. */
function slice_groups(reader: RbspReader, groups: number): void {
  const slice_group_map_type = reader.ueUpTo(6, 'slice_group_map_type');
  if (slice_group_map_type === 0) {
    for (let i = 0; i < groups; i++) reader.ue();
  } else if (slice_group_map_type === 2) {
    for (let i = 0; i < groups - 1; i++) {
      reader.ue();
      reader.ue();
    }
  } else if (slice_group_map_type >= 3 && slice_group_map_type <= 5) {
    reader.skip(1);
    reader.ue();
  } else if (slice_group_map_type === 6) {
    const size = reader.ue() + 1;
    reader.skip(Math.min(size, reader.left) * Math.ceil(Math.log2(groups)));
  }
}

/** The scaling matrices in force, in zig-zag order: six 4x4 (Intra Y, Cb, Cr, Inter Y, Cb, Cr), two 8x8 (Intra Y, Inter Y). */
export interface ScalingMatrices {
  lists4x4: Uint8Array[];
  lists8x8: Uint8Array[];
}

const flat: ScalingMatrices = {
  lists4x4: Array.from({ length: 6 }, () => new Uint8Array(16).fill(16)),
  lists8x8: Array.from({ length: 2 }, () => new Uint8Array(64).fill(16)),
};

/** Table 7-2: lists not transmitted fall back to the defaults (rule A) or, in a PPS, to the SPS's (rule B). */
export function scalingMatrices(sps: SeqParameterSet, pps: PicParameterSet): ScalingMatrices {
  const defaults: ScalingMatrices = {
    lists4x4: [0, 0, 0, 1, 1, 1].map((i) => default4x4[i as 0 | 1]),
    lists8x8: [default8x8[0], default8x8[1]],
  };
  const resolve = (scaling: ScalingLists, fallBack: ScalingMatrices): ScalingMatrices => {
    const lists4x4: Uint8Array[] = [];
    for (let i = 0; i < 6; i++) {
      const list = scaling.lists4x4[i];
      // The first list of each kind falls back to the set, the others to the one before them.
      if (list === undefined) lists4x4.push(i % 3 === 0 ? fallBack.lists4x4[i]! : lists4x4[i - 1]!);
      else lists4x4.push(list === 'default' ? defaults.lists4x4[i]! : list);
    }
    const lists8x8 = [0, 1].map((i) => {
      const list = scaling.lists8x8[i];
      return list === undefined ? fallBack.lists8x8[i]! : list === 'default' ? defaults.lists8x8[i]! : list;
    });
    return { lists4x4, lists8x8 };
  };
  const ofSps = sps.scaling ? resolve(sps.scaling, defaults) : flat;
  if (!pps.scaling) return ofSps;
  return resolve(pps.scaling, sps.scaling ? ofSps : defaults);
}
