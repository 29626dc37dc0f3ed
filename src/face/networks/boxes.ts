/** Boxes around faces, and choosing among those that overlap. */
import type { FaceBox } from '../../residual/track.js';

/** A box that a detector gives. */
export interface Detection extends FaceBox {
  /** How sure the detector is that it is a face: 0..1. */
  score: number;
}

/** Area of the intersection over area of the union: 0..1. */
export function intersectionOverUnion(a: FaceBox, b: FaceBox): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const intersection = width * height;
  return intersection / (a.width * a.height + b.width * b.height - intersection);
}

/** Non-maximum suppression: the best box first, then each that overlaps no chosen one by more than `threshold`. */
export function suppressOverlaps(detections: readonly Detection[], threshold: number, most: number): Detection[] {
  const chosen: Detection[] = [];
  for (const detection of [...detections].sort((a, b) => b.score - a.score)) {
    if (chosen.length === most) break;
    if (chosen.every((other) => intersectionOverUnion(detection, other) <= threshold)) chosen.push(detection);
  }
  return chosen;
}

/** The logistic function. */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/**
 * What the side of a detector's square input measures in picture pixels, along x and along y. Not quite the same: face-api
 * rounds what the picture's own sides measure in the input.
 */
export function paddedScale({ width, height }: { width: number; height: number }, inputSize: number) {
  const scale = inputSize / Math.max(width, height);
  const measure = (side: number) => (inputSize / Math.max(1, Math.round(side * scale))) * side;
  return { x: measure(width), y: measure(height) };
}
