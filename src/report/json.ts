/** The result of an analysis for programs: JSON, and the windows as CSV or JSON lines. */
import type { AnalysisResult } from '../timeline/result.js';

const round = (value: number, digits: number) => Number(value.toFixed(digits));
const seconds = (value: number | null) => (value === null ? null : round(value, 3));

/** The object that `vultus analyze --json` prints. Times in seconds, probabilities in the order of `labels`. */
export function analysisJson(file: string, result: AnalysisResult) {
  const { container, codec, width, height, duration, frames, predicted, parsed, damaged, converted, notices } = result;
  const { card, hash } = result.model;
  const { window, hop, threshold, labels, region } = result;
  return {
    ...{ file, container, codec, width, height, duration: round(duration, 3), frames, predicted, parsed, damaged },
    ...{ converted, notices, region: { ...region } },
    model: { name: card.name, version: card.version, hash, signal: card.signal.kind },
    ...{ window, hop, threshold, labels: [...labels] },
    windows: result.windows.map((w) => ({
      ...{ start: round(w.start, 3), end: round(w.end, 3), probabilities: w.probabilities.map((p) => round(p, 4)) },
      ...{ frames: w.frames, energy: round(w.energy, 3), masked: round(w.masked, 3) },
    })),
    segments: result.segments.map((s) => ({
      ...{ label: s.label, start: round(s.start, 3), end: round(s.end, 3), probability: round(s.probability, 4) },
      ...{ onset: seconds(s.onset), apex: seconds(s.apex), offset: seconds(s.offset) },
    })),
    distribution: Object.fromEntries(labels.map((label, c) => [label, round(result.distribution[c] ?? 0, 4)])),
  };
}

export type AnalysisJson = ReturnType<typeof analysisJson>;

/** One line per window: file, start, end, one column per label, energy, masked (RFC 4180). `head` gives the first line too. */
export function windowsCsv(file: string, result: AnalysisResult, head: boolean): string {
  const { windows, labels } = analysisJson(file, result);
  const quote = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = windows.map((w) => [quote(file), w.start, w.end, ...w.probabilities, w.energy, w.masked]);
  if (head) rows.unshift(['file', 'start', 'end', ...labels.map(quote), 'energy', 'masked']);
  return rows.map((row) => `${row.join(',')}\r\n`).join('');
}
