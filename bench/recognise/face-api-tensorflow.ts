/** face-api.js itself on TensorFlow.js, where `npm ci --prefix bench/face-api` has installed it (330 MB: no part of our own install). */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExpressionPipeline } from './expression-network.js';

const folder = fileURLToPath(new URL('../face-api/', import.meta.url));

export const tensorflowInstalled = existsSync(`${folder}node_modules/@tensorflow/tfjs`);

/** What is used of face-api and TensorFlow.js: neither's types are installed with us. */
interface FaceApi {
  nets: Record<
    'tinyFaceDetector' | 'faceLandmark68Net' | 'faceExpressionNet',
    { loadFromDisk(path: string): Promise<void> }
  >;
  TinyFaceDetectorOptions: new () => object;
  detectSingleFace(
    picture: object,
    options: object,
  ): { withFaceLandmarks(): { withFaceExpressions(): Promise<{ expressions: Record<string, number> } | undefined> } };
}

interface TensorFlow {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tensor3d(data: Uint8Array, shape: readonly number[], type: 'int32'): { dispose(): void };
}

/** face-api's words in the order of `expressionLabels`. */
const words = ['neutral', 'happy', 'sad', 'angry', 'fearful', 'disgusted', 'surprised'] as const;

/** The WebAssembly back end: the quickest that installs without a download of its own. */
export async function loadTensorflowPipeline(threads: number): Promise<ExpressionPipeline> {
  const require = createRequire(folder);
  const tf = require('@tensorflow/tfjs') as TensorFlow;
  const wasm = require('@tensorflow/tfjs-backend-wasm') as {
    setWasmPaths(path: string): void;
    setThreadsCount(threads: number): void;
  };
  wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  wasm.setThreadsCount(threads);
  await tf.setBackend('wasm');
  await tf.ready();
  const faceApi = require('@vladmandic/face-api/dist/face-api.node-wasm.js') as FaceApi;
  const weights = `${dirname(require.resolve('@vladmandic/face-api/package.json'))}/model`;
  for (const net of ['tinyFaceDetector', 'faceLandmark68Net', 'faceExpressionNet'] as const) {
    await faceApi.nets[net].loadFromDisk(weights);
  }
  return {
    async predict(picture) {
      if (!('data' in picture)) throw new TypeError('face-api is shown RGB');
      const tensor = tf.tensor3d(
        new Uint8Array(picture.data.buffer, picture.data.byteOffset, picture.data.length),
        [picture.height, picture.width, 3],
        'int32',
      );
      try {
        const options = new faceApi.TinyFaceDetectorOptions();
        const found = await faceApi.detectSingleFace(tensor, options).withFaceLandmarks().withFaceExpressions();
        return found && words.map((word) => found.expressions[word]!);
      } finally {
        tensor.dispose();
      }
    },
    close: async () => {},
  };
}
