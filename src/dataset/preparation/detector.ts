/**
 * The face finder of preparation: boxes are those of `face/locate.ts`, as analysis finds them and as the other data that
 * models learn from has them. Whether a picture stands upright is asked of SSD on MobileNet v1: the fast detector tells it less well.
 */
import { locateFaces } from '../../face/locate.js';
import { loadFaceNetworks } from '../../face/networks/index.js';
import type { FaceFinder } from './boxes.js';

/** A finder that holds networks until it is closed. */
export interface LoadedFinder extends FaceFinder {
  close(): Promise<void>;
}

/** Loads it. Throws ModelError where the weights' package is not installed. */
export async function loadFinder(): Promise<LoadedFinder> {
  const networks = await loadFaceNetworks({ detector: 'tiny' });
  const accurate = await loadFaceNetworks({ detector: 'ssd' });
  return {
    name: 'located by face-api tiny and 68 points, thoroughly',
    async find(picture) {
      const faces = await locateFaces(networks, picture, { thorough: true });
      return faces.map(({ box }) => box);
    },
    async upright(picture) {
      const [best] = await accurate.detect(picture);
      return best?.score ?? 0;
    },
    async close() {
      await Promise.all([networks.close(), accurate.close()]);
    },
  };
}
