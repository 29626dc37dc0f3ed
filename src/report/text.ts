/** The result of an analysis for people at a terminal. */

import type { AnalysisResult } from '../timeline/result.js';
import { UNCERTAIN } from '../timeline/segments.js';
import { clock, codecName, percent } from './format.js';
import { bar, resample, strip } from './plain-text.js';

/** @param columns width of the terminal */
export function analysisText(file: string, result: AnalysisResult, columns: number): string {
  const { container, codec, width, height, duration, region, model, converted, segments, windows } = result;
  const whole = region.width === width && region.height === height;
  const box = whole ? 'whole frame as face box' : `face box ${region.x},${region.y},${region.width},${region.height}`;
  const lines = [
    file,
    `  ${codecName(codec)} in ${container}, ${width}x${height}, ${clock(duration)}${converted ? ', converted by ffmpeg' : ''}; ${box}`,
    `  model ${model.card.name} ${model.card.version} (${model.card.signal.kind}); ${windows.length} windows from ${result.parsed} of ${result.frames} frames`,
    '',
  ];
  if (windows.length === 0) return [...lines, '  nothing to read', ''].join('\n');
  return [...lines, ...segmentLines(segments), '', ...chart(result, columns), ''].join('\n');
}

function segmentLines(segments: AnalysisResult['segments']): string[] {
  const names = Math.max(...segments.map((s) => s.label.length));
  const times = Math.max(...segments.map((s) => clock(s.end).length));
  return segments.map((s) => {
    const span = `${clock(s.start).padStart(times)} – ${clock(s.end).padStart(times)}`;
    const apex = s.apex === null ? '' : `apex ${clock(s.apex)}`;
    return `  ${span}  ${s.label.padEnd(names)}  ${percent(s.probability).padStart(4)}  ${apex}`.trimEnd();
  });
}

/** One line per label: its probability over time, its mean as a bar. */
function chart({ labels, distribution, windows, duration, segments }: AnalysisResult, columns: number): string[] {
  const names = Math.max(...labels.map((label) => label.length), UNCERTAIN.length);
  const bars = 16;
  const room = Math.max(10, Math.min(60, columns - names - bars - 14));
  const width = Math.min(room, Math.max(10, windows.length));
  const order = labels.map((_, c) => c).sort((a, b) => distribution[b]! - distribution[a]!);
  const rows = order.map((c) => {
    const values = resample(
      windows.map((w) => w.probabilities[c]!),
      width,
    );
    const mean = distribution[c]!;
    return `  ${labels[c]!.padEnd(names)} │${strip(values)}│ ${percent(mean).padStart(4)} ${bar(mean, bars)}`.trimEnd();
  });
  const doubt = segments.some((s) => s.label === UNCERTAIN)
    ? [`  ${UNCERTAIN.padEnd(names)} │${doubtStrip(segments, duration, width)}│`]
    : [];
  const scale = `  ${''.padEnd(names)} 0:00.0${clock(duration).padStart(Math.max(6, width - 4))}   mean`;
  return [...rows, ...doubt, scale];
}

function doubtStrip(segments: AnalysisResult['segments'], duration: number, width: number): string {
  return Array.from({ length: width }, (_, i) => {
    const time = ((i + 0.5) * duration) / width;
    return segments.some((s) => s.label === UNCERTAIN && s.start <= time && time < s.end) ? '░' : ' ';
  }).join('');
}
