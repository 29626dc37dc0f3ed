/** The header of numpy's .npy format, version 1.0 (numpy.lib.format). */

/** Kinds of numbers an array may hold, by numpy's names. */
export type DType = 'uint8' | 'int16' | 'int32' | 'float64';

export const itemSize: Readonly<Record<DType, number>> = { uint8: 1, int16: 2, int32: 4, float64: 8 };

const codes: Record<DType, string> = { uint8: 'u1', int16: 'i2', int32: 'i4', float64: 'f8' };
// Values are written as this machine holds them; numpy turns them if need be.
const order = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? '<' : '>';

/** Everything before the values of an array in C order; its length is a multiple of 64. */
export function npyHeader(dtype: DType, shape: readonly number[]): Uint8Array {
  const descr = `${itemSize[dtype] === 1 ? '|' : order}${codes[dtype]}`;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((10 + dict.length + 1) / 64) * 64;
  const text = `${dict.padEnd(length - 11)}\n`;
  const header = new Uint8Array(length);
  header.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, (length - 10) & 255, (length - 10) >> 8]); // \x93NUMPY 1.0
  for (let i = 0; i < text.length; i++) header[10 + i] = text.charCodeAt(i);
  return header;
}
