/** What is compared: clips, ways to get expressions from them, and what a run of one gives. */
import type { FaceNetworks } from '../../src/face/networks/index.js';
import type { ExpressionModel } from '../../src/network/model.js';
import type { FaceBox } from '../../src/residual/track.js';
import type { ExpressionPipeline } from './expression-network.js';

export interface Clip {
  name: string;
  codec: string;
  path: string;
  width: number;
  height: number;
  /** Pictures, and how many of them make a second. */
  frames: number;
  rate: number;
  box: FaceBox;
}

/** `label`: one decision for the clip. `timeline`: one every 0.2 s, each over 1.6 s. */
export type Mode = 'label' | 'timeline';
export const window = 1.6;
export const hop = 0.2;
/** Pictures that a decoded stretch is judged by: as many as the models have samples. */
export const samples = 8;

/** Models and networks, each loaded when a way first asks for it. */
export interface Tools {
  model(): Promise<ExpressionModel>;
  residual(): Promise<ExpressionModel>;
  int8(): Promise<ExpressionModel>;
  /** The same backbone over pictures. */
  twin(): Promise<ExpressionModel>;
  faces(): Promise<FaceNetworks>;
  faceApi(): Promise<ExpressionPipeline>;
  tensorflow(): Promise<ExpressionPipeline>;
  /** False: the twin's weights are random, which costs the same and knows nothing. */
  twinTrained: boolean;
  /** Threads that ffmpeg may use. The networks are made for as many. */
  threads: number;
  close(): Promise<void>;
}

export interface Done {
  decisions: number;
  /** Processor seconds of helper processes, and the memory that the largest of them held. */
  childSeconds: number;
  childBytes: number;
  /** `label`: what was decided, in words of the data set; `undefined` where the way knows nothing (or saw nothing). */
  label: string | undefined;
}

export interface Task {
  name: string;
  /** What it is given and what is left out, for the record. */
  note: string;
  /** False: its accuracy is not measured. Default true. */
  tested?: boolean;
  run(clip: Clip, mode: Mode, tools: Tools): Promise<Done>;
}

/** Seconds of the clip. */
export const secondsOf = ({ frames, rate }: Clip): number => frames / rate;

/** Where decisions fall: first picture, and one past the last, of each. */
export function stretches(clip: Clip, mode: Mode): [number, number][] {
  if (mode === 'label') return [[0, clip.frames]];
  const found: [number, number][] = [];
  for (let start = 0; start + window <= secondsOf(clip) + 1e-9; start += hop) {
    found.push([Math.round(start * clip.rate), Math.round((start + window) * clip.rate)]);
  }
  return found;
}

/** Pictures spread evenly over a stretch. */
export function sampled([from, to]: readonly [number, number]): number[] {
  return Array.from({ length: samples }, (_, i) => Math.floor(from + ((i + 0.5) * (to - from)) / samples));
}

/** The label with the highest probability. */
export function best(labels: readonly string[], probabilities: ArrayLike<number>): string {
  let top = 0;
  for (let i = 1; i < labels.length; i++) if (probabilities[i]! > probabilities[top]!) top = i;
  return labels[top]!;
}
