/**
 * `folds.json`: who is in which fold, and which rounds the protocol runs. Subjects and folds ascend, the file says its
 * version, and its hash covers all of it, so that two people can tell by 64 characters that they ran the same protocol.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { MalformedStreamError } from '../../errors.js';
import type { DatasetClip } from '../manifest.js';

const contentSchema = z.strictObject({
  format: z.literal('vultus-folds'),
  version: z.literal(1),
  corpus: z.string(),
  variant: z.string(),
  protocol: z.string(),
  rounds: z.array(z.strictObject({ test: z.int().min(1), validation: z.int().min(1) })),
  folds: z.array(z.strictObject({ fold: z.int().min(1), subjects: z.array(z.string()).min(1) })),
});
const fileSchema = contentSchema.extend({ sha256: z.string() });

/** All but the hash. */
export type FoldContent = z.infer<typeof contentSchema>;
/** The file. */
export type FoldFile = z.infer<typeof fileSchema>;

/** Text of the file. Folds and subjects are put in order. Throws MalformedStreamError where a subject is in two folds. */
export function foldFile(content: FoldContent): string {
  const ordered: FoldContent = {
    ...content,
    folds: [...content.folds]
      .sort((a, b) => a.fold - b.fold)
      .map(({ fold, subjects }) => ({ fold, subjects: [...subjects].sort() })),
  };
  checkOrder(ordered);
  return `${JSON.stringify({ ...ordered, sha256: hashOf(ordered) }, null, 2)}\n`;
}

/** Reads the file. Throws MalformedStreamError for another version, a wrong hash, wrong order, a subject in two folds. */
export function parseFoldFile(text: string, name = 'folds.json'): FoldFile {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw new MalformedStreamError(`${name} is no JSON: ${(error as Error).message}`);
  }
  const parsed = fileSchema.safeParse(values);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new MalformedStreamError(`${name}: ${path.join('.') || 'the file'}: ${message}`);
  }
  const { sha256, ...content } = parsed.data;
  checkOrder(content, name);
  if (hashOf(content) !== sha256) throw new MalformedStreamError(`${name} was changed: its sha256 does not fit`);
  return parsed.data;
}

/** Throws MalformedStreamError where the manifest puts a subject into another fold than the file. */
export function checkFolds({ folds }: FoldFile, clips: readonly DatasetClip[]): void {
  const foldOf = new Map(folds.flatMap(({ fold, subjects }) => subjects.map((subject) => [subject, fold] as const)));
  for (const { line, subject, fold } of clips) {
    const own = foldOf.get(subject);
    if (own === fold) continue;
    throw new MalformedStreamError(
      `manifest.csv, line ${line}, column fold: subject ${subject} is in fold ${fold}; in folds.json it is in ${own ?? 'none'}`,
    );
  }
}

function hashOf(content: FoldContent): string {
  const { format, version, corpus, variant, protocol, rounds, folds } = content;
  const fixed = [format, version, corpus, variant, protocol];
  const plain = [rounds.map((r) => [r.test, r.validation]), folds.map((f) => [f.fold, f.subjects])];
  return createHash('sha256')
    .update(JSON.stringify([...fixed, ...plain]))
    .digest('hex');
}

function checkOrder({ folds }: FoldContent, name = 'folds.json'): void {
  const seen = new Map<string, number>();
  let before = 0;
  for (const { fold, subjects } of folds) {
    if (fold <= before) throw new MalformedStreamError(`${name}: fold ${fold} stands after ${before}`);
    before = fold;
    subjects.forEach((subject, i) => {
      const other = seen.get(subject);
      if (other !== undefined) {
        throw new MalformedStreamError(`${name}: subject ${subject} is in fold ${other} and in fold ${fold}`);
      }
      if (i > 0 && subject < subjects[i - 1]!) {
        throw new MalformedStreamError(`${name}: subject ${subject} of fold ${fold} stands out of order`);
      }
      seen.set(subject, fold);
    });
  }
}
