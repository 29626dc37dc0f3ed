/** The report: one HTML file with everything in it, for a browser without a network. */
import type { AnalysisResult, FaceTimeline, FaceView } from '../timeline/result.js';
import { UNCERTAIN } from '../timeline/segments.js';
import { faceSection } from './face-html.js';
import { face as picture } from './film.js';
import { clock, codecName, escapeHtml as e, facesText, percent } from './format.js';
import { boundaries, boundaryLine, htmlDocument } from './page.js';
import { band, coarse, stretchesOf } from './ribbon.js';
import { script } from './script.js';
import { secondsByLabel, shareBar, sharesText, totalOf } from './shares.js';
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

/** Faces with charts of their own, those that are there longest; faces with a line in the overview. */
const [CHARTED, LISTED] = [12, 60];

/** Renders one report of one or more analysed videos. Its size is bounded for each video, whatever its length. */
export async function renderReport(
  entries: readonly ReportEntry[],
  { version, date, index }: ReportOptions,
): Promise<string> {
  const ids = entries.map((_, i) => `v${i}`);
  const single = entries.length === 1;
  const title = single ? entries[0]!.file : `${entries.length} videos`;
  const back =
    index === undefined ? '' : `<nav aria-label="Reports"><a href="${e(encodeURI(index))}">← All videos</a></nav>`;
  const list = entries.map(({ file }, i) => `<li><a href="#${ids[i]}">${e(file)}</a></li>`);
  const head = single
    ? ''
    : `<h1>${title}</h1>\n${boundaryLine}\n<nav class="card" aria-label="Videos"><ol class="contents">${list.join('')}</ol></nav>`;
  const body = `${back}${head}
${entries.map((entry, i) => section(entry, ids[i]!, single ? 1 : 2)).join('\n')}
${boundaries(single ? 'this video' : 'these videos')}`;
  const css = entries.map(({ result }, i) => colours(ids[i]!, result.labels)).join('');
  return await htmlDocument({ title: `Expression over time: ${title}`, css, body, script, version, date });
}

/** @param level of the video's heading; those inside are one and two below */
function section({ file, result }: ReportEntry, id: string, level: number): string {
  const { container, codec, width, height, duration, notices, faces, converted, labels } = result;
  const seconds = secondsByLabel(faces.flatMap(({ segments }) => segments));
  const several = faces.length > 1;
  const charted = longest(faces, CHARTED);
  const lead =
    faces.length === 1
      ? headline({ ...result, ...faces[0]! })
      : faces.length === 0
        ? 'There was no face to read in this video.'
        : `${faces.length} faces. All of them together: ${sharesText(seconds, 3)}.`;
  const inner = several ? level + 2 : level + 1;
  const charts = charted.map((face) => {
    const view = { ...result, ...face };
    const name = several
      ? `<h${level + 1} class="t2" id="${id}-f${face.face}-title">Face ${face.face}</h${level + 1}>\n<p class="lead">${e(headline(view))}</p>`
      : '';
    const label = several ? ` role="group" aria-labelledby="${id}-f${face.face}-title"` : '';
    return `<div class="face" id="${id}-f${face.face}"${label}>${name}\n${faceSection(view, `${id}-f${face.face}`, inner, charted.length, face === charted[0])}\n</div>`;
  });
  return `<section class="video" id="${id}" aria-labelledby="${id}-title">
<h${level} class="t1" id="${id}-title">${e(file)}</h${level}>
<p class="lead">${e(lead)}</p>
<ul class="facts">
<li><b>${clock(duration)}</b> long</li><li><b>${e(codecName(codec))}</b> in ${e(container)}</li><li><b>${width}×${height}</b></li>
<li>${e(facesText(result))}</li><li><b>${result.parsed}</b> of ${result.frames} frames read${converted ? '' : ', none of them decoded to pixels'}</li>
</ul>
${level === 1 ? boundaryLine : ''}
${notices.map((notice) => `<p class="notice" role="note">${e(notice)}</p>`).join('\n')}
${several ? '' : shareBar(seconds, labels)}
${several ? overview(result, charted, id, level + 1) : ''}
${charts.join('\n')}
${modelCard(result, id, level + 1)}
</section>`;
}

/** Those that are there longest, in order of appearance. */
function longest(faces: readonly FaceTimeline[], most: number): FaceTimeline[] {
  const time = ({ segments }: FaceTimeline) => segments.reduce((sum, s) => sum + s.end - s.start, 0);
  return [...faces]
    .sort((a, b) => time(b) - time(a))
    .slice(0, most)
    .sort((a, b) => a.face - b.face);
}

/** All faces under one time axis, with links to their charts. */
function overview(result: AnalysisResult, charted: readonly FaceTimeline[], id: string, level: number): string {
  const { faces, labels, duration } = result;
  const listed = longest(faces, LISTED);
  const rows = listed.map((face) => {
    const seconds = secondsByLabel(face.segments);
    const [shot] = face.thumbnails;
    const name = charted.includes(face) ? `<a href="#${id}-f${face.face}">Face ${face.face}</a>` : `Face ${face.face}`;
    const strip = band(coarse(stretchesOf(face.segments, labels), 400), 0, duration);
    return `<li class="lane who"><div class="name">${shot ? picture(shot, '') : ''}<span>${name}<small>there for ${clock(totalOf(seconds))}</small></span></div><div><div class="plot ribbon fine" role="img" aria-label="${e(sharesText(seconds))}">${strip}</div><small>${e(sharesText(seconds, 3))}</small></div></li>`;
  });
  const left = faces.length - listed.length;
  const more = [
    charted.length < faces.length ? `The ${charted.length} faces that are there longest have charts below.` : '',
    left > 0 ? `${left} more are not listed: they are there for a shorter time.` : '',
  ].filter(Boolean);
  return `<div class="card"><h${level} class="t2">Who is there when</h${level}>
<ol class="faces">${rows.join('\n')}</ol>
${more.length > 0 ? `<p class="key">${more.join(' ')}</p>` : ''}</div>`;
}

/** The result in a sentence or two. */
export function headline({ segments, labels, distribution }: FaceView): string {
  const seconds = secondsByLabel(segments);
  const total = totalOf(seconds);
  const time = (label: string) => seconds.get(label) ?? 0;
  const named = segments.filter((s) => s.label !== UNCERTAIN);
  if (segments.length === 0) return 'There was nothing to read in this video.';
  if (named.length === 0) {
    const best = labels[distribution.indexOf(Math.max(...distribution))]!;
    return `No expression is probable enough to be named; ${best} comes closest, at ${percent(Math.max(...distribution))} on average.`;
  }
  const main = labels.reduce((a, b) => (time(b) > time(a) ? b : a));
  const clearest = named.reduce((a, b) => (b.probability > a.probability ? b : a));
  const share = `${capital(main)} for ${percent(time(main) / total)} of the time`;
  const doubt = time(UNCERTAIN) > 0 ? `, uncertain for ${percent(time(UNCERTAIN) / total)}` : '';
  return `${share}${doubt}. Clearest: ${clearest.label} from ${clock(clearest.start)} to ${clock(clearest.end)}, at ${percent(clearest.probability)}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function modelCard({ model: { card, hash }, labels }: AnalysisResult, id: string, level: number): string {
  const metrics = card.metrics.map(
    (m) => `${percent(m.war)} accuracy, ${percent(m.uar)} mean recall on ${m.n} clips (${m.split})`,
  );
  const { signal } = card;
  return `<div class="card" id="${id}-model">
<h${level} class="t2">Model</h${level}>
<dl>
<dt>Name</dt><dd>${e(card.name)} ${e(card.version)}, ${e(card.date)}</dd>
<dt>Reads</dt><dd>${e(signal.kind)}: ${signal.frames} samples of ${signal.size}×${signal.size} in the face box</dd>
<dt>Answers</dt><dd>${e(labels.join(', '))}</dd>
<dt>Trained on</dt><dd>${e(card.data.name)}, ${card.data.clips} clips</dd>
<dt>Measured</dt><dd>${metrics.length === 0 ? 'not measured: do not rely on it' : metrics.map(e).join('<br>')}</dd>
<dt>Intended for</dt><dd>${e(card.intendedUse)}</dd>
<dt>Not for</dt><dd class="not-for">${e(card.forbiddenUse)}</dd>
<dt>Licence</dt><dd>${e(card.licence)}</dd>
<dt>SHA-256</dt><dd><code>${e(hash)}</code></dd>
</dl>
</div>`;
}
