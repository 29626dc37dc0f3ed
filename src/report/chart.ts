/**
 * The timeline as markup. Shapes are SVG stretched to the width there is; words stand beside them as HTML, so that they
 * stay readable on a telephone. Positions are percentages of the video's duration.
 */
import { scaleLinear } from 'd3-scale';
import { area, curveMonotoneX, line } from 'd3-shape';
import type { FaceView } from '../timeline/result.js';
import { UNCERTAIN } from '../timeline/segments.js';
import { centre } from '../timeline/smooth.js';
import { unbroken } from '../timeline/timeline.js';
import type { ExpressionWindow } from '../timeline/window.js';
import { clock, escapeHtml, percent } from './format.js';
import { encodePng } from './png.js';
import { toBase64 } from './text-encoding.js';

/** Points of a drawn curve at most: more cannot be told apart on a screen. */
const MAX_POINTS = 480;
/** Units of the drawings: as wide as MAX_POINTS, 100 high. */
const WIDTH = 1000;
const HEIGHT = 100;

/** A moment of the drawn curves: one window, or the mean of neighbouring ones in a long video. */
export interface Moment {
  time: number;
  probabilities: number[];
  energy: number;
}

/** Moments without a gap between them, and the time that they stand for. */
export interface Span {
  start: number;
  end: number;
  moments: Moment[];
}

/** The windows as about 480 moments at most, in one span for each time that the face is there. */
export function spansOf({ windows }: FaceView): Span[] {
  const bucket = Math.ceil(windows.length / MAX_POINTS);
  return unbroken(windows).map((span) => {
    const found: Moment[] = [];
    for (let i = 0; i < span.length; i += bucket) {
      const part = span.slice(i, i + bucket);
      const mean = (value: (w: ExpressionWindow) => number) => part.reduce((s, w) => s + value(w), 0) / part.length;
      found.push({
        time: mean(centre),
        probabilities: part[0]!.probabilities.map((_, c) => mean((w) => w.probabilities[c]!)),
        energy: mean((w) => w.energy),
      });
    }
    return { start: span[0]!.start, end: span.at(-1)!.end, moments: found };
  });
}

/** `left` and `width` of a stretch of time, as a style. */
function stretch(from: number, to: number, duration: number): string {
  const left = (100 * from) / duration;
  return `left:${left.toFixed(3)}%;width:${((100 * (to - from)) / duration).toFixed(3)}%`;
}

function place(time: number, duration: number): string {
  return `left:${((100 * time) / duration).toFixed(3)}%`;
}

/** Curve of one value over the spans. */
function curve(
  spans: readonly Span[],
  duration: number,
  value: (m: Moment) => number,
): { fill: string; stroke: string } {
  const x = scaleLinear([0, duration], [0, WIDTH]);
  const y = scaleLinear([0, 1], [HEIGHT, 0]).clamp(true);
  const round = (n: number) => Math.round(n * 10) / 10;
  const shape = { x: (m: Moment) => round(x(m.time)), y: (m: Moment) => round(y(value(m))) };
  const [fill, stroke] = [area<Moment>(shape.x, HEIGHT, shape.y), line<Moment>(shape.x, shape.y)];
  const all = spans.map(({ start, end, moments }) => {
    // The first and the last window's values hold to the ends of the span, where no window has its centre.
    return [{ ...moments[0]!, time: start }, ...moments, { ...moments.at(-1)!, time: end }];
  });
  return {
    fill: all.map((moments) => fill.curve(curveMonotoneX).digits(1)(moments) ?? '').join(''),
    stroke: all.map((moments) => stroke.curve(curveMonotoneX).digits(1)(moments) ?? '').join(''),
  };
}

function drawing({ fill, stroke }: { fill: string; stroke: string }, label: string): string {
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${escapeHtml(label)}">
<path class="fill" d="${fill}"/><path class="stroke" d="${stroke}" vector-effect="non-scaling-stroke"/></svg>`;
}

/** One lane per label, the most probable first, with its segments lit. */
export function lanes(result: FaceView, spans: readonly Span[]): string {
  const { labels, distribution, segments, duration, windows } = result;
  const order = labels.map((_, c) => c).sort((a, b) => distribution[b]! - distribution[a]!);
  return order
    .map((c) => {
      const label = labels[c]!;
      const peak = windows.reduce((best, w) => (w.probabilities[c]! > best.probabilities[c]! ? w : best));
      const own = segments.filter((s) => s.label === label);
      const lit = own.map((s) => `<i class="lit" style="${stretch(s.start, s.end, duration)}"></i>`).join('');
      const apexes = own
        .map((s) => `<i class="apex" style="${place(s.apex!, duration)}" title="apex at ${clock(s.apex!)}"></i>`)
        .join('');
      const words = `${label}: mean probability ${percent(distribution[c]!)}, highest ${percent(peak.probabilities[c]!)} around ${clock(centre(peak))}`;
      return `<div class="lane c${c}">
<div class="name"><span class="dot"></span>${escapeHtml(label)}<b>${percent(distribution[c]!)}</b></div>
<div class="plot">${lit}${drawing(
        curve(spans, duration, (m) => m.probabilities[c]!),
        words,
      )}${apexes}</div></div>`;
    })
    .join('\n');
}

/** One band: which label holds when. */
export function ribbon({ segments, labels, duration }: FaceView): string {
  const parts = segments.map((s) => {
    const c = labels.indexOf(s.label);
    const title = `${s.label}, ${clock(s.start)} to ${clock(s.end)}, ${percent(s.probability)}`;
    const wide = (s.end - s.start) / duration > 0.09;
    return `<span class="part ${s.label === UNCERTAIN ? 'unsure' : `c${c}`}" style="${stretch(s.start, s.end, duration)}" title="${escapeHtml(title)}">${wide ? `<em>${escapeHtml(s.label)}</em>` : ''}</span>`;
  });
  return `<div class="lane"><div class="name">segments</div><div class="plot ribbon" role="img" aria-label="Segments; the table below lists them">${parts.join('')}</div></div>`;
}

/** How much the codec had to correct in the face box: movement, light, or a coarse encoder. */
export function energyLane(result: FaceView, spans: readonly Span[]): string {
  const highest = Math.max(...spans.flatMap(({ moments }) => moments.map((m) => m.energy)), 1e-6);
  const words = `Residual energy in the face box: up to ${highest.toFixed(2)} luma steps`;
  return `<div class="lane energy"><div class="name">residual energy<b>${highest.toFixed(1)}</b></div>
<div class="plot">${drawing(
    curve(spans, result.duration, (m) => m.energy / highest),
    words,
  )}</div></div>`;
}

/** Key frames of the face box at their moments. */
export function filmstrip({ thumbnails }: FaceView): string {
  if (thumbnails.length === 0) return '';
  const pictures = thumbnails.map(({ time, width, height, rgb }) => {
    const png = toBase64(encodePng(width, height, rgb));
    return `<figure><img alt="Face box at ${clock(time)}" width="${width}" height="${height}" src="data:image/png;base64,${png}"><figcaption>${clock(time)}</figcaption></figure>`;
  });
  return `<div class="film" aria-label="Key frames of the face box">${pictures.join('')}</div>`;
}

const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/** The time axis: at most eight ticks, every second one left out on narrow screens. */
export function axis(duration: number): string {
  const step = steps.find((s) => duration / s <= 8) ?? Math.ceil(duration / 8 / 3600) * 3600;
  const ticks: string[] = [];
  for (let i = 0; i * step <= duration * 0.97; i++) {
    const seconds = i * step;
    const text = step < 1 ? `${seconds.toFixed(1)} s` : clock(seconds).replace(/\.0$/, '');
    ticks.push(`<span${i % 2 ? ' class="odd"' : ''} style="${place(seconds, duration)}">${text}</span>`);
  }
  return `<div class="lane axis" aria-hidden="true"><div class="name"></div><div class="plot">${ticks.join('')}</div></div>`;
}
