/** video_object_layer() (14496-2, 6.2.3): what all pictures of a layer share. */
import { MalformedStreamError, UnsupportedStreamError } from '../../errors.js';
import { BitReader } from '../bit-reader.js';
import { defaultInterMatrix, defaultIntraMatrix, zigzagScan } from './scans.js';

export const convertRemedy = 'convert it first, for example with ffmpeg -i in -c:v mpeg4 -q:v 3 -bf 0 out.mp4';

export interface Layer {
  width: number;
  height: number;
  /** vop_time_increment_resolution: ticks per second. */
  timeIncrementResolution: number;
  /** Bits of vop_time_increment. */
  timeIncrementBits: number;
  interlaced: boolean;
  /** sprite_enable is GMC: S-VOPs may occur. */
  globalMotion: boolean;
  /** quant_type: true for the first inverse quantisation method, with the matrices below (raster order). */
  matrixQuantisation: boolean;
  intraMatrix: readonly number[];
  interMatrix: readonly number[];
  quarterSample: boolean;
  /** Bits of complexity estimation in each VOP header, by vop_coding_type. */
  complexityBits: { i: number; p: number; b: number };
  resyncMarkers: boolean;
  dataPartitioned: boolean;
  reversibleVlc: boolean;
  /** Syntax of the macroblocks: MPEG-4's, H.263's (short_video_header), or Sorenson's H.263. */
  syntax: 'mpeg4' | 'h263' | 'sorenson';
  /** H.263: macroblock rows in a group of blocks. */
  gobRows: number;
}

/** load_intra_quant_mat, load_nonintra_quant_mat (6.3.3): in zigzag order, 0 repeats the last value to the end. */
function readMatrix(reader: BitReader): number[] {
  const matrix = new Array<number>(64).fill(0);
  let last = 0;
  let index = 0;
  for (; index < 64; index++) {
    const value = reader.read(8);
    if (value === 0) break;
    last = value;
    matrix[zigzagScan[index]!] = value;
  }
  for (; index < 64; index++) matrix[zigzagScan[index]!] = last;
  return matrix;
}

/** define_vop_complexity_estimation_header(): only how many bits it puts into VOP headers matters. */
function readComplexity(reader: BitReader): { i: number; p: number; b: number } {
  const bits = { i: 0, p: 0, b: 0 };
  const method = reader.read(2);
  if (method > 1) throw new UnsupportedStreamError(`complexity estimation method ${method}`, convertRemedy);
  // Names of the clause in order; every VOP type from the one given on carries the field.
  const field = (from: 'i' | 'p' | 'b', size = 8) => {
    if (reader.flag()) bits[from] += size;
  };
  if (!reader.flag()) for (let n = 0; n < 6; n++) field('i'); // opaque, transparent, intra_cae, inter_cae, no_update, upsampling
  if (!reader.flag()) {
    field('i'); // intra_blocks
    field('p'); // inter_blocks
    field('p'); // inter4v_blocks
    field('i'); // not_coded_blocks
  }
  reader.skip(1); // marker_bit
  if (!reader.flag()) {
    field('i'); // dct_coefs
    field('i'); // dct_lines
    field('i'); // vlc_symbols
    field('i', 4); // vlc_bits
  }
  if (!reader.flag()) {
    field('p'); // apm
    field('p'); // npm
    field('b'); // interpolate_mc_q
    field('p'); // forw_back_mc_q
    field('p'); // halfpel2
    field('p'); // halfpel4
  }
  reader.skip(1); // marker_bit
  if (method === 1) {
    field('i'); // sadct
    field('p'); // quarterpel
  }
  return bits;
}

function readVbvAndControl(reader: BitReader): void {
  const chromaFormat = reader.read(2);
  if (chromaFormat !== 1) throw new UnsupportedStreamError(`chroma_format ${chromaFormat} (only 4:2:0)`, convertRemedy);
  reader.skip(1); // low_delay
  if (reader.flag()) reader.skip(15 + 1 + 15 + 1 + 15 + 1 + 3 + 11 + 1 + 15 + 1); // vbv_parameters with marker_bits
}

function refuseScalability(reader: BitReader): void {
  // Some encoders set the bit without the fields: a sampling factor of 0 gives them away.
  reader.skip(1 + 4 + 1); // hierarchy_type, ref_layer_id, ref_layer_sampling_direc
  const factors = [reader.read(5), reader.read(5), reader.read(5), reader.read(5)];
  if (!factors.includes(0)) throw new UnsupportedStreamError('scalability (enhancement layer)', convertRemedy);
}

/**
 * Reads a video_object_layer() from `bytes[start..end)`. `objectVerid`: visual_object_verid of the visual object it
 * belongs to. Throws UnsupportedStreamError for what the kernel does not read, MalformedStreamError for nonsense.
 */
export function readLayer(bytes: Uint8Array, start: number, end: number, objectVerid: number): Layer {
  const reader = new BitReader(bytes, start, end);
  reader.skip(1); // random_accessible_vol
  const objectType = reader.read(8); // video_object_type_indication
  if (objectType === 14 || objectType === 15) throw new UnsupportedStreamError('Studio profile', convertRemedy);
  let verid = objectVerid;
  if (reader.flag()) {
    verid = reader.read(4); // video_object_layer_verid
    reader.skip(3); // video_object_layer_priority
  }
  if (reader.read(4) === 15) reader.skip(8 + 8); // aspect_ratio_info, par_width, par_height
  if (reader.flag()) readVbvAndControl(reader); // vol_control_parameters
  const shape = reader.read(2); // video_object_layer_shape
  if (shape !== 0) throw new UnsupportedStreamError('non-rectangular shape', convertRemedy);
  reader.skip(1); // marker_bit
  const timeIncrementResolution = reader.read(16);
  const timeIncrementBits = Math.max(1, 32 - Math.clz32(Math.max(0, timeIncrementResolution - 1)));
  reader.skip(1); // marker_bit
  if (reader.flag()) reader.skip(timeIncrementBits); // fixed_vop_rate, fixed_vop_time_increment
  reader.skip(1); // marker_bit
  const width = reader.read(13);
  reader.skip(1); // marker_bit
  const height = reader.read(13);
  reader.skip(1); // marker_bit
  const interlaced = reader.flag();
  const obmcDisable = reader.flag();
  const sprite = reader.read(verid === 1 ? 1 : 2); // sprite_enable
  if (sprite === 1 || sprite === 3) throw new UnsupportedStreamError('static sprites', convertRemedy);
  if (sprite === 2) reader.skip(6 + 2 + 1); // no_of_sprite_warping_points, accuracy, brightness_change
  if (reader.flag()) {
    const precision = reader.read(4); // not_8_bit, quant_precision
    const bits = reader.read(4); // bits_per_pixel
    if (bits !== 8 || precision !== 5)
      throw new UnsupportedStreamError(`not_8_bit (${bits} bits per pixel)`, convertRemedy);
  }
  const matrixQuantisation = reader.flag(); // quant_type
  let intraMatrix = defaultIntraMatrix;
  let interMatrix = defaultInterMatrix;
  if (matrixQuantisation) {
    if (reader.flag()) intraMatrix = readMatrix(reader);
    if (reader.flag()) interMatrix = readMatrix(reader);
  }
  const quarterSample = verid === 1 ? false : reader.flag();
  const complexityBits = reader.flag() ? { i: 0, p: 0, b: 0 } : readComplexity(reader);
  const resyncMarkers = !reader.flag(); // resync_marker_disable
  const dataPartitioned = reader.flag();
  const reversibleVlc = dataPartitioned && reader.flag();
  if (verid !== 1) {
    if (reader.flag()) throw new UnsupportedStreamError('newpred', convertRemedy);
    if (reader.flag()) throw new UnsupportedStreamError('reduced resolution VOPs', convertRemedy);
  }
  if (reader.flag()) refuseScalability(reader);
  else if (reader.overrun) throw new MalformedStreamError('video object layer header is cut short', { offset: end });
  if (width === 0 || height === 0) throw new MalformedStreamError('video object layer of no size', { offset: start });
  if (timeIncrementResolution === 0)
    throw new MalformedStreamError('vop_time_increment_resolution is 0', { offset: start });
  // OBMC changes only how predictions are blended: pictures parse alike. The flag is often wrong, too.
  void obmcDisable;
  return {
    width,
    height,
    timeIncrementResolution,
    timeIncrementBits,
    interlaced,
    globalMotion: sprite === 2,
    matrixQuantisation,
    intraMatrix,
    interMatrix,
    quarterSample,
    complexityBits,
    resyncMarkers,
    dataPartitioned,
    reversibleVlc,
    syntax: 'mpeg4',
    gobRows: 1,
  };
}
