/** One way on one clip, then its peak memory and ffmpeg's in bytes: `memory.ts` runs it. */

import type { Clip, Mode } from './task.js';
import { tasks } from './tasks.js';
import { closeTools, loadTools } from './tools.js';

const [name, mode, clip] = process.argv.slice(2);
const task = tasks.find((each) => each.name === name);
if (!task) throw new Error(`no task ${name}`);
const tools = await loadTools(1);
const { childBytes } = await task.run(JSON.parse(clip!) as Clip, mode as Mode, tools);
await closeTools(tools);
console.log(`${1024 * process.resourceUsage().maxRSS} ${childBytes}`);
