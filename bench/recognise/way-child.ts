/** The process of one way: runs what `way.ts` asks of it, and tells what that cost. */
import { readFileSync } from 'node:fs';
import { measureSplit } from './split.js';
import { processorSeconds } from './spread.js';
import { tasks } from './tasks.js';
import { openTools } from './tools.js';
import type { Asked, Told } from './way.js';

const [name, threads, twin] = process.argv.slice(2);
const task = tasks.find((each) => each.name === name);
if (!task) throw new Error(`no task ${name}`);
const tools = openTools(Number(threads), twin);

process.on('message', async (asked: Asked) => {
  if (asked.what === 'split') return tell({ split: await measureSplit(asked.clip, tools, asked.rounds) });
  const [cpu, wall] = [processorSeconds(), performance.now()];
  const { decisions, childSeconds, childBytes } = await task.run(asked.clip, asked.mode, tools);
  tell({
    cpu: processorSeconds() - cpu + childSeconds,
    wall: (performance.now() - wall) / 1000,
    decisions,
    bytes: peakBytes(),
    childBytes,
  });
});

/** Peak memory; `maxRSS` would be the parent's where that held more when it forked. */
function peakBytes(): number {
  try {
    return 1024 * Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]);
  } catch {
    return 1024 * process.resourceUsage().maxRSS;
  }
}

function tell(told: Told): void {
  process.send!(told);
}
