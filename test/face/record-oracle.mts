/**
 * Runs face-api itself, on its bundled TensorFlow.js, over the test pictures and writes what it answers to oracle.json:
 * numbers only. A script, not a test: `npx tsx test/face/record-oracle.mts`, some minutes.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawPicture, testPictures } from './pictures.js';

const folder = dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json'));

/** The bundle for browsers holds everything; its TensorFlow.js must not take this for Node, whose parts it lacks. */
// biome-ignore lint/suspicious/noExplicitAny: the bundle's types describe the package's Node entry, which needs more packages
async function importFaceApi(): Promise<any> {
  const versions = Object.getOwnPropertyDescriptor(process, 'versions')!;
  Object.defineProperty(process, 'versions', { value: {}, configurable: true });
  try {
    return await import(join(folder, 'dist', 'face-api.esm.js'));
  } finally {
    Object.defineProperty(process, 'versions', versions);
  }
}

const faceapi = await importFaceApi();
faceapi.tf.setPlatform('none', {
  isTypedArray: (value: unknown) => ArrayBuffer.isView(value) && !(value instanceof DataView),
  encode: (text: string) => new TextEncoder().encode(text),
  decode: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
  now: () => performance.now(),
});
const absent = class {};
faceapi.env.setEnv({ Canvas: absent, Image: absent, ImageData: absent, Video: absent });
await faceapi.tf.setBackend('cpu');
await faceapi.tf.ready();

const networks = {
  tiny: new faceapi.TinyFaceDetector(),
  ssd: new faceapi.SsdMobilenetv1(),
  points: new faceapi.FaceLandmark68Net(),
  tinyPoints: new faceapi.FaceLandmark68TinyNet(),
  recognition: new faceapi.FaceRecognitionNet(),
};
const files = {
  tiny: 'tiny_face_detector_model',
  ssd: 'ssd_mobilenetv1_model',
  points: 'face_landmark_68_model',
  tinyPoints: 'face_landmark_68_tiny_model',
  recognition: 'face_recognition_model',
};
for (const [key, file] of Object.entries(files)) {
  const manifest = JSON.parse(await readFile(join(folder, 'model', `${file}-weights_manifest.json`), 'utf8'));
  const { buffer, byteOffset, length } = new Uint8Array(await readFile(join(folder, 'model', `${file}.bin`)));
  const weights = faceapi.tf.io.decodeWeights(buffer.slice(byteOffset, byteOffset + length), manifest[0].weights);
  networks[key as keyof typeof networks].loadFromWeightMap(weights);
}

const round = (value: number) => Number(value.toPrecision(7));
// biome-ignore lint/suspicious/noExplicitAny: as above
const boxes = (found: any[]) =>
  found.map(({ box, score }) => [box.x, box.y, box.width, box.height, score].map(round));

const pictures = [];
for (const picture of testPictures) {
  const { data, width, height } = drawPicture(picture);
  const tensor = faceapi.tf.tensor3d(Int32Array.from(data), [height, width, 3], 'int32');
  const tiny: Record<string, number[][]> = {};
  for (const inputSize of [160, 416, 608]) {
    const options = new faceapi.TinyFaceDetectorOptions({ inputSize, scoreThreshold: 0.3 });
    tiny[inputSize] = boxes(await networks.tiny.locateFaces(tensor, options));
  }
  const ssd = await networks.ssd.locateFaces(tensor, new faceapi.SsdMobilenetv1Options({ minConfidence: 0.3, maxResults: 100 }));
  const faces = [];
  for (const detection of ssd) {
    const [face] = await faceapi.extractFaceTensors(tensor, [detection]);
    const shifted = async (network: { detectLandmarks(face: unknown): Promise<any> }) =>
      (await network.detectLandmarks(face)).shiftBy(detection.box.x, detection.box.y);
    const points = await shifted(networks.points);
    const tinyPoints = await shifted(networks.tinyPoints);
    const aligned = points.align(detection.box, { useDlibAlignment: true });
    const [alignedFace] = await faceapi.extractFaceTensors(tensor, [aligned]);
    const descriptor = await networks.recognition.computeFaceDescriptor(alignedFace);
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const numbers = ({ positions }: any) => positions.flatMap(({ x, y }: any) => [round(x), round(y)]);
    faces.push({ points: numbers(points), tinyPoints: numbers(tinyPoints), descriptor: Array.from(descriptor as Float32Array, round) });
  }
  pictures.push({ name: picture.name, tiny, ssd: boxes(ssd), faces });
  console.log(picture.name, JSON.stringify(tiny[416]), JSON.stringify(boxes(ssd)));
}
const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
const out = join(dirname(fileURLToPath(import.meta.url)), 'oracle.json');
await writeFile(out, `${JSON.stringify({ package: `@vladmandic/face-api ${version}`, pictures }, null, 1)}\n`);
