/** Pictures of the timeline benchmark, on one page without scripts: the sweep, abstention, and one video with its truth. */
import { colourOf } from '../../src/report/palette.js';
import { escapeHtml, linePlot, page, percent } from '../../src/report/plots.js';
import { UNCERTAIN } from '../../src/timeline/segments.js';
import type { TimelineResult } from './markdown.js';
import { halfway, trueSegments } from './score.js';
import { grid, type Heard } from './sweep.js';

export function picture(result: TimelineResult, reported: Heard): string {
  return page(
    'A running expression over long videos',
    `<h1>A running expression over long videos</h1>
<p>${escapeHtml(`${result.date}, semi-synthetic: ${result.what}. ${result.command}`)}</p>
${sweepPlot(result)}
${abstentionPlot(result)}
<h2>One person of fold 9, true and told</h2>
${reported.videos
  .slice(0, 3)
  .map((video) => ribbons(result, reported, video))
  .join('\n')}
<p>Upper ribbon: what the video shows, cut at half of rise and decline. Lower: segments, with a dot on the apex and ticks on onset and offset.
Grey stripes: uncertain.</p>`,
  );
}

function sweepPlot({ sweep, shipped }: TimelineResult): string {
  const series = grid.hop.map((hop) => ({
    name: `hop ${hop} s`,
    points: sweep
      .filter(({ setting: s }) => s.hop === hop && s.smoothing === shipped.smoothing && s.minimum === shipped.minimum)
      .map(({ setting, score }) => ({ x: setting.window, y: score.worth })),
  }));
  const title = 'Worth (mean of recall and segment F1) on fold 8, the rest as shipped';
  return linePlot(series, { title, x: 'window, s', shares: true });
}

function abstentionPlot({ clips, thresholds }: TimelineResult): string {
  const mark = clips.marks.map(({ threshold, coverage, accuracy }) => ({
    ...{ x: 100 * coverage, y: accuracy ?? 0, label: threshold === 0.5 ? '0.5' : '' },
  }));
  const curve = clips.curve.flatMap(({ coverage, accuracy }) =>
    accuracy === null || coverage < 0.3 ? [] : [{ x: 100 * coverage, y: accuracy }],
  );
  const moments = thresholds.map(({ threshold, reporting }) => ({
    ...{ x: 100 * reporting.coverage, y: reporting.accuracy, label: threshold === 0.5 ? '0.5' : '' },
  }));
  return linePlot(
    [
      { name: 'clip labels, fold 9', points: curve },
      { name: 'clip labels at thresholds 0.3 to 0.7', points: mark, dashed: true },
      { name: 'moments of long videos, fold 9, 0.3 to 0.7', points: moments },
    ],
    { title: 'Accuracy of what is answered', x: 'answered, %', shares: true },
  );
}

const [wide, left] = [1000, 10];

function ribbons({ shipped, labels }: TimelineResult, reported: Heard, video: Heard['videos'][number]): string {
  const { truth, arrangement, codec } = video;
  const x = (time: number) => left + ((wide - 2 * left) * time) / truth.duration;
  const part = (label: string, start: number, end: number, top: number) => {
    const fill = label === UNCERTAIN ? 'url(#unsure)' : colourOf(label, labels.indexOf(label)).light;
    const name =
      x(end) - x(start) > 46
        ? `<text x="${x(start) + 4}" y="${top + 16}" style="fill:#fff">${escapeHtml(label)}</text>`
        : '';
    return `<rect x="${x(start)}" y="${top}" width="${Math.max(0, x(end) - x(start) - 1)}" height="24" fill="${fill}"><title>${escapeHtml(label)} ${start.toFixed(2)}-${end.toFixed(2)} s</title></rect>${name}`;
  };
  const shown = trueSegments(truth.shown).map(({ label, start, end }) => part(label, start, end, 20));
  const phases = truth.shown.flatMap((one) =>
    one.phases && halfway(one)
      ? [
          tick(x(one.phases.onset), 20),
          dot((x(one.phases.apex) + x(one.phases.decline)) / 2, 40),
          tick(x(one.phases.decline), 20),
        ]
      : [],
  );
  const told = reported.segmentsOf(video, shipped).map(({ label, start, end, onset, apex, offset }) => {
    const marks =
      label === UNCERTAIN || label === 'neutral' ? '' : tick(x(onset!), 52) + dot(x(apex!), 72) + tick(x(offset!), 52);
    return part(label, start, end, 52) + marks;
  });
  const seconds = Array.from(
    { length: Math.floor(truth.duration / 2) + 1 },
    (_, k) => `<text x="${x(2 * k)}" y="94">${2 * k} s</text>`,
  );
  const right = percent(reported.score(shipped, (v) => v === video).accuracy);
  return `<figure><svg viewBox="0 0 ${wide} 100" style="max-width:100%" role="img" aria-label="segments told and true">
<defs><pattern id="unsure" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="3" height="8" fill="#98a2b3"/></pattern></defs>
<text x="${left}" y="13">${escapeHtml(`${arrangement}, ${codec}: ${right} of the answered moments are right`)}</text>${shown.join('')}${phases.join('')}${told.join('')}${seconds.join('')}</svg></figure>`;
}

const dot = (x: number, y: number) => `<circle cx="${x}" cy="${y}" r="3" fill="#fff" stroke="#1d2430"/>`;
const tick = (x: number, y: number) =>
  `<line x1="${x}" x2="${x}" y1="${y}" y2="${y + 24}" stroke="#1d2430" stroke-width="1.5"/>`;
