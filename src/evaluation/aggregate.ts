/**
 * Many runs to one line: seeds of a fold are averaged first, since they share their people; then mean and 95% interval over
 * the folds by Student's t. Two methods are compared fold by fold: what makes a fold hard is the same for both.
 */

/** The figures of one run. */
export interface RunFigures {
  fold: number;
  seed: number;
  /** By name; what a run does not have is absent or null. */
  figures: Readonly<Record<string, number | null>>;
}

/** One figure over many runs. */
export interface Summary {
  /** Mean over folds of the mean over seeds. */
  mean: number;
  /** Half the width of the 95% interval; null with one fold. */
  margin: number | null;
  folds: number;
  /** Runs that have the figure. */
  runs: number;
}

/** Two-sided 95% quantiles of Student's t, 1 to 30 degrees of freedom. */
const quantiles = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/** Student's t for a two-sided 95% interval; `degrees` from 1. Beyond 30 by the first terms of its expansion. */
export function studentQuantile(degrees: number): number {
  const z = 1.959964;
  return (
    quantiles[degrees - 1] ??
    z + (z ** 3 + z) / (4 * degrees) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2)
  );
}

/** Mean and half the width of its 95% interval; null for the latter with one value. */
export function meanWithMargin(values: readonly number[]): { mean: number; margin: number | null } {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  if (n < 2) return { mean, margin: null };
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (n - 1);
  return { mean, margin: studentQuantile(n - 1) * Math.sqrt(variance / n) };
}

/** Every figure that occurs, in order of first occurrence. */
export function summarise(runs: readonly RunFigures[]): Record<string, Summary> {
  const names = new Set(runs.flatMap(({ figures }) => Object.keys(figures)));
  const result: Record<string, Summary> = {};
  for (const name of names) {
    const byFold = foldMeans(runs, name);
    if (byFold.size === 0) continue;
    const count = runs.filter(({ figures }) => isNumber(figures[name])).length;
    result[name] = { ...meanWithMargin([...byFold.values()]), folds: byFold.size, runs: count };
  }
  return result;
}

/** How much higher a figure of `runs` is than that of `than`, over the folds that both have; undefined where none is. */
export function pairedDifference(
  runs: readonly RunFigures[],
  than: readonly RunFigures[],
  name: string,
): Summary | undefined {
  const [a, b] = [foldMeans(runs, name), foldMeans(than, name)];
  const folds = [...a.keys()].filter((fold) => b.has(fold));
  if (folds.length === 0) return undefined;
  const differences = folds.map((fold) => a.get(fold)! - b.get(fold)!);
  return { ...meanWithMargin(differences), folds: folds.length, runs: runs.length };
}

function foldMeans(runs: readonly RunFigures[], name: string): Map<number, number> {
  const values = new Map<number, number[]>();
  for (const { fold, figures } of runs) {
    const value = figures[name];
    if (isNumber(value)) values.set(fold, [...(values.get(fold) ?? []), value]);
  }
  return new Map([...values].map(([fold, list]) => [fold, list.reduce((a, b) => a + b, 0) / list.length]));
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
