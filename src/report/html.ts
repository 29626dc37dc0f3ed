/** The report: one HTML file with everything in it, for a browser without a network. */
import type { AnalysisResult, FaceView } from '../timeline/result.js';
import { UNCERTAIN } from '../timeline/segments.js';
import { axis, energyLane, filmstrip, lanes, ribbon, type Span, spansOf } from './chart.js';
import { clock, codecName, escapeHtml as e, facesText, percent } from './format.js';
import { boundaries, htmlDocument } from './page.js';
import { script } from './script.js';
import { colours } from './style.js';

export interface ReportEntry {
  /** Name of the video, as shown. */
  file: string;
  result: AnalysisResult;
}

export interface ReportOptions {
  /** Version of vultus, shown at the foot. */
  version: string;
  /** When the report was made. */
  date: Date;
  /** Where the index of all videos is, relative to this file, if there is one. */
  index?: string;
}

/** Renders one report of one or more analysed videos. */
export async function renderReport(
  entries: readonly ReportEntry[],
  { version, date, index }: ReportOptions,
): Promise<string> {
  const ids = entries.map((_, i) => `v${i}`);
  const css = entries.map(({ result }, i) => colours(ids[i]!, result.labels)).join('');
  const title = entries.length === 1 ? entries[0]!.file : `${entries.length} videos`;
  const back =
    index === undefined ? '' : `<nav aria-label="Reports"><a href="${e(encodeURI(index))}">← All videos</a></nav>`;
  const body = `${back}${entries.map((entry, i) => section(entry, ids[i]!)).join('\n')}
${boundaries(entries.length === 1 ? 'this video' : 'these videos')}`;
  return await htmlDocument({ title: `Expression over time: ${title}`, css, body, script, version, date });
}

function section({ file, result }: ReportEntry, id: string): string {
  const { container, codec, width, height, duration, notices, faces, converted } = result;
  return `<section class="video" id="${id}" aria-labelledby="${id}-title">
<h1 id="${id}-title">${e(file)}</h1>
${faces.length === 1 ? `<p class="lead">${e(headline({ ...result, ...faces[0]! }))}</p>` : `<p class="lead">${faces.length === 0 ? 'There was no face to read in this video.' : `${faces.length} faces.`}</p>`}
<ul class="facts">
<li><b>${clock(duration)}</b> long</li><li><b>${e(codecName(codec))}</b> in ${e(container)}</li><li><b>${width}×${height}</b></li>
<li>${e(facesText(result))}</li><li><b>${result.parsed}</b> of ${result.frames} frames read${converted ? '' : ', none of them decoded to pixels'}</li>
</ul>
${notices.map((notice) => `<p class="notice" role="note">${e(notice)}</p>`).join('\n')}
${faces.map((face) => faceSection({ ...result, ...face }, `${id}-f${face.face}`)).join('\n')}
${modelCard(result)}
</section>`;
}

function faceSection(view: FaceView, id: string): string {
  const several = view.faces.length > 1;
  const head = several ? `<h2 class="face">Face ${view.face}</h2>\n<p class="lead">${e(headline(view))}</p>` : '';
  return `<div class="face" id="${id}">${head}
${charts(view, spansOf(view), id)}
${segmentTable(view)}
</div>`;
}

/** The result in a sentence or two. */
export function headline({ segments, labels, distribution }: FaceView): string {
  const time = (label: string) => segments.reduce((sum, s) => sum + (s.label === label ? s.end - s.start : 0), 0);
  const named = segments.filter((s) => s.label !== UNCERTAIN);
  if (segments.length === 0) return 'There was nothing to read in this video.';
  if (named.length === 0) {
    const best = labels[distribution.indexOf(Math.max(...distribution))]!;
    return `No expression is probable enough to be named; ${best} comes closest, at ${percent(Math.max(...distribution))} on average.`;
  }
  const main = labels.reduce((a, b) => (time(b) > time(a) ? b : a));
  const total = segments.reduce((sum, s) => sum + s.end - s.start, 0);
  const clearest = named.reduce((a, b) => (b.probability > a.probability ? b : a));
  const share = `${capital(main)} for ${percent(time(main) / total)} of the time`;
  const doubt = time(UNCERTAIN) > 0 ? `, uncertain for ${percent(time(UNCERTAIN) / total)}` : '';
  return `${share}${doubt}. Clearest: ${clearest.label} from ${clock(clearest.start)} to ${clock(clearest.end)}, at ${percent(clearest.probability)}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function charts(result: FaceView, spans: readonly Span[], id: string): string {
  const points = spans.flatMap(({ moments }) => moments);
  const { duration, labels, window, hop } = result;
  const data = {
    labels,
    duration,
    times: points.map((m) => Math.round(m.time * 1000) / 1000),
    rows: points.map((m) => m.probabilities.map((p) => Math.round(1000 * p))),
  };
  // `<` cannot end the element early when it is written as an escape.
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  const step = Math.max(0.01, duration / 500).toFixed(3);
  return `<div class="card">
<h2>Timeline</h2>
${filmstrip(result)}
<div class="chart">
${ribbon(result)}
${lanes(result, spans)}
${energyLane(result, spans)}
${axis(duration)}
<div class="cursor" hidden><i></i></div>
</div>
<div class="scrub" hidden><label for="${id}-time">Read at a moment</label><input id="${id}-time" type="range" min="0" max="${duration.toFixed(3)}" step="${step}" value="0"><output aria-live="polite"></output></div>
<p class="key">Each lane is one expression's probability, from 0 at its foot to 1 at its top; the figure beside the name is its mean. Lanes are lit where the expression holds a segment, with a dot at its apex; hatched means that no expression was probable enough. A point of a curve stands for a window of ${trim(window)} s around it${result.windows.length > 1 ? `, one every ${trim(hop)} s` : ''}. Residual energy is how much the codec had to correct inside the face box, in luma steps; the figure is its highest value.</p>
<script type="application/json">${json}</script>
</div>`;
}

function trim(seconds: number): string {
  return String(Math.round(seconds * 100) / 100);
}

function segmentTable({ segments, labels }: FaceView): string {
  const cell = (name: string, value: number | null) =>
    `<td class="${name}">${value === null ? '–' : clock(value)}</td>`;
  const rows = segments.map((s) => {
    const c = labels.indexOf(s.label);
    const bar = `<span class="bar"><i style="width:${percent(s.probability)}"></i></span>`;
    return `<tr class="${c < 0 ? '' : `c${c}`}"><td><span class="dot${c < 0 ? ' none' : ''}"></span>${e(s.label)}</td><td>${clock(s.start)}</td><td>${clock(s.end)}</td>${cell('onset', s.onset)}${cell('apex-time', s.apex)}${cell('offset', s.offset)}<td>${percent(s.probability)}${bar}</td></tr>`;
  });
  return `<div class="card">
<h2>Segments</h2>
<div class="wide" tabindex="0" role="region" aria-label="Table of segments"><table>
<thead><tr><th scope="col">Expression</th><th scope="col">From</th><th scope="col">To</th><th scope="col" class="onset">Onset</th><th scope="col">Apex</th><th scope="col" class="offset">Offset</th><th scope="col" abbr="Probability">Prob.</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></div>
<p class="key">Apex: where the expression's probability is highest. Onset and offset: where it rises through, and falls below, half of that. They are times of the model's belief, not of muscles.</p>
</div>`;
}

function modelCard({ model: { card, hash }, labels }: AnalysisResult): string {
  const metrics = card.metrics.map(
    (m) => `${percent(m.war)} accuracy, ${percent(m.uar)} mean recall on ${m.n} clips (${m.split})`,
  );
  const { signal } = card;
  return `<div class="card">
<h2>Model</h2>
<dl>
<dt>Name</dt><dd>${e(card.name)} ${e(card.version)}, ${e(card.date)}</dd>
<dt>Reads</dt><dd>${e(signal.kind)}: ${signal.frames} samples of ${signal.size}×${signal.size} in the face box</dd>
<dt>Answers</dt><dd>${e(labels.join(', '))}</dd>
<dt>Trained on</dt><dd>${e(card.data.name)}, ${card.data.clips} clips</dd>
<dt>Measured</dt><dd>${metrics.length === 0 ? 'not measured: do not rely on it' : metrics.map(e).join('<br>')}</dd>
<dt>Intended for</dt><dd>${e(card.intendedUse)}</dd>
<dt>Not for</dt><dd>${e(card.forbiddenUse)}</dd>
<dt>Licence</dt><dd>${e(card.licence)}</dd>
<dt>SHA-256</dt><dd><code>${e(hash)}</code></dd>
</dl>
</div>`;
}
