/** The frame of a picture that is not in the file: an empty chunk of an AVI says that the last picture stays. */
import { type CompressedFrame, copyFrame, MacroblockType, PredictionFlag } from '../bitstream/frame.js';

/** A picture equal to the last, of the geometry of `like`: no residual, no motion, every macroblock skipped. */
export function notCodedFrame(like: CompressedFrame): CompressedFrame {
  const frame = copyFrame(like);
  frame.type = 'P';
  frame.coded = false;
  frame.bits = 0;
  frame.damage = undefined;
  frame.luma?.data.fill(0);
  frame.cb?.data.fill(0);
  frame.cr?.data.fill(0);
  frame.motion.vectors.fill(0);
  frame.motion.backward = undefined;
  frame.macroblockType.fill(MacroblockType.skipped);
  frame.intra.fill(0);
  frame.qp.fill(0);
  frame.prediction?.fill(PredictionFlag.forward);
  return frame;
}
