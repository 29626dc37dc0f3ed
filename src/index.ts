/** The public API of vultus. Training, evaluation, data sets and the graph have entries of their own (package.json). */

export { analyze, defaultModel } from './analyze.js';
export type { MotionGrid, PictureType, Plane, Rect, Scale } from './bitstream/frame.js';
export { type CompressedFrame, copyFrame, MacroblockType, PredictionFlag } from './bitstream/frame.js';
export type { DecodedPicture, ParseOptions } from './bitstream/parser.js';
export { LimitExceededError, MalformedStreamError, ModelError, UnsupportedStreamError } from './errors.js';
export {
  type Detection,
  type DetectOptions,
  descriptorDistance,
  type FaceNetworkOptions,
  type FaceNetworks,
  loadFaceNetworks,
  type Picture,
  type Point,
  type RgbPicture,
  type WeightSource,
} from './face/networks/index.js';
export { defaultLimits, type Limits } from './limits.js';
export type { CardMetrics, ModelCard } from './network/card.js';
export { type ExpressionModel, type LoadOptions, loadModel, type Prediction } from './network/model.js';
export { type BatchOptions, type BatchRow, renderBatch } from './report/batch.js';
export { summariseVideo, type VideoSummary } from './report/batch-summary.js';
export { type ReportEntry, type ReportOptions, renderReport } from './report/html.js';
export { type AnalysisJson, analysisJson } from './report/json.js';
export type { Signal } from './residual/signal.js';
export { type FrameStatistics, frameStatistics } from './residual/statistics.js';
export type { FaceBox } from './residual/track.js';
export type { Analysis, AnalyzeOptions } from './timeline/options.js';
export type { AnalysisResult, FaceMode, FaceTimeline, Thumbnail, TrackPoint } from './timeline/result.js';
export { type Segment, UNCERTAIN } from './timeline/segments.js';
export type { TimelineOptions } from './timeline/timeline.js';
export type { ExpressionWindow } from './timeline/window.js';
export {
  type FrameEntry,
  type FrameIndex,
  type FrameOptions,
  type OpenOptions,
  openVideo,
  type Selection,
  type Video,
  type VideoFrame,
  type VideoKeyFrame,
  type VideoSource,
} from './video.js';
