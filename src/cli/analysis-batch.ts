/**
 * Many files on all cores: a pool of worker threads, results in the order of the inputs as they come. At most four
 * results a worker wait for their turn, so memory does not grow with the number of files.
 */
import { Worker } from 'node:worker_threads';
import type { Rect } from '../bitstream/frame.js';
import type { PartResult } from '../timeline/part-result.js';
import type { FileAnswer, WorkerAnswer } from './analysis-worker.js';

/** One file and how it is analysed; can be sent to a thread. */
export interface BatchJob {
  file: string;
  options: {
    faces: 'auto' | 'frame' | Rect;
    window?: number;
    hop?: number;
    part?: number;
    threshold?: number;
    thumbnails?: number;
  };
}

/** A job, or one part of it, or what is left when all its parts are read. */
export interface BatchTask extends BatchJob {
  part?: number;
  parts?: readonly PartResult[];
}

/** What a worker is sent. */
export type WorkerMessage = BatchTask | 'stop';

/** The parts of a video that earlier runs read, and where this one keeps what it reads. */
export interface KeptParts {
  get(job: BatchJob, part: number): Promise<PartResult | undefined>;
  put(job: BatchJob, part: number, result: PartResult): Promise<void>;
}

/** Milliseconds in which a worker that was asked to stop has to. */
const patience = 30_000;

export interface PoolOptions {
  workers: number;
  /** URL of the model file. */
  model: URL;
  signal: AbortSignal;
  kept: KeptParts;
}

/** The threads; a task waits until one is free, the first that was asked for first. */
class Pool {
  readonly #start: () => Worker;
  readonly #count: number;
  readonly #all = new Set<Worker>();
  readonly #idle: Worker[] = [];
  readonly #waiting: ((worker: Worker) => void)[] = [];
  #ended = false;

  constructor(count: number, start: () => Worker) {
    this.#count = count;
    this.#start = start;
  }

  /** A thread that dies (out of memory) is a failure of its task, and is replaced. */
  async run(task: BatchTask): Promise<WorkerAnswer> {
    const worker = await this.#free();
    return await new Promise((resolve) => {
      const finish = (answer: WorkerAnswer, alive: boolean) => {
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        if (!alive) this.#all.delete(worker);
        this.#release(alive ? worker : undefined);
        resolve(answer);
      };
      const onMessage = (answer: WorkerAnswer) => finish(answer, true);
      const onError = (error: Error) => finish({ error: { name: error.name, message: error.message } }, false);
      const onExit = () => finish({ error: { name: 'Error', message: 'its thread ended early' } }, false);
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      worker.postMessage(task satisfies WorkerMessage);
    });
  }

  /** Asked, not terminated: a conversion's copy is removed and its ffmpeg ended, and the run-time dies when its thread is taken away. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#waiting.length = 0;
    const gone = [...this.#all].map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
    for (const worker of this.#all) worker.postMessage('stop' satisfies WorkerMessage);
    await Promise.race([Promise.all(gone), new Promise((resolve) => setTimeout(resolve, patience).unref())]);
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
  }

  #free(): Promise<Worker> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#release(this.#idle.pop());
    });
  }

  /** Gives a thread, or a new one where there may be one more, to whoever waits longest. */
  #release(worker: Worker | undefined): void {
    if (this.#ended) return;
    const next = this.#waiting[0];
    if (next && (worker || this.#all.size < this.#count)) {
      this.#waiting.shift();
      const own = worker ?? this.#start();
      this.#all.add(own);
      next(own);
    } else if (worker) this.#idle.push(worker);
  }
}

/** Yields the answer to each job, in order. The parts of a long video are read by several threads. */
export async function* analyzeAll(
  jobs: readonly BatchJob[],
  { workers: count, model, signal, kept }: PoolOptions,
): AsyncGenerator<{ job: BatchJob; answer: FileAnswer }, void, undefined> {
  const pool = new Pool(
    count,
    () =>
      new Worker(new URL('./analysis-worker.js', import.meta.url), {
        // Frames are short-lived: a larger young generation holds more of them, and saves next to no time.
        resourceLimits: { maxYoungGenerationSizeMb: 16 },
        workerData: { model: model.href, faces: jobs.some(({ options }) => options.faces === 'auto') },
      }),
  );
  const running: { job: BatchJob; answer: Promise<FileAnswer> }[] = [];
  let next = 0;
  let active = 0;
  // A slow file at the head holds back those behind it, but not for long the threads.
  const pump = () => {
    while (next < jobs.length && active < count && running.length < 4 * count) {
      const job = jobs[next++]!;
      active++;
      const answer = analyzeFile(pool, job, kept).finally(() => {
        active--;
        pump();
      });
      // A disk that is full is told when its turn comes, if it comes.
      answer.catch(() => {});
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
    await pool.end();
  }
}

/** One file: whole, or where it turns out to be long, part by part. */
async function analyzeFile(pool: Pool, job: BatchJob, kept: KeptParts): Promise<FileAnswer> {
  const first = await pool.run(job);
  if (!('count' in first)) return first as FileAnswer;
  const answers = await Promise.all(
    Array.from({ length: first.count }, async (_, part): Promise<WorkerAnswer> => {
      const before = await kept.get(job, part);
      if (before) return { part: before };
      const answer = await pool.run({ ...job, part });
      if ('part' in answer) await kept.put(job, part, answer.part);
      return answer;
    }),
  );
  const failed = answers.find((answer) => 'error' in answer);
  if (failed) return failed as FileAnswer;
  const parts = answers.map((answer) => (answer as { part: PartResult }).part);
  return (await pool.run({ ...job, parts })) as FileAnswer;
}
