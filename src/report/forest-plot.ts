/** A forest plot: one line a row with its dot, its 95% interval and both in words. SVG without scripts. */
import { scaleLinear } from 'd3-scale';
import { escapeHtml } from './format.js';
import { hue } from './plots.js';

/** A dot with its interval. Shares. */
export interface ForestRow {
  name: string;
  y: number;
  /** Half the width of the interval; null where it is not known. */
  margin: number | null;
  /** Beside the dot, in words. */
  text: string;
  /** Number of its colour; by order else. */
  colour?: number;
}

const [width, begin, end, step] = [620, 190, 486, 24];

/**
 * Empty without rows.
 * @param zero a line at 0, which the axis then holds: for differences
 */
export function forestPlot(title: string, rows: readonly ForestRow[], caption: string, zero = false): string {
  const finite = rows.filter(({ y }) => Number.isFinite(y));
  if (finite.length === 0) return '';
  const ends = finite.flatMap(({ y, margin }) => [y - (margin ?? 0), y + (margin ?? 0)]);
  const bound = (value: number) => (zero ? value : Math.min(1, Math.max(0, value)));
  const [low, high] = [bound(Math.min(...ends, ...(zero ? [0] : []))), bound(Math.max(...ends, ...(zero ? [0] : [])))];
  const x = scaleLinear([low, high > low ? high : low + 0.1], [begin, end]).nice();
  const tall = 34 + finite.length * step + 26;
  const percent = (value: number) => `${value > 0 && zero ? '+' : ''}${Math.round(1000 * value) / 10}`;
  const grid = x.ticks(5).map((value) => {
    const at = x(value).toFixed(1);
    const own = zero && value === 0 ? 'zero' : 'grid';
    return `<line class="${own}" x1="${at}" x2="${at}" y1="26" y2="${tall - 22}"/><text x="${at}" y="${tall - 6}" text-anchor="middle">${percent(value)}${zero ? '' : '%'}</text>`;
  });
  const drawn = finite.map(({ name, y, margin, text, colour }, i) => {
    const at = 34 + i * step + step / 2;
    const ink = hue(colour ?? i);
    const [from, to] = [x(bound(y - (margin ?? 0))), x(bound(y + (margin ?? 0)))].map((v) => v.toFixed(1));
    const interval =
      margin === null
        ? ''
        : `<path d="M${from} ${at - 4}v8m0 -4H${to}m0 -4v8" stroke="${ink}" stroke-width="1.5" fill="none"/>`;
    const short = name.length > 27 ? `${name.slice(0, 26)}…` : name;
    return `<text class="name" x="${begin - 12}" y="${at + 4}" text-anchor="end">${escapeHtml(short)}${short === name ? '' : `<title>${escapeHtml(name)}</title>`}</text>${interval}<circle cx="${x(y).toFixed(1)}" cy="${at}" r="4.5" fill="${ink}"/><text class="value" x="${end + 12}" y="${at + 4}">${escapeHtml(text)}</text>`;
  });
  return `<figure><div class="wide" tabindex="0" role="group" aria-label="${escapeHtml(title)}"><svg viewBox="0 0 ${width} ${tall}" role="img" aria-label="${escapeHtml(title)}"><text class="name" x="10" y="14">${escapeHtml(title)}</text>
${grid.join('')}${drawn.join('\n')}</svg></div><figcaption><p>${escapeHtml(caption)}</p></figcaption></figure>`;
}
