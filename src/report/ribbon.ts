/** Which label holds when, as a band: one path for each label, so that an hour of short stretches stays a handful of nodes. */
import type { Segment } from '../timeline/segments.js';

/** A stretch of time, in seconds, and the index of its label; -1 for `uncertain`. */
export type Stretch = readonly [label: number, start: number, end: number];

/** Units of the drawing; it is stretched to the width there is. */
const WIDTH = 1000;
const HEIGHT = 10;

/** Segments as stretches. */
export function stretchesOf(segments: readonly Segment[], labels: readonly string[]): Stretch[] {
  return segments.map(({ label, start, end }) => [labels.indexOf(label), start, end]);
}

/**
 * The band from `from` to `to` seconds. What no stretch covers is left bare: the face was not there. Uncertain stretches are
 * left to the hatching behind the drawing.
 * @param className of label `index`
 */
export function band(
  stretches: readonly Stretch[],
  from: number,
  to: number,
  className: (index: number) => string = (index) => `c${index}`,
): string {
  const length = to - from;
  const at = (seconds: number) => ((WIDTH * (Math.min(to, Math.max(from, seconds)) - from)) / length).toFixed(1);
  const box = (start: number, end: number) => `M${at(start)} 0H${at(end)}V${HEIGHT}H${at(start)}Z`;
  const paths = new Map<number, string>();
  let bare = '';
  let reached = from;
  for (const [label, start, end] of stretches) {
    if (end <= from || start >= to) continue;
    if (start > reached) bare += box(reached, start);
    reached = Math.max(reached, end);
    if (label >= 0) paths.set(label, (paths.get(label) ?? '') + box(start, end));
  }
  if (reached < to) bare += box(reached, to);
  const drawn = [...paths].map(([label, d]) => `<path class="${className(label)}" d="${d}"/>`);
  if (bare) drawn.push(`<path class="bare" d="${bare}"/>`);
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">${drawn.join('')}</svg>`;
}

/** At most `cells` stretches: where there are more, each cell takes the label that holds most of it. Neighbours are joined. */
export function coarse(stretches: readonly Stretch[], cells: number): Stretch[] {
  if (stretches.length <= cells) return [...stretches];
  const begin = stretches[0]![1];
  const step = (stretches.at(-1)![2] - begin) / cells;
  const found: [number, number, number][] = [];
  let first = 0;
  for (let i = 0; i < cells; i++) {
    const [from, to] = [begin + i * step, begin + (i + 1) * step];
    while (first < stretches.length && stretches[first]![2] <= from) first++;
    const held = new Map<number, number>();
    for (let j = first; j < stretches.length && stretches[j]![1] < to; j++) {
      const [label, start, end] = stretches[j]!;
      held.set(label, (held.get(label) ?? 0) + Math.min(to, end) - Math.max(from, start));
    }
    const [best] = [...held].sort(([, a], [, b]) => b - a);
    if (!best || best[1] < step / 2) continue; // mostly without the face
    const last = found.at(-1);
    if (last && last[0] === best[0] && Math.abs(last[2] - from) < step / 1000) last[2] = to;
    else found.push([best[0], from, to]);
  }
  return found;
}
