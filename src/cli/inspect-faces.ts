/** `vultus inspect --faces`: follows the faces of a video and writes a page to look at them. */
import { basename } from 'node:path';
import { UnsupportedStreamError } from '../errors.js';
import { LocatedFaces } from '../face/face-source.js';
import { loadFaceNetworks } from '../face/networks/index.js';
import type { Track } from '../face/tracker.js';
import { watchFaces } from '../face/watch.js';
import { writeWhole } from '../files/write-whole.js';
import { type TrackMoment, type TrackPicture, trackPicture, tracksHtml } from '../report/tracks-html.js';
import { turnBox, turnPicture } from '../video/turn.js';
import { openVideo, type Video } from '../video.js';
import { clearProgress, notice, progress } from './output.js';
import { packageVersion } from './version.js';

/** Key frames on the page, at most; and moments of the confidence lanes. */
const mostPictures = 48;
const mostMoments = 2000;

/** Throws UnsupportedStreamError where key frames cannot be decoded here. */
export async function inspectFaces(
  file: string,
  out: string,
  { reanchor, signal }: { reanchor: boolean; signal: AbortSignal },
): Promise<void> {
  const video = await openVideo(file);
  const networks = await loadFaceNetworks();
  try {
    const source = new LocatedFaces(video, networks, { signal, reanchor });
    const shown = await keysToShow(video);
    const moments: TrackMoment[] = [];
    const pictures: TrackPicture[] = [];
    const every = Math.max(1, Math.ceil(video.frameCount / mostMoments));
    let before: Track[] = [];
    let met = 0;
    for await (const { entry, faces } of watchFaces(video, source, signal)) {
      if (met++ % every === 0)
        moments.push({ time: entry.timestamp, faces: faces.map(({ face, confidence }) => ({ face, confidence })) });
      if (shown.has(entry.index)) {
        for await (const { picture, error } of video.keyFrames({ select: [entry.index], signal })) {
          if (error instanceof UnsupportedStreamError) throw error;
          const at = { time: entry.timestamp, frame: entry.index };
          if (!picture) continue;
          const upright = (track: Track) => ({ ...track, box: turnBox(track.box, video, video.rotation) });
          const shownPicture = turnPicture(picture, video.rotation);
          pictures.push(trackPicture(shownPicture, at, faces.map(upright), before.map(upright)));
        }
      }
      before = faces;
      progress(`${file}: ${met} of ${video.frameCount} pictures`);
    }
    clearProgress();
    const page = { file: basename(file), duration: video.duration, pictures, moments, version: packageVersion() };
    await writeWhole(out, tracksHtml(page));
    const anew = source.reanchored > 0 ? `, ${source.reanchored} P-frames among them` : '';
    notice(`${source.tracks.length} faces on ${source.looks} pictures looked at${anew}: ${out}`);
  } finally {
    await networks.close();
    video.close();
  }
}

/** Display indices of key frames, evenly spread. */
async function keysToShow(video: Video): Promise<Set<number>> {
  const frames = await video.index();
  const keys: number[] = [];
  for (let i = 0; i < frames.length; i++) if (frames.atDecode(i).key) keys.push(frames.display[i]!);
  const count = Math.min(mostPictures, keys.length);
  return new Set(Array.from({ length: count }, (_, k) => keys[Math.floor(((k + 0.5) * keys.length) / count)]!));
}
