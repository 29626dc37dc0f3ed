/**
 * The timeline as markup. Shapes are SVG stretched to the width there is; words stand beside them as HTML, so that they
 * stay readable on a telephone. Positions are shares of the video's duration.
 */
import { scaleLinear } from 'd3-scale';
import { area, curveLinear, curveMonotoneX, line } from 'd3-shape';
import { spentConfidence } from '../face/tracker.js';
import type { FaceView } from '../timeline/result.js';
import { UNCERTAIN } from '../timeline/segments.js';
import { centre } from '../timeline/smooth.js';
import { clock, escapeHtml, percent } from './format.js';
import { type Moment, roundStep, type Span } from './moments.js';
import { band, stretchesOf } from './ribbon.js';
import { secondsByLabel, sharesText } from './shares.js';

/** Units of the drawings. */
const WIDTH = 1000;
const HEIGHT = 100;
/** About how wide the chart is on a desk, and a letter, in pixels: segments that have room for their name bear it. */
const [ROOM, LETTER, PADDING] = [880, 7.8, 20];

/** With more points than these a curve is drawn in straight pieces. */
const SMOOTH = 200;
/** With more segments than these, apexes and the lines between segments would cover what they stand on. */
export const DOTTED = 150;

/** What of a moment is drawn: a value, and from where to where it wavers; 0..1. */
type Reading = (moment: Moment) => [low: number, value: number, high: number];

/** Curve, the area below it, and the band around it; before them what tells that the face is not there. */
function curves(spans: readonly Span[], duration: number, read: Reading): string {
  const x = scaleLinear([0, duration], [0, WIDTH]);
  const y = scaleLinear([0, 1], [HEIGHT, 0]).clamp(true);
  const at = (m: Moment) => x(m.time);
  const level = (which: 0 | 1 | 2) => (m: Moment) => y(read(m)[which]);
  // Bends between points that are two pixels apart cannot be seen, and cost three times the bytes.
  const bend = spans.reduce((sum, { moments }) => sum + moments.length, 0) > SMOOTH ? curveLinear : curveMonotoneX;
  const shapes = {
    band: area<Moment>(at, level(0), level(2)).curve(bend).digits(1),
    fill: area<Moment>(at, HEIGHT, level(1)).curve(bend).digits(1),
    stroke: line<Moment>(at, level(1)).curve(bend).digits(1),
  };
  // The first and the last window's values hold to the ends of the span, where no window has its centre.
  const whole = spans.map(({ start, end, moments }) => [
    { ...moments[0]!, time: start },
    ...moments,
    { ...moments.at(-1)!, time: end },
  ]);
  const drawn = Object.entries(shapes).map(
    ([name, shape]) => `<path class="${name}" d="${whole.map((moments) => shape(moments) ?? '').join('')}"/>`,
  );
  const absent = boxes(complement(spans, duration), duration);
  return (absent && `<path class="bare" d="${absent}"/>`) + drawn.join('');
}

/** A drawing that fills its plot; `label` is what it says to those who do not see it. */
function drawing(content: string, label: string): string {
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${escapeHtml(label)}">${content}</svg>`;
}

/** Boxes over the whole height, for stretches of time. */
function boxes(stretches: readonly { start: number; end: number }[], duration: number): string {
  const at = (seconds: number) => ((WIDTH * seconds) / duration).toFixed(1);
  return stretches.map(({ start, end }) => `M${at(start)} 0H${at(end)}V${HEIGHT}H${at(start)}Z`).join('');
}

function lane(className: string, name: string, figure: string, plot: string, data = ''): string {
  return `<div class="lane ${className}"${data}><div class="name">${name}<b>${figure}</b></div><div class="plot">${plot}</div></div>`;
}

/** One lane per label, the most probable first, with its segments lit and their apexes as dots. */
export function lanes(view: FaceView, spans: readonly Span[]): string {
  const { labels, distribution, segments, duration, windows } = view;
  const order = labels.map((_, c) => c).sort((a, b) => distribution[b]! - distribution[a]!);
  return order
    .map((c) => {
      const label = labels[c]!;
      const peak = windows.reduce((best, w) => (w.probabilities[c]! > best.probabilities[c]! ? w : best));
      const own = segments.filter((s) => s.label === label);
      const lit = own.length > 0 ? `<path class="lit" d="${boxes(own, duration)}"/>` : '';
      const words = `${label}: mean probability ${percent(distribution[c]!)}, highest ${percent(peak.probabilities[c]!)} around ${clock(centre(peak))}; ${own.length} ${own.length === 1 ? 'segment' : 'segments'}`;
      const curve = curves(spans, duration, (m) => [m.low[c]!, m.probabilities[c]!, m.high[c]!]);
      return lane(
        `c${c} probable`,
        `<span class="dot"></span>${escapeHtml(label)}`,
        percent(distribution[c]!),
        drawing(lit + curve + (segments.length > DOTTED ? '' : apexes(own, spans, c, duration)), words),
        ` data-c="${c}"`,
      );
    })
    .join('\n');
}

/** Lines of no length with round ends: dots that stay round however the drawing is stretched. */
function apexes(own: FaceView['segments'], spans: readonly Span[], c: number, duration: number): string {
  const d = own.map(({ apex }) => {
    const x = ((WIDTH * apex!) / duration).toFixed(1);
    return `M${x} ${(HEIGHT * (1 - heightAt(spans, apex!, c))).toFixed(1)}h0`;
  });
  return d.length === 0 ? '' : `<path class="rim" d="${d.join('')}"/><path class="apex" d="${d.join('')}"/>`;
}

/** The curve's height at a moment. */
function heightAt(spans: readonly Span[], time: number, c: number): number {
  const moments = spans.find(({ start, end }) => start <= time && time <= end)?.moments ?? [];
  const after = moments.findIndex((m) => m.time >= time);
  const [a, b] = [moments[after - 1] ?? moments[0], moments[after] ?? moments.at(-1)];
  if (!a || !b) return 0;
  const share = b.time > a.time ? (time - a.time) / (b.time - a.time) : 0;
  return a.probabilities[c]! + share * (b.probabilities[c]! - a.probabilities[c]!);
}

/** One band: which label holds when. */
export function ribbon({ segments, labels, duration }: FaceView): string {
  const wide = segments.filter(
    ({ label, start, end }) => (ROOM * (end - start)) / duration > LETTER * label.length + PADDING,
  );
  const words = wide.map(({ label, start, end }) => {
    const place = `left:${((100 * start) / duration).toFixed(2)}%;width:${((100 * (end - start)) / duration).toFixed(2)}%`;
    const name = label === UNCERTAIN ? 'unsure' : `c${labels.indexOf(label)}`;
    return `<em class="${name}" style="${place}" aria-hidden="true"><span>${escapeHtml(label)}</span></em>`;
  });
  const text = `Segments: ${sharesText(secondsByLabel(segments))} of the time. The table of segments lists them.`;
  return `<div class="lane"><div class="name">segments<b>${segments.length}</b></div><div class="plot ribbon${segments.length > DOTTED ? ' fine' : ''}" role="img" aria-label="${escapeHtml(text)}">${band(stretchesOf(segments, labels), 0, duration)}${words.join('')}</div></div>`;
}

/** The highest probability over time, hatched where it names nothing. */
export function certaintyLane(view: FaceView, spans: readonly Span[]): string {
  const { segments, duration, threshold } = view;
  const unsure = segments.filter(({ label }) => label === UNCERTAIN);
  const total = segments.reduce((sum, s) => sum + s.end - s.start, 0);
  const share = total > 0 ? unsure.reduce((sum, s) => sum + s.end - s.start, 0) / total : 0;
  const words = `Highest probability at each moment; below ${percent(threshold)}, the threshold, ${percent(share)} of the time are uncertain`;
  // Everything but the uncertain stretches covers the hatching behind.
  const cover = boxes(complement(unsure, duration), duration);
  const curve = curves(spans, duration, (m) => [m.top, m.top, m.top]);
  return lane(
    'certainty probable',
    'certainty',
    `${percent(share)} unsure`,
    drawing(`<path class="cover" d="${cover}"/>${curve}`, words),
  );
}

function complement(stretches: readonly { start: number; end: number }[], duration: number) {
  const found: { start: number; end: number }[] = [];
  let at = 0;
  for (const { start, end } of stretches) {
    if (start > at) found.push({ start: at, end: start });
    at = Math.max(at, end);
  }
  if (at < duration) found.push({ start: at, end: duration });
  return found;
}

/** How much the codec had to correct in the face box: movement, light, or a coarse encoder. */
export function energyLane({ duration }: FaceView, spans: readonly Span[]): string {
  const highest = Math.max(
    1e-6,
    spans.flatMap(({ moments }) => moments).reduce((top, m) => Math.max(top, m.energyRange[1]), 0),
  );
  const words = `Residual energy in the face box: up to ${highest.toFixed(2)} luma steps`;
  const curve = curves(spans, duration, ({ energy, energyRange: [low, high] }) => [
    low / highest,
    energy / highest,
    high / highest,
  ]);
  return lane('energy', 'residual energy', `≤ ${highest.toFixed(1)}`, drawing(curve, words));
}

/** How sure it is that the box is on the face; empty where there was never a doubt. */
export function confidenceLane({ duration, located }: FaceView, spans: readonly Span[]): string {
  const lowest = spans.flatMap(({ moments }) => moments).reduce((low, m) => Math.min(low, m.confidence), 1);
  if (located !== 'auto' || lowest >= 0.5) return '';
  const words = `Confidence that the box is on the face: at least ${percent(lowest)}; below ${percent(spentConfidence)} it may be beside it`;
  return lane(
    'energy box',
    'face box',
    `≥ ${percent(lowest)}`,
    drawing(
      curves(spans, duration, ({ confidence }) => [confidence, confidence, confidence]),
      words,
    ),
  );
}

/** The time axis: at most eight ticks, every second one left out on narrow screens. */
export function axis(duration: number): string {
  const step = roundStep(duration, 8);
  const ticks: string[] = [];
  for (let i = 0; i * step <= duration * 0.97; i++) {
    const seconds = i * step;
    const text = step < 1 ? `${seconds.toFixed(1)} s` : clock(seconds).replace(/\.0$/, '');
    const left = ((100 * seconds) / duration).toFixed(2);
    ticks.push(`<span${i % 2 ? ' class="odd"' : ''} style="left:${left}%">${text}</span>`);
  }
  return `<div class="lane axis" aria-hidden="true"><div class="name"></div><div class="plot">${ticks.join('')}</div></div>`;
}
