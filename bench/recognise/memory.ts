/** Peak memory of each way, in a process of its own; and the cold start of the command. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clip, Mode } from './task.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface MemoryRow {
  clip: string;
  task: string;
  mode: Mode;
  /** Of the process, TypeScript's loader and all networks of the bench included (some 100 MB). */
  megabytes: number;
  /** Of ffmpeg beside it. */
  ffmpegMegabytes: number;
}

export function measureMemory(clip: Clip, mode: Mode, task: string): MemoryRow {
  const child = fileURLToPath(new URL('./memory-child.ts', import.meta.url));
  const args = ['--import', 'tsx', child, task, mode, JSON.stringify(clip)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: root });
  if (status !== 0) throw new Error(`${task}: ${stderr}`);
  const [own, ffmpeg] = stdout.trim().split('\n').at(-1)!.split(' ').map(Number);
  return { clip: clip.name, task, mode, megabytes: own! / 2 ** 20, ffmpegMegabytes: ffmpeg! / 2 ** 20 };
}

export interface ColdStart {
  /** Wall clock from the command to its end, lowest of three. */
  seconds: number;
  /** Processor seconds of the quickest. */
  cpuSeconds: number | null;
  megabytes: number | null;
}

/** `vultus analyze` with a given box, from the built package; `null` without a build. */
export function coldStart({ path, box }: Clip): ColdStart | null {
  const [x, y, width, height] = [box.x, box.y, box.width, box.height].map(Math.round);
  const args = ['dist/cli/main.js', 'analyze', path, '--json', '--faces', `${x},${y},${width},${height}`];
  let seconds = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    const before = performance.now();
    if (spawnSync(process.execPath, args, { cwd: root }).status !== 0) return null;
    seconds = Math.min(seconds, (performance.now() - before) / 1000);
  }
  const measured = ['-f', '%M %U %S', process.execPath, ...args];
  const timed = spawnSync('/usr/bin/time', measured, { encoding: 'utf8', cwd: root });
  const [kilobytes, user, system] = (timed.stderr ?? '').trim().split('\n').at(-1)!.split(' ').map(Number);
  if (timed.status !== 0 || !Number.isFinite(kilobytes)) return { seconds, cpuSeconds: null, megabytes: null };
  return { seconds, cpuSeconds: user! + system!, megabytes: kilobytes! / 1024 };
}
