/** `faces.csv`: face boxes of some frames (the I-frames, as a rule) of every clip. */
import type { FaceAt } from '../residual/track.js';
import { parseTable } from './csv.js';
import { Problems } from './manifest.js';

/** Boxes by clip group, and by path for files with boxes of their own. */
export type FaceTable = ReadonlyMap<string, readonly FaceAt[]>;

/** The boxes of a file: its own, or those of its clip group; `undefined` where there are none. */
export function facesOf(
  faces: FaceTable,
  { path, clip }: { path: string; clip: string },
): readonly FaceAt[] | undefined {
  return faces.get(path) ?? faces.get(clip);
}

/**
 * Reads the boxes (columns clip, frame, x, y, w, h; others are left alone), in ascending order of frames for each clip. Where
 * a column `path` is filled in, the box is that file's alone: it may have another size than others of its clip group.
 * Throws MalformedStreamError naming line and column for numbers that are none, empty boxes, a frame twice, clips and paths
 * that the manifest does not have.
 * @param clips the clip groups of the manifest
 * @param paths the files of the manifest, each with its clip group
 */
export function parseFaces(
  text: string,
  clips: ReadonlySet<string>,
  paths: ReadonlyMap<string, string> = new Map(),
): Map<string, FaceAt[]> {
  const name = 'faces.csv';
  const problems = new Problems(name);
  const faces = new Map<string, FaceAt[]>();
  const columns = ['frame', 'x', 'y', 'w', 'h'] as const;
  for (const { line, values } of parseTable(text, name, ['clip', ...columns]).rows) {
    const clip = values.clip!;
    if (!clips.has(clip)) problems.add(line, 'clip', `${JSON.stringify(clip)} is not in manifest.csv`);
    if (values.path && paths.get(values.path) !== clip) {
      problems.add(line, 'path', `${JSON.stringify(values.path)} is no file of clip ${clip} in manifest.csv`);
    }
    const numbers = columns.map((column) => {
      const value = values[column]!.trim() === '' ? Number.NaN : Number(values[column]);
      if (!Number.isFinite(value)) problems.add(line, column, `${JSON.stringify(values[column])} is no finite number`);
      return value;
    });
    const [frame, x, y, width, height] = numbers as [number, number, number, number, number];
    if (frame < 0 || !Number.isInteger(frame)) problems.add(line, 'frame', `${values.frame} is no frame number`);
    if (width <= 0) problems.add(line, 'w', `${width} leaves no box`);
    if (height <= 0) problems.add(line, 'h', `${height} leaves no box`);
    const key = values.path || clip;
    const list = faces.get(key) ?? [];
    if (list.some((face) => face.frame === frame)) problems.add(line, 'frame', `${key} has frame ${frame} already`);
    list.push({ frame, x, y, width, height });
    faces.set(key, list);
  }
  problems.raise();
  for (const list of faces.values()) list.sort((a, b) => a.frame - b.frame);
  return faces;
}
