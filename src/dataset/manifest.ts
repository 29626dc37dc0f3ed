/** The rows of `manifest.csv`, vultus' own data-set format: a row per video file. docs/train-a-model.md describes it. */
import { z } from 'zod';
import { MalformedStreamError } from '../errors.js';
import { parseTable } from './csv.js';

const optionalText = z
  .string()
  .optional()
  .transform((text) => text || undefined);

/** A finite decimal number; JavaScript's other notations (hexadecimal, Infinity, empty as 0) are no numbers here. */
const decimal = z
  .string()
  .regex(/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/, 'is no finite number')
  .transform(Number)
  .refine(Number.isFinite, 'is no finite number');
const count = decimal.refine((n) => Number.isSafeInteger(n) && n >= 0, 'is no whole number from 0');
const blank = z.literal('').transform(() => undefined);
const optionalDecimal = z.union([blank, decimal]).optional();
const optionalCount = z.union([blank, count]).optional();

const rowSchema = z.object({
  clip: optionalText,
  path: z
    .string()
    .min(1, 'is empty')
    .refine((p) => !/^([/\\]|[A-Za-z]:)/.test(p) && !p.split(/[/\\]/).includes('..'), 'must stay inside the folder'),
  subject: z.string().min(1, 'is empty'),
  emotion: z.string().min(1, 'is empty'),
  condition: optionalText,
  variant: optionalText,
  intensity: optionalDecimal,
  frames: optionalCount,
  fps: optionalDecimal,
  width: optionalCount,
  height: optionalCount,
  codec: z.string().min(1, 'is empty'),
  onset_frame: optionalCount,
  apex_frame: optionalCount,
  offset_frame: optionalCount,
  fold: count,
  gender: optionalText,
  age: optionalDecimal,
  ethnicity: optionalText,
  sha256: z.union([blank, z.string().regex(/^[0-9a-f]{64}$/i, 'is no SHA-256 (64 hexadecimal digits)')]).optional(),
});

/** Columns that every manifest has; the rest may be left out. */
export const requiredColumns = ['path', 'subject', 'emotion', 'codec', 'fold'] as const;

/** One video file of a data set. */
export interface DatasetClip {
  /** Line of the manifest, from 1. */
  line: number;
  /** Clip group: rows with the same value show the same frames in another codec. The path where there is no such column. */
  clip: string;
  /** The file, relative to the data set's folder. */
  path: string;
  subject: string;
  /** Label. */
  emotion: string;
  /** Recording condition; `all` where there is none. */
  condition: string;
  variant: string | undefined;
  intensity: number | undefined;
  frames: number | undefined;
  fps: number | undefined;
  width: number | undefined;
  height: number | undefined;
  /** `mpeg4`, `h264-high`, ... as the manifest names it. */
  codec: string;
  /** 0-based frame numbers. */
  onsetFrame: number | undefined;
  apexFrame: number | undefined;
  offsetFrame: number | undefined;
  fold: number;
  gender: string | undefined;
  age: number | undefined;
  ethnicity: string | undefined;
  /** Hexadecimal, lower case. */
  sha256: string | undefined;
}

/** The expressions whose names are known without being told; a data set with others passes its own list. */
export const knownLabels: readonly string[] = [
  'anger',
  'contempt',
  'disgust',
  'fear',
  'happiness',
  'sadness',
  'surprise',
  'neutral',
];

/** Problems found in a table, thrown together so that one look is enough to mend them. */
export class Problems {
  readonly #found: string[] = [];
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  add(line: number, column: string, what: string): void {
    this.#found.push(`line ${line}, column ${column}: ${what}`);
  }

  /** Throws MalformedStreamError with the first problems when there are any. */
  raise(): void {
    const shown = this.#found.slice(0, 8);
    const more = this.#found.length - shown.length;
    if (shown.length === 0) return;
    throw new MalformedStreamError(`${this.#name}: ${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`);
  }
}

/**
 * Reads and checks a manifest by itself; files are checked in dataset.ts. Throws MalformedStreamError naming line and
 * column for: values of the wrong kind, unknown labels, a path twice, a subject in two folds, a clip group that disagrees
 * with itself on subject, label or fold.
 * @param labels the allowed values of `emotion`
 */
export function parseManifest(text: string, labels: readonly string[] = knownLabels): DatasetClip[] {
  const name = 'manifest.csv';
  const table = parseTable(text, name, requiredColumns);
  const problems = new Problems(name);
  const clips: DatasetClip[] = [];
  for (const { line, values } of table.rows) {
    const parsed = rowSchema.safeParse(values);
    if (!parsed.success) {
      for (const issue of parsed.error.issues) {
        const column = String(issue.path[0]);
        const what = issue.code === 'invalid_union' ? issue.errors.flat().at(-1)?.message : issue.message;
        problems.add(line, column, `${JSON.stringify(values[column])} ${what}`);
      }
      continue;
    }
    const { onset_frame, apex_frame, offset_frame, ...row } = parsed.data;
    if (!labels.includes(row.emotion)) {
      problems.add(line, 'emotion', `unknown label ${JSON.stringify(row.emotion)}; known are ${labels.join(', ')}`);
    }
    clips.push({
      line,
      ...row,
      clip: row.clip ?? row.path,
      condition: row.condition ?? 'all',
      onsetFrame: onset_frame,
      apexFrame: apex_frame,
      offsetFrame: offset_frame,
      sha256: row.sha256?.toLowerCase(),
    } as DatasetClip);
  }
  checkAgreement(clips, problems);
  problems.raise();
  if (clips.length === 0) throw new MalformedStreamError(`${name} names no clip`);
  return clips;
}

function checkAgreement(clips: readonly DatasetClip[], problems: Problems): void {
  const paths = new Map<string, DatasetClip>();
  const subjects = new Map<string, DatasetClip>();
  const groups = new Map<string, DatasetClip>();
  for (const row of clips) {
    const twin = paths.get(row.path);
    if (twin) problems.add(row.line, 'path', `${row.path} is on line ${twin.line} already`);
    paths.set(row.path, twin ?? row);

    const kin = subjects.get(row.subject);
    if (kin && kin.fold !== row.fold) {
      problems.add(
        row.line,
        'fold',
        `subject ${row.subject} is in fold ${kin.fold} on line ${kin.line}, here in ${row.fold}`,
      );
    }
    subjects.set(row.subject, kin ?? row);

    const group = groups.get(row.clip);
    for (const column of ['subject', 'emotion', 'fold'] as const) {
      if (group && group[column] !== row[column]) {
        problems.add(
          row.line,
          column,
          `clip ${row.clip} has ${group[column]} on line ${group.line}, here ${row[column]}`,
        );
      }
    }
    groups.set(row.clip, group ?? row);
  }
}
