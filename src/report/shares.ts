/** How much of the time each expression holds: figures, and a bar of them with its legend. */
import type { Segment } from '../timeline/segments.js';
import { UNCERTAIN } from '../timeline/segments.js';
import { escapeHtml, percent } from './format.js';

/** Seconds by label, `uncertain` included, the longest first. With several faces: of all of them together. */
export function secondsByLabel(segments: readonly Segment[]): Map<string, number> {
  const seconds = new Map<string, number>();
  for (const { label, start, end } of segments) seconds.set(label, (seconds.get(label) ?? 0) + end - start);
  return sorted(seconds);
}

/** The sum of several. */
export function addSeconds(all: Iterable<ReadonlyMap<string, number>>): Map<string, number> {
  const seconds = new Map<string, number>();
  for (const one of all) for (const [label, time] of one) seconds.set(label, (seconds.get(label) ?? 0) + time);
  return sorted(seconds);
}

function sorted(seconds: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...seconds].filter(([, time]) => time > 0).sort(([, a], [, b]) => b - a));
}

/** `neutral 53%, surprise 19%, uncertain 16%` */
export function sharesText(seconds: ReadonlyMap<string, number>, most = Number.POSITIVE_INFINITY): string {
  const total = totalOf(seconds);
  const parts = [...seconds].slice(0, most).map(([label, time]) => `${label} ${percent(time / total)}`);
  return parts.join(', ');
}

export function totalOf(seconds: ReadonlyMap<string, number>): number {
  return [...seconds.values()].reduce((a, b) => a + b, 0);
}

/** A bar of the shares and a list of them; empty without any time. */
export function shareBar(seconds: ReadonlyMap<string, number>, labels: readonly string[]): string {
  const total = totalOf(seconds);
  if (total === 0) return '';
  // Uncertain time stands at the end, whatever its share.
  const parts = [...seconds].sort(([a], [b]) => Number(a === UNCERTAIN) - Number(b === UNCERTAIN));
  const name = (label: string) => (label === UNCERTAIN ? 'unsure' : `c${labels.indexOf(label)}`);
  const bar = parts.map(
    ([label, time]) => `<i class="${name(label)}" style="width:${((100 * time) / total).toFixed(2)}%"></i>`,
  );
  const list = parts.map(
    ([label, time]) =>
      `<li class="${name(label)}"><span class="dot"></span>${escapeHtml(label)} <b>${percent(time / total)}</b></li>`,
  );
  return `<div class="share"><div class="stack" aria-hidden="true">${bar.join('')}</div><ul class="legend">${list.join('')}</ul></div>`;
}
