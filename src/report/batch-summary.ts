/** What the index of many videos shows of one: small plain data that can be kept as JSON when the analysis itself is gone. */
import type { AnalysisResult } from '../timeline/result.js';
import { coarse, type Stretch, stretchesOf } from './ribbon.js';
import { secondsByLabel } from './shares.js';

/** Stretches of a strip at most, and strips of a video. */
const CELLS = 160;
const STRIPS = 6;

/** A few kilobytes at most, whatever the video's length; survives `JSON.stringify` and `JSON.parse` unchanged. */
export interface VideoSummary {
  /** Seconds. */
  duration: number;
  /** `h264` and such. */
  codec: string;
  labels: readonly string[];
  /** Faces with a timeline. */
  faces: number;
  /** Seconds by label over all faces, `uncertain` included: face seconds, with two faces up to twice the duration. */
  seconds: Readonly<Record<string, number>>;
  /** Bands of the faces that are there longest, at most six, in order of appearance. */
  strips: readonly { face: number; stretches: readonly Stretch[] }[];
  /** Why the result may be worse than the model is. */
  notices: readonly string[];
}

/** Takes from a result what its row in `renderBatch` needs. */
export function summariseVideo({ duration, codec, labels, faces, notices }: AnalysisResult): VideoSummary {
  const round = (seconds: number) => Number(seconds.toFixed(3));
  const length = ({ segments }: (typeof faces)[number]) => segments.reduce((sum, s) => sum + s.end - s.start, 0);
  const shown = [...faces].sort((a, b) => length(b) - length(a)).slice(0, STRIPS);
  const seconds = secondsByLabel(faces.flatMap(({ segments }) => segments));
  return {
    ...{ duration: round(duration), codec, labels: [...labels], faces: faces.length, notices: [...notices] },
    seconds: Object.fromEntries([...seconds].map(([label, time]) => [label, round(time)])),
    strips: shown
      .sort((a, b) => a.face - b.face)
      .map(({ face, segments }) => ({
        face,
        stretches: coarse(stretchesOf(segments, labels), CELLS).map(
          ([label, start, end]): Stretch => [label, round(start), round(end)],
        ),
      })),
  };
}
