/** Processor time of every way on one clip: in turn A B C … A B C …, so that a disturbance meets all of them. */
import { type Spread, spread } from './spread.js';
import { type Clip, type Mode, secondsOf } from './task.js';
import type { Cost, Way } from './way.js';

export interface Row {
  clip: string;
  task: string;
  mode: Mode;
  cores: number;
  /** Processor seconds, those of helper processes included, per second of video. */
  cpu: Spread;
  /** Seconds of wall clock per second of video. */
  wall: Spread;
  decisions: number;
  rounds: number;
}

/** Up to `rounds` rounds that count, after `warming` others; none begins after `until` (of `performance.now`) but the first. */
export async function measure(
  clip: Clip,
  mode: Mode,
  ways: readonly Way[],
  { warming, rounds, until }: { warming: number; rounds: number; until: number },
): Promise<Row[]> {
  const costs = ways.map((): Cost[] => []);
  for (let round = -warming; round < rounds; round++) {
    if (round > 0 && performance.now() > until) break;
    for (const [i, way] of ways.entries()) {
      const cost = await way.run(clip, mode);
      if (round >= 0) costs[i]!.push(cost);
    }
  }
  const seconds = secondsOf(clip);
  return ways.map(({ task, threads }, i) => ({
    ...{ clip: clip.name, task: task.name, mode, cores: threads },
    cpu: spread(costs[i]!.map(({ cpu }) => cpu / seconds)),
    wall: spread(costs[i]!.map(({ wall }) => wall / seconds)),
    ...{ decisions: costs[i]!.at(-1)!.decisions, rounds: costs[i]!.length },
  }));
}
