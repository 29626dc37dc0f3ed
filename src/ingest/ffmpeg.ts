/**
 * Converts what vultus does not read yet into what it reads, with ffmpeg: MPEG-4 Part 2, no B-frames, an I-frame every
 * 12 frames, as the method's authors prepared their data. A stop-gap for other codecs, never a part of recognition.
 */
import { MalformedStreamError, UnsupportedStreamError } from '../errors.js';
import { temporaryFolder } from '../files/temporary.js';

/** How the converted stream is coded; also told to the user. */
export const encoding = ['-c:v', 'mpeg4', '-bf', '0', '-g', '12', '-q:v', '4', '-threads', '1', '-pix_fmt', 'yuv420p'];

/** Our names of containers and the demuxer that ffmpeg must use for them: it is not left to guess what a file is. */
const demuxers: Record<string, string> = {
  mp4: 'mov',
  mov: 'mov',
  '3gp': 'mov',
  mkv: 'matroska',
  webm: 'matroska',
  ts: 'mpegts',
  avi: 'avi',
  flv: 'flv',
  m4v: 'm4v',
};

export interface ConvertOptions {
  /** The container as vultus names it (`VideoTrack.container`). */
  container: string;
  signal?: AbortSignal | undefined;
}

/** A converted copy in a temporary folder. */
export interface Converted {
  path: string;
  /** First words of `ffmpeg -version`, for example `ffmpeg version 5.1.6`. */
  tool: string;
  /** What ffmpeg complained about although it went on (a damaged source), if anything. */
  complaint: string | undefined;
  /** Removes the copy. */
  remove(): Promise<void>;
}

/**
 * The ffmpeg to use: the variable VULTUS_FFMPEG, else `ffmpeg` on the PATH, else the package @ffmpeg-installer/ffmpeg if
 * it is installed. Throws UnsupportedStreamError where there is none.
 */
export async function findFfmpeg(codec: string): Promise<{ path: string; tool: string }> {
  const named = process.env.VULTUS_FFMPEG;
  const candidates = named ? [async () => named] : [async () => 'ffmpeg', packaged];
  for (const candidate of candidates) {
    const path = await candidate();
    const tool = path && (await versionOf(path));
    if (path && tool) return { path, tool };
  }
  throw new UnsupportedStreamError(
    `codec ${codec}`,
    named
      ? `VULTUS_FFMPEG names ${named}, which does not run: point it at an ffmpeg to convert the video`
      : 'to convert it, install ffmpeg (or `npm install @ffmpeg-installer/ffmpeg`), or set VULTUS_FFMPEG to its path',
  );
}

async function packaged(): Promise<string | undefined> {
  try {
    const name = '@ffmpeg-installer/ffmpeg';
    const { default: installed } = (await import(name)) as { default: { path: string } };
    const { access, chmod, constants } = await import('node:fs/promises');
    // Some package caches lose the executable bit.
    await access(installed.path, constants.X_OK).catch(() => chmod(installed.path, 0o755));
    return installed.path;
  } catch {
    return undefined;
  }
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(path, ['-version'], undefined);
    return /^ffmpeg version \S+/.exec(stdout)?.[0];
  } catch {
    return undefined;
  }
}

/**
 * Converts the first video stream of `source`, turned upright, to a temporary .mp4 file.
 * @param source a path or `file:` URL, or the bytes of the file
 * Throws UnsupportedStreamError where ffmpeg is missing or cannot read the codec, MalformedStreamError where it gives no
 * picture.
 */
export async function convert(
  source: string | URL | Uint8Array,
  codec: string,
  { container, signal }: ConvertOptions,
): Promise<Converted> {
  const { path: ffmpeg, tool } = await findFfmpeg(codec);
  const { stat, writeFile } = await import('node:fs/promises');
  const { join } = await import('node:path');
  const { fileURLToPath } = await import('node:url');
  const folder = await temporaryFolder();
  try {
    let input = source instanceof URL ? fileURLToPath(source) : source;
    if (typeof input !== 'string') {
      const copy = join(folder.path, 'input');
      await writeFile(copy, input, { signal });
      input = copy;
    }
    const path = join(folder.path, 'converted.mp4');
    const demuxer = demuxers[container];
    const { stderr } = await run(
      ffmpeg,
      [
        ...['-hide_banner', '-nostdin', '-v', 'error', '-protocol_whitelist', 'file'],
        ...(demuxer ? ['-f', demuxer] : []),
        ...['-i', `file:${input}`, '-map', '0:V:0', '-an', '-sn', '-dn', '-map_metadata', '-1'],
        ...[...encoding, '-f', 'mp4', '-y', `file:${path}`],
      ],
      signal,
    );
    const size = await stat(path).then(
      (found) => found.size,
      () => 0,
    );
    if (size === 0) throw new MalformedStreamError(`ffmpeg found no ${codec} picture in it`);
    return { path, tool, complaint: firstLine(stderr), remove: folder.remove };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

/** The first words of what a run said. */
export interface Output {
  stdout: string;
  stderr: string;
}

/**
 * Runs to the end. Rejects with ffmpeg's own first words where it fails, and with the signal's reason where it is stopped.
 * @param input what it reads from its standard input, if anything; a reader that ends early is no error
 */
export async function run(
  path: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
  input?: AsyncIterable<Uint8Array>,
): Promise<Output> {
  const { spawn } = await import('node:child_process');
  const { Readable } = await import('node:stream');
  signal?.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const child = spawn(path, args, { stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'], windowsHide: true });
    const { stdin } = child;
    if (input && stdin) {
      stdin.on('error', () => {});
      const feed = Readable.from(input, { objectMode: false });
      feed.on('error', (error) => {
        child.kill('SIGKILL');
        done(() => reject(error));
      });
      feed.pipe(stdin);
    }
    const stop = () => child.kill('SIGKILL');
    signal?.addEventListener('abort', stop, { once: true });
    process.once('exit', stop);
    let stdout = '';
    let stderr = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      stdout = (stdout + chunk).slice(0, 4096);
    });
    // The first words name the cause; the rest of a long complaint is dropped.
    child.stderr!.on('data', (chunk: Buffer) => {
      if (stderr.length < 4096) stderr += chunk;
    });
    const done = (act: () => void) => {
      signal?.removeEventListener('abort', stop);
      process.off('exit', stop);
      act();
    };
    child.on('error', (error) => done(() => reject(error)));
    child.on('close', (code) =>
      done(() => {
        if (signal?.aborted) reject(signal.reason);
        else if (code === 0) resolve({ stdout, stderr });
        else
          reject(
            new MalformedStreamError(
              `ffmpeg could not convert it: ${firstLine(stderr) ?? `it ended with code ${code}`}`,
            ),
          );
      }),
    );
  });
}

/** What ffmpeg complained about first, without the address of the part that speaks; `undefined` for nothing. */
export function firstLine(stderr: string): string | undefined {
  const line = stderr.split('\n').find((text) => text.trim() !== '');
  // Lines begin with the address of the part of ffmpeg that speaks: [h264 @ 0x55d0c5a3e2c0].
  return line?.replace(/^\[[^\]]*\]\s*/, '').trim() || undefined;
}
