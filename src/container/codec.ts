/** What the containers' many names for a codec mean. */

/** Four-character codes in AVI, QuickTime and Matroska's V_MS/VFW/FOURCC. */
const FOURCCS: Record<string, string> = {
  // MPEG-4 Part 2 as written by ffmpeg, Xvid, DivX, 3ivx and the cameras and phones of the 2000s.
  XVID: 'mpeg4',
  XVIX: 'mpeg4',
  DIVX: 'mpeg4',
  DX50: 'mpeg4',
  DXGM: 'mpeg4',
  FMP4: 'mpeg4',
  MP4V: 'mpeg4',
  MP4S: 'mpeg4',
  M4S2: 'mpeg4',
  M4T3: 'mpeg4',
  MPG4: 'msmpeg4v1', // Microsoft's, before the standard: not Part 2
  MP42: 'msmpeg4v2',
  DIV2: 'msmpeg4v2',
  MP43: 'msmpeg4v3',
  DIV3: 'msmpeg4v3',
  '3IV2': 'mpeg4',
  '3IVX': 'mpeg4',
  RMP4: 'mpeg4',
  SEDG: 'mpeg4',
  SMP4: 'mpeg4',
  SM4V: 'mpeg4',
  UMP4: 'mpeg4',
  WV1F: 'mpeg4',
  BLZ0: 'mpeg4',
  NDIG: 'mpeg4',
  INMC: 'mpeg4',
  HDX4: 'mpeg4',
  DM4V: 'mpeg4',
  GEOX: 'mpeg4',
  G264: 'h264',
  H263: 'h263',
  S263: 'h263',
  X263: 'h263',
  M263: 'h263',
  U263: 'h263',
  L263: 'h263',
  FLV1: 'flv1',
  H264: 'h264',
  X264: 'h264',
  AVC1: 'h264',
  DAVC: 'h264',
  VSSH: 'h264',
  MJPG: 'mjpeg',
  JPEG: 'mjpeg',
};

/** The codec that a four-character code means, or the code itself, without trailing blanks, when it is not known. */
export function codecOfFourcc(code: string): string {
  return FOURCCS[code.toUpperCase()] ?? code.replace(/[\0 ]+$/, '');
}

/** objectTypeIndication of a DecoderConfigDescriptor (ISO/IEC 14496-1, table 5). */
export function codecOfObjectType(objectTypeIndication: number): string {
  if (objectTypeIndication === 0x20) return 'mpeg4';
  if (objectTypeIndication === 0x21) return 'h264';
  if (objectTypeIndication === 0x23) return 'hevc';
  if (objectTypeIndication >= 0x60 && objectTypeIndication <= 0x65) return 'mpeg2video';
  if (objectTypeIndication === 0x6a) return 'mpeg1video';
  if (objectTypeIndication === 0x6c) return 'mjpeg';
  return `mp4v.${objectTypeIndication.toString(16)}`;
}

/** Codecs whose packets vultus reads: a file's first such video track is taken, before any other. */
export function isReadable(codec: string): boolean {
  return codec === 'mpeg4' || codec === 'h263' || codec === 'flv1' || codec === 'h264';
}
