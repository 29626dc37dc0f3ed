/** Where the faces of a video are while it is read from the front: given beforehand, or located and followed. */
import type { CompressedFrame } from '../bitstream/frame.js';
import type { DecodedPicture } from '../bitstream/parser.js';
import { LimitExceededError, MalformedStreamError, UnsupportedStreamError } from '../errors.js';
import type { FaceBox } from '../residual/track.js';
import { turnBox, turnedSize, turnPicture } from '../video/turn.js';
import type { FrameEntry, Video } from '../video.js';
import { isFace, type LocatedFace, locateFaces } from './locate.js';
import { type FaceNetworks, intersectionOverUnion } from './networks/index.js';
import { FaceTracker, type Track } from './tracker.js';

export interface FaceSource {
  /** All faces that were in the video so far, by number; boxes in pixels of the coded picture, which is not turned. */
  readonly tracks: readonly Track[];
  /** Every P-picture is to be given to `follow`, also where no clip samples it. */
  readonly follows: boolean;
  /** The next I-picture, in decoding order; gives its pixels where it was decoded to look at it. */
  key(entry: FrameEntry): Promise<DecodedPicture | undefined>;
  /** The next P-picture, `seconds` after the anchor before. */
  follow(frame: CompressedFrame, seconds: number): void;
  /**
   * After `follow`, where re-anchoring was asked for: locates the faces anew on that P-picture if some box's confidence is spent.
   * @param order its `pictureOrder`
   */
  reanchor?(entry: FrameEntry, order: number | undefined): Promise<void>;
  /** Descriptors of a face when it was first and last located; absent where faces are given. */
  descriptors?: FaceTracker['descriptors'];
}

/** One face that stays where it is. */
export function fixedFace(box: FaceBox): FaceSource {
  const track: Track = { face: 0, box, previous: box, confidence: 1, present: true };
  return { tracks: [track], follows: false, key: async () => undefined, follow: () => {} };
}

/** Seconds between looks at key frames that bring nothing new, and at least. */
const lookEvery = 1;
const lookAgain = 0.2;
/** Seconds in which small looks do as long as they find the faces that are known: small faces that enter are found after that. */
const lookWhollyEvery = 2;
/** Seconds between close looks: they are slow. */
const lookCloserEvery = 5;
/** Seconds between decodings of pictures between key frames, at least, */
const reanchorEvery = 1;
/** and as a share of the seconds from the key frame on that the last one decoded: a group of any length costs three times itself at most. */
const reanchorPause = 0.5;
/** Faces numbered in one video, at most. */
const mostFaces = 64;

export interface LocatedFacesOptions {
  /** A key frame that was decoded already. */
  decoded?: { index: number; picture: DecodedPicture } | undefined;
  signal?: AbortSignal | undefined;
  /** Where a box's confidence is spent, decode the pictures up to that one and locate the faces there. Default false. */
  reanchor?: boolean | undefined;
}

/** Faces located by the networks on key frames and followed by motion vectors in between. */
export class LocatedFaces implements FaceSource {
  readonly follows = true;
  /** Key frames looked at, and those that could not be decoded. */
  looks = 0;
  undecoded = 0;
  /** P-pictures on which faces were located anew, those that could not be reached, and all that were decoded for it. */
  reanchored = 0;
  unreached = 0;
  decodedForIt = 0;
  readonly #video: Video;
  readonly #networks: FaceNetworks;
  readonly #tracker: FaceTracker;
  readonly #signal: AbortSignal | undefined;
  readonly #reanchors: boolean;
  #keyBefore: FrameEntry | undefined;
  /** Pictures from one key frame to the next, at most so far. */
  #longestGroup = 0;
  #notBefore = Number.NEGATIVE_INFINITY;
  #decoded: LocatedFacesOptions['decoded'];
  /** What was found to be no face, and when: not asked again at once. */
  #refused: { box: FaceBox; at: number }[] = [];
  #lookedAt = Number.NEGATIVE_INFINITY;
  #lookedWhollyAt = Number.NEGATIVE_INFINITY;
  #lookedCloserAt = Number.NEGATIVE_INFINITY;

  constructor(video: Video, networks: FaceNetworks, { decoded, signal, reanchor = false }: LocatedFacesOptions = {}) {
    this.#reanchors = reanchor;
    this.#decoded = decoded;
    this.#video = video;
    this.#networks = networks;
    this.#tracker = new FaceTracker({ width: video.width, height: video.height, most: mostFaces });
    this.#signal = signal;
  }

  get tracks(): readonly Track[] {
    return this.#tracker.tracks;
  }

  /** Faces that were not followed because there were too many. */
  get ignored(): number {
    return this.#tracker.ignored;
  }

  descriptors(face: number): ReturnType<FaceTracker['descriptors']> {
    return this.#tracker.descriptors(face);
  }

  async key(entry: FrameEntry): Promise<DecodedPicture | undefined> {
    const { timestamp } = entry;
    // Encoders put a key frame where a cut is, before it would be due.
    const group = entry.decodeIndex - (this.#keyBefore?.decodeIndex ?? entry.decodeIndex);
    const early = group < this.#longestGroup;
    this.#longestGroup = Math.max(this.#longestGroup, group);
    if (entry.key) this.#keyBefore = entry;
    const since = timestamp - this.#lookedAt;
    const due = since >= lookEvery || (since >= lookAgain && (early || this.#tracker.needsLook));
    const picture = due && entry.key ? await this.#decode(entry) : undefined;
    if (!picture) {
      this.#tracker.passKey();
      return undefined;
    }
    await this.#look(picture, timestamp);
    return picture;
  }

  async #look(picture: DecodedPicture, timestamp: number, order?: number): Promise<void> {
    this.looks++;
    this.#lookedAt = timestamp;
    const thorough = timestamp - this.#lookedCloserAt >= lookCloserEvery;
    if (thorough) this.#lookedCloserAt = timestamp;
    // Networks see the picture upright; boxes are followed in the picture as it was coded.
    const { rotation } = this.#video;
    const upright = turnPicture(picture, rotation);
    const size = turnedSize(picture, rotation);
    const known = this.#tracker.tracks.filter((track) => track.present);
    const wholly = this.#tracker.needsLook || timestamp - this.#lookedWhollyAt >= lookWhollyEvery;
    if (wholly || thorough) this.#lookedWhollyAt = timestamp;
    const expected = wholly ? [] : known.map(({ box }) => turnBox(box, picture, rotation));
    const located = await locateFaces(this.#networks, upright, { thorough, expected });
    const faces = new Map(located.map((face) => [{ ...face, box: turnBox(face.box, size, 360 - rotation) }, face]));
    this.#refused = this.#refused.filter((refused) => timestamp - refused.at < lookCloserEvery);
    const describe = (face: LocatedFace) => {
      const { box, points } = faces.get(face)!;
      return this.#networks.describeLater(upright, box, points);
    };
    const confirm = async (face: LocatedFace) => {
      if (this.#refused.some(({ box }) => intersectionOverUnion(box, face.box) > 0.5)) return false;
      if (await isFace(this.#networks, upright, faces.get(face)!)) return true;
      this.#refused.push({ box: face.box, at: timestamp });
      return false;
    };
    await this.#tracker.look([...faces.keys()], { describe, confirm }, order);
  }

  follow(frame: CompressedFrame, seconds: number): void {
    this.#tracker.follow(frame, seconds);
  }

  async reanchor(entry: FrameEntry, order: number | undefined): Promise<void> {
    const { timestamp } = entry;
    if (!this.#reanchors || !this.#tracker.isSpent || timestamp < this.#notBefore) return;
    const run = timestamp - (this.#keyBefore?.timestamp ?? 0);
    this.#notBefore = timestamp + Math.max(reanchorEvery, reanchorPause * run);
    try {
      const picture = await this.#video.decodePicture(entry, this.#signal && { signal: this.#signal });
      this.reanchored++;
      this.decodedForIt += entry.decodeIndex - (this.#keyBefore?.decodeIndex ?? 0) + 1;
      this.#lookedAt = timestamp;
      await this.#look(picture, timestamp, order);
    } catch (error) {
      // Too far from a key frame, damaged on the way, or no decoder here: the box stays flagged.
      if (!isStreamError(error)) throw error;
      this.unreached++;
    }
  }

  async #decode({ index }: FrameEntry): Promise<DecodedPicture | undefined> {
    const { index: at, picture: known } = this.#decoded ?? {};
    this.#decoded = undefined;
    if (at === index) return known;
    const signal = this.#signal ? { signal: this.#signal } : {};
    for await (const { picture } of this.#video.keyFrames({ select: [index], ...signal })) {
      if (picture) return picture;
    }
    this.undecoded++;
    return undefined;
  }
}

function isStreamError(error: unknown): boolean {
  return [MalformedStreamError, UnsupportedStreamError, LimitExceededError].some((kind) => error instanceof kind);
}
