/** The windows of an analysis as a table: one row per window of each face. CSV and Parquet are written from it. */
import type { AnalysisResult } from '../timeline/result.js';
import { analysisJson } from './json.js';

/** One column: whole numbers (`INT32`), numbers (`DOUBLE`) or text (`STRING`). */
export type Column =
  | { name: string; type: 'INT32' | 'DOUBLE'; values: number[] }
  | { name: string; type: 'STRING'; values: string[] };

/**
 * Columns named as py-feat names them where it has them (`input`, `frame`, `FaceRectX` … `FaceScore`, the labels), so that notebooks
 * made for it read the table. A row stands for the middle of its window, which `frame` and `timestamp` (seconds) name; the box is
 * where the face is at its `end`. `model` is the SHA-256 of the model file, `version` the model's.
 */
export function windowTable(file: string, result: AnalysisResult): Column[] {
  const { faces, labels, model } = analysisJson(file, result);
  const rows = faces.flatMap(({ face, windows }) => windows.map((window) => ({ face, ...window })));
  type Row = (typeof rows)[number];
  const whole = (name: string, of: (row: Row) => number): Column => ({ name, type: 'INT32', values: rows.map(of) });
  const number = (name: string, of: (row: Row) => number): Column => ({ name, type: 'DOUBLE', values: rows.map(of) });
  const text = (name: string, value: string): Column => ({ name, type: 'STRING', values: rows.map(() => value) });
  return [
    text('input', file),
    whole('face', ({ face }) => face),
    whole('frame', ({ frame }) => frame),
    number('timestamp', ({ start, end }) => Number(((start + end) / 2).toFixed(3))),
    number('start', ({ start }) => start),
    number('end', ({ end }) => end),
    number('FaceRectX', ({ box }) => box.x),
    number('FaceRectY', ({ box }) => box.y),
    number('FaceRectWidth', ({ box }) => box.width),
    number('FaceRectHeight', ({ box }) => box.height),
    number('FaceScore', ({ confidence }) => confidence),
    ...labels.map((label, c) => number(label, ({ probabilities }) => probabilities[c]!)),
    number('energy', ({ energy }) => energy),
    number('masked', ({ masked }) => masked),
    text('model', model.hash),
    text('version', model.version),
  ];
}
