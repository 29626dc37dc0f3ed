/**
 * Which face is which: joins what is located on key frames with what motion vectors say in between. A face keeps its number
 * while it is followed, and gets it back when it is recognised after it was gone.
 */
import type { CompressedFrame } from '../bitstream/frame.js';
import type { FaceBox } from '../residual/track.js';
import { visibleShare } from './box.js';
import { BoxFollower } from './follow.js';
import type { LocatedFace } from './locate.js';
import { descriptorDistance, intersectionOverUnion } from './networks/index.js';

/** A face that is, or was, in the picture. */
export interface Track {
  /** 0, 1, 2 … in the order of appearance. */
  readonly face: number;
  /** Where it is in the picture given last, and where it was in the anchor before. */
  readonly box: FaceBox;
  readonly previous: FaceBox;
  /** 1 where it was just located; falls with time and with motion that says nothing. 0..1. */
  readonly confidence: number;
  /** In the picture, as far as we know. */
  readonly present: boolean;
}

/** Below this confidence a box may well be beside its face: it is flagged. */
export const spentConfidence = 0.25;
/** And below this one the face is taken to be gone. */
const goneConfidence = 0.05;

/** Boxes of less overlap are not taken for the same face. */
const sameBox = 0.25;
/** Boxes of more overlap are, where the face was followed. */
const surelySameBox = 0.6;
/** Descriptors of less distance are one person's: where one and two persons' are told apart equally well, less a margin. */
export const samePerson = 0.5;
/** Seconds in which confidence halves while motion vectors agree, and while they say nothing at all. */
const halfLife = { agreed: 10, silent: 0.4 };
/** Share of the face's blocks that have to agree to count in full. */
const enoughEvidence = 0.4;
/**
 * Evidence below which a picture does not show what was in the box before: a cut inside a group, or something before the face. In
 * a minute of talking before a webcam it is never below 0.45. What is left of the confidence then: the box is flagged.
 */
const cut = { evidence: 0.15, left: 0.2 };
/** A face of which less than this is in the picture has left it. */
const leastVisible = 0.3;
/** Looks without finding a face before it is gone. */
const mostMisses = 2;
/** And from this one on, two persons': less than a hundredth of one person's pairs lie beyond it, of two persons' nearly all. */
const otherPerson = 0.65;

/** What is asked about a located face. */
export interface Questions {
  /** Is it one? Asked where no known face explains it. */
  confirm(face: LocatedFace): Promise<boolean>;
  /** Its descriptor, for when it is needed: where there is nobody to compare it with, it is not. */
  describe(face: LocatedFace): () => Promise<Float32Array>;
}

class TrackState implements Track {
  previous: FaceBox;
  confidence = 1;
  present = true;
  missed = 0;
  /** When it was last located, and when it was first. */
  descriptor: (() => Promise<Float32Array>) | undefined;
  first: (() => Promise<Float32Array>) | undefined;
  readonly face: number;
  follower: BoxFollower;

  constructor(face: number, box: FaceBox) {
    this.face = face;
    this.previous = box;
    this.follower = new BoxFollower(box);
  }

  get box(): FaceBox {
    return this.follower.box;
  }

  /** Located anew: the box does not come from the picture before. */
  see(box: FaceBox, order?: number): void {
    this.follower = new BoxFollower(box, { order });
    this.previous = box;
    this.confidence = 1;
    this.present = true;
    this.missed = 0;
  }
}

export interface TrackerOptions {
  /** Size of the picture. */
  width: number;
  height: number;
  /** Faces numbered at most; more are not followed. */
  most: number;
}

export class FaceTracker {
  readonly #options: TrackerOptions;
  readonly #tracks: TrackState[] = [];
  /** Faces that were not followed because there were too many. */
  ignored = 0;

  constructor(options: TrackerOptions) {
    this.#options = options;
  }

  /** All faces that ever were, by number. */
  get tracks(): readonly Track[] {
    return this.#tracks;
  }

  /** Descriptors of a face when it was first and last located. */
  descriptors(face: number): { first: () => Promise<Float32Array>; last: () => Promise<Float32Array> } | undefined {
    const { first, descriptor: last } = this.#tracks[face] ?? {};
    return first && last && { first, last };
  }

  /** True where some face's confidence is spent: its box may be beside it. */
  get isSpent(): boolean {
    return this.#tracks.some(({ present, confidence }) => present && confidence < spentConfidence);
  }

  /** True where no face is known, or one was not seen by the last look, or its confidence is spent: a look is worth its price. */
  get needsLook(): boolean {
    const present = this.#tracks.filter((track) => track.present);
    return present.length === 0 || present.some(({ missed, confidence }) => missed > 0 || confidence < spentConfidence);
  }

  /** A key frame that was not looked at: its boxes are those of the anchor before. */
  passKey(): void {
    for (const track of this.#tracks) {
      if (!track.present) continue;
      const box = track.box;
      track.follower = new BoxFollower(box);
      track.previous = box;
    }
  }

  /**
   * A picture and the faces located on it; the questions are asked where overlap does not tell who is who.
   * @param order of a P-picture, where the codec has one
   */
  async look(faces: readonly LocatedFace[], { confirm, describe }: Questions, order?: number): Promise<void> {
    const open = new Set(faces);
    const missing = new Set(this.#tracks);
    const pairs = this.#tracks
      .filter(({ present }) => present)
      .flatMap((track) => faces.map((face) => ({ track, face, overlap: intersectionOverUnion(track.box, face.box) })))
      .filter(({ overlap }) => overlap >= sameBox)
      .sort((a, b) => b.overlap - a.overlap);
    for (const { track, face, overlap } of pairs) {
      if (!open.has(face) || !missing.has(track)) continue;
      // A face that was followed well is where it was expected. Anything else that looks like one may have come in its place.
      const expected = overlap >= surelySameBox && track.confidence >= spentConfidence;
      if (!expected && !(await confirm(face))) {
        open.delete(face);
        continue;
      }
      const descriptor = describe(face);
      // After a cut another person may sit in the same place.
      if (track.descriptor && descriptorDistance(await track.descriptor(), await descriptor()) > otherPerson) {
        track.present = false;
        continue;
      }
      track.see(face.box, order);
      track.descriptor = descriptor;
      open.delete(face);
      missing.delete(track);
    }
    for (const face of open) {
      if (!(await confirm(face))) continue;
      const descriptor = describe(face);
      const track = (await nearest(missing, descriptor)) ?? this.#enter(face.box);
      if (!track) continue;
      missing.delete(track);
      track.see(face.box, order);
      track.descriptor = descriptor;
      track.first ??= descriptor;
    }
    for (const track of missing) {
      if (!track.present) continue;
      track.confidence /= 2;
      if (++track.missed >= mostMisses) track.present = false;
      track.previous = track.box;
      track.follower = new BoxFollower(track.box, { order });
    }
  }

  /** Moves the boxes of all faces by a P-picture, `seconds` after the anchor before. */
  follow(frame: CompressedFrame, seconds: number): void {
    const { width, height } = this.#options;
    for (const track of this.#tracks) {
      if (!track.present) continue;
      track.previous = track.box;
      const { evidence } = track.follower.follow(frame);
      const agreed = Math.min(1, evidence / enoughEvidence);
      const rate = agreed / halfLife.agreed + (1 - agreed) / halfLife.silent;
      track.confidence *= 2 ** (-Math.max(0, seconds) * rate) * (evidence < cut.evidence ? cut.left : 1);
      if (track.confidence < goneConfidence || visibleShare(track.box, width, height) < leastVisible) {
        track.present = false;
      }
    }
  }

  #enter(box: FaceBox): TrackState | undefined {
    if (this.#tracks.length >= this.#options.most) {
      this.ignored++;
      return undefined;
    }
    const track = new TrackState(this.#tracks.length, box);
    this.#tracks.push(track);
    return track;
  }
}

/** Whose descriptor it is, among faces that are not accounted for. */
async function nearest(
  tracks: Iterable<TrackState>,
  descriptor: () => Promise<Float32Array>,
): Promise<TrackState | undefined> {
  let best: TrackState | undefined;
  let least = samePerson;
  for (const track of tracks) {
    if (!track.descriptor) continue;
    const distance = descriptorDistance(await track.descriptor(), await descriptor());
    if (distance < least) [best, least] = [track, distance];
  }
  return best;
}
