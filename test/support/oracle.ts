/** ffmpeg as the judge: the pictures of a clip, fully decoded. */
import { ffmpeg } from './ffmpeg.js';

/** 8-bit 4:2:0 planes without padding; chroma is ceil(width / 2) x ceil(height / 2). */
export interface Picture {
  width: number;
  height: number;
  y: Uint8Array;
  cb: Uint8Array;
  cr: Uint8Array;
}

/** Cuts concatenated I420 into pictures (views, no copies). */
export function splitI420(bytes: Uint8Array, width: number, height: number): Picture[] {
  const luma = width * height;
  const chroma = ((width + 1) >> 1) * ((height + 1) >> 1);
  const size = luma + 2 * chroma;
  if (bytes.length % size !== 0) throw new Error(`${bytes.length} bytes are no whole pictures of ${width}x${height}`);
  return Array.from({ length: bytes.length / size }, (_, i) => ({
    width,
    height,
    y: bytes.subarray(i * size, i * size + luma),
    cb: bytes.subarray(i * size + luma, i * size + luma + chroma),
    cr: bytes.subarray(i * size + luma + chroma, (i + 1) * size),
  }));
}

/**
 * Every picture that ffmpeg decodes from the clip, in display order. `bitexact` keeps it from approximating motion
 * compensation in its assembly, and from choosing Xvid's inverse transform by itself: `idct` names it.
 */
export function decodeClip(
  clip: string,
  width: number,
  height: number,
  idct: 'simple' | 'xvid' = 'simple',
  format: string[] = [],
): Picture[] {
  return splitI420(
    ffmpeg([
      ...['-threads', '1', '-flags', 'bitexact', '-idct', idct, ...format, '-i', clip, '-map', '0:v:0'],
      ...['-vsync', '0', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-'],
    ]),
    width,
    height,
  );
}
