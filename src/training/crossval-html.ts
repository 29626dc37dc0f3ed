/** A cross-validation as one HTML page without scripts: the table of figures, confusion matrix, learning curves. */
import type { Summary } from '../evaluation/aggregate.js';
import { confusionTable, escapeHtml, linePlot, page, table } from '../report/plots.js';
import type { CrossvalResults } from './crossval-results.js';
import { isShare } from './run-figures.js';

/** `87.1% ± 2.0` for shares, plain numbers else; the margin is half the 95% interval. */
export function figureText(name: string, { mean, margin }: Pick<Summary, 'mean' | 'margin'>): string {
  const [factor, digits, sign] = isShare(name) ? [100, 1, '%'] : [1, mean >= 100 ? 0 : 2, ''];
  const plus = margin === null ? '' : ` ± ${(factor * margin).toFixed(digits)}`;
  return `${(factor * mean).toFixed(digits)}${sign}${plus}`;
}

/** What readers of scores on this data must know. */
export function dataNote(dataset: string): string {
  return dataset.includes('london-expressions')
    ? ' Scores are semi-synthetic: real faces, scripted motion. They say nothing about recorded behaviour.'
    : '';
}

/** The page. */
export function crossvalHtml(results: CrossvalResults): string {
  const { name, data, protocol, config, summary, labels, confusion, curves, done, all } = results;
  const folds = new Set(results.runs.map(({ fold }) => fold)).size;
  const rows = Object.entries(summary).map(([figure, one]) => [
    figure,
    figureText(figure, one),
    String(one.folds),
    String(one.runs),
  ]);
  const perRun = results.runs.map(({ fold, seed, figures }) => [
    `fold ${fold}, seed ${seed}`,
    ...['WAR', 'UAR', 'macro-F1'].map((key) => figureText(key, { mean: figures[key] ?? 0, margin: null })),
  ]);
  return page(
    `${name}: cross-validation`,
    `<h1>${escapeHtml(name)}</h1>
<p>${escapeHtml(data.name)}, signal ${escapeHtml(config.signal.kind)}${protocol ? `, protocol ${escapeHtml(protocol.name)}` : ''}.
${done} of ${all} runs over ${folds} folds. No one is on two sides of a fold; the epoch is chosen on a validation fold.${dataNote(data.name)}</p>
${results.failed.length > 0 ? `<p>Diverged, without figures: ${escapeHtml(results.failed.map(({ fold, seed }) => `fold ${fold}, seed ${seed}`).join('; '))}.</p>` : ''}
<h2>Figures</h2>
<p>Mean over the folds, after averaging the seeds of a fold, and half the 95% interval (Student's t over folds).</p>
${table(['', 'mean ± margin', 'folds', 'runs'], rows)}
<h2>Confusion</h2><p>All runs together. Rows: what it is. Columns: what was answered.</p>
${confusionTable(labels, confusion)}
<h2>Learning curves</h2>
${linePlot(
  [
    { name: 'training (augmented, with dropout)', points: curves.map((c) => ({ x: c.epoch, y: c.trainAccuracy })) },
    { name: 'validation', points: curves.map((c) => ({ x: c.epoch, y: c.validationWar })) },
  ],
  { title: 'Accuracy by epoch, mean over the runs', x: 'epoch', shares: true },
)}
<h2>Runs</h2>
${table(['', 'WAR', 'UAR', 'macro-F1'], perRun)}
<h2>Config</h2><pre>${escapeHtml(JSON.stringify(config, null, 2))}</pre>
<p>Data ${escapeHtml(data.sha256)}, package ${escapeHtml(results.package)}${protocol ? `, protocol choice ${escapeHtml(protocol.sha256.join(', '))}` : ''}.</p>`,
  );
}
