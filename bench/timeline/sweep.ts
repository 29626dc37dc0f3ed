/** Which settings of the timeline read the long videos best: each setting on stored windows, subject by subject. */
import { subjectBootstrap } from '../../src/evaluation/interval.js';
import { timeline } from '../../src/timeline/timeline.js';
import { emptyTally, judge, type Score, scoreOf, type Tally, together } from './score.js';
import type { LongVideo } from './videos.js';
import { type StoredWindow, thinned, type WindowStore } from './windows.js';

/** Seconds, but for the threshold. */
export interface Setting {
  window: number;
  hop: number;
  smoothing: number;
  minimum: number;
  threshold: number;
}

export const grid = {
  window: [0.8, 1.2, 1.6, 2.4],
  hop: [0.1, 0.2, 0.4],
  smoothing: [0, 0.15, 0.25, 0.4],
  minimum: [0.2, 0.4, 0.6],
  threshold: [0.3, 0.4, 0.5, 0.6, 0.7],
} as const;

/** The videos of one fold with the network's word on them. */
export class Heard {
  readonly videos: readonly LongVideo[];
  readonly labels: readonly string[];
  readonly #windows = new Map<string, StoredWindow[]>();

  private constructor(videos: readonly LongVideo[], labels: readonly string[]) {
    this.videos = videos;
    this.labels = labels;
  }

  static async of(
    videos: readonly LongVideo[],
    windows: readonly number[],
    labels: readonly string[],
    store: WindowStore,
    onProgress: (done: number, all: number) => void,
  ): Promise<Heard> {
    const heard = new Heard(videos, labels);
    let done = 0;
    for (const video of videos) {
      for (const window of windows) {
        heard.#windows.set(`${video.path} ${window}`, await store.of(video, window));
        onProgress(++done, videos.length * windows.length);
      }
    }
    return heard;
  }

  windowsOf({ path }: LongVideo, { window, hop }: Pick<Setting, 'window' | 'hop'>): StoredWindow[] {
    return thinned(this.#windows.get(`${path} ${window}`)!, hop);
  }

  segmentsOf(video: LongVideo, setting: Setting) {
    return timeline(this.windowsOf(video, setting), this.labels, setting).segments;
  }

  /** One tally a subject, of the videos that `which` lets pass. */
  tallies(setting: Setting, which: (video: LongVideo) => boolean = () => true): { subject: string; tally: Tally }[] {
    const bySubject = new Map<string, Tally>();
    for (const video of this.videos.filter(which)) {
      const tally = bySubject.get(video.subject) ?? emptyTally(this.labels);
      bySubject.set(video.subject, tally);
      judge(tally, video.truth, this.segmentsOf(video, setting));
    }
    return [...bySubject].map(([subject, tally]) => ({ subject, tally }));
  }

  score(setting: Setting, which?: (video: LongVideo) => boolean): Score {
    return scoreOf(this.tally(setting, which));
  }

  tally(setting: Setting, which?: (video: LongVideo) => boolean): Tally {
    return together(this.tallies(setting, which).map(({ tally }) => tally));
  }

  /** By how much `after` is worth more than `before`: 95% interval, subjects drawn with replacement. */
  gain(before: Setting, after: Setting): { low: number; high: number } | null {
    const ahead = this.tallies(after);
    const pairs = this.tallies(before).map(({ subject, tally }, i) => ({
      subject,
      before: tally,
      after: ahead[i]!.tally,
    }));
    const worth = (some: readonly Tally[]) => scoreOf(together(some)).worth;
    const gained = (some: typeof pairs) => worth(some.map((p) => p.after)) - worth(some.map((p) => p.before));
    return subjectBootstrap(pairs, (some) => gained([...some])) ?? null;
  }
}

export interface Swept {
  setting: Setting;
  score: Score;
}

/** Window, hop, smoothing and least segment in all combinations, at one threshold; the best first. */
export function sweep(heard: Heard, threshold: number): Swept[] {
  const settings = grid.window.flatMap((window) =>
    grid.hop.flatMap((hop) =>
      grid.smoothing.flatMap((smoothing) =>
        grid.minimum.map((minimum): Setting => ({ window, hop, smoothing, minimum, threshold })),
      ),
    ),
  );
  const swept = settings.map((setting) => ({ setting, score: heard.score(setting) }));
  return swept.sort((a, b) => b.score.worth - a.score.worth);
}
