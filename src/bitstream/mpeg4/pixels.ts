/** An intra picture needs no prediction from others: its planes already hold pixel values. */
import type { CompressedFrame, Plane } from '../frame.js';
import type { DecodedPicture } from '../parser.js';

/** Values are 0..255 already: the kernel clamps intra blocks. Four are packed at a time where rows begin at whole words. */
function toBytes(plane: Plane): Uint8Array {
  const { data, width, height, stride } = plane;
  const out = new Uint8Array(width * height);
  const aligned = data.byteOffset % 4 === 0 && data.buffer.byteLength % 4 === 0 && stride % 2 === 0 && width % 4 === 0;
  const whole = littleEndian && aligned ? width : 0;
  const pairs = new Int32Array(whole > 0 ? data.buffer : new ArrayBuffer(0));
  const fours = new Int32Array(out.buffer, 0, out.length >> 2);
  for (let y = 0, to = 0; y < height; y++) {
    const row = y * stride;
    let from = (data.byteOffset + 2 * row) >> 2;
    for (let x = 0; x < whole; x += 4, to += 4) {
      const a = pairs[from++]!;
      const b = pairs[from++]!;
      fours[to >> 2] = ((a | (a >> 8)) & 0xffff) | ((b | (b >> 8)) << 16);
    }
    for (let x = whole; x < width; x++) out[to++] = data[row + x]!;
  }
  return out;
}

const littleEndian = new Uint8Array(Int16Array.of(1).buffer)[0] === 1;

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
