/** A worker thread of `vultus analyze --out`: analyses one file after the other with its own model and face networks. */
import { parentPort, workerData } from 'node:worker_threads';
import { analyze } from '../analyze.js';
import { type FaceNetworks, loadFaceNetworks } from '../face/networks/index.js';
import { loadModel } from '../network/model.js';
import type { AnalysisResult } from '../timeline/result.js';
import type { BatchJob, WorkerMessage } from './analysis-batch.js';
import { errorObject } from './failure.js';

/** What comes back of a job. */
export type WorkerAnswer = { result: AnalysisResult } | { error: Record<string, unknown> };

const { model: source, faces } = workerData as { model: string; faces: boolean };
const model = await loadModel(new URL(source));
const networks: FaceNetworks | undefined = faces ? await loadFaceNetworks().catch(() => undefined) : undefined;

const stop = new AbortController();
let working: Promise<void> | undefined;

parentPort!.on('message', async (message: WorkerMessage) => {
  if (message === 'stop') {
    stop.abort();
    await working;
    await networks?.close();
    await model.close();
    parentPort!.close();
    return;
  }
  working = work(message);
});

async function work({ file, options }: BatchJob): Promise<void> {
  const { signal } = stop;
  let answer: WorkerAnswer;
  try {
    answer = { result: await analyze(file, { ...options, signal, model, ...(networks && { networks }) }).result() };
  } catch (error) {
    answer = { error: errorObject(error) };
  }
  parentPort!.postMessage(answer);
}
