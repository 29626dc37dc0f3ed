/** ffmpeg as the judge of pictures: types and times of what a full decode shows, in display order. */
import { spawnSync } from 'node:child_process';
import { ffmpegPath } from './ffmpeg.js';

export interface ShownPicture {
  type: string;
  key: boolean;
  /** Seconds; NaN where ffmpeg has none. */
  time: number;
}

export function shownPictures(path: string): ShownPicture[] {
  const args = [
    '-hide_banner',
    '-nostdin',
    '-noautorotate',
    '-threads',
    '1',
    '-i',
    path,
    '-map',
    '0:v:0',
    '-vsync',
    '0',
  ];
  const { stderr } = spawnSync(ffmpegPath(), [...args, '-vf', 'showinfo', '-f', 'null', '-'], { maxBuffer: 2 ** 28 });
  const line = /n: *\d+ pts:.*?pts_time:(\S+).*? iskey:(\d) type:(\w)/g;
  return Array.from(stderr.toString().matchAll(line), ([, time, key, type]) => ({
    type: type!,
    key: key === '1',
    time: Number(time),
  }));
}
