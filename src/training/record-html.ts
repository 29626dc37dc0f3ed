/** A run as one HTML page without scripts or network: learning curves and, when it is done, the test's confusion matrix. */
import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import type { EvaluationReport } from '../evaluation/report.js';
import { escapeHtml, linePlot, percent } from '../report/plots.js';
import type { TrainingConfig } from './config.js';
import type { EpochRecord } from './record.js';

export interface RecordPage {
  config: TrainingConfig;
  dataset: string;
  epochs: readonly EpochRecord[];
  test?: EvaluationReport;
  testFold?: number;
}

const style = `
:root { color-scheme: light dark; --ink: #1d2430; --soft: #667085; --line: #d8dde6; --paper: #fff; --a: #2b6cb0; --b: #d98e04; --cell: 43,108,176; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf0; --soft: #98a2b3; --line: #344054; --paper: #14181f; --a: #63a8ec; --b: #f7bd45; --cell: 99,168,236; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: 0; } h2 { font-size: 1.05rem; margin-top: 2rem; } p { color: var(--soft); margin-top: .3rem; }
svg { width: 100%; max-width: 28rem; height: auto; } .charts { display: flex; flex-wrap: wrap; gap: 1rem; }
svg text { fill: var(--soft); font-size: 11px; } .grid { stroke: var(--line); } .a { stroke: var(--a); } .b { stroke: var(--b); } .curve { fill: none; stroke-width: 2; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child { text-align: left; } th { font-weight: 500; color: var(--soft); } .wide { overflow-x: auto; } pre { overflow-x: auto; font-size: 12px; color: var(--soft); }
.key { display: inline-block; width: 1.2em; border-top: 3px solid; vertical-align: middle; margin: 0 .3em 0 1em; } .key.a { border-color: var(--a); } .key.b { border-color: var(--b); }`;

/** The page. */
export function recordHtml({ config, dataset, epochs, test, testFold }: RecordPage): string {
  const best = epochs.findLast((epoch) => epoch.best);
  const tested = test
    ? `Test fold ${testFold}: WAR ${percent(test.war)}, UAR ${percent(test.uar)}, macro-F1 ${percent(test.macroF1)} on ${test.n} clips of ${test.subjects} subjects never seen.`
    : `${epochs.length} of ${config.epochs} epochs; not tested yet.`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(config.name)}: training record</title><style>${style}</style></head><body>
<h1>${escapeHtml(config.name)}</h1>
<p>${escapeHtml(dataset)}, signal ${escapeHtml(config.signal.kind)}, T = ${config.signal.frames}, ${config.signal.size} x ${config.signal.size}. ${tested}${
    best ? ` Epoch ${best.epoch} was chosen: validation WAR ${percent(best.validation.war)}.` : ''
  }</p>
<p><span class="key a"></span>training (augmented, with dropout)<span class="key b"></span>validation</p>
<div class="charts">
${chart(
  'Accuracy',
  epochs,
  config.epochs,
  (e) => e.trainAccuracy,
  (e) => e.validation.war,
  1,
)}
${chart(
  'Loss',
  epochs,
  config.epochs,
  (e) => e.loss,
  (e) => e.validation.loss,
)}
</div>
${game(epochs)}
${test ? confusion(test) + conditions(test) : ''}
<h2>Config</h2>
<pre>${escapeHtml(JSON.stringify(config, null, 2))}</pre>
</body></html>
`;
}

type Read = (epoch: EpochRecord) => number;

function chart(title: string, epochs: readonly EpochRecord[], all: number, a: Read, b: Read, top?: number): string {
  const [width, height, left, bottom] = [440, 240, 36, 24];
  const highest = top ?? Math.max(0.1, ...epochs.flatMap((epoch) => [a(epoch), b(epoch)]));
  const x = scaleLinear([1, Math.max(2, all)], [left, width - 10]);
  const y = scaleLinear([0, highest], [height - bottom, 24]).nice();
  const curve = (read: Read, name: string) => {
    const path = line<EpochRecord>(
      (e) => x(e.epoch),
      (e) => y(read(e)),
    )(epochs as EpochRecord[]);
    return `<path class="curve ${name}" d="${path ?? ''}"/>`;
  };
  const rows = y
    .ticks(5)
    .map(
      (v) =>
        `<line class="grid" x1="${left}" x2="${width - 10}" y1="${y(v)}" y2="${y(v)}"/><text x="${left - 5}" y="${y(v) + 4}" text-anchor="end">${v}</text>`,
    );
  const columns = x
    .ticks(Math.min(8, all))
    .filter(Number.isInteger)
    .map((v) => `<text x="${x(v)}" y="${height - 8}" text-anchor="middle">${v}</text>`);
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title} by epoch"><text x="${left}" y="14">${title} by epoch</text>
${rows.join('')}${columns.join('')}${curve(a, 'a')}${curve(b, 'b')}</svg>`;
}

/** The game against identity by epoch, where there is one, with its alarms. */
function game(epochs: readonly EpochRecord[]): string {
  const played = epochs.filter((e) => e.game);
  if (played.length === 0) return '';
  const series = (name: string, read: (e: EpochRecord) => number | null) => ({
    name,
    points: played.flatMap((e) => {
      const y = read(e);
      return y === null ? [] : [{ x: e.epoch, y }];
    }),
  });
  const all = [
    series('bound', (e) => e.game!.bound),
    series('gain of the estimator over knowing nothing', (e) => e.game!.gain),
    series('apex difference', (e) => e.game!.apex),
  ].filter(({ points }) => points.length > 0);
  const alarms = played.filter((e) => e.game!.alarm);
  const last = alarms.at(-1);
  return `<h2>The game against identity</h2>
${linePlot(all, { title: 'Nats (apex: grey levels from 0 to 1), mean over the epoch', x: 'epoch', shares: false })}
<p>${last ? `Alarm in ${alarms.length} epochs; the last, in epoch ${last.epoch}: ${escapeHtml(last.game!.alarm!)}.` : 'No alarm.'}</p>`;
}

function confusion({ labels, confusion: counts, recall }: EvaluationReport): string {
  const head = labels.map((label) => `<th>${escapeHtml(label)}</th>`).join('');
  const rows = counts.map((row, i) => {
    const n = Math.max(
      1,
      row.reduce((a, b) => a + b, 0),
    );
    const cells = row.map(
      (c) => `<td style="background:rgba(var(--cell),${((0.75 * c) / n).toFixed(3)})">${c || ''}</td>`,
    );
    return `<tr><th>${escapeHtml(labels[i]!)}</th>${cells.join('')}<td>${recall[i] == null ? '' : percent(recall[i])}</td></tr>`;
  });
  return `<h2>Confusion on the test fold</h2><p>Rows: what it is. Columns: what was answered.</p>
<div class="wide"><table><tr><th></th>${head}<th>recall</th></tr>${rows.join('\n')}</table></div>`;
}

function conditions({ byCondition, byGroup }: EvaluationReport): string {
  const rows = Object.entries({ ...byCondition, ...byGroup }).map(
    ([name, m]) =>
      `<tr><th>${escapeHtml(name)}</th><td>${m.n}</td><td>${percent(m.war)}</td><td>${percent(m.uar)}</td><td>${percent(m.macroF1)}</td></tr>`,
  );
  return `<h2>By condition and group</h2><div class="wide"><table><tr><th></th><th>clips</th><th>WAR</th><th>UAR</th><th>macro-F1</th></tr>${rows.join('\n')}</table></div>`;
}
