/** Output of decoded frames in order, ITU-T H.264 clause C.4: a frame waits until the buffer needs its place. */
import type { SeqParameterSet } from '../../../../src/bitstream/h264/syntax.js';
import type { ReferenceFrame } from './picture.js';

/** MaxDpbMbs of table A-1, by level_idc (11 with constraint_set3_flag in Baseline, Main, Extended is level 1b). */
const maxDpbMbs: Readonly<Record<number, number>> = {
  9: 396,
  10: 396,
  11: 900,
  12: 2376,
  13: 2376,
  20: 2376,
  21: 4752,
  22: 8100,
  30: 8100,
  31: 18000,
  32: 20480,
  40: 32768,
  41: 32768,
  42: 34816,
  50: 110400,
  51: 184320,
  52: 184320,
  60: 696320,
  61: 696320,
  62: 696320,
};

/** MaxDpbFrames, A.3.1 h: how many frames the decoded picture buffer holds. */
export function bufferSize(sps: SeqParameterSet): number {
  const byLevel = (maxDpbMbs[sps.level_idc] ?? 696320) / (sps.PicWidthInMbs * sps.PicHeightInMapUnits);
  return Math.max(1, sps.max_num_ref_frames, Math.min(16, Math.floor(byLevel)));
}

/** C.4.5.3, "bumping": writes the waiting frame that comes first in output order. Returns whether there was one. */
export function bump(frames: readonly ReferenceFrame[], write: (frame: ReferenceFrame) => void): boolean {
  const waiting = frames.filter((frame) => frame.neededForOutput);
  if (waiting.length === 0) return false;
  const first = waiting.reduce((a, b) => (b.poc < a.poc ? b : a));
  write(first);
  first.neededForOutput = false;
  return true;
}

/** The frame as concatenated Y, Cb, Cr, cropped (7.4.2.1.1; for 4:2:0 all offsets are even). */
export function cropped(frame: ReferenceFrame, crop: SeqParameterSet['crop']): Uint8Array {
  const width = frame.planes[0].width - crop.left - crop.right;
  const height = frame.planes[0].height - crop.top - crop.bottom;
  const out = new Uint8Array((width * height * 3) / 2);
  let at = 0;
  frame.planes.forEach((plane, i) => {
    const s = i === 0 ? 1 : 2;
    for (let y = 0; y < height / s; y++) {
      const row = (crop.top / s + y) * plane.width + crop.left / s;
      out.set(plane.data.subarray(row, row + width / s), at);
      at += width / s;
    }
  });
  return out;
}
