/**
 * How well a running expression is read off long videos, and with which settings: windows, hop, smoothing, least segment,
 * threshold. The settings are chosen on the people of fold 8 and judged on those of fold 9. Also what abstaining buys for clips.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { analyze } from '../src/analyze.js';
import { modelNamed } from '../src/cli/models.js';
import { type Dataset, loadDataset } from '../src/dataset/dataset.js';
import { abstentionCurve, answeredAt } from '../src/evaluation/abstention.js';
import { evaluateClips } from '../src/evaluation/evaluate.js';
import { learntFrom } from '../src/evaluation/overlap.js';
import { type FaceNetworks, loadFaceNetworks } from '../src/face/networks/index.js';
import { type ExpressionModel, loadModel } from '../src/network/model.js';
import { defaultTimeline } from '../src/timeline/timeline.js';
import { defaultHop, defaultWindow } from '../src/timeline/window.js';
import { type Cost, markdown, type TimelineResult } from './timeline/markdown.js';
import { picture } from './timeline/picture.js';
import { remembering } from './timeline/remembering.js';
import { scoreOf, spread } from './timeline/score.js';
import { grid, Heard, type Setting, sweep } from './timeline/sweep.js';
import { h264Encoder, type LongVideo, longVideos } from './timeline/videos.js';
import { WindowStore } from './timeline/windows.js';

const usage = `usage: npm run bench -- timeline [options]
  --data DIR      folder of the data set (default: ../shared/data/london-expressions)
  --model FILE    name or file of a model trained on neither fold 8 nor fold 9 (default: heldout)
  --subjects N    people of each fold, at most (default 8)
  --windows FILE  keep the network's answers in FILE, or take them from there: an interrupted run goes on
  --quick         one person of each fold, MPEG-4 only
  --json          print one JSON object
  --record        also write bench/results/timeline-<date>.{json,md,html}`;

const root = fileURLToPath(new URL('..', import.meta.url));
const seed = 1;
const [choosing, reporting] = [8, 9];

/** What the package did before this was measured. */
const former: Setting = { window: 1.6, hop: 0.2, smoothing: 0.25, minimum: 0.4, threshold: 0.5 };
const shipped: Setting = { window: defaultWindow, hop: defaultHop, ...defaultTimeline };

const everything = [
  ['dense', 'mpeg4'],
  ['dense', 'h264'],
  ['spaced', 'mpeg4'],
] as const;

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string', default: join(root, '..', 'shared', 'data', 'london-expressions') },
      model: { type: 'string' },
      subjects: { type: 'string', default: '8' },
      windows: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const dataset = await loadDataset(values.data);
  const model = await loadModel(modelNamed(values.model ?? 'heldout'), { threads: 1 });
  const networks = remembering(await loadFaceNetworks());
  try {
    const seen = model.card.data.folds.filter((fold) => fold === reporting);
    if (learntFrom(model.card, dataset) && seen.length > 0) {
      throw new Error(`the model was trained on fold ${reporting}: give one that was not by --model`);
    }
    const subjects = values.quick ? 1 : Number(values.subjects);
    const wanted = values.quick ? everything.filter(([, codec]) => codec === 'mpeg4') : everything;
    const store = new WindowStore(model, networks, values.windows);
    const hear = async (fold: number, windows: readonly number[]) => {
      const videos = await longVideos(dataset, fold, { seed, subjects, wanted });
      const tell = (done: number, all: number) => console.error(`fold ${fold}: ${done} of ${all} passes`);
      return Heard.of(videos, [...new Set(windows)], model.card.labels, store, tell);
    };

    const chosenOn = await hear(choosing, grid.window);
    const swept = sweep(chosenOn, shipped.threshold);
    const best = swept[0]!.setting;
    const reported = await hear(reporting, [former.window, shipped.window]);
    const clips = await clipOutcomes(model, dataset, values.quick);
    const result: TimelineResult = {
      what: 'a running expression over long videos put together from semi-synthetic clips: real faces, scripted motion',
      date: new Date().toISOString().slice(0, 10),
      command: `npm run bench -- timeline${values.quick ? ' --quick' : subjects === 8 ? '' : ` --subjects ${subjects}`}`,
      machine: `${cpus()[0]?.model.trim()}, Node ${process.version}`,
      model: { name: model.card.name, sha256: model.hash },
      ...{ labels: model.card.labels, h264: h264Encoder.join(' ') },
      people: { choosing: people(chosenOn), reporting: people(reported) },
      seconds: { choosing: seconds(chosenOn), reporting: seconds(reported) },
      ...{ former, shipped, best, sweep: swept },
      thresholds: grid.threshold.map((threshold) => ({
        threshold,
        choosing: chosenOn.score({ ...shipped, threshold }),
        reporting: reported.score({ ...shipped, threshold }),
      })),
      gains: { choosing: chosenOn.gain(former, shipped), reporting: reported.gain(former, shipped) },
      verdicts: [former, shipped].map((setting) => verdict(setting, chosenOn, reported, wanted)),
      clips: {
        count: clips.length,
        curve: abstentionCurve(clips),
        marks: grid.threshold.map((threshold) => answeredAt(clips, threshold)),
      },
      costs: await costs(chosenOn.videos, model, networks),
    };
    const text = markdown(result);
    console.log(values.json ? JSON.stringify(result) : text);
    if (values.record) {
      const results = join(root, 'bench', 'results');
      mkdirSync(results, { recursive: true });
      writeFileSync(join(results, `timeline-${result.date}.json`), `${JSON.stringify(forRecord(result))}\n`);
      writeFileSync(join(results, `timeline-${result.date}.md`), text);
      writeFileSync(join(results, `timeline-${result.date}.html`), picture(result, reported));
    }
  } finally {
    await networks.close();
    await model.close();
  }
}

/** Numbers to four places. */
function forRecord(result: TimelineResult): unknown {
  return JSON.parse(JSON.stringify(result), (_, value) =>
    typeof value === 'number' ? Number(value.toFixed(4)) : value,
  );
}

const people = ({ videos }: Heard) => new Set(videos.map(({ subject }) => subject)).size;
const seconds = ({ videos }: Heard) => videos.reduce((sum, { truth }) => sum + truth.duration, 0);

function verdict(
  setting: Setting,
  chosenOn: Heard,
  reported: Heard,
  wanted: typeof everything | (typeof everything)[number][],
) {
  const tally = reported.tally(setting);
  const { times } = tally;
  return {
    setting,
    choosing: chosenOn.score(setting),
    reporting: scoreOf(tally),
    kinds: wanted.map(([arrangement, codec]) => ({
      name: `${arrangement}, ${codec}`,
      score: reported.score(setting, (v) => v.arrangement === arrangement && v.codec === codec),
    })),
    times: {
      choosing: spreads(chosenOn.tally(setting).times),
      reporting: spreads(times),
    },
  };
}

function spreads({
  onset,
  apex,
  decline,
  offset,
}: {
  onset: number[];
  apex: number[];
  decline: number[];
  offset: number[];
}) {
  return { onset: spread(onset), apex: spread(apex), decline: spread(decline), offset: spread(offset) };
}

/** The clips of the reporting fold, as `vultus evaluate --fold 9 --codec mpeg4` judges them. */
async function clipOutcomes(model: ExpressionModel, dataset: Dataset, quick: boolean) {
  const clips = dataset.clips.filter(({ fold, codec }) => fold === reporting && codec === 'mpeg4');
  const { outcomes } = await evaluateClips(model, dataset, quick ? clips.slice(0, 28) : clips);
  return outcomes;
}

/** Processor time of `analyze` with each hop and each window, everything warm, the settings in turn; faces are located once. */
async function costs(videos: readonly LongVideo[], model: ExpressionModel, networks: FaceNetworks): Promise<Cost[]> {
  const { path, truth } = videos[0]!;
  const settings = [
    ...grid.hop.map((hop) => ({ window: shipped.window, hop })),
    ...grid.window.filter((window) => window !== shipped.window).map((window) => ({ window, hop: shipped.hop })),
  ];
  const spent = settings.map(() => [] as number[]);
  for (let round = 0; round < 3; round++) {
    for (const [i, setting] of settings.entries()) {
      const before = process.cpuUsage();
      await analyze(path, { ...setting, model, networks }).result();
      const { user, system } = process.cpuUsage(before);
      spent[i]!.push((user + system) / 1000 / truth.duration);
    }
  }
  return settings.map((setting, i) => ({ ...setting, milliseconds: spent[i]!.sort((a, b) => a - b)[1]! }));
}
