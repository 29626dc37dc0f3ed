/** Measures of a classifier on labelled clips. */

/** One clip's truth and answer, as class numbers. */
export interface Outcome {
  truth: number;
  predicted: number;
}

export interface Metrics {
  /** Clips. */
  n: number;
  /** Weighted average recall: the share of clips that are right (accuracy). */
  war: number;
  /** Unweighted average recall: mean over the classes that occur of the share that is right. */
  uar: number;
  /** Mean over the classes that occur in truth or answer of the harmonic mean of precision and recall. */
  macroF1: number;
}

/** Counts: `confusion[truth][predicted]`. */
export function confusionMatrix(outcomes: readonly Outcome[], classes: number): number[][] {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (const { truth, predicted } of outcomes) matrix[truth]![predicted]!++;
  return matrix;
}

/** All measures of a confusion matrix; 0 each where there is no clip. */
export function metricsOf(confusion: readonly (readonly number[])[]): Metrics {
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const mean = (values: readonly number[]) => (values.length === 0 ? 0 : sum(values) / values.length);
  const truths = confusion.map(sum);
  const answers = confusion.map((_, j) => sum(confusion.map((row) => row[j]!)));
  const right = confusion.map((row, i) => row[i]!);
  const n = sum(truths);
  const classes = confusion.map((_, i) => i);
  return {
    n,
    war: n === 0 ? 0 : sum(right) / n,
    uar: mean(classes.filter((i) => truths[i]! > 0).map((i) => right[i]! / truths[i]!)),
    macroF1: mean(
      classes.filter((i) => truths[i]! + answers[i]! > 0).map((i) => (2 * right[i]!) / (truths[i]! + answers[i]!)),
    ),
  };
}

/** Measures of outcomes grouped by a name; outcomes whose name is `undefined` are left out. Names ascend. */
export function metricsBy<T extends Outcome>(
  outcomes: readonly T[],
  classes: number,
  nameOf: (outcome: T) => string | undefined,
): Record<string, Metrics> {
  const groups = new Map<string, T[]>();
  for (const outcome of outcomes) {
    const name = nameOf(outcome);
    if (name === undefined) continue;
    const group = groups.get(name);
    if (group) group.push(outcome);
    else groups.set(name, [outcome]);
  }
  const names = [...groups.keys()].sort();
  return Object.fromEntries(names.map((name) => [name, metricsOf(confusionMatrix(groups.get(name)!, classes))]));
}
