/** AVI files made byte by byte: OpenDML with several RIFFs, indexes that are wrong or missing, lists in lists. */
import { describe, expect, it } from 'vitest';
import { ascii, concat, SparseBlob, u32 } from '../../../test/support/sparse.js';
import { openContainer, type VideoSource } from '../index.js';

const le = (...values: number[]) => u32(true, ...values);

function chunk(id: string, ...contents: Uint8Array[]): Uint8Array {
  const body = concat(...contents);
  return concat(ascii(id), le(body.length), body, new Uint8Array(body.length & 1));
}

function list(id: 'LIST' | 'RIFF', type: string, ...contents: Uint8Array[]): Uint8Array {
  return chunk(id, ascii(type), ...contents);
}

/** A packet that looks like an MPEG-4 VOP: type I or P, then its number, over and over. */
function vop(number: number, key: boolean, size: number): Uint8Array {
  const packet = new Uint8Array(size).fill(number + 2);
  packet.set([0, 0, 1, 0xb6, key ? 0x10 : 0x50]);
  return packet;
}

function strl(indx: Uint8Array | undefined, type = 'vids'): Uint8Array {
  const strh = chunk('strh', ascii(type), ascii('xvid'), le(0, 0, 0, 1001, 30000, 0, 6, 0, 0, 0));
  const bitmapInfo = [le(40, 64, 48), Uint8Array.of(1, 0, 24, 0), ascii('XVID'), le(0, 0, 0, 0, 0)];
  const strf = chunk('strf', ...bitmapInfo, Uint8Array.of(7, 8, 9));
  return list('LIST', 'strl', strh, strf, indx ?? new Uint8Array(0));
}

function hdrl(...streams: Uint8Array[]): Uint8Array {
  return list('LIST', 'hdrl', chunk('avih', new Uint8Array(56)), ...streams);
}

const packets = [0, 1, 2, 3, 4, 5].map((i) => vop(i, i % 3 === 0, 11 + i));

async function read(source: VideoSource) {
  const container = await openContainer(source);
  const table = await container.table();
  const data = [];
  for (const { index } of table) data.push(Array.from((await container.read(index)).data));
  container.close();
  return { track: container.track, keys: table.map(({ key }) => key), data, damage: container.damage };
}

async function expectAllPackets(source: VideoSource, expected: readonly Uint8Array[] = packets) {
  const found = await read(source);
  expect(found.data).toEqual(expected.map((packet) => Array.from(packet)));
  return found;
}

describe('AVI headers', () => {
  it('frame rate, size, codec and what follows the BITMAPINFOHEADER', async () => {
    const movi = list('LIST', 'movi', ...packets.map((packet) => chunk('00dc', packet)));
    const { track } = await expectAllPackets(list('RIFF', 'AVI ', hdrl(strl(undefined)), movi));
    expect(track).toEqual({
      container: 'avi',
      codec: 'mpeg4',
      width: 64,
      height: 48,
      rotation: 0,
      config: Uint8Array.of(7, 8, 9),
      frameRate: 30000 / 1001,
    });
  });

  it('the second stream, when the first is sound', async () => {
    const sound = chunk('00wb', new Uint8Array(30));
    const movi = list('LIST', 'movi', ...packets.flatMap((packet) => [sound, chunk('01dc', packet)]));
    await expectAllPackets(list('RIFF', 'AVI ', hdrl(strl(undefined, 'auds'), strl(undefined)), movi));
  });

  it('sound alone is an error that says so', async () => {
    const file = list('RIFF', 'AVI ', hdrl(strl(undefined, 'auds')), list('LIST', 'movi'));
    await expect(openContainer(file)).rejects.toThrow(/without a video track/);
  });
});

describe('AVI without an index', () => {
  it('is walked, through rec lists, past palettes and filler; key frames come from the bitstream', async () => {
    const movi = list(
      'LIST',
      'movi',
      chunk('00dc', packets[0]!),
      chunk('00pc', new Uint8Array(5)),
      list('LIST', 'rec ', chunk('01wb', new Uint8Array(7)), chunk('00dc', packets[1]!), chunk('00db', packets[2]!)),
      chunk('JUNK', new Uint8Array(33)),
      chunk('00dc', packets[3]!),
      chunk('ix00', new Uint8Array(24)),
      chunk('00dc', packets[4]!),
      chunk('00dc', packets[5]!),
    );
    const { keys } = await expectAllPackets(list('RIFF', 'AVI ', hdrl(strl(undefined)), movi));
    expect(keys).toEqual([true, false, false, true, false, false]);
  });

  it('keeps empty chunks: dropped frames', async () => {
    const empty = new Uint8Array(0);
    const order = [packets[0]!, empty, packets[1]!, empty];
    const movi = list('LIST', 'movi', ...order.map((packet) => chunk('00dc', packet)));
    await expectAllPackets(list('RIFF', 'AVI ', hdrl(strl(undefined)), movi), order);
  });

  it('what lies behind rubbish is lost, and said to be', async () => {
    const rubbish = new Uint8Array(64).fill(0x91);
    const movi = list('LIST', 'movi', chunk('00dc', packets[0]!), rubbish, chunk('00dc', packets[1]!));
    const { damage } = await expectAllPackets(list('RIFF', 'AVI ', hdrl(strl(undefined)), movi), [packets[0]!]);
    expect(damage).toMatchObject({ name: 'MalformedStreamError', offset: expect.any(Number) });
  });
});

describe('idx1', () => {
  const movi = list('LIST', 'movi', ...packets.map((packet) => chunk('00dc', packet)));
  const entries = (base: number, wrong = 0) => {
    let offset = 4 + base;
    return packets.map((packet, i) => {
      const entry = concat(ascii('00dc'), le(i === 4 ? 0x10 : 0, offset + (i >= 3 ? wrong : 0), packet.length));
      offset += 8 + packet.length + (packet.length & 1);
      return entry;
    });
  };
  const headers = hdrl(strl(undefined));
  // The flags differ from the bitstream here, so that it shows where they come from.
  const fromIndex = [false, false, false, false, true, false];
  const fromBitstream = [true, false, false, true, false, false];

  it('with offsets from the list', async () => {
    const { keys } = await expectAllPackets(list('RIFF', 'AVI ', headers, movi, chunk('idx1', ...entries(0))));
    expect(keys).toEqual(fromIndex);
  });

  it('with offsets from the start of the file', async () => {
    const moviAt = 12 + headers.length + 8;
    const { keys } = await expectAllPackets(list('RIFF', 'AVI ', headers, movi, chunk('idx1', ...entries(moviAt))));
    expect(keys).toEqual(fromIndex);
  });

  it('that is wrong from the middle on is not believed', async () => {
    const { keys } = await expectAllPackets(list('RIFF', 'AVI ', headers, movi, chunk('idx1', ...entries(0, 2))));
    expect(keys).toEqual(fromBitstream);
  });
});

/** A standard index over packets at absolute offsets of their contents. */
function standardIndex(places: readonly { at: number; size: number; key: boolean }[]): Uint8Array {
  const base = places[0]!.at - 8;
  const entries = places.map(({ at, size, key }) => le(at - base, key ? size : size + 0x80000000));
  const qwBaseOffset = le(base % 2 ** 32, Math.floor(base / 2 ** 32));
  return chunk('ix00', Uint8Array.of(2, 0, 0, 1), le(places.length), ascii('00dc'), qwBaseOffset, le(0), ...entries);
}

function superIndex(indexes: readonly { at: number; size: number; count: number }[], room = 4): Uint8Array {
  const entries = indexes.map(({ at, size, count }) => le(at % 2 ** 32, Math.floor(at / 2 ** 32), size, count));
  const rest = new Uint8Array(16 * (room - indexes.length));
  return chunk('indx', Uint8Array.of(4, 0, 0, 0), le(indexes.length), ascii('00dc'), le(0, 0, 0), ...entries, rest);
}

/** Three RIFFs of two packets and a standard index each, at given offsets. */
function openDml(starts: readonly [number, number] | undefined, indexed = true) {
  const build = (indexes: Parameters<typeof superIndex>[0], offsets: readonly number[]) => {
    const found: { at: number; size: number; count: number }[] = [];
    const riffs = [0, 1, 2].map((r) => {
      const head = r === 0 ? hdrl(strl(superIndex(indexed ? indexes : []))) : new Uint8Array(0);
      let at = offsets[r]! + 12 + head.length + 12;
      const mine = [packets[2 * r]!, packets[2 * r + 1]!];
      const places = mine.map((packet, i) => {
        const place = { at: at + 8, size: packet.length, key: r === 1 && i === 1 };
        at += 8 + packet.length + (packet.length & 1);
        return place;
      });
      const index = standardIndex(places);
      found.push({ at, size: index.length, count: 2 });
      return list(
        'RIFF',
        r === 0 ? 'AVI ' : 'AVIX',
        head,
        list('LIST', 'movi', ...mine.map((p) => chunk('00dc', p)), index),
      );
    });
    return { riffs, found };
  };
  const length = (r: number) => build([], [0, 0, 0]).riffs[r]!.length;
  const offsets = starts ? [0, ...starts] : [0, length(0), length(0) + length(1)];
  const { riffs } = build(build([], offsets).found, offsets);
  return riffs.map((bytes, r) => ({ offset: offsets[r]!, bytes }));
}

describe('OpenDML', () => {
  it('super index over several RIFFs', async () => {
    const { keys } = await expectAllPackets(concat(...openDml(undefined).map(({ bytes }) => bytes)));
    expect(keys).toEqual([false, false, false, true, false, false]); // as the index says, not the bitstream
  });

  it('several RIFFs without an index are walked', async () => {
    const { keys } = await expectAllPackets(concat(...openDml(undefined, false).map(({ bytes }) => bytes)));
    expect(keys).toEqual([true, false, false, true, false, false]);
  });

  it('one standard index in the headers', async () => {
    const movi = list('LIST', 'movi', ...packets.map((packet) => chunk('00dc', packet)));
    const make = (at: number) => {
      const places = packets.map((packet, i) => {
        const before = packets.slice(0, i).reduce((sum, p) => sum + 8 + p.length + (p.length & 1), 0);
        return { at: at + before + 8, size: packet.length, key: i === 1 };
      });
      const indx = standardIndex(places);
      indx.set(ascii('indx'));
      return list('RIFF', 'AVI ', hdrl(strl(indx)), movi);
    };
    const { keys } = await expectAllPackets(make(make(8).length - movi.length + 12));
    expect(keys).toEqual([false, true, false, false, false, false]);
  });

  it('packets behind 4 GiB, of which only what is needed is read', async () => {
    // The first RIFF's size cannot say where the next begins: the super index can.
    const stretches = openDml([6 * 2 ** 30, 9 * 2 ** 30]);
    const file = new SparseBlob(9 * 2 ** 30 + stretches[2]!.bytes.length, stretches);
    await expectAllPackets(file);
    expect(file.bytesRead).toBeLessThan(2 ** 20);
  });
});
