/**
 * The parameter sets and the slice header of ITU-T H.264 as plain records: what sps.ts, pps.ts and slice-header.ts read
 * and everything else of this folder works from. Names are the standard's syntax elements and variables (7.3.2, 7.3.3).
 */

/** Scaling lists of one SPS or PPS (7.3.2.1.1.1): `undefined` where the list is not transmitted (fall-back rules apply). */
export interface ScalingLists {
  /** Six 4x4 lists in zig-zag order: Intra Y, Cb, Cr, Inter Y, Cb, Cr. `default`: useDefaultScalingMatrixFlag. */
  lists4x4: (Uint8Array | 'default' | undefined)[];
  /** Two 8x8 lists (4:2:0 has no more) in zig-zag order: Intra Y, Inter Y. */
  lists8x8: (Uint8Array | 'default' | undefined)[];
}

/** seq_parameter_set_data(), 7.3.2.1.1. Only fields that 4:2:0 and monochrome 8-bit frame decoding needs, and VUI timing. */
export interface SeqParameterSet {
  seq_parameter_set_id: number;
  profile_idc: number;
  /** constraint_set0_flag is bit 7 … constraint_set5_flag is bit 2, as in the byte after profile_idc. */
  constraint_set_flags: number;
  level_idc: number;
  /** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  chroma_format_idc: number;
  bit_depth_luma: number;
  bit_depth_chroma: number;
  qpprime_y_zero_transform_bypass_flag: boolean;
  /** `undefined`: seq_scaling_matrix_present_flag is 0 (Flat_16). */
  scaling: ScalingLists | undefined;
  log2_max_frame_num: number;
  pic_order_cnt_type: number;
  log2_max_pic_order_cnt_lsb: number;
  delta_pic_order_always_zero_flag: boolean;
  offset_for_non_ref_pic: number;
  offset_for_top_to_bottom_field: number;
  offset_for_ref_frame: number[];
  max_num_ref_frames: number;
  gaps_in_frame_num_value_allowed_flag: boolean;
  PicWidthInMbs: number;
  PicHeightInMapUnits: number;
  frame_mbs_only_flag: boolean;
  mb_adaptive_frame_field_flag: boolean;
  direct_8x8_inference_flag: boolean;
  /** Cropping rectangle in luma samples from each side (frame_crop_*_offset times CropUnit). */
  crop: { left: number; right: number; top: number; bottom: number };
  /** From VUI timing_info: frames per second (time_scale / num_units_in_tick / 2), if given. */
  frameRate: number | undefined;
  /** From VUI bitstream_restriction, if given. */
  max_num_reorder_frames: number | undefined;
}

/** pic_parameter_set_rbsp(), 7.3.2.2. */
export interface PicParameterSet {
  pic_parameter_set_id: number;
  seq_parameter_set_id: number;
  entropy_coding_mode_flag: boolean;
  bottom_field_pic_order_in_frame_present_flag: boolean;
  /** num_slice_groups_minus1 + 1; more than 1 is FMO, unsupported. */
  num_slice_groups: number;
  /** num_ref_idx_l0_default_active_minus1 + 1, and l1. */
  num_ref_idx_default_active: [number, number];
  weighted_pred_flag: boolean;
  weighted_bipred_idc: number;
  /** 26 + pic_init_qp_minus26. */
  pic_init_qp: number;
  /** chroma_qp_index_offset and second_chroma_qp_index_offset. */
  chroma_qp_index_offset: [cb: number, cr: number];
  deblocking_filter_control_present_flag: boolean;
  constrained_intra_pred_flag: boolean;
  redundant_pic_cnt_present_flag: boolean;
  transform_8x8_mode_flag: boolean;
  /** `undefined`: pic_scaling_matrix_present_flag is 0 (the SPS's lists hold). */
  scaling: ScalingLists | undefined;
}

/** Slice types as slice_type modulo 5, Table 7-6. */
export const SliceType = { P: 0, B: 1, I: 2, SP: 3, SI: 4 } as const;

/** One command of ref_pic_list_modification(), 7.3.3.1. */
export interface ListModification {
  /** 0 subtract, 1 add a difference; 2 a long-term picture. */
  modification_of_pic_nums_idc: number;
  /** abs_diff_pic_num_minus1 (0, 1) or long_term_pic_num (2), as in the stream. */
  value: number;
}

/** Explicit weights of one reference, 7.3.3.2: [weight, offset] for Y, Cb, Cr; the defaults where the flag is 0. */
export interface PredWeight {
  luma: [weight: number, offset: number];
  cb: [weight: number, offset: number];
  cr: [weight: number, offset: number];
}

/** pred_weight_table(), 7.3.3.2. */
export interface PredWeightTable {
  luma_log2_weight_denom: number;
  chroma_log2_weight_denom: number;
  /** Per list, per reference index. */
  weights: [PredWeight[], PredWeight[]];
}

/** One memory_management_control_operation, 7.3.3.3. */
export interface MemoryManagementOperation {
  operation: number;
  /** difference_of_pic_nums_minus1 (1, 3), long_term_pic_num (2), max_long_term_frame_idx_plus1 (4). */
  value: number;
  /** long_term_frame_idx (3, 6). */
  long_term_frame_idx: number;
}

/** dec_ref_pic_marking(), 7.3.3.3. */
export interface DecRefPicMarking {
  no_output_of_prior_pics_flag: boolean;
  long_term_reference_flag: boolean;
  adaptive_ref_pic_marking_mode_flag: boolean;
  operations: MemoryManagementOperation[];
}

/** slice_header(), 7.3.3, of a frame slice. */
export interface SliceHeader {
  nal_unit_type: number;
  nal_ref_idc: number;
  IdrPicFlag: boolean;
  first_mb_in_slice: number;
  /** slice_type modulo 5: a value of `SliceType`. */
  slice_type: number;
  pic_parameter_set_id: number;
  frame_num: number;
  idr_pic_id: number;
  pic_order_cnt_lsb: number;
  delta_pic_order_cnt_bottom: number;
  delta_pic_order_cnt: [number, number];
  redundant_pic_cnt: number;
  direct_spatial_mv_pred_flag: boolean;
  /** num_ref_idx_l0_active_minus1 + 1 and l1; 0 where the slice type has no such list. */
  num_ref_idx_active: [number, number];
  /** Per list; empty: the initial order stands. */
  ref_pic_list_modification: [ListModification[], ListModification[]];
  /** Present with explicit weighted prediction (weighted_pred_flag in P, weighted_bipred_idc 1 in B). */
  pred_weight_table: PredWeightTable | undefined;
  /** Present in reference pictures. */
  dec_ref_pic_marking: DecRefPicMarking | undefined;
  cabac_init_idc: number;
  /** SliceQPY = 26 + pic_init_qp_minus26 + slice_qp_delta. */
  SliceQPY: number;
  disable_deblocking_filter_idc: number;
  /** FilterOffsetA = slice_alpha_c0_offset_div2 << 1. */
  FilterOffsetA: number;
  /** FilterOffsetB = slice_beta_offset_div2 << 1. */
  FilterOffsetB: number;
  /** Bits of the header, from the byte after the NAL unit header: where slice_data() starts in the RBSP. */
  headerBits: number;
}
