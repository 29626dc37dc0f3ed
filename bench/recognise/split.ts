/** Where vultus' time goes for a clip label: every stage run alone, and what is left of the whole. */
import { locateFaces } from '../../src/face/locate.js';
import { FrameCropper } from '../../src/residual/crop.js';
import { openVideo } from '../../src/video.js';
import { processorSeconds, spread } from './spread.js';
import { type Clip, secondsOf, type Tools } from './task.js';
import { tasks } from './tasks.js';

export interface Split {
  clip: string;
  /** Milliseconds of processor time per clip, medians. */
  demux: number;
  parse: number;
  /** Decoding I-pictures through WebCodecs. */
  keys: number;
  /** Finding the face on the first I-picture: no part of `whole`, for which the box is given. */
  face: number;
  network: number;
  /** Cutting out, summing and the rest: `whole` less demux, parse, keys and network. */
  rest: number;
  whole: number;
  /** Bytes of the pictures read (all P and I), and of what a decoder writes. */
  bytesRead: number;
  bytesDecoded: number;
}

export async function measureSplit(clip: Clip, tools: Tools, rounds: number): Promise<Split> {
  const stages = ['demux', 'parse', 'keys', 'face', 'network', 'whole'] as const;
  const times = Object.fromEntries(stages.map((stage) => [stage, [] as number[]])) as Record<
    (typeof stages)[number],
    number[]
  >;
  const [model, faces] = [await tools.model(), await tools.faces()];
  const { signal } = model.card;
  const cropper = new FrameCropper(signal);
  const input = new Float32Array(signal.frames * 3 * signal.size ** 2);
  const keySignal = model.keyframes?.signal;
  const cut = keySignal ? [new Float32Array(keySignal.frames * keySignal.size ** 2)] : [];
  let bytesRead = 0;
  for (let round = 0; round <= rounds; round++) {
    const stage = async (name: (typeof stages)[number], work: () => Promise<unknown>) => {
      const before = processorSeconds();
      await work();
      if (round > 0) times[name].push(1000 * (processorSeconds() - before));
    };
    const opened: Awaited<ReturnType<typeof openVideo>>[] = [];
    await stage('demux', async () => opened.push(await openVideo(clip.path)));
    const [video] = opened;
    bytesRead = 0;
    for (const { type, bytes } of await video!.index()) if (type !== 'B') bytesRead += bytes;
    await stage('parse', async () => {
      const request = { ...cropper.request(clip.box, clip.width, clip.height), partial: true };
      for await (const _ of video!.frames({ select: 'P', ...request }));
    });
    const keys: Parameters<typeof locateFaces>[1][] = [];
    await stage('keys', async () => {
      for await (const { picture } of video!.keyFrames()) if (picture) keys.push(picture);
    });
    await stage('face', () => locateFaces(faces, keys[0]!));
    await stage('network', () => model.predict(input, 1, cut));
    video!.close();
    await stage('whole', () => tasks[0]!.run(clip, 'label', tools));
  }
  const of = (name: (typeof stages)[number]) => spread(times[name]).median;
  const rest = of('whole') - of('demux') - of('parse') - of('keys') - of('network');
  return {
    clip: clip.name,
    ...{ demux: of('demux'), parse: of('parse'), keys: of('keys'), face: of('face'), network: of('network') },
    ...{ rest, whole: of('whole'), bytesRead },
    bytesDecoded: Math.round(1.5 * clip.width * clip.height * clip.rate * secondsOf(clip)),
  };
}
