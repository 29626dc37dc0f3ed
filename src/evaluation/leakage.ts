/**
 * How much of the person z_e still tells: a fresh probe that names the subject from frozen embeddings, and retrieval of
 * another clip of the same person. Both are independent of what training minimised, since an estimator's bound is no
 * measure: it may be low because the estimator is bad. Each clip group counts once: the same frames in another codec are no
 * other clip.
 */
import { Random } from '../training/random.js';
import { fitSoftmax } from './softmax-regression.js';

/** A clip's embedding and what it shows. */
export interface EmbeddedClip {
  /** Clip group. */
  clip: string;
  subject: string;
  emotion: string;
  embedding: Float32Array;
}

/** How well z_e names people; every figure is a share from 0 to 1. */
export interface Leakage {
  /** People with two or more clips, and their clips. */
  subjects: number;
  clips: number;
  /** Multinomial logistic regression from z_e to the subject; two halves of each person's clips, each tested by the other. */
  probe: {
    accuracy: number;
    /** Of always naming the person with the most clips. */
    chance: number;
    /** Of naming the person who shows this expression most often: what a z_e that tells the expression alone can give. */
    chanceGivenExpression: number;
  };
  /** The nearest other clip by cosine (z_e less its mean): how often it is the same person's. */
  retrieval: {
    rank1: number;
    chance: number;
    /** The same where only clips of other expressions are looked through; null where no query has a right answer. */
    otherExpression: { rank1: number; chance: number } | null;
  };
}

/** Measures leakage; undefined with fewer than two people of two clips each. The same input gives the same figures. */
export function leakageOf(embedded: readonly EmbeddedClip[], seed = 2021): Leakage | undefined {
  const clips = usable(embedded);
  const subjects = [...new Set(clips.map(({ subject }) => subject))].sort();
  if (subjects.length < 2) return undefined;
  const halves = split(clips, subjects, new Random(seed));
  const sums = { accuracy: 0, chance: 0, chanceGivenExpression: 0 };
  for (const [train, test] of [halves, [halves[1], halves[0]] as const]) {
    const { predict } = fitSoftmax(
      train.map(({ embedding }) => embedding),
      train.map(({ subject }) => subjects.indexOf(subject)),
      subjects.length,
    );
    for (const one of test) {
      if (predict(one.embedding) === subjects.indexOf(one.subject)) sums.accuracy++;
    }
  }
  for (const one of clips) {
    sums.chance += guess(clips, one);
    const same = clips.filter(({ emotion }) => emotion === one.emotion);
    sums.chanceGivenExpression += guess(same, one);
  }
  return {
    subjects: subjects.length,
    clips: clips.length,
    probe: {
      accuracy: sums.accuracy / clips.length,
      chance: sums.chance / clips.length,
      chanceGivenExpression: sums.chanceGivenExpression / clips.length,
    },
    retrieval: { ...retrieve(clips, () => true)!, otherExpression: retrieve(clips, (a, b) => a.emotion !== b.emotion) },
  };
}

/** One clip of each group, of people who have two or more. */
function usable(embedded: readonly EmbeddedClip[]): EmbeddedClip[] {
  const groups = new Map<string, EmbeddedClip>();
  for (const one of embedded) if (!groups.has(one.clip)) groups.set(one.clip, one);
  const counts = new Map<string, number>();
  for (const { subject } of groups.values()) counts.set(subject, (counts.get(subject) ?? 0) + 1);
  return [...groups.values()].filter(({ subject }) => counts.get(subject)! > 1);
}

/** Two halves of each person's clips, of each of their expressions as well as may be. */
function split(
  clips: readonly EmbeddedClip[],
  subjects: readonly string[],
  random: Random,
): readonly [EmbeddedClip[], EmbeddedClip[]] {
  const halves: [EmbeddedClip[], EmbeddedClip[]] = [[], []];
  for (const name of subjects) {
    const shuffled = random.shuffle(clips.filter(({ subject }) => subject === name));
    const own = shuffled.sort((a, b) => (a.emotion < b.emotion ? -1 : Number(a.emotion > b.emotion)));
    own.forEach((clip, i) => {
      halves[i % 2]!.push(clip);
    });
  }
  return halves;
}

/** The chance of being right by naming the most frequent person of `clips`, ties drawn. */
function guess(clips: readonly EmbeddedClip[], one: EmbeddedClip): number {
  const counts = new Map<string, number>();
  for (const { subject } of clips) counts.set(subject, (counts.get(subject) ?? 0) + 1);
  const most = Math.max(...counts.values());
  const best = [...counts].filter(([, count]) => count === most).map(([subject]) => subject);
  return best.includes(one.subject) ? 1 / best.length : 0;
}

function retrieve(
  clips: readonly EmbeddedClip[],
  allowed: (query: EmbeddedClip, other: EmbeddedClip) => boolean,
): { rank1: number; chance: number } | null {
  const units = centredUnits(clips);
  let [queries, right, chance] = [0, 0, 0];
  clips.forEach((query, q) => {
    let [same, all, best, hit] = [0, 0, Number.NEGATIVE_INFINITY, false];
    clips.forEach((other, o) => {
      if (o === q || !allowed(query, other)) return;
      const isSame = other.subject === query.subject;
      all++;
      if (isSame) same++;
      let cosine = 0;
      for (let k = 0; k < units[q]!.length; k++) cosine += units[q]![k]! * units[o]![k]!;
      if (cosine > best) [best, hit] = [cosine, isSame];
    });
    if (same === 0) return;
    queries++;
    chance += same / all;
    if (hit) right++;
  });
  return queries === 0 ? null : { rank1: right / queries, chance: chance / queries };
}

function centredUnits(clips: readonly EmbeddedClip[]): Float64Array[] {
  const size = clips[0]!.embedding.length;
  const mean = new Float64Array(size);
  for (const { embedding } of clips) for (let k = 0; k < size; k++) mean[k]! += embedding[k]! / clips.length;
  return clips.map(({ embedding }) => {
    const values = Float64Array.from(embedding, (v, k) => v - mean[k]!);
    const length = Math.hypot(...values) || 1;
    return values.map((v) => v / length);
  });
}

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;

/** The figures as lines of text. */
export function leakageText({ subjects, clips, probe, retrieval }: Leakage): string {
  const { otherExpression: other } = retrieval;
  return [
    `identity in z_e (${clips} clips of ${subjects} subjects)`,
    `probe      ${percent(probe.accuracy)}   chance ${percent(probe.chance)}, knowing the expression ${percent(probe.chanceGivenExpression)}`,
    `retrieval  ${percent(retrieval.rank1)}   chance ${percent(retrieval.chance)}`,
    ...(other ? [`  other expressions only  ${percent(other.rank1)}   chance ${percent(other.chance)}`] : []),
  ].join('\n');
}
