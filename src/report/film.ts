/** Key frames of a face beside its timeline, with lines to the moments that they show. */
import { toBase64 } from '../files/base64.js';
import type { FaceView, Thumbnail } from '../timeline/result.js';
import { clock, escapeHtml } from './format.js';
import { encodePng } from './png.js';

/** The face at a moment, as an element that needs no other file. */
export function face({ time, width, height, rgb }: Thumbnail, alt = `Face box at ${clock(time)}`): string {
  const png = toBase64(encodePng(width, height, rgb));
  return `<img alt="${escapeHtml(alt)}" width="${width}" height="${height}" src="data:image/png;base64,${png}">`;
}

/** @param most pictures at most, evenly chosen */
export function filmstrip({ thumbnails, duration, faces, face: number }: FaceView, most: number): string {
  const count = Math.min(most, thumbnails.length);
  if (count === 0) return '';
  const shown = Array.from(
    { length: count },
    (_, k) => thumbnails[Math.floor(((k + 0.5) * thumbnails.length) / count)]!,
  );
  const figures = shown.map((one) => `<figure>${face(one)}<figcaption>${clock(one.time)}</figcaption></figure>`);
  // From the middle of each picture's column to its moment.
  const leaders = shown.map(({ time }, k) => {
    const [from, to] = [(1000 * (k + 0.5)) / count, (1000 * time) / duration].map((x) => x.toFixed(1));
    return `M${from} 0V3L${to} 15V20`;
  });
  return `<div class="lane film"><div class="name">key frames</div><div role="group" aria-label="Key frames of ${faces.length > 1 ? `face ${number}` : 'the face'}"><div class="strip-of" style="--n:${count}">${figures.join('')}</div><svg class="leaders" viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true"><path d="${leaders.join('')}"/></svg></div></div>`;
}
