/**
 * A plain reference reconstruction of H.264 frames (progressive, 8 bits, 4:2:0 or monochrome) from what the parser gives:
 * side information and residual planes in, pictures in output order out. Written for clarity, from ITU-T H.264; it keeps
 * its own decoded picture buffer, so that the parser's reference lists are checked too.
 */
import { type H264Tap, UNKNOWN_REFERENCE } from '../../../../src/bitstream/h264/tap.js';
import { deblock } from './deblock.js';
import { initialListP, initialListsB, type List, modifyList } from './lists.js';
import { type Current, isIntra, type ResidualPlane, reconstructMacroblock } from './macroblock.js';
import { adaptiveMarking, slidingWindow } from './marking.js';
import { bufferSize, bump, cropped } from './output.js';
import { newPlanes, type ReferenceFrame } from './picture.js';
import { PocDecoder } from './poc.js';

export type Residual = readonly [ResidualPlane, ResidualPlane | undefined, ResidualPlane | undefined];

/** Receives a frame in output order: concatenated Y, Cb, Cr, cropped. */
export type Write = (i420: Uint8Array, frame: ReferenceFrame) => void;

export class ReferenceDecoder {
  private frames: ReferenceFrame[] = [];
  private poc = new PocDecoder();
  private prevRefFrameNum = 0;
  private nextId = 0;
  private readonly write: Write;

  constructor(write: Write) {
    this.write = write;
  }

  /** One picture, in decoding order. Returns it as decoded (deblocked), before any reset of its order by operation 5. */
  picture(tap: H264Tap, residual: Residual): ReferenceFrame {
    const header = tap.slices[0]!.header;
    const { sps } = tap;
    const MaxFrameNum = 2 ** sps.log2_max_frame_num;
    if (header.IdrPicFlag) {
      // C.4.4: no earlier picture is kept. (no_output_of_prior_pics_flag is taken as 0, as players do.)
      for (const frame of this.frames) frame.marking = 'unused';
      this.flush(tap);
      this.prevRefFrameNum = 0;
    } else this.inferGap(tap, MaxFrameNum);

    const frame: ReferenceFrame = {
      id: this.nextId++,
      planes: newPlanes(tap.mbCols, tap.mbRows),
      ...this.orderOf(tap, header),
      frame_num: header.frame_num,
      marking: 'unused',
      longTermFrameIdx: 0,
      nonExisting: false,
      neededForOutput: true,
    };
    if (frame.poc !== tap.PicOrderCnt) throw new Error(`PicOrderCnt ${tap.PicOrderCnt}, should be ${frame.poc}`);
    const lists = this.lists(tap, frame);
    const current: Current = { tap, residual, planes: frame.planes, poc: frame.poc, lists };
    for (let mb = 0; mb < tap.mbCols * tap.mbRows; mb++) {
      if (tap.slice[mb] !== 0xffff) reconstructMacroblock(current, mb);
    }
    this.deblock(current);
    const decoded = { ...frame };
    this.mark(tap, frame, MaxFrameNum);
    this.store(tap, frame);
    return decoded;
  }

  /** Writes what still waits, at the end of the stream or before an IDR picture. */
  flush(tap: H264Tap): void {
    while (bump(this.frames, (frame) => this.write(cropped(frame, tap.sps.crop), frame)));
    this.frames = this.frames.filter((frame) => frame.marking !== 'unused');
  }

  private orderOf(tap: H264Tap, header: Parameters<PocDecoder['decode']>[1]) {
    const order = this.poc.decode(tap.sps, header);
    return { ...order, poc: Math.min(order.topFieldOrderCnt, order.bottomFieldOrderCnt) };
  }

  /** 8.2.5.2: frames that frame_num skips are put into the buffer as "non-existing". */
  private inferGap(tap: H264Tap, MaxFrameNum: number): void {
    const { frame_num } = tap.slices[0]!.header;
    if (frame_num === this.prevRefFrameNum) return;
    let missing = (this.prevRefFrameNum + 1) % MaxFrameNum;
    for (; missing !== frame_num; missing = (missing + 1) % MaxFrameNum) {
      const order =
        tap.sps.pic_order_cnt_type === 0
          ? { topFieldOrderCnt: 0, bottomFieldOrderCnt: 0, poc: 0 }
          : this.orderOf(tap, {
              IdrPicFlag: false,
              nal_ref_idc: 1,
              frame_num: missing,
              pic_order_cnt_lsb: 0,
              delta_pic_order_cnt_bottom: 0,
              delta_pic_order_cnt: [0, 0],
            });
      const frame: ReferenceFrame = {
        id: this.nextId++,
        planes: newPlanes(0, 0),
        ...order,
        frame_num: missing,
        marking: 'short',
        longTermFrameIdx: 0,
        nonExisting: true,
        neededForOutput: false,
      };
      slidingWindow(this.frames, frame, MaxFrameNum, tap.sps.max_num_ref_frames);
      this.store(tap, frame);
      this.prevRefFrameNum = missing;
    }
  }

  /** 8.2.4 for every slice; the parser's own lists must name the same pictures. */
  private lists(tap: H264Tap, frame: ReferenceFrame): [List, List][] {
    const MaxFrameNum = 2 ** tap.sps.log2_max_frame_num;
    return tap.slices.map(({ header, RefPicList, longTerm }) => {
      const initial: [List, List] =
        header.slice_type === 1
          ? initialListsB(this.frames, frame.poc, tap.sps.pic_order_cnt_type)
          : [initialListP(this.frames, header.frame_num, MaxFrameNum), []];
      return [0, 1].map((x) => {
        const list = modifyList(
          initial[x]!,
          header.num_ref_idx_active[x]!,
          header.ref_pic_list_modification[x]!,
          this.frames,
          header.frame_num,
          MaxFrameNum,
        );
        list.forEach((entry, i) => {
          if (!entry || entry.nonExisting) return;
          const found = RefPicList[x]![i]!;
          if (found === UNKNOWN_REFERENCE) throw new Error(`RefPicList${x}[${i}] is unknown, should be ${entry.poc}`);
          if (found !== entry.poc) throw new Error(`RefPicList${x}[${i}] is ${found}, should be ${entry.poc}`);
          if (longTerm[x]![i] !== Number(entry.marking === 'long'))
            throw new Error(`RefPicList${x}[${i}]: long-term flag`);
        });
        return list;
      }) as [List, List];
    });
  }

  private deblock({ tap, planes, lists }: Current): void {
    const { mbCols, mbRows } = tap;
    const cells = 16 * mbCols * mbRows;
    const coded = new Uint8Array(cells);
    const reference: [Int32Array, Int32Array] = [new Int32Array(cells).fill(-1), new Int32Array(cells).fill(-1)];
    for (let cell = 0; cell < cells; cell++) {
      const column = cell % (4 * mbCols);
      const row = Math.floor(cell / (4 * mbCols));
      const mb = (row >> 2) * mbCols + (column >> 2);
      const slice = lists[tap.slice[mb]!];
      if (!slice) continue;
      for (const x of [0, 1] as const) {
        const refIdx = tap.refIdx[x][(row >> 1) * 2 * mbCols + (column >> 1)]!;
        if (refIdx >= 0) reference[x][cell] = slice[x][refIdx]?.id ?? -1;
      }
      const block = (j: number, i: number): number => tap.totalCoeff[24 * mb + 4 * j + i]!;
      const [j, i] = [row & 3, column & 3];
      if (tap.transform_size_8x8_flag[mb]) {
        const [a, b] = [j & 2, i & 2];
        coded[cell] = Number(block(a, b) + block(a, b + 1) + block(a + 1, b) + block(a + 1, b + 1) > 0);
      } else coded[cell] = Number(block(j, i) > 0);
    }
    deblock({
      planes,
      mbCols,
      mbRows,
      slice: Int32Array.from(tap.slice, (slice) => (slice === 0xffff ? -1 : slice)),
      intra: tap.mbType.map((mbType) => Number(isIntra(mbType))),
      transform_size_8x8_flag: tap.transform_size_8x8_flag,
      qp: tap.qp,
      coded,
      reference,
      mv: tap.vectors,
      slices: tap.slices.map(({ header, pps }) => ({ ...header, chromaOffset: pps.chroma_qp_index_offset })),
    });
  }

  /** 8.2.5.1. */
  private mark(tap: H264Tap, frame: ReferenceFrame, MaxFrameNum: number): void {
    const { header } = tap.slices[0]!;
    if (header.nal_ref_idc === 0) return;
    this.prevRefFrameNum = header.frame_num;
    const marking = header.dec_ref_pic_marking;
    frame.marking = 'short';
    if (header.IdrPicFlag) {
      if (marking?.long_term_reference_flag) frame.marking = 'long';
      return;
    }
    if (!marking?.adaptive_ref_pic_marking_mode_flag) {
      slidingWindow(this.frames, frame, MaxFrameNum, tap.sps.max_num_ref_frames);
      return;
    }
    if (!adaptiveMarking(this.frames, frame, MaxFrameNum, marking.operations)) return;
    // 8.2.1: operation 5 makes this picture the first of a new order (tempPicOrderCnt); C.4.4: earlier ones are output.
    const temp = frame.poc;
    frame.topFieldOrderCnt -= temp;
    frame.bottomFieldOrderCnt -= temp;
    frame.poc = 0;
    frame.frame_num = 0;
    this.prevRefFrameNum = 0;
    this.poc.afterOperation5(frame.topFieldOrderCnt);
    this.flush(tap);
  }

  /** C.4.5.1, C.4.5.2: makes room, then keeps the frame; one that nobody needs later is written at once. */
  private store(tap: H264Tap, frame: ReferenceFrame): void {
    const size = bufferSize(tap.sps);
    const write = (out: ReferenceFrame): void => this.write(cropped(out, tap.sps.crop), out);
    const drop = (): void => {
      this.frames = this.frames.filter((f) => f.marking !== 'unused' || f.neededForOutput);
    };
    for (drop(); this.frames.length >= size; drop()) {
      const waiting = this.frames.filter((f) => f.neededForOutput);
      if (frame.marking === 'unused' && waiting.every((f) => frame.poc < f.poc)) {
        write(frame);
        return;
      }
      if (!bump(this.frames, write)) throw new Error(`the decoded picture buffer overflows: more than ${size} frames`);
    }
    this.frames.push(frame);
  }
}
