/** Which part of the picture the face-recognition network is shown: a square placed by the eyes and the mouth. */
import { ModelError } from '../../errors.js';
import type { FaceBox } from '../../residual/track.js';
import { landmarkRanges, type Point } from './landmarks.js';
import type { PixelRect } from './letterbox.js';

/** Where the middle of eyes and mouth lies in the square, and the distance from eyes to mouth as a share of its side. */
const middle = { x: 0.5, y: 0.43 };
const eyeToMouth = 0.45;

interface Size {
  width: number;
  height: number;
}

/**
 * The rectangle to show, from the 68 points of a face and the size of the rectangle in which they were found: face-api's
 * `align` with dlib's proportions. It is not turned. Cut to the picture at the right and below, moved into it at the left and
 * above (and there, as in face-api, it is at most as large as the face's rectangle). Throws ModelError where nothing is left.
 */
export function alignedRect(points: readonly Point[], face: Size, picture: Size): PixelRect {
  const centre = (name: keyof typeof landmarkRanges) => centreOf(points.slice(...landmarkRanges[name]));
  const [leftEye, rightEye, mouth] = [centre('leftEye'), centre('rightEye'), centre('mouth')];
  const distance = (eye: Point) => Math.hypot(mouth.x - eye.x, mouth.y - eye.y);
  const size = Math.floor((distance(leftEye) + distance(rightEye)) / 2 / eyeToMouth);
  const reference = centreOf([leftEye, rightEye, mouth]);
  const x = Math.floor(Math.max(0, reference.x - middle.x * size));
  const y = Math.floor(Math.max(0, reference.y - middle.y * size));
  return pixelRect({ x, y, width: Math.min(size, face.width + x), height: Math.min(size, face.height + y) }, picture);
}

/** The whole pixels of a box that lie in the picture, as face-api cuts them. Throws ModelError when there are none. */
export function pixelRect(box: FaceBox, picture: Size): PixelRect {
  const [x, y] = [Math.max(box.x, 0), Math.max(box.y, 0)];
  const width = Math.floor(Math.min(box.x + box.width - x, picture.width - x));
  const height = Math.floor(Math.min(box.y + box.height - y, picture.height - y));
  if (!(width >= 1 && height >= 1)) {
    throw new ModelError(
      `no part of the face box ${box.x},${box.y},${box.width},${box.height} lies in the picture of ${picture.width}x${picture.height}`,
    );
  }
  return { x: Math.floor(x), y: Math.floor(y), width, height };
}

function centreOf(points: readonly Point[]): Point {
  const sum = points.reduce((a, b) => ({ x: a.x + b.x, y: a.y + b.y }), { x: 0, y: 0 });
  return { x: sum.x / points.length, y: sum.y / points.length };
}
