/** Whether a score would be one of people that the model knows. */
import type { Dataset } from '../dataset/dataset.js';
import type { ModelCard } from '../network/card.js';

/** Whether a model learnt from these people, be it from another encoding of their clips; folds then tell from whom. */
export function learntFrom(
  { data }: Pick<ModelCard, 'data'>,
  { hash, origin }: Pick<Dataset, 'hash' | 'origin'>,
): boolean {
  return [hash, origin?.hash].some((one) => one !== undefined && (one === data.sha256 || one === data.origin?.sha256));
}
