/**
 * The pretrained face networks: where faces are in a picture, their 68 points, and whose they are. Built from the weights of
 * `@vladmandic/face-api` and run by onnxruntime; the answers are those of face-api, to float tolerance.
 */
import { ModelError } from '../../errors.js';
import type { FaceBox } from '../../residual/track.js';
import { alignedRect, pixelRect } from './alignment.js';
import type { Detection } from './boxes.js';
import { installedWeights } from './installed-weights.js';
import {
  faceLandmarks,
  type LandmarkSize,
  landmarkGraph,
  landmarkInput,
  landmarkPoints,
  type Point,
} from './landmarks.js';
import { letterbox, type PixelRect, wholePicture } from './letterbox.js';
import type { Colour, Picture } from './picture.js';
import { descriptorLength, faceRecognition, recognitionGraph, recognitionInput } from './recognition.js';
import { type BuiltNetwork, lazyNetwork } from './sessions.js';
import { ssdAnchors, ssdDetections, ssdInput, ssdMobilenet, ssdMobilenetGraph } from './ssd-mobilenet.js';
import { tinyFaceDetections, tinyFaceDetector, tinyFaceDetectorGraph } from './tiny-face-detector.js';
import type { FaceWeights, WeightSource } from './weights.js';

export { type Detection, intersectionOverUnion } from './boxes.js';
export { type LandmarkSize, landmarkRanges, type Point } from './landmarks.js';
export { type Colour, type Picture, type RgbPicture, toRgb } from './picture.js';
export { descriptorDistance } from './recognition.js';
export type { WeightSource } from './weights.js';

export interface FaceNetworkOptions {
  /** `tiny` (default) is fast; `ssd` (SSD on MobileNet v1) is accurate. */
  detector?: 'tiny' | 'ssd';
  /** Which 68-point network: `full` (default) or `tiny`. */
  landmarks?: LandmarkSize;
  /** Threads of each network. Default 1. */
  threads?: number;
  /** How planes stand for colours; not looked at for RGB pictures. Default BT.601, limited range. */
  colour?: Colour;
  /** Where the weights come from. Default: the installed package `@vladmandic/face-api` (Node only). */
  weights?: WeightSource;
}

export interface DetectOptions {
  /** Boxes must score more than this. 0..1, default 0.5. */
  minScore?: number;
  /**
   * Side of the picture that the tiny detector sees: 128 to 608, a multiple of 32; default 416. More finds smaller faces and
   * takes longer. The ssd detector has one size, 512.
   */
  inputSize?: number;
  /** Look only at this part of the picture, of whole pixels and inside it. Boxes are in pixels of the whole picture. */
  part?: PixelRect;
  /** This detector rather than the one chosen in `loadFaceNetworks`. */
  detector?: 'tiny' | 'ssd';
}

/** Face networks, loaded when first used. Pictures are not changed and not kept. */
export interface FaceNetworks {
  /**
   * The faces in the picture, best first; none is an answer. Boxes are in picture pixels, floats, and may reach outside the
   * picture. Throws ModelError for impossible options or a picture whose arrays do not fit its size.
   */
  detect(picture: Picture, options?: DetectOptions): Promise<Detection[]>;
  /**
   * 68 points (`landmarkRanges` says which is what) of the face in the box, in picture pixels. There are always 68, also
   * where the box holds no face. Throws ModelError when no pixel of the picture lies in the box.
   */
  landmarks(picture: Picture, box: FaceBox): Promise<Point[]>;
  /**
   * The descriptor of the face in the box, aligned by its points: 128 numbers, of length near 1.4; compare them with
   * `descriptorDistance`. `points` saves finding them when `landmarks` gave them for the same box. Throws ModelError as
   * `landmarks` does.
   */
  describe(picture: Picture, box: FaceBox, points?: readonly Point[]): Promise<Float32Array>;
  /**
   * As `describe`, but only cuts the face out at once: the network, the largest of all, runs when the answer is first asked for,
   * and is not even loaded where nobody asks.
   */
  describeLater(picture: Picture, box: FaceBox, points: readonly Point[]): () => Promise<Float32Array>;
  /** Releases the networks. Nothing may be called after it; calling it again does nothing. */
  close(): Promise<void>;
}

/**
 * Prepares the face networks. Throws ModelError when the weights' package is missing; a network whose file is damaged throws
 * it when first used.
 */
export async function loadFaceNetworks(options: FaceNetworkOptions = {}): Promise<FaceNetworks> {
  const { detector: preferred = 'tiny', landmarks: size = 'full', threads = 1, colour = {} } = options;
  if (!(Number.isInteger(threads) && threads > 0))
    throw new ModelError(`threads is ${threads}: use a whole number from 1`);
  const source = options.weights ?? (await installedWeights());
  const none = () => undefined;
  const tiny = lazyNetwork({ name: tinyFaceDetector, graph: tinyFaceDetectorGraph, extra: none }, source, threads);
  const ssd = lazyNetwork({ name: ssdMobilenet, graph: ssdMobilenetGraph, extra: ssdAnchors }, source, threads);
  const pointsGraph = (weights: FaceWeights) => landmarkGraph(weights, size);
  const points68 = lazyNetwork({ name: faceLandmarks[size], graph: pointsGraph, extra: none }, source, threads);
  // `all` would lay 22 MB of filters out anew beside the old: 40 MB more at its peak, for 9 ms a face in place of 12.
  const recognition = lazyNetwork(
    { name: faceRecognition, graph: recognitionGraph, extra: none, optimisation: 'extended' },
    source,
    threads,
  );

  /** Memory of the last look, 4 MB for the largest: looks that each took their own would pile up until garbage is collected. */
  let spare: Float32Array | undefined;

  async function detect(
    picture: Picture,
    { minScore = 0.5, inputSize, part, detector = preferred }: DetectOptions = {},
  ): Promise<Detection[]> {
    if (!(minScore >= 0 && minScore < 1)) throw new ModelError(`minScore is ${minScore}: use 0 to 1`);
    const seen = detectorInput(detector, inputSize);
    const whole = wholePicture(picture);
    const rect = part ? pixelRect(part, whole) : whole;
    const length = 3 * seen * seen;
    const memory = spare && spare.length >= length ? spare : new Float32Array(length);
    spare = undefined;
    try {
      const input = letterbox(picture, rect, seen, false, colour, memory);
      const found = await detections(input, detector, rect, seen, minScore);
      return found.map((face) => ({ ...face, x: face.x + rect.x, y: face.y + rect.y }));
    } finally {
      spare = memory;
    }
  }

  async function detections(
    input: Float32Array,
    detector: 'tiny' | 'ssd',
    rect: PixelRect,
    seen: number,
    minScore: number,
  ): Promise<Detection[]> {
    if (detector === 'tiny') {
      const { cells } = await run(await tiny.get(), input, seen, ['cells']);
      return tinyFaceDetections(cells!, rect, seen, minScore);
    }
    const network = await ssd.get();
    const { boxes, logits } = await run(network, input, seen, ['boxes', 'logits']);
    return ssdDetections(boxes!, logits!, network.extra, rect, minScore);
  }

  async function landmarks(picture: Picture, box: FaceBox): Promise<Point[]> {
    const rect = pixelRect(box, picture);
    const input = letterbox(picture, rect, landmarkInput, true, colour);
    const { points } = await run(await points68.get(), input, landmarkInput, ['points']);
    // face-api puts the points where the box starts, not its first whole pixel; left of the picture it errs, and we do not.
    return landmarkPoints(points!, rect, { x: Math.max(0, box.x), y: Math.max(0, box.y) });
  }

  async function describe(picture: Picture, box: FaceBox, points?: readonly Point[]): Promise<Float32Array> {
    return describeLater(picture, box, points ?? (await landmarks(picture, box)))();
  }

  function describeLater(picture: Picture, box: FaceBox, points: readonly Point[]): () => Promise<Float32Array> {
    if (points.length !== 68) throw new ModelError(`a face has 68 points, not ${points.length}`);
    const rect = alignedRect(points, pixelRect(box, picture), picture);
    const input = letterbox(picture, rect, recognitionInput, true, colour);
    let answer: Promise<Float32Array> | undefined;
    return () => {
      answer ??= describeFace(input);
      return answer;
    };
  }

  async function describeFace(input: Float32Array): Promise<Float32Array> {
    const { descriptor } = await run(await recognition.get(), input, recognitionInput, ['descriptor']);
    if (descriptor!.length !== descriptorLength)
      throw new ModelError('the face-recognition network is not the expected one');
    return descriptor!;
  }

  async function close(): Promise<void> {
    await Promise.all([tiny, ssd, points68, recognition].map((network) => network.close()));
  }

  return { detect, landmarks, describe, describeLater, close };
}

/** The side of the picture that the detector sees. Throws ModelError where it cannot be that. */
function detectorInput(detector: 'tiny' | 'ssd', inputSize: number | undefined): number {
  if (detector === 'ssd') {
    if (inputSize !== undefined && inputSize !== ssdInput) {
      throw new ModelError(`the ssd detector sees ${ssdInput} pixels, not ${inputSize}; leave inputSize out`);
    }
    return ssdInput;
  }
  const size = inputSize ?? 416;
  if (!(size % 32 === 0 && size >= 128 && size <= 608)) {
    throw new ModelError(`inputSize is ${size}: use a multiple of 32 from 128 to 608`);
  }
  return size;
}

/** Shows the network one picture and gives its outputs. */
async function run(
  { session }: BuiltNetwork<unknown>,
  data: Float32Array,
  size: number,
  outputs: readonly string[],
): Promise<Record<string, Float32Array>> {
  const picture = { type: 'float32', shape: [1, 3, size, size], data } as const;
  const fetches = Object.fromEntries(outputs.map((name) => [name, null]));
  const results = await session.run({ picture }, fetches);
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}
