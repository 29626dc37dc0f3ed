import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';
import { readNpy } from '../../test/support/npy.js';
import { npyHeader } from './npy.js';
import { NpzWriter } from './npz.js';
import { centralDirectory, localHeader, localHeaderSize } from './zip.js';

const folder = mkdtempSync(join(tmpdir(), 'vultus-npz-'));
afterAll(() => rmSync(folder, { recursive: true }));

const arrays = [
  { name: 'frame', dtype: 'int32', shape: [3] },
  { name: 'luma', dtype: 'int16', shape: [3, 2, 2] },
  { name: 'time', dtype: 'float64', shape: [3] },
  { name: 'cell', dtype: 'int32', shape: [] },
  { name: 'empty', dtype: 'uint8', shape: [3, 0] },
] as const;

async function write(path: string, compress: boolean): Promise<void> {
  const npz = await NpzWriter.create(path, arrays);
  await npz.write('luma', 2, Int16Array.of(9, 10, 11, 12)); // rows in any order
  await npz.write('luma', 0, Int16Array.of(-1, 2, -300, 4));
  await npz.write('frame', 0, Int32Array.of(5, 6, 70000));
  for (const [i, time] of [0, 0.04, 0.08].entries()) await npz.write('time', i, Float64Array.of(time));
  await npz.write('cell', 0, Int32Array.of(8));
  await npz.finish(compress);
}

const hasPython = spawnSync('python3', ['-c', 'import numpy']).status === 0;
if (!hasPython) console.warn('python3 with numpy is absent: np.load is not tried');

describe('NpzWriter', () => {
  for (const compress of [false, true]) {
    const path = join(folder, `${compress}.npz`);

    it(`round-trips ${compress ? 'deflated' : 'stored'}`, async () => {
      await write(path, compress);
      const found = unzipSync(readFileSync(path));
      expect(Object.keys(found)).toEqual(arrays.map(({ name }) => `${name}.npy`));
      expect(readNpy(found['frame.npy']!)).toEqual({ shape: [3], values: Int32Array.of(5, 6, 70000) });
      expect(readNpy(found['luma.npy']!)).toEqual({
        shape: [3, 2, 2],
        values: Int16Array.of(-1, 2, -300, 4, 0, 0, 0, 0, 9, 10, 11, 12),
      });
      expect(readNpy(found['time.npy']!)).toEqual({ shape: [3], values: Float64Array.of(0, 0.04, 0.08) });
      expect(readNpy(found['cell.npy']!)).toEqual({ shape: [], values: Int32Array.of(8) });
      expect(readNpy(found['empty.npy']!).shape).toEqual([3, 0]);
    });

    it.skipIf(!hasPython)(`numpy reads it ${compress ? 'deflated' : 'stored'} (needs python3 with numpy)`, async () => {
      await write(path, compress);
      const script = `
import numpy, sys, zipfile
assert zipfile.ZipFile(sys.argv[1]).testzip() is None
a = numpy.load(sys.argv[1])
assert sorted(a.files) == ['cell', 'empty', 'frame', 'luma', 'time'], a.files
assert a['frame'].dtype == numpy.int32 and a['frame'].tolist() == [5, 6, 70000]
assert a['luma'].dtype == numpy.int16 and a['luma'][0, 1, 0] == -300 and a['luma'][2].sum() == 42
assert a['time'].dtype == numpy.float64 and a['cell'] == 8 and a['cell'].shape == ()
print('ok')`;
      const result = spawnSync('python3', ['-c', script, path]);
      expect(result.stderr.toString()).toBe('');
      expect(result.stdout.toString()).toBe('ok\n');
    });
  }

  it('leaves nothing when it is discarded, and keeps what was there before', async () => {
    const path = join(folder, 'kept.npz');
    await write(path, false);
    const before = readFileSync(path);
    const npz = await NpzWriter.create(path, arrays);
    await npz.write('frame', 0, Int32Array.of(1));
    await npz.discard();
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('refuses rows that do not fit', async () => {
    const npz = await NpzWriter.create(join(folder, 'x.npz'), arrays);
    await expect(npz.write('luma', 3, new Int16Array(4))).rejects.toThrow(RangeError);
    await expect(npz.write('luma', 0, new Int16Array(3))).rejects.toThrow(RangeError);
    await expect(npz.write('luma', 0, new Uint8Array(8))).rejects.toThrow(TypeError);
    await expect(npz.write('other', 0, new Uint8Array(8))).rejects.toThrow(RangeError);
    await npz.discard();
  });
});

describe('headers', () => {
  it('aligns .npy values to 64 bytes', () => {
    for (const shape of [[], [1], [123456, 1080, 1920], [1, 2, 3, 4]]) {
      const header = npyHeader('int16', shape);
      expect(header.length % 64).toBe(0);
      expect(header.at(-1)).toBe(10);
    }
  });

  it('uses 64-bit fields beyond 4 GiB and only there', () => {
    const size = 5 * 2 ** 30;
    const large = { name: 'luma.npy', method: 0, crc: 1, compressedSize: size, size, offset: 0 } as const;
    const small = { name: 'a.npy', method: 0, crc: 1, compressedSize: 9, size: 9, offset: size + 100 } as const;
    const local = localHeader(large);
    expect(local.length).toBe(localHeaderSize(large.name, size));
    const view = new DataView(local.buffer);
    expect(view.getUint32(18, true)).toBe(0xffffffff);
    expect(view.getBigUint64(30 + 8 + 4, true)).toBe(BigInt(size));
    expect(localHeader(small).length).toBe(35);
    const directory = new DataView(centralDirectory([large, small], 2 * size).buffer);
    // Second record: its offset needs 64 bits although its size does not.
    const second = 46 + 8 + 28;
    expect(directory.getUint32(second + 42, true)).toBe(0xffffffff);
    expect(directory.getBigUint64(second + 46 + 5 + 4 + 16, true)).toBe(BigInt(size + 100));
    expect(directory.getUint32(second + 46 + 5 + 28, true)).toBe(0x06064b50);
  });
});
