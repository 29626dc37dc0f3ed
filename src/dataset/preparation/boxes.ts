/** Face boxes of a prepared clip's I-frames, found by whatever face finder the caller brings. */
import type { DecodedPicture } from '../../bitstream/parser.js';
import type { FaceAt, FaceBox } from '../../residual/track.js';
import { openVideo } from '../../video.js';

/** Finds faces in a picture. */
export interface FaceFinder {
  /** What it is, with its settings: clips are looked at again when it changes. */
  name: string;
  /** Boxes in picture pixels; they may reach outside. */
  find(picture: DecodedPicture): Promise<readonly FaceBox[]>;
  /** How sure it is that a face stands upright in the picture: 0 to 1. Left out by finders that cannot tell. */
  upright?(picture: DecodedPicture): Promise<number>;
}

/**
 * One box per I-frame in which a face was found, in ascending order. Of several faces the first picture's largest is taken,
 * then the one that overlaps the last box most, or again the largest where none does. Box numbers have two decimals.
 */
export async function findBoxes(path: string, finder: FaceFinder, signal?: AbortSignal): Promise<FaceAt[]> {
  const found: FaceAt[] = [];
  await eachKeyFrame(path, signal, async (picture, frame) => {
    const boxes = (await finder.find(picture)).filter((box) => box.width > 0 && box.height > 0);
    const last = found.at(-1);
    const best = pick(boxes, (box) => (last ? overlap(box, last) : 0)) ?? pick(boxes, area);
    if (best) found.push({ frame, ...rounded(best) });
  });
  return found.sort((a, b) => a.frame - b.frame);
}

/** How sure the finder is that faces stand upright in the clip: the mean over its I-frames, 0 to 1. */
export async function uprightness(
  path: string,
  upright: NonNullable<FaceFinder['upright']>,
  signal?: AbortSignal,
): Promise<number> {
  let sum = 0;
  let pictures = 0;
  await eachKeyFrame(path, signal, async (picture) => {
    sum += await upright(picture);
    pictures++;
  });
  return sum / Math.max(1, pictures);
}

/** I-frames that cannot be decoded are passed over. */
async function eachKeyFrame(
  path: string,
  signal: AbortSignal | undefined,
  look: (picture: DecodedPicture, frame: number) => Promise<void>,
): Promise<void> {
  const video = await openVideo(path);
  try {
    for await (const { picture, index } of video.keyFrames(signal ? { signal } : {})) {
      if (picture) await look(picture, index);
    }
  } finally {
    video.close();
  }
}

/** The box with the highest value above 0; the first of equals. */
function pick(boxes: readonly FaceBox[], value: (box: FaceBox) => number): FaceBox | undefined {
  let best: FaceBox | undefined;
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
