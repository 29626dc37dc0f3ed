/** The tables of a prepared corpus, as text: `manifest.csv` and `faces.csv`. The same clips give the same bytes. */
import type { FaceAt } from '../../residual/track.js';
import type { CorpusClip } from '../corpora/corpus.js';
import type { Outcome } from './state.js';

/** A clip that was prepared. */
export interface PreparedClip {
  clip: CorpusClip;
  file: Extract<Outcome, { kind: 'clip' }>;
}

const columns = [
  'clip',
  'path',
  'subject',
  'emotion',
  'condition',
  'variant',
  'frames',
  'fps',
  'width',
  'height',
  'codec',
  'onset_frame',
  'apex_frame',
  'offset_frame',
  'fold',
  'gender',
  'age',
  'ethnicity',
  'sha256',
];

/** The manifest; a corpus' own columns stand behind the usual ones. */
export function manifestText(prepared: readonly PreparedClip[]): string {
  const extra = [...new Set(prepared.flatMap(({ clip }) => Object.keys(clip.extra ?? {})))].sort();
  const rows = prepared.map(({ clip, file }) => {
    const { frames, fps, width, height, codec, path, sha256 } = file;
    // Annotations may speak of frames that a copy's video has not.
    const [onset, apex, offset] = [clip.onset, clip.apex, clip.offset].map((frame) => {
      if (frame === 'last') return frames - 1;
      return frame !== undefined && frame < frames ? frame : undefined;
    });
    const person = [clip.gender, clip.age, clip.ethnicity];
    return [
      ...[clip.clip, path, clip.subject, clip.emotion, clip.condition, clip.variant],
      ...[frames, fps || undefined, width, height, codec, onset, apex, offset, clip.fold, ...person, sha256],
      ...extra.map((column) => clip.extra?.[column]),
    ];
  });
  return csvText([[...columns, ...extra], ...rows]);
}

/** The boxes; `undefined` where no clip has any. */
export function facesText(prepared: readonly PreparedClip[]): string | undefined {
  const rows = prepared.flatMap(({ clip, file }) =>
    file.faces.map(({ frame, x, y, width, height }: FaceAt) => [clip.clip, frame, x, y, width, height]),
  );
  return rows.length === 0 ? undefined : csvText([['clip', 'frame', 'x', 'y', 'w', 'h'], ...rows]);
}

/** Text of a table; fields are quoted where they must be. */
export function csvText(rows: readonly (readonly (string | number | undefined)[])[]): string {
  const field = (value: string | number | undefined) => {
    const text = String(value ?? '');
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${rows.map((row) => row.map(field).join(',')).join('\n')}\n`;
}
