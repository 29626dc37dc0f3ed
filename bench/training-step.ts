/**
 * Speed of training and of inference: images (frames) per second of the expression network on random clips.
 *
 *   npx tsx bench/training-step.ts [--threads 1,2] [--batch 16] [--frames 8] [--size 64] [--planes 3] [--blocks 1,1,1,1]
 *     [--channels 16,32,64,128] [--stem 2] [--steps 12] [--profile PREFIX]
 *
 * Each figure is the median over the steps. On a machine that others use too, compare the processor's time. With --profile,
 * onnxruntime writes a trace of the training steps to PREFIX-<threads>_<date>.json.
 */
import { parseArgs } from 'node:util';
import { createTrainer } from '../src/training/loop.js';
import { Random } from '../src/training/random.js';

const { values: given } = parseArgs({
  options: {
    threads: { type: 'string', default: '1,2' },
    batch: { type: 'string', default: '16' },
    frames: { type: 'string', default: '8' },
    size: { type: 'string', default: '64' },
    planes: { type: 'string', default: '3' },
    channels: { type: 'string', default: '16,32,64,128' },
    blocks: { type: 'string', default: '1,1,1,1' },
    stem: { type: 'string', default: '2' },
    steps: { type: 'string', default: '12' },
    profile: { type: 'string' },
  },
});
const numbers = (text: string) => text.split(',').map(Number);
const [batch, frames, size, planes, steps] = [given.batch, given.frames, given.size, given.planes, given.steps].map(
  Number,
);
const kind = planes === 1 ? 'residual' : planes === 2 ? 'motion' : 'residual+motion';

const random = new Random(1);
const clips = Float32Array.from({ length: batch! * frames! * planes! * size! * size! }, () => random.normal());
const labels = Int32Array.from({ length: batch! }, () => random.int(7));

for (const threads of numbers(given.threads)) {
  const trainer = await createTrainer({
    network: {
      channels: numbers(given.channels),
      blocks: numbers(given.blocks),
      stemStride: Number(given.stem) as 1 | 2 | 4,
      temporal: 'conv',
      embedding: 128,
      dropout: 0.2,
    },
    signal: { kind, size: size!, frames: frames!, margin: 1.2, residualGain: 1, motionGain: 1, window: 12 },
    classes: 7,
    batch: batch!,
    stepsPerEpoch: 88,
    hyper: { epochs: 16, lr: 1e-3, weightDecay: 0.05, warmup: 1, clip: 5, labelSmoothing: 0.1 },
    seed: 1,
    threads,
    ...(given.profile === undefined ? {} : { profile: `${given.profile}-${threads}` }),
  });
  const median = async (work: () => Promise<unknown>, warm: number) => {
    const times: { wall: number; cpu: number }[] = [];
    for (let i = 0; i < steps! + warm; i++) {
      const [start, before] = [performance.now(), process.cpuUsage()];
      await work();
      const { user, system } = process.cpuUsage(before);
      if (i >= warm) times.push({ wall: performance.now() - start, cpu: (user + system) / 1000 });
    }
    const middle = (key: 'wall' | 'cpu') => times.map((time) => time[key]).sort((a, b) => a - b)[times.length >> 1]!;
    return { wall: middle('wall'), cpu: middle('cpu') };
  };
  const step = await median(() => trainer.step(clips, labels), 2);
  const predict = await median(() => trainer.predict(clips, batch!), 2);
  const figures = ({ wall, cpu }: { wall: number; cpu: number }) =>
    `${wall.toFixed(1)} ms (processor ${cpu.toFixed(1)} ms), ${Math.round((1000 * batch! * frames!) / wall)} img/s`;
  const memory = Math.round(process.memoryUsage().rss / 2 ** 20);
  console.log(`${threads} thread(s): training ${figures(step)}; inference ${figures(predict)}; rss ${memory} MB`);
  await trainer.close();
}
