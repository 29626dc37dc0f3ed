/** How a video is analysed, and what comes of it while it is. */
import type { Rect } from '../bitstream/frame.js';
import type { FaceNetworks } from '../face/networks/index.js';
import type { Limits } from '../limits.js';
import type { ExpressionModel } from '../network/model.js';
import type { AnalysisResult } from './result.js';
import type { TimelineOptions } from './timeline.js';
import type { ExpressionWindow } from './window.js';

export interface AnalyzeOptions extends TimelineOptions {
  /** A loaded model (which stays open), or where one is: path, URL or bytes. Default: the model of this package. */
  model?: ExpressionModel | string | URL | Uint8Array;
  /**
   * Which faces to read: `auto` (default) locates them on I-frames and follows them; `frame` takes the whole picture for one
   * face; a rectangle, in luma pixels of the upright picture, is the box of one face that stays there. Where faces cannot
   * be looked for, `auto` becomes `frame`, with a notice.
   */
  faces?: 'auto' | 'frame' | Rect;
  /**
   * Where it is no longer sure that a box is on its face, far from a key frame, decode the pictures from the last key frame up to
   * that one and locate the faces there. Default false: no P-frame is ever decoded.
   */
  reanchor?: boolean;
  /** Networks to locate faces with, which stay loaded. Default: `loadFaceNetworks()`. */
  networks?: FaceNetworks;
  /** Seconds in a window. Default 1.2. */
  window?: number;
  /** Seconds from the start of one window to the start of the next. Default 0.2. */
  hop?: number;
  /**
   * Seconds after which the video is read on from a key frame with its faces located afresh: a video of less than one and a half
   * times as long is read in one piece. Default 300. `vultus analyze --out` reads the parts of a video on several cores.
   */
  part?: number;
  /** Pictures of each face to make from key frames, at most. Default 0. */
  thumbnails?: number;
  limits?: Partial<Limits>;
  /** Stops the analysis with the signal's reason. */
  signal?: AbortSignal;
  /** Called after each P-frame read. */
  onProgress?: (progress: { read: number; all: number }) => void;
  /** Called as soon as something is known that the result's `notices` will hold. */
  onNotice?: (notice: string) => void;
}

/** The windows of a video as they come: iterate them, ask for the result, or both. One pass only. */
export interface Analysis extends AsyncIterable<ExpressionWindow> {
  /** What all windows together say; runs what is left of the analysis. Rejects when the iteration was broken off. */
  result(): Promise<AnalysisResult>;
}
