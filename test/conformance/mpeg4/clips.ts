/**
 * The clips of the conformance suite: each is there for a feature, and says what must be met in it, so that a clip that
 * stops exercising its feature fails rather than passes.
 */
import { face, motion, type Source } from '../../support/clips.js';
import type { Census } from './reconstruct.js';

export interface ConformanceClip {
  name: string;
  source: Source;
  encoder: readonly string[];
  /** Size; not whole macroblocks only in clips about that. */
  width: number;
  height: number;
  /** Must hold of what the parser met. */
  expects: (census: Census) => boolean;
}

const qcif = '176x144';
const mpeg4 = (...args: string[]): string[] => ['-c:v', 'mpeg4', '-threads', '1', ...args];
const xvid = (...args: string[]): string[] => ['-c:v', 'libxvid', '-threads', '1', ...args];

/** Matrices unlike the defaults, every entry different from its neighbours. */
const matrix = (first: number, step: number): string =>
  Array.from({ length: 64 }, (_, i) => (i === 0 ? 8 : first + ((i * step) % 53))).join(',');

const clip = (
  name: string,
  source: Source,
  encoder: readonly string[],
  expects: (census: Census) => boolean,
  width = 176,
  height = 144,
): ConformanceClip => ({ name, source, encoder, width, height, expects });

/** Streams of ffmpeg's own encoder. */
export const mpeg4Clips: readonly ConformanceClip[] = [
  clip(
    'plain, as training video is made',
    face(176, 144, 40),
    mpeg4('-q:v', '4', '-g', '12'),
    (c) => c.inter > 300 && c.fractional > 500 && c.roundedDown > 5,
  ),
  clip(
    'four vectors per macroblock',
    motion.life(qcif, 30),
    mpeg4('-q:v', '5', '-flags', '+mv4', '-mbd', 'rd', '-g', '15'),
    (c) => c.split > 200,
  ),
  clip(
    'AC prediction',
    motion.bars(qcif, 30),
    mpeg4('-q:v', '3', '-flags', '+aic', '-g', '3'),
    (c) => c.pictures.I >= 10,
  ),
  clip(
    'MPEG quantisation, default matrices',
    motion.zoom(qcif, 30),
    mpeg4('-q:v', '3', '-mpeg_quant', '1', '-g', '10'),
    (c) => c.inter > 200,
  ),
  clip(
    'MPEG quantisation, own matrices, AC prediction',
    motion.cuts(qcif, 30),
    mpeg4(
      ...['-q:v', '4', '-mpeg_quant', '1', '-flags', '+aic', '-g', '12'],
      ...['-intra_matrix', matrix(9, 7), '-inter_matrix', matrix(11, 5)],
    ),
    (c) => c.intraInPredicted > 100,
  ),
  clip(
    'quarter sample',
    face(176, 144, 25, 9),
    mpeg4('-q:v', '3', '-flags', '+qpel', '-g', '12'),
    (c) => c.fractional > 500,
  ),
  clip(
    'quarter sample, four vectors, far out of the picture',
    motion.pan(qcif, 25),
    mpeg4('-q:v', '4', '-flags', '+qpel+mv4', '-mbd', 'rd', '-g', '25'),
    (c) => c.split > 100 && c.farOutside > 20,
  ),
  clip(
    'data partitioning',
    motion.cuts(qcif, 30),
    mpeg4('-q:v', '5', '-data_partitioning', '1', '-g', '12'),
    (c) => c.inter > 200 && c.intraInPredicted > 20,
  ),
  clip(
    'data partitioning in video packets, four vectors, AC prediction',
    motion.pan(qcif, 30),
    mpeg4('-q:v', '6', '-data_partitioning', '1', '-ps', '200', '-flags', '+mv4+aic', '-mbd', 'rd', '-g', '12'),
    (c) => c.split > 50,
  ),
  clip('video packets', face(176, 144, 30, 14), mpeg4('-q:v', '3', '-ps', '150', '-g', '12'), (c) => c.inter > 200),
  clip(
    'slices of two threads',
    motion.zoom(qcif, 25),
    ['-c:v', 'mpeg4', '-threads', '2', '-q:v', '4'],
    (c) => c.inter > 200,
  ),
  clip(
    'interlaced',
    motion.interlaced(qcif, 25),
    mpeg4('-q:v', '4', '-flags', '+ildct+ilme', '-g', '12'),
    (c) => c.field > 50,
  ),
  clip(
    'interlaced, alternate scan, AC prediction',
    motion.interlaced(qcif, 20),
    mpeg4('-q:v', '4', '-flags', '+ildct+ilme+aic', '-alternate_scan', '1', '-g', '10'),
    (c) => c.field > 50,
  ),
  clip(
    'B-VOPs',
    face(176, 144, 30, 20),
    mpeg4('-q:v', '4', '-bf', '2', '-g', '12'),
    (c) => c.pictures.B > 10 && c.bidirectional > 100,
  ),
  clip(
    'B-VOPs, quarter sample, four vectors',
    motion.pan(qcif, 25),
    mpeg4('-q:v', '5', '-bf', '2', '-flags', '+qpel+mv4', '-mbd', 'rd', '-g', '12'),
    (c) => c.pictures.B > 10 && c.bidirectional > 50 && c.split > 50,
  ),
  clip(
    'B-VOPs, interlaced',
    motion.interlaced(qcif, 20),
    mpeg4('-q:v', '5', '-bf', '2', '-flags', '+ildct+ilme', '-g', '12'),
    (c) => c.pictures.B > 8 && c.field > 50,
  ),
  clip(
    'B-VOPs, MPEG quantisation, video packets',
    motion.bars(qcif, 25),
    mpeg4('-q:v', '5', '-bf', '3', '-mpeg_quant', '1', '-ps', '200', '-g', '12'),
    (c) => c.pictures.B > 10,
  ),
  clip(
    'finest quantiser, grain',
    motion.grain('96x80', 12),
    mpeg4('-q:v', '1', '-qmin', '1', '-g', '6'),
    (c) => c.inter > 50,
    96,
    80,
  ),
  clip(
    'finest quantiser, grain, MPEG quantisation',
    motion.grain('96x80', 12),
    mpeg4('-q:v', '1', '-qmin', '1', '-mpeg_quant', '1', '-g', '6'),
    (c) => c.inter > 50,
    96,
    80,
  ),
  clip('coarsest quantiser', motion.bars(qcif, 40), mpeg4('-q:v', '31', '-g', '20'), (c) => c.skipped > 100),
  clip('key frames only', face(176, 144, 25, 30), mpeg4('-q:v', '2', '-g', '1'), (c) => c.pictures.I === 25),
  clip('scene cuts', motion.cuts(qcif, 40), mpeg4('-q:v', '4', '-g', '300'), (c) => c.intraInPredicted > 200),
  clip('almost nothing moves', motion.still(qcif, 25), mpeg4('-q:v', '4', '-g', '25'), (c) => c.skipped > 1000),
  clip('far out of the picture', motion.pan(qcif, 30), mpeg4('-q:v', '3', '-g', '30'), (c) => c.farOutside > 20),
  clip(
    'changing quantiser, trellis',
    face(176, 144, 30, 40),
    mpeg4(
      ...[
        '-b:v',
        '250k',
        '-lumi_mask',
        '0.3',
        '-dark_mask',
        '0.3',
        '-scplx_mask',
        '0.3',
        '-trellis',
        '1',
        '-mbd',
        'rd',
      ],
      ...['-flags', '+mv4+aic', '-mpv_flags', '+qp_rd', '-g', '15'],
    ),
    (c) => c.quantiserChanges > 100,
  ),
  clip('grey', face(176, 144, 20, 44), mpeg4('-q:v', '4', '-flags', '+gray', '-g', '10'), (c) => c.inter > 200),
  clip('low bit rate', motion.grain(qcif, 40), mpeg4('-b:v', '40k', '-g', '40'), (c) => c.inter + c.skipped > 500),
  clip('high bit rate', motion.grain(qcif, 20), mpeg4('-b:v', '5M', '-qmin', '1', '-g', '12'), (c) => c.inter > 500),
];

/** Streams of libxvid. */
export const xvidClips: readonly ConformanceClip[] = [
  clip('plain', face(176, 144, 30), xvid('-q:v', '4', '-g', '12'), (c) => c.inter > 500),
  clip(
    'MPEG quantisation',
    motion.cuts(qcif, 30),
    xvid('-q:v', '3', '-mpeg_quant', '1', '-g', '15'),
    (c) => c.inter > 200,
  ),
  clip(
    'quarter sample, four vectors',
    motion.pan(qcif, 25),
    xvid('-q:v', '4', '-flags', '+qpel+mv4', '-me_quality', '6', '-g', '25'),
    (c) => c.fractional > 500 && c.split > 20,
  ),
  clip('B-VOPs', face(176, 144, 30, 50), xvid('-q:v', '4', '-bf', '2', '-g', '30'), (c) => c.pictures.B > 5),
  clip(
    'changing quantiser, AC prediction, trellis',
    motion.zoom(qcif, 30),
    xvid('-b:v', '300k', '-lumi_aq', '1', '-trellis', '1', '-flags', '+mv4+aic', '-g', '30'),
    (c) => c.quantiserChanges > 50,
  ),
  clip(
    'interlaced',
    motion.interlaced(qcif, 20),
    xvid('-q:v', '4', '-flags', '+ildct+ilme', '-g', '12'),
    (c) => c.inter > 200,
  ),
  clip(
    'finest quantiser',
    motion.grain('96x80', 12),
    xvid('-q:v', '1', '-g', '6'),
    (c) => c.inter + c.intraInPredicted > 50,
    96,
    80,
  ),
];

/** Sizes that are not whole macroblocks. */
export const oddClips: readonly ConformanceClip[] = [
  clip('118x94', face(118, 94, 25), mpeg4('-q:v', '4', '-g', '12'), (c) => c.inter > 50, 118, 94),
  clip('101x75', motion.pan('101x75', 25), mpeg4('-q:v', '4', '-g', '25'), (c) => c.farOutside > 10, 101, 75),
  clip(
    '90x66, quarter sample, B-VOPs',
    motion.zoom('90x66', 20),
    mpeg4('-q:v', '4', '-flags', '+qpel', '-bf', '2', '-g', '12'),
    (c) => c.pictures.B > 8,
    90,
    66,
  ),
  clip('162x122 by Xvid', face(162, 122, 20, 12), xvid('-q:v', '4', '-g', '12'), (c) => c.inter > 200, 162, 122),
  clip('16x16', motion.bars('16x16', 20), mpeg4('-q:v', '4', '-g', '12'), (c) => c.pictures.P > 10, 16, 16),
];
