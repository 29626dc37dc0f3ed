/**
 * The tables of a re-encoded data set: its source's rows and boxes with all their columns, and what another encoding changes
 * about them: file, codec, size, sum.
 */
import type { CsvTable } from '../csv.js';
import type { ClipFacts } from '../preparation/convert.js';
import { csvText } from '../preparation/tables.js';

/** A row of the source's manifest, as it stands there. */
export type SourceRow = Readonly<Record<string, string>>;

/** A clip in one variant. */
export interface Reencoded {
  source: SourceRow;
  /** Relative to the new data set. */
  path: string;
  variant: string;
  sha256: string;
  facts: ClipFacts;
  /** Factors by which the picture was scaled; `undefined` where it has the size it had. */
  scaled: { x: number; y: number } | undefined;
}

/** A row of the new data set: one of the source's, or a variant of it. */
export type NewRow = { original: SourceRow } | Reencoded;

const changed = ['clip', 'path', 'codec', 'frames', 'fps', 'width', 'height', 'sha256'];

/** The manifest: the source's columns, and those that tell of the file where it lacks them. */
export function manifestOf(columns: readonly string[], rows: readonly NewRow[]): string {
  const all = [...columns, ...changed.filter((column) => !columns.includes(column))];
  const values = rows.map((row) => ('original' in row ? { ...row.original, clip: clipOf(row.original) } : told(row)));
  return csvText([all, ...values.map((row: SourceRow) => all.map((column) => row[column]))]);
}

function told({ source, path, variant, sha256, facts }: Reencoded): SourceRow {
  const { frames, fps, width, height } = facts;
  const numbers = { frames: String(frames), fps: fps ? String(fps) : '', width: String(width), height: String(height) };
  return { ...source, clip: clipOf(source), path, codec: variant, sha256, ...numbers };
}

/** The clip group, as `parseManifest` has it. */
export function clipOf({ clip, path }: SourceRow): string {
  return clip || path!;
}

/**
 * The boxes: those of clips that are there, as they stand, and for each scaled file its own, scaled. Of the other columns, the
 * ones that end in `_x` or `_y` are points and scaled too.
 */
export function facesTextOf({ columns, rows }: CsvTable, kept: readonly NewRow[]): string {
  const clips = new Set(kept.map((row) => clipOf('original' in row ? row.original : row.source)));
  const paths = new Set(kept.map((row) => ('original' in row ? row.original.path! : row.path)));
  const all = columns.includes('path') ? columns : [...columns, 'path'];
  const ofClip = new Map<string, SourceRow[]>();
  const ofFile = new Map<string, SourceRow[]>();
  for (const { values } of rows) {
    const [map, owner] = values.path ? [ofFile, values.path] : [ofClip, values.clip!];
    map.set(owner, [...(map.get(owner) ?? []), values]);
  }
  const before: SourceRow[] = rows
    .map(({ values }) => values)
    .filter((row) => clips.has(row.clip!) && (!row.path || paths.has(row.path)));
  const own = kept.flatMap((row): SourceRow[] => {
    if ('original' in row) return [];
    const its = ofFile.get(row.source.path!);
    if (!row.scaled && !its) return [];
    const { x, y } = row.scaled ?? { x: 1, y: 1 };
    return (its ?? ofClip.get(clipOf(row.source)) ?? []).map((box) => ({ ...scaledBox(box, x, y), path: row.path }));
  });
  const shown = own.length === 0 ? columns : all;
  return csvText([shown, ...[...before, ...own].map((row) => shown.map((column) => row[column]))]);
}

function scaledBox(box: SourceRow, x: number, y: number): SourceRow {
  const entries = Object.entries(box).map(([column, value]) => {
    const factor = /^[xw]$|_x$/.test(column) ? x : /^[yh]$|_y$/.test(column) ? y : undefined;
    const scaled = factor === undefined || value.trim() === '' ? Number.NaN : Number(value) * factor;
    return [column, Number.isFinite(scaled) ? String(Math.round(100 * scaled) / 100) : value];
  });
  return Object.fromEntries(entries);
}
