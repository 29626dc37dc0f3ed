/** Placeholder: replaced below. */
import { inverseSimple } from './simple';
export function inverseXvid(block: usize): void {
  inverseSimple(block);
}
