/**
 * A prepared corpus to a comparison: every experiment in every round of the protocol, beside the published figures. The
 * reports hold nothing of the clock, so that the same data and seed give the same files, interrupted or not.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Corpus, CorpusVariant, Round } from '../../dataset/corpora/corpus.js';
import { loadDataset } from '../../dataset/dataset.js';
import { checkFolds, parseFoldFile } from '../../dataset/preparation/fold-file.js';
import type { CorpusReport } from '../../dataset/preparation/report.js';
import { writeWhole } from '../../files/write-whole.js';
import type { FeatureSource } from '../clip-features.js';
import { packageVersion } from '../package-version.js';
import type { TrainEvents } from '../run.js';
import { applicable, configOf, type Experiment, type LeftOut } from './experiments.js';
import { type PublishedFigure, publishedFigures } from './published.js';
import { reproductionHtml } from './report-html.js';
import { runRounds } from './rounds.js';
import { type ExperimentSummary, summaryOf } from './summary.js';

export interface ReproduceOptions {
  corpus: Corpus;
  /** A key of the corpus' variants. */
  variant: string;
  /** Folder of the prepared data set. */
  data: string;
  /** What its preparation said. */
  prepared: CorpusReport;
  /** Folder of the runs and the report. */
  out: string;
  /** The config that experiments change, as `baseConfig` gives it. */
  base: Readonly<Record<string, unknown>>;
  experiments: readonly Experiment[];
  /** Where z_i and apex faces come from; needed for experiments with an identity term. */
  identity?: FeatureSource | undefined;
  apex?: FeatureSource | undefined;
  threads: number;
  cache: string;
  events?: Partial<TrainEvents> & {
    round?: (experiment: string, round: Round, at: number, all: number) => void;
  };
  signal?: AbortSignal | undefined;
}

/** The report; `report.json` holds it as it is. */
export interface Reproduction {
  format: 'vultus-reproduction';
  version: 1;
  package: string;
  corpus: string;
  title: string;
  variant: string;
  about: string;
  citation: string;
  protocol: string;
  data: { clips: number; subjects: number; sha256: CorpusReport['sha256']; differences: string[]; faulty: boolean };
  settings: { config: Readonly<Record<string, unknown>>; threads: number };
  experiments: ExperimentSummary[];
  /** Experiments that do not apply to this corpus. */
  left: LeftOut[];
  published: readonly PublishedFigure[];
}

/**
 * Runs it and writes `report.json` and `report.html`, anew after every experiment. Throws MalformedStreamError where the
 * fold file was changed or disagrees with the manifest; a round that fails is a row of the report.
 */
export async function reproduce(options: ReproduceOptions): Promise<Reproduction> {
  const { corpus, variant: name, data, prepared, out, base, threads, cache, events, signal, identity, apex } = options;
  const variant: CorpusVariant = corpus.variants[name]!;
  const dataset = await loadDataset(data, { labels: variant.labels });
  const folds = parseFoldFile(await readFile(join(data, 'folds.json'), 'utf8'));
  checkFolds(folds, dataset.clips);
  const codecs = [...new Set(dataset.clips.map(({ codec }) => codec))].sort();
  const { can, left } = applicable(options.experiments, dataset.clips);
  const configs = can.map((experiment) => configOf(base, experiment, variant.labels, codecs));
  await mkdir(out, { recursive: true });

  const report: Reproduction = {
    format: 'vultus-reproduction',
    version: 1,
    package: packageVersion(),
    corpus: corpus.name,
    title: corpus.title,
    variant: name,
    about: variant.about,
    citation: corpus.citation,
    protocol: variant.protocol,
    data: {
      clips: prepared.clips.found,
      subjects: prepared.subjects.found,
      sha256: prepared.sha256,
      differences: prepared.differences,
      faulty: prepared.faulty,
    },
    settings: { config: base, threads },
    experiments: [],
    left,
    published: publishedFigures().filter((one) => one.corpus === corpus.name && one.variants.includes(name)),
  };
  for (const [i, experiment] of can.entries()) {
    const results = await runRounds({
      data,
      dataHash: `${dataset.hash} ${dataset.facesHash}`,
      config: configs[i]!,
      rounds: folds.rounds,
      out: join(out, 'runs', experiment.name),
      threads,
      cache,
      signal,
      identity,
      apex,
      ...(events && { events }),
      onRound: (round, at) => events?.round?.(experiment.name, round, at, folds.rounds.length),
    });
    report.experiments.push(summaryOf(experiment.name, experiment.about, variant.labels, results));
    await writeWhole(join(out, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
    await writeWhole(join(out, 'report.html'), reproductionHtml(report));
  }
  return report;
}
