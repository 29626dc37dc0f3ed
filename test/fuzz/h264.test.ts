/** A few hundred cases of the fuzzer with every run of the tests; `npx tsx test/fuzz/h264.ts` runs as many as you like. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { H264Parser } from '../../src/bitstream/h264/parser.js';
import { LimitExceededError } from '../../src/errors.js';
import { defaultLimits } from '../../src/limits.js';
import { h264Track } from '../support/h264.js';
import { makeSubjects, runCase, type Subject } from './h264-case.js';

describe('damaged H.264 packets give a typed error or a flagged frame', () => {
  let subjects: Subject[];
  beforeAll(() => {
    subjects = makeSubjects();
  });

  it('the same 300 cases every time', async () => {
    const outcomes: Record<string, number> = {};
    for (let seed = 1_000_000; seed < 1_000_300; seed++) {
      const outcome = await runCase(seed, subjects);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    // The generator must reach the macroblocks, not only break headers.
    expect(outcomes['damaged frame'] ?? 0).toBeGreaterThan(50);
    expect(outcomes.malformed ?? 0).toBeGreaterThan(20);
  });

  it('new cases every time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), async (seed) => {
        await runCase(seed, subjects);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a stream that claims an absurd size', () => {
  /** Bits, most significant first, with the closing rbsp_trailing_bits, as a NAL unit with its start code. */
  const nal = (header: number, bits: string): number[] => {
    const padded = `${bits}1`.padEnd(Math.ceil((bits.length + 1) / 8) * 8, '0');
    return [0, 0, 0, 1, header, ...(padded.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))];
  };
  const u = (value: number, width: number): string => value.toString(2).padStart(width, '0');
  const ue = (value: number): string => {
    const code = (value + 1).toString(2);
    return '0'.repeat(code.length - 1) + code;
  };

  it.each([
    [40_000, 40_000],
    [65_536, 3000],
    [3, 60_000],
  ])('%i x %i macroblocks is refused before memory is asked for', (width, height) => {
    // Baseline, level 5.1: profile_idc, constraints, level_idc, seq_parameter_set_id, log2_max_frame_num_minus4,
    // pic_order_cnt_type 2, max_num_ref_frames 16, no gaps, the size, frame_mbs_only_flag, 8x8 inference, no crop, no VUI.
    const sps = [
      u(66, 8),
      u(0, 8),
      u(51, 8),
      ue(0),
      ue(0),
      ue(2),
      ue(16),
      '0',
      ue(width - 1),
      ue(height - 1),
      '1',
      '1',
    ];
    // pps 0 of sps 0, CAVLC, no bottom order, one slice group, one reference each, no weights, qp 26 and 0, offset 0.
    const pps = [ue(0), ue(0), '0', '0', ue(0), ue(0), ue(0), '0', '00', '1', '1', '1', '0', '0', '0'];
    // An IDR I slice: first_mb 0, slice_type 7, pps 0, frame_num 0 (4 bits), idr_pic_id 0, marking 00, qp delta 0.
    const slice = [ue(0), ue(7), ue(0), '0000', ue(0), '00', '1', '1111000011'];
    const packet = Uint8Array.from([
      ...nal(0x67, `${sps.join('')}00`),
      ...nal(0x68, pps.join('')),
      ...nal(0x65, slice.join('')),
    ]);
    const before = process.memoryUsage().rss;
    expect(() => new H264Parser(h264Track(), defaultLimits).parse(packet)).toThrow(LimitExceededError);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
  });
});
