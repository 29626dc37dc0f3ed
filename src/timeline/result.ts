/** What analysing a video gives: everything that the printed result, the JSON and the report show. */
import type { ModelCard } from '../network/card.js';
import type { FaceBox } from '../residual/track.js';
import type { Segment } from './segments.js';
import type { ExpressionWindow } from './window.js';

/** The part of a key frame inside the face box, small enough to be shown beside a timeline. */
export interface Thumbnail {
  /** Presentation time in seconds. */
  time: number;
  width: number;
  height: number;
  /** width x height x (r, g, b), 8 bits each. */
  rgb: Uint8Array;
}

export interface AnalysisResult {
  /** Of the file as given, not of a converted copy. */
  container: string;
  codec: string;
  /** Size in luma pixels of the picture that was read, upright: face boxes are measured in it. */
  width: number;
  height: number;
  /** Seconds from the first frame's display to the last one's end. */
  duration: number;
  /** Pictures in the video, P-pictures among them, and how many of these were read for this result. */
  frames: number;
  predicted: number;
  parsed: number;
  /** Pictures read that were damaged: their lost parts carry no signal. */
  damaged: number;
  /** Why the result may be worse than the model is: a conversion, a truncated file. Empty when all is well. */
  notices: string[];
  /** True where the video was converted by ffmpeg before it was read; a notice says how. */
  converted: boolean;
  /** Where the faces come from: located and followed, the whole frame, or a box that was given. */
  located: FaceMode;
  model: { hash: string; card: ModelCard };
  /** Length and hop of the windows in seconds, and the highest probability below which a moment is `uncertain`. */
  window: number;
  hop: number;
  threshold: number;
  /** Standard deviation in seconds of the smoothing that segments rest on. */
  smoothing: number;
  labels: readonly string[];
  /** By number; a face without a single window is left out. None is an answer. */
  faces: FaceTimeline[];
}

export type FaceMode = 'auto' | 'frame' | 'box';

/** The expression of one face over time. */
export interface FaceTimeline {
  /** 0, 1, 2 … in the order of appearance. */
  face: number;
  windows: ExpressionWindow[];
  segments: Segment[];
  /** Mean probability of each label over all windows, in the order of the result's `labels`. */
  distribution: number[];
  /** Where the face was on the I-frames on which it was there; with a given box, that box once. */
  track: TrackPoint[];
  /** As many as were asked for, spread over the face's I-frames. */
  thumbnails: Thumbnail[];
}

/** One face together with what holds for the whole video: what charts of a face are drawn from. */
export type FaceView = AnalysisResult & FaceTimeline;

/** The face on one I-frame. */
export interface TrackPoint {
  /** Display index, and presentation time in seconds. */
  frame: number;
  time: number;
  /** In luma pixels; may reach outside the picture. */
  box: FaceBox;
  /** 0..1, see `ExpressionWindow`. */
  confidence: number;
}
