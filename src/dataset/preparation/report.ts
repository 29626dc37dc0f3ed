/** What a preparation found, against what the field publishes about the corpus: the same clips give the same report. */
import type { Corpus, CorpusVariant, Distributed, PublishedCounts, Skip } from '../corpora/corpus.js';
import { faults } from '../corpora/corpus.js';
import type { PreparedClip } from './tables.js';

/** Subjects whose counts differ that are told one by one. */
const shownSubjects = 12;

/** A number that was found beside the one that is published, where there is one. */
export interface Count {
  found: number;
  published: number | null;
}

/** The report; `report.json` holds it as it is. */
export interface CorpusReport {
  format: 'vultus-corpus-report';
  version: 1;
  corpus: string;
  title: string;
  variant: string;
  about: string;
  citation: string;
  licence: string;
  protocol: string;
  /** Who published the counts. */
  countsFrom: string;
  /** How clips were made: encoder, face finder, tool. */
  settings: Readonly<Record<string, string>>;
  clips: Count;
  subjects: Count;
  /** All recordings of the copy, labelled or not, where a number is published. */
  distributed?: { clips: Count; subjects: Count };
  labels: Record<string, Count>;
  /** Clips by condition, fold and codec. */
  conditions: Record<string, number>;
  folds: Record<string, { clips: number; subjects: number }>;
  codecs: Record<string, number>;
  /** Clips of each subject by label; left out where each clip counts as a subject of its own. */
  bySubject: Record<string, Record<string, number>>;
  frames: { all: number; shortest: number; longest: number };
  /** Where counts differ from the published ones, in words; empty where they agree. What a variant leaves out is not among them. */
  differences: string[];
  /** Everything left out, and why; faults of this copy first. */
  skipped: Skip[];
  /** Whether anything was left out by a fault of this copy. */
  faulty: boolean;
  /** Oddities of clips that are in. */
  notes: { clip: string; note: string }[];
  /** Clips in which no face was found: the whole picture is taken. Empty when none was looked for. */
  withoutFace: string[];
  /** SHA-256 of the tables. */
  sha256: { manifest: string; faces: string; folds: string };
}

/** Makes the report. `looked`: whether faces were looked for. */
export function reportOf(
  corpus: Corpus,
  variantName: string,
  prepared: readonly PreparedClip[],
  skipped: readonly Skip[],
  about: {
    settings: Record<string, string>;
    sha256: CorpusReport['sha256'];
    looked: boolean;
    distributed?: Distributed;
  },
): CorpusReport {
  const variant = corpus.variants[variantName]!;
  const { published } = variant;
  const clips = prepared.map(({ clip }) => clip);
  const people = new Set(clips.map(({ subject }) => subject));
  const lengths = prepared.map(({ file }) => file.frames);
  const labels = Object.fromEntries(
    variant.labels.map((label) => [
      label,
      { found: clips.filter(({ emotion }) => emotion === label).length, published: published.labels?.[label] ?? null },
    ]),
  );
  const counts = {
    clips: { found: clips.length, published: published.clips },
    subjects: { found: people.size, published: published.subjects ?? null },
  };
  const distributed = distributedOf(published.distributed, about.distributed);
  const bySubject = subjectsOf(variant, clips, people);
  const folds = [...new Set(clips.map(({ fold }) => fold))].sort((a, b) => a - b);
  const ordered = [...skipped].sort(
    (a, b) =>
      Number(faults.has(b.kind)) - Number(faults.has(a.kind)) || compare(a.kind, b.kind) || compare(a.path, b.path),
  );
  return {
    format: 'vultus-corpus-report',
    version: 1,
    corpus: corpus.name,
    title: corpus.title,
    variant: variantName,
    about: variant.about,
    citation: corpus.citation,
    licence: corpus.licence,
    protocol: variant.protocol,
    countsFrom: published.source,
    settings: about.settings,
    ...counts,
    ...(distributed && { distributed }),
    labels,
    conditions: tally(clips.map(({ condition }) => condition ?? 'all')),
    folds: Object.fromEntries(
      folds.map((fold) => {
        const inside = clips.filter((clip) => clip.fold === fold);
        return [fold, { clips: inside.length, subjects: new Set(inside.map(({ subject }) => subject)).size }];
      }),
    ),
    codecs: tally(prepared.map(({ file }) => file.codec)),
    bySubject,
    frames: {
      all: lengths.reduce((a, b) => a + b, 0),
      shortest: lengths.reduce((a, b) => Math.min(a, b), lengths[0] ?? 0),
      longest: lengths.reduce((a, b) => Math.max(a, b), 0),
    },
    differences: [
      ...Object.entries({ ...counts, ...labels }).flatMap(([name, { found, published: due }]) =>
        due === null || found === due ? [] : [`${name}: ${found} found, ${due} published`],
      ),
      ...subjectDifferences(published.bySubject, bySubject),
    ],
    skipped: ordered,
    faulty: ordered.some(({ kind }) => faults.has(kind)),
    notes: prepared.flatMap(({ clip, file }) =>
      [...(clip.notes ?? []), ...file.notes].map((note) => ({ clip: clip.clip, note })),
    ),
    withoutFace: about.looked
      ? prepared.filter(({ file }) => file.faces.length === 0).map(({ clip }) => clip.clip)
      : [],
    sha256: about.sha256,
  };
}

function distributedOf(due: Distributed | undefined, found: Distributed | undefined): CorpusReport['distributed'] {
  if (!due || !found) return undefined;
  return {
    clips: { found: found.clips, published: due.clips },
    subjects: { found: found.subjects, published: due.subjects },
  };
}

/** Subjects with other counts than the design of the corpus gives them; the first of many. */
function subjectDifferences(
  due: PublishedCounts['bySubject'],
  found: Readonly<Record<string, Readonly<Record<string, number>>>>,
): string[] {
  if (!due) return [];
  const all = Object.entries(due)
    .sort(([a], [b]) => compare(a, b))
    .flatMap(([subject, labels]) => {
      const off = Object.entries(labels).filter(([label, n]) => (found[subject]?.[label] ?? 0) !== n);
      const words = off.map(([label, n]) => `${label} ${found[subject]?.[label] ?? 0} of ${n}`);
      if (off.length === 0) return [];
      return [found[subject] ? `${subject}: ${words.join(', ')}` : `${subject}: not there`];
    });
  return all.length > shownSubjects
    ? [...all.slice(0, shownSubjects), `and ${all.length - shownSubjects} more subjects`]
    : all;
}

function subjectsOf(
  { labels, published }: CorpusVariant,
  clips: readonly { subject: string; emotion: string }[],
  people: ReadonlySet<string>,
): Record<string, Record<string, number>> {
  if (published.subjects === undefined) return {};
  return Object.fromEntries(
    [...people].sort().map((subject) => {
      const own = clips.filter((clip) => clip.subject === subject);
      return [
        subject,
        Object.fromEntries(labels.map((label) => [label, own.filter(({ emotion }) => emotion === label).length])),
      ];
    }),
  );
}

function tally(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => compare(a, b)));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
