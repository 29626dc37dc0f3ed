/** H.264: packets -> pictures in the compressed domain. Headers and reference lists here, slice data in the kernel. */
import type { VideoTrack } from '../../container/packet.js';
import { MalformedStreamError } from '../../errors.js';
import { checkLimit, type Limits } from '../../limits.js';
import type { CompressedFrame, PictureType } from '../frame.js';
import {
  type BitstreamParser,
  type DecodedPicture,
  type ParseOptions,
  type PictureAt,
  type PictureHeader,
  rowsRead,
} from '../parser.js';
import { type FoundPicture, type FoundSlice, PictureFinder } from './access-unit.js';
import { describeFrame, pictureSize, planeExtent } from './describe.js';
import { Kernel, reasonOf } from './kernel.js';
import { type CodedPicture, PictureDecoder } from './keyframe.js';
import { copyRbsp, stopBitOf } from './nal.js';
import { resetsOrder } from './poc.js';
import { type CurrentPicture, type ReferenceList, References } from './references.js';
import { frameHeightInMbs } from './sps.js';
import { type SeqParameterSet, SliceType } from './syntax.js';
import { type H264Tap, type SliceTap, UNKNOWN_REFERENCE } from './tap.js';

/** What the last parsed picture left behind for `tap`. */
interface Parsed {
  picture: FoundPicture;
  current: CurrentPicture;
  slot: number;
  slices: SliceTap[];
}

/** MaxDpbMbs of the highest level (6.2), Table A-1: no conforming stream keeps more. */
const MAX_DPB_MBS = 696_320;

/**
 * Parser of one H.264 track. Parameter sets are kept as they come, in band or out of band. Pictures given in decoding
 * order (to `headers` or `parse`, each or both) are followed as references, which is what tells vectors' pictures and
 * the vectors of direct mode; a picture given out of order is parsed all the same, with references marked unknown.
 */
export class H264Parser implements BitstreamParser {
  private readonly limits: Limits;
  private readonly finder: PictureFinder;
  private readonly kernel = Kernel.take();
  private readonly references = new References();
  private readonly decoder = new PictureDecoder();
  /** Motion fields whose direct-mode vectors were not all derived. */
  private readonly guessed = new Set<number>();
  private last: Parsed | undefined;

  /** Throws UnsupportedStreamError, MalformedStreamError, LimitExceededError for the track's configuration. */
  constructor(track: VideoTrack, limits: Limits) {
    this.limits = limits;
    this.finder = new PictureFinder(track.config, limits);
  }

  headers(packet: Uint8Array): PictureHeader[] {
    return this.finder.pictures(packet).map((picture) => {
      const { poc } = this.visit(picture);
      const { header } = picture.slices[0]!;
      const reset = resetsOrder(header);
      return {
        type: typeOf(picture),
        coded: true,
        ...pictureSize(picture.sps),
        offset: picture.offset,
        size: picture.end - picture.offset,
        time: undefined,
        order: reset ? 0 : poc.PicOrderCnt,
        restartsOrder: header.IdrPicFlag || reset,
      };
    });
  }

  parse(packet: Uint8Array, picture = 0, options: ParseOptions = {}): CompressedFrame {
    this.last = undefined;
    const pictures = this.finder.pictures(packet);
    const found = pictures[picture];
    if (!found) {
      const what =
        pictures.length === 0
          ? 'the packet holds no picture'
          : `the packet holds ${pictures.length} pictures, no picture ${picture}`;
      throw this.finder.problem ?? new MalformedStreamError(what);
    }
    for (const earlier of pictures.slice(0, picture)) this.visit(earlier);
    const current = this.visit(found);
    const slot = this.prepare(found, current, options);
    const { slices, damage } = this.decodeSlices(packet, found, current);
    const lost = this.kernel.endPicture();
    // A picture that was not read to its end has no vectors to offer to others.
    if (options.partial) current.picture.slot = -1;
    if (this.kernel.hasUnderived) this.guessed.add(slot);
    this.last = { picture: found, current, slot, slices };
    return describeFrame(this.kernel, {
      sps: found.sps,
      slot,
      type: typeOf(found),
      PicOrderCnt: current.poc.PicOrderCnt,
      bits: found.slices.reduce((sum, { unit }) => sum + (unit.end - unit.start) * 8, 0),
      options,
      guessed: this.kernel.hasUnderived,
      damage:
        damage ??
        found.problem ??
        (lost > 0 ? new MalformedStreamError(`${lost} macroblocks are in no slice of the picture`) : undefined),
    });
  }

  /** Side information of the picture parsed last; see tap.ts. Throws MalformedStreamError when none was. */
  tap(): H264Tap {
    if (!this.last) throw new MalformedStreamError('no picture has been parsed');
    const { kernel } = this;
    const { picture, current, slot, slices } = this.last;
    const [first] = picture.slices;
    const field = kernel.field(slot);
    return {
      sps: picture.sps,
      nal_ref_idc: first!.header.nal_ref_idc,
      IdrPicFlag: first!.header.IdrPicFlag,
      frame_num: first!.header.frame_num,
      PicOrderCnt: current.poc.PicOrderCnt,
      mbCols: kernel.mbCols,
      mbRows: kernel.mbRows,
      slices,
      slice: kernel.sliceOf(),
      mbType: kernel.bytes('mbTypes'),
      intraPredMode: kernel.bytes('intraModes', 16),
      intra16x16PredMode: kernel.bytes('intra16Modes'),
      intra_chroma_pred_mode: kernel.bytes('chromaModes'),
      transform_size_8x8_flag: kernel.bytes('transform8x8'),
      CodedBlockPattern: kernel.bytes('codedBlockPatterns'),
      totalCoeff: kernel.bytes('totalCoeff', 24),
      qp: kernel.bytes('qps'),
      refIdx: field.refIdx,
      references: field.references,
      vectors: field.vectors,
    };
  }

  /**
   * Decodes an IDR or other intra picture to pixels through WebCodecs (keyframe.ts). Throws MalformedStreamError where
   * it is damaged or not intra, ModelError where there is no WebCodecs.
   */
  async decodeKeyFrame(packet: Uint8Array, picture = 0): Promise<DecodedPicture> {
    const found = this.finder.pictures(packet)[picture];
    if (!found) throw new MalformedStreamError(`the packet holds no picture ${picture}`);
    if (typeOf(found) !== 'I')
      throw new MalformedStreamError(`picture ${picture} of the packet is no key frame but ${typeOf(found)}`);
    // A decoder would cover damage up: look first.
    const { damage } = this.parse(packet, picture, { scale: 0 });
    if (damage) throw damage;
    return this.decoder.decode([this.coded(packet, found)]);
  }

  async decodeRun(run: AsyncIterable<PictureAt>): Promise<DecodedPicture> {
    const { finder } = this;
    const coded = (packet: Uint8Array, found: FoundPicture) => this.coded(packet, found);
    async function* pictures(): AsyncGenerator<CodedPicture> {
      for await (const { packet, picture } of run) {
        const found = finder.pictures(packet)[picture];
        if (!found) throw new MalformedStreamError(`the packet holds no picture ${picture}`);
        yield coded(packet, found);
      }
    }
    return this.decoder.decode(pictures());
  }

  private coded(packet: Uint8Array, picture: FoundPicture): CodedPicture {
    return { packet, picture, parameterSets: this.finder.parameterSets(picture) };
  }

  /** Forgets the pictures seen: vectors are not to be taken to refer to pictures of another place in the stream. */
  reset(): void {
    this.references.reset();
  }

  release(): void {
    this.decoder.close();
    this.kernel.release();
  }

  private visit(picture: FoundPicture): CurrentPicture {
    const [first] = picture.slices;
    return this.references.visit(picture.key, picture.sps, first!.header);
  }

  /** Makes the kernel ready for the picture; gives its motion field. */
  private prepare(found: FoundPicture, current: CurrentPicture, options: ParseOptions): number {
    const { kernel, references } = this;
    const { sps } = found;
    const mbCols = sps.PicWidthInMbs;
    const mbRows = frameHeightInMbs(sps);
    checkLimit(this.limits, 'pixels', mbCols * mbRows * 256);
    const largest = Math.max(...found.slices.map(({ unit }) => unit.end - unit.start));
    // Only B slices ask for the vectors of other pictures; Baseline has none.
    const kept =
      sps.profile_idc === 66
        ? 0
        : Math.min(sps.max_num_ref_frames, Math.max(1, Math.floor(MAX_DPB_MBS / (mbCols * mbRows))));
    if (kernel.configure(mbCols, mbRows, kept + 1, largest)) {
      references.releaseAllSlots();
      this.guessed.clear();
    }
    kernel.setParameterSets(sps, found.slices[0]!.pps);
    const { picture } = current;
    if (picture.slot < 0) {
      const used = new Set(references.slotsInUse());
      let slot = 0;
      while (used.has(slot)) slot++;
      picture.slot = slot < kernel.pool ? slot : Math.max(0, references.releaseOldestSlot());
    }
    this.guessed.delete(picture.slot);
    const extent = planeExtent(sps, options);
    const { scale } = extent;
    const chroma = (options.chroma ?? true) && sps.chroma_format_idc !== 0;
    kernel.setPlanes(scale, chroma, extent.x0, extent.y0, extent.x1, extent.y1);
    kernel.beginPicture(picture.slot, rowsRead(options, mbRows));
    return picture.slot;
  }

  private decodeSlices(
    packet: Uint8Array,
    found: FoundPicture,
    current: CurrentPicture,
  ): { slices: SliceTap[]; damage: Error | undefined } {
    const slices: SliceTap[] = [];
    let damage: Error | undefined;
    for (const slice of found.slices) {
      const tap = this.decodeSlice(packet, slice, found.sps, current, slices.length);
      slices.push(tap);
      if (tap.error !== 0) {
        const offset = slice.unit.start + 1 + (tap.endBit >> 3);
        damage ??= new MalformedStreamError(reasonOf(tap.error), { offset });
      } else if (slice.unit.truncated) {
        damage ??= new MalformedStreamError('the packet ends inside a NAL unit', { offset: slice.unit.end });
      }
    }
    return { slices, damage };
  }

  private decodeSlice(
    packet: Uint8Array,
    { unit, header, pps }: FoundSlice,
    sps: SeqParameterSet,
    current: CurrentPicture,
    sliceIndex: number,
  ): SliceTap {
    const { kernel, references } = this;
    kernel.setParameterSets(sps, pps);
    const target = kernel.sliceBuffer();
    const size = copyRbsp(packet, unit.start + 1, unit.end, target);
    const stopBit = stopBitOf(target.subarray(0, size));
    const lists = references.lists(sps, header);
    const RefPicList = lists.map(pocs) as [Int32Array, Int32Array];
    const longTerm = lists.map(longTermMarks) as [Uint8Array, Uint8Array];
    const col = lists[1][0];
    if (header.slice_type === SliceType.B && col && this.guessed.has(col.slot)) this.guessed.add(current.picture.slot);
    const result = kernel.decodeSlice(
      size,
      {
        slice_type: header.slice_type,
        entropy_coding_mode_flag: pps.entropy_coding_mode_flag,
        first_mb_in_slice: header.first_mb_in_slice,
        SliceQPY: header.SliceQPY,
        cabacModel: header.slice_type === SliceType.I ? 0 : 1 + header.cabac_init_idc,
        num_ref_idx_active: header.num_ref_idx_active,
        transform_8x8_mode_flag: pps.transform_8x8_mode_flag,
        direct_8x8_inference_flag: sps.direct_8x8_inference_flag,
        direct_spatial_mv_pred_flag: header.direct_spatial_mv_pred_flag,
        sliceIndex,
        constrained_intra_pred_flag: pps.constrained_intra_pred_flag,
        monochrome: sps.chroma_format_idc === 0,
        startBit: header.headerBits,
        stopBit: Math.max(0, stopBit),
        colSlot: col?.slot ?? -1,
        colShortTerm: col !== undefined && col.longTermFrameIdx === undefined,
        PicOrderCnt: current.poc.PicOrderCnt,
      },
      { poc: RefPicList, long: longTerm },
    );
    return {
      header,
      pps,
      RefPicList,
      longTerm,
      macroblocks: result.macroblocks,
      endBit: result.endBit,
      trailingBit: stopBit,
      error: result.error,
    };
  }
}

/** A picture with B slices is B; with P slices, P. */
function typeOf(picture: FoundPicture): PictureType {
  const has = (type: number): boolean => picture.slices.some(({ header }) => header.slice_type === type);
  return has(SliceType.B) ? 'B' : has(SliceType.P) ? 'P' : 'I';
}

function pocs(list: ReferenceList): Int32Array {
  return Int32Array.from(list, (picture) => picture?.PicOrderCnt ?? UNKNOWN_REFERENCE);
}

function longTermMarks(list: ReferenceList): Uint8Array {
  return Uint8Array.from(list, (picture) => (picture?.longTermFrameIdx === undefined ? 0 : 1));
}

/** A parser of an `h264` track. Throws what `H264Parser`'s constructor throws. */
export function createH264Parser(track: VideoTrack, limits: Limits): BitstreamParser {
  return new H264Parser(track, limits);
}
