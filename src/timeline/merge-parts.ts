/** Puts the parts of a video together: which face of one is which of those before, and one timeline for each. */
import { descriptorDistance, intersectionOverUnion } from '../face/networks/index.js';
import { samePerson } from '../face/tracker.js';
import type { Video } from '../video.js';
import { faceThumbnails } from './pictures.js';
import type { FaceTimeline, TrackPoint } from './result.js';
import { type TimelineOptions, timeline } from './timeline.js';
import type { ExpressionWindow } from './window.js';

/** A face of one part, under the number that it has there. */
export interface PartFace {
  face: number;
  /** Where it was on the I-frames of the part so far, in pixels of the upright picture. */
  track: readonly TrackPoint[];
  /** Its descriptors when it was first and last located; `undefined` for a face that was given. */
  first: Descriptor | undefined;
  last: Descriptor | undefined;
}

type Descriptor = () => Promise<Float32Array>;

/** A face of the whole video. */
interface Merged {
  face: number;
  windows: ExpressionWindow[];
  track: TrackPoint[];
  /** Of the last part that it was in. */
  seen: PartFace | undefined;
}

/** On a key frame that two parts share, boxes that overlap more are one face. */
const sameBox = 0.5;

export interface FinishOptions extends TimelineOptions {
  thumbnails?: number;
  signal?: AbortSignal;
}

export class PartMerger {
  readonly #faces = new Map<number, Merged>();
  /** The face of the whole video that each face of this part is. */
  #numbers = new Map<number, Merged>();
  #parts = 0;
  /** The next number that is free. */
  #free = 0;

  /** A window of the part under way, its face's number now that of the whole video. */
  async add(window: ExpressionWindow, face: PartFace): Promise<ExpressionWindow> {
    const merged = this.#numbers.get(window.face) ?? (await this.#enter(face));
    const renumbered = { ...window, face: merged.face };
    merged.windows.push(renumbered);
    return renumbered;
  }

  /**
   * The part under way is at its end.
   * @param faces those that have windows
   * @param numbered faces that were numbered in it
   * @param until seconds: from there on, I-frames are the next part's
   */
  end(faces: readonly PartFace[], numbered: number, until: number): void {
    for (const seen of faces) {
      const merged = this.#numbers.get(seen.face)!;
      merged.track.push(...seen.track.filter(({ time }) => time < until));
      merged.seen = seen;
    }
    // In the first part, faces keep their numbers.
    if (this.#parts === 0) this.#free = numbered;
    this.#parts++;
    this.#numbers = new Map();
  }

  /** The timelines by number of the face; decodes the key frames of thumbnails. */
  async finish(video: Video, labels: readonly string[], options: FinishOptions): Promise<FaceTimeline[]> {
    const timelines: FaceTimeline[] = [];
    for (const { face, windows, track } of [...this.#faces.values()].sort((a, b) => a.face - b.face)) {
      const thumbnails = await faceThumbnails(video, track, options.thumbnails ?? 0, options.signal);
      timelines.push({ face, windows, ...timeline(windows, labels, options), track, thumbnails });
    }
    return timelines;
  }

  async #enter(face: PartFace): Promise<Merged> {
    const known = this.#parts === 0 ? undefined : await this.#known(face);
    const merged = known ?? this.#fresh(this.#parts === 0 ? face.face : this.#free++);
    this.#numbers.set(face.face, merged);
    return merged;
  }

  #fresh(face: number): Merged {
    const merged: Merged = { face, windows: [], track: [], seen: undefined };
    this.#faces.set(face, merged);
    return merged;
  }

  /** Which face of the parts before it is: the one in its place on a key frame that both parts read, else by descriptor. */
  async #known(face: PartFace): Promise<Merged | undefined> {
    const taken = new Set(this.#numbers.values());
    const open = [...this.#faces.values()].filter((merged) => !taken.has(merged));
    // A face that was given is the same everywhere.
    if (!face.first) return open.find((merged) => merged.face === face.face);
    let [best, most] = [undefined as Merged | undefined, sameBox];
    for (const merged of open) {
      const overlap = overlapOf(merged.seen?.track ?? [], face.track);
      if (overlap > most) [best, most] = [merged, overlap];
    }
    if (best) return best;
    let least = samePerson;
    for (const merged of open) {
      if (!merged.seen?.last) continue;
      const distance = descriptorDistance(await merged.seen.last(), await face.first());
      if (distance < least) [best, least] = [merged, distance];
    }
    return best;
  }
}

/** Overlap on the first I-frame that both have. */
function overlapOf(before: readonly TrackPoint[], after: readonly TrackPoint[]): number {
  for (const { frame, box } of after) {
    const shared = before.find((point) => point.frame === frame);
    if (shared) return intersectionOverUnion(shared.box, box);
  }
  return 0;
}
