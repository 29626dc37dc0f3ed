/** The whole path on one page: a compressed video in, the expression of every face over time out. */
import type { VideoSource } from './container/index.js';
import { ModelError, UnsupportedStreamError } from './errors.js';
import { faceClips } from './face/face-clips.js';
import { openFaces } from './face/open-faces.js';
import { type OpenedForAnalysis, openForAnalysis } from './ingest/open.js';
import { loadModel } from './network/model.js';
import { whyNoTimeline } from './residual/signal.js';
import { ClipPlan, predictedPictures } from './residual/sliding-clips.js';
import { FaceTimelines } from './timeline/faces.js';
import type { Analysis, AnalyzeOptions } from './timeline/options.js';
import type { AnalysisResult } from './timeline/result.js';
import { defaultTimeline } from './timeline/timeline.js';
import { defaultHop, defaultWindow, planWindows } from './timeline/window.js';
import { turnedSize } from './video/turn.js';

/** The model that comes with the package. */
export const defaultModel = new URL('../models/default.onnx', import.meta.url);

/**
 * Reads the expression over time out of a compressed video. No P-frame is decoded to pixels, and memory does not grow
 * with the video but for a few numbers per picture and window. Iteration and `result` throw the errors of `openVideo`, of
 * the model and of ffmpeg's conversion; RangeError for a face box outside the picture; the signal's reason.
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
  const model = typeof given === 'object' && 'predict' in given ? given : await loadModel(given, { signal });
  const { signal: reads, normalisation, labels } = model.card;
  const refused = whyNoTimeline(reads);
  if (refused !== undefined) {
    if (model !== given) await model.close();
    throw new ModelError(refused);
  }
  let opened: OpenedForAnalysis | undefined;
  let faces: Awaited<ReturnType<typeof openFaces>> | undefined;
  try {
    opened = await openForAnalysis(source, options);
    const { video, container, codec, converted, notices } = opened;
    const pictures = predictedPictures(await video.index());
    if (pictures.times.length === 0) {
      throw new UnsupportedStreamError(
        'a video without P-frames',
        'encode it with ffmpeg -c:v mpeg4 -g 12 -bf 0 first',
      );
    }
    faces = await openFaces(video, options, notices);
    const plan = new ClipPlan(pictures, planWindows(pictures.times, 0, video.duration, { window, hop }), reads);
    const [timelines, seen] = [new FaceTimelines(video), { parsed: 0, damaged: 0, keys: true }];
    const clips = faceClips(video, plan, faces.source, {
      ...{ normalisation, abort: signal, keyframes: model.keyframes },
      onKey: (entry, tracks, readable) => {
        timelines.key(entry, tracks);
        if (!readable) seen.keys = false;
      },
      onPicture: ({ met, all, parsed, damaged }) => {
        if (parsed) seen.parsed++;
        if (damaged) seen.damaged++;
        options.onProgress?.({ read: met, all });
      },
    });
    for await (const { stretch, input, keys, ...clip } of clips) {
      const { probabilities } = await model.predict(input, 1, [keys]);
      const { start, end, from, to } = stretch;
      const frame = pictures.index[(from + to) >> 1]!;
      yield timelines.add({ ...clip, start, end, probabilities: Array.from(probabilities), frame, frames: to - from });
    }
    if (video.damage) notices.push(`the file is damaged: ${video.damage.message}`);
    if (seen.damaged > 0) notices.push(`${seen.damaged} of ${seen.parsed} pictures read are damaged`);
    if (!seen.keys) notices.push('I-frames that cannot be decoded here are left out of the judgement');
    notices.push(...faces.notices());
    const { duration, frameCount: frames } = video;
    const { width, height } = turnedSize(video, video.rotation);
    done({
      ...{ container, codec, width, height, duration, frames, predicted: pictures.times.length },
      ...{ parsed: seen.parsed, damaged: seen.damaged },
      ...{ notices, converted, located: faces.mode, model: { hash: model.hash, card: model.card } },
      ...{ window, hop, threshold, smoothing: options.smoothing ?? defaultTimeline.smoothing },
      ...{ labels, faces: await timelines.finish(labels, options) },
    });
  } finally {
    await faces?.close();
    await opened?.close();
    if (model !== given) await model.close();
  }
}
