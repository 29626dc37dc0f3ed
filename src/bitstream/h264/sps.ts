/** seq_parameter_set_data(), 7.3.2.1.1, with VUI (E.1.1), and scaling_list(), 7.3.2.1.1.1. */
import { MalformedStreamError, UnsupportedStreamError } from '../../errors.js';
import { RbspReader } from './nal.js';
import type { ScalingLists, SeqParameterSet } from './syntax.js';

/** Profiles whose SPS carries chroma_format_idc and what follows. */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/** scaling_list(): the list in zig-zag order, or 'default' for useDefaultScalingMatrixFlag. */
function scaling_list(reader: RbspReader, size: number): Uint8Array | 'default' {
  const list = new Uint8Array(size);
  let lastScale = 8;
  let nextScale = 8;
  for (let j = 0; j < size; j++) {
    if (nextScale !== 0) {
      const delta_scale = reader.seWithin(-128, 127, 'delta_scale');
      nextScale = (lastScale + delta_scale + 256) % 256;
      if (j === 0 && nextScale === 0) return 'default';
    }
    if (nextScale !== 0) lastScale = nextScale;
    list[j] = lastScale;
  }
  return list;
}

/** The lists of an SPS or PPS: six 4x4, then `lists8x8` 8x8. */
export function readScalingLists(reader: RbspReader, lists8x8: number): ScalingLists {
  const read = (size: number): Uint8Array | 'default' | undefined =>
    reader.flag() ? scaling_list(reader, size) : undefined;
  const scaling: ScalingLists = { lists4x4: [], lists8x8: [] };
  for (let i = 0; i < 6; i++) scaling.lists4x4.push(read(16));
  for (let i = 0; i < lists8x8; i++) scaling.lists8x8.push(read(64));
  return scaling;
}

/**
 * Reads an SPS from its RBSP. Throws MalformedStreamError for values outside their range. Features that are not read
 * are reported by `checkSupported`, when a picture uses the SPS.
 */
export function readSps(rbsp: Uint8Array): SeqParameterSet {
  const reader = new RbspReader(rbsp);
  const profile_idc = reader.read(8);
  const constraint_set_flags = reader.read(8);
  const level_idc = reader.read(8);
  const seq_parameter_set_id = reader.ueUpTo(31, 'seq_parameter_set_id');
  let chroma_format_idc = 1;
  let bit_depth_luma = 8;
  let bit_depth_chroma = 8;
  let qpprime_y_zero_transform_bypass_flag = false;
  let scaling: ScalingLists | undefined;
  if (HIGH_PROFILES.has(profile_idc)) {
    chroma_format_idc = reader.ueUpTo(3, 'chroma_format_idc');
    if (chroma_format_idc === 3) reader.skip(1); // separate_colour_plane_flag
    bit_depth_luma = 8 + reader.ueUpTo(6, 'bit_depth_luma_minus8');
    bit_depth_chroma = 8 + reader.ueUpTo(6, 'bit_depth_chroma_minus8');
    qpprime_y_zero_transform_bypass_flag = reader.flag();
    if (reader.flag()) scaling = readScalingLists(reader, chroma_format_idc === 3 ? 6 : 2);
  }
  const log2_max_frame_num = 4 + reader.ueUpTo(12, 'log2_max_frame_num_minus4');
  const pic_order_cnt_type = reader.ueUpTo(2, 'pic_order_cnt_type');
  let log2_max_pic_order_cnt_lsb = 0;
  let delta_pic_order_always_zero_flag = false;
  let offset_for_non_ref_pic = 0;
  let offset_for_top_to_bottom_field = 0;
  const offset_for_ref_frame: number[] = [];
  if (pic_order_cnt_type === 0) {
    log2_max_pic_order_cnt_lsb = 4 + reader.ueUpTo(12, 'log2_max_pic_order_cnt_lsb_minus4');
  } else if (pic_order_cnt_type === 1) {
    delta_pic_order_always_zero_flag = reader.flag();
    offset_for_non_ref_pic = reader.se();
    offset_for_top_to_bottom_field = reader.se();
    const count = reader.ueUpTo(255, 'num_ref_frames_in_pic_order_cnt_cycle');
    for (let i = 0; i < count; i++) offset_for_ref_frame.push(reader.se());
  }
  const max_num_ref_frames = reader.ueUpTo(16, 'max_num_ref_frames');
  const gaps_in_frame_num_value_allowed_flag = reader.flag();
  const PicWidthInMbs = reader.ueUpTo(0xffff, 'pic_width_in_mbs_minus1') + 1;
  const PicHeightInMapUnits = reader.ueUpTo(0xffff, 'pic_height_in_map_units_minus1') + 1;
  const frame_mbs_only_flag = reader.flag();
  const mb_adaptive_frame_field_flag = frame_mbs_only_flag ? false : reader.flag();
  const direct_8x8_inference_flag = reader.flag();
  const crop = { left: 0, right: 0, top: 0, bottom: 0 };
  if (reader.flag()) {
    // CropUnitX and CropUnitY, 7.4.2.1.1
    const unitX = chroma_format_idc === 1 || chroma_format_idc === 2 ? 2 : 1;
    const unitY = (chroma_format_idc === 1 ? 2 : 1) * (frame_mbs_only_flag ? 1 : 2);
    crop.left = reader.ue() * unitX;
    crop.right = reader.ue() * unitX;
    crop.top = reader.ue() * unitY;
    crop.bottom = reader.ue() * unitY;
    const height = PicHeightInMapUnits * 16 * (frame_mbs_only_flag ? 1 : 2);
    if (crop.left + crop.right >= PicWidthInMbs * 16 || crop.top + crop.bottom >= height)
      throw new MalformedStreamError('the SPS crops the whole picture away');
  }
  reader.check('SPS');
  const vui = reader.flag() ? vui_parameters(reader) : noVui;
  return {
    seq_parameter_set_id,
    profile_idc,
    constraint_set_flags,
    level_idc,
    chroma_format_idc,
    bit_depth_luma,
    bit_depth_chroma,
    qpprime_y_zero_transform_bypass_flag,
    scaling,
    log2_max_frame_num,
    pic_order_cnt_type,
    log2_max_pic_order_cnt_lsb,
    delta_pic_order_always_zero_flag,
    offset_for_non_ref_pic,
    offset_for_top_to_bottom_field,
    offset_for_ref_frame,
    max_num_ref_frames,
    gaps_in_frame_num_value_allowed_flag,
    PicWidthInMbs,
    PicHeightInMapUnits,
    frame_mbs_only_flag,
    mb_adaptive_frame_field_flag,
    direct_8x8_inference_flag,
    crop,
    ...vui,
  };
}

const noVui = { frameRate: undefined, max_num_reorder_frames: undefined };

/** vui_parameters(), E.1.1. A VUI that ends early (writers cut it) gives what it could, nothing fails over it. */
function vui_parameters(reader: RbspReader): Pick<SeqParameterSet, 'frameRate' | 'max_num_reorder_frames'> {
  let frameRate: number | undefined;
  let max_num_reorder_frames: number | undefined;
  try {
    if (reader.flag() && reader.read(8) === 255) reader.skip(32); // aspect_ratio_idc Extended_SAR
    if (reader.flag()) reader.skip(1); // overscan
    if (reader.flag()) {
      reader.skip(4); // video_format, video_full_range_flag
      if (reader.flag()) reader.skip(24); // colour description
    }
    if (reader.flag()) {
      reader.ue(); // chroma_sample_loc_type_top_field
      reader.ue();
    }
    if (reader.flag()) {
      const num_units_in_tick = reader.read(32);
      const time_scale = reader.read(32);
      reader.skip(1);
      if (num_units_in_tick > 0 && time_scale > 0 && !reader.overrun) frameRate = time_scale / num_units_in_tick / 2;
    }
    const nal = reader.flag();
    if (nal) hrd_parameters(reader);
    const vcl = reader.flag();
    if (vcl) hrd_parameters(reader);
    if (nal || vcl) reader.skip(1); // low_delay_hrd_flag
    reader.skip(1); // pic_struct_present_flag
    if (reader.flag()) {
      reader.skip(1);
      for (let i = 0; i < 4; i++) reader.ue();
      const value = reader.ue();
      if (!reader.overrun && value <= 16) max_num_reorder_frames = value;
    }
  } catch (error) {
    if (!(error instanceof MalformedStreamError)) throw error;
  }
  return { frameRate, max_num_reorder_frames };
}

/** hrd_parameters(), E.1.2. */
function hrd_parameters(reader: RbspReader): void {
  const cpb_cnt = reader.ueUpTo(31, 'cpb_cnt_minus1') + 1;
  reader.skip(8);
  for (let i = 0; i < cpb_cnt; i++) {
    reader.ue();
    reader.ue();
    reader.skip(1);
  }
  reader.skip(20);
}

/** What a user can do about H.264 that is not read. */
export const convertRemedy = 'convert it with ffmpeg -i in -c:v libx264 -pix_fmt yuv420p out.mp4';

/** Throws UnsupportedStreamError naming the first feature of the SPS that is not read. */
export function checkSupported(sps: SeqParameterSet): void {
  const fail = (feature: string): never => {
    throw new UnsupportedStreamError(feature, convertRemedy);
  };
  if (sps.chroma_format_idc === 2) fail('4:2:2 chroma (H.264 High 4:2:2)');
  if (sps.chroma_format_idc === 3) fail('4:4:4 chroma (H.264 High 4:4:4)');
  if (sps.bit_depth_luma > 8 || sps.bit_depth_chroma > 8)
    fail(`${Math.max(sps.bit_depth_luma, sps.bit_depth_chroma)}-bit samples (H.264 High 10)`);
  if (sps.qpprime_y_zero_transform_bypass_flag) fail('lossless transform bypass');
  if (sps.mb_adaptive_frame_field_flag) fail('interlaced H.264 (MBAFF: mb_adaptive_frame_field_flag)');
}

/** Height in macroblocks of a frame. */
export function frameHeightInMbs(sps: SeqParameterSet): number {
  return sps.PicHeightInMapUnits * (sps.frame_mbs_only_flag ? 1 : 2);
}
