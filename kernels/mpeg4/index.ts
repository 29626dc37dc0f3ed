/** MPEG-4 Part 2 in the compressed domain: what the driver (src/bitstream/mpeg4/kernel.ts) calls and reads. */
export { openPacket, PADDING } from '../bits';
export {
  CBPY,
  COEF,
  DCT_DC_SIZE_CHROMA,
  DCT_DC_SIZE_LUMA,
  HEAP,
  LMAX_INTER,
  LMAX_INTRA,
  MATRIX_INTER,
  MATRIX_INTRA,
  MCBPC_INTER,
  MCBPC_INTRA,
  MVD,
  NO_NEIGHBOUR,
  RMAX_INTER,
  RMAX_INTRA,
  RVLC_INTER,
  RVLC_INTRA,
  SCAN_HORIZONTAL,
  SCAN_VERTICAL,
  SCAN_ZIGZAG,
  SKIP_INTER,
  SKIP_INTRA,
  TCOEF_INTER,
  TCOEF_INTRA,
} from './memory';
export { damage, damageAt, losePicture, readPicture, setRows, skipPicture } from './picture';
export { cbPlane, chromaStride, crPlane, lumaPlane, lumaStride, forgetPlanes, planesEnd, setPlanes } from './planes';
export {
  backwardAt,
  intraAt,
  predictionAt,
  quantAt,
  reserve,
  setDistances,
  setLayer,
  setPicture,
  typeAt,
  vectorAt,
} from './state';
