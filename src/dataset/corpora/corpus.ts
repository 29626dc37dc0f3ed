/**
 * What a corpus of the field is to vultus: a reader of its published layout that names every clip with its label, person
 * and fold. Readers look at names and label files only; pictures and videos are opened by `preparation/`.
 */

/** A video file. */
export interface VideoSource {
  kind: 'video';
  /** Relative to the corpus folder, `/` between names. */
  path: string;
  /**
   * The recording may have been stored on its side: it is also tried turned by 90 degrees, either way, and the one in
   * which the finder is surest of an upright face is taken. Not done without a finder that can tell.
   */
  mayBeTurned?: boolean;
}

/** Pictures in the order of time. */
export interface PictureSource {
  kind: 'pictures';
  /** Relative to the corpus folder, `/` between names; at least two. */
  paths: readonly string[];
  format: 'png' | 'jpeg';
  /** Pictures per second of the recording. */
  fps: number;
}

/** One clip as the corpus has it, not opened yet. */
export interface CorpusClip {
  /** Name, unique in the corpus; letters, digits, `-`, `_` and `.` only: it becomes the file's name. */
  clip: string;
  subject: string;
  /** vultus' label: `anger`, `happiness`, ... */
  emotion: string;
  condition?: string;
  variant?: string;
  /** From 1. */
  fold: number;
  /** 0-based numbers of frames, where the corpus defines them. `last`: the clip's last frame. */
  onset?: number;
  apex?: number | 'last';
  offset?: number;
  gender?: string;
  /** Years. */
  age?: number;
  ethnicity?: string;
  /** Further columns of the manifest, the same ones for every clip of the corpus. */
  extra?: Readonly<Record<string, string>>;
  source: VideoSource | PictureSource;
  /** Oddities that do not stand in the way, for the report. */
  notes?: readonly string[];
}

/**
 * Why something is left out. The first three are faults of this copy; the rest is as it should be.
 * - `layout`: a file is missing or misnamed
 * - `damaged`: a file cannot be read
 * - `duplicate`: the same content is there under another name
 * - `unlabelled`: the corpus gives no label (or none of this variant's)
 * - `view`: not a frontal view
 * - `known-bad`: the corpus' own authors say that it is broken
 * - `other-take`: the same recording in another form, or of a part that this variant leaves out
 */
export type SkipKind = 'layout' | 'damaged' | 'duplicate' | 'unlabelled' | 'view' | 'known-bad' | 'other-take';

/** Kinds that make the command's exit code 1. */
export const faults: ReadonlySet<SkipKind> = new Set<SkipKind>(['layout', 'damaged']);

/** Something of the corpus that does not become a clip. */
export interface Skip {
  /** What it is about: a file or folder of the corpus, or a clip's name. */
  path: string;
  kind: SkipKind;
  /** One sentence; where a file is missing it says which, and where it was expected. */
  reason: string;
}

/** Recordings of a whole copy, and the people in them. */
export interface Distributed {
  clips: number;
  subjects: number;
}

/** What a reader found. */
export interface Scan {
  /** Ascending by name. */
  clips: CorpusClip[];
  skipped: Skip[];
  /** To be set beside what is published, by readers of corpora where it is. */
  distributed?: Distributed;
}

/** Numbers that the field publishes about a variant of the corpus. */
export interface PublishedCounts {
  clips: number;
  /** Left out where the corpus names no people. */
  subjects?: number;
  /** Clips per label, where they are published. */
  labels?: Readonly<Record<string, number>>;
  /** Clips of each label of each subject, by the subject's name, where the corpus' design fixes them. */
  bySubject?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What is distributed, with all that this variant leaves out, where that is another number. */
  distributed?: Distributed;
  /** Who says so. */
  source: string;
}

/** One round of testing: these folds play these parts; the rest is trained on. */
export interface Round {
  test: number;
  validation: number;
}

/** A selection of the corpus with its label set and protocol. */
export interface CorpusVariant {
  /** What it selects, in a few words. */
  about: string;
  /** Its labels, in the order of reports. */
  labels: readonly string[];
  published: PublishedCounts;
  /** The protocol in a sentence or two. */
  protocol: string;
  /** Folds of the protocol; fewer where fewer subjects are there. */
  folds: number;
  /** Rounds of testing; left out: each fold is tested once, and the next one chooses the epoch. */
  rounds?: readonly Round[];
}

/** A corpus. */
export interface Corpus {
  /** Name on the command line. */
  name: string;
  title: string;
  citation: string;
  /** How to obtain it, and its licence, in a sentence each. */
  obtain: string;
  licence: string;
  /** By name; the first is the default. */
  variants: Readonly<Record<string, CorpusVariant>>;
  /**
   * Reads the layout. Throws MalformedStreamError where the folder is not this corpus, with the file that was expected and
   * what is there instead; single missing files are told in `skipped`.
   * @param root the folder as it was unpacked
   * @param variant a key of `variants`
   */
  scan(root: string, variant: string): Promise<Scan>;
}

/** The rounds of a variant on the folds that are there, ascending. */
export function roundsOf(variant: CorpusVariant, folds: readonly number[]): Round[] {
  if (variant.rounds) return [...variant.rounds];
  return folds.map((test, i) => ({ test, validation: folds[(i + 1) % folds.length]! }));
}
