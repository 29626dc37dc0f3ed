/**
 * The face finder of preparation: SSD on MobileNet v1. The fast detector's boxes differ from it in shape, so the two are not
 * mixed; a corpus is looked at once, and boxes stay in its folder.
 */
import { loadFaceNetworks } from '../../face/networks/index.js';
import type { FaceFinder } from './boxes.js';

/** A finder that holds networks until it is closed. */
export interface LoadedFinder extends FaceFinder {
  close(): Promise<void>;
}

/** Loads it. Throws ModelError where the weights' package is not installed. */
export async function loadFinder(): Promise<LoadedFinder> {
  const networks = await loadFaceNetworks({ detector: 'ssd' });
  return {
    name: 'face-api ssd, score above 0.5',
    async find(picture) {
      const found = await networks.detect(picture);
      return found.map(({ x, y, width, height, score }) => ({ x, y, width, height, score }));
    },
    close: () => networks.close(),
  };
}
