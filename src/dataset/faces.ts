/** `faces.csv`: face boxes of some frames (the I-frames, as a rule) of every clip. */
import type { FaceAt } from '../residual/track.js';
import { parseTable } from './csv.js';
import { Problems } from './manifest.js';

/**
 * Reads the boxes (columns clip, frame, x, y, w, h; others are left alone), in ascending order of frames for each clip.
 * Throws MalformedStreamError naming line and column for numbers that are none, empty boxes, a frame twice, clips that
 * the manifest does not have.
 * @param clips the clip groups of the manifest
 */
export function parseFaces(text: string, clips: ReadonlySet<string>): Map<string, FaceAt[]> {
  const name = 'faces.csv';
  const problems = new Problems(name);
  const faces = new Map<string, FaceAt[]>();
  const columns = ['frame', 'x', 'y', 'w', 'h'] as const;
  for (const { line, values } of parseTable(text, name, ['clip', ...columns]).rows) {
    const clip = values.clip!;
    if (!clips.has(clip)) problems.add(line, 'clip', `${JSON.stringify(clip)} is not in manifest.csv`);
    const numbers = columns.map((column) => {
      const value = values[column]!.trim() === '' ? Number.NaN : Number(values[column]);
      if (!Number.isFinite(value)) problems.add(line, column, `${JSON.stringify(values[column])} is no finite number`);
      return value;
    });
    const [frame, x, y, width, height] = numbers as [number, number, number, number, number];
    if (frame < 0 || !Number.isInteger(frame)) problems.add(line, 'frame', `${values.frame} is no frame number`);
    if (width <= 0) problems.add(line, 'w', `${width} leaves no box`);
    if (height <= 0) problems.add(line, 'h', `${height} leaves no box`);
    const list = faces.get(clip) ?? [];
    if (list.some((face) => face.frame === frame)) problems.add(line, 'frame', `${clip} has frame ${frame} already`);
    list.push({ frame, x, y, width, height });
    faces.set(clip, list);
  }
  problems.raise();
  for (const list of faces.values()) list.sort((a, b) => a.frame - b.frame);
  return faces;
}
