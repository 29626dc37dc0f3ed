/**
 * x264's streams, feature by feature: prediction + our residual (+ deblocking) equals the frames that ffmpeg decodes,
 * luma and chroma. Where deblocking is off, P macroblocks are also checked straight against ffmpeg's own earlier frames.
 */
import { describe, expect, it } from 'vitest';
import { decodeClip, type Picture } from '../../support/oracle.js';
import { accessUnits } from './access-units.js';
import { type Clip, clips, makeH264 } from './clips.js';
import { slicesComplete } from './judge.js';
import { openParser, pictures } from './open.js';
import { ReferenceDecoder } from './reconstruct/decoder.js';

/** Rebuilds every frame, in output order, as concatenated I420. */
function rebuild(stream: Uint8Array): { frames: Uint8Array[]; types: string } {
  const frames: Uint8Array[] = [];
  let types = '';
  const decoder = new ReferenceDecoder((i420) => frames.push(i420));
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
  return { frames, types };
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

describe('clips made by x264', () => {
  it.each(clips)('$name', (clip: Clip) => {
    const { path, stream } = makeH264(clip);
    const theirs = decodeClip(path, clip.width, clip.height);
    const { frames, types } = rebuild(stream);
    expect(types).toHaveLength(theirs.length);
    expect(frames).toHaveLength(theirs.length);
    if (/bframes=[1-9]/.test(clip.params) && /b-adapt=0/.test(clip.params)) expect(types).toContain('B');
    frames.forEach((frame, i) => {
      expect(firstDifference(frame, theirs[i]!), `frame ${i} of ${types}`).toBeUndefined();
    });
  });
});
