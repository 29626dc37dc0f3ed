/**
 * Each way has a process of its own: in one process with the others, a label cost up to twice what it costs a user, who runs
 * nothing else. The processes wait while another is at work.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Split } from './split.js';
import type { Clip, Mode, Task } from './task.js';

export type Asked = { what: 'run'; clip: Clip; mode: Mode } | { what: 'split'; clip: Clip; rounds: number };

export interface Cost {
  /** Processor seconds, those of helper processes included. */
  cpu: number;
  /** Seconds of wall clock. */
  wall: number;
  decisions: number;
  /** Peak memory of the process so far, and of ffmpeg beside it. */
  bytes: number;
  childBytes: number;
}

export type Told = Cost | { split: Split };

const root = fileURLToPath(new URL('../..', import.meta.url));
const child = fileURLToPath(new URL('./way-child.ts', import.meta.url));

export class Way {
  readonly task: Task;
  readonly threads: number;
  readonly #process: ChildProcess;
  #said = '';

  constructor(task: Task, threads: number, twin?: string) {
    this.task = task;
    this.threads = threads;
    const args = [task.name, String(threads), ...(twin === undefined ? [] : [twin])];
    this.#process = fork(child, args, {
      execArgv: ['--import', 'tsx'],
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#process.stderr!.on('data', (text) => {
      this.#said = (this.#said + text).slice(-4000);
    });
  }

  async run(clip: Clip, mode: Mode): Promise<Cost> {
    return (await this.#ask({ what: 'run', clip, mode })) as Cost;
  }

  async split(clip: Clip, rounds: number): Promise<Split> {
    const told = (await this.#ask({ what: 'split', clip, rounds })) as { split: Split };
    return told.split;
  }

  close(): void {
    this.#process.kill();
  }

  #ask(asked: Asked): Promise<Told> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null) => reject(new Error(`${this.task.name} ended with ${code}: ${this.#said}`));
      this.#process.once('exit', ended);
      this.#process.once('message', (told: Told) => {
        this.#process.off('exit', ended);
        resolve(told);
      });
      this.#process.send(asked);
    });
  }
}
