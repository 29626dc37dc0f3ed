/** An intra picture needs no prediction from others: its planes already hold pixel values. */
import type { CompressedFrame, Plane } from '../frame.js';
import type { DecodedPicture } from '../parser.js';

/** Values are 0..255 already: the kernel clamps intra blocks. */
function toBytes(plane: Plane): Uint8Array {
  const { data, width, height, stride } = plane;
  const out = new Uint8Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    const row = y * stride;
    for (let x = 0; x < width; x++) out[to++] = data[row + x]!;
  }
  return out;
}

/** The pixels of an undamaged I-picture parsed at scale 1 with chroma, the whole picture. */
export function decodePicture(frame: CompressedFrame): DecodedPicture {
  return {
    width: frame.width,
    height: frame.height,
    y: toBytes(frame.luma!),
    cb: toBytes(frame.cb!),
    cr: toBytes(frame.cr!),
  };
}
