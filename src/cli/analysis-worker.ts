/** A worker thread of `vultus analyze --out`: analyses one file after the other with its own model and face networks. */
import { parentPort, workerData } from 'node:worker_threads';
import { analyze } from '../analyze.js';
import { type FaceNetworks, loadFaceNetworks } from '../face/networks/index.js';
import { loadModel } from '../network/model.js';
import type { AnalysisResult } from '../timeline/result.js';
import type { BatchJob } from './analysis-batch.js';
import { errorObject } from './failure.js';

/** What comes back of a job. */
export type WorkerAnswer = { result: AnalysisResult } | { error: Record<string, unknown> };

const { model: source, faces } = workerData as { model: string; faces: boolean };
const model = await loadModel(new URL(source));
const networks: FaceNetworks | undefined = faces ? await loadFaceNetworks().catch(() => undefined) : undefined;

parentPort!.on('message', async ({ file, options }: BatchJob) => {
  let answer: WorkerAnswer;
  try {
    answer = { result: await analyze(file, { ...options, model, ...(networks && { networks }) }).result() };
  } catch (error) {
    answer = { error: errorObject(error) };
  }
  parentPort!.postMessage(answer);
});
