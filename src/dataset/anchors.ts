/** Which pictures of a video predict and are predicted, and where the face is on each: what all readers of clips begin with. */
import { type FaceAt, type FaceTrack, faceTrack, fixedTrack, type TrackMode } from '../residual/track.js';
import type { Video } from '../video.js';

/** An anchor of the video: an I- or P-picture. B-pictures are stepped over. */
export interface Anchor {
  index: number;
  isKey: boolean;
  /** Display index of the anchor it is predicted from, and whether that is an I-picture (or there is none). */
  previous: number;
  afterKey: boolean;
}

/** The I- and P-pictures in display order. */
export async function anchorsOf(video: Video): Promise<Anchor[]> {
  const index = await video.index();
  const anchors: Anchor[] = [];
  for (let i = 0; i < index.length; i++) {
    const { type, key, index: display } = index.atDecode(i);
    if (type === 'B') continue;
    const last = anchors.at(-1);
    const isKey = type ? type === 'I' : key;
    anchors.push({ index: display, isKey, previous: last?.index ?? display, afterKey: last?.isKey ?? true });
  }
  return anchors;
}

/** The track through known boxes; without any, the whole picture is the face. */
export function trackOf(video: Video, faces: readonly FaceAt[] | undefined, mode: TrackMode): FaceTrack {
  if (faces?.length) return faceTrack(faces, mode);
  return fixedTrack({ x: 0, y: 0, width: video.width, height: video.height });
}
