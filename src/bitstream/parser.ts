/** The one interface between a codec and the rest of the house. */

import type { VideoTrack } from '../container/packet.js';
import type { Limits } from '../limits.js';
import type { CompressedFrame, PictureType, Rect, Scale } from './frame.js';

/** What a picture's header tells without parsing its macroblocks. */
export interface PictureHeader {
  type: PictureType;
  coded: boolean;
  /** Luma pixels of the picture, as `CompressedFrame` has them. */
  width: number;
  height: number;
  /** Where the picture starts in the packet, and its length, in bytes: a packed packet holds several. */
  offset: number;
  size: number;
  /** Presentation time in the stream's own clock, in seconds, if the bitstream carries one (MPEG-4 vop_time_increment). */
  time: number | undefined;
  /**
   * H.264: where the picture stands among those since the last that restarted the count, in display order
   * (PicOrderCnt). Left out where the picture's type tells its place.
   */
  order?: number;
  /** The count begins anew with this picture: it and all after it are shown after all before it. */
  restartsOrder?: boolean;
}

export interface ParseOptions {
  /** Default 1. `0` gives no planes: entropy decoding only (types, vectors, quantisers, bits). */
  scale?: Scale | 0;
  /** Only blocks that meet the rectangle are transformed. Default: the whole picture. */
  region?: Rect;
  /**
   * Stop reading below the region: macroblocks in rows below it come out `unread`, without vectors, and damage there is not
   * noticed. In H.264 and MPEG-4, whose entropy coding runs from the top of a slice to its end, nothing else spares the
   * reading of a macroblock. Such a picture is no anchor to B-pictures. Default false.
   */
  partial?: boolean;
  /** Also transform Cb and Cr. Default true. */
  chroma?: boolean;
  /**
   * MPEG-4 Part 2: which integer inverse DCT. `auto` (default) chooses as ffmpeg does by default: Xvid's own where the
   * stream names Xvid as its encoder (user data `XviD…`), ffmpeg's `simple` one elsewhere. `simple`: that one everywhere.
   * To compare with ffmpeg: `-flags bitexact` (else it leaves out mismatch control in intra blocks of quant_type 1, and
   * approximates interpolation) with `-idct xvid` or `-idct simple`, since bitexact keeps ffmpeg from choosing itself.
   */
  idct?: 'auto' | 'simple';
}

/** Rows of macroblocks that `options` want read, of `mbRows`. */
export function rowsRead({ partial, region }: ParseOptions, mbRows: number): number {
  if (!partial || !region) return mbRows;
  return Math.min(mbRows, Math.max(0, Math.ceil((region.y + region.height) / 16)));
}

/** 8-bit planes of a decoded key frame, cropped to the displayed picture. */
export interface DecodedPicture {
  width: number;
  height: number;
  y: Uint8Array;
  /** ceil(width / 2) x ceil(height / 2). */
  cb: Uint8Array;
  cr: Uint8Array;
}

/** One picture of a packet: its position in `headers`. */
export interface PictureAt {
  packet: Uint8Array;
  picture: number;
}

/** Reads the pictures of one track. Stateful only for parameter sets (and, for B-VOPs, the last anchor's vectors). */
export interface BitstreamParser {
  /**
   * The pictures in a packet, in decoding order, from their headers alone. Also takes in parameter sets found there. In a
   * packed stream (several pictures in a packet) the placeholder that follows such a packet has `coded: false`.
   */
  headers(packet: Uint8Array): PictureHeader[];
  /**
   * Parses one picture of the packet (`picture`: position in `headers`, default 0). A P-picture needs nothing before
   * it but parameter sets. A B-picture needs its two anchors parsed just before it, in decoding order, or it comes out as
   * lost macroblocks with `damage`. Throws MalformedStreamError when not even the picture's header can be read; damage further
   * in gives a frame with `damage` set and `lost` macroblocks.
   */
  parse(packet: Uint8Array, picture?: number, options?: ParseOptions): CompressedFrame;
  /**
   * Decodes an I-picture to pixels. Asynchronous because H.264 key frames go through WebCodecs; MPEG-4's need nothing.
   * Throws MalformedStreamError when the picture is not intra or is damaged.
   */
  decodeKeyFrame(packet: Uint8Array, picture?: number): Promise<DecodedPicture>;
  /**
   * Decodes the last picture of a run to pixels: an I-picture and all that follow it in decoding order up to the one that is
   * wanted, which is no B-picture. Never needed to recognise anything; faces are located anew by it where that is asked for.
   * Throws as `decodeKeyFrame` does.
   */
  decodeRun(run: AsyncIterable<PictureAt>): Promise<DecodedPicture>;
  /**
   * Says that the next picture does not follow the last one given: H.264 then names only references met from there on.
   * Parameter sets are kept. Left out by parsers that keep nothing of the kind.
   */
  reset?(): void;
  /** Hands its memory on to parsers made later: neither it nor a frame of its is to be used any more. */
  release?(): void;
}

export type CreateParser = (track: VideoTrack, limits: Limits) => BitstreamParser;
