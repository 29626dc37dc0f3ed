/** The kernel's memory after a picture, seen as a CompressedFrame. */
import type { CompressedFrame, PictureType, Plane, Rect, Scale } from '../frame.js';
import type { ParseOptions } from '../parser.js';
import type { Kernel } from './kernel.js';
import { frameHeightInMbs } from './sps.js';
import type { SeqParameterSet } from './syntax.js';

/** What the planes shall hold: the region asked for, snapped, and the macroblocks that it meets. */
export interface PlaneExtent {
  scale: Scale | 0;
  region: Rect;
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/**
 * Size of the picture: what is cropped at the right and at the bottom is taken off. (Cropping at the left or top, which
 * is rare, is not: planes, vectors and macroblocks keep one origin.)
 */
export function pictureSize(sps: SeqParameterSet): { width: number; height: number } {
  return {
    width: sps.PicWidthInMbs * 16 - sps.crop.right,
    height: frameHeightInMbs(sps) * 16 - sps.crop.bottom,
  };
}

export function planeExtent(sps: SeqParameterSet, options: ParseOptions): PlaneExtent {
  const { width, height } = pictureSize(sps);
  const scale = options.scale ?? 1;
  const whole = { x: 0, y: 0, width, height };
  if (scale === 0) return { scale, region: whole, x0: 0, y0: 0, x1: 0, y1: 0 };
  const region = snap(options.region ?? whole, 2 * scale, width, height);
  return {
    scale,
    region,
    x0: region.x >> 4,
    y0: region.y >> 4,
    x1: (region.x + region.width + 15) >> 4,
    y1: (region.y + region.height + 15) >> 4,
  };
}

/** `rect` snapped outwards to multiples of `step` and cut to the picture; empty where they do not meet. */
function snap(rect: Rect, step: number, width: number, height: number): Rect {
  const along = (start: number, length: number, limit: number): [number, number] => {
    const from = Math.min(Math.max(Math.floor(start / step) * step, 0), limit);
    const to = Math.min(Math.max(Math.ceil((start + length) / step) * step, from), limit);
    return [from, to - from];
  };
  const [x, w] = along(rect.x, rect.width, width);
  const [y, h] = along(rect.y, rect.height, height);
  return { x, y, width: w, height: h };
}

/** What describeFrame needs beside the kernel's memory. */
export interface PictureFacts {
  sps: SeqParameterSet;
  slot: number;
  type: PictureType;
  PicOrderCnt: number;
  bits: number;
  options: ParseOptions;
  /** Some vectors rest on a picture that was not parsed. */
  guessed: boolean;
  damage: Error | undefined;
}

export function describeFrame(kernel: Kernel, facts: PictureFacts): CompressedFrame {
  const { sps, options, type } = facts;
  const { mbCols, mbRows } = kernel;
  const { scale, region } = planeExtent(sps, options);
  const chroma = (options.chroma ?? true) && sps.chroma_format_idc !== 0;
  const field = kernel.field(facts.slot);
  const divisor = scale === 0 ? 1 : scale;
  const plane = (which: 'luma' | 'cb' | 'cr'): Plane | undefined =>
    scale === 0 || (which !== 'luma' && !chroma) ? undefined : cut(kernel, which, region, divisor);
  return {
    type,
    coded: true,
    ...pictureSize(sps),
    mbCols,
    mbRows,
    scale: divisor,
    region,
    luma: plane('luma'),
    cb: plane('cb'),
    cr: plane('cr'),
    motion: {
      cols: mbCols * 4,
      rows: mbRows * 4,
      cell: 4,
      unit: 4,
      vectors: field.vectors[0],
      backward: type === 'B' ? field.vectors[1] : undefined,
      references: field.references[0],
      ...(type === 'B' && { backwardReferences: field.references[1] }),
      ...(facts.guessed && { guessed: kernel.bytes('underived') }),
    },
    pictureOrder: facts.PicOrderCnt,
    macroblockType: kernel.bytes('publicTypes'),
    intra: kernel.bytes('intraMask'),
    qp: kernel.bytes('qps'),
    bits: facts.bits,
    damage: facts.damage,
  };
}

/** The part of a padded plane that the region covers. */
function cut(kernel: Kernel, which: 'luma' | 'cb' | 'cr', region: Rect, scale: Scale): Plane {
  const { at, stride } = kernel.plane(which);
  // Luma pixels per value of this plane.
  const unit = scale * (which === 'luma' ? 1 : 2);
  const x = (region.x & 15) / unit;
  const y = (region.y & 15) / unit;
  const width = Math.ceil(region.width / unit);
  const height = Math.ceil(region.height / unit);
  const length = width > 0 && height > 0 ? (height - 1) * stride + width : 0;
  return { data: kernel.samples(at + (y * stride + x) * 2, length), width, height, stride };
}
