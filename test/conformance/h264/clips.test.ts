/**
 * x264's streams, feature by feature: prediction + our residual (+ deblocking) equals the frames that ffmpeg decodes,
 * luma and chroma. Where deblocking is off, P macroblocks are also checked straight against ffmpeg's own earlier frames.
 */
import { describe, expect, it } from 'vitest';
import { NO_REFERENCE } from '../../../src/bitstream/frame.js';
import { decodeClip, type Picture } from '../../support/oracle.js';
import { accessUnits } from './access-units.js';
import { type Clip, clips, makeH264 } from './clips.js';
import { slicesComplete } from './judge.js';
import { openParser, pictures } from './open.js';
import { ReferenceDecoder } from './reconstruct/decoder.js';
import type { List } from './reconstruct/lists.js';
import { reconstructMacroblock } from './reconstruct/macroblock.js';
import { newPlanes, type ReferenceFrame } from './reconstruct/picture.js';

/** Rebuilds every frame, in output order, as concatenated I420. */
function rebuild(stream: Uint8Array): { frames: Uint8Array[]; order: string[]; types: string } {
  const frames: Uint8Array[] = [];
  const order: string[] = [];
  let period = -1;
  let types = '';
  const decoder = new ReferenceDecoder((i420, { poc }) => {
    frames.push(i420);
    // Frames before an IDR picture are written before it: order 0 comes first in each period.
    if (poc === 0) period++;
    order.push(`${period} ${poc}`);
  });
  const parser = openParser();
  let flush = (): void => {};
  for (const packet of accessUnits(stream)) {
    for (const picture of pictures(parser, packet)) {
      expect(picture.frame.damage).toBeUndefined();
      expect(slicesComplete(picture, true)).toBe(true);
      types += picture.frame.type;
      decoder.picture(picture.tap, picture.residual);
      const { tap } = picture;
      flush = () => decoder.flush(tap);
    }
  }
  flush();
  return { frames, order, types };
}

function firstDifference(ours: Uint8Array, theirs: Picture): string | undefined {
  const { width, height, y, cb, cr } = theirs;
  const planes = [
    { name: 'luma', data: y, width },
    { name: 'cb', data: cb, width: width >> 1 },
    { name: 'cr', data: cr, width: width >> 1 },
  ];
  if (ours.length !== (width * height * 3) / 2) return `${ours.length} bytes for ${width}x${height}`;
  let at = 0;
  for (const { name, data, width: columns } of planes) {
    for (let i = 0; i < data.length; i++) {
      if (ours[at + i] !== data[i]) {
        return `${name} (${i % columns}, ${Math.floor(i / columns)}): ${ours[at + i]}, should be ${data[i]}`;
      }
    }
    at += data.length;
  }
  return undefined;
}

/** The frame as the reference reconstruction wants it; the clips that this is used for are whole macroblocks. */
function asReference(picture: Picture, poc: number, id: number): ReferenceFrame {
  const { width, height, y, cb, cr } = picture;
  const chroma = { width: width / 2, height: height / 2 };
  return {
    id,
    planes: [
      { data: y, width, height },
      { data: cb, ...chroma },
      { data: cr, ...chroma },
    ],
    ...{ poc, topFieldOrderCnt: poc, bottomFieldOrderCnt: poc, frame_num: 0, longTermFrameIdx: 0 },
    ...{ marking: 'short', nonExisting: false, neededForOutput: false },
  };
}

/**
 * Without deblocking, ffmpeg's frame is prediction from ffmpeg's own earlier frames + our residual, in every inter
 * macroblock. Frames are found by what `motion.references` and `pictureOrder` say, as a user of the package would.
 * Returns how many macroblocks were compared.
 */
function checkAgainstOwnFrames(stream: Uint8Array, theirs: readonly Picture[], order: readonly string[]): number {
  const parser = openParser();
  let period = -1;
  let compared = 0;
  for (const packet of accessUnits(stream)) {
    for (const { frame, tap, residual } of pictures(parser, packet)) {
      if (tap.IdrPicFlag) period++;
      if (frame.type !== 'P') continue;
      const frameOf = (poc: number): ReferenceFrame => {
        const index = order.indexOf(`${period} ${poc}`);
        expect(index, `the frame of order ${poc}`).toBeGreaterThanOrEqual(0);
        return asReference(theirs[index]!, poc, index);
      };
      const target = frameOf(frame.pictureOrder!);
      const ours = newPlanes(tap.mbCols, tap.mbRows);
      // What the kernel says of each 8x8 block's picture must be the list entry of its index.
      const lists = tap.slices.map((slice) => [Array.from(slice.RefPicList[0], frameOf), []] as [List, List]);
      frame.motion.references!.forEach((poc, block) => {
        const refIdx = tap.refIdx[0][block]!;
        const mb = (Math.floor(block / (2 * tap.mbCols)) >> 1) * tap.mbCols + ((block % (2 * tap.mbCols)) >> 1);
        const entry = refIdx < 0 ? NO_REFERENCE : tap.slices[tap.slice[mb]!]!.RefPicList[0][refIdx];
        if (poc !== entry) throw new Error(`block ${block} refers to ${poc}, its index to ${entry}`);
      });
      const current = { tap, residual, planes: ours, poc: frame.pictureOrder!, lists };
      for (let mb = 0; mb < frame.macroblockType.length; mb++) {
        if (frame.intra[mb]) continue;
        reconstructMacroblock(current, mb);
        ours.forEach((plane, c) => {
          const size = c === 0 ? 16 : 8;
          const first = Math.floor(mb / tap.mbCols) * size * plane.width + (mb % tap.mbCols) * size;
          for (let row = first; row < first + size * plane.width; row += plane.width) {
            const got = plane.data.subarray(row, row + size);
            const want = target.planes[c]!.data.subarray(row, row + size);
            if (Buffer.compare(got, want) !== 0) throw new Error(`order ${target.poc}, macroblock ${mb}, plane ${c}`);
          }
        });
        compared++;
      }
    }
  }
  return compared;
}

describe('clips made by x264', () => {
  it.each(clips)('$name', (clip: Clip) => {
    const { path, stream } = makeH264(clip);
    const theirs = decodeClip(path, clip.width, clip.height);
    const { frames, order, types } = rebuild(stream);
    expect(types).toHaveLength(theirs.length);
    expect(frames).toHaveLength(theirs.length);
    if (/bframes=[1-9]/.test(clip.params) && /b-adapt=0/.test(clip.params)) expect(types).toContain('B');
    frames.forEach((frame, i) => {
      expect(firstDifference(frame, theirs[i]!), `frame ${i} of ${types}`).toBeUndefined();
    });
    if (clip.unfiltered) expect(checkAgainstOwnFrames(stream, theirs, order)).toBeGreaterThan(100);
  });
});
