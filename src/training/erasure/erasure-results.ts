/** What erasing gives over many runs: a curve over the number of directions, with intervals; as an object and as a page. */
import { pairedDifference, type RunFigures, type Summary, summarise } from '../../evaluation/aggregate.js';
import { escapeHtml, linePlot, page, type Series, table } from '../../report/plots.js';
import { chanceOf, newProbe, trainedProbe } from '../ablate-plots.js';
import { dataNote, figureText } from '../crossval-html.js';
import { packageVersion } from '../package-version.js';
import { isShare } from '../run-figures.js';
import type { KeptErasure } from './erase.js';

/** What `erasure-results.json` holds. */
export interface ErasureResults {
  name: string;
  package: string;
  data: { name: string; sha256: string; faces: string };
  /** What counted as identity. */
  identity: string;
  /** From 0, the runs' own models. `difference` is to these, paired by fold. */
  points: {
    directions: number;
    summary: Record<string, Summary>;
    difference: Record<string, Summary>;
    runs: RunFigures[];
  }[];
}

/** What is told of each number of directions, first of all. */
export const erasureFigures = [
  'WAR',
  'validation WAR',
  trainedProbe,
  newProbe,
  'retrieval of other expressions, people trained on',
] as const;

/** Throws RangeError without a run. */
export function erasureResults(runs: readonly KeptErasure[], identity: string): ErasureResults {
  const [first] = runs;
  if (!first) throw new RangeError('no run');
  const of = (directions: number): RunFigures[] =>
    runs.flatMap(({ metrics: { folds, config }, models }) =>
      models
        .filter((one) => one.directions === directions)
        .map(({ figures }) => ({ fold: folds.test, seed: config.seed, figures: withoutCost(figures) })),
    );
  const base = of(0);
  const all = [...new Set(runs.flatMap(({ models }) => models.map(({ directions }) => directions)))];
  return {
    ...{ name: first.metrics.config.name, package: packageVersion(), data: first.metrics.data, identity },
    points: all
      .sort((a, b) => a - b)
      .map((directions) => {
        const own = of(directions);
        const differences = Object.keys(own[0]!.figures).flatMap((name) => {
          const one = directions > 0 ? pairedDifference(own, base, name) : undefined;
          return one ? [[name, one] as const] : [];
        });
        return { directions, summary: summarise(own), difference: Object.fromEntries(differences), runs: own };
      }),
  };
}

/** The training that these figures tell of was the base run's. */
function withoutCost(figures: RunFigures['figures']): RunFigures['figures'] {
  return Object.fromEntries(Object.entries(figures).filter(([name]) => isShare(name)));
}

/** A row for each number of directions: the figures, and how far WAR is from that of the runs' own models. */
export function erasureRows({ points }: ErasureResults): string[][] {
  return points.map(({ directions, summary, difference }) => [
    String(directions),
    ...erasureFigures.map((name) => (summary[name] ? figureText(name, summary[name]) : '')),
    difference.WAR ? figureText('WAR', difference.WAR) : '',
  ]);
}

export const erasureHead = ['directions', ...erasureFigures, 'WAR, less that of 0'];

/** The page: both curves, and everything as a table. */
export function erasureHtml(results: ErasureResults): string {
  const { name, data, identity, points } = results;
  const curve = (figure: string, words: string, more: Partial<Series> = {}): Series => ({
    ...{ name: words, ...more },
    points: points.flatMap(({ directions, summary }) => {
      const one = summary[figure];
      return one ? [{ x: directions, y: one.mean, margin: more.chance ? null : one.margin }] : [];
    }),
  });
  const runs = points[0]!.runs.length;
  const folds = new Set(points[0]!.runs.map(({ fold }) => fold)).size;
  const caption = `${runs} runs of ${folds} ${folds === 1 ? 'fold: no interval' : "folds. Bars: 95% interval, Student's t over folds"}.`;
  const axis = { x: 'directions taken out', shares: true, spacing: 'log' } as const;
  /** A row per figure, a column per number of directions. */
  const tableOf = (which: 'summary' | 'difference', names: readonly string[]) => {
    const own = points.filter(({ [which]: figures }) => Object.keys(figures).length > 0);
    const row = (figure: string) => own.map(({ [which]: { [figure]: one } }) => (one ? figureText(figure, one) : ''));
    const head = ['', ...own.map(({ directions }) => String(directions))];
    return table(
      head,
      names.map((figure) => [figure, ...row(figure)]),
    );
  };
  return page(
    `${name}: identity erased`,
    `<h1>${escapeHtml(name)}: identity erased</h1>
<p>${escapeHtml(data.name)}. From z_e of finished runs, the directions of largest covariance with identity (${escapeHtml(identity)}) within
each expression are taken out in closed form; the classifier is fitted anew. 0: the runs as they are. The probe of the people trained on is
fitted and tested on clips that the eraser was not fitted to.${dataNote(data.name)}</p>
${linePlot(
  [
    curve(trainedProbe, 'people trained on', { colour: 0 }),
    curve(newProbe, 'new people', { colour: 1, dashed: true }),
    curve(chanceOf(trainedProbe), 'chance, people trained on', { chance: true, colour: 0 }),
    curve(chanceOf(newProbe), 'chance, new people', { chance: true, colour: 1 }),
  ],
  {
    title: 'Identity leakage',
    ...axis,
    caption: `Share of clips of which a linear probe names the person. ${caption}`,
  },
)}
${linePlot([curve('WAR', 'test'), curve('validation WAR', 'validation', { dashed: true })], { title: 'Accuracy (WAR) on people never seen', ...axis, caption })}
<h2>Less the runs as they are</h2>
<p>Paired by fold: what makes a fold hard is the same for both.</p>
${tableOf('difference', erasureFigures)}
<h2>Figures</h2>
${tableOf('summary', Object.keys(points[0]!.summary))}
<p>Mean over the folds, after averaging the seeds of a fold, and half the 95% interval. Data ${escapeHtml(data.sha256)}, package ${escapeHtml(results.package)}.</p>`,
  );
}
