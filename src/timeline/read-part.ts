/** Reads one part of a video: the expression of every face in it, window by window. */
import { type FaceClipsOptions, faceClips } from '../face/face-clips.js';
import type { FaceSource } from '../face/face-source.js';
import { countsOf, type FaceCounts } from '../face/open-faces.js';
import type { ExpressionModel } from '../network/model.js';
import { ClipPlan, type PredictedPictures } from '../residual/sliding-clips.js';
import type { FaceBox } from '../residual/track.js';
import { turnBox } from '../video/turn.js';
import type { Video } from '../video.js';
import type { PartFace } from './merge-parts.js';
import type { Part } from './parts.js';
import type { TrackPoint } from './result.js';
import type { ExpressionWindow, PlannedWindow } from './window.js';

/** What a part is read with. */
export interface PartReading {
  video: Video;
  model: ExpressionModel;
  pictures: PredictedPictures;
  /** Of the whole video. */
  windows: readonly PlannedWindow[];
  part: Part;
  source: FaceSource;
  signal?: AbortSignal | undefined;
  onPicture?: FaceClipsOptions['onPicture'];
}

/** What is to be said of a part when it was read. */
export interface PartCounts {
  /** P-pictures read that no other part counts, and those of them that were damaged. */
  parsed: number;
  damaged: number;
  /** False once an I-frame that the model wanted could not be decoded. */
  keys: boolean;
  /** Faces that were numbered. */
  numbered: number;
  faces: FaceCounts | undefined;
}

export class PartReader {
  readonly counts: PartCounts = { parsed: 0, damaged: 0, keys: true, numbered: 0, faces: undefined };
  readonly #reading: PartReading;
  readonly #tracks = new Map<number, TrackPoint[]>();
  readonly #shown = new Set<number>();

  constructor(reading: PartReading) {
    this.#reading = reading;
  }

  /** The windows as they end; boxes in pixels of the upright picture. Errors are those of `Video.frames`. */
  async *windows(): AsyncGenerator<ExpressionWindow, void, undefined> {
    const { video, model, pictures, windows, part, source, signal, onPicture } = this.#reading;
    const { counts } = this;
    const { signal: reads, normalisation } = model.card;
    const plan = new ClipPlan(pictures, windows.slice(part.first, part.end), reads);
    const clips = faceClips(video, plan, source, {
      ...{ normalisation, abort: signal, keyframes: model.keyframes, range: part },
      onKey: ({ index, timestamp }, tracks, readable) => {
        for (const { face, box, confidence, present } of tracks) {
          if (present) this.#track(face).push({ frame: index, time: timestamp, box: this.#upright(box), confidence });
        }
        if (!readable) counts.keys = false;
      },
      onPicture: (picture) => {
        const p = picture.met - 1;
        const counted = p >= part.counted[0] && p < part.counted[1];
        if (counted && picture.parsed) counts.parsed++;
        if (counted && picture.damaged) counts.damaged++;
        onPicture?.(picture);
      },
    });
    for await (const { stretch, input, keys, ...clip } of clips) {
      const { probabilities } = await model.predict(input, 1, [keys]);
      const { start, end, from, to } = stretch;
      const frame = pictures.index[(from + to) >> 1]!;
      this.#shown.add(clip.face);
      yield {
        ...{ ...clip, box: this.#upright(clip.box), start, end, probabilities: Array.from(probabilities) },
        ...{ frame, frames: to - from },
      };
    }
    counts.numbered = source.tracks.length;
    counts.faces = countsOf(source);
  }

  /** The face as far as it was read. */
  face(face: number): PartFace {
    return {
      face,
      track: this.#track(face),
      first: undefined,
      last: undefined,
      ...this.#reading.source.descriptors?.(face),
    };
  }

  /** The faces that had windows so far. */
  faces(): PartFace[] {
    return [...this.#shown].map((face) => this.face(face));
  }

  #upright(box: FaceBox): FaceBox {
    const { video } = this.#reading;
    return turnBox(box, video, video.rotation);
  }

  #track(face: number): TrackPoint[] {
    let track = this.#tracks.get(face);
    if (!track) {
      track = [];
      this.#tracks.set(face, track);
    }
    return track;
  }
}
