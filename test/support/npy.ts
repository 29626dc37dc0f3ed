/** A reader of .npy files that knows nothing of the writer: numpy.lib.format, version 1.0, little-endian. */

export interface NpyArray {
  shape: number[];
  values: Uint8Array | Int16Array | Int32Array | Float64Array;
}

export function readNpy(bytes: Uint8Array): NpyArray {
  const latin = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
  if (latin(0, 8) !== '\x93NUMPY\x01\x00') throw new Error('not a .npy file');
  const start = 10 + bytes[8]! + 256 * bytes[9]!;
  const match = /^\{'descr': '(\S+)', 'fortran_order': False, 'shape': \(([\d, ]*)\), \} *\n$/.exec(latin(10, start));
  if (!match) throw new Error(`unreadable header ${latin(10, start)}`);
  const shape = match[2]!
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  const data = bytes.slice(start).buffer;
  const types = { '|u1': Uint8Array, '<i2': Int16Array, '<i4': Int32Array, '<f8': Float64Array };
  const type = types[match[1] as keyof typeof types];
  const values = new type(data);
  const count = shape.reduce((product, n) => product * n, 1);
  if (values.length !== count) throw new Error(`${values.length} values for shape (${shape.join(', ')})`);
  return { shape, values };
}
