/** Faces of a whole video without recognising anything: who is where on each I- and P-picture. */
import type { ParseOptions } from '../bitstream/parser.js';
import type { FrameEntry, Video } from '../video.js';
import type { FaceSource } from './face-source.js';
import type { Track } from './tracker.js';

/** The faces on one picture. */
export interface Watched {
  entry: FrameEntry;
  /** Those that are present; they keep their values. */
  faces: Track[];
}

/** Yields every I- and P-picture in decoding order. P-pictures are parsed for their vectors only, and only while a face is there. */
export async function* watchFaces(
  video: Video,
  source: FaceSource,
  abort?: AbortSignal,
): AsyncGenerator<Watched, void, undefined> {
  const frames = await video.index();
  const met: Watched[] = [];
  let decoded = 0;
  let anchorTime = 0;
  const present = () => source.tracks.filter((track) => track.present).map(snapshot);
  const keysUntil = async (decodeIndex: number) => {
    for (; decoded < decodeIndex; decoded++) {
      if (frames.typeAt(decoded) !== 'I') continue;
      const entry = frames.atDecode(decoded);
      await source.key(entry);
      anchorTime = entry.timestamp;
      met.push({ entry, faces: present() });
    }
  };
  const request = async (entry: FrameEntry): Promise<ParseOptions | undefined> => {
    await keysUntil(entry.decodeIndex);
    if (source.tracks.some((track) => track.present)) return { scale: 0, chroma: false };
    anchorTime = entry.timestamp;
    met.push({ entry, faces: [] });
    return undefined;
  };
  for await (const { index, frame } of video.frames({ select: 'P', request, ...(abort && { signal: abort }) })) {
    yield* met.splice(0);
    const entry = frames.at(index);
    if (frame?.type === 'P') {
      source.follow(frame, entry.timestamp - anchorTime);
      await source.reanchor?.(entry, frame.pictureOrder);
    }
    anchorTime = entry.timestamp;
    yield { entry, faces: present() };
  }
  await keysUntil(frames.length);
  yield* met;
}

function snapshot({ face, box, previous, confidence, present }: Track): Track {
  return { face, box: { ...box }, previous: { ...previous }, confidence, present };
}
