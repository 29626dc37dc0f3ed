/** Decoded reference picture marking, ITU-T H.264 clause 8.2.5, for frames. */
import type { MemoryManagementOperation } from '../../../../src/bitstream/h264/syntax.js';
import type { ReferenceFrame } from './picture.js';

/** 8-27: frames decoded before a wrap of frame_num count as negative. PicNum equals it for frames (8-28). */
export function frameNumWrap(frame: ReferenceFrame, currentFrameNum: number, MaxFrameNum: number): number {
  return frame.frame_num > currentFrameNum ? frame.frame_num - MaxFrameNum : frame.frame_num;
}

/** 8.2.5.3: the oldest short-term frame leaves when as many frames are marked as the stream may keep. */
export function slidingWindow(
  frames: readonly ReferenceFrame[],
  current: ReferenceFrame,
  MaxFrameNum: number,
  max_num_ref_frames: number,
): void {
  const others = frames.filter((frame) => frame !== current);
  const short = others.filter((frame) => frame.marking === 'short');
  const long = others.filter((frame) => frame.marking === 'long');
  if (short.length === 0 || short.length + long.length < Math.max(max_num_ref_frames, 1)) return;
  const oldest = short.reduce((a, b) =>
    frameNumWrap(b, current.frame_num, MaxFrameNum) < frameNumWrap(a, current.frame_num, MaxFrameNum) ? b : a,
  );
  oldest.marking = 'unused';
}

/** 8.2.5.4. Returns true when operation 5 was met: the caller then treats the picture like an IDR picture. */
export function adaptiveMarking(
  frames: readonly ReferenceFrame[],
  current: ReferenceFrame,
  MaxFrameNum: number,
  commands: readonly MemoryManagementOperation[],
): boolean {
  let operation5 = false;
  const others = frames.filter((frame) => frame !== current);
  const short = (difference: number): ReferenceFrame | undefined => {
    const picNumX = current.frame_num - (difference + 1); // 8-39
    return others.find((f) => f.marking === 'short' && frameNumWrap(f, current.frame_num, MaxFrameNum) === picNumX);
  };
  /** An index in use is freed before it is given to another frame. */
  const freeIndex = (index: number, except: ReferenceFrame): void => {
    for (const f of others)
      if (f !== except && f.marking === 'long' && f.longTermFrameIdx === index) f.marking = 'unused';
  };
  for (const command of commands) {
    switch (command.operation) {
      case 1: {
        const frame = short(command.value);
        if (frame) frame.marking = 'unused';
        break;
      }
      case 2: {
        const frame = others.find((f) => f.marking === 'long' && f.longTermFrameIdx === command.value);
        if (frame) frame.marking = 'unused';
        break;
      }
      case 3: {
        const frame = short(command.value);
        if (!frame) break;
        freeIndex(command.long_term_frame_idx, frame);
        frame.marking = 'long';
        frame.longTermFrameIdx = command.long_term_frame_idx;
        break;
      }
      case 4:
        for (const f of others) {
          if (f.marking === 'long' && f.longTermFrameIdx >= command.value) f.marking = 'unused';
        }
        break;
      case 5:
        for (const f of others) f.marking = 'unused';
        operation5 = true;
        break;
      case 6:
        freeIndex(command.long_term_frame_idx, current);
        current.marking = 'long';
        current.longTermFrameIdx = command.long_term_frame_idx;
        break;
      default:
        throw new Error(`memory_management_control_operation ${command.operation}`);
    }
  }
  return operation5;
}
