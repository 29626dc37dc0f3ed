/** The reproduction's report as one page without scripts or network. */
import { htmlCard, htmlPage, htmlTable } from '../../dataset/preparation/report-html.js';
import { escapeHtml, percent } from '../../report/format.js';
import type { LeftOut } from './experiments.js';
import type { Reproduction } from './reproduce.js';
import type { ExperimentSummary, OverRounds } from './summary.js';

/** The page. */
export function reproductionHtml(report: Reproduction): string {
  const { data, experiments } = report;
  const off = data.differences.length > 0 || data.faulty;
  return htmlPage(
    `${report.title} reproduced: ${report.about}`,
    [
      `<p class="lead">${data.clips} clips of ${data.subjects} subjects. ${escapeHtml(report.protocol)}</p>`,
      off
        ? `<p class="notice">This copy is not the published corpus${
            data.differences.length ? `: ${escapeHtml(data.differences.join('; '))}` : ''
          }. Its scores cannot be set beside published ones.</p>`
        : '',
      htmlCard('Ours', `${ours(experiments)}${leftOut(report.left)}`),
      htmlCard('Published', publishedTable(report)),
      ...experiments.map((one) => htmlCard(`${one.name}: ${one.about}`, `${confusion(one)}${rounds(one)}`)),
      htmlCard(
        'How it was made',
        `<p>${escapeHtml(report.citation)}</p><p>vultus ${escapeHtml(report.package)}; manifest ${data.sha256.manifest}; folds ${data.sha256.folds}; ${report.settings.threads} threads.</p><pre class="wide">${escapeHtml(JSON.stringify(report.settings.config, null, 2))}</pre>`,
      ),
    ].join('\n'),
  );
}

function ours(experiments: readonly ExperimentSummary[]): string {
  const rows = experiments.map(({ name, about, pooled, war, uar, rounds, failed }) => [
    `<b>${escapeHtml(name)}</b><br>${escapeHtml(about)}`,
    percent(pooled.war),
    percent(pooled.uar),
    percent(pooled.macroF1),
    range(war),
    range(uar),
    failed.length === 0
      ? String(rounds.length)
      : `<span class="off">${rounds.length} of ${rounds.length + failed.length}</span>`,
  ]);
  return `<p>WAR is accuracy, UAR the mean recall. “All” counts every test clip once; “mean” is over rounds, with its 95% interval. Models that read P-frames decode none of them to pixels.</p>${htmlTable(
    ['', 'WAR, all', 'UAR, all', 'macro-F1, all', 'WAR, mean', 'UAR, mean', 'rounds'],
    rows,
    [1, 2, 3, 4, 5, 6],
  )}`;
}

function leftOut(left: readonly LeftOut[]): string {
  if (left.length === 0) return '';
  const words = left.map(({ name, reason }) => `${name} (${reason})`).join(', ');
  return `<p>Not trained: ${escapeHtml(words)}.</p>`;
}

function publishedTable({ published, title }: Reproduction): string {
  if (published.length === 0) {
    return `<p>No figure on ${escapeHtml(title)} whose source could be read is in the list yet.</p>`;
  }
  return htmlTable(
    ['method', 'accuracy', 'sees', 'protocol', 'differs from ours', 'source'],
    published.map(({ method, accuracy, input, protocol, differs, citation, seen }) => [
      escapeHtml(method),
      `${accuracy}%`,
      escapeHtml(input),
      escapeHtml(protocol),
      differs ? `<span class="off">${escapeHtml(differs)}</span>` : 'not that we know',
      `${escapeHtml(citation)} Read in: ${escapeHtml(seen)}.`,
    ]),
    [1],
  );
}

function confusion({ labels, confusion, recall }: ExperimentSummary): string {
  const names = labels.map(escapeHtml);
  const rows = confusion.map((row, i) => [
    names[i]!,
    ...row.map((count) => String(count || '')),
    recall[i] == null ? '' : percent(recall[i]),
  ]);
  const numbers = [...labels, 'recall'].map((_, i) => i + 1);
  return `<p>Rows: what it is. Columns: what was answered.</p>${htmlTable(['', ...names, 'recall'], rows, numbers)}`;
}

function rounds({ rounds, failed }: ExperimentSummary): string {
  const rows = rounds.map(({ test, validation, clips, war, uar, bestEpoch }) =>
    [test, validation, clips, percent(war), percent(uar), bestEpoch].map(String),
  );
  const lost = failed.map(({ test, validation, error }) => [
    String(test),
    String(validation),
    `<span class="off">${escapeHtml(error)}</span>`,
    '',
    '',
    '',
  ]);
  const head = ['test fold', 'validation fold', 'clips', 'WAR', 'UAR', 'epoch chosen'];
  return `<p></p>${htmlTable(head, [...rows, ...lost], [0, 1, 2, 3, 4, 5])}`;
}

function range({ mean, low, high }: OverRounds): string {
  return low === null || high === null ? percent(mean) : `${percent(mean)} (${percent(low)} to ${percent(high)})`;
}
