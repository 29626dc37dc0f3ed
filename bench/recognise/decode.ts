/** Pictures of a clip as ffmpeg decodes them. */
import { spawn } from 'node:child_process';
import { ffmpegPath } from '../../test/support/ffmpeg.js';
import type { Clip } from './task.js';

/** Gives `picture` every picture of the clip in display order; gives ffmpeg's processor seconds and peak memory. */
export async function decode(
  { path, width, height }: Clip,
  format: 'gray' | 'rgb24',
  threads: number,
  picture: (data: Uint8Array, index: number) => Promise<void> | void,
): Promise<{ childSeconds: number; childBytes: number }> {
  const size = width * height * (format === 'gray' ? 1 : 3);
  const args = ['-hide_banner', '-nostdin', '-benchmark', '-threads', String(threads), '-i', path, '-an'];
  const output = ['-vsync', '0', '-f', 'rawvideo', '-pix_fmt', format, '-'];
  const child = spawn(ffmpegPath(), [...args, ...output], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => {
    said = (said + text).slice(-4000);
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const buffer = new Uint8Array(size);
  let [filled, index] = [0, 0];
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + size - filled);
      buffer.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled === size) {
        await picture(buffer, index++);
        filled = 0;
      }
    }
  }
  await ended;
  const times = /bench: utime=([\d.]+)s(?: stime=([\d.]+)s)?/.exec(said);
  if (!times) throw new Error(`ffmpeg told no times: ${said}`);
  const kilobytes = /maxrss=(\d+)kB/i.exec(said)?.[1];
  return { childSeconds: Number(times[1]) + Number(times[2] ?? 0), childBytes: 1024 * Number(kilobytes ?? 0) };
}
