/** Where the face is in each frame: what tells the cropper which square of the picture to cut. */

/** A face box in luma pixels; fractions are kept. Need not be square: the crop is the square around it. */
export interface FaceBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A face box found on one frame (an I-frame, as a rule). */
export interface FaceAt extends FaceBox {
  /** Number of the frame in the video, from 0. */
  frame: number;
}

/**
 * How boxes known on some frames serve the frames between them.
 * - `hold`: the last known box stays until the next one. Causal.
 * - `linear`: position and size move evenly from one known box to the next; after the last, `hold`.
 */
export type TrackMode = 'hold' | 'linear';

/** The face box of any frame. */
export type FaceTrack = (frame: number) => FaceBox;

/** One box for the whole video: a region given by the caller, or the whole picture. */
export function fixedTrack(box: FaceBox): FaceTrack {
  return () => box;
}

/**
 * A track through known boxes. Frames before the first take the first box.
 * @param faces at least one, in ascending order of `frame`
 */
export function faceTrack(faces: readonly FaceAt[], mode: TrackMode): FaceTrack {
  if (faces.length === 0) throw new RangeError('a face track needs at least one box');
  return (frame) => {
    let low = 0;
    let high = faces.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (faces[middle]!.frame <= frame) low = middle;
      else high = middle - 1;
    }
    const last = faces[low]!;
    const next = faces[low + 1];
    if (mode === 'hold' || !next || frame <= last.frame) return last;
    const t = (frame - last.frame) / (next.frame - last.frame);
    const mix = (a: number, b: number) => a + (b - a) * t;
    return {
      x: mix(last.x, next.x),
      y: mix(last.y, next.y),
      width: mix(last.width, next.width),
      height: mix(last.height, next.height),
    };
  };
}
