/** Segments as WebVTT (W3C): subtitles for a player, one cue per segment of a face. */
import type { AnalysisResult } from '../timeline/result.js';
import { UNCERTAIN } from '../timeline/segments.js';
import { percent } from './format.js';

/** Uncertain stretches have no cue. With several faces each cue names its face. Ordered by start. */
export function segmentsVtt({ faces, model, labels }: AnalysisResult): string {
  const cues = faces
    .flatMap(({ face, segments }) => segments.map((segment) => ({ face, ...segment })))
    .filter(({ label, start, end }) => label !== UNCERTAIN && end > start)
    .sort((a, b) => a.start - b.start || a.face - b.face)
    .map(({ face, label, start, end, probability }) => {
      const who = faces.length > 1 ? `face ${face}: ` : '';
      return `${time(start)} --> ${time(end)}\n${who}${escaped(label)} ${percent(probability)}\n`;
    });
  const { name, version } = model.card;
  const note = `NOTE Expressions named by the model ${name} ${version}, SHA-256 ${model.hash}\nLabels: ${labels.map(escaped).join(', ')}\n`;
  return ['WEBVTT\n', note, ...cues].join('\n');
}

/** hh:mm:ss.mmm */
function time(seconds: number): string {
  const milliseconds = Math.max(0, Math.round(seconds * 1000));
  const part = (unit: number, size: number, digits: number) =>
    String(Math.floor(milliseconds / unit) % size).padStart(digits, '0');
  return `${part(3_600_000, 1e9, 2)}:${part(60_000, 60, 2)}:${part(1000, 60, 2)}.${part(1, 1000, 3)}`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
