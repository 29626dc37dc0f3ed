/**
 * Protocols: which of the training clips a run may learn from. They make the cases in which knowing the person helps or
 * misleads: few people, or people who each show only some expressions. Declared in a file, seeded, hashed: the same file
 * on the same data gives the same clips, and the hash of the choice goes into the run's record.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { DatasetClip } from '../dataset/manifest.js';
import { ModelError } from '../errors.js';
import { parseJson } from '../files/json-file.js';
import { Random } from './random.js';

const seed = z
  .int()
  .min(0)
  .max(2 ** 31)
  .default(2021);
const name = z.string().min(1).max(100);

/** A protocol file. */
export const protocolSchema = z.discriminatedUnion('kind', [
  /** All training clips. */
  z.strictObject({ name, kind: z.literal('balanced') }),
  /** The first `subjects` people of one seeded shuffle of the data set's people: smaller sets are parts of larger ones. */
  z.strictObject({ name, kind: z.literal('few-subjects'), subjects: z.int().min(1), seed }),
  /**
   * Each training subject shows only `expressions` of the labels, chosen so that labels stay as even as they can be:
   * knowing the person then tells the label in training, and nothing in test. `subjects` as above, all by default.
   */
  z.strictObject({
    name,
    kind: z.literal('confounded'),
    expressions: z.int().min(1).default(2),
    subjects: z.int().min(1).optional(),
    seed,
  }),
  /**
   * `clips` of each person, spread evenly over the labels: what `confounded` is to be compared with, which has as few clips of as
   * many people, and the confounding beside. `subjects` as above.
   */
  z.strictObject({
    name,
    kind: z.literal('few-clips'),
    clips: z.int().min(1),
    subjects: z.int().min(1).optional(),
    seed,
  }),
]);

/** See the comments of `protocolSchema`. */
export type Protocol = z.infer<typeof protocolSchema>;

/** Reads a protocol file (JSON, `//` comments allowed). Throws ModelError naming the key that is wrong. */
export function parseProtocol(text: string, file: string): Protocol {
  return parseJson(text, file, protocolSchema);
}

/** The clips that a protocol chose. */
export interface Selection {
  clips: DatasetClip[];
  /** SHA-256 of the protocol and of the chosen paths, hexadecimal. */
  hash: string;
}

/**
 * The clips of `train` that the protocol allows, in their order.
 * @param all every clip of the data set: the shuffle of people does not depend on the folds
 * Throws ModelError where there are fewer people than the protocol wants.
 */
export function selectClips(protocol: Protocol, train: readonly DatasetClip[], all: readonly DatasetClip[]): Selection {
  const clips = chosen(protocol, train, all);
  const what = JSON.stringify({ protocol, paths: clips.map(({ path }) => path) });
  return { clips, hash: createHash('sha256').update(what).digest('hex') };
}

function chosen(protocol: Protocol, train: readonly DatasetClip[], all: readonly DatasetClip[]): DatasetClip[] {
  if (protocol.kind === 'balanced') return [...train];
  const subjects = shuffledSubjects(train, all, protocol.seed);
  const wanted = protocol.subjects ?? subjects.length;
  if (wanted > subjects.length) {
    throw new ModelError(
      `protocol ${protocol.name} wants ${wanted} subjects, the training folds have ${subjects.length}: lower "subjects"`,
    );
  }
  const kept = subjects.slice(0, wanted);
  if (protocol.kind === 'few-subjects') return train.filter(({ subject }) => kept.includes(subject));
  if (protocol.kind === 'few-clips') {
    const random = new Random(protocol.seed + 1);
    const picked = new Set(kept.flatMap((subject, turn) => evenClips(subject, turn, train, protocol.clips, random)));
    return train.filter(({ clip }) => picked.has(clip));
  }
  const shown = confound(kept, train, protocol.expressions, new Random(protocol.seed + 1));
  return train.filter(({ subject, emotion }) => shown.get(subject)?.has(emotion));
}

/** The training subjects in the order of one shuffle of all subjects. */
function shuffledSubjects(train: readonly DatasetClip[], all: readonly DatasetClip[], seed: number): string[] {
  const everyone = [...new Set(all.map(({ subject }) => subject))].sort();
  const here = new Set(train.map(({ subject }) => subject));
  return new Random(seed).shuffle(everyone).filter((subject) => here.has(subject));
}

/** Names of `count` clips of a person, of each label as many as of the others, one more of some: of which, turns from person to person. */
function evenClips(
  person: string,
  turn: number,
  train: readonly DatasetClip[],
  count: number,
  random: Random,
): readonly string[] {
  const rows = train.filter(({ subject }) => subject === person);
  const labels = [...new Set(rows.map(({ emotion }) => emotion))].sort();
  const shuffled = labels.map((label) => {
    const clips = new Set(rows.filter(({ emotion }) => emotion === label).map(({ clip }) => clip));
    return random.shuffle([...clips].sort());
  });
  return labels
    .flatMap((_, i) => shuffled[(i + turn) % labels.length]!.map((clip, round) => ({ clip, round })))
    .sort((a, b) => a.round - b.round)
    .slice(0, count)
    .map(({ clip }) => clip);
}

/** For each subject the labels it may show: always those used least so far, then the combination used least. */
function confound(
  subjects: readonly string[],
  train: readonly DatasetClip[],
  expressions: number,
  random: Random,
): Map<string, ReadonlySet<string>> {
  const order = random.shuffle([...new Set(train.map(({ emotion }) => emotion))].sort());
  const used = new Map<string, number>();
  const uses = (key: string) => used.get(key) ?? 0;
  const shown = new Map<string, ReadonlySet<string>>();
  for (const subject of subjects) {
    const has = new Set(train.filter((row) => row.subject === subject).map(({ emotion }) => emotion));
    const choices = combinations(
      order.filter((label) => has.has(label)),
      Math.min(expressions, has.size),
    );
    const cost = (labels: readonly string[]) => labels.reduce((sum, label) => sum + uses(label), 0);
    const best = choices.reduce((a, b) => {
      const difference = cost(b) - cost(a) || uses(b.join('+')) - uses(a.join('+'));
      return difference < 0 ? b : a;
    });
    for (const key of [...best, best.join('+')]) used.set(key, uses(key) + 1);
    shown.set(subject, new Set(best));
  }
  return shown;
}

function combinations(items: readonly string[], size: number): string[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, i) => combinations(items.slice(i + 1), size - 1).map((rest) => [item, ...rest]));
}
