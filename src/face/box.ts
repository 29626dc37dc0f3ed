/** Arithmetic of face boxes beyond their overlap (`networks/boxes.ts`). */
import type { FaceBox } from '../residual/track.js';

/** Share of the box that lies inside a picture of the given size, 0..1. */
export function visibleShare(box: FaceBox, width: number, height: number): number {
  const w = Math.min(width, box.x + box.width) - Math.max(0, box.x);
  const h = Math.min(height, box.y + box.height) - Math.max(0, box.y);
  return w > 0 && h > 0 ? (w * h) / (box.width * box.height) : 0;
}
