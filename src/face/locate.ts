/**
 * The faces of a picture as the rest of vultus measures them: a detector finds them, their 68 points say where exactly. The
 * box is built from eyes and nose alone, so that its size does not tell the expression, as in the data that models learn from.
 */
import type { FaceBox } from '../residual/track.js';
import {
  type Detection,
  type DetectOptions,
  type FaceNetworks,
  intersectionOverUnion,
  landmarkRanges,
  type Picture,
  type Point,
} from './networks/index.js';
import type { PixelRect } from './networks/letterbox.js';

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

/**
 * Sides of the picture that the detector sees: faces that fill the picture are found small, the others larger. The third is for
 * a thorough look at pictures with a longer side than that, or without a face so far.
 */
const sizes = { first: 160, second: 416, close: 608 } as const;
const largeFrom = 600;
/** Pictures with a longer side than this are also looked at in parts when looked at thoroughly. */
const partsFrom = 960;
/** Score from which a box is taken for a face. */
const minScore = 0.3;
/** Boxes that overlap more are one face. */
const sameFace = 0.4;

export interface LocateOptions {
  /**
   * Look closer, for small faces: twice as long in a picture of more than 600 pixels, or where nothing is found at once; a face
   * of 40 pixels in an otherwise empty picture of 4K takes eight times as long.
   */
  thorough?: boolean;
  /**
   * About where faces are known to be. Where a first, small look finds them all, a larger one, which takes eight times as long
   * and finds smaller faces, is spared. Not looked at with `thorough`.
   */
  expected?: readonly FaceBox[];
  /** Faces at most, the surest ones. Default 32. */
  most?: number;
}

/** The faces of a picture, the surest first; none is an answer. Throws ModelError as the networks do. */
export async function locateFaces(
  networks: FaceNetworks,
  picture: Picture,
  { thorough = false, expected = [], most = 32 }: LocateOptions = {},
): Promise<LocatedFace[]> {
  const found = await networks.detect(picture, { inputSize: sizes.first, minScore });
  const isFound = (box: FaceBox) => found.some((face) => intersectionOverUnion(face, box) > sameFace);
  if (thorough || expected.length === 0 || !expected.every(isFound)) {
    const closely = thorough && Math.max(picture.width, picture.height) > largeFrom;
    found.push(...(await networks.detect(picture, { inputSize: closely ? sizes.close : sizes.second, minScore })));
    if (thorough && !closely && found.length === 0) {
      found.push(...(await networks.detect(picture, { inputSize: sizes.close, minScore })));
    }
  }
  if (thorough && found.length === 0) found.push(...(await inParts(networks, picture)));
  const faces: LocatedFace[] = [];
  for (const detection of found.sort((a, b) => b.score - a.score)) {
    if (faces.length === most) break;
    if (!meets(detection, picture)) continue;
    const points = await networks.landmarks(picture, detection);
    const box = boxOfPoints(points);
    if (!(box.width >= 8)) continue; // eyes closer than 3 pixels: no face that could be read
    if (faces.some((face) => intersectionOverUnion(face.box, box) > sameFace)) continue;
    faces.push({ box, score: detection.score, points });
  }
  return faces;
}

/**
 * Shown the face nearly alone, this many times its box, at these two sizes, the tiny detector scores a face at least so in one and
 * in both: measured in bench/results/confirm-2026-11-25.md. What looks like one at a single size is a pattern.
 */
const nearlyAlone = { times: 1.75, inputSizes: [160, 192], oneOf: 0.5, both: 0.3 } as const;
/** Below that at the first size, it is none. */
const surelyNot = 0.1;
/** Score of the accurate detector from which it is a face: it is asked where the tiny one is in doubt. */
const confirmed = 0.3;
/** Parts of the picture shown to it, as multiples of the box. */
const surroundings = [2, 4] as const;
/** Faces of less than this share of the picture's longer side need more around them, larger ones have no more: that comes first. */
const small = 0.3;

/**
 * Is it a face? In a whole picture the tiny detector also takes patterns for faces; shown the face nearly alone, twice, hardly ever.
 * For faces that were not known before.
 */
export async function isFace(networks: FaceNetworks, picture: Picture, { box }: LocatedFace): Promise<boolean> {
  const around = async (times: number, options: DetectOptions) => {
    const part = surrounding(box, times, picture);
    const found = part ? await networks.detect(picture, { part, ...options }) : [];
    return Math.max(0, ...found.filter((face) => intersectionOverUnion(face, box) > 0.2).map(({ score }) => score));
  };
  const scores: number[] = [];
  for (const inputSize of nearlyAlone.inputSizes) {
    scores.push(await around(nearlyAlone.times, { detector: 'tiny', inputSize, minScore: surelyNot }));
    if (scores[0] === 0) return false;
  }
  if (Math.max(...scores) >= nearlyAlone.oneOf && Math.min(...scores) >= nearlyAlone.both) return true;
  const isSmall = box.width < small * Math.max(picture.width, picture.height);
  for (const times of isSmall ? surroundings.toReversed() : surroundings) {
    if ((await around(times, { detector: 'ssd', minScore: confirmed })) > 0) return true;
  }
  return false;
}

/** A box and what is around it, `times` as large, as far as the picture goes; `undefined` where next to nothing is left. */
function surrounding(box: FaceBox, times: number, picture: { width: number; height: number }): PixelRect | undefined {
  const [beyondX, beyondY] = [((times - 1) * box.width) / 2, ((times - 1) * box.height) / 2];
  const x = Math.max(0, Math.floor(box.x - beyondX));
  const y = Math.max(0, Math.floor(box.y - beyondY));
  const width = Math.min(picture.width, Math.ceil(box.x + box.width + beyondX)) - x;
  const height = Math.min(picture.height, Math.ceil(box.y + box.height + beyondY)) - y;
  return width < 8 || height < 8 ? undefined : { x, y, width, height };
}

/** Looks at the parts of a large picture, each half as long as its longer side; they overlap by a fifth. */
async function inParts(networks: FaceNetworks, picture: Picture): Promise<Detection[]> {
  const { width, height } = picture;
  if (Math.max(width, height) < partsFrom) return [];
  const side = Math.ceil(Math.max(width, height) / 2);
  const found: Detection[] = [];
  for (const y of starts(height, side)) {
    for (const x of starts(width, side)) {
      const part = { x, y, width: Math.min(side, width - x), height: Math.min(side, height - y) };
      found.push(...(await networks.detect(picture, { inputSize: sizes.close, minScore, part })));
    }
  }
  return found;
}

/** Where parts of a length start so that they cover all and overlap by at least a fifth. */
function starts(length: number, part: number): number[] {
  if (length <= part) return [0];
  const count = 1 + Math.ceil((length - part) / (0.8 * part));
  return Array.from({ length: count }, (_, i) => Math.round((i * (length - part)) / (count - 1)));
}

function meets({ x, y, width, height }: FaceBox, picture: { width: number; height: number }): boolean {
  return x + width > 1 && y + height > 1 && x < picture.width - 1 && y < picture.height - 1;
}
