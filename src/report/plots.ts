/** Plots and tables of experiment reports: SVG and HTML without scripts or network. */
import { scaleLinear, scalePoint } from 'd3-scale';
import { line } from 'd3-shape';

/** Escapes text for HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);
}

/** 12.3% */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

const hues = ['#2b6cb0', '#d98e04', '#0b8f8a', '#c8364b', '#7a4fb5', '#5b8c2a', '#a8501f', '#667085'];

/** Colour of the nth series. */
export function hue(n: number): string {
  return hues[n % hues.length]!;
}

const style = `
:root { color-scheme: light dark; --ink: #1d2430; --soft: #667085; --line: #d8dde6; --paper: #fff; --cell: 43,108,176; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf0; --soft: #98a2b3; --line: #344054; --paper: #14181f; --cell: 99,168,236; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 66rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: 0; } h2 { font-size: 1.05rem; margin-top: 2rem; } p { color: var(--soft); margin-top: .3rem; }
figure { margin: 1rem 0; } figcaption { color: var(--soft); font-size: 13px; } svg { width: 100%; max-width: 40rem; height: auto; }
svg text { fill: var(--soft); font-size: 11px; } .grid { stroke: var(--line); } .curve { fill: none; stroke-width: 2; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } th { font-weight: 500; color: var(--soft); } .wide { overflow-x: auto; } pre { overflow-x: auto; font-size: 12px; color: var(--soft); }
.key { display: inline-block; width: 1em; border-top: 3px solid; vertical-align: middle; margin: 0 .3em 0 1em; }`;

/** A whole page; `body` is markup. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${style}</style></head><body>
${body}
</body></html>
`;
}

/** A table; `head` and cells are text, the first column's are names. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]) => row.map((c) => `<${tag}>${escapeHtml(c)}</${tag}>`).join('');
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n');
  return `<div class="wide"><table><tr>${cells('th', head)}</tr>${body}</table></div>`;
}

/** A confusion matrix, `counts[truth][predicted]`, shaded by share of the row. */
export function confusionTable(labels: readonly string[], counts: readonly (readonly number[])[]): string {
  const head = [...labels, 'recall'].map((label) => `<th>${escapeHtml(label)}</th>`).join('');
  const rows = counts.map((row, i) => {
    const n = row.reduce((a, b) => a + b, 0);
    const cells = row.map(
      (c) => `<td style="background:rgba(var(--cell),${((0.75 * c) / Math.max(1, n)).toFixed(3)})">${c || ''}</td>`,
    );
    return `<tr><th>${escapeHtml(labels[i]!)}</th>${cells.join('')}<td>${n === 0 ? '' : percent(row[i]! / n)}</td></tr>`;
  });
  return `<div class="wide"><table><tr><th></th>${head}</tr>${rows.join('\n')}</table></div>`;
}

/** Points that belong together. */
export interface Series {
  name: string;
  points: readonly { x: number; y: number; margin?: number | null | undefined; label?: string }[];
  dashed?: boolean;
}

/** What a line plot says beside its points. */
export interface PlotOptions {
  title: string;
  x: string;
  /** Whether y is a share, shown in percent. */
  shares: boolean;
  /** Where x values stand: by size, or evenly in ascending order (for values of very different sizes). */
  spacing?: 'linear' | 'even';
  /** Points without lines between them. */
  scatter?: boolean;
}

const [width, height, left, bottom, top] = [560, 300, 46, 40, 26];

/** Series over x with 95% margins. Empty when there is no point. */
export function linePlot(series: readonly Series[], options: PlotOptions): string {
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return '';
  const { title, shares, spacing = 'linear', scatter = false } = options;
  const xs = [...new Set(points.map((p) => p.x))].sort((a, b) => a - b);
  const linear = scaleLinear([Math.min(...xs), Math.max(...xs, Math.min(...xs) + 1e-9)], [left + 12, width - 16]);
  const even = scalePoint(xs.map(String), [left + 12, width - 16]).padding(0.2);
  const x = (value: number) => (spacing === 'even' ? even(String(value))! : linear(value));
  const lows = points.map((p) => p.y - (p.margin ?? 0));
  const highs = points.map((p) => p.y + (p.margin ?? 0));
  const clamp = (value: number) => (shares ? Math.min(1, Math.max(0, value)) : value);
  const [low, high] = [clamp(Math.min(...lows)), clamp(Math.max(...highs))];
  const y = scaleLinear([low, high === low ? low + 0.1 : high], [height - bottom, top]).nice();
  const grid = y.ticks(6).map((v) => {
    const text = shares ? `${Math.round(1000 * v) / 10}%` : String(v);
    return `<line class="grid" x1="${left}" x2="${width - 10}" y1="${y(v)}" y2="${y(v)}"/><text x="${left - 5}" y="${y(v) + 4}" text-anchor="end">${text}</text>`;
  });
  const ticks = spacing === 'even' ? xs : linear.ticks(6);
  const columns = ticks.map((v) => `<text x="${x(v)}" y="${height - bottom + 16}" text-anchor="middle">${v}</text>`);
  const drawn = series.map(({ points: own, dashed }, n) => {
    const ordered = [...own].sort((a, b) => a.x - b.x);
    const path = line<(typeof ordered)[number]>(
      (p) => x(p.x),
      (p) => y(p.y),
    )(ordered);
    const marks = ordered.map((p) => {
      // Series stand a little apart, so that their margins do not cover each other.
      const at = x(p.x) + (series.length > 1 && !scatter ? 3 * (n - (series.length - 1) / 2) : 0);
      const bar = p.margin
        ? `<line x1="${at}" x2="${at}" y1="${y(clamp(p.y - p.margin))}" y2="${y(clamp(p.y + p.margin))}" stroke="${hue(n)}" opacity="0.5"/>`
        : '';
      const words = p.label ? `<text x="${at + 6}" y="${y(p.y) + 4}">${escapeHtml(p.label)}</text>` : '';
      return `${bar}<circle cx="${at}" cy="${y(p.y)}" r="${ordered.length > 30 ? 0 : 3}" fill="${hue(n)}"/>${words}`;
    });
    const curve = scatter
      ? ''
      : `<path class="curve" d="${path ?? ''}" stroke="${hue(n)}"${dashed ? ' stroke-dasharray="4 3"' : ''}/>`;
    return curve + marks.join('');
  });
  const keys = series.map(
    ({ name }, n) => `<span class="key" style="border-color:${hue(n)}"></span>${escapeHtml(name)}`,
  );
  return `<figure><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}"><text x="${left}" y="14">${escapeHtml(title)}</text>
${grid.join('')}${columns.join('')}<text x="${(left + width) / 2}" y="${height - 6}" text-anchor="middle">${escapeHtml(options.x)}</text>${drawn.join('\n')}</svg>
<figcaption>${keys.join('')}</figcaption></figure>`;
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
  const keys = names.map((name, n) => `<span class="key" style="border-color:${hue(n)}"></span>${escapeHtml(name)}`);
  return `<figure><svg viewBox="0 0 ${width} ${tall}" role="img" aria-label="${escapeHtml(title)}"><text x="10" y="14">${escapeHtml(title)}</text>
${grid.join('')}${rows.join('\n')}</svg><figcaption>${keys.join('')}</figcaption></figure>`;
}
