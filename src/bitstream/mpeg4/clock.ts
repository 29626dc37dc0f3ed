/**
 * Time in the stream's own clock (14496-2, 6.3.5): a VOP counts the seconds since the anchor before it, so headers have
 * to be seen in decoding order. A packet seen twice in a row (its headers first, then its pictures) counts once.
 */
import type { Layer } from './layer.js';
import type { Vop } from './vop.js';

/** A picture's time in ticks of the layer; for B-VOPs the distances that direct mode needs (7.6.9.5.2). */
export interface VopTime {
  time: number;
  /** From the past anchor to this picture, TRB; 0 in anchors. */
  trb: number;
  /** From the past anchor to the next, TRD; 0: unknown, or the three do not lie in order. */
  trd: number;
  /** The same for fields, in halves of a frame's time. */
  trbField: number;
  trdField: number;
  /** B-VOPs: key of the next anchor, the last one before this picture in decoding order. */
  anchor: string | undefined;
}

/** All that later pictures depend on. */
interface State {
  /** Seconds counted up to the last anchor, and up to the one before. */
  seconds: number;
  secondsBefore: number;
  /** Ticks of the last two anchors. */
  anchor: number | undefined;
  anchorBefore: number | undefined;
  anchorKey: string | undefined;
  /** Ticks of one frame: the distance of the first B-VOP from its past anchor; 0 before there is one. */
  frame: number;
}

const unknown = { trb: 0, trd: 0, trbField: 0, trdField: 0 };

export class VopClock {
  private state: State = {
    seconds: 0,
    secondsBefore: 0,
    anchor: undefined,
    anchorBefore: undefined,
    anchorKey: undefined,
    frame: 0,
  };
  private packet = '';
  /** The state before that packet. */
  private before = this.state;

  /** A packet begins; `key` tells it from its neighbours. */
  begin(key: string): void {
    if (key === this.packet) this.state = this.before;
    else this.before = this.state;
    this.packet = key;
  }

  /** time_code of a group_of_vop(). */
  setSeconds(seconds: number): void {
    this.state = { ...this.state, seconds, secondsBefore: seconds };
  }

  /** The time of the next picture, which `key` tells from its neighbours. */
  visit(key: string, vop: Vop, layer: Layer): VopTime {
    return vop.type === 'B' ? this.visitBetween(vop, layer) : this.visitAnchor(key, vop, layer);
  }

  private visitAnchor(key: string, vop: Vop, layer: Layer): VopTime {
    const { state } = this;
    const seconds = state.seconds + vop.moduloTimeBase;
    const time = seconds * layer.timeIncrementResolution + vop.timeIncrement;
    this.state = {
      seconds,
      secondsBefore: state.seconds,
      anchor: time,
      anchorBefore: state.anchor,
      // A picture that is not coded repeats the anchor before it, also for B-VOPs.
      anchorKey: vop.coded ? key : state.anchorKey,
      frame: state.frame,
    };
    return { time, ...unknown, anchor: undefined };
  }

  private visitBetween(vop: Vop, layer: Layer): VopTime {
    const { secondsBefore, anchor: next, anchorBefore: past, anchorKey } = this.state;
    const time = (secondsBefore + vop.moduloTimeBase) * layer.timeIncrementResolution + vop.timeIncrement;
    if (past === undefined || next === undefined) return { time, ...unknown, anchor: anchorKey };
    const trd = next - past;
    const trb = time - past;
    if (trd <= trb || trb <= 0) return { time, ...unknown, anchor: anchorKey };
    if (this.state.frame === 0) this.state = { ...this.state, frame: trb };
    const { frame } = this.state;
    const field = (ticks: number) => Math.floor((ticks + (frame >> 1)) / frame);
    let trdField = (field(next) - field(past)) * 2;
    let trbField = (field(time) - field(past)) * 2;
    if (trdField <= trbField || trbField <= 1) {
      trbField = 2;
      trdField = 4;
    }
    return { time, trb, trd, trbField, trdField, anchor: anchorKey };
  }
}
