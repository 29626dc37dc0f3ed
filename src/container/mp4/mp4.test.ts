/** MP4 files made box by box: 64-bit sizes and offsets, compact sample sizes, edit lists, descriptors. */
import { describe, expect, it } from 'vitest';
import { ascii, concat, SparseBlob, u32 } from '../../../test/support/sparse.js';
import { openContainer } from '../index.js';
import { parseEsds } from './sample-description.js';

const be = (...values: number[]) => u32(false, ...values);

function box(type: string, ...contents: Uint8Array[]): Uint8Array {
  const body = concat(...contents);
  return concat(be(8 + body.length), ascii(type), body);
}

const version0 = be(0);

interface Options {
  sizes?: Uint8Array;
  offsets?: Uint8Array;
  edits?: Uint8Array;
  stsdEntry?: string;
  handler?: string;
}

/** Three samples of 5, 6 and 7 bytes in one chunk, 10 ticks of 1/100 s apart. */
function moov(options: Options = {}): Uint8Array {
  const { handler = 'vide', stsdEntry = 's263' } = options;
  const entry = box(stsdEntry, new Uint8Array(24), Uint8Array.of(0, 64, 0, 48), new Uint8Array(50));
  const stbl = box(
    'stbl',
    box('stsd', version0, be(1), entry),
    box('stts', version0, be(1, 3, 10)),
    box('stsc', version0, be(1, 1, 3, 1)),
    options.sizes ?? box('stsz', version0, be(0, 3, 5, 6, 7)),
    options.offsets ?? box('stco', version0, be(1, 16)),
    box('stss', version0, be(1, 1)),
  );
  const mdia = box(
    'mdia',
    box('mdhd', version0, be(0, 0, 100, 30, 0)),
    box('hdlr', version0, be(0), ascii(handler), new Uint8Array(13)),
    box('minf', stbl),
  );
  const matrix = be(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
  const tkhd = box('tkhd', version0, be(0, 0, 1), new Uint8Array(24), matrix, be(0, 0));
  const edts = options.edits ? box('edts', box('elst', options.edits)) : new Uint8Array(0);
  return box('moov', box('mvhd', version0, be(0, 0, 1000, 300), new Uint8Array(80)), box('trak', tkhd, edts, mdia));
}

const samples = Uint8Array.from({ length: 18 }, (_, i) => i);
/** An empty box, the samples from byte 16 on, and the movie. */
function wellFormed(options: Options = {}): Uint8Array {
  return concat(box('free'), box('mdat', samples), moov(options));
}

async function read(source: Uint8Array | Blob) {
  const container = await openContainer(source);
  const table = await container.table();
  const data = [];
  for (const { index } of table) data.push(Array.from((await container.read(index)).data));
  container.close();
  return { data, times: table.map((p) => p.timestamp), keys: table.map((p) => p.key), damage: container.damage };
}

const expected = [samples.slice(0, 5), samples.slice(5, 11), samples.slice(11)].map((part) => Array.from(part));

describe('MP4 boxes', () => {
  it('a plain file', async () => {
    const { data, times, keys } = await read(wellFormed());
    expect(data).toEqual(expected);
    expect(times).toEqual([0, 0.1, 0.2]);
    expect(keys).toEqual([true, false, false]);
  });

  it('boxes that do not add up are an error with an offset', async () => {
    const gap = new Uint8Array(4); // read as a box's size: 0, to the end of the file
    await expect(openContainer(concat(box('free'), gap, samples, moov()))).rejects.toMatchObject({
      name: 'MalformedStreamError',
      offset: expect.any(Number),
    });
  });

  it.each([
    [4, Uint8Array.of(0x56, 0x70)],
    [8, Uint8Array.of(5, 6, 7)],
    [16, Uint8Array.of(0, 5, 0, 6, 0, 7)],
  ])('compact sample sizes of %i bits', async (bits, table) => {
    const { data } = await read(wellFormed({ sizes: box('stz2', version0, be(bits, 3), table) }));
    expect(data).toEqual(expected);
  });

  it('one size for all samples', async () => {
    const { data } = await read(wellFormed({ sizes: box('stsz', version0, be(6, 3)) }));
    expect(data).toEqual([0, 6, 12].map((at) => Array.from(samples.subarray(at, at + 6))));
  });

  it('edit list: an empty edit delays, a media time skips', async () => {
    const skip = await read(wellFormed({ edits: concat(version0, be(1, 300, 5, 0x10000)) }));
    expect(skip.times).toEqual([-0.05, 0.05, 0.15]);
    const delay = await read(wellFormed({ edits: concat(version0, be(2, 500, 0xffffffff, 0x10000, 300, 5, 0x10000)) }));
    expect(delay.times).toEqual([0.45, 0.55, 0.65]);
  });

  it('64-bit sizes and offsets: samples behind 4 GiB, of which only what is needed is read', async () => {
    const start = 5 * 2 ** 30;
    const ftyp = box('ftyp', ascii('isom'));
    const end = start + samples.length;
    const mdatSize = end - ftyp.length;
    const mdat = concat(be(1), ascii('mdat'), be(Math.floor(mdatSize / 2 ** 32), mdatSize % 2 ** 32));
    const offsets = box('co64', version0, be(1, Math.floor(start / 2 ** 32), start % 2 ** 32));
    const movie = moov({ offsets });
    const blob = new SparseBlob(end + movie.length, [
      { offset: 0, bytes: concat(ftyp, mdat) },
      { offset: start, bytes: samples },
      { offset: end, bytes: movie },
    ]);
    expect((await read(blob)).data).toEqual(expected);
    expect(blob.bytesRead).toBeLessThan(2 ** 20);
  });

  it('a last box of size 0 reaches to the end of the file', async () => {
    const movie = moov();
    movie.set(be(0));
    expect((await read(concat(box('free'), box('mdat', samples), movie))).data).toEqual(expected);
  });

  it('a uuid box in front is passed over', async () => {
    const uuid = box('uuid', new Uint8Array(16));
    const offsets = box('stco', version0, be(1, uuid.length + 8));
    expect((await read(concat(uuid, box('mdat', samples), moov({ offsets })))).data).toEqual(expected);
  });

  it('sound alone, and encrypted video, are errors that say so', async () => {
    await expect(openContainer(wellFormed({ handler: 'soun' }))).rejects.toThrow(/without a video track/);
    await expect(openContainer(wellFormed({ stsdEntry: 'encv' }))).rejects.toThrow(/encrypted/);
  });
});

describe('esds', () => {
  const descriptor = (tag: number, ...contents: Uint8Array[]) => {
    const body = concat(...contents);
    return concat(Uint8Array.of(tag, body.length), body);
  };
  const decoder = (config: Uint8Array) =>
    descriptor(4, Uint8Array.of(0x20, 0x11, 0, 0, 0), be(0, 0), descriptor(5, config));

  it('with optional fields of the ES descriptor', () => {
    const config = Uint8Array.of(1, 2, 3);
    const fields = Uint8Array.of(0, 1, 0xe0, 0, 9, 2, 0x61, 0x62, 0, 9);
    expect(parseEsds(concat(version0, descriptor(3, fields, decoder(config))))).toEqual({ codec: 'mpeg4', config });
  });

  it('with sizes of four bytes', () => {
    const config = Uint8Array.of(1, 2, 3);
    const wide = (tag: number, ...contents: Uint8Array[]) => {
      const body = concat(...contents);
      return concat(Uint8Array.of(tag, 0x80, 0x80, 0x80, body.length), body);
    };
    const inner = wide(4, Uint8Array.of(0x20, 0x11, 0, 0, 0), be(0, 0), wide(5, config));
    expect(parseEsds(concat(version0, wide(3, Uint8Array.of(0, 1, 0), inner)))).toEqual({ codec: 'mpeg4', config });
  });

  it('that reaches past its end is an error', () => {
    const bytes = concat(version0, descriptor(3, Uint8Array.of(0, 1, 0), decoder(Uint8Array.of(1, 2, 3))));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => parseEsds(bytes.subarray(0, length))).toThrow(/esds/);
    }
  });
});
