/** A worker thread of `vultus analyze --out`: analyses files, or parts of them, one after the other with its own model and face networks. */
import { parentPort, workerData } from 'node:worker_threads';
import { type FaceNetworks, loadFaceNetworks } from '../face/networks/index.js';
import { loadModel } from '../network/model.js';
import { type PartResult, readWholePart, resultOfParts } from '../timeline/part-result.js';
import type { AnalysisResult } from '../timeline/result.js';
import { VideoAnalysis } from '../timeline/video-analysis.js';
import type { BatchTask, WorkerMessage } from './analysis-batch.js';
import { errorObject } from './failure.js';

/** What comes of a file in the end. */
export type FileAnswer = { result: AnalysisResult } | { error: Record<string, unknown> };
/** What comes back of a task: also the number of parts of a file that is to be read in parts, and one of these. */
export type WorkerAnswer = FileAnswer | { count: number } | { part: PartResult };

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

async function work(task: BatchTask): Promise<void> {
  let answer: WorkerAnswer;
  try {
    answer = await answerTo(task);
  } catch (error) {
    answer = { error: errorObject(error) };
  }
  parentPort!.postMessage(answer);
}

async function answerTo({ file, options, part, parts }: BatchTask): Promise<WorkerAnswer> {
  const { signal } = stop;
  const analysis = await VideoAnalysis.open(file, { ...options, signal, model, ...(networks && { networks }) });
  try {
    if (parts) return { result: await resultOfParts(analysis, parts) };
    if (part !== undefined) return { part: await readWholePart(analysis, analysis.parts[part]!) };
    // A copy that ffmpeg made would be made again for each part.
    if (analysis.parts.length > 1 && analysis.direct) return { count: analysis.parts.length };
    const read: PartResult[] = [];
    for (const each of analysis.parts) read.push(await readWholePart(analysis, each));
    return { result: await resultOfParts(analysis, read) };
  } finally {
    await analysis.close();
  }
}
