/**
 * When an expression of MMI begins, peaks and is over, from the action units that the corpus annotates for some sessions:
 *
 *     Sessions/1/S001-001-oao_aucs.xml     <ActionUnit Number="12"><Marker Frame="21" Type="1"/>...</ActionUnit>
 *
 * Frames count from 1. From a marker on, the action unit is 0: neutral, 1: in its onset, 2: at its apex, 3: in its offset.
 */
import type { CorpusClip } from './corpus.js';
import { xmlTags } from './xml.js';

/** Markers beyond this are no frame of a clip. */
const lastFrame = 20_000;
/** Blinks are no part of an expression. */
const blink = '45';

/**
 * Onset: the first action unit begins. Apex: the middle of the first longest stretch in which most of them are at their apex.
 * Offset: the last of them is neutral again. Only what is annotated is there; nothing without an apex.
 */
export function phasesOf(text: string): Pick<CorpusClip, 'onset' | 'apex' | 'offset'> {
  const units = unitsOf(text);
  const atApex = new Map<number, number>();
  let onset: number | undefined;
  let offset: number | undefined;
  for (const markers of units) {
    for (const [i, { frame, type }] of markers.entries()) {
      const next = markers[i + 1];
      if (type === 1) onset = Math.min(onset ?? frame, frame);
      if (type === 0 && markers[i - 1]?.type === 3) offset = Math.max(offset ?? frame, frame);
      // An apex that nothing ends is known at its first frame only.
      if (type === 2) for (let n = frame; n < (next?.frame ?? frame + 1); n++) atApex.set(n, (atApex.get(n) ?? 0) + 1);
    }
  }
  const apex = middle(atApex);
  if (apex === undefined) return {};
  return { apex, ...(onset !== undefined && { onset }), ...(offset !== undefined && { offset }) };
}

interface Marker {
  /** From 0. */
  frame: number;
  type: number;
}

/** The markers of each action unit, in the order of time. */
function unitsOf(text: string): Marker[][] {
  const units: Marker[][] = [];
  let markers: Marker[] | undefined;
  for (const { name, attributes } of xmlTags(text)) {
    if (name === 'ActionUnit') {
      markers = attributes.Number === blink ? undefined : [];
      if (markers) units.push(markers);
    } else if (name === 'Marker' && markers) {
      const [frame, type] = [Number(attributes.Frame) - 1, Number(attributes.Type)];
      if (Number.isInteger(frame) && frame >= 0 && frame < lastFrame && [0, 1, 2, 3].includes(type)) {
        markers.push({ frame, type });
      }
    }
  }
  for (const unit of units) unit.sort((a, b) => a.frame - b.frame);
  return units;
}

/** The middle of the first longest stretch of frames with the highest count. */
function middle(counts: ReadonlyMap<number, number>): number | undefined {
  let most = 0;
  for (const count of counts.values()) most = Math.max(most, count);
  const frames = [...counts].filter(([, count]) => count === most).map(([frame]) => frame);
  frames.sort((a, b) => a - b);
  let best = { first: 0, length: 0 };
  let first = 0;
  frames.forEach((frame, i) => {
    if (frame !== frames[i - 1]! + 1) first = frame;
    if (frame - first + 1 > best.length) best = { first, length: frame - first + 1 };
  });
  return best.length === 0 ? undefined : best.first + Math.floor((best.length - 1) / 2);
}
