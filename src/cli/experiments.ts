/** What the commands that train have in common: progress on stderr, and where side inputs come from. */
import type { FeatureSource } from '../training/clip-features.js';
import type { TrainingConfig } from '../training/config.js';
import type { TrainEvents } from '../training/options.js';
import { notice, progress } from './output.js';

/** Events of a run as progress lines; `prefix` names the run. */
export function trainingEvents(prefix = ''): TrainEvents {
  return {
    notice: (text) => notice(prefix + text),
    work: (what, done, all) => progress(`${prefix}${what} clips ${bar(done / all)} ${done} of ${all}`),
    step: ({ epoch, epochs, step, steps, loss, remaining }) =>
      progress(
        `${prefix}epoch ${epoch} of ${epochs} ${bar(step / steps)} loss ${loss.toFixed(3)}  ${time(remaining)} left`,
      ),
    epoch: (e, epochs, remaining) => {
      const game = e.game
        ? `  bound ${e.game.bound.toFixed(2)}${e.game.gain === null ? '' : ` gain ${e.game.gain.toFixed(2)}`}`
        : '';
      notice(
        `${prefix}epoch ${String(e.epoch).padStart(String(epochs).length)} of ${epochs}  loss ${e.loss.toFixed(3)}  ` +
          `train ${percent(e.trainAccuracy)}  val WAR ${percent(e.validation.war)} UAR ${percent(e.validation.uar)}${game}  ` +
          `${Math.round(e.framesPerSecond)} frames/s  ${time(remaining)} left${e.best ? '  *' : ''}`,
      );
    },
  };
}

/** Sources of what the configs' losses read, and what frees them. */
export interface Sources {
  identity?: FeatureSource;
  apex?: FeatureSource;
  close(): Promise<void>;
}

/** The sources that any of these configs needs. */
export async function sourcesFor(configs: readonly TrainingConfig[], threads: number): Promise<Sources> {
  const { needsSideInputs } = await import('../training/side-inputs.js');
  if (!configs.some(needsSideInputs)) return { close: async () => undefined };
  const { faceIdentity } = await import('../training/face-identity.js');
  const identity = faceIdentity(threads);
  const close = () => identity.close();
  if (!configs.some(({ apex }) => apex)) return { identity, close };
  const { apexFaces } = await import('../training/apex-faces.js');
  return { identity, apex: apexFaces(), close };
}

/** 12.3% */
export const percent = (share: number) => `${(100 * share).toFixed(1)}%`;

/** A bar of 24 places, filled to this share. */
export function bar(share: number): string {
  const full = Math.round(24 * share);
  return '█'.repeat(full) + '░'.repeat(24 - full);
}

/** Seconds as m:ss or h:mm:ss. */
export function time(seconds: number): string {
  const s = Math.round(seconds);
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}
