/** Transport streams with what happens on the way: bytes lost, packets sent twice, clocks that start anew, scrambling. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeClip, motion } from '../../../test/support/clips.js';
import { concat } from '../../../test/support/sparse.js';
import { openContainer } from '../index.js';

const PACKET = 188;
let clip: Uint8Array;

beforeAll(() => {
  const encoder = ['-c:v', 'mpeg4', '-bf', '0', '-g', '12', '-q:v', '5', '-threads', '1'];
  clip = new Uint8Array(readFileSync(makeClip(motion.bars('176x144', 40), encoder, 'ts')));
});

async function read(bytes: Uint8Array) {
  const container = await openContainer(bytes);
  const table = await container.table();
  const data = [];
  for (const { index } of table) data.push(Buffer.from((await container.read(index)).data).toString('latin1'));
  return { data, times: table.map(({ timestamp }) => timestamp!), keys: table.map(({ key }) => key) };
}

const isVideo = (at: number) => (((clip[at + 1]! & 0x1f) << 8) | clip[at + 2]!) === 256;

function packets(): Uint8Array[] {
  return Array.from({ length: clip.length / PACKET }, (_, i) => clip.slice(i * PACKET, (i + 1) * PACKET));
}

describe('transport stream', () => {
  it('packets sent twice count once', async () => {
    const twice = packets().flatMap((packet, i) => (isVideo(i * PACKET) && i % 5 === 0 ? [packet, packet] : [packet]));
    expect(await read(concat(...twice))).toEqual(await read(clip));
  });

  it('bytes between packets are passed over', async () => {
    const all = packets();
    const rubbish = new Uint8Array(77).fill(0x11);
    const middle = all.length >> 1;
    expect(await read(concat(...all.slice(0, middle), rubbish, ...all.slice(middle)))).toEqual(await read(clip));
  });

  it('a clock that starts anew after 2^33 ticks goes on', async () => {
    const expected = await read(clip);
    // Set the clock to 20 frames before its end.
    const first = Math.round(expected.times[0]! * 90_000);
    const shift = 2 ** 33 - first - 20 * 3600;
    const shifted = packets().map((packet, i) => {
      const start = 4 + (packet[3]! & 0x20 ? 1 + packet[4]! : 0);
      if (!isVideo(i * PACKET) || !(packet[1]! & 0x40)) return packet;
      const at = start + 9;
      const pts =
        ((packet[at]! >> 1) & 7) * 2 ** 30 +
        packet[at + 1]! * 2 ** 22 +
        (packet[at + 2]! >> 1) * 2 ** 15 +
        packet[at + 3]! * 2 ** 7 +
        (packet[at + 4]! >> 1);
      const moved = (pts + shift) % 2 ** 33;
      packet[at] = (packet[at]! & 0xf1) | (Math.floor(moved / 2 ** 30) << 1);
      packet[at + 1] = Math.floor(moved / 2 ** 22) & 255;
      packet[at + 2] = ((Math.floor(moved / 2 ** 15) & 127) << 1) | 1;
      packet[at + 3] = Math.floor(moved / 2 ** 7) & 255;
      packet[at + 4] = ((moved & 127) << 1) | 1;
      return packet;
    });
    const { times } = await read(concat(...shifted));
    expect(times.length).toBe(40);
    for (const [i, time] of times.entries()) {
      expect(time - times[0]!).toBeCloseTo(expected.times[i]! - expected.times[0]!, 9);
    }
  });

  it('scrambled packets are damage that says so', async () => {
    const scrambled = packets().map((packet, i) => {
      if (isVideo(i * PACKET)) packet[3]! |= 0x80;
      return packet;
    });
    const container = await openContainer(concat(...scrambled));
    expect((await container.table()).length).toBe(0);
    expect(container.damage).toMatchObject({ name: 'UnsupportedStreamError' });
  });
});
