/** From what a caller asked for to where the faces are. */
import type { Rect } from '../bitstream/frame.js';
import type { DecodedPicture } from '../bitstream/parser.js';
import { ModelError, UnsupportedStreamError } from '../errors.js';
import { type Size, turnBox, turnedSize } from '../video/turn.js';
import type { Video } from '../video.js';
import { type FaceSource, fixedFace, LocatedFaces } from './face-source.js';
import { type FaceNetworks, loadFaceNetworks } from './networks/index.js';

export interface FaceRequest {
  faces?: 'auto' | 'frame' | Rect | undefined;
  networks?: FaceNetworks | undefined;
  reanchor?: boolean | undefined;
  signal?: AbortSignal | undefined;
  onNotice?: ((notice: string) => void) | undefined;
}

export interface OpenedFaces {
  mode: 'auto' | 'frame' | 'box';
  /** The faces of a part of the video that is read from a key frame on, or from its start. */
  begin(): FaceSource;
  close(): Promise<void>;
}

/**
 * Where faces cannot be looked for (no networks, no decoder for key frames), the whole frame is the face, and `notices` gets
 * the reason. Throws RangeError for a box outside the picture, ModelError for damaged weights.
 */
export async function openFaces(video: Video, request: FaceRequest, notices: string[]): Promise<OpenedFaces> {
  const { faces = 'auto', signal, onNotice } = request;
  const { width, height } = video;
  const given = (mode: 'frame' | 'box', box: Rect): OpenedFaces => {
    return { mode, begin: () => fixedFace(box), close: async () => {} };
  };
  if (typeof faces === 'object') return given('box', givenBox(faces, video));
  const frame = given('frame', { x: 0, y: 0, width, height });
  if (faces === 'frame') return frame;
  const instead = (reason: string) => {
    const notice = `faces cannot be looked for (${reason}): the whole frame is taken for one face`;
    notices.push(notice);
    onNotice?.(notice);
    return frame;
  };
  const first = await firstKeyFrame(video);
  if (first.reason) return instead(first.reason);
  let networks = request.networks;
  try {
    networks ??= await loadFaceNetworks();
  } catch (error) {
    if (error instanceof ModelError) return instead(error.message);
    throw error;
  }
  const found = networks;
  return {
    mode: 'auto',
    begin: () => new LocatedFaces(video, found, { signal, decoded: first.decoded, reanchor: request.reanchor }),
    close: async () => {
      if (!request.networks) await found.close();
    },
  };
}

/** What came of looking for faces; of several parts, added up. */
export interface FaceCounts {
  /** Key frames looked at, and those that could not be decoded. */
  looks: number;
  undecoded: number;
  /** Faces that were numbered, and those that were not followed because there were too many. */
  faces: number;
  ignored: number;
  /** P-frames on which faces were located anew, those that could not be reached, and all pictures that were decoded for it. */
  reanchored: number;
  unreached: number;
  decodedForIt: number;
}

/** `undefined` where faces were given. */
export function countsOf(source: FaceSource): FaceCounts | undefined {
  if (!(source instanceof LocatedFaces)) return undefined;
  const { looks, undecoded, tracks, ignored, reanchored, unreached, decodedForIt } = source;
  return { looks, undecoded, faces: tracks.length, ignored, reanchored, unreached, decodedForIt };
}

/** What is to be said of the faces when the video was read. */
export function noticesOf({ looks, undecoded, faces, ignored, ...anew }: FaceCounts): string[] {
  const { reanchored, decodedForIt, unreached } = anew;
  const notices: string[] = [];
  if (reanchored > 0) {
    notices.push(`faces were located anew on ${reanchored} P-frames: ${decodedForIt} pictures were decoded for it`);
  }
  if (unreached > 0) notices.push(`${unreached} P-frames on which faces were to be located anew could not be decoded`);
  if (faces === 0) notices.push(`no face was found on ${looks} key frames`);
  if (undecoded > 0) notices.push(`${undecoded} key frames could not be decoded to look for faces`);
  if (ignored > 0) notices.push(`more than ${faces} faces: the others were not followed`);
  return notices;
}

/** The first key frame that is not damaged, or why key frames of this video cannot be decoded here. */
async function firstKeyFrame(
  video: Video,
): Promise<{ decoded?: { index: number; picture: DecodedPicture }; reason?: string }> {
  let tried = 0;
  for await (const { index, picture, error } of video.keyFrames()) {
    if (picture) return { decoded: { index, picture } };
    if (error instanceof UnsupportedStreamError) return { reason: error.message };
    if (++tried === 8) break;
  }
  return tried === 0 ? { reason: 'the video has no key frame' } : {};
}

/** A box of the upright picture, in the coded one. */
function givenBox(box: Rect, video: Video): Rect {
  const upright = turnedSize(video, video.rotation);
  return turnBox(boxInPicture(box, upright), upright, 360 - video.rotation);
}

/** The part of the box that lies in the picture. Throws RangeError where none does. */
function boxInPicture(box: Rect, { width, height }: Size): Rect {
  const x = Math.max(0, box.x);
  const y = Math.max(0, box.y);
  const right = Math.min(width, box.x + box.width);
  const bottom = Math.min(height, box.y + box.height);
  if (!(right > x && bottom > y)) {
    const text = [box.x, box.y, box.width, box.height].join(',');
    throw new RangeError(`face box ${text} lies outside the picture of ${width}x${height}`);
  }
  return { x, y, width: right - x, height: bottom - y };
}
