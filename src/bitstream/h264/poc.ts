/** Picture order count, 8.2.1: types 0, 1 and 2, for frames. */
import type { SeqParameterSet, SliceHeader } from './syntax.js';

/** What the next picture's count depends on. */
export interface PocState {
  prevPicOrderCntMsb: number;
  prevPicOrderCntLsb: number;
  prevFrameNum: number;
  prevFrameNumOffset: number;
}

export const initialPocState: Readonly<PocState> = Object.freeze({
  prevPicOrderCntMsb: 0,
  prevPicOrderCntLsb: 0,
  prevFrameNum: 0,
  prevFrameNumOffset: 0,
});

export interface Poc {
  TopFieldOrderCnt: number;
  BottomFieldOrderCnt: number;
  /** PicOrderCnt of the frame: the smaller of both. */
  PicOrderCnt: number;
  /** State for the picture after this one. */
  next: PocState;
}

/** Whether the picture carries memory_management_control_operation 5, after which counting starts anew. */
export function resetsOrder(slice: SliceHeader): boolean {
  return slice.dec_ref_pic_marking?.operations.some(({ operation }) => operation === 5) ?? false;
}

/** The count of the picture that `slice` begins. */
export function pictureOrderCount(sps: SeqParameterSet, slice: SliceHeader, state: Readonly<PocState>): Poc {
  const poc = sps.pic_order_cnt_type === 0 ? type0(sps, slice, state) : types1and2(sps, slice, state);
  if (resetsOrder(slice)) {
    // Afterwards the picture counts as if it had followed an IDR picture: tempPicOrderCnt is taken off (8.2.1).
    poc.next = { ...initialPocState, prevPicOrderCntLsb: poc.TopFieldOrderCnt - poc.PicOrderCnt };
  }
  return poc;
}

/** 8.2.1.1 */
function type0(sps: SeqParameterSet, slice: SliceHeader, state: Readonly<PocState>): Poc {
  const prevMsb = slice.IdrPicFlag ? 0 : state.prevPicOrderCntMsb;
  const prevLsb = slice.IdrPicFlag ? 0 : state.prevPicOrderCntLsb;
  const MaxPicOrderCntLsb = 2 ** sps.log2_max_pic_order_cnt_lsb;
  const lsb = slice.pic_order_cnt_lsb;
  let PicOrderCntMsb = prevMsb;
  if (lsb < prevLsb && prevLsb - lsb >= MaxPicOrderCntLsb / 2) PicOrderCntMsb += MaxPicOrderCntLsb;
  else if (lsb > prevLsb && lsb - prevLsb > MaxPicOrderCntLsb / 2) PicOrderCntMsb -= MaxPicOrderCntLsb;
  const TopFieldOrderCnt = PicOrderCntMsb + lsb;
  const BottomFieldOrderCnt = TopFieldOrderCnt + slice.delta_pic_order_cnt_bottom;
  return {
    TopFieldOrderCnt,
    BottomFieldOrderCnt,
    PicOrderCnt: Math.min(TopFieldOrderCnt, BottomFieldOrderCnt),
    // Only reference pictures are predicted from.
    next:
      slice.nal_ref_idc > 0
        ? { ...state, prevPicOrderCntMsb: PicOrderCntMsb, prevPicOrderCntLsb: lsb }
        : { ...state, prevPicOrderCntMsb: prevMsb, prevPicOrderCntLsb: prevLsb },
  };
}

/** 8.2.1.2 and 8.2.1.3 */
function types1and2(sps: SeqParameterSet, slice: SliceHeader, state: Readonly<PocState>): Poc {
  const MaxFrameNum = 2 ** sps.log2_max_frame_num;
  let FrameNumOffset = 0;
  if (!slice.IdrPicFlag) {
    FrameNumOffset = state.prevFrameNumOffset + (state.prevFrameNum > slice.frame_num ? MaxFrameNum : 0);
  }
  const next = { ...state, prevFrameNum: slice.frame_num, prevFrameNumOffset: FrameNumOffset };
  if (sps.pic_order_cnt_type === 2) {
    const absolute = FrameNumOffset + slice.frame_num;
    const count = slice.IdrPicFlag ? 0 : 2 * absolute - (slice.nal_ref_idc === 0 ? 1 : 0);
    return { TopFieldOrderCnt: count, BottomFieldOrderCnt: count, PicOrderCnt: count, next };
  }
  const cycle = sps.offset_for_ref_frame;
  let absFrameNum = cycle.length > 0 ? FrameNumOffset + slice.frame_num : 0;
  if (slice.nal_ref_idc === 0 && absFrameNum > 0) absFrameNum--;
  let expected = 0;
  if (absFrameNum > 0) {
    const cycles = Math.floor((absFrameNum - 1) / cycle.length);
    const inCycle = (absFrameNum - 1) % cycle.length;
    const ExpectedDeltaPerPicOrderCntCycle = cycle.reduce((sum, offset) => sum + offset, 0);
    expected = cycles * ExpectedDeltaPerPicOrderCntCycle;
    for (let i = 0; i <= inCycle; i++) expected += cycle[i]!;
  }
  if (slice.nal_ref_idc === 0) expected += sps.offset_for_non_ref_pic;
  const TopFieldOrderCnt = expected + slice.delta_pic_order_cnt[0];
  const BottomFieldOrderCnt = TopFieldOrderCnt + sps.offset_for_top_to_bottom_field + slice.delta_pic_order_cnt[1];
  return {
    TopFieldOrderCnt,
    BottomFieldOrderCnt,
    PicOrderCnt: Math.min(TopFieldOrderCnt, BottomFieldOrderCnt),
    next,
  };
}
