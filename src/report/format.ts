/** How numbers and names are written, in the terminal and in the report. */
import type { AnalysisResult } from '../timeline/result.js';

/** `0:04.2`, `12:05.0`, `1:00:07.5`. */
export function clock(seconds: number): string {
  const tenths = Math.round(Math.max(0, seconds) * 10);
  const hours = Math.floor(tenths / 36_000);
  const minutes = Math.floor(tenths / 600) % 60;
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

export function percent(share: number): string {
  return `${Math.round(100 * share)}%`;
}

const codecNames: Record<string, string> = {
  mpeg4: 'MPEG-4 Part 2',
  h263: 'H.263',
  flv1: 'Sorenson H.263',
  h264: 'H.264',
  avc: 'H.264',
  hevc: 'H.265',
  vp8: 'VP8',
  vp9: 'VP9',
  av1: 'AV1',
};

/** A codec's name for people. */
export function codecName(codec: string): string {
  return codecNames[codec] ?? codec;
}

/** Text for HTML, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Where the face boxes come from, in a few words. */
export function facesText({ located, faces }: AnalysisResult): string {
  if (located === 'frame') return 'whole frame as face box';
  const box = faces[0]?.track[0]?.box;
  if (located === 'box' && box) return `face box ${[box.x, box.y, box.width, box.height].join(',')}`;
  return `${faces.length} ${faces.length === 1 ? 'face' : 'faces'}, located on key frames and followed`;
}
