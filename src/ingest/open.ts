/**
 * Opens a video for analysis: directly where its stream is read directly, else through a copy that ffmpeg makes. This is
 * the one place that decides between the two; a codec that `createParser` learns is read directly from then on.
 */
import { openContainer, type VideoSource } from '../container/index.js';
import { isStream, spool } from '../container/spool.js';
import { UnsupportedStreamError } from '../errors.js';
import { inNode } from '../files/temporary.js';
import { type Limits, withLimits } from '../limits.js';
import { openVideo, type Video } from '../video.js';
import { convert } from './ffmpeg.js';

export interface OpenedForAnalysis {
  video: Video;
  /** Of the file as given. */
  container: string;
  codec: string;
  converted: boolean;
  /** What the user is to be told. */
  notices: string[];
  /** Closes the video and removes the copy. */
  close(): Promise<void>;
}

export interface OpenForAnalysisOptions {
  limits?: Partial<Limits> | undefined;
  signal?: AbortSignal | undefined;
  /** Called before the work begins that a notice tells of. */
  onNotice?: ((notice: string) => void) | undefined;
}

/** Throws as `openVideo` and `convert` do. */
export async function openForAnalysis(
  source: VideoSource,
  options: OpenForAnalysisOptions,
): Promise<OpenedForAnalysis> {
  if (!isStream(source)) return await openOrConvert(source, options);
  const spooled = await spool(source, withLimits(options.limits), options.signal);
  try {
    return await openOrConvert(spooled.source, options);
  } finally {
    await spooled.remove();
  }
}

/** What can be opened more than once. */
type KeptSource = Exclude<VideoSource, ReadableStream>;

async function openOrConvert(
  source: KeptSource,
  { limits, signal, onNotice }: OpenForAnalysisOptions,
): Promise<OpenedForAnalysis> {
  const options = { ...(limits && { limits }), signal };
  let reason: string;
  try {
    const video = await openVideo(source, options);
    const { container, codec } = video;
    return { video, container, codec, converted: false, notices: [], close: async () => video.close() };
  } catch (error) {
    if (!(error instanceof UnsupportedStreamError) || !inNode()) throw error;
    reason = `${error.feature} is not read directly yet`;
  }

  // The container says what it holds, or throws what openVideo threw: then there is nothing to convert.
  const opened = await openContainer(source, options);
  const { container, codec } = opened.track;
  opened.close();
  const notice = `${reason}: converted to MPEG-4 Part 2 by ffmpeg first, which costs time and some signal`;
  onNotice?.(notice);
  const copy = await convert(await pathOrBytes(source), codec, { container, signal });
  try {
    const video = await openVideo(copy.path, options);
    const notices = [`${notice} (${copy.tool})`];
    if (copy.complaint) {
      notices.push(`ffmpeg on the way: ${copy.complaint}`);
      onNotice?.(notices[1]!);
    }
    const close = async () => {
      video.close();
      await copy.remove();
    };
    return { video, container, codec, converted: true, notices, close };
  } catch (error) {
    await copy.remove();
    throw error;
  }
}

async function pathOrBytes(source: KeptSource): Promise<string | URL | Uint8Array> {
  if (typeof source === 'string' || source instanceof URL || source instanceof Uint8Array) return source;
  return new Uint8Array(source instanceof ArrayBuffer ? source : await source.arrayBuffer());
}
