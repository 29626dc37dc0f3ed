/** A compressed video in, the expression of every face over time out: part by part, as `timeline/video-analysis.ts` opens and reads it. */
import type { VideoSource } from './container/index.js';
import { PartMerger } from './timeline/merge-parts.js';
import type { Analysis, AnalyzeOptions } from './timeline/options.js';
import type { PartCounts } from './timeline/read-part.js';
import type { AnalysisResult } from './timeline/result.js';
import { VideoAnalysis } from './timeline/video-analysis.js';

export { defaultModel } from './timeline/video-analysis.js';

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
  const analysis = await VideoAnalysis.open(source, options);
  try {
    const merger = new PartMerger();
    const counts: PartCounts[] = [];
    for (const part of analysis.parts) {
      const reader = analysis.read(part);
      for await (const window of reader.windows()) yield await merger.add(window, reader.face(window.face));
      analysis.end(merger, part, reader.faces(), reader.counts);
      counts.push(reader.counts);
    }
    done(await analysis.result(merger, counts));
  } finally {
    await analysis.close();
  }
}
