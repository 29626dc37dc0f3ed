/** Everything that an evaluation says: as an object for programs, as text for people. */
import { defaultTimeline } from '../timeline/timeline.js';
import { type Answered, answeredAt } from './abstention.js';
import { expectedCalibrationError } from './calibration.js';
import { type Interval, subjectBootstrap } from './interval.js';
import { confusionMatrix, type Metrics, metricsBy, metricsOf, type Outcome } from './metrics.js';

/** One evaluated clip. */
export interface ClipOutcome extends Outcome {
  path: string;
  subject: string;
  condition: string;
  gender: string | undefined;
  age: number | undefined;
  ethnicity: string | undefined;
  /** Softmax over the labels. */
  probabilities: readonly number[];
}

export interface EvaluationReport extends Metrics {
  /** Expected calibration error over ten bins, 0..1. */
  ece: number;
  /** What is left when clips are `uncertain` below the threshold of `analyze`. */
  answered: Answered;
  /** 95% intervals by bootstrap over subjects; `null` with a single subject. */
  interval: { war: Interval | null; uar: Interval | null };
  subjects: number;
  labels: readonly string[];
  /** `confusion[truth][predicted]`, in the order of `labels`. */
  confusion: number[][];
  /** Share of each label's clips that are right; `null` where there are none. */
  recall: (number | null)[];
  byCondition: Record<string, Metrics>;
  /** `gender: ...`, `ethnicity: ...`, `age: ...` (under 25, 25-34, 35 and over), where the manifest says. */
  byGroup: Record<string, Metrics>;
}

/** Age band of a person. */
export function ageBand(age: number): string {
  return age < 25 ? 'under 25' : age < 35 ? '25-34' : '35 and over';
}

export function reportOf(outcomes: readonly ClipOutcome[], labels: readonly string[]): EvaluationReport {
  const classes = labels.length;
  const confusion = confusionMatrix(outcomes, classes);
  const measure = (key: 'war' | 'uar') => (some: readonly ClipOutcome[]) =>
    metricsOf(confusionMatrix(some, classes))[key];
  const groups: ((clip: ClipOutcome) => string | undefined)[] = [
    ({ gender }) => gender && `gender: ${gender}`,
    ({ ethnicity }) => ethnicity && `ethnicity: ${ethnicity}`,
    ({ age }) => (age === undefined ? undefined : `age: ${ageBand(age)}`),
  ];
  return {
    ...metricsOf(confusion),
    ece: expectedCalibrationError(outcomes),
    answered: answeredAt(outcomes, defaultTimeline.threshold),
    interval: {
      war: subjectBootstrap(outcomes, measure('war')) ?? null,
      uar: subjectBootstrap(outcomes, measure('uar')) ?? null,
    },
    subjects: new Set(outcomes.map(({ subject }) => subject)).size,
    labels,
    confusion,
    recall: confusion.map((row, i) => {
      const n = row.reduce((a, b) => a + b, 0);
      return n === 0 ? null : row[i]! / n;
    }),
    byCondition: metricsBy(outcomes, classes, ({ condition }) => condition),
    byGroup: Object.assign({}, ...groups.map((nameOf) => metricsBy(outcomes, classes, nameOf))),
  };
}

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;

/** The report as text of at most about 100 columns. */
export function reportText(report: EvaluationReport): string {
  const { labels, confusion, interval } = report;
  const { threshold, coverage, accuracy } = report.answered;
  const range = (i: Interval | null) => (i ? ` (95%: ${percent(i.low)} to ${percent(i.high)})` : '');
  const lines = [
    `clips     ${report.n} of ${report.subjects} subjects`,
    `WAR       ${percent(report.war)}${range(interval.war)}   accuracy`,
    `UAR       ${percent(report.uar)}${range(interval.uar)}   mean recall`,
    `macro-F1  ${percent(report.macroF1)}`,
    `ECE       ${percent(report.ece)}   expected calibration error`,
    `answered  ${percent(coverage)} of the clips at a probability of ${threshold} or more${accuracy === null ? '' : `: ${percent(accuracy)} of these are right`}`,
  ];
  if (report.n > 0 && report.subjects > 1) lines.push('intervals: bootstrap over subjects');
  lines.push('', ...metricsTable('condition', report.byCondition));
  if (Object.keys(report.byGroup).length > 0) lines.push('', ...metricsTable('group', report.byGroup));

  const short = labels.map((label) => label.slice(0, 6));
  const width = Math.max(...labels.map((label) => label.length), 5);
  const cells = Math.max(7, String(Math.max(...confusion.flat())).length + 1);
  lines.push('', 'confusion (rows: what it is, columns: what was answered)');
  lines.push(`${''.padEnd(width)}${short.map((s) => s.padStart(cells)).join('')}  recall`);
  confusion.forEach((row, i) => {
    const recall = report.recall[i];
    const counts = row.map((n) => (n === 0 ? '.' : String(n)).padStart(cells)).join('');
    lines.push(
      `${labels[i]!.padEnd(width)}${counts}  ${recall === null || recall === undefined ? '-' : percent(recall)}`,
    );
  });
  return lines.join('\n');
}

function metricsTable(title: string, groups: Record<string, Metrics>): string[] {
  const width = Math.max(title.length, ...Object.keys(groups).map((name) => name.length)) + 2;
  const row = (name: string, cells: readonly string[]) => name.padEnd(width) + cells.map((c) => c.padStart(9)).join('');
  return [
    row(title, ['clips', 'WAR', 'UAR', 'macro-F1']),
    ...Object.entries(groups).map(([name, { n, war, uar, macroF1 }]) =>
      row(name, [String(n), percent(war), percent(uar), percent(macroF1)]),
    ),
  ];
}
