/** Runs the built command line as a user would: `npm test` builds before it tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** The program. */
export const main = join(root, 'dist', 'cli', 'main.js');
if (!existsSync(main)) throw new Error('dist/ is missing: npm run build first');

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  /** Arguments of Node itself. */
  node?: readonly string[];
  /** Called with the process once it runs. */
  started?: (child: ChildProcess) => void;
}

export function vultus(args: readonly string[], { env = {}, node = [], started }: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...node, main, ...args], {
      cwd: root,
      env: { ...process.env, ...env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
    started?.(child);
  });
}
