/** The network's word on every window of the long videos: run once, kept in a file, so that a sweep costs nothing more. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { analyze } from '../../src/analyze.js';
import type { FaceNetworks } from '../../src/face/networks/index.js';
import type { ExpressionModel } from '../../src/network/model.js';
import type { ExpressionWindow } from '../../src/timeline/window.js';
import type { LongVideo } from './videos.js';

/** What a timeline needs of a window. */
export type StoredWindow = Pick<ExpressionWindow, 'start' | 'end' | 'probabilities'>;

/** Windows are read at this hop; those of a multiple of it are among them. */
export const finestHop = 0.1;

interface Entry {
  key: string;
  windows: StoredWindow[];
}

/** Keeps windows by video, length of window and model; with a file, beyond the end of the process. */
export class WindowStore {
  readonly #file: string | undefined;
  readonly #kept = new Map<string, StoredWindow[]>();
  readonly #model: ExpressionModel;
  readonly #networks: FaceNetworks;

  constructor(model: ExpressionModel, networks: FaceNetworks, file?: string) {
    this.#model = model;
    this.#networks = networks;
    this.#file = file;
    if (!file || !existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
      const { key, windows } = JSON.parse(line) as Entry;
      this.#kept.set(key, windows);
    }
  }

  /** All windows of the face that is seen in most of the video, every `finestHop` seconds. */
  async of({ path }: LongVideo, window: number): Promise<StoredWindow[]> {
    const key = [this.#model.hash.slice(0, 12), basename(path), window].join(' ');
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const options = { model: this.#model, networks: this.#networks, window, hop: finestHop };
    const { faces } = await analyze(path, options).result();
    const most = faces.sort((a, b) => b.windows.length - a.windows.length)[0]?.windows ?? [];
    const round = (value: number) => Number(value.toFixed(6));
    const windows = most.map(({ start, end, probabilities }) => ({
      ...{ start: round(start), end: round(end), probabilities: probabilities.map(round) },
    }));
    this.#kept.set(key, windows);
    if (this.#file) appendFileSync(this.#file, `${JSON.stringify({ key, windows } satisfies Entry)}\n`);
    return windows;
  }
}

/** Those of the windows that a coarser hop would lay: the same ones, since the first starts where the video does. */
export function thinned(windows: readonly StoredWindow[], hop: number): StoredWindow[] {
  const every = Math.round(hop / finestHop);
  const last = windows.length - 1;
  // The last window ends where the video ends, whatever the hop.
  return windows.filter(({ start }, i) => Math.round(start / finestHop) % every === 0 || i === last);
}
