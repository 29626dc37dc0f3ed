/** The face finder of preparation: the fast detector and, where it sees nobody, the accurate one. */
import { loadFaceNetworks } from '../../face/networks/index.js';
import type { FaceFinder } from './boxes.js';

/** A finder that holds networks until it is closed. */
export interface LoadedFinder extends FaceFinder {
  close(): Promise<void>;
}

/** Loads it. Throws ModelError where the weights' package is not installed. */
export async function loadFinder(): Promise<LoadedFinder> {
  const fast = await loadFaceNetworks({ detector: 'tiny' });
  const accurate = await loadFaceNetworks({ detector: 'ssd' });
  return {
    name: 'face-api tiny at 416, else ssd; score above 0.5',
    async find(picture) {
      const found = await fast.detect(picture);
      const detections = found.length > 0 ? found : await accurate.detect(picture);
      return detections.map(({ x, y, width, height }) => ({ x, y, width, height }));
    },
    async close() {
      await Promise.all([fast.close(), accurate.close()]);
    },
  };
}
