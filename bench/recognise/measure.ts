/** Processor time of every way on one clip: in turn A B C … A B C …, so that a disturbance meets all of them. */
import { type Clip, type Mode, secondsOf, type Task, type Tools } from './task.js';

export interface Spread {
  median: number;
  min: number;
  max: number;
}

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

/** Processor seconds of this process so far. */
export function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[sorted.length >> 1]!, min: sorted[0]!, max: sorted.at(-1)! };
}

/** Up to `rounds` rounds that count, after `warming` others; none begins after `until` (of `performance.now`) but the first. */
export async function measure(
  clip: Clip,
  mode: Mode,
  tools: Tools,
  tasks: readonly Task[],
  { warming, rounds, until }: { warming: number; rounds: number; until: number },
): Promise<Row[]> {
  const times = tasks.map((): { cpu: number; wall: number }[] => []);
  const decisions = tasks.map(() => 0);
  for (let round = -warming; round < rounds; round++) {
    if (round > 0 && performance.now() > until) break;
    for (const [i, task] of tasks.entries()) {
      const [cpu, wall] = [processorSeconds(), performance.now()];
      const done = await task.run(clip, mode, tools);
      decisions[i] = done.decisions;
      const used = { cpu: processorSeconds() - cpu + done.childSeconds, wall: (performance.now() - wall) / 1000 };
      if (round >= 0) times[i]!.push(used);
    }
  }
  const seconds = secondsOf(clip);
  return tasks.map((task, i) => ({
    ...{ clip: clip.name, task: task.name, mode, cores: tools.threads },
    cpu: spread(times[i]!.map(({ cpu }) => cpu / seconds)),
    wall: spread(times[i]!.map(({ wall }) => wall / seconds)),
    ...{ decisions: decisions[i]!, rounds: times[i]!.length },
  }));
}
