/** Damage that chance seldom finds: a packet cut at every byte, and headers that ask for the impossible. */
import { beforeAll, describe, expect, it } from 'vitest';
import { MacroblockType } from '../../src/bitstream/frame.js';
import { createParser } from '../../src/bitstream/index.js';
import { LimitExceededError, MalformedStreamError } from '../../src/errors.js';
import { defaultLimits } from '../../src/limits.js';
import { volFields, withDeclaredSize } from '../support/m4v.js';
import { rawTrack } from '../support/streams.js';
import { type FuzzStream, mpeg4Corpus } from './corpus.js';
import { processorTime } from './mpeg4-case.js';

let corpus: FuzzStream[];
beforeAll(async () => {
  corpus = await mpeg4Corpus();
});
const stream = (name: string): FuzzStream => corpus.find((one) => one.name === name)!;

describe('a P-VOP cut at every byte', () => {
  it.each([
    'plain, as training video is made',
    'video packets',
    'data partitioning',
    'interlaced',
    'h263 in 3gp',
    'flv1 in flv',
  ])('%s: an error, or a frame that says what it lacks', (name) => {
    const { track, packets } = stream(name);
    const parser = createParser(track, defaultLimits);
    const packet = packets[1]!;
    const lostAt: number[] = [];
    for (let length = 0; length <= packet.length - 2; length++) {
      try {
        const frame = parser.parse(packet.subarray(0, length));
        expect(frame.damage, `${length} of ${packet.length} bytes`).toBeInstanceOf(MalformedStreamError);
        const lost = frame.macroblockType.filter((type) => type === MacroblockType.lost).length;
        expect(lost).toBeGreaterThan(0);
        lostAt.push(lost);
      } catch (error) {
        expect(error, `${length} of ${packet.length} bytes`).toBeInstanceOf(MalformedStreamError);
        expect(length, 'only a cut header makes an error').toBeLessThan(40);
      }
    }
    // The more there is, the more is read.
    expect(lostAt.at(-1)!).toBeLessThan(lostAt[0]!);
    expect(parser.parse(packet).damage).toBeUndefined();
  });
});

describe('headers that ask for the impossible', () => {
  /** Reads a P-VOP after VOL headers that declare the size; returns the frame, the time, and the memory that it took. */
  function declare(width: number, height: number) {
    const { track, packets } = stream('plain, as training video is made');
    const config = withDeclaredSize(track.config, width, height);
    const memory = process.memoryUsage();
    const start = process.cpuUsage();
    const frame = createParser(rawTrack(width, height, config), defaultLimits).parse(packets[1]!);
    const now = process.memoryUsage();
    return {
      frame,
      time: processorTime(start),
      bytes: now.external + now.heapUsed - memory.external - memory.heapUsed,
    };
  }

  it('more pixels than the limit', () => {
    const start = process.cpuUsage();
    expect(() => declare(8191, 8191)).toThrow(LimitExceededError);
    expect(() => declare(8191, 8191)).toThrow(/limit pixels/);
    expect(processorTime(start)).toBeLessThan(200);
  });

  it('as many as the limit allows, in a packet of a few bytes', () => {
    const { frame, time, bytes } = declare(8176, 4272);
    expect(frame.damage).toBeInstanceOf(MalformedStreamError);
    expect(frame.macroblockType.at(-1)).toBe(MacroblockType.lost);
    expect(time).toBeLessThan(3000);
    // Planes of 16 bits and what else is kept for each macroblock.
    expect(bytes).toBeLessThan(12 * 8176 * 4272);
  });

  it.each([
    [0, 144],
    [176, 0],
    [0, 0],
  ])('no size: %i x %i', (width, height) => {
    expect(() => declare(width, height)).toThrow(MalformedStreamError);
  });

  it('no ticks in a second', () => {
    const { track, packets } = stream('plain, as training video is made');
    const config = track.config.slice();
    const { resolution } = volFields(config)[0]!;
    for (let bit = resolution; bit < resolution + 16; bit++) config[bit >> 3]! &= ~(0x80 >> (bit & 7));
    const parse = () => createParser(rawTrack(176, 144, config), defaultLimits).parse(packets[1]!);
    expect(parse).toThrow(MalformedStreamError);
  });

  it('a packet beyond the limit', () => {
    const { track, packets } = stream('plain, as training video is made');
    const parser = createParser(track, { ...defaultLimits, packetBytes: 100 });
    const packet = packets.find(({ length }) => length > 100)!;
    expect(() => parser.parse(packet)).toThrow(LimitExceededError);
    expect(() => parser.headers(packet)).toThrow(LimitExceededError);
  });
});
