/**
 * Reference pictures without pixels: marking (8.2.5), reference picture lists (8.2.4), and which motion field each
 * picture's vectors are kept in. The picture last visited is marked only when the next one comes, so that a picture may
 * be visited again (headers first, then parsed, perhaps at another scale).
 */
import { initialPocState, type Poc, type PocState, pictureOrderCount, resetsOrder } from './poc.js';
import { type SeqParameterSet, type SliceHeader, SliceType } from './syntax.js';

/** A picture marked "used for reference". */
export interface ReferencePicture {
  frame_num: number;
  /** `undefined`: a picture that was never met (a gap in frame_num). */
  PicOrderCnt: number | undefined;
  /** LongTermFrameIdx; `undefined`: a short-term reference. */
  longTermFrameIdx: number | undefined;
  /** Motion field that holds its vectors; -1: it was not parsed. */
  slot: number;
}

/** An entry of a reference picture list; `undefined`: "no reference picture". */
export type ReferenceList = (ReferencePicture | undefined)[];

/** The picture being visited. */
export interface CurrentPicture {
  poc: Poc;
  picture: ReferencePicture;
  /** Every picture that may be referred to was met: the initial lists are those of the encoder. */
  complete: boolean;
}

export class References {
  private pictures: ReferencePicture[] = [];
  private pocState: PocState = { ...initialPocState };
  private PrevRefFrameNum = 0;
  private started = false;
  private fromIdr = false;
  private maxLongTermFrameIdx = -1;
  private key = '';
  private current: (CurrentPicture & { slice: SliceHeader; sps: SeqParameterSet }) | undefined;

  /** Forgets everything: the next picture is the first that is known of. */
  reset(): void {
    this.pictures = [];
    this.current = undefined;
    this.key = '';
    this.started = false;
    this.fromIdr = false;
    this.pocState = { ...initialPocState };
  }

  /** Motion fields that pictures still need. */
  slotsInUse(): number[] {
    return this.pictures.map(({ slot }) => slot).filter((slot) => slot >= 0);
  }

  /** Takes a motion field away from the oldest picture that has one. */
  releaseOldestSlot(): number {
    const oldest = this.pictures.find(({ slot }) => slot >= 0);
    if (!oldest) return -1;
    const { slot } = oldest;
    oldest.slot = -1;
    return slot;
  }

  /** No motion field holds anything any more (the kernel's memory was laid out anew). */
  releaseAllSlots(): void {
    for (const picture of this.pictures) picture.slot = -1;
    if (this.current) this.current.picture.slot = -1;
  }

  /**
   * Moves to the picture that `slice` begins, if it is another than the last (`key` tells). Pictures are expected in
   * decoding order; where frame_num shows that some were left out, those become references nobody has met (8.2.5.2).
   */
  visit(key: string, sps: SeqParameterSet, slice: SliceHeader): CurrentPicture {
    if (this.current && key === this.key) return this.current;
    this.finish();
    this.key = key;
    const MaxFrameNum = 2 ** sps.log2_max_frame_num;
    if (slice.IdrPicFlag) {
      this.pictures = [];
      this.fromIdr = true;
      this.maxLongTermFrameIdx = -1;
    } else if (!this.started) {
      this.PrevRefFrameNum = slice.frame_num;
    } else if (slice.frame_num !== this.PrevRefFrameNum) {
      this.fillGap(sps, slice.frame_num, MaxFrameNum);
    }
    this.started = true;
    const poc = pictureOrderCount(sps, slice, this.pocState);
    const picture: ReferencePicture = {
      frame_num: slice.frame_num,
      PicOrderCnt: poc.PicOrderCnt,
      longTermFrameIdx: undefined,
      slot: -1,
    };
    const complete =
      (this.fromIdr || this.pictures.length >= sps.max_num_ref_frames) &&
      this.pictures.every(({ PicOrderCnt }) => PicOrderCnt !== undefined);
    this.current = { poc, picture, slice, sps, complete };
    return this.current;
  }

  /** Pictures between PrevRefFrameNum and frame_num, if any. */
  private fillGap(sps: SeqParameterSet, frame_num: number, MaxFrameNum: number): void {
    let UnusedShortTermFrameNum = (this.PrevRefFrameNum + 1) % MaxFrameNum;
    const missing = (frame_num - UnusedShortTermFrameNum + MaxFrameNum) % MaxFrameNum;
    const room = Math.max(1, sps.max_num_ref_frames);
    if (missing > room) UnusedShortTermFrameNum = (frame_num - room + MaxFrameNum) % MaxFrameNum;
    for (
      ;
      UnusedShortTermFrameNum !== frame_num;
      UnusedShortTermFrameNum = (UnusedShortTermFrameNum + 1) % MaxFrameNum
    ) {
      this.slideWindow(sps, UnusedShortTermFrameNum);
      this.pictures.push({
        frame_num: UnusedShortTermFrameNum,
        PicOrderCnt: undefined,
        longTermFrameIdx: undefined,
        slot: -1,
      });
      if (sps.pic_order_cnt_type !== 0 && this.pocState.prevFrameNum > UnusedShortTermFrameNum) {
        this.pocState = { ...this.pocState, prevFrameNumOffset: this.pocState.prevFrameNumOffset + MaxFrameNum };
      }
      this.pocState = { ...this.pocState, prevFrameNum: UnusedShortTermFrameNum };
      this.PrevRefFrameNum = UnusedShortTermFrameNum;
    }
  }

  /** Marks the current picture, 8.2.5.1. */
  private finish(): void {
    const { current } = this;
    if (!current) return;
    this.current = undefined;
    const { slice, sps, picture, poc } = current;
    this.pocState = poc.next;
    if (slice.nal_ref_idc === 0) return;
    this.PrevRefFrameNum = slice.frame_num;
    const marking = slice.dec_ref_pic_marking;
    if (slice.IdrPicFlag) {
      if (marking?.long_term_reference_flag) {
        picture.longTermFrameIdx = 0;
        this.maxLongTermFrameIdx = 0;
      }
    } else if (marking?.adaptive_ref_pic_marking_mode_flag) {
      this.adaptiveMarking(current);
    } else {
      this.slideWindow(sps, slice.frame_num);
    }
    this.pictures.push(picture);
    // A stream that keeps more than it declared must not make this grow.
    while (this.pictures.length > 32) this.pictures.shift();
    if (resetsOrder(slice)) {
      picture.frame_num = 0;
      picture.PicOrderCnt = 0;
      this.PrevRefFrameNum = 0;
    }
  }

  /** 8.2.5.3: makes room for one more by dropping the short-term reference of smallest FrameNumWrap. */
  private slideWindow(sps: SeqParameterSet, frame_num: number): void {
    const wrap = this.frameNumWrap(sps, frame_num);
    while (this.pictures.length >= Math.max(1, sps.max_num_ref_frames)) {
      const shortTerm = this.pictures.filter(({ longTermFrameIdx }) => longTermFrameIdx === undefined);
      if (shortTerm.length === 0) return;
      const oldest = shortTerm.reduce((a, b) => (wrap(b) < wrap(a) ? b : a));
      this.pictures.splice(this.pictures.indexOf(oldest), 1);
    }
  }

  private frameNumWrap(sps: SeqParameterSet, frame_num: number): (picture: ReferencePicture) => number {
    const MaxFrameNum = 2 ** sps.log2_max_frame_num;
    return (picture) => (picture.frame_num > frame_num ? picture.frame_num - MaxFrameNum : picture.frame_num);
  }

  /** 8.2.5.4 */
  private adaptiveMarking({
    slice,
    sps,
    picture,
  }: {
    slice: SliceHeader;
    sps: SeqParameterSet;
    picture: ReferencePicture;
  }): void {
    const wrap = this.frameNumWrap(sps, slice.frame_num);
    const remove = (which: (candidate: ReferencePicture) => boolean): void => {
      this.pictures = this.pictures.filter((candidate) => !which(candidate));
    };
    const isShort = (candidate: ReferencePicture): boolean => candidate.longTermFrameIdx === undefined;
    for (const { operation, value, long_term_frame_idx } of slice.dec_ref_pic_marking!.operations) {
      const picNumX = slice.frame_num - (value + 1);
      if (operation === 1) remove((candidate) => isShort(candidate) && wrap(candidate) === picNumX);
      else if (operation === 2) remove((candidate) => candidate.longTermFrameIdx === value);
      else if (operation === 3) {
        const chosen = this.pictures.find((candidate) => isShort(candidate) && wrap(candidate) === picNumX);
        remove((candidate) => candidate.longTermFrameIdx === long_term_frame_idx);
        if (chosen) chosen.longTermFrameIdx = long_term_frame_idx;
      } else if (operation === 4) {
        this.maxLongTermFrameIdx = value - 1;
        remove(({ longTermFrameIdx }) => longTermFrameIdx !== undefined && longTermFrameIdx > this.maxLongTermFrameIdx);
      } else if (operation === 5) {
        this.pictures = [];
        this.maxLongTermFrameIdx = -1;
      } else if (operation === 6) {
        remove((candidate) => candidate.longTermFrameIdx === long_term_frame_idx);
        picture.longTermFrameIdx = long_term_frame_idx;
      }
    }
  }

  /** RefPicList0 and RefPicList1 of a slice of the current picture, 8.2.4. */
  lists(sps: SeqParameterSet, slice: SliceHeader): [ReferenceList, ReferenceList] {
    const [count0, count1] = slice.num_ref_idx_active;
    if (count0 === 0) return [[], []];
    const wrap = this.frameNumWrap(sps, slice.frame_num);
    const long = this.pictures
      .filter(({ longTermFrameIdx }) => longTermFrameIdx !== undefined)
      .sort((a, b) => a.longTermFrameIdx! - b.longTermFrameIdx!);
    const short = this.pictures.filter(({ longTermFrameIdx }) => longTermFrameIdx === undefined);
    let initial: [ReferencePicture[], ReferencePicture[]];
    if (slice.slice_type === SliceType.P) {
      initial = [[...short.sort((a, b) => wrap(b) - wrap(a)), ...long], []];
    } else {
      const now = this.current!.poc.PicOrderCnt;
      // A picture that was left out may stand anywhere in the lists: then only those named by commands are sure.
      const known = short.every(({ PicOrderCnt }) => PicOrderCnt !== undefined) ? short : [];
      const before = known
        .filter(({ PicOrderCnt }) => PicOrderCnt! <= now)
        .sort((a, b) => b.PicOrderCnt! - a.PicOrderCnt!);
      const after = known
        .filter(({ PicOrderCnt }) => PicOrderCnt! > now)
        .sort((a, b) => a.PicOrderCnt! - b.PicOrderCnt!);
      // Without all pictures only the nearest on either side are sure to stand where the encoder had them.
      initial = this.current!.complete
        ? [
            [...before, ...after, ...long],
            [...after, ...before, ...long],
          ]
        : [before, after];
      const [list0, list1] = initial;
      if (list1.length > 1 && list1.every((picture, i) => picture === list0[i]))
        [list1[0], list1[1]] = [list1[1]!, list1[0]!];
    }
    return [this.modify(sps, slice, 0, initial[0], count0), this.modify(sps, slice, 1, initial[1], count1)];
  }

  /** 8.2.4.3 */
  private modify(
    sps: SeqParameterSet,
    slice: SliceHeader,
    which: 0 | 1,
    initial: readonly ReferencePicture[],
    count: number,
  ): ReferenceList {
    const list: ReferenceList = Array.from({ length: count }, (_, i) => initial[i]);
    const MaxPicNum = 2 ** sps.log2_max_frame_num;
    const CurrPicNum = slice.frame_num;
    const wrap = this.frameNumWrap(sps, slice.frame_num);
    let picNumPred = CurrPicNum;
    let refIdx = 0;
    for (const { modification_of_pic_nums_idc, value } of slice.ref_pic_list_modification[which]) {
      if (refIdx >= count) break;
      let chosen: ReferencePicture | undefined;
      if (modification_of_pic_nums_idc < 2) {
        picNumPred += modification_of_pic_nums_idc === 0 ? -(value + 1) : value + 1;
        picNumPred = ((picNumPred % MaxPicNum) + MaxPicNum) % MaxPicNum;
        const picNum = picNumPred > CurrPicNum ? picNumPred - MaxPicNum : picNumPred;
        chosen = this.pictures.find(
          (candidate) => candidate.longTermFrameIdx === undefined && wrap(candidate) === picNum,
        );
      } else {
        chosen = this.pictures.find(({ longTermFrameIdx }) => longTermFrameIdx === value);
      }
      // Insert and close the gap that the picture leaves further down.
      const rest = list.slice(refIdx).filter((picture) => picture === undefined || picture !== chosen);
      list.splice(refIdx, list.length, chosen, ...rest);
      list.length = count;
      refIdx++;
    }
    return list;
  }
}
