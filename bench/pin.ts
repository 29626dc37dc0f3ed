/** One core for everything: this process and its children, where the system has `taskset`. */
import { spawnSync } from 'node:child_process';

const mark = 'VULTUS_BENCH_PINNED';

/** The core that we are held to, or `undefined` where that cannot be done. */
export function pinnedCore(): number | undefined {
  const core = process.env[mark];
  return core === undefined ? undefined : Number(core);
}

/**
 * Starts this command again under `taskset`, and ends with its exit code. Returns, having done nothing, in the process
 * so started and on systems without `taskset`.
 */
export function pinToOneCore(core = 0): void {
  if (pinnedCore() !== undefined) return;
  if (spawnSync('taskset', ['-c', String(core), 'true']).status !== 0) return;
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const result = spawnSync('taskset', ['-c', String(core), ...command], {
    stdio: 'inherit',
    env: { ...process.env, [mark]: String(core) },
  });
  process.exit(result.status ?? 1);
}
