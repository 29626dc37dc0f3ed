/** Peak memory of each way, in a process of its own; and the cold start of the command. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clip, Mode, Task } from './task.js';
import { Way } from './way.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface MemoryRow {
  clip: string;
  task: string;
  mode: Mode;
  /** Of the process, TypeScript's loader included. */
  megabytes: number;
  /** Of ffmpeg beside it. */
  ffmpegMegabytes: number;
}

export async function measureMemory(clip: Clip, mode: Mode, task: Task): Promise<MemoryRow> {
  const way = new Way(task, 1);
  try {
    const { bytes, childBytes } = await way.run(clip, mode);
    return {
      clip: clip.name,
      task: task.name,
      mode,
      megabytes: bytes / 2 ** 20,
      ffmpegMegabytes: childBytes / 2 ** 20,
    };
  } finally {
    way.close();
  }
}

export interface ColdStart {
  faces: 'given' | 'found';
  /** Wall clock from the command to its end, lowest of three. */
  seconds: number;
  /** Of the run that is measured for it. */
  cpuSeconds: number | null;
  megabytes: number | null;
}

/** `vultus analyze`, as built, with a given box and without one; nothing without a build. */
export function coldStart({ path, box }: Clip): ColdStart[] {
  const region = [box.x, box.y, box.width, box.height].map(Math.round).join();
  return (['given', 'found'] as const).flatMap((faces) => {
    const where = faces === 'given' ? ['--faces', region] : [];
    const args = ['dist/cli/main.js', 'analyze', path, '--json', ...where];
    let seconds = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 3; i++) {
      const before = performance.now();
      if (spawnSync(process.execPath, args, { cwd: root }).status !== 0) return [];
      seconds = Math.min(seconds, (performance.now() - before) / 1000);
    }
    const measured = ['-f', '%M %U %S', process.execPath, ...args];
    const timed = spawnSync('/usr/bin/time', measured, { encoding: 'utf8', cwd: root });
    const [kilobytes, user, system] = (timed.stderr ?? '').trim().split('\n').at(-1)!.split(' ').map(Number);
    const known = timed.status === 0 && Number.isFinite(kilobytes);
    return [
      { faces, seconds, cpuSeconds: known ? user! + system! : null, megabytes: known ? kilobytes! / 1024 : null },
    ];
  });
}
