/** `vultus inspect`: what a file's bitstream holds, picture by picture. */
import type { Command } from 'commander';
import { bytes, table } from '../../report/plain-text.js';
import type { FrameStatistics } from '../../residual/statistics.js';
import { forEachFile } from '../batch.js';
import { describe, UsageError } from '../failure.js';
import { parseCount } from '../options.js';
import { clearProgress, oneLine, print, progress } from '../output.js';

interface Options {
  json?: boolean;
  faces?: string;
  reanchor?: boolean;
  limit: number;
  all?: boolean;
}

/** One picture of the JSON's `frames`. */
export interface InspectedFrame extends Omit<FrameStatistics, 'quantiser'> {
  /** Position in display order, from 0. */
  index: number;
  type: 'I' | 'P' | 'B' | null;
  /** False for a picture that repeats the last. */
  coded: boolean;
  /** Seconds. */
  time: number;
  bytes: number;
  /** Mean quantiser. */
  qp: number | null;
  damage: string | null;
}

/** The JSON of one file. */
export interface Inspection {
  file: string;
  container: string;
  codec: string;
  width: number;
  height: number;
  /** Degrees clockwise. */
  rotation: number;
  frameRate: number | null;
  /** Seconds. */
  duration: number;
  frameCount: number;
  /** Why the file ends early, if it does. */
  damage: string | null;
  totals: Record<string, { frames: number; bytes: number }>;
  frames: InspectedFrame[];
}

const examples = `
Examples:
  $ vultus inspect clip.mp4 --limit 10
  $ vultus inspect --json *.mp4 > streams.jsonl
  $ vultus inspect clip.mp4 --faces faces.html`;

export function registerInspect(program: Command, signal: AbortSignal): void {
  program
    .command('inspect')
    .argument('<video...>', 'MPEG-4 Part 2, H.263, FLV1 or H.264 in MP4, MOV, 3GP, MKV, TS, FLV, AVI or a raw stream')
    .summary('show what a bitstream holds, picture by picture')
    .description(
      'Shows container, codec and a table of the pictures in display order: type, bytes, mean quantiser, macroblocks by kind, ' +
        'residual energy (mean absolute luma residual over inter macroblocks) and motion (mean vector length in pixels).',
    )
    .option('--json', 'one JSON object per file, with every picture in `frames`')
    .option('--limit <n>', 'pictures in the table', parseCount, 40)
    .option('--all', 'all pictures in the table')
    .option('--faces <file.html>', 'instead: a page with the faces on key frames and how they were followed')
    .option('--reanchor', 'with --faces: decode P-frames to locate faces anew where following has become unsure')
    .addHelpText('after', examples)
    .action(async (files: string[], options: Options) => {
      const { faces, reanchor = false } = options;
      if (faces) {
        if (files.length !== 1 || options.json) throw new UsageError('--faces takes one video, and no --json');
        if (!/\.html?$/i.test(faces)) throw new UsageError(`--faces ${faces}: name a file that ends in .html`);
      } else if (reanchor) throw new UsageError('--reanchor goes with --faces');
      await forEachFile(files, signal, options, async (file) => {
        if (faces) {
          const { inspectFaces } = await import('../inspect-faces.js');
          return inspectFaces(file, faces, { reanchor, signal });
        }
        const inspection = await inspect(file, signal);
        await print(options.json ? JSON.stringify(inspection) : describeInspection(inspection, options));
      });
    });
}

async function inspect(file: string, signal: AbortSignal): Promise<Inspection> {
  const { openVideo } = await import('../../video.js');
  const { frameStatistics } = await import('../../residual/statistics.js');
  const video = await openVideo(file);
  try {
    const index = await video.index();
    const frames = new Array<InspectedFrame>(video.frameCount);
    let done = 0;
    for await (const { frame, error, ...facts } of video.frames({ chroma: false, signal })) {
      const { quantiser, ...statistics } = frame ? frameStatistics(frame) : nothing;
      const entry = index.at(facts.index);
      const damage = error ?? frame.damage;
      frames[facts.index] = {
        index: facts.index,
        type: frame?.type ?? entry.type ?? null,
        coded: frame?.coded ?? entry.coded,
        time: round(facts.timestamp, 6),
        bytes: facts.bytes,
        qp: round(quantiser, 3),
        ...statistics,
        energy: round(statistics.energy, 4),
        motion: round(statistics.motion, 4),
        damage: damage ? describe(damage) : null,
      };
      progress(`${file}: ${++done} of ${video.frameCount} pictures`);
    }
    clearProgress();
    const { container, codec, width, height, rotation, frameRate, duration, frameCount } = video;
    const totals: Inspection['totals'] = {};
    for (const { type, bytes } of frames) {
      const total = totals[type ?? 'unread'] ?? { frames: 0, bytes: 0 };
      totals[type ?? 'unread'] = total;
      total.frames++;
      total.bytes += bytes;
    }
    return {
      ...{ file, container, codec, width, height, rotation, frameRate: round(frameRate ?? null, 4) },
      ...{ duration: round(duration, 6), frameCount, damage: video.damage ? describe(video.damage) : null },
      ...{ totals, frames },
    };
  } finally {
    video.close();
  }
}

const nothing: FrameStatistics = {
  ...{ intra: 0, inter: 0, skipped: 0, lost: 0 },
  ...{ quantiser: null, energy: null, motion: null },
};

function round<T extends number | null>(value: T, digits: number): T {
  return (value === null ? null : Number(value.toFixed(digits))) as T;
}

function describeInspection(inspection: Inspection, { limit, all }: Options): string {
  const { file, container, codec, width, height, rotation, frameRate, duration, frameCount, damage } = inspection;
  const shown = all ? inspection.frames : inspection.frames.slice(0, limit);
  const rate = frameRate === null ? '' : `, ${Number(frameRate.toFixed(3))} frames per second`;
  const lines = [
    oneLine(file),
    `  ${container}, ${codec}, ${width}x${height}${rotation ? `, turned by ${rotation} degrees` : ''}`,
    `  ${frameCount} frames in ${Number(duration.toFixed(3))} s${rate}`,
    ...Object.entries(inspection.totals).map(
      ([type, total]) =>
        `  ${type}: ${total.frames} frames, ${bytes(total.bytes)}, ${bytes(Math.round(total.bytes / total.frames))} each`,
    ),
    ...(damage ? [`  damaged: ${damage}`] : []),
  ];
  if (shown.length === 0) return lines.join('\n');
  const number = (value: number | null, digits: number) => (value === null ? '-' : value.toFixed(digits));
  const rows = shown.map((f) => [
    ...[
      String(f.index),
      f.coded ? (f.type ?? '?') : `${f.type ?? '?'}=`,
      f.time.toFixed(3),
      String(f.bytes),
      number(f.qp, 1),
    ],
    ...[f.intra, f.inter, f.skipped, f.lost].map(String),
    ...[number(f.energy, 2), number(f.motion, 2), f.damage ?? ''],
  ]);
  const head = ['frame', 'type', 'time', 'bytes', 'qp', 'intra', 'inter', 'skip', 'lost', 'energy', 'motion', 'damage'];
  lines.push('', table(head, rows, [1, 11]));
  const rest = frameCount - shown.length;
  if (rest > 0) lines.push(`… ${rest} more; --all shows them`);
  return `${lines.join('\n')}\n`;
}
