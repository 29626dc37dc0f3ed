/** One picture in a few numbers: how it was coded, and how much of it. */
import type { CompressedFrame } from '../bitstream/frame.js';
import { MacroblockType } from '../bitstream/frame.js';

export interface FrameStatistics {
  /** Macroblocks of each kind; `inter` counts those with split vectors too. */
  intra: number;
  inter: number;
  skipped: number;
  lost: number;
  /** Mean quantiser over the macroblocks that were read; `null` if none was. */
  quantiser: number | null;
  /** Mean absolute luma residual, in luma steps, over the samples of inter macroblocks; `null` where there are none. */
  energy: number | null;
  /** Mean length of the vectors of inter macroblocks in pixels (forward ones, in B-pictures); `null` where there are none. */
  motion: number | null;
}

/** @param frame parsed at scale 1 and over the whole picture; without a luma plane `energy` is null */
export function frameStatistics(frame: CompressedFrame): FrameStatistics {
  const counts = [0, 0, 0, 0, 0];
  let quantisers = 0;
  for (let mb = 0; mb < frame.macroblockType.length; mb++) {
    const type = frame.macroblockType[mb]!;
    counts[type]!++;
    if (type !== MacroblockType.lost) quantisers += frame.qp[mb]!;
  }
  const lost = counts[MacroblockType.lost]!;
  const read = frame.macroblockType.length - lost;
  return {
    intra: counts[MacroblockType.intra]!,
    inter: counts[MacroblockType.inter]! + counts[MacroblockType.interSplit]!,
    skipped: counts[MacroblockType.skipped]!,
    lost,
    quantiser: read > 0 ? quantisers / read : null,
    energy: residualEnergy(frame),
    motion: motionLength(frame),
  };
}

function isInter(type: number | undefined): boolean {
  return type === MacroblockType.inter || type === MacroblockType.interSplit;
}

function residualEnergy({
  luma,
  region,
  scale,
  width,
  height,
  mbCols,
  macroblockType,
}: CompressedFrame): number | null {
  if (!luma) return null;
  const side = 16 / scale;
  // Planes may go on to whole macroblocks; what is beyond the picture does not count.
  const right = Math.min(luma.width, Math.ceil((width - region.x) / scale));
  const bottom = Math.min(luma.height, Math.ceil((height - region.y) / scale));
  const [left, top] = [region.x / scale, region.y / scale];
  let sum = 0;
  let count = 0;
  for (let y = 0; y < bottom; y++) {
    const mbRow = Math.floor((top + y) / side) * mbCols;
    for (let x = 0; x < right; ) {
      const mbCol = Math.floor((left + x) / side);
      const end = Math.min(right, (mbCol + 1) * side - left);
      if (isInter(macroblockType[mbRow + mbCol])) {
        for (let i = y * luma.stride + x; i < y * luma.stride + end; i++) sum += Math.abs(luma.data[i]!);
        count += end - x;
      }
      x = end;
    }
  }
  return count > 0 ? sum / count : null;
}

function motionLength({ motion, mbCols, macroblockType }: CompressedFrame): number | null {
  const { cols, rows, cell, unit, vectors } = motion;
  const perMacroblock = 16 / cell;
  let sum = 0;
  let count = 0;
  for (let row = 0, v = 0; row < rows; row++) {
    const mbRow = Math.floor(row / perMacroblock) * mbCols;
    for (let col = 0; col < cols; col++, v += 2) {
      if (!isInter(macroblockType[mbRow + Math.floor(col / perMacroblock)])) continue;
      sum += Math.sqrt(vectors[v]! ** 2 + vectors[v + 1]! ** 2);
      count++;
    }
  }
  return count > 0 ? sum / count / unit : null;
}
