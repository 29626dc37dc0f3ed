/** What the charts show, as tables: segments, the curves by parts of the time, and long timelines in rows. */
import type { FaceView } from '../timeline/result.js';
import { UNCERTAIN } from '../timeline/segments.js';
import { centre } from '../timeline/smooth.js';
import { clock, escapeHtml, percent } from './format.js';
import { type Bin, bins } from './moments.js';
import { band, stretchesOf } from './ribbon.js';
import { secondsByLabel, sharesText } from './shares.js';

/** More segments than this are folded away at first. */
const OPEN = 40;

/** @param most rows at most */
export function segmentTable({ segments, labels, ...view }: FaceView, most: number): string {
  const cell = (value: number | null) => `<td>${value === null ? '–' : clock(value)}</td>`;
  const rows = segments.slice(0, most).map((s) => {
    const c = labels.indexOf(s.label);
    const bar = `<span class="bar"><i style="width:${percent(s.probability)}"></i></span>`;
    return `<tr class="${c < 0 ? 'unsure' : `c${c}`}"><th scope="row"><span class="dot"></span>${escapeHtml(s.label)}</th><td>${clock(s.start)}</td><td>${clock(s.end)}</td>${cell(s.onset)}${cell(s.apex)}${cell(s.offset)}<td>${percent(s.probability)}${bar}</td></tr>`;
  });
  const table = `<div class="wide" tabindex="0" role="group" aria-label="Table of segments${ofFace(view)}"><table>
<thead><tr><th scope="col">Expression</th><th scope="col">From</th><th scope="col">To</th><th scope="col">Onset</th><th scope="col">Apex</th><th scope="col">Offset</th><th scope="col" abbr="Probability">Prob.</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></div>`;
  const left = segments.length - rows.length;
  const more =
    left > 0
      ? `<p class="key">${left} later segments are left out here; <code>vultus analyze --json</code> gives them all.</p>`
      : '';
  const key = `<p class="key">Apex: where the expression's probability is highest. Onset and offset: where it rises through, and falls below, half of that. They are times of the model's belief, not of muscles.</p>`;
  if (segments.length <= OPEN) return table + key;
  return `<details><summary>All ${segments.length} segments</summary>${table}${more}</details>${key}`;
}

/** Tells the regions of several faces apart. */
function ofFace({ faces, face }: Pick<FaceView, 'faces' | 'face'>): string {
  return faces.length > 1 ? `, face ${face}` : '';
}

/** The curves as a table of means, folded away: the same for those who cannot see the chart. */
export function curveTable(view: FaceView): string {
  const { labels, duration, windows, segments } = view;
  const rows = bins(duration, 24).flatMap((bin) => {
    const own = windows.filter((w) => inside(centre(w), bin, duration));
    if (own.length === 0) return [];
    const mean = (of: (w: (typeof own)[number]) => number) => own.reduce((sum, w) => sum + of(w), 0) / own.length;
    const means = labels.map((_, c) => mean((w) => w.probabilities[c]!));
    const highest = Math.max(...means);
    const cells = means.map((p) => `<td>${p === highest ? `<b>${percent(p)}</b>` : percent(p)}</td>`);
    return `<tr><th scope="row">${span(bin)}</th>${cells.join('')}<td>${percent(uncertainShare(segments, bin))}</td><td>${mean((w) => w.energy).toFixed(2)}</td></tr>`;
  });
  const names = labels.map((label) => `<th scope="col">${escapeHtml(label)}</th>`);
  return `<details><summary>The chart as a table</summary><div class="wide" tabindex="0" role="group" aria-label="The chart as a table${ofFace(view)}"><table>
<thead><tr><th scope="col">Time</th>${names.join('')}<th scope="col">${UNCERTAIN}</th><th scope="col">energy</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>
<p class="key">Mean probability of each expression, not smoothed; share of the time that is uncertain; mean residual energy in luma steps.</p></details>`;
}

/** Whether a moment belongs to the bin; the last bin holds its end. */
function inside(time: number, { start, end }: Bin, duration: number): boolean {
  return start <= time && (time < end || end >= duration);
}

function uncertainShare(segments: FaceView['segments'], bin: Bin): number {
  const held = secondsByLabel(within(segments, bin));
  const total = [...held.values()].reduce((a, b) => a + b, 0);
  return total > 0 ? (held.get(UNCERTAIN) ?? 0) / total : 0;
}

/** The parts of segments inside a bin. */
function within(segments: FaceView['segments'], { start, end }: Bin): FaceView['segments'] {
  return segments
    .filter((s) => s.end > start && s.start < end)
    .map((s) => ({ ...s, start: Math.max(start, s.start), end: Math.min(end, s.end) }));
}

function span({ start, end }: Bin): string {
  const text = (seconds: number) => (Number.isInteger(start) ? clock(seconds).replace(/\.0$/, '') : clock(seconds));
  return `${text(start)} – ${text(end)}`;
}

/** A video of more than this many seconds is also shown in rows. */
const LONG = 240;

/** The band of a long video in at most sixteen rows, so that a second's expression can be seen; empty for a short one. */
export function bandRows({ segments, labels, duration }: FaceView): string {
  if (duration <= LONG) return '';
  const stretches = stretchesOf(segments, labels);
  const rows = bins(duration, 16).map((bin, _, all) => {
    const length = all[0]!.end;
    const words = sharesText(secondsByLabel(within(segments, bin))) || 'no face';
    const width = ((100 * (bin.end - bin.start)) / length).toFixed(2);
    return `<div class="lane row"><div class="name">${clock(bin.start).replace(/\.0$/, '')}</div><div class="plot ribbon fine" style="width:${width}%" role="img" aria-label="${escapeHtml(`${span(bin)}: ${words}`)}">${band(stretches, bin.start, bin.end)}</div></div>`;
  });
  return rows.join('\n');
}
