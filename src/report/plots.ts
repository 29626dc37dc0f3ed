/** Plots and tables of experiment reports: SVG and HTML without scripts or network. */
import { scaleLinear, scaleLog, scalePoint } from 'd3-scale';
import { line } from 'd3-shape';
import { escapeHtml } from './format.js';

export { escapeHtml };

/** 12.3% */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

const hues = [
  ...['#2b6cb0', '#d98e04', '#0b8f8a', '#c8364b', '#7a4fb5', '#5b8c2a', '#a8501f', '#667085'],
  ...['#c2528b', '#1f9bd1', '#8c6d1f', '#4b5fd6'],
];

/** Colour of the nth series. */
export function hue(n: number): string {
  return hues[n % hues.length]!;
}

const style = `
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5a6475; --line: #d8dde6; --paper: #fff; --link: #245a94; --cell: 43,108,176; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e8ebf0; --soft: #a3adbd; --line: #344054; --paper: #14181f; --link: #9dc3ee; --cell: 99,168,236; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin-top: 2.4rem; } h3 { font-size: 1rem; margin: 0 0 .4rem; } p { color: var(--soft); margin-top: .3rem; max-width: 80ch; } a { color: var(--link); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 33rem), 1fr)); gap: 1.6rem 2rem; align-items: start; margin: 1.2rem 0; }
figure { margin: 0; min-width: 0; } figcaption { color: var(--soft); font-size: 13px; max-width: 70ch; } figcaption p { margin: .3rem 0 0; } svg { display: block; width: 100%; max-width: 44rem; height: auto; }
svg text { fill: var(--soft); font-size: 12px; } svg text.name, svg text.value { fill: var(--ink); } svg text.value { font-variant-numeric: tabular-nums; } .grid { stroke: var(--line); } .zero { stroke: var(--ink); } .chance { stroke: var(--soft); stroke-dasharray: 2 4; fill: none; } .curve { fill: none; stroke-width: 2; }
details { margin-top: .4rem; font-size: 14px; } summary { cursor: pointer; color: var(--link); width: fit-content; padding: 2px 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; } th { font-weight: 500; color: var(--soft); } tbody th { color: var(--ink); font-weight: 450; } .wide { overflow-x: auto; } pre { overflow-x: auto; font-size: 12px; color: var(--soft); }
.key { display: inline-block; width: 1em; border-top: 3px solid; vertical-align: middle; margin: 0 .35em 0 0; } .keys { display: flex; flex-wrap: wrap; gap: 0 1.1em; } .key.dashed { border-top-style: dashed; } .key.chance { border-top: 2px dotted var(--soft); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
@media (max-width: 600px) { figure svg { min-width: 30rem; } }
@media (forced-colors: active) { svg, td { forced-color-adjust: none; } }
@media print { body { max-width: none; margin: 0; } * { print-color-adjust: exact; } figure, tr { break-inside: avoid; } .wide { overflow: visible; } }`;

/** A whole page; `body` is markup. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${style}</style></head><body><main>
${body}
</main></body></html>
`;
}

/** A table that scrolls where it is too wide; `head` and cells are text, the first column's are names. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], name = 'Table'): string {
  const first = head[0] ? `<th scope="col">${escapeHtml(head[0])}</th>` : '<td></td>';
  const heads = head.slice(1).map((c) => `<th scope="col">${escapeHtml(c)}</th>`);
  const body = rows.map(([own, ...cells]) => {
    const values = cells.map((c) => `<td>${escapeHtml(c)}</td>`).join('');
    return `<tr><th scope="row">${escapeHtml(own ?? '')}</th>${values}</tr>`;
  });
  return `<div class="wide" tabindex="0" role="group" aria-label="${escapeHtml(name)}"><table><thead><tr>${first}${heads.join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`;
}

/** A confusion matrix, `counts[truth][predicted]`, shaded by share of the row. */
export function confusionTable(labels: readonly string[], counts: readonly (readonly number[])[]): string {
  const head = [...labels, 'recall'].map((label) => `<th scope="col">${escapeHtml(label)}</th>`).join('');
  const rows = counts.map((row, i) => {
    const n = row.reduce((a, b) => a + b, 0);
    const cells = row.map(
      (c) => `<td style="background:rgba(var(--cell),${((0.75 * c) / Math.max(1, n)).toFixed(3)})">${c || ''}</td>`,
    );
    return `<tr><th scope="row">${escapeHtml(labels[i]!)}</th>${cells.join('')}<td>${n === 0 ? '' : percent(row[i]! / n)}</td></tr>`;
  });
  return `<div class="wide" tabindex="0" role="group" aria-label="Confusion matrix"><table><tr><td></td>${head}</tr>${rows.join('\n')}</table></div>`;
}

/** Points that belong together. */
export interface Series {
  name: string;
  /** Number of its colour; by order else. */
  colour?: number;
  /** What chance would give: dotted, without points. */
  chance?: boolean;
  points: readonly { x: number; y: number; margin?: number | null | undefined; label?: string }[];
  dashed?: boolean;
}

/** What a line plot says beside its points. */
export interface PlotOptions {
  title: string;
  x: string;
  /** Whether y is a share, shown in percent. */
  shares: boolean;
  /** Where x values stand: by size, evenly in ascending order, or by logarithm, where 0 stands apart at the left. */
  spacing?: 'linear' | 'even' | 'log';
  /** Points without lines between them. */
  scatter?: boolean;
  /** Words under the plot: what it shows, of how many, which interval. */
  caption?: string;
}

const [width, height, left, bottom, top] = [560, 300, 46, 40, 26];

/** From values to where they stand. */
function placeOf(xs: readonly number[], spacing: NonNullable<PlotOptions['spacing']>): (value: number) => number {
  const range = [left + 12, width - 24];
  const [first, last] = [xs[0]!, xs.at(-1)!];
  if (spacing === 'even') {
    const even = scalePoint(xs.map(String), range).padding(0.2);
    return (value) => even(String(value))!;
  }
  const positive = xs.filter((value) => value > 0);
  if (spacing === 'linear' || positive.length === 0) return scaleLinear([first, Math.max(last, first + 1e-9)], range);
  const begin = first > 0 ? left + 20 : left + 90;
  const log = scaleLog([positive[0]!, Math.max(last, positive[0]! * 1.0001)], [begin, width - 24]);
  return (value) => (value > 0 ? log(value) : left + 30);
}

/** Between 0 and a logarithmic axis. */
const breakMark = `<path class="zero" d="M${left + 54} ${height - bottom + 5}l4 -10m4 10l4 -10" fill="none"/>`;

/** Values whose words do not cover each other, from the left. */
function apart(xs: readonly number[], x: (value: number) => number): number[] {
  let reached = Number.NEGATIVE_INFINITY;
  return xs.filter((value) => {
    const room = 3.5 * String(value).length + 4;
    if (x(value) - room < reached) return false;
    reached = x(value) + room;
    return true;
  });
}

/** Series over x with 95% margins. Empty when there is no point. */
export function linePlot(series: readonly Series[], options: PlotOptions): string {
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return '';
  const { title, shares, spacing = 'linear', scatter = false } = options;
  const xs = [...new Set(points.map((p) => p.x))].sort((a, b) => a - b);
  const x = placeOf(xs, spacing);
  const lows = points.map((p) => p.y - (p.margin ?? 0));
  const highs = points.map((p) => p.y + (p.margin ?? 0));
  const clamp = (value: number) => (shares ? Math.min(1, Math.max(0, value)) : value);
  const [low, high] = [clamp(Math.min(...lows)), clamp(Math.max(...highs))];
  const y = scaleLinear([low, high === low ? low + 0.1 : high], [height - bottom, top]).nice();
  const grid = y.ticks(6).map((v) => {
    const text = shares ? `${Math.round(1000 * v) / 10}%` : String(v);
    return `<line class="grid" x1="${left}" x2="${width - 10}" y1="${y(v)}" y2="${y(v)}"/><text x="${left - 5}" y="${y(v) + 4}" text-anchor="end">${text}</text>`;
  });
  const ticks = spacing === 'linear' ? scaleLinear([xs[0]!, xs.at(-1)!], [0, 1]).ticks(6) : apart(xs, x);
  const columns = ticks.map((v) => `<text x="${x(v)}" y="${height - bottom + 16}" text-anchor="middle">${v}</text>`);
  if (spacing === 'log' && xs[0] === 0 && xs.length > 1) columns.push(breakMark);
  const shown = series.filter(({ chance }) => !chance);
  const taken: Taken[] = [{ from: 0, to: width, y: 14 }]; // the title
  const drawn = series.map(({ points: own, dashed, chance, colour }, n) => {
    const ordered = [...own].sort((a, b) => a.x - b.x);
    const ink = hue(colour ?? n);
    const path =
      line<(typeof ordered)[number]>(
        (p) => x(p.x),
        (p) => y(p.y),
      ).digits(1)(ordered) ?? '';
    if (chance) return `<path class="chance" d="${path}"/>`;
    const place = shown.findIndex(({ points }) => points === own) - (shown.length - 1) / 2;
    const marks = ordered.map((p) => {
      // Series stand a little apart, so that their margins do not cover each other.
      const at = (x(p.x) + (scatter ? 0 : 3 * place)).toFixed(1);
      const bar = p.margin
        ? `<line x1="${at}" x2="${at}" y1="${y(clamp(p.y - p.margin)).toFixed(1)}" y2="${y(clamp(p.y + p.margin)).toFixed(1)}" stroke="${ink}" opacity="0.55"/>`
        : '';
      const words = p.label ? nameBeside(p.label, Number(at), y(p.y), taken) : '';
      return `${bar}<circle cx="${at}" cy="${y(p.y).toFixed(1)}" r="${ordered.length > 30 ? 0 : 3.5}" fill="${ink}"/>${words}`;
    });
    const curve = scatter
      ? ''
      : `<path class="curve" d="${path}" stroke="${ink}"${dashed ? ' stroke-dasharray="5 4"' : ''}/>`;
    return curve + marks.join('');
  });
  const keys = series.map(({ name, chance, dashed, colour }, n) => {
    const kind = chance ? ' chance' : dashed ? ' dashed' : '';
    return `<span><span class="key${kind}"${chance ? '' : ` style="border-color:${hue(colour ?? n)}"`}></span>${escapeHtml(name)}</span>`;
  });
  return `<figure><div class="wide" tabindex="0" role="group" aria-label="${escapeHtml(title)}"><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}"><text class="name" x="10" y="14">${escapeHtml(title)}</text>
${grid.join('')}${columns.join('')}<text x="${(left + width) / 2}" y="${height - 6}" text-anchor="middle">${escapeHtml(options.x)}</text>${drawn.join('\n')}</svg></div>
<figcaption><div class="keys">${keys.join('')}</div>${captionText(options.caption)}</figcaption></figure>`;
}

/** Where words already stand. */
interface Taken {
  from: number;
  to: number;
  y: number;
}

/** A point's name above, below or beside it, where no other stands; left to the key under the plot where there is no room. */
function nameBeside(name: string, x: number, y: number, taken: Taken[]): string {
  const room = 6.6 * name.length;
  const over = x + 7 + room > width;
  const [from, to] = over ? [x - 7 - room, x - 7] : [x + 7, x + 7 + room];
  const at = [y - 5, y + 13, y - 18].find((place) =>
    taken.every((other) => Math.abs(other.y - place) > 12 || other.to < from || other.from > to),
  );
  if (at === undefined) return '';
  taken.push({ from, to, y: at });
  return `<text class="name" x="${over ? to : from}" y="${at.toFixed(1)}"${over ? ' text-anchor="end"' : ''}>${escapeHtml(name)}</text>`;
}

function captionText(caption: string | undefined): string {
  return caption ? `<p>${escapeHtml(caption)}</p>` : '';
}

/** A dot with its margin. */
export interface Bar {
  name: string;
  y: number;
  margin: number | null;
}

/** Groups of dots with 95% margins, one row a group, one dot a series: accuracy per condition, say. Shares. */
export function dotPlot(
  title: string,
  groups: readonly { name: string; bars: readonly (Bar | undefined)[] }[],
  names: readonly string[],
  caption?: string,
): string {
  const bars = groups.flatMap(({ bars }) => bars.flatMap((bar) => bar ?? []));
  if (bars.length === 0) return '';
  const step = 14;
  const begin = 160;
  const heights = groups.map(({ bars }) => bars.length * step + 12);
  const tall = heights.reduce((a, b) => a + b, 0) + 50;
  const low = Math.max(0, Math.min(...bars.map((b) => b.y - (b.margin ?? 0))));
  const high = Math.min(1, Math.max(...bars.map((b) => b.y + (b.margin ?? 0))));
  const x = scaleLinear([low, high === low ? low + 0.1 : high], [begin, width - 20]).nice();
  const grid = x.ticks(6).map((v) => {
    return `<line class="grid" x1="${x(v)}" x2="${x(v)}" y1="24" y2="${tall - 20}"/><text x="${x(v)}" y="${tall - 6}" text-anchor="middle">${Math.round(1000 * v) / 10}%</text>`;
  });
  let at = 30;
  const rows = groups.map(({ name, bars }, g) => {
    const marks = bars.map((bar, n) => {
      if (!bar) return '';
      const y = at + n * step + 8;
      const [from, to] = [Math.max(low, bar.y - (bar.margin ?? 0)), Math.min(high, bar.y + (bar.margin ?? 0))];
      return `<line x1="${x(from)}" x2="${x(to)}" y1="${y}" y2="${y}" stroke="${hue(n)}" opacity="0.5"/><circle cx="${x(bar.y)}" cy="${y}" r="3.5" fill="${hue(n)}"><title>${escapeHtml(bar.name)} ${percent(bar.y)}</title></circle>`;
    });
    const words = `<text x="${begin - 10}" y="${at + (bars.length * step) / 2 + 6}" text-anchor="end">${escapeHtml(name)}</text>`;
    at += heights[g]!;
    return words + marks.join('');
  });
  const keys = names.map(
    (name, n) => `<span><span class="key" style="border-color:${hue(n)}"></span>${escapeHtml(name)}</span>`,
  );
  return `<figure><div class="wide" tabindex="0" role="group" aria-label="${escapeHtml(title)}"><svg viewBox="0 0 ${width} ${tall}" role="img" aria-label="${escapeHtml(title)}"><text class="name" x="10" y="14">${escapeHtml(title)}</text>
${grid.join('')}${rows.join('\n')}</svg></div><figcaption><div class="keys">${keys.join('')}</div>${captionText(caption)}</figcaption></figure>`;
}
