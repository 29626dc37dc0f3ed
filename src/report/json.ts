/** The result of an analysis for programs: JSON. */
import type { FaceBox } from '../residual/track.js';
import type { AnalysisResult } from '../timeline/result.js';

const round = (value: number, digits: number) => Number(value.toFixed(digits));
const rounded = ({ x, y, width, height }: FaceBox) => ({
  ...{ x: round(x, 1), y: round(y, 1), width: round(width, 1), height: round(height, 1) },
});
const seconds = (value: number | null) => (value === null ? null : round(value, 3));

/** The object that `vultus analyze --json` prints. Times in seconds, probabilities in the order of `labels`. */
export function analysisJson(file: string, result: AnalysisResult) {
  const { container, codec, width, height, duration, frames, predicted, parsed, damaged, converted, notices } = result;
  const { card, hash } = result.model;
  const { window, hop, threshold, labels, located } = result;
  return {
    ...{ file, container, codec, width, height, duration: round(duration, 3), frames, predicted, parsed, damaged },
    ...{ converted, notices, located },
    model: { name: card.name, version: card.version, hash, signal: card.signal.kind },
    ...{ window, hop, threshold, labels: [...labels] },
    faces: result.faces.map(({ face, windows, segments, distribution, track }) => ({
      face,
      windows: windows.map((w) => ({
        ...{ start: round(w.start, 3), end: round(w.end, 3), probabilities: w.probabilities.map((p) => round(p, 4)) },
        ...{ frame: w.frame, frames: w.frames, energy: round(w.energy, 3), masked: round(w.masked, 3) },
        ...{ box: rounded(w.box), confidence: round(w.confidence, 3) },
      })),
      segments: segments.map((s) => ({
        ...{ label: s.label, start: round(s.start, 3), end: round(s.end, 3), probability: round(s.probability, 4) },
        ...{ onset: seconds(s.onset), apex: seconds(s.apex), offset: seconds(s.offset) },
      })),
      distribution: Object.fromEntries(labels.map((label, c) => [label, round(distribution[c] ?? 0, 4)])),
      track: track.map(({ frame, time, box, confidence }) => ({
        ...{ frame, time: round(time, 3), box: rounded(box), confidence: round(confidence, 3) },
      })),
    })),
  };
}

export type AnalysisJson = ReturnType<typeof analysisJson>;
