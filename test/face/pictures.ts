/** The pictures on which the face networks are compared with face-api: frames of the webcam clip, arranged by ffmpeg. */
import type { RgbPicture } from '../../src/face/networks/picture.js';
import { faceVideo } from '../support/clips.js';
import { ffmpeg } from '../support/ffmpeg.js';

/** `frame` counts from 0; `filter` is one of ffmpeg's, whose result has the given size. */
export interface TestPicture {
  name: string;
  frame: number;
  filter: string;
  width: number;
  height: number;
}

/** In all of them a face is found but in the last, which is noise without one. */
export const testPictures: readonly TestPicture[] = [
  { name: 'as it is', frame: 0, filter: 'null', width: 400, height: 300 },
  { name: 'later', frame: 640, filter: 'null', width: 400, height: 300 },
  { name: 'late', frame: 1200, filter: 'null', width: 400, height: 300 },
  { name: 'portrait', frame: 320, filter: 'crop=170:300:120:0', width: 170, height: 300 },
  { name: 'enlarged', frame: 900, filter: 'scale=1001:751:flags=bicubic', width: 1001, height: 751 },
  {
    name: 'four',
    frame: 100,
    filter: 'split[a][b];[b]hflip[c];[a][c]hstack,split[d][e];[d][e]vstack',
    width: 800,
    height: 600,
  },
  { name: 'cut at the left', frame: 100, filter: 'crop=240:300:190:0', width: 240, height: 300 },
  { name: 'noise', frame: 100, filter: 'geq=r=random(1)*255:g=random(2)*255:b=random(3)*255', width: 400, height: 300 },
];

/** The RGB samples of a picture, the same on every machine: ffmpeg is the dev dependency's. */
export function drawPicture({ frame, filter, width, height }: TestPicture): RgbPicture {
  const chain = `[0:v]select=eq(n\\,${frame}),format=rgb24,${filter}`;
  const data = ffmpeg([
    ...['-i', faceVideo(), '-filter_complex', chain, '-frames:v', '1'],
    ...['-sws_flags', 'bicubic+accurate_rnd+bitexact', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'],
  ]);
  if (data.length !== 3 * width * height) throw new Error(`${filter}: ${data.length} bytes, not ${width}x${height}x3`);
  return { width, height, data };
}
