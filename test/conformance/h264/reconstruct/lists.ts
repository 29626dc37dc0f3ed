/** Reference picture lists of frames, ITU-T H.264 clause 8.2.4: initialisation and modification. */
import type { ListModification } from '../../../../src/bitstream/h264/syntax.js';
import { frameNumWrap } from './marking.js';
import type { ReferenceFrame } from './picture.js';

/** A reference picture list; `undefined`: "no reference picture". */
export type List = (ReferenceFrame | undefined)[];

const longTerm = (frames: readonly ReferenceFrame[]): ReferenceFrame[] =>
  frames.filter((f) => f.marking === 'long').sort((a, b) => a.longTermFrameIdx - b.longTermFrameIdx);

/** 8.2.4.2.1: P slices, short-term frames by descending PicNum, then long-term by ascending LongTermPicNum. */
export function initialListP(frames: readonly ReferenceFrame[], frame_num: number, MaxFrameNum: number): List {
  const picNum = (f: ReferenceFrame): number => frameNumWrap(f, frame_num, MaxFrameNum);
  const short = frames.filter((f) => f.marking === 'short').sort((a, b) => picNum(b) - picNum(a));
  return [...short, ...longTerm(frames)];
}

/** 8.2.4.2.3: B slices, by distance in output order. Inferred frames have no order where pic_order_cnt_type is 0. */
export function initialListsB(
  frames: readonly ReferenceFrame[],
  currentPoc: number,
  pic_order_cnt_type: number,
): [List, List] {
  const short = frames.filter((f) => f.marking === 'short' && !(f.nonExisting && pic_order_cnt_type === 0));
  const before = short.filter((f) => f.poc < currentPoc).sort((a, b) => b.poc - a.poc);
  const after = short.filter((f) => f.poc > currentPoc).sort((a, b) => a.poc - b.poc);
  const long = longTerm(frames);
  const list0: List = [...before, ...after, ...long];
  const list1: List = [...after, ...before, ...long];
  if (list1.length > 1 && list1.every((frame, i) => frame === list0[i])) [list1[0], list1[1]] = [list1[1], list1[0]];
  return [list0, list1];
}

/** 8.2.4.3: cuts or fills the list to `length` entries, then moves the named pictures to its front, one after another. */
export function modifyList(
  initial: List,
  length: number,
  modifications: readonly ListModification[],
  frames: readonly ReferenceFrame[],
  frame_num: number,
  MaxFrameNum: number,
): List {
  const list = initial.slice(0, length);
  while (list.length < length) list.push(undefined);
  let picNumPred = frame_num; // CurrPicNum
  let refIdx = 0;
  for (const { modification_of_pic_nums_idc, value } of modifications) {
    let named: ReferenceFrame | undefined;
    if (modification_of_pic_nums_idc === 2) {
      named = frames.find((f) => f.marking === 'long' && f.longTermFrameIdx === value);
    } else {
      // 8-34 to 8-36.
      const step = modification_of_pic_nums_idc === 0 ? -(value + 1) : value + 1;
      picNumPred = (picNumPred + step + MaxFrameNum) % MaxFrameNum;
      const picNum = picNumPred > frame_num ? picNumPred - MaxFrameNum : picNumPred;
      named = frames.find((f) => f.marking === 'short' && frameNumWrap(f, frame_num, MaxFrameNum) === picNum);
    }
    // 8-37, 8-38: insert, and drop the same picture's later entry.
    const rest = list.slice(refIdx).filter((frame) => frame === undefined || frame !== named);
    list.splice(refIdx, list.length - refIdx, named, ...rest);
    list.length = length;
    refIdx++;
  }
  return list;
}
