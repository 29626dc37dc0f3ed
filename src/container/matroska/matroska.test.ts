/** Matroska made element by element: laces, stripped headers, VFW tracks, clusters of unknown size. */
import { describe, expect, it } from 'vitest';
import { ascii, concat, u32 } from '../../../test/support/sparse.js';
import { openContainer } from '../index.js';
import { Id } from './track.js';

function idBytes(id: number): Uint8Array {
  const bytes = u32(false, id);
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0));
}

const unknownSize = Uint8Array.of(0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);

function element(id: number, ...contents: Uint8Array[]): Uint8Array {
  const body = concat(...contents);
  return concat(idBytes(id), Uint8Array.of(0x10 | (body.length >> 24)), u32(false, body.length).subarray(1), body);
}

const number = (id: number, value: number) => element(id, Uint8Array.of(value >> 8, value & 255));
const text = (id: number, value: string) => element(id, ascii(value));

interface Options {
  codec?: string;
  codecPrivate?: Uint8Array;
  type?: number;
  extra?: Uint8Array;
}

function headers({ codec = 'V_MPEG4/ISO/ASP', codecPrivate, type = 1, extra }: Options = {}): Uint8Array {
  const none = new Uint8Array(0);
  return concat(
    element(Id.Info, element(Id.TimestampScale, Uint8Array.of(0x0f, 0x42, 0x40))),
    element(
      Id.Tracks,
      element(Id.TrackEntry, number(Id.TrackNumber, 1), number(Id.TrackType, 2), text(Id.CodecID, 'A_VORBIS')),
      element(
        Id.TrackEntry,
        number(Id.TrackNumber, 2),
        number(Id.TrackType, type),
        text(Id.CodecID, codec),
        codecPrivate ? element(Id.CodecPrivate, codecPrivate) : none,
        element(Id.Video, number(Id.PixelWidth, 320), number(Id.PixelHeight, 240)),
        extra ?? none,
      ),
    ),
  );
}

/** A block of track 2: relative time, flags, contents. */
const block = (time: number, flags: number, ...contents: Uint8Array[]) =>
  concat(Uint8Array.of(0x82, time >> 8, time & 255, flags), ...contents);

const ebml = element(Id.EBML, text(Id.DocType, 'matroska'));
const file = (...contents: Uint8Array[]) => concat(ebml, element(Id.Segment, ...contents));

async function read(bytes: Uint8Array) {
  const container = await openContainer(bytes);
  const packets = [];
  for (const { index, timestamp, key } of await container.table()) {
    packets.push({ timestamp, key, data: Array.from((await container.read(index)).data) });
  }
  return { track: container.track, packets, damage: container.damage };
}

describe('Matroska blocks', () => {
  const audio = element(Id.SimpleBlock, Uint8Array.of(0x81, 0, 0, 0x80, 1, 2, 3));

  it('simple blocks and block groups of the video track', async () => {
    const group = (time: number, ...rest: Uint8Array[]) =>
      element(Id.BlockGroup, element(Id.Block, block(time, 0, Uint8Array.of(time))), ...rest);
    const { packets, track } = await read(
      file(
        headers(),
        element(
          Id.Cluster,
          number(Id.Timestamp, 100),
          audio,
          element(Id.SimpleBlock, block(0, 0x80, Uint8Array.of(9))),
        ),
        element(Id.Cluster, number(Id.Timestamp, 200), group(40), group(20, number(Id.ReferenceBlock, 20))),
      ),
    );
    expect(track).toMatchObject({ container: 'mkv', codec: 'mpeg4', width: 320, height: 240 });
    expect(packets).toEqual([
      { timestamp: 0.1, key: true, data: [9] },
      { timestamp: 0.24, key: true, data: [40] },
      { timestamp: 0.22, key: false, data: [20] },
    ]);
  });

  it.each([
    ['Xiph', 0x82, [2, 1, 2]],
    ['EBML', 0x86, [2, 0x81, 0xc0]],
  ])('%s lacing', async (_, flags, sizes) => {
    const laced = block(0, flags, Uint8Array.from(sizes), Uint8Array.of(1, 2, 3, 4, 5, 6));
    const { packets } = await read(file(headers(), element(Id.Cluster, element(Id.SimpleBlock, laced))));
    const expected = flags === 0x82 ? [[1], [2, 3], [4, 5, 6]] : [[1], [2, 3], [4, 5, 6]];
    expect(packets.map(({ data }) => data)).toEqual(expected);
  });

  it('fixed-size lacing', async () => {
    const laced = block(0, 0x84, Uint8Array.of(2), Uint8Array.of(1, 2, 3, 4, 5, 6));
    const { packets } = await read(file(headers(), element(Id.Cluster, element(Id.SimpleBlock, laced))));
    expect(packets.map(({ data }) => data)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
  });

  it('a lace that does not fit ends the table', async () => {
    const good = element(Id.SimpleBlock, block(0, 0x80, Uint8Array.of(1)));
    const bad = element(Id.SimpleBlock, block(0, 0x82, Uint8Array.of(2, 200, 200, 1)));
    const { packets, damage } = await read(file(headers(), element(Id.Cluster, good, bad, good)));
    expect(packets.length).toBe(1);
    expect(damage).toMatchObject({ name: 'MalformedStreamError', offset: expect.any(Number) });
  });

  it('segment and clusters of unknown size', async () => {
    const cluster = (time: number) =>
      concat(
        idBytes(Id.Cluster),
        unknownSize,
        number(Id.Timestamp, time),
        element(Id.SimpleBlock, block(0, 0x80, Uint8Array.of(time))),
      );
    const { packets, damage } = await read(
      concat(ebml, idBytes(Id.Segment), unknownSize, headers(), cluster(0), cluster(40), element(Id.Cues), cluster(80)),
    );
    expect(packets.map(({ timestamp }) => timestamp)).toEqual([0, 0.04, 0.08]);
    expect(damage).toBeUndefined();
  });
});

describe('Matroska tracks', () => {
  const encoding = (...contents: Uint8Array[]) =>
    element(Id.ContentEncodings, element(Id.ContentEncoding, ...contents));
  const cluster = element(Id.Cluster, element(Id.SimpleBlock, block(0, 0x80, Uint8Array.of(7, 8))));

  it('stripped headers are put back', async () => {
    const stripping = element(
      Id.ContentCompression,
      number(Id.ContentCompAlgo, 3),
      element(Id.ContentCompSettings, Uint8Array.of(0, 0, 1)),
    );
    const { packets } = await read(file(headers({ extra: encoding(stripping) }), cluster));
    expect(packets[0]!.data).toEqual([0, 0, 1, 7, 8]);
  });

  it('compressed and encrypted tracks are errors that say so', async () => {
    const zlib = element(Id.ContentCompression, number(Id.ContentCompAlgo, 0));
    await expect(openContainer(file(headers({ extra: encoding(zlib) }), cluster))).rejects.toThrow(
      /compressed packets/,
    );
    const encrypted = encoding(element(Id.ContentEncryption));
    await expect(openContainer(file(headers({ extra: encrypted }), cluster))).rejects.toThrow(/encrypted/);
  });

  it('V_MS/VFW/FOURCC: codec and configuration from the BITMAPINFOHEADER', async () => {
    const bitmapInfo = new Uint8Array(43);
    bitmapInfo.set(ascii('DX50'), 16);
    bitmapInfo.set([4, 5, 6], 40);
    const { track } = await read(file(headers({ codec: 'V_MS/VFW/FOURCC', codecPrivate: bitmapInfo }), cluster));
    expect(track.codec).toBe('mpeg4');
    expect(Array.from(track.config)).toEqual([4, 5, 6]);
  });

  it('rotation from the projection', async () => {
    const roll = new Uint8Array(4);
    new DataView(roll.buffer).setFloat32(0, -90);
    const projection = element(Id.Projection, element(Id.ProjectionPoseRoll, roll));
    const { track } = await read(file(headers({ extra: element(Id.Video, projection) }), cluster));
    expect(track.rotation).toBe(90);
  });

  it('no video track is an error that says so', async () => {
    await expect(openContainer(file(headers({ type: 17 }), cluster))).rejects.toThrow(/without a video track/);
  });
});
