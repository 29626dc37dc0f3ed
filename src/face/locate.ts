/**
 * The faces of a picture as the rest of vultus measures them: a detector finds them, their 68 points say where exactly. The
 * box is built from eyes and nose alone, so that its size does not tell the expression, as in the data that models learn from.
 */
import type { FaceBox } from '../residual/track.js';
import { type FaceNetworks, landmarkRanges, type Picture, type Point } from './networks/index.js';

/** A face in a picture. */
export interface LocatedFace {
  /** Square, in picture pixels: brows to chin of a resting face. It may reach outside the picture. */
  box: FaceBox;
  /** How sure the detector is: 0..1. */
  score: number;
  /** The 68 points, in picture pixels; `landmarkRanges` says which is what. */
  points: Point[];
}

/** Side of the box over the distance of the eyes. */
const sideOverEyes = 2.75;
/** Where the middle of the box lies: from the middle of the eyes this share of the way to the nose tip across, */
const towardsNose = 0.55;
/** and this share of the side down. */
const belowEyes = 0.17;
/** The nose tip among the points. */
const noseTip = 30;

/**
 * The square face box of 68 points: side 2.75 times the distance of the eyes, centred between them, moved down by 0.17 sides
 * and across by 0.55 of the nose tip's way (where a head turns, its middle lies on the side of the nose).
 */
export function boxOfPoints(points: readonly Point[]): FaceBox {
  const left = middle(points.slice(...landmarkRanges.leftEye));
  const right = middle(points.slice(...landmarkRanges.rightEye));
  const eyes = middle([left, right]);
  const side = sideOverEyes * Math.hypot(right.x - left.x, right.y - left.y);
  const x = eyes.x + towardsNose * (points[noseTip]!.x - eyes.x);
  const y = eyes.y + belowEyes * side;
  return { x: x - side / 2, y: y - side / 2, width: side, height: side };
}

function middle(points: readonly Point[]): Point {
  const sum = points.reduce((a, b) => ({ x: a.x + b.x, y: a.y + b.y }), { x: 0, y: 0 });
  return { x: sum.x / points.length, y: sum.y / points.length };
}
