/** Arithmetic of face boxes: overlap, the part inside the picture, boxes between boxes. */
import type { FaceBox } from '../residual/track.js';

/** Area of the intersection over the area of the union, 0..1. */
export function intersectionOverUnion(a: FaceBox, b: FaceBox): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (!(width > 0 && height > 0)) return 0;
  const both = width * height;
  return both / (a.width * a.height + b.width * b.height - both);
}

/** Share of the box that lies inside a picture of the given size, 0..1. */
export function visibleShare(box: FaceBox, width: number, height: number): number {
  const w = Math.min(width, box.x + box.width) - Math.max(0, box.x);
  const h = Math.min(height, box.y + box.height) - Math.max(0, box.y);
  return w > 0 && h > 0 ? (w * h) / (box.width * box.height) : 0;
}

/** The box on the way from `a` (t = 0) to `b` (t = 1), position and size moving evenly. */
export function between(a: FaceBox, b: FaceBox, t: number): FaceBox {
  const mix = (from: number, to: number) => from + (to - from) * t;
  return {
    x: mix(a.x, b.x),
    y: mix(a.y, b.y),
    width: mix(a.width, b.width),
    height: mix(a.height, b.height),
  };
}
