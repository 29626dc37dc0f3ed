/** What was read of one part, so that it can be sent to another thread and kept in a file, and the result of all parts. */
import { type PartFace, PartMerger } from './merge-parts.js';
import type { Part } from './parts.js';
import type { PartCounts } from './read-part.js';
import type { AnalysisResult, TrackPoint } from './result.js';
import type { VideoAnalysis } from './video-analysis.js';
import type { ExpressionWindow } from './window.js';

/** Plain data: `structuredClone` and `v8.serialize` take it. */
export interface PartResult {
  /** In the order in which they end, with the numbers that faces have in this part. */
  windows: ExpressionWindow[];
  faces: {
    face: number;
    track: TrackPoint[];
    first: Float32Array | undefined;
    last: Float32Array | undefined;
  }[];
  counts: PartCounts;
}

export async function readWholePart(analysis: VideoAnalysis, part: Part): Promise<PartResult> {
  const reader = analysis.read(part);
  const windows: ExpressionWindow[] = [];
  for await (const window of reader.windows()) windows.push(window);
  const faces: PartResult['faces'] = [];
  for (const { face, track, first, last } of reader.faces()) {
    // Descriptors tell the faces of one part from those of another: a video of one part does without.
    const several = analysis.parts.length > 1;
    const described = several
      ? { first: await first?.(), last: await last?.() }
      : { first: undefined, last: undefined };
    faces.push({ face, track: [...track], ...described });
  }
  return { windows, faces, counts: reader.counts };
}

/** The result of a video all of whose parts were read. */
export async function resultOfParts(analysis: VideoAnalysis, parts: readonly PartResult[]): Promise<AnalysisResult> {
  const merger = new PartMerger();
  for (const [i, { windows, faces, counts }] of parts.entries()) {
    const known = new Map(faces.map((face): [number, PartFace] => [face.face, { ...face, ...later(face) }]));
    for (const window of windows) await merger.add(window, known.get(window.face)!);
    analysis.end(merger, analysis.parts[i]!, [...known.values()], counts);
  }
  return await analysis.result(
    merger,
    parts.map(({ counts }) => counts),
  );
}

const later = ({ first, last }: PartResult['faces'][number]) => ({
  first: first && (async () => first),
  last: last && (async () => last),
});
