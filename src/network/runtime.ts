/**
 * The one door to onnxruntime. It is imported when the first session is made, so that reading a video without
 * recognising anything never loads it. Which one `#onnxruntime` is, package.json says: onnxruntime-node, or, under the
 * condition `browser` that bundlers set, onnxruntime-web, which whoever bundles installs.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { ModelError } from '../errors.js';

/** A value fed to or fetched from a session; a fetched one is written in place when the caller gave its array. */
export interface Value {
  type: 'float32' | 'int32';
  shape: readonly number[];
  data: Float32Array | Int32Array;
}

export interface SessionOptions {
  /** Threads inside an operator. */
  threads: number;
  /** Prefix of the file into which onnxruntime writes a profile at `close`; none if absent. */
  profile?: string;
  /**
   * What onnxruntime may rewrite: `all` also picks memory layouts for this processor, worth it where weights are
   * constants; `extended` for training steps.
   */
  optimisation?: 'extended' | 'all';
  /** Give the memory of each run back after it rather than keep it for the next: for networks that run seldom. Default false. */
  frugal?: boolean;
}

/** A compiled graph, ready to run. */
export interface Session {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /**
   * Runs with `feeds` and gives the outputs named in `fetches`: an array name alone gets a fresh array, a value gets its
   * own array filled. Throws ModelError when onnxruntime refuses.
   */
  run(
    feeds: Readonly<Record<string, Value>>,
    fetches: Readonly<Record<string, Value | null>>,
  ): Promise<Record<string, Value>>;
  close(): Promise<void>;
}

type Runtime = typeof import('onnxruntime-common');
let runtime: Promise<Runtime> | undefined;

function load(): Promise<Runtime> {
  silence();
  runtime ??= import('#onnxruntime').catch((cause: unknown) => {
    runtime = undefined;
    throw new ModelError(
      'onnxruntime cannot be loaded on this platform; install the package onnxruntime-node (in a browser: onnxruntime-web)',
      { cause },
    );
  });
  return runtime;
}

/**
 * The native run-time of Linux and macOS reports its use to its makers, over the network, unless this variable tells it not to before
 * it is loaded. In a worker thread it must have been set by the main thread: there `process.env` is a copy.
 */
function silence(): void {
  if (typeof process !== 'undefined' && process.env) process.env.ORT_DISABLE_TELEMETRY ??= '1';
}

/** Makes a session from the bytes of an ONNX file. Throws ModelError when onnxruntime does not take it. */
export async function createSession(model: Uint8Array, options: SessionOptions): Promise<Session> {
  const ort = await load();
  const settings: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: options.optimisation ?? 'all',
    ...(options.frugal && { enableCpuMemArena: false, enableMemPattern: false }),
    // Only errors: warnings of the run-time are no business of our users.
    logSeverityLevel: 3,
    // Cores are shared with whoever else works here: sleep between operators rather than spin, and split work finely.
    extra: { session: { intra_op: { allow_spinning: '0' }, dynamic_block_base: '4' } },
    ...(options.profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: options.profile }),
  };
  const inner = await refuse('the model cannot be loaded', () => ort.InferenceSession.create(model, settings));
  const wrap = ({ type, shape, data }: Value): Tensor => new ort.Tensor(type, data as Float32Array, shape);
  // One tensor object per array: steps feed the same arrays again and again.
  const wrapped = new WeakMap<Value, Tensor>();
  const tensorOf = (value: Value): Tensor => {
    let tensor = wrapped.get(value);
    if (!tensor) {
      tensor = wrap(value);
      wrapped.set(value, tensor);
    }
    return tensor;
  };
  return {
    inputs: inner.inputNames,
    outputs: inner.outputNames,
    async run(feeds, fetches) {
      const given = Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, tensorOf(value)]));
      const wanted = Object.fromEntries(Object.entries(fetches).map(([name, v]) => [name, v && tensorOf(v)]));
      const results = await refuse('the model cannot be run', () => inner.run(given, wanted));
      return Object.fromEntries(
        Object.keys(fetches).map((name) => {
          const { type, dims, data } = results[name]!;
          if (type !== 'float32' && type !== 'int32') throw new ModelError(`output ${name} is ${type}`);
          return [name, { type, shape: dims, data: data as Float32Array | Int32Array }];
        }),
      );
    },
    async close() {
      if (options.profile !== undefined) inner.endProfiling();
      await inner.release();
    },
  };
}

async function refuse<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new ModelError(`${what}: ${why}`, { cause });
  }
}
