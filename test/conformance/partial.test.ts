/** Pictures read no further down than a region reaches, held against the same pictures read whole. */
import assert from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { type CompressedFrame, copyFrame, MacroblockType, type Rect } from '../../src/bitstream/frame.js';
import { createParser } from '../../src/bitstream/index.js';
import type { BitstreamParser } from '../../src/bitstream/parser.js';
import { defaultLimits } from '../../src/limits.js';
import { makeClip } from '../support/clips.js';
import { rawTrack, readM4v } from '../support/streams.js';
import { accessUnits } from './h264/access-units.js';
import { clips, makeH264 } from './h264/clips.js';
import { openParser } from './h264/open.js';
import { mpeg4Clips, oddClips, xvidClips } from './mpeg4/clips.js';

interface Opened {
  packets: readonly Uint8Array[];
  open(): BitstreamParser;
}

const mpeg4 = [mpeg4Clips[0]!, ...xvidClips.slice(0, 1), ...oddClips].map((clip): [string, () => Opened] => [
  `MPEG-4 ${clip.name}`,
  () => ({
    packets: readM4v(makeClip(clip.source, clip.encoder, 'm4v')).packets,
    open: () => createParser(rawTrack(clip.width, clip.height), defaultLimits),
  }),
]);
const h264 = clips
  .filter(({ name }) => /^grid (1|3|8|12|28|30):/.test(name))
  .map((clip): [string, () => Opened] => [
    `H.264 ${clip.name}`,
    () => ({ packets: accessUnits(makeH264(clip).stream), open: openParser }),
  ]);

/** Vectors, types, quantisers and references of the macroblock rows from `from` to `to`. */
function rowsOf({ motion, mbCols, macroblockType, intra, qp }: CompressedFrame, from: number, to: number) {
  const per = 16 / motion.cell;
  const cut = <T extends Uint8Array | Int16Array | Int32Array>(array: T, columns: number, rows = 1) =>
    Array.from(array.subarray(from * rows * columns, to * rows * columns));
  return {
    types: cut(macroblockType, mbCols),
    intra: cut(intra, mbCols),
    qp: cut(qp, mbCols),
    vectors: cut(motion.vectors, 2 * motion.cols, per),
    references: motion.references && cut(motion.references, mbCols * 2, 2),
  };
}

describe('a partial parse', () => {
  it.each([...mpeg4, ...h264])('equals the whole above and reads nothing below: %s', (_, make) => {
    const { packets, open } = make();
    const [whole, part] = [open(), open()];
    let seen = 0;
    for (const packet of packets.slice(0, 8)) {
      part.headers(packet);
      for (const [picture, { type, width, height }] of whole.headers(packet).entries()) {
        if (type === 'B') continue;
        const all = copyFrame(whole.parse(packet, picture));
        const regions: Rect[] = [
          { x: 0, y: 0, width: 20, height: 16 },
          { x: 17, y: 19, width: 30, height: height / 2 - 19 },
          { x: 0, y: 0, width, height },
        ];
        for (const region of regions) {
          const rows = Math.ceil((region.y + region.height) / 16);
          const asked = { region, chroma: false };
          const frame = part.parse(packet, picture, { ...asked, partial: true });
          expect(frame.damage).toBeUndefined();
          assert.deepStrictEqual(rowsOf(frame, 0, rows), rowsOf(all, 0, rows));
          const below = rowsOf(frame, rows, frame.mbRows);
          expect(below.types.every((value) => value === MacroblockType.unread)).toBe(true);
          expect([...below.vectors, ...below.qp, ...below.intra].every((value) => value === 0)).toBe(true);
          const luma = frame.luma!.data.slice();
          assert.deepStrictEqual(luma, whole.parse(packet, picture, asked).luma!.data.slice());
          seen++;
        }
        // The next picture's anchor was read whole by `whole`, and not by `part`.
        whole.parse(packet, picture);
      }
    }
    expect(seen).toBeGreaterThan(8);
  });

  it('is no anchor to B-pictures', () => {
    const clip = clips.find(({ name }) => name.startsWith('grid 12'))!;
    const packets = accessUnits(makeH264(clip).stream);
    const parser = openParser();
    const guessed = { whole: 0, partial: 0 };
    for (const partial of [false, true]) {
      for (const packet of packets) {
        const [header] = parser.headers(packet);
        const options =
          header!.type !== 'B' && partial ? { partial, region: { x: 0, y: 0, width: 16, height: 16 } } : {};
        const frame = parser.parse(packet, 0, options);
        if (frame.type === 'B') guessed[partial ? 'partial' : 'whole'] += frame.motion.guessed ? 1 : 0;
      }
      parser.reset?.();
    }
    expect(guessed.whole).toBe(0);
    expect(guessed.partial).toBeGreaterThan(0);
  });
});
