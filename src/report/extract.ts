/** The pictures of a video to a numpy archive, one picture in memory at a time. */
import { stat } from 'node:fs/promises';
import type { CompressedFrame, Plane, Rect, Scale } from '../bitstream/frame.js';
import { MalformedStreamError, UnsupportedStreamError } from '../errors.js';
import type { Video } from '../video.js';
import { type NpzArray, NpzWriter } from './npz.js';

export interface ExtractOptions {
  /** Display indices and ranges of them (both ends included), or `all`. */
  frames: 'all' | readonly (number | readonly [number, number])[];
  scale: Scale;
  region?: Rect | undefined;
  compress: boolean;
  signal: AbortSignal;
}

export interface Extracted {
  frames: number;
  damaged: number;
  /** Size of the archive. */
  bytes: number;
}

/** What must be the same in every picture of an archive. */
interface Shape {
  height: number;
  width: number;
  chromaHeight: number;
  chromaWidth: number;
  rows: number;
  cols: number;
  cell: number;
  unit: number;
  mbRows: number;
  mbCols: number;
}

/** Throws MalformedStreamError when no picture can be read, UnsupportedStreamError when the size changes on the way. */
export async function extract(video: Video, path: string, options: ExtractOptions): Promise<Extracted> {
  const { frames: select, scale, region, signal } = options;
  const index = await video.index();
  const wanted = [...selected(select, video.frameCount)];
  const rowOf = new Map(wanted.map((display, row) => [display, row]));
  const backward = wanted.some((display) => index.at(display).type === 'B');
  let npz: NpzWriter | undefined;
  let first: { shape: Shape; region: Rect } | undefined;
  let damaged = 0;
  let failure: Error | undefined;
  const unread: number[] = [];
  try {
    const request = { select: wanted, scale, signal, ...(region && { region }) };
    for await (const { index: display, frame, error } of video.frames(request)) {
      const row = rowOf.get(display)!;
      if (!frame) {
        failure ??= error;
        unread.push(row);
        continue;
      }
      const shape = shapeOf(frame);
      first ??= { shape, region: { ...frame.region } };
      npz ??= await NpzWriter.create(path, layout(wanted.length, shape, backward));
      if (!same(shape, first.shape)) {
        throw new UnsupportedStreamError(
          `a picture size that changes (at frame ${display})`,
          'extract the parts on their own with --frames',
        );
      }
      if (frame.damage) damaged++;
      await writeFrame(npz, row, frame, backward);
    }
    if (!npz || !first) throw failure ?? new MalformedStreamError('no picture could be read');
    for (const row of unread) {
      const type = index.at(wanted[row]!).type ?? '?';
      await npz.write('type', row, Uint8Array.of(type.charCodeAt(0)));
      await npz.write('damaged', row, Uint8Array.of(1));
      await npz.write('macroblock_type', row, new Uint8Array(first.shape.mbRows * first.shape.mbCols).fill(4));
    }
    await npz.write('frame', 0, Int32Array.from(wanted));
    await npz.write(
      'timestamp',
      0,
      Float64Array.from(wanted, (display) => index.at(display).timestamp),
    );
    await npz.write('mv_cell', 0, Int32Array.of(first.shape.cell));
    await npz.write('mv_unit', 0, Int32Array.of(first.shape.unit));
    await npz.write('scale', 0, Int32Array.of(scale));
    const { x, y, width, height } = first.region;
    await npz.write('region', 0, Int32Array.of(x, y, width, height));
    signal.throwIfAborted();
    await npz.finish(options.compress);
  } catch (error) {
    await npz?.discard();
    throw error;
  }
  return { frames: wanted.length, damaged: damaged + unread.length, bytes: (await stat(path)).size };
}

function* selected(select: ExtractOptions['frames'], count: number): Generator<number> {
  const ranges = select === 'all' ? [[0, count - 1] as const] : select;
  for (const range of ranges) {
    const [from, to] = typeof range === 'number' ? [range, range] : range;
    for (let display = from; display <= to; display++) yield display;
  }
}

function shapeOf({ luma, cb, motion, mbRows, mbCols }: CompressedFrame): Shape {
  const { rows, cols, cell, unit } = motion;
  const planes = { height: luma!.height, width: luma!.width, chromaHeight: cb!.height, chromaWidth: cb!.width };
  return { ...planes, rows, cols, cell, unit, mbRows, mbCols };
}

function same(a: Shape, b: Shape): boolean {
  return (Object.keys(a) as (keyof Shape)[]).every((key) => a[key] === b[key]);
}

function layout(n: number, s: Shape, backward: boolean): NpzArray[] {
  const vectors = { dtype: 'int16', shape: [n, s.rows, s.cols, 2] } as const;
  const macroblocks = { dtype: 'uint8', shape: [n, s.mbRows, s.mbCols] } as const;
  const chroma = { dtype: 'int16', shape: [n, s.chromaHeight, s.chromaWidth] } as const;
  return [
    { name: 'frame', dtype: 'int32', shape: [n] },
    { name: 'type', dtype: 'uint8', shape: [n] },
    { name: 'timestamp', dtype: 'float64', shape: [n] },
    { name: 'luma', dtype: 'int16', shape: [n, s.height, s.width] },
    { name: 'cb', ...chroma },
    { name: 'cr', ...chroma },
    { name: 'mv', ...vectors },
    ...(backward ? [{ name: 'mv_backward', ...vectors }] : []),
    { name: 'mv_cell', dtype: 'int32', shape: [] },
    { name: 'mv_unit', dtype: 'int32', shape: [] },
    { name: 'intra', ...macroblocks },
    { name: 'qp', ...macroblocks },
    { name: 'macroblock_type', ...macroblocks },
    { name: 'damaged', dtype: 'uint8', shape: [n] },
    { name: 'scale', dtype: 'int32', shape: [] },
    { name: 'region', dtype: 'int32', shape: [4] },
  ];
}

async function writeFrame(npz: NpzWriter, row: number, frame: CompressedFrame, backward: boolean): Promise<void> {
  await npz.write('type', row, Uint8Array.of(frame.type.charCodeAt(0)));
  await npz.write('luma', row, packed(frame.luma!));
  await npz.write('cb', row, packed(frame.cb!));
  await npz.write('cr', row, packed(frame.cr!));
  await npz.write('mv', row, frame.motion.vectors);
  if (backward && frame.motion.backward) await npz.write('mv_backward', row, frame.motion.backward);
  await npz.write('intra', row, frame.intra);
  await npz.write('qp', row, frame.qp);
  await npz.write('macroblock_type', row, frame.macroblockType);
  await npz.write('damaged', row, Uint8Array.of(frame.damage ? 1 : 0));
}

/** The plane without what its rows have beyond its width. */
function packed({ data, width, height, stride }: Plane): Int16Array {
  if (stride === width && data.length === width * height) return data;
  const rows = new Int16Array(width * height);
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * stride, y * stride + width), y * width);
  return rows;
}
