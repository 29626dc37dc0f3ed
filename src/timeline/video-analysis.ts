/** A video opened for analysis, and the parts that it is read in. */
import type { VideoSource } from '../container/index.js';
import { ModelError, UnsupportedStreamError } from '../errors.js';
import { noticesOf, type OpenedFaces, openFaces } from '../face/open-faces.js';
import { type OpenedForAnalysis, openForAnalysis } from '../ingest/open.js';
import { type ExpressionModel, loadModel } from '../network/model.js';
import { whyNoTimeline } from '../residual/signal.js';
import { type PredictedPictures, predictedPictures } from '../residual/sliding-clips.js';
import { turnedSize } from '../video/turn.js';
import type { PartFace, PartMerger } from './merge-parts.js';
import type { AnalyzeOptions } from './options.js';
import { defaultPart, type Part, planParts } from './parts.js';
import { type PartCounts, PartReader } from './read-part.js';
import type { AnalysisResult } from './result.js';
import { defaultTimeline } from './timeline.js';
import { defaultHop, defaultWindow, type PlannedWindow, planWindows } from './window.js';

/** The model that comes with the package. */
export const defaultModel = new URL('../../models/default.onnx', import.meta.url);

export class VideoAnalysis {
  readonly parts: readonly Part[];
  readonly #options: AnalyzeOptions;
  readonly #model: ExpressionModel;
  readonly #opened: OpenedForAnalysis;
  readonly #faces: OpenedFaces;
  readonly #pictures: PredictedPictures;
  readonly #windows: readonly PlannedWindow[];
  readonly #close: () => Promise<void>;

  private constructor(
    options: AnalyzeOptions,
    opened: { model: ExpressionModel; video: OpenedForAnalysis; faces: OpenedFaces; close: () => Promise<void> },
    planned: { pictures: PredictedPictures; windows: readonly PlannedWindow[]; parts: readonly Part[] },
  ) {
    this.#options = options;
    this.#model = opened.model;
    this.#opened = opened.video;
    this.#faces = opened.faces;
    this.#close = opened.close;
    this.#pictures = planned.pictures;
    this.#windows = planned.windows;
    this.parts = planned.parts;
  }

  /** Throws as `analyze` does. */
  static async open(source: VideoSource, options: AnalyzeOptions): Promise<VideoAnalysis> {
    const { window = defaultWindow, hop = defaultHop, signal } = options;
    const closing: (() => Promise<void>)[] = [];
    const close = async () => {
      for (const each of closing.splice(0).reverse()) await each();
    };
    try {
      const given = options.model ?? defaultModel;
      const model = typeof given === 'object' && 'predict' in given ? given : await loadModel(given, { signal });
      if (model !== given) closing.push(() => model.close());
      const refused = whyNoTimeline(model.card.signal);
      if (refused !== undefined) throw new ModelError(refused);
      const opened = await openForAnalysis(source, options);
      closing.push(() => opened.close());
      const { video, notices } = opened;
      const frames = await video.index();
      const pictures = predictedPictures(frames);
      if (pictures.times.length === 0) {
        throw new UnsupportedStreamError(
          'a video without P-frames',
          'encode it with ffmpeg -c:v mpeg4 -g 12 -bf 0 first',
        );
      }
      const faces = await openFaces(video, options, notices);
      closing.push(() => faces.close());
      const windows = planWindows(pictures.times, 0, video.duration, { window, hop });
      const parts = planParts(frames, pictures, windows, options.part ?? defaultPart);
      return new VideoAnalysis(options, { model, video: opened, faces, close }, { pictures, windows, parts });
    } catch (error) {
      await close();
      throw error;
    }
  }

  /** False where the video is a copy that ffmpeg made: another reader of it would have to make it again. */
  get direct(): boolean {
    return !this.#opened.converted;
  }

  read(part: Part): PartReader {
    const { signal, onProgress } = this.#options;
    const all = this.#pictures.index.length;
    return new PartReader({
      ...{ video: this.#opened.video, model: this.#model, pictures: this.#pictures, windows: this.#windows },
      ...{ part, source: this.#faces.begin(), signal },
      onPicture: ({ met }) => onProgress?.({ read: met, all }),
    });
  }

  /** Ends a part: its faces are those of the merger from here on. */
  end(merger: PartMerger, part: Part, faces: readonly PartFace[], { numbered }: PartCounts): void {
    const next = this.parts[this.parts.indexOf(part) + 1];
    merger.end(faces, numbered, next?.time ?? Number.POSITIVE_INFINITY);
  }

  async result(merger: PartMerger, parts: readonly PartCounts[]): Promise<AnalysisResult> {
    const {
      window = defaultWindow,
      hop = defaultHop,
      threshold = defaultTimeline.threshold,
      smoothing,
    } = this.#options;
    const { video, container, codec, converted, notices } = this.#opened;
    const { card, hash } = this.#model;
    const { parsed, damaged, keys, faces } = parts.reduce(added);
    if (video.damage) notices.push(`the file is damaged: ${video.damage.message}`);
    if (damaged > 0) notices.push(`${damaged} of ${parsed} pictures read are damaged`);
    if (!keys) notices.push('I-frames that cannot be decoded here are left out of the judgement');
    if (faces) notices.push(...noticesOf(faces));
    const { duration, frameCount: frames } = video;
    const { width, height } = turnedSize(video, video.rotation);
    return {
      ...{ container, codec, width, height, duration, frames, predicted: this.#pictures.times.length },
      ...{ parsed, damaged, notices, converted, located: this.#faces.mode, model: { hash, card } },
      ...{ window, hop, threshold, smoothing: smoothing ?? defaultTimeline.smoothing },
      ...{ labels: card.labels, faces: await merger.finish(video, card.labels, this.#options) },
    };
  }

  /** Closes what it opened. */
  close(): Promise<void> {
    return this.#close();
  }
}

function added(a: PartCounts, b: PartCounts): PartCounts {
  const faces = a.faces && b.faces && { ...a.faces };
  if (faces) for (const key of Object.keys(faces) as (keyof typeof faces)[]) faces[key] += b.faces![key];
  return {
    ...{ parsed: a.parsed + b.parsed, damaged: a.damaged + b.damaged, keys: a.keys && b.keys },
    ...{ numbered: a.numbered + b.numbered, faces },
  };
}
