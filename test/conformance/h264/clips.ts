/** The H.264 clips of the conformance tests: what x264 in the packaged ffmpeg makes, feature by feature and mixed. */
import { readFileSync } from 'node:fs';
import { face, lavfi, makeClip, motion, type Source } from '../../support/clips.js';

export interface Clip {
  name: string;
  width: number;
  height: number;
  source: Source;
  /** Options of x264, as `-x264-params` takes them. */
  params: string;
  /** Whether the deblocking filter is off in all slices. */
  unfiltered?: true;
}

const SIZE = '176x144';

/** A scene whose light goes out and on again: what weighted prediction is for. */
const fades = (frames: number): Source =>
  lavfi(
    `testsrc2=s=${SIZE}:r=25,eq=brightness='0.35*cos(n/4)-0.3':contrast='0.7+0.3*cos(n/4)':eval=frame,noise=alls=3:allf=t:all_seed=3`,
    frames,
  );

function clip(name: string, source: Source, params: string, width = 176, height = 144): Clip {
  return { name, width, height, source, params, ...(params.includes('no-deblock=1') && { unfiltered: true as const }) };
}

/** CAVLC / CABAC x 4x4 / 8x8 transform x references x B-pictures x weighting x deblocking, on four kinds of pictures. */
function grid(): Clip[] {
  const sources = [face(176, 144, 20), motion.pan(SIZE, 20), motion.cuts(SIZE, 20), motion.life(SIZE, 20)];
  const clips: Clip[] = [];
  for (const cabac of [0, 1]) {
    for (const dct8x8 of [0, 1]) {
      for (const [ref, bframes] of [
        [1, 0],
        [3, 0],
        [2, 2],
        [4, 3],
      ] as const) {
        for (const deblock of [0, 1]) {
          const i = clips.length;
          const weights = ['weightp=0:weightb=0', 'weightp=2:weightb=1', 'weightp=1:weightb=1'][i % 3]!;
          const direct = ['spatial', 'temporal', 'auto'][(i >> 1) % 3]!;
          const params = [
            `cabac=${cabac}:8x8dct=${dct8x8}:ref=${ref}:bframes=${bframes}:b-adapt=0:direct=${direct}`,
            `${weights}:partitions=all:subme=7:slices=${1 + (i % 3)}:qp=${[18, 24, 30, 36][i % 4]}`,
            ...(deblock ? [`deblock=${(i % 5) - 2},${(i % 3) - 1}`] : ['no-deblock=1']),
          ];
          clips.push(clip(`grid ${i}: ${params[0]}`, sources[(i >> 2) % 4]!, params.join(':')));
        }
      }
    }
  }
  return clips;
}

/** One clip for each thing that the grid does not vary. */
function features(): Clip[] {
  const person = face(176, 144, 20);
  const pan = motion.pan(SIZE, 20);
  return [
    clip('baseline', person, 'cabac=0:8x8dct=0:bframes=0:ref=1:weightp=0:crf=28'),
    clip('qp 1, CAVLC', motion.noise(SIZE, 4), 'qp=1:cabac=0:8x8dct=1:bframes=1'),
    clip('qp 1, CABAC', motion.noise(SIZE, 4), 'qp=1:cabac=1:8x8dct=1:bframes=1'),
    clip('qp 51', pan, 'qp=51:bframes=2:8x8dct=1'),
    clip('crf with adaptive quantiser', person, 'crf=23:aq-mode=3:aq-strength=2:bframes=3'),
    clip('crf, no mb-tree, CAVLC', motion.cuts(SIZE, 20), 'crf=20:mbtree=0:aq-mode=1:cabac=0:8x8dct=1'),
    clip('intra refresh', pan, 'intra-refresh=1:keyint=10:crf=25:bframes=0'),
    clip('constrained intra', motion.cuts(SIZE, 20), 'constrained-intra=1:qp=28:bframes=2:8x8dct=1'),
    clip('constrained intra, CAVLC', motion.life(SIZE, 20), 'constrained-intra=1:qp=30:bframes=0:cabac=0'),
    clip('scaling lists jvt', person, 'cqm=jvt:qp=24:8x8dct=1:bframes=2'),
    clip('scaling lists jvt, CAVLC', pan, 'cqm=jvt:qp=20:8x8dct=1:bframes=2:cabac=0'),
    clip('scaling list 4x4 of its own', pan, 'cqm4=17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32:qp=20:8x8dct=0'),
    clip(
      'no 8x8 inference, all partitions',
      pan,
      'partitions=all:8x8dct=0:bframes=3:direct=spatial:subme=9:me=umh:qp=22',
    ),
    clip('temporal direct over pyramid', pan, 'bframes=5:b-pyramid=normal:direct=temporal:ref=4:qp=24:b-adapt=0'),
    clip('strict pyramid, CAVLC', person, 'bframes=5:b-pyramid=strict:direct=auto:ref=5:qp=24:b-adapt=0:cabac=0'),
    clip('open GOP', pan, 'open-gop=1:keyint=8:bframes=3:qp=26'),
    clip('sixteen references', motion.life(SIZE, 24), 'ref=16:bframes=0:qp=28:8x8dct=1'),
    clip('explicit weights on fades', fades(24), 'weightp=2:bframes=0:ref=3:qp=26'),
    clip('explicit and implicit weights on fades', fades(24), 'weightp=2:weightb=1:bframes=3:ref=4:qp=26'),
    clip(
      'explicit weights, CAVLC, unfiltered',
      fades(24),
      'weightp=2:weightb=1:bframes=2:ref=4:qp=20:cabac=0:no-deblock=1',
    ),
    clip('small slices', person, 'slice-max-size=200:qp=24:bframes=1'),
    clip('slices of a few macroblocks, CAVLC', pan, 'slice-max-mbs=7:qp=24:bframes=1:cabac=0:8x8dct=1'),
    clip('chroma qp offsets', pan, 'chroma-qp-offset=-6:qp=38:bframes=1'),
    clip('chroma qp offsets up', pan, 'chroma-qp-offset=10:qp=40:bframes=1:cabac=0'),
    clip('cropped 170x134', face(170, 134, 16), 'qp=26:bframes=2', 170, 134),
    clip('cropped 178x146, CAVLC', face(178, 146, 16), 'qp=26:bframes=0:cabac=0:slices=2', 178, 146),
    clip('one macroblock wide', motion.pan('16x64', 16), 'qp=24:bframes=2', 16, 64),
    clip('34x18', motion.pan('34x18', 16), 'qp=20:bframes=2:cabac=0', 34, 18),
    clip('still', motion.still(SIZE, 12), 'qp=24:bframes=3:b-adapt=0'),
    clip('strong deblocking', pan, 'deblock=6,6:qp=34:bframes=2:8x8dct=1'),
    clip('weak deblocking', pan, 'deblock=-6,-6:qp=34:bframes=2'),
    clip(
      'no dead zone: many coefficients',
      motion.grain(SIZE, 8),
      'trellis=0:deadzone-inter=0:deadzone-intra=0:qp=8:bframes=1',
    ),
    clip('many coefficients, CAVLC', motion.grain(SIZE, 8), 'trellis=0:deadzone-inter=0:deadzone-intra=0:qp=8:cabac=0'),
    clip('intra only', person, 'keyint=1:qp=22:8x8dct=1'),
    clip('intra only, CAVLC', motion.cuts(SIZE, 8), 'keyint=1:qp=30:8x8dct=1:cabac=0'),
    clip('recovery without IDR', pan, 'keyint=250:scenecut=40:qp=30:aud=1:nal-hrd=none'),
  ];
}

export const clips: readonly Clip[] = [...grid(), ...features()];

/** The clip as an Annex B byte stream, and its path. */
export function makeH264(clip: Clip): { path: string; stream: Uint8Array } {
  const path = makeClip(
    clip.source,
    ['-c:v', 'libx264', '-preset', 'medium', '-threads', '1', '-x264-params', clip.params, '-f', 'h264'],
    'h264',
  );
  return { path, stream: new Uint8Array(readFileSync(path)) };
}
