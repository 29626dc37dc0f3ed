/** One face's part of the report: chart, long timelines in rows, segments, and the chart as a table. */
import type { FaceView } from '../timeline/result.js';
import { axis, certaintyLane, confidenceLane, DOTTED, energyLane, lanes, ribbon } from './chart.js';
import { filmstrip } from './film.js';
import { clock, percent } from './format.js';
import { type Span, spansOf, windowsPerMoment } from './moments.js';
import { bandRows, curveTable, segmentTable } from './tables.js';

/** Rows of segment tables and pictures in a report of one video at most, whatever the number of faces. */
const [ROWS, PICTURES] = [2000, 48];

/**
 * @param id unique in the page
 * @param level of its headings
 * @param faces how many have such a part
 * @param first whether it is the first of them, which says how to read the chart
 */
export function faceSection(view: FaceView, id: string, level: number, faces: number, first: boolean): string {
  const { segments } = view;
  const spans = spansOf(view);
  const rows = bandRows(view);
  const heading = (text: string) => `<h${level} class="t2">${text}</h${level}>`;
  return `<div class="card">${heading('Timeline')}
${chart(view, spans, id, Math.max(3, Math.min(10, Math.floor(PICTURES / faces))))}
${first ? key(view) : ''}
${curveTable(view)}
</div>
${rows && `<div class="card">${heading('The segments, row by row')}\n${rows}\n</div>`}
<div class="card">${heading(`${segments.length} ${segments.length === 1 ? 'segment' : 'segments'}`)}
${segmentTable(view, Math.max(100, Math.floor(ROWS / faces)))}
</div>`;
}

function chart(view: FaceView, spans: readonly Span[], id: string, pictures: number): string {
  const { duration, labels, threshold } = view;
  const points = spans.flatMap(({ moments }) => moments);
  const data = {
    labels,
    duration,
    times: points.map((m) => Math.round(m.time * 100) / 100),
    rows: points.map((m) => m.probabilities.map((p) => Math.round(100 * p))),
  };
  // `<` cannot end the element early when it is written as an escape.
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  const step = Math.max(0.01, duration / 500).toFixed(3);
  return `<div class="chart" style="--threshold:${percent(1 - threshold)}">
${filmstrip(view, pictures)}
<div class="plots">
${ribbon(view)}
${lanes(view, spans)}
${certaintyLane(view, spans)}
${energyLane(view, spans)}
${confidenceLane(view, spans)}
${axis(duration)}
<div class="cursor" hidden><i></i></div>
</div>
<div class="scrub" hidden><label for="${id}-time">Read at a moment</label><input id="${id}-time" type="range" min="0" max="${duration.toFixed(3)}" step="${step}" value="0"><output for="${id}-time" aria-live="off"></output></div>
<script type="application/json">${json}</script>
</div>`;
}

function key(view: FaceView): string {
  const { window, hop, windows, smoothing, threshold } = view;
  const each = windowsPerMoment(view);
  const round = (seconds: number) => String(Math.round(seconds * 100) / 100);
  const near = smoothing > 0 ? ` within ${round(2 * smoothing)} s` : '';
  const joined = each > 1 ? ` A point is the mean of ${each} windows, ${clock(each * hop)} of the video.` : '';
  return `<ul class="key reading">
<li><i class="k-curve"></i><span><b>Curve</b>: the expression's probability, 0 at the foot, 1 at the top, smoothed as the segments are. It stands for a window of ${round(window)} s around each point${windows.length > 1 ? `, one every ${round(hop)} s` : ''}.${joined} The figure is its mean.</span></li>
<li><i class="k-band"></i><span><b>Pale band</b>: from the lowest to the highest probability of single windows${near}. Where it is wide, the model wavers.</span></li>
<li><i class="k-dashes"></i><span><b>Dashes</b>: the threshold, ${percent(threshold)}. Where no expression reaches it, the moment is <b>uncertain</b>: hatched.</span></li>
<li><i class="k-lit"></i><span><b>Lit</b>: the expression holds a segment; ${view.segments.length > DOTTED ? 'apexes are in the table' : 'the dot is its apex'}. Bare: the face was not there.</span></li>
<li><i class="k-energy"></i><span><b>Residual energy</b>: how much the codec had to correct inside the face box, in luma steps; the figure is the highest value.</span></li>
</ul>`;
}
