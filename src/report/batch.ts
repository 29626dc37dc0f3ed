/** The index of many analysed videos: totals, and a row for each file that leads to its own report. One HTML file. */
import { UNCERTAIN } from '../timeline/segments.js';
import type { VideoSummary } from './batch-summary.js';
import { clock, codecName, escapeHtml as e, percent } from './format.js';
import { boundaries, boundaryLine, htmlDocument } from './page.js';
import { band } from './ribbon.js';
import { addSeconds, shareBar, sharesText, totalOf } from './shares.js';
import { colours } from './style.js';

/** One input: what came of it, or why nothing did. */
export interface BatchRow {
  /** As shown, e.g. the path that was given. */
  file: string;
  /** Where this video's own report is, relative to the index (`clips/a.mp4.html`; not a URL yet); null without one. */
  report: string | null;
  /** Null where the input failed. */
  summary: VideoSummary | null;
  /** The reason in one line where it failed, else null. */
  error: string | null;
}

export interface BatchOptions {
  /** Version of vultus, shown at the foot. */
  version: string;
  /** When the index was made. */
  date: Date;
  model: { name: string; version: string; hash: string };
}

/** Rows of the page at most: a browser holds no more with ease. */
const SHOWN = 2000;

/**
 * Renders the index. Call it once, when all files are done, with a row per input in their order:
 *
 *     rows.push({ file, report: `${name}.html`, summary: summariseVideo(result), error: null });
 *     rows.push({ file, report: null, summary: null, error: 'not a video' });
 *     await writeWhole(join(out, 'index.html'), await renderBatch(rows, { version, date: new Date(), model }));
 *
 * and each video's own page by `renderReport([{ file, result }], { version, date, index: 'index.html' })`. `summariseVideo` gives a
 * few kilobytes of plain JSON, to be kept with what is remembered of a finished file, so that a second run needs no results.
 * Beyond 2000 rows the page says how many it leaves out; totals are of all.
 */
export async function renderBatch(rows: readonly BatchRow[], options: BatchOptions): Promise<string> {
  const { version, date, model } = options;
  const done = rows.flatMap(({ summary }) => summary ?? []);
  const labels = [...new Set(done.flatMap((summary) => summary.labels))];
  const failed = rows.length - done.length;
  const count = `${rows.length} ${rows.length === 1 ? 'video' : 'videos'}`;
  const body = `<h1>${count}</h1>
<p class="lead">${done.length} analysed${failed > 0 ? `, <a href="#failed">${failed} failed</a>` : ''}. Each name leads to that video's own report.</p>
${boundaryLine}
<div id="batch">
${totals(done, labels)}
${table(rows, labels)}
</div>
<section class="card" aria-labelledby="model-title"><h2 id="model-title">Model</h2>
<dl><dt>Name</dt><dd>${e(model.name)} ${e(model.version)}</dd><dt>Answers</dt><dd>${e(labels.join(', ') || 'not known: no video was analysed')}</dd><dt>SHA-256</dt><dd><code>${e(model.hash)}</code></dd></dl>
</section>
${boundaries('these videos')}`;
  const title = `Expression over time: ${count}`;
  return await htmlDocument({ title, css: batchStyle + colours('batch', labels), body, script: sorter, version, date });
}

function totals(done: readonly VideoSummary[], labels: readonly string[]): string {
  if (done.length === 0) return '';
  const seconds = addSeconds(done.map((summary) => new Map(Object.entries(summary.seconds))));
  const read = totalOf(seconds);
  const sum = (of: (summary: VideoSummary) => number) => done.reduce((total, summary) => total + of(summary), 0);
  const figure = (value: string, words: string) => `<div><dt>${words}</dt><dd>${value}</dd></div>`;
  return `<section class="card" aria-labelledby="totals-title"><h2 id="totals-title">Together</h2>
<dl class="figures">
${figure(clock(sum(({ duration }) => duration)).replace(/\.\d$/, ''), 'of video')}
${figure(String(sum(({ faces }) => faces)), 'faces with a timeline')}
${figure(String(done.filter(({ faces }) => faces === 0).length), 'videos without a face')}
${figure(read > 0 ? percent((seconds.get(UNCERTAIN) ?? 0) / read) : '–', 'of the time uncertain')}
</dl>
${shareBar(seconds, labels)}
<p class="key">Share of the time in which faces were read, all faces of all videos together${read > 0 ? ` (${clock(read).replace(/\.\d$/, '')})` : ''}.</p>
</section>`;
}

function table(rows: readonly BatchRow[], labels: readonly string[]): string {
  const shown = rows.slice(0, SHOWN);
  const first = shown.findIndex(({ summary }) => summary === null);
  const lines = shown.map((row, i) => (row.summary ? videoRow(row, row.summary, labels) : failedRow(row, i === first)));
  const left = rows.length - shown.length;
  const columns: [name: string, className: string][] = [
    ['Video', 'n'],
    ['Segments over time', 's'],
    ['Mostly', 'm'],
    ['Uncertain', 'u'],
    ['Faces', 'f'],
    ['Length', 'l'],
  ];
  const head = columns.map(([name, key]) => `<th scope="col" class="${key}" role="columnheader">${name}</th>`);
  return `<section class="card" aria-labelledby="videos-title"><h2 id="videos-title">Video by video</h2>
<table class="batch" role="table">
<thead role="rowgroup"><tr role="row">${head.join('')}</tr></thead>
<tbody role="rowgroup">
${lines.join('\n')}
</tbody></table>
${left > 0 ? `<p class="notice" role="note">${left} more are in summary.csv; the totals above are of all.</p>` : ''}
<p class="key">Strips run from the beginning to the end of their own video, one strip a face, at most six. Hatched: no expression was probable enough to be named. Bare: the face was not there.</p>
</section>`;
}

function videoRow({ file, report }: BatchRow, summary: VideoSummary, labels: readonly string[]): string {
  const { duration, faces, notices } = summary;
  const seconds = addSeconds([new Map(Object.entries(summary.seconds))]);
  const total = totalOf(seconds);
  const named = [...seconds].filter(([label]) => label !== UNCERTAIN).slice(0, 2);
  const uncertain = total > 0 ? (seconds.get(UNCERTAIN) ?? 0) / total : 0;
  const className = (index: number) => `c${labels.indexOf(summary.labels[index]!)}`;
  const strips = summary.strips.map(
    ({ stretches }) => `<span class="strip">${band(stretches, 0, duration, className)}</span>`,
  );
  const words = total > 0 ? sharesText(seconds) : 'no face';
  const mostly = named.map(
    ([label, time]) =>
      `<span class="c${labels.indexOf(label)}"><span class="dot"></span>${e(label)} <b>${percent(time / total)}</b></span>`,
  );
  const [folder, base] = split(file);
  const name = report === null ? e(base) : `<a href="${e(hrefOf(report))}">${e(base)}</a>`;
  const remark = notices.length > 0 ? noticeList(notices) : '';
  const cell = (key: string, sort: string | number, content: string, caption = '') =>
    `<td role="cell" class="${key}" data-v="${sort}"${caption && ` data-k="${caption}"`}>${content}</td>`;
  return `<tr role="row"><th scope="row" role="rowheader" class="n" data-v="${e(file)}">${name}<small>${e([folder, codecName(summary.codec)].filter(Boolean).join(' · '))}</small>${remark}</th>${cell('s', e(named[0]?.[0] ?? ''), `<span class="strips" role="img" aria-label="${e(words)}">${strips.join('')}</span>`)}${cell('m', e(named[0]?.[0] ?? ''), mostly.join('') || (faces === 0 ? 'no face' : 'nothing named'))}${cell('u', uncertain.toFixed(4), total > 0 ? percent(uncertain) : '–', 'uncertain')}${cell('f', faces, String(faces), 'faces')}${cell('l', duration, clock(duration), 'length')}</tr>`;
}

function noticeList(notices: readonly string[]): string {
  const head = notices.length === 1 ? '1 notice' : `${notices.length} notices`;
  return `<details><summary>${head}</summary>${notices.map(e).join('<br>')}</details>`;
}

function failedRow({ file, error }: BatchRow, first: boolean): string {
  const [folder, base] = split(file);
  return `<tr role="row" class="failed"${first ? ' id="failed"' : ''}><th scope="row" role="rowheader" class="n" data-v="${e(file)}">${e(base)}${folder && `<small>${e(folder)}</small>`}</th><td role="cell" colspan="5" aria-colspan="5" data-v=""><b>failed</b> ${e(error ?? 'no reason was given')}</td></tr>`;
}

/** Folder and name of a path; folders are shown small. */
function split(file: string): [folder: string, base: string] {
  const at = Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1;
  return [file.slice(0, at), file.slice(at)];
}

/** A relative path as a reference: every part is escaped, so that `?`, `#`, `%` and spaces in names do no harm. */
function hrefOf(path: string): string {
  const parts = path.replaceAll('\\', '/').split('/');
  return `./${parts.map(encodeURIComponent).join('/')}`;
}

const batchStyle = `
.figures{display:flex;flex-wrap:wrap;gap:14px 44px;margin:0 0 20px}
.figures div{display:flex;flex-direction:column-reverse}.figures dd{font-size:1.7rem;line-height:1.15;font-weight:620;letter-spacing:-.02em;font-variant-numeric:tabular-nums;margin:0}.figures dt{font-size:.86rem}
.batch th,.batch td{text-align:left;vertical-align:middle;white-space:normal;padding:9px 10px}
.batch thead th{padding-top:0;white-space:nowrap}.batch .u,.batch .f,.batch .l{text-align:right;white-space:nowrap}
.batch tbody th{font-size:.92rem;line-height:1.35;color:var(--ink);font-weight:550;overflow-wrap:anywhere;border-top:1px solid var(--line);width:30%}
.batch small,.batch details{font-weight:400;font-size:.78rem;color:var(--soft)}.batch small{display:block}.batch summary{cursor:pointer;min-height:24px}.batch a{display:inline-block;min-height:24px}
.batch .s{width:36%}.batch .m>span{display:block;white-space:nowrap}.batch .m b{font-weight:500;color:var(--soft)}
.strips{display:grid;gap:2px}.strip{position:relative;display:block;height:20px;border-radius:4px;overflow:hidden}.strip:not(:only-child){height:11px}
.failed td,.failed th{background:var(--warnpaper)}.failed td{color:var(--warn);overflow-wrap:anywhere}.batch .failed th{padding-left:10px}
.failed td b{display:inline-block;border:1px solid currentColor;border-radius:5px;padding:0 6px;margin-right:6px;font-size:.78rem;font-weight:600}
.sort{all:unset;box-sizing:border-box;min-height:24px;cursor:pointer;font:inherit;color:inherit;border-radius:4px}.sort:focus-visible{outline:2px solid var(--accent)}
.sort::after{content:"↕";margin-left:.35em;opacity:.6}[aria-sort=ascending] .sort::after{content:"↑";opacity:1}[aria-sort=descending] .sort::after{content:"↓";opacity:1}
@media(max-width:720px){
.batch,.batch tbody{display:block}.batch thead{display:block;margin-bottom:12px}.batch thead tr{display:flex;flex-wrap:wrap;gap:4px 16px}.batch thead th.s{display:none}.batch thead th{display:block;padding:0}
.batch:not(.sortable) thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.batch tbody tr{display:grid;grid-template-columns:auto auto minmax(0,1fr);gap:5px 18px;border-top:1px solid var(--line);padding:12px 0}
.batch tbody th,.batch tbody td{display:block;border:0;padding:0;width:auto}.batch tbody .n,.batch tbody .s,.batch tbody .m,.batch .failed td{grid-column:1/-1}
.batch tbody .s,.batch tbody .n{width:auto}.batch small{display:inline;margin:0 .8em 0 .5em}.batch details{margin-top:2px}.batch .m>span{display:inline-block;margin-right:1em}
.batch td[data-k]::before{content:attr(data-k) " ";color:var(--soft)}
.batch tbody tr.failed{grid-template-columns:1fr;margin:0 -14px;padding:12px 14px;background:var(--warnpaper)}.batch .failed th{padding-left:0}.strip{height:24px}
}
@media print{.sort::after{content:""}}
`;

/** Sorts the rows by a column's head. The table is whole without it. */
const sorter = `
for (const table of document.querySelectorAll('table.batch')) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  table.classList.add('sortable');
  table.querySelectorAll('thead th:not(.s)').forEach((head) => {
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'sort' });
    button.append(...head.childNodes);
    head.append(button);
    const value = (row) => row.querySelector('.' + head.classList[0])?.dataset.v;
    button.addEventListener('click', () => {
      const turn = { ascending: 'descending', descending: undefined }[head.getAttribute('aria-sort')];
      const next = head.hasAttribute('aria-sort') ? turn : 'ascending';
      for (const other of table.querySelectorAll('thead th')) other.removeAttribute('aria-sort');
      if (next) head.setAttribute('aria-sort', next);
      const sign = next === 'descending' ? -1 : 1;
      const compare = (a, b) => {
        const [p, q] = [value(a), value(b)];
        // What failed has no figures and goes last.
        if (p === undefined || q === undefined) return (p === undefined) - (q === undefined);
        const apart = Number(p) - Number(q);
        return sign * (Number.isNaN(apart) ? p.localeCompare(q, undefined, { numeric: true }) : apart);
      };
      body.append(...(next ? [...rows].sort(compare) : rows));
    });
  });
}
`;
