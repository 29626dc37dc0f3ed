/** The result of an analysis for people at a terminal. */

import type { AnalysisResult, FaceView } from '../timeline/result.js';
import { UNCERTAIN } from '../timeline/segments.js';
import { clock, codecName, facesText, percent } from './format.js';
import { bar, resample, strip } from './plain-text.js';

/** @param columns width of the terminal */
export function analysisText(file: string, result: AnalysisResult, columns: number): string {
  const { container, codec, width, height, duration, model, converted, faces } = result;
  const windows = faces.reduce((sum, face) => sum + face.windows.length, 0);
  const lines = [
    file,
    `  ${codecName(codec)} in ${container}, ${width}x${height}, ${clock(duration)}${converted ? ', converted by ffmpeg' : ''}; ${facesText(result)}`,
    `  model ${model.card.name} ${model.card.version} (${model.card.signal.kind}); ${windows} windows from ${result.parsed} of ${result.frames} frames`,
    '',
  ];
  if (windows === 0) return [...lines, faces.length === 0 ? '  no face' : '  nothing to read', ''].join('\n');
  for (const face of faces) {
    if (faces.length > 1) lines.push(`  face ${face.face}`, '');
    lines.push(...segmentLines(face.segments), '', ...chart({ ...result, ...face }, columns), '');
  }
  return lines.join('\n');
}

function segmentLines(segments: FaceView['segments']): string[] {
  const names = Math.max(...segments.map((s) => s.label.length));
  const times = Math.max(...segments.map((s) => clock(s.end).length));
  return segments.map((s) => {
    const span = `${clock(s.start).padStart(times)} – ${clock(s.end).padStart(times)}`;
    const apex = s.apex === null ? '' : `apex ${clock(s.apex)}`;
    return `  ${span}  ${s.label.padEnd(names)}  ${percent(s.probability).padStart(4)}  ${apex}`.trimEnd();
  });
}

/** One line per label: its probability over time, its mean as a bar. */
function chart({ labels, distribution, windows, duration, segments }: FaceView, columns: number): string[] {
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

function doubtStrip(segments: FaceView['segments'], duration: number, width: number): string {
  return Array.from({ length: width }, (_, i) => {
    const time = ((i + 0.5) * duration) / width;
    return segments.some((s) => s.label === UNCERTAIN && s.start <= time && time < s.end) ? '░' : ' ';
  }).join('');
}
