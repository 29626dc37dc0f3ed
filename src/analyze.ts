/** The whole path on one page: a compressed video in, the expression over time out. */
import type { VideoSource } from './container/index.js';
import { ModelError, UnsupportedStreamError } from './errors.js';
import { type OpenedForAnalysis, openForAnalysis } from './ingest/open.js';
import { loadModel } from './network/model.js';
import { predictedPictures, slidingClips } from './residual/sliding-clips.js';
import type { Analysis, AnalyzeOptions } from './timeline/options.js';
import { keyFrameThumbnails, regionInPicture } from './timeline/pictures.js';
import type { AnalysisResult } from './timeline/result.js';
import { defaultTimeline, timeline } from './timeline/timeline.js';
import { defaultHop, defaultWindow, type ExpressionWindow, planWindows } from './timeline/window.js';

/** The model that comes with the package. */
export const defaultModel = new URL('../models/default.onnx', import.meta.url);

/**
 * Reads the expression over time out of a compressed video. No P-frame is decoded to pixels, and memory does not grow
 * with the video but for a few numbers per picture and window. Iteration and `result` throw the errors of `openVideo`, of
 * the model and of ffmpeg's conversion; RangeError for a region outside the picture; the signal's reason.
 */
export function analyze(source: VideoSource, options: AnalyzeOptions = {}): Analysis {
  const found: AnalysisResult[] = [];
  const windows = read(source, options, (result) => found.push(result));
  return {
    [Symbol.asyncIterator]: () => windows,
    async result() {
      for await (const _ of windows);
      if (!found[0]) throw new Error('the analysis was ended before its result was known');
      return found[0];
    },
  };
}

async function* read(source: VideoSource, options: AnalyzeOptions, done: (result: AnalysisResult) => void) {
  const { window = defaultWindow, hop = defaultHop, threshold = defaultTimeline.threshold, signal } = options;
  const given = options.model ?? defaultModel;
  const model = typeof given === 'object' && 'predict' in given ? given : await loadModel(given);
  const { signal: reads, normalisation, labels } = model.card;
  if (reads.kind === 'keyframes') {
    if (model !== given) await model.close();
    throw new ModelError('this model reads whole clips by their I-frames; a timeline needs one that reads P-frames');
  }
  let opened: OpenedForAnalysis | undefined;
  try {
    opened = await openForAnalysis(source, options);
    const { video, container, codec, converted, notices } = opened;
    const region = regionInPicture(options.region, video);
    const pictures = predictedPictures(await video.index());
    if (pictures.times.length === 0) {
      throw new UnsupportedStreamError(
        'a video without P-frames',
        'encode it with ffmpeg -c:v mpeg4 -g 12 -bf 0 first',
      );
    }
    const plan = planWindows(pictures.times, 0, video.duration, { window, hop });
    const [windows, seen]: [ExpressionWindow[], { parsed: number; damaged: number }] = [[], { parsed: 0, damaged: 0 }];
    const clips = slidingClips(video, pictures, plan, {
      ...{ signal: reads, normalisation, box: region, abort: signal },
      onPicture: ({ read, all, damaged }) => {
        seen.parsed = read;
        if (damaged) seen.damaged++;
        options.onProgress?.({ read, all });
      },
    });
    for await (const { stretch, input, energy, masked } of clips) {
      const { probabilities } = await model.predict(input, 1);
      const { start, end, from, to } = stretch;
      windows.push({ start, end, probabilities: Array.from(probabilities), frames: to - from, energy, masked });
      yield windows.at(-1)!;
    }
    if (video.damage) notices.push(`the file is damaged: ${video.damage.message}`);
    if (seen.damaged > 0) notices.push(`${seen.damaged} of ${seen.parsed} pictures read are damaged`);
    const { width, height, duration, frameCount: frames } = video;
    done({
      ...{ container, codec, width, height, duration, frames, predicted: pictures.times.length, ...seen },
      ...{ notices, converted, region, model: { hash: model.hash, card: model.card }, window, hop, threshold, labels },
      ...{ windows, ...timeline(windows, labels, options) },
      thumbnails: await keyFrameThumbnails(video, region, options.thumbnails ?? 0, signal),
    });
  } finally {
    await opened?.close();
    if (model !== given) await model.close();
  }
}
