/** What a run found, as a page of Markdown and a picture of accuracy against cost. */
import { linePlot, type PlotOptions, type Series } from '../../src/report/plots.js';
import type { Accuracy } from './accuracy.js';
import type { Row } from './measure.js';
import type { ColdStart, MemoryRow } from './memory.js';
import type { Split } from './split.js';
import { tasks } from './tasks.js';

export interface Ratios {
  decodedTwin: number;
  /** face-api.js itself where it is installed, else as `faceApiOnnx`. */
  faceApi: number;
  faceApiOnnx: number;
  fullDecodeResidual: number;
}

export interface Result {
  what: string;
  date: string;
  command: string;
  machine: string;
  /** Processor seconds of the others over ours: clip labels, 720p H.264, one core. */
  ratios: Ratios | undefined;
  /** The same for timelines. */
  timelineRatios: Ratios | undefined;
  coldStart: ColdStart[];
  notes: Record<string, string>;
  split: Split[];
  rows: Row[];
  memory: MemoryRow[];
  accuracy: Accuracy[];
}

const times = (value: number) => `${value.toFixed(1)}x`;
const ms = (seconds: number) => (1000 * seconds).toFixed(1);

export function markdown(result: Result, picture: string | undefined): string {
  const { date, machine, command, ratios, timelineRatios, coldStart, split, rows, memory, accuracy } = result;
  return `# What an expression costs

${date}, ${machine}. \`${command}\`. Processor time, ffmpeg's included, everything warm, each way in a process of its own, in turn; medians. The packaged
ffmpeg is of 2018. What each way is given, and what is left out:

${tasks.map(({ name, note }) => `- **${name}**: ${note}`).join('\n')}

${inWords('Clip labels', ratios)}${inWords('Timelines', timelineRatios)}
${cold(coldStart)}
${accuracyTable(accuracy, rows, picture)}
## Where the time of a clip label goes

Processor milliseconds per 2 s clip, each stage run alone in one process; \`rest\` is cutting out, summing and everything else. The face is found once
and is no part of the whole.

| clip | demux | parse | I-pictures | network | rest | whole | face | bytes read | bytes decoded |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${split
  .map((s) =>
    [s.clip, ...[s.demux, s.parse, s.keys, s.network, s.rest, s.whole, s.face].map((v) => v.toFixed(1))]
      .concat([`${(s.bytesRead / 1000).toFixed(0)} kB`, `${(s.bytesDecoded / 1e6).toFixed(0)} MB`])
      .join(' | '),
  )
  .map((line) => `| ${line} |`)
  .join('\n')}
${costs(rows)}
## Peak memory

Of the whole process in megabytes, TypeScript's loader included; ffmpeg's beside it.

| clip | way | process | ffmpeg |
| --- | --- | --- | --- |
${memory
  .map(
    (m) =>
      `| ${m.clip} | ${m.task} | ${m.megabytes.toFixed(0)} | ${m.ffmpegMegabytes > 0 ? m.ffmpegMegabytes.toFixed(0) : ''} |`,
  )
  .join('\n')}
`;
}

function inWords(what: string, ratios: Ratios | undefined): string {
  if (!ratios) return '';
  const { decodedTwin, fullDecodeResidual, faceApi, faceApiOnnx } = ratios;
  return `${what}, 720p H.264, one core: decoded twin ${times(decodedTwin)} of vultus with a given box, full decode and residual
${times(fullDecodeResidual)}; face-api's pipeline ${times(faceApi)} of vultus that finds faces itself, on onnxruntime ${times(faceApiOnnx)}.
`;
}

function cold(starts: readonly ColdStart[]): string {
  return starts
    .map(({ faces, seconds, cpuSeconds, megabytes }) => {
      const memory = megabytes === null ? '' : `, ${megabytes.toFixed(0)} MB at most`;
      const cpu = cpuSeconds === null ? '' : `, ${cpuSeconds.toFixed(2)} s of processor time`;
      return `\n\`vultus analyze\` on that clip from the command line, face ${faces}, cold: ${seconds.toFixed(2)} s${cpu}${memory}.\n`;
    })
    .join('');
}

function costs(rows: readonly Row[]): string {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const title = `${row.clip}: ${row.mode}, ${row.cores === 1 ? 'one core' : `${row.cores} cores`}`;
    groups.set(title, [...(groups.get(title) ?? []), row]);
  }
  return [...groups]
    .map(([title, own]) => {
      const ours = own.find(({ task }) => task === 'vultus, box given')!.cpu.median;
      const lines = own.map(
        ({ task, cpu, wall, decisions }) =>
          `| ${task} | ${ms(cpu.median)} | ${ms(cpu.min)} - ${ms(cpu.max)} | ${ms(wall.median)} | ${decisions} | ${times(cpu.median / ours)} |`,
      );
      return `
## ${title}

| | CPU ms per second of video | lowest - highest | wall ms per second | decisions | times vultus, box given |
| --- | --- | --- | --- | --- | --- |
${lines.join('\n')}
`;
    })
    .join('');
}

/** The cost that stands beside an accuracy: a label of a 720p clip of the same codec, one core. */
function costOf(rows: readonly Row[], task: string, codec: string): number | undefined {
  const name = codec === 'mpeg4' ? 'MPEG-4 720p' : 'H.264 720p';
  const row = rows.find((r) => r.task === task && r.mode === 'label' && r.cores === 1 && r.clip.startsWith(name));
  return row && 1000 * row.cpu.median;
}

function accuracyTable(accuracy: readonly Accuracy[], rows: readonly Row[], picture: string | undefined): string {
  if (accuracy.length === 0) return '\nThe labelled clips were not there: no accuracies.\n';
  const lines = accuracy.map(({ task, codec, clips, answered, correct, share }) => {
    const known = answered > 0;
    const cost = costOf(rows, task, codec);
    return `| ${task} | ${codec} | ${known ? `${correct} of ${clips} (${(100 * share).toFixed(0)}%)` : 'not trained'} | ${cost?.toFixed(1) ?? ''} |`;
  });
  return `
## Accuracy beside cost

Clips of fold 9 of the **semi-synthetic** set, whose people the model measured here, heldout, did not see, 256x256: each way's label, right or wrong. Our models
were trained on such clips of other people, face-api's network was not: this tells what a user gets for either on such clips, not
which method is better. The cost is that of a 720p clip above, per second of video.
${picture ? `\n![Accuracy against cost](${picture})\n` : ''}
| way | codec | right | CPU ms per second |
| --- | --- | --- | --- |
${lines.join('\n')}
`;
}

/** The ways on H.264, an SVG of its own; `undefined` where there is nothing to show. */
export function accuracyPicture({ accuracy, rows }: Result): string | undefined {
  const series = accuracy.flatMap(({ task, codec, answered, share, clips }): Series[] => {
    const x = costOf(rows, task, codec);
    if (answered === 0 || x === undefined || codec === 'mpeg4') return [];
    const margin = 1.96 * Math.sqrt((share * (1 - share)) / clips);
    const label = task.replace(/^vultus[, ]+/, '').replace(/-only, box given/, ' only');
    return [{ name: task, points: [{ x: Math.round(x), y: share, margin, label }] }];
  });
  if (series.length === 0) return undefined;
  const options: PlotOptions = {
    title: 'H.264 clips named rightly (95%), against cost; upper left: vultus',
    x: 'processor milliseconds per second of video, 720p',
    shares: true,
    scatter: true,
    spacing: 'log',
  };
  const figure = linePlot(series, options);
  const style = 'text{font:11px system-ui,sans-serif;fill:#667085}.grid{stroke:#d8dde6}svg{background:#fff}';
  const svg = /<svg[\s\S]*<\/svg>/.exec(figure)![0];
  return svg.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ').replace('>', `><style>${style}</style>`);
}
