/** A small picture of the face box, cut from a decoded key frame. */
import type { Rect } from '../bitstream/frame.js';
import type { DecodedPicture } from '../bitstream/parser.js';
import type { Thumbnail } from './result.js';

/** Length of the longest edge in pixels, unless asked otherwise. */
const SIDE = 112;

/** Box-filters the region to at most `side` pixels a side and turns it into RGB (BT.601, limited range). */
export function thumbnail(picture: DecodedPicture, region: Rect, time: number, side = SIDE): Thumbnail {
  const shrink = Math.max(1, Math.max(region.width, region.height) / side);
  const width = Math.max(1, Math.round(region.width / shrink));
  const height = Math.max(1, Math.round(region.height / shrink));
  const chromaWidth = (picture.width + 1) >> 1;
  const rgb = new Uint8Array(3 * width * height);
  for (let j = 0, o = 0; j < height; j++) {
    const [top, bottom] = span(region.y, region.height, j, height, picture.height);
    for (let i = 0; i < width; i++, o += 3) {
      const [left, right] = span(region.x, region.width, i, width, picture.width);
      let y = 0;
      let cb = 0;
      let cr = 0;
      for (let v = top; v < bottom; v++) {
        for (let u = left; u < right; u++) {
          const c = (v >> 1) * chromaWidth + (u >> 1);
          y += picture.y[v * picture.width + u]!;
          cb += picture.cb[c]!;
          cr += picture.cr[c]!;
        }
      }
      const count = (bottom - top) * (right - left);
      const luma = 1.164 * (y / count - 16);
      const blue = cb / count - 128;
      const red = cr / count - 128;
      rgb[o] = clamp(luma + 1.596 * red);
      rgb[o + 1] = clamp(luma - 0.392 * blue - 0.813 * red);
      rgb[o + 2] = clamp(luma + 2.017 * blue);
    }
  }
  return { time, width, height, rgb };
}

/** Source samples of output sample `i` of `count`; at least one, all inside the picture. */
function span(origin: number, length: number, i: number, count: number, limit: number): [number, number] {
  const from = Math.min(limit - 1, Math.max(0, origin + Math.floor((i * length) / count)));
  const to = Math.min(limit, origin + Math.floor(((i + 1) * length) / count));
  return [from, Math.max(from + 1, to)];
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : Math.round(value);
}
