/** Picture order count of frames, ITU-T H.264 clause 8.2.1. */
import type { SeqParameterSet, SliceHeader } from '../../../../src/bitstream/h264/syntax.js';

/** What 8.2.1 asks of the slice header. */
export type PocPicture = Pick<
  SliceHeader,
  | 'IdrPicFlag'
  | 'nal_ref_idc'
  | 'frame_num'
  | 'pic_order_cnt_lsb'
  | 'delta_pic_order_cnt_bottom'
  | 'delta_pic_order_cnt'
>;

export interface Poc {
  topFieldOrderCnt: number;
  bottomFieldOrderCnt: number;
}

export class PocDecoder {
  private prevPicOrderCntMsb = 0;
  private prevPicOrderCntLsb = 0;
  private prevFrameNum = 0;
  private prevFrameNumOffset = 0;

  /** Call once per frame in decoding order, inferred frames of 8.2.5.2 included. */
  decode(sps: SeqParameterSet, picture: PocPicture): Poc {
    if (sps.pic_order_cnt_type === 0) return this.type0(sps, picture);
    const FrameNumOffset = picture.IdrPicFlag
      ? 0
      : this.prevFrameNumOffset + (this.prevFrameNum > picture.frame_num ? 2 ** sps.log2_max_frame_num : 0);
    this.prevFrameNum = picture.frame_num;
    this.prevFrameNumOffset = FrameNumOffset;
    const absolute = FrameNumOffset + picture.frame_num;
    return sps.pic_order_cnt_type === 1 ? this.type1(sps, picture, absolute) : this.type2(picture, absolute);
  }

  /** 8.2.1: after memory_management_control_operation 5 the picture counts as an IDR picture with these orders. */
  afterOperation5(topFieldOrderCnt: number): void {
    this.prevPicOrderCntMsb = 0;
    this.prevPicOrderCntLsb = topFieldOrderCnt;
    this.prevFrameNum = 0;
    this.prevFrameNumOffset = 0;
  }

  /** 8.2.1.1. */
  private type0(sps: SeqParameterSet, picture: PocPicture): Poc {
    if (picture.IdrPicFlag) {
      this.prevPicOrderCntMsb = 0;
      this.prevPicOrderCntLsb = 0;
    }
    const lsb = picture.pic_order_cnt_lsb;
    const MaxPicOrderCntLsb = 2 ** sps.log2_max_pic_order_cnt_lsb;
    const half = MaxPicOrderCntLsb / 2;
    let PicOrderCntMsb = this.prevPicOrderCntMsb;
    if (lsb < this.prevPicOrderCntLsb && this.prevPicOrderCntLsb - lsb >= half) PicOrderCntMsb += MaxPicOrderCntLsb;
    else if (lsb > this.prevPicOrderCntLsb && lsb - this.prevPicOrderCntLsb > half) {
      PicOrderCntMsb -= MaxPicOrderCntLsb;
    }
    if (picture.nal_ref_idc !== 0) {
      this.prevPicOrderCntMsb = PicOrderCntMsb;
      this.prevPicOrderCntLsb = lsb;
    }
    const topFieldOrderCnt = PicOrderCntMsb + lsb;
    return { topFieldOrderCnt, bottomFieldOrderCnt: topFieldOrderCnt + picture.delta_pic_order_cnt_bottom };
  }

  /** 8.2.1.2. */
  private type1(sps: SeqParameterSet, picture: PocPicture, absolute: number): Poc {
    const cycle = sps.offset_for_ref_frame;
    let absFrameNum = cycle.length === 0 ? 0 : absolute;
    if (picture.nal_ref_idc === 0 && absFrameNum > 0) absFrameNum--;
    let expectedPicOrderCnt = 0;
    if (absFrameNum > 0) {
      const ExpectedDeltaPerPicOrderCntCycle = cycle.reduce((total, offset) => total + offset, 0);
      const picOrderCntCycleCnt = Math.floor((absFrameNum - 1) / cycle.length);
      const frameNumInPicOrderCntCycle = (absFrameNum - 1) % cycle.length;
      expectedPicOrderCnt = picOrderCntCycleCnt * ExpectedDeltaPerPicOrderCntCycle;
      for (let i = 0; i <= frameNumInPicOrderCntCycle; i++) expectedPicOrderCnt += cycle[i]!;
    }
    if (picture.nal_ref_idc === 0) expectedPicOrderCnt += sps.offset_for_non_ref_pic;
    const topFieldOrderCnt = expectedPicOrderCnt + picture.delta_pic_order_cnt[0];
    return {
      topFieldOrderCnt,
      bottomFieldOrderCnt: topFieldOrderCnt + sps.offset_for_top_to_bottom_field + picture.delta_pic_order_cnt[1],
    };
  }

  /** 8.2.1.3. */
  private type2(picture: PocPicture, absolute: number): Poc {
    const order = picture.IdrPicFlag ? 0 : picture.nal_ref_idc === 0 ? 2 * absolute - 1 : 2 * absolute;
    return { topFieldOrderCnt: order, bottomFieldOrderCnt: order };
  }
}
