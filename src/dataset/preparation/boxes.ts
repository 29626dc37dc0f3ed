/** Face boxes of a prepared clip's I-frames, found by whatever face finder the caller brings. */
import type { DecodedPicture } from '../../bitstream/parser.js';
import type { FaceAt, FaceBox } from '../../residual/track.js';
import { openVideo } from '../../video.js';

/** Finds faces in a picture. */
export interface FaceFinder {
  /** What it is, with its settings: clips are looked at again when it changes. */
  name: string;
  /** Boxes in picture pixels; they may reach outside. */
  find(picture: DecodedPicture): Promise<readonly FoundFace[]>;
}

/** A face and how sure the finder is of it: 0 to 1, higher for a face that stands upright. */
export interface FoundFace extends FaceBox {
  score: number;
}

/** The boxes of a clip. */
export interface ClipBoxes {
  faces: FaceAt[];
  /** Mean score of the boxes over all I-frames; 0 for an I-frame without. */
  score: number;
}

/**
 * One box per I-frame in which a face was found, in ascending order. Of several faces the first picture's largest is taken,
 * then the one that overlaps the last box most, or again the largest where none does. Box numbers have two decimals.
 */
export async function findBoxes(path: string, finder: FaceFinder, signal?: AbortSignal): Promise<ClipBoxes> {
  const video = await openVideo(path);
  try {
    const found: FaceAt[] = [];
    let score = 0;
    let pictures = 0;
    for await (const { picture, index } of video.keyFrames(signal ? { signal } : {})) {
      pictures++;
      if (!picture) continue;
      const boxes = (await finder.find(picture)).filter((box) => box.width > 0 && box.height > 0);
      const last = found.at(-1);
      const best = pick(boxes, (box) => (last ? overlap(box, last) : 0)) ?? pick(boxes, area);
      if (!best) continue;
      found.push({ frame: index, ...rounded(best) });
      score += best.score;
    }
    return { faces: found.sort((a, b) => a.frame - b.frame), score: score / Math.max(1, pictures) };
  } finally {
    video.close();
  }
}

/** The box with the highest value above 0; the first of equals. */
function pick(boxes: readonly FoundFace[], value: (box: FaceBox) => number): FoundFace | undefined {
  let best: FoundFace | undefined;
  let most = 0;
  for (const box of boxes) {
    const own = value(box);
    if (own > most) [best, most] = [box, own];
  }
  return best;
}

const area = ({ width, height }: FaceBox) => width * height;

/** Area of the intersection over that of the union. */
function overlap(a: FaceBox, b: FaceBox): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  const both = Math.max(0, width) * Math.max(0, height);
  return both / (area(a) + area(b) - both);
}

function rounded({ x, y, width, height }: FaceBox): FaceBox {
  const round = (value: number) => Math.round(100 * value) / 100;
  return { x: round(x), y: round(y), width: Math.max(0.01, round(width)), height: Math.max(0.01, round(height)) };
}
