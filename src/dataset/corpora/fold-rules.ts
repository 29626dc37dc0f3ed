/** How subjects are dealt to folds. The rules look at the layout alone, so a clip that turns out damaged moves nobody. */

/**
 * The field's usual rule where no list is published: subjects in ascending order, the first to fold 1, the second to
 * fold 2, and round again. With fewer subjects than folds there are as many folds as subjects.
 */
export function dealt(subjects: Iterable<string>, folds: number): Map<string, number> {
  const sorted = [...new Set(subjects)].sort();
  return new Map(sorted.map((subject, i) => [subject, (i % Math.min(folds, sorted.length)) + 1]));
}

/** A published list: fold 1 is the first list of subjects. */
export function listed(lists: readonly (readonly string[])[]): Map<string, number> {
  return new Map(lists.flatMap((subjects, i) => subjects.map((subject) => [subject, i + 1] as const)));
}
