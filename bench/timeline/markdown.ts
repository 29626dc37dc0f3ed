/** The record of the timeline benchmark, for people. */
import type { Answered } from '../../src/evaluation/abstention.js';
import type { Interval } from '../../src/evaluation/interval.js';
import { percent } from '../../src/report/plots.js';
import type { Score, spread, TimeErrors } from './score.js';
import { grid, type Setting, type Swept } from './sweep.js';

/** What one pair of window and hop costs, in processor milliseconds per second of video, locating of faces left out. */
export interface Cost {
  window: number;
  hop: number;
  milliseconds: number;
}

type Spreads = Record<keyof TimeErrors, ReturnType<typeof spread>>;

/** How good one setting is, on the people it was chosen on and on the others. */
interface Verdict {
  setting: Setting;
  choosing: Score;
  reporting: Score;
  kinds: { name: string; score: Score }[];
  times: { choosing: Spreads; reporting: Spreads };
}

export interface TimelineResult {
  what: string;
  date: string;
  command: string;
  machine: string;
  model: { name: string; sha256: string };
  labels: readonly string[];
  h264: string;
  people: { choosing: number; reporting: number };
  seconds: { choosing: number; reporting: number };
  /** Before this was measured, now, and the best of the sweep. */
  former: Setting;
  shipped: Setting;
  best: Setting;
  /** The best first. */
  sweep: Swept[];
  thresholds: { threshold: number; choosing: Score; reporting: Score }[];
  /** 95% interval of what the shipped setting is worth more than the former. */
  gains: { choosing: Interval | null; reporting: Interval | null };
  verdicts: Verdict[];
  clips: { count: number; curve: Answered[]; marks: Answered[] };
  costs: Cost[];
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const describe = ({ window, hop, smoothing, minimum, threshold }: Setting) =>
  `window ${window} s, hop ${hop} s, smoothing ${smoothing} s, least segment ${minimum} s, threshold ${threshold}`;

const scoreHead = ['worth', 'accuracy', 'coverage', 'recall', 'recall of all', 'segments F1'];
const scoreCells = (s: Score) => [
  s.worth.toFixed(3),
  ...[s.accuracy, s.coverage, s.recall, s.recallOfAll, s.expressionF1].map(percent),
];

/** The sweep along one axis; the others as shipped. */
function axis(result: TimelineResult, key: 'window' | 'hop' | 'smoothing' | 'minimum'): string {
  const { shipped, sweep } = result;
  const others = (['window', 'hop', 'smoothing', 'minimum'] as const).filter((other) => other !== key);
  const rows = grid[key].flatMap((value) => {
    const found = sweep.find(
      ({ setting }) => setting[key] === value && others.every((other) => setting[other] === shipped[other]),
    );
    return found ? [[`${value} s`, ...scoreCells(found.score)]] : [];
  });
  return table([key === 'minimum' ? 'least segment' : key, ...scoreHead], rows);
}

function verdictText({ setting, reporting, kinds, times }: Verdict, name: string, labels: readonly string[]): string {
  const rows = [['all', ...scoreCells(reporting)], ...kinds.map((kind) => [kind.name, ...scoreCells(kind.score)])];
  const f1 = reporting.f1.map((value, i) => `${labels[i]} ${value === null ? '-' : percent(value)}`).join(', ');
  const line = (what: string, key: keyof TimeErrors) => {
    const [a, b] = [times.choosing[key], times.reporting[key]];
    return [what, `${a.count}`, `${a.median}`, `${a.within90}`, `${b.count}`, `${b.median}`, `${b.within90}`];
  };
  return `### ${name}: ${describe(setting)}

${table(['fold 9', ...scoreHead], rows)}

Segments F1 by label: ${f1}.

${table(
  ['time, ms', 'fold 8: segments', 'median error', '90% within', 'fold 9: segments', 'median error', '90% within'],
  [
    line('onset, against the first moving frame', 'onset'),
    line('apex, against the stretch from the strongest frame to the decline', 'apex'),
    line('offset, against the first frame of the decline', 'decline'),
    line('offset, against half of the decline', 'offset'),
  ],
)}`;
}

export function markdown(result: TimelineResult): string {
  const { date, machine, command, people, seconds, former, shipped, best, gains, labels, model, clips } = result;
  const interval = (gain: Interval | null) =>
    gain ? `${gain.low.toFixed(3)} to ${gain.high.toFixed(3)}` : 'not known';
  const same = JSON.stringify(former) === JSON.stringify(shipped);
  const verdicts = result.verdicts.slice(0, same ? 1 : 2);
  return `# A running expression over long videos

${date}, ${machine}. \`${command}\`, model ${model.name} (${model.sha256.slice(0, 12)}). **Semi-synthetic**: real faces, scripted
motion. A long video is one subject's lab-full clips in a seeded order, MPEG-4 packets copied, so that every cut falls on an
I-frame; \`h264\` is the same pictures encoded again (\`${result.h264}\`), where nearly all cuts fall into P-frames; \`spaced\` has a
neutral clip of the subject, each used several times, behind each expression. Fold 8 (${people.choosing} people, ${seconds.choosing.toFixed(0)} s) chose, fold 9 (${people.reporting} people,
${seconds.reporting.toFixed(0)} s) reports; the model was trained on neither, but fold 8 also chose its epoch and temperature.

Truth: the expression from half of the rise (first moving frame to strongest frame) to half of the stretch from the decline's first
frame to the clip's end (its own end is not annotated; on decoded pictures of fold 8 the face is about halfway back there); neutral
before the first moving frame and in neutral clips. The first half of the rise and what follows half of the decline is a guard zone, not scored by moments.
Accuracy and recall (mean over labels) are over pictures that are not \`uncertain\`; in recall of all, uncertain is wrong. A
segment is found when one of its label overlaps it by half of both together; F1 is the mean over the six expressions. Worth, by
which settings are compared, is the mean of recall of all and F1.

Former defaults, here with today's borders of segments (taken in by a quarter of a window at neutral): ${describe(former)}.
Shipped defaults: ${describe(shipped)}.
Best of ${result.sweep.length} on fold 8: ${describe(best)}: worth ${result.sweep[0]!.score.worth.toFixed(3)}.
Shipped less former, 95% by bootstrap over subjects: fold 8 ${interval(gains.choosing)}, fold 9 ${interval(gains.reporting)}.

## Along each axis, fold 8, the others as shipped

${(['window', 'hop', 'smoothing', 'minimum'] as const).map((key) => axis(result, key)).join('\n\n')}

${table(
  ['threshold', ...scoreHead.map((name) => `fold 8: ${name}`), 'fold 9: accuracy', 'fold 9: coverage'],
  result.thresholds.map((t) => [
    `${t.threshold}`,
    ...scoreCells(t.choosing),
    percent(t.reporting.accuracy),
    percent(t.reporting.coverage),
  ]),
)}

## People who chose nothing

${verdicts.map((verdict, i) => verdictText(verdict, i === 0 && !same ? 'Former' : 'Shipped', labels)).join('\n\n')}

Errors are answer less truth, over the segments that were found: late is positive.

## Abstention, clip labels

${clips.count} MPEG-4 clips of fold 9, as \`vultus evaluate --model ${model.name.replace('vultus-', '')} --fold 9 --codec mpeg4\` judges them.

${table(
  ['threshold', 'coverage', 'accuracy of the answered'],
  [{ ...clips.curve[0]!, threshold: 0 }, ...clips.marks].map((mark) => [
    `${mark.threshold}`,
    percent(mark.coverage),
    mark.accuracy === null ? '-' : percent(mark.accuracy),
  ]),
)}

## Cost

Processor time of \`analyze\` on a dense MPEG-4 video of 256x256, one thread, median of 3; locating faces, which is the same whatever
the window, is remembered from the first pass and not in it.

${table(
  ['window', 'hop', 'ms per second of video'],
  result.costs.map(({ window, hop, milliseconds }) => [`${window} s`, `${hop} s`, milliseconds.toFixed(0)]),
)}
`;
}
