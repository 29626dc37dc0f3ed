/** A small data set that tests draw: two movements, six people in three folds, two takes each. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TrainingConfig, trainingConfigSchema } from '../../src/training/config.js';
import { lavfi, makeClip } from './clips.js';

/** Sideways is happiness, up and down is surprise. */
const paths = {
  happiness: (n: number) => `x='40+24*sin((n+${n})/3)':y='40'`,
  surprise: (n: number) => `x='40':y='40+24*sin((n+${n})/3)'`,
};

/** Writes the data set into `folder`: MPEG-4, 80x80, 16 and 20 frames, face boxes, apex frames. */
export function drawDataset(folder: string): void {
  mkdirSync(folder);
  const rows = ['clip,path,subject,emotion,condition,codec,fold,gender,apex_frame'];
  const faces = ['clip,frame,x,y,w,h'];
  for (let subject = 0; subject < 6; subject++) {
    for (const [emotion, path] of Object.entries(paths)) {
      for (let take = 0; take < 2; take++) {
        const name = `P${subject}-${emotion}-${take}`;
        const graph = `mandelbrot=s=160x160:r=25:start_scale=${0.5 + 0.2 * subject},crop=80:80:${path(5 * take + subject)}`;
        const clip = makeClip(
          lavfi(graph, 16 + 4 * take),
          ['-c:v', 'mpeg4', '-g', '12', '-bf', '0', '-q:v', '4'],
          'mp4',
        );
        copyFileSync(clip, join(folder, `${name}.mp4`));
        const fold = 1 + (subject >> 1);
        const condition = take ? 'long' : 'short';
        rows.push(
          `${name},${name}.mp4,P${subject},${emotion},${condition},mpeg4,${fold},${subject % 2 ? 'female' : 'male'},${take ? 7 : ''}`,
        );
        faces.push(`${name},0,4,4,72,72`, `${name},12,6,4,70,72`);
      }
    }
  }
  writeFileSync(join(folder, 'manifest.csv'), rows.join('\n'));
  writeFileSync(join(folder, 'faces.csv'), faces.join('\n'));
}

/** A config that learns the drawn data set in seconds. */
export const drawnConfig = (over: Record<string, unknown> = {}): TrainingConfig =>
  trainingConfigSchema.parse({
    name: 'drawn',
    signal: { kind: 'summed', size: 16, frames: 4, margin: 1, residualGain: 0.1, motionGain: 1, window: 12 },
    limit: 8,
    network: { channels: [4, 8], blocks: [1, 1], stemStride: 1, temporal: 'mean', embedding: 8, dropout: 0.1 },
    augmentation: { flip: true, shift: 1, stretch: 0.8, jitter: true, gain: 0.2 },
    batch: 4,
    epochs: 12,
    lr: 0.01,
    ...over,
  });
