/** `vultus extract`: residuals, motion vectors and macroblock data as arrays for numpy. */
import type { Command } from 'commander';
import type { Rect, Scale } from '../../bitstream/frame.js';
import { bytes } from '../../report/plain-text.js';
import { UsageError } from '../failure.js';
import { type FrameRanges, parseFrames, parseRegion, parseScale } from '../options.js';
import { notice } from '../output.js';

interface Options {
  out: string;
  frames: FrameRanges;
  scale: Scale;
  region?: Rect;
  compress?: boolean;
}

const arrays = `
Arrays (n pictures in display order; H x W the region at the scale):
  frame            int32   [n]               display index
  type             uint8   [n]               ASCII I, P or B
  timestamp        float64 [n]               seconds
  luma, cb, cr     int16   [n, H, W]         the residual; pixel values where intra
  mv               int16   [n, rows, cols, 2] (x, y), cells of mv_cell pixels, units of 1/mv_unit pixel
  mv_backward      int16   like mv           only if there are B-pictures
  intra, qp        uint8   [n, mbRows, mbCols]
  macroblock_type  uint8   like qp           0 skipped, 1 inter, 2 inter split, 3 intra, 4 lost
  damaged          uint8   [n]               1: lost macroblocks hold zeros that mean nothing
  mv_cell, mv_unit, scale int32 scalars; region int32 [4]: x, y, width, height in luma pixels

Examples:
  $ vultus extract clip.mp4 --out clip.npz
  $ vultus extract clip.mp4 --out clip.npz --frames 0-99 --scale 4 --region 120,80,160,160`;

export function registerExtract(program: Command, signal: AbortSignal): void {
  program
    .command('extract')
    .argument('<video>', 'MPEG-4 Part 2 in MP4, MOV, 3GP, MKV, TS, AVI or a raw stream')
    .summary('write residuals and motion vectors to a numpy archive')
    .description('Writes what the bitstream codes, picture by picture, to a numpy archive. Memory holds one picture.')
    .requiredOption('--out <file.npz>', 'where to write')
    .option('--frames <list>', 'display indices: all, or a list like 0,5,10-19', parseFrames, 'all')
    .option('--scale <n>', 'denominator of the resolution: 1, 2, 4 or 8', parseScale, 1)
    .option('--region <x,y,w,h>', 'only this part, in luma pixels (snapped outwards)', parseRegion)
    .option('--compress', 'deflate the arrays: smaller and slower')
    .addHelpText('after', arrays)
    .action(async (file: string, { out, frames, scale, region, compress }: Options) => {
      const { extract } = await import('../../report/extract.js');
      const { openVideo } = await import('../../video.js');
      if (!/\.npz$/i.test(out)) throw new UsageError(`--out ${out}: name a file that ends in .npz`);
      const video = await openVideo(file);
      try {
        const last = frames === 'all' ? 0 : frames.at(-1)!.last;
        if (last >= video.frameCount) {
          throw new UsageError(`--frames: there is no frame ${last}; ${file} has frames 0 to ${video.frameCount - 1}`);
        }
        if (region && (region.x >= video.width || region.y >= video.height)) {
          throw new UsageError(`--region lies outside the picture of ${video.width}x${video.height}`);
        }
        const ranges = frames === 'all' ? 'all' : frames.map(({ first, last }) => [first, last] as const);
        const written = await extract(video, out, {
          frames: ranges,
          scale,
          region,
          compress: compress ?? false,
          signal,
        });
        if (video.damage) notice(`vultus: ${file}: the file is damaged: ${video.damage.message}`);
        if (written.damaged > 0) notice(`vultus: ${file}: ${written.damaged} of ${written.frames} frames are damaged`);
        notice(`${out}: ${written.frames} frames, ${bytes(written.bytes)}`);
      } finally {
        video.close();
      }
    });
}
