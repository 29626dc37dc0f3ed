/** No regulariser: cross-entropy alone. Every other kind is to be compared with this one. */
import type { Regulariser } from './regulariser.js';

export function none(): Regulariser {
  return { inner: undefined, penalty: undefined };
}
