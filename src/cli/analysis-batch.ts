/**
 * Many files on all cores: a pool of worker threads, results in the order of the inputs as they come. At most four
 * results a worker wait for their turn, so memory does not grow with the number of files.
 */
import { Worker } from 'node:worker_threads';
import type { Rect } from '../bitstream/frame.js';
import type { WorkerAnswer } from './analysis-worker.js';

/** One file and how it is analysed; can be sent to a thread. */
export interface BatchJob {
  file: string;
  options: {
    faces: 'auto' | 'frame' | Rect;
    window?: number;
    hop?: number;
    threshold?: number;
    thumbnails?: number;
  };
}

/** What a worker is sent. */
export type WorkerMessage = BatchJob | 'stop';

/** Milliseconds in which a worker that was asked to stop has to. */
const patience = 30_000;

export interface PoolOptions {
  workers: number;
  /** URL of the model file. */
  model: URL;
  signal: AbortSignal;
}

/** Yields the answer to each job, in order. A thread that dies (out of memory) is a failure of its file, and is replaced. */
export async function* analyzeAll(
  jobs: readonly BatchJob[],
  { workers: count, model, signal }: PoolOptions,
): AsyncGenerator<{ job: BatchJob; answer: WorkerAnswer }, void, undefined> {
  const start = () =>
    new Worker(new URL('./analysis-worker.js', import.meta.url), {
      // Frames are short-lived: a larger young generation holds more of them, and saves next to no time.
      resourceLimits: { maxYoungGenerationSizeMb: 16 },
      workerData: { model: model.href, faces: jobs.some(({ options }) => options.faces === 'auto') },
    });
  const idle: Worker[] = [];
  const all = new Set<Worker>();
  const run = (job: BatchJob): Promise<WorkerAnswer> => {
    let worker = idle.pop();
    if (!worker) {
      worker = start();
      all.add(worker);
    }
    const own = worker;
    return new Promise((resolve) => {
      const finish = (answer: WorkerAnswer, alive: boolean) => {
        own.off('message', onMessage).off('error', onError).off('exit', onExit);
        if (alive) idle.push(own);
        else all.delete(own);
        resolve(answer);
      };
      const onMessage = (answer: WorkerAnswer) => finish(answer, true);
      const onError = (error: Error) => finish({ error: { name: error.name, message: error.message } }, false);
      const onExit = () => finish({ error: { name: 'Error', message: 'its thread ended early' } }, false);
      own.on('message', onMessage).on('error', onError).on('exit', onExit);
      own.postMessage(job satisfies WorkerMessage);
    });
  };
  const running: { job: BatchJob; answer: Promise<WorkerAnswer> }[] = [];
  let next = 0;
  let active = 0;
  // A slow file at the head holds back those behind it, but not for long the threads.
  const pump = () => {
    while (next < jobs.length && active < count && running.length < 4 * count) {
      const job = jobs[next++]!;
      active++;
      const answer = run(job).finally(() => {
        active--;
        pump();
      });
      running.push({ job, answer });
    }
  };
  const stopped = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  stopped.catch(() => {});
  try {
    for (pump(); running.length > 0; pump()) {
      const { job, answer } = running.shift()!;
      yield { job, answer: await Promise.race([answer, stopped]) };
    }
  } finally {
    next = jobs.length;
    // Asked, not terminated: a conversion's copy is removed and its ffmpeg ended, and the run-time dies when its thread is taken away.
    const gone = [...all].map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
    for (const worker of all) worker.postMessage('stop' satisfies WorkerMessage);
    await Promise.race([Promise.all(gone), new Promise((resolve) => setTimeout(resolve, patience).unref())]);
    await Promise.all([...all].map((worker) => worker.terminate()));
  }
}
