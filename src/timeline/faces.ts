/** Collects what is read of each face, and makes its timeline at the end. */
import type { Track } from '../face/tracker.js';
import type { FaceBox } from '../residual/track.js';
import { turnBox } from '../video/turn.js';
import type { FrameEntry, Video } from '../video.js';
import { faceThumbnails } from './pictures.js';
import type { FaceTimeline, TrackPoint } from './result.js';
import { type TimelineOptions, timeline } from './timeline.js';
import type { ExpressionWindow } from './window.js';

interface Collected {
  windows: ExpressionWindow[];
  track: TrackPoint[];
}

export interface FinishOptions extends TimelineOptions {
  thumbnails?: number;
  signal?: AbortSignal;
}

export class FaceTimelines {
  readonly #video: Video;
  readonly #faces = new Map<number, Collected>();

  /** Boxes come in pixels of the coded picture and are given in pixels of the upright one. */
  constructor(video: Video) {
    this.#video = video;
  }

  /** Notes where the faces are on an I-frame. */
  key({ index, timestamp }: Pick<FrameEntry, 'index' | 'timestamp'>, tracks: readonly Track[]): void {
    for (const { face, box, confidence, present } of tracks) {
      if (present) this.#of(face).track.push({ frame: index, time: timestamp, box: this.#upright(box), confidence });
    }
  }

  add(read: ExpressionWindow): ExpressionWindow {
    const window = { ...read, box: this.#upright(read.box) };
    this.#of(window.face).windows.push(window);
    return window;
  }

  /** The timelines by number of the face; decodes the key frames of thumbnails. */
  async finish(labels: readonly string[], options: FinishOptions): Promise<FaceTimeline[]> {
    const timelines: FaceTimeline[] = [];
    for (const [face, { windows, track }] of [...this.#faces].sort(([a], [b]) => a - b)) {
      if (windows.length === 0) continue;
      const thumbnails = await faceThumbnails(this.#video, track, options.thumbnails ?? 0, options.signal);
      timelines.push({ face, windows, ...timeline(windows, labels, options), track, thumbnails });
    }
    return timelines;
  }

  #upright(box: FaceBox): FaceBox {
    return turnBox(box, this.#video, this.#video.rotation);
  }

  #of(face: number): Collected {
    let collected = this.#faces.get(face);
    if (!collected) {
      collected = { windows: [], track: [] };
      this.#faces.set(face, collected);
    }
    return collected;
  }
}
