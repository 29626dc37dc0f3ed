/** Exp-Golomb codes, 9.1. */
import { bitPos, bitsAt, skip } from '../bits';
import { ERROR_GOLOMB, fail } from './state';

/** ue(v). No syntax element of slice data comes near 2^24: longer codes are damage. */
// @ts-ignore: decorator
@inline
export function ue(): u32 {
  const bits = bitsAt(bitPos);
  const zeros = <u32>clz(bits);
  if (zeros > 24) {
    fail(ERROR_GOLOMB);
    skip(24);
    return 0;
  }
  skip(2 * zeros + 1);
  return <u32>(bits >>> (63 - 2 * zeros)) - 1;
}

/** se(v), Table 9-3. */
// @ts-ignore: decorator
@inline
export function se(): i32 {
  const codeNum = <i32>ue();
  // 1, -1, 2, -2, …
  return codeNum & 1 ? (codeNum + 1) >> 1 : -(codeNum >> 1);
}
