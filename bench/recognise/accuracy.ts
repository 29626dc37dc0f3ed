/** What each way answers on labelled clips of people that the model `heldout` did not see: fold 9 of the semi-synthetic set. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { facesOf, loadDataset } from '../../src/dataset/index.js';
import type { Clip, Task, Tools } from './task.js';

const root = fileURLToPath(new URL('../../../shared/data/london-expressions', import.meta.url));

export interface Accuracy {
  task: string;
  codec: string;
  clips: number;
  /** Clips that it gave a label to: none where its network is not trained. */
  answered: number;
  correct: number;
  /** Share of clips named rightly; a way that sees no face names none. */
  share: number;
}

/** As many clips as are asked for and fit the time, the same for every way, evenly over the fold; none without the set. */
export async function measureAccuracy(
  tasks: readonly Task[],
  tools: Tools,
  codec: 'h264-high' | 'mpeg4',
  count: number,
  until: number,
): Promise<Accuracy[]> {
  if (!existsSync(root)) return [];
  const dataset = await loadDataset(root);
  const all = dataset.clips.filter((clip) => clip.fold === 9 && clip.codec === codec);
  // A stride without a common factor visits all of them, spread over people and labels from the start.
  const order = all.map((_, i) => all[(i * 37) % all.length]!);
  const [answered, correct] = [tasks.map(() => 0), tasks.map(() => 0)];
  let clips = 0;
  for (const row of order.slice(0, count)) {
    if (clips > 0 && performance.now() > until) break;
    const { frames, fps: rate = 25, width, height } = row;
    if (!frames || !width || !height) throw new Error(`${row.path}: the manifest does not tell its size`);
    const boxes = facesOf(dataset.faces, row) ?? [];
    const box = boxes[boxes.length >> 1] ?? { x: 0, y: 0, width, height };
    const clip: Clip = { name: row.path, codec, path: join(root, row.path), width, height, frames, rate, box };
    for (const [i, task] of tasks.entries()) {
      const { label } = await task.run(clip, 'label', tools);
      if (label) answered[i]!++;
      if (label === row.emotion) correct[i]!++;
    }
    clips++;
  }
  return tasks.map(({ name }, i) => ({
    ...{ task: name, codec, clips, answered: answered[i]!, correct: correct[i]!, share: correct[i]! / clips },
  }));
}
