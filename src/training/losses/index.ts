/** The identity regularisers by name. */
import { gradientReversal } from './gradient-reversal.js';
import { hsic } from './hsic.js';
import { l1out } from './l1out.js';
import { mine } from './mine.js';
import { none } from './none.js';
import type { Regulariser, RegulariserConfig } from './regulariser.js';
import { vclub } from './vclub.js';

export { type Penalty, type Regulariser, type RegulariserConfig, regulariserSchema } from './regulariser.js';

const kinds: Record<RegulariserConfig['kind'], (config: RegulariserConfig) => Regulariser> = {
  none,
  vclub,
  l1out,
  mine,
  hsic,
  'gradient-reversal': gradientReversal,
};

/** The regulariser that a config names. */
export function createRegulariser(config: RegulariserConfig): Regulariser {
  return kinds[config.kind](config);
}
