/** The corpus report as one page without scripts or network. */
import { escapeHtml } from '../../report/format.js';
import { style } from '../../report/style.js';
import type { CorpusReport, Count } from './report.js';

/** Rows of a long list that the page shows; `report.json` has all. */
const shown = 500;

/** Style of the plain tables that the pages on corpora share. */
export const tableStyle = `${style}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
th,td{padding:4px 12px 4px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
td.n,th.n{text-align:right}th{font-weight:600;color:var(--soft)}.off{color:var(--warn);font-weight:600}`;

/** A table; cells are HTML already. `numbers`: which columns stand to the right. */
export function htmlTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[] = [],
): string {
  const tag = (name: string) => (cell: string, i: number) =>
    `<${name}${numbers.includes(i) ? ' class="n"' : ''}>${cell}</${name}>`;
  const lines = rows.map((row) => `<tr>${row.map(tag('td')).join('')}</tr>`);
  return `<div class="wide"><table><tr>${head.map(tag('th')).join('')}</tr>\n${lines.join('\n')}</table></div>`;
}

/** A page with a title and cards. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(title)}</title><style>${tableStyle}</style></head><body>
<header class="top"><b>vultus</b></header><main>
<h1>${escapeHtml(title)}</h1>
${body}
</main></body></html>
`;
}

/** A card with a heading. */
export function htmlCard(heading: string, content: string): string {
  return `<section class="card"><h2>${escapeHtml(heading)}</h2>\n${content}</section>`;
}

/** The page. */
export function corpusHtml(report: CorpusReport): string {
  const { title, about, clips, subjects, distributed, labels, differences, skipped, notes, withoutFace } = report;
  const notice = differences.length
    ? `<p class="notice">Counts differ from the published ones: ${escapeHtml(differences.join('; '))}.</p>`
    : '<p>All counts are as published.</p>';
  const counts = Object.entries({
    ...{ clips, subjects },
    ...(distributed && { 'all clips': distributed.clips, 'all subjects': distributed.subjects }),
    ...labels,
  }).map(([name, count]) => [escapeHtml(name), ...countCells(count)]);
  const kinds = new Map<string, number>();
  for (const { kind } of skipped) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const labelNames = Object.keys(labels);
  const people = Object.entries(report.bySubject).map(([subject, own]) => [
    escapeHtml(subject),
    ...labelNames.map((label) => String(own[label] || '')),
    String(Object.values(own).reduce((a, b) => a + b, 0)),
  ]);
  return htmlPage(
    `${title}: ${about}`,
    [
      `<p class="lead">${clips.found} clips of ${subjects.found} subjects, ${report.frames.all} frames. ${escapeHtml(report.protocol)}</p>`,
      notice,
      htmlCard(
        'Counts',
        `<p>Published by: ${escapeHtml(report.countsFrom)}.</p>${htmlTable(['', 'found', 'published'], counts, [1, 2])}`,
      ),
      htmlCard('Folds', htmlTable(['fold', 'clips', 'subjects'], foldRows(report), [1, 2])),
      htmlCard(
        `Left out: ${skipped.length}`,
        skipped.length === 0
          ? '<p>Nothing.</p>'
          : `<p>${[...kinds].map(([kind, n]) => `${n} ${escapeHtml(kind)}`).join(', ')}.</p>${list(
              ['what', 'kind', 'why'],
              skipped.map(({ path, kind, reason }) => [path, kind, reason]),
            )}`,
      ),
      withoutFace.length
        ? htmlCard(
            `No face found in ${withoutFace.length} clips: the whole picture is taken`,
            list(
              ['clip'],
              withoutFace.map((clip) => [clip]),
            ),
          )
        : '',
      notes.length
        ? htmlCard(
            `Oddities: ${notes.length}`,
            list(
              ['clip', 'what'],
              notes.map(({ clip, note }) => [clip, note]),
            ),
          )
        : '',
      people.length
        ? htmlCard(
            'Subjects',
            htmlTable(
              ['subject', ...labelNames.map(escapeHtml), 'all'],
              people,
              [...labelNames, 'all'].map((_, i) => i + 1),
            ),
          )
        : '',
      htmlCard(
        'How it was made',
        `${htmlTable(
          ['', ''],
          [
            ...Object.entries({ ...report.settings }),
            ...Object.entries(report.conditions).map(([name, n]) => [`condition ${name}`, `${n} clips`] as const),
            ...Object.entries(report.codecs).map(([name, n]) => [`codec ${name}`, `${n} clips`] as const),
            ...Object.entries(report.sha256).map(([name, hash]) => [`SHA-256 of ${name}`, hash || 'none'] as const),
            ['citation', report.citation] as const,
            ['licence', report.licence] as const,
          ].map(([name, value]) => [escapeHtml(name), escapeHtml(value)]),
        )}`,
      ),
    ].join('\n'),
  );
}

function countCells({ found, published }: Count): string[] {
  const off = published !== null && published !== found;
  return [off ? `<span class="off">${found}</span>` : String(found), published === null ? '' : String(published)];
}

function foldRows({ folds }: CorpusReport): string[][] {
  return Object.entries(folds).map(([fold, { clips, subjects }]) => [fold, String(clips), String(subjects)]);
}

function list(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const more = rows.length - shown;
  return `${htmlTable(
    head,
    rows.slice(0, shown).map((row) => row.map(escapeHtml)),
  )}${more > 0 ? `<p>And ${more} more, in report.json.</p>` : ''}`;
}
