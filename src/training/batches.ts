/**
 * Batches of clip tensors. Chance depends on seed, epoch and step alone, not on what was drawn before: a run that goes on
 * from a checkpoint sees exactly the batches it would have seen.
 */
import type { CropSequence } from '../residual/planes.js';
import { evenPlan } from '../residual/sampling.js';
import { readsCoded, type Signal } from '../residual/signal.js';
import { ClipTensor, centreView, type Normalisation } from '../residual/tensor.js';
import { Random } from './random.js';
import { type Augmentation, drawLost, drawPlan, drawView, drawWarp } from './sampling.js';
import type { StillBatch } from './stills.js';
import { type Warp, WarpedClip } from './warped-clip.js';
import { WithoutFrames } from './without-frames.js';

export interface LabelledClip {
  /** Names the clip to `sequence`. */
  path: string;
  /** Class, in the order of the network's outputs. */
  label: number;
  /** Files of one group show the same frames, encoded in different ways. */
  group?: string;
}

export interface BatchesOptions {
  clips: readonly LabelledClip[];
  /** The planes of a clip; called again each time it is shown. */
  sequence: (path: string) => CropSequence;
  signal: Signal;
  normalisation: Normalisation;
  augmentation: Augmentation;
  batch: number;
  seed: number;
  /** `one`: a round shows each group once, by a file of it that is drawn. `all`, the default: every file is a clip of its own. */
  variants?: 'all' | 'one' | undefined;
  /** The I-frames of the same files, for a second network; kept back from a share `drop` of the showings. */
  stills?: (Pick<BatchesOptions, 'sequence' | 'signal' | 'normalisation'> & { drop: number }) | undefined;
  /** Least steps of an epoch; the clips are shown several times where they are too few. */
  minSteps?: number;
}

/** A clip as a batch shows it. */
export interface Showing {
  path: string;
  /** Mirrored left to right. */
  flip: boolean;
}

/** The input of one step. */
export interface Batch {
  /** [batch, T, C, S, S]; overwritten by the next but one call. */
  input: Float32Array;
  labels: Int32Array;
  /** What stands in each row. */
  shown: Showing[];
  /** The I-frames of each row, with a window and a mirror of their own; absent without a second network. */
  stills?: StillBatch;
}

export class Batches {
  readonly stepsPerEpoch: number;
  /** Every clip is shown at most once a round: what does not fill a batch waits for another round's shuffle. */
  readonly #stepsPerRound: number;
  readonly #options: BatchesOptions;
  /** The files among which each showing draws. */
  readonly #groups: readonly (readonly LabelledClip[])[];
  readonly #tensor: ClipTensor;
  readonly #stillTensor: ClipTensor | undefined;
  readonly #pair: [Batch, Batch];
  #round = -1;
  #order: number[] = [];

  constructor(options: BatchesOptions) {
    if (options.clips.length === 0) throw new RangeError('no clip to make batches of');
    this.#options = options;
    this.#tensor = new ClipTensor(options.signal, options.normalisation);
    const { stills } = options;
    this.#stillTensor = stills && new ClipTensor(stills.signal, stills.normalisation);
    this.#groups = groupsOf(options.clips, options.variants === 'one');
    this.#stepsPerRound = Math.max(1, Math.floor(this.#groups.length / options.batch));
    this.stepsPerEpoch = this.#stepsPerRound * Math.ceil(Math.max(1, (options.minSteps ?? 1) / this.#stepsPerRound));
    const empty = (): Batch => ({
      input: new Float32Array(options.batch * this.#tensor.length),
      labels: new Int32Array(options.batch),
      shown: [],
      ...(this.#stillTensor && {
        stills: {
          input: new Float32Array(options.batch * this.#stillTensor.length),
          present: new Float32Array(options.batch),
        },
      }),
    });
    this.#pair = [empty(), empty()];
  }

  /** The batch of one step, counted from 0 over all epochs. Two are alive at a time. */
  at(step: number): Batch {
    const { signal, augmentation, batch, sequence, seed } = this.#options;
    const epoch = step / this.stepsPerEpoch;
    const round = Math.floor(step / this.#stepsPerRound);
    const place = (step % this.#stepsPerRound) * batch;
    this.#shuffle(round);
    const random = new Random(mix(seed, round, 1 + (step % this.#stepsPerRound)));
    const result = this.#pair[step & 1]!;
    for (let i = 0; i < batch; i++) {
      // Fewer clips than a batch: they take turns.
      const group = this.#groups[this.#order[(place + i) % this.#groups.length]!]!;
      const { path, label } = group.length > 1 ? group[random.int(group.length)]! : group[0]!;
      const clip = sequence(path);
      const plan = drawPlan(signal.frames, clip.count, augmentation, random);
      const view = drawView(clip.size, signal.size, augmentation, random);
      const lost = drawLost(clip.count, augmentation, random);
      const left = lost.length > 0 ? new WithoutFrames(clip, lost) : clip;
      const seen = warped(left, signal, drawWarp(augmentation, epoch, random));
      this.#tensor.fill(seen, plan, view, result.input, i * this.#tensor.length);
      result.labels[i] = label;
      result.shown[i] = { path, flip: view.flip };
      if (result.stills) this.#still(path, result.stills, i, epoch, random);
    }
    return result;
  }

  #still(path: string, into: StillBatch, row: number, epoch: number, random: Random): void {
    const { stills, augmentation } = this.#options;
    const { sequence, signal, drop } = stills!;
    const clip = sequence(path);
    const tensor = this.#stillTensor!;
    const plan = drawPlan(signal.frames, clip.count, augmentation, random);
    const view = drawView(clip.size, signal.size, augmentation, random);
    const seen = warped(clip, signal, drawWarp(augmentation, epoch, random));
    tensor.fill(seen, plan, view, into.input, row * tensor.length);
    into.present[row] = random.uniform() < drop ? 0 : 1;
  }

  #shuffle(round: number): void {
    if (round === this.#round) return;
    this.#round = round;
    const order = this.#groups.map((_, i) => i);
    this.#order = new Random(mix(this.#options.seed, round, 0)).shuffle(order);
  }
}

/** The clip as one showing of it turns, sizes and lights it. */
function warped(clip: CropSequence, signal: Signal, warp: Warp | undefined): CropSequence {
  if (!warp) return clip;
  const others = signal.kind === 'decoded-difference' ? 'differences' : 'pictures';
  return new WarpedClip(clip, warp, readsCoded(signal) ? 'coded' : others);
}

function groupsOf(clips: readonly LabelledClip[], together: boolean): LabelledClip[][] {
  if (!together) return clips.map((clip) => [clip]);
  const groups = new Map<string, LabelledClip[]>();
  for (const clip of clips) {
    const name = clip.group ?? clip.path;
    const group = groups.get(name);
    if (group) group.push(clip);
    else groups.set(name, [clip]);
  }
  return [...groups.values()];
}

/** All clips as evaluation shows them, `batch` at a time, in order. */
export function* evenBatches(
  options: Pick<BatchesOptions, 'clips' | 'sequence' | 'signal' | 'normalisation' | 'batch'>,
): Generator<{ input: Float32Array; clips: readonly LabelledClip[] }> {
  const { clips, sequence, signal, normalisation, batch } = options;
  const tensor = new ClipTensor(signal, normalisation);
  const input = new Float32Array(batch * tensor.length);
  for (let at = 0; at < clips.length; at += batch) {
    const part = clips.slice(at, at + batch);
    part.forEach(({ path }, i) => {
      const clip = sequence(path);
      const view = centreView(clip.size, signal.size);
      tensor.fill(clip, evenPlan(signal.frames, 0, clip.count), view, input, i * tensor.length);
    });
    yield { input: input.subarray(0, part.length * tensor.length), clips: part };
  }
}

/** One seed out of three numbers (the finaliser of MurmurHash3 between them). */
function mix(...numbers: number[]): number {
  let h = 0x9e3779b9;
  for (const n of numbers) {
    h = Math.imul(h ^ n, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
  }
  return h >>> 0;
}
