/** From smoothed probabilities to stretches of time with one label each. */
import { centre } from './smooth.js';

/** Label of a stretch in which no expression is probable enough. Not a class of the model. */
export const UNCERTAIN = 'uncertain';

const NEUTRAL = 'neutral';

/**
 * By this share of a window an expression's stretch is taken in where it borders on neutral. A window with neutral and a bit of
 * expression in it is named after the expression, as the clips are that models learn from, so stretches come out too wide on
 * either side. Measured by bench/timeline.ts.
 */
const taper = 1 / 4;

/** A stretch of video with one expression. Times are seconds; segments follow one another without overlap. */
export interface Segment {
  /** A label of the model, or `uncertain`. */
  label: string;
  start: number;
  end: number;
  /** Mean smoothed probability of the label; for `uncertain`, of whichever label was highest at each moment. */
  probability: number;
  /** Where the label's smoothed probability is highest. `null` for `uncertain`, as are the two below. */
  apex: number | null;
  /** The earliest moment before the apex from which the probability stays above half of its value there. May lie before `start`. */
  onset: number | null;
  /** The latest moment after the apex up to which it stays above half. May lie after `end`. */
  offset: number | null;
}

export interface SegmentOptions {
  /** Below this highest probability a moment is `uncertain`. */
  threshold: number;
  /** Stretches shorter than this many seconds are given to a neighbour. */
  minimum: number;
}

interface Run {
  /** Class, or -1 for uncertain. */
  label: number;
  from: number;
  to: number;
}

/**
 * @param windows where the rows lie in time, ascending
 * @param rows smoothed probabilities, one row per window
 */
export function segments(
  windows: readonly { start: number; end: number }[],
  rows: readonly Float64Array[],
  labels: readonly string[],
  { threshold, minimum }: SegmentOptions,
): Segment[] {
  const edges = boundaries(windows);
  const duration = (run: Run) => edges[run.to]! - edges[run.from]!;
  const runs = absorb(
    runsOf(rows.map((row) => best(row, threshold))),
    duration,
    (run, label) => meanOf(rows, run, label),
    minimum,
  );
  const cuts = cutsOf(runs, edges, windows, { neutral: labels.indexOf(NEUTRAL), minimum });
  return runs.map((run, i) => {
    const segment = { start: cuts[i]!, end: cuts[i + 1]!, probability: meanOf(rows, run, run.label) };
    if (run.label < 0) return { label: UNCERTAIN, ...segment, apex: null, onset: null, offset: null };
    let apex = run.from;
    for (let i = run.from; i < run.to; i++) if (rows[i]![run.label]! > rows[apex]![run.label]!) apex = i;
    const half = rows[apex]![run.label]! / 2;
    let onset = apex;
    while (onset > 0 && rows[onset - 1]![run.label]! > half) onset--;
    let offset = apex;
    while (offset + 1 < rows.length && rows[offset + 1]![run.label]! > half) offset++;
    const at = (i: number) => centre(windows[i]!);
    return { label: labels[run.label]!, ...segment, apex: at(apex), onset: at(onset), offset: at(offset) };
  });
}

/** Time between window i - 1 and window i belongs half to each; the first and the last reach to the ends of the video. */
function boundaries(windows: readonly { start: number; end: number }[]): number[] {
  if (windows.length === 0) return [0];
  const inner = windows.slice(1).map((window, i) => (centre(windows[i]!) + centre(window)) / 2);
  return [windows[0]!.start, ...inner, windows.at(-1)!.end];
}

/** Where runs begin, and where the last one ends: halfway between windows, but for `taper`. */
function cutsOf(
  runs: readonly Run[],
  edges: readonly number[],
  windows: readonly { start: number; end: number }[],
  { neutral, minimum }: { neutral: number; minimum: number },
): number[] {
  const cuts = [...runs.map(({ from }) => edges[from]!), edges.at(-1)!];
  for (let i = 1; i < runs.length; i++) {
    const [before, after] = [runs[i - 1]!, runs[i]!];
    if (before.label < 0 || after.label < 0 || (before.label === neutral) === (after.label === neutral)) continue;
    const expression = before.label === neutral ? after : before;
    const { start, end } = windows[after.from]!;
    const spare = edges[expression.to]! - edges[expression.from]! - minimum;
    // Both sides may be taken in, and the least segment is to remain.
    const shift = Math.max(0, Math.min(taper * (end - start), spare / 2));
    cuts[i]! += expression === after ? shift : -shift;
  }
  return cuts;
}

function best(row: Float64Array, threshold: number): number {
  let top = 0;
  for (let c = 1; c < row.length; c++) if (row[c]! > row[top]!) top = c;
  return row[top]! >= threshold ? top : -1;
}

function runsOf(classes: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (const [i, label] of classes.entries()) {
    const last = runs.at(-1);
    if (last?.label === label) last.to = i + 1;
    else runs.push({ label, from: i, to: i + 1 });
  }
  return runs;
}

/**
 * Gives runs that are too short to the neighbour whose label is the more probable in them, the shortest first, until
 * all are long enough or only one is left.
 */
function absorb(
  runs: Run[],
  duration: (run: Run) => number,
  probability: (run: Run, label: number) => number,
  minimum: number,
): Run[] {
  while (runs.length > 1) {
    let shortest = 0;
    for (let i = 1; i < runs.length; i++) if (duration(runs[i]!) < duration(runs[shortest]!)) shortest = i;
    const run = runs[shortest]!;
    if (duration(run) >= minimum) break;
    const before = runs[shortest - 1];
    const after = runs[shortest + 1];
    const claim = (neighbour: Run | undefined) =>
      neighbour ? (neighbour.label < 0 ? 0 : probability(run, neighbour.label)) : -1;
    const heir = claim(before) >= claim(after) ? before! : after!;
    heir.from = Math.min(heir.from, run.from);
    heir.to = Math.max(heir.to, run.to);
    runs.splice(shortest, 1);
    // The runs on both sides of the one that vanished may now be neighbours with one label.
    const left = runs[shortest - 1];
    const right = runs[shortest];
    if (left && right && left.label === right.label) {
      left.to = right.to;
      runs.splice(shortest, 1);
    }
  }
  return runs;
}

function meanOf(rows: readonly Float64Array[], run: Run, label: number): number {
  let sum = 0;
  for (let i = run.from; i < run.to; i++) sum += label < 0 ? Math.max(...rows[i]!) : rows[i]![label]!;
  return sum / (run.to - run.from);
}
