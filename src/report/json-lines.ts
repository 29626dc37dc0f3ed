/** The windows of an analysis, one JSON object a line. */
import type { AnalysisResult } from '../timeline/result.js';
import { analysisJson } from './json.js';

/** Every line carries what is needed to read it alone: file, face, labels' probabilities by name, model hash and version. */
export function windowsJsonLines(file: string, result: AnalysisResult): string {
  const { faces, labels, model } = analysisJson(file, result);
  const lines = faces.flatMap(({ face, windows }) =>
    windows.map(({ probabilities, ...window }) => {
      const named = Object.fromEntries(labels.map((label, c) => [label, probabilities[c]]));
      return JSON.stringify({ file, face, ...window, probabilities: named, model: model.hash, version: model.version });
    }),
  );
  return lines.map((line) => `${line}\n`).join('');
}
