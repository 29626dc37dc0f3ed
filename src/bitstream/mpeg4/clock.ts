/**
 * Time in the stream's own clock (14496-2, 6.3.5): a VOP counts the seconds since the anchor before it. A clock is fed
 * by whoever reads headers first; a picture seen again keeps its time.
 */
import type { Layer } from './layer.js';
import type { Vop } from './vop.js';

/** Times in ticks; distances to the past anchor, as B-VOPs need them (7.6.9.5.2). */
export interface VopTime {
  time: number;
  /** From the past anchor to this picture, TRB; 0 in anchors. */
  trb: number;
  /** From the past anchor to the next, TRD; 0: unknown. */
  trd: number;
  trbField: number;
  trdField: number;
}

const remembered = 16;

export class VopClock {
  private seconds = 0;
  private secondsBefore = 0;
  private anchor: number | undefined;
  private anchorBefore: number | undefined;
  /** Ticks of one frame: the distance of the first B-VOP from its past anchor. */
  private frame = 0;
  private readonly seen = new Map<string, VopTime>();

  /** time_code of a group_of_vop(). */
  setSeconds(seconds: number): void {
    this.seconds = seconds;
    this.secondsBefore = seconds;
  }

  /** Forgets the stream's past: after a seek the next anchor is the first. */
  visit(key: string, vop: Vop, layer: Layer): VopTime {
    const known = this.seen.get(key);
    if (known) return known;
    const time = vop.type === 'B' ? this.visitBetween(vop, layer) : this.visitAnchor(vop, layer);
    this.seen.set(key, time);
    if (this.seen.size > remembered) this.seen.delete(this.seen.keys().next().value as string);
    return time;
  }

  private visitAnchor(vop: Vop, layer: Layer): VopTime {
    this.secondsBefore = this.seconds;
    this.seconds += vop.moduloTimeBase;
    const time = this.seconds * layer.timeIncrementResolution + vop.timeIncrement;
    this.anchorBefore = this.anchor;
    this.anchor = time;
    return { time, trb: 0, trd: 0, trbField: 0, trdField: 0 };
  }

  private visitBetween(vop: Vop, layer: Layer): VopTime {
    const time = (this.secondsBefore + vop.moduloTimeBase) * layer.timeIncrementResolution + vop.timeIncrement;
    const past = this.anchorBefore;
    const next = this.anchor;
    if (past === undefined || next === undefined) return { time, trb: 0, trd: 0, trbField: 0, trdField: 0 };
    const trd = next - past;
    const trb = time - past;
    if (trd <= trb || trb <= 0) return { time, trb: 0, trd: 0, trbField: 0, trdField: 0 };
    if (this.frame === 0) this.frame = trb;
    const field = (ticks: number) => Math.floor((ticks + (this.frame >> 1)) / this.frame);
    let trdField = (field(next) - field(past)) * 2;
    let trbField = (field(time) - field(past)) * 2;
    if (trdField <= trbField || trbField <= 1) {
      trbField = 2;
      trdField = 4;
    }
    return { time, trb, trd, trbField, trdField };
  }
}
