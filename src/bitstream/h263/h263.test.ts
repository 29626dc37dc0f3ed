/** H.263 and FLV's H.263 against ffmpeg: prediction from its pictures plus our residual gives its next picture. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { reconstruct } from '../../../test/conformance/mpeg4/reconstruct.js';
import { lavfi, makeClip } from '../../../test/support/clips.js';
import { decodeClip } from '../../../test/support/oracle.js';
import { MalformedStreamError, UnsupportedStreamError } from '../../errors.js';
import { defaultLimits } from '../../limits.js';
import { createParser } from '../index.js';
import { isPictureStart } from './header.js';

function track(codec: string) {
  return { container: 'x', codec, width: 0, height: 0, rotation: 0, config: new Uint8Array(), frameRate: undefined };
}

/** A raw H.263 stream, cut at its picture start codes. */
function splitH263(bytes: Uint8Array): Uint8Array[] {
  const starts: number[] = [];
  for (let i = 0; i < bytes.length; i++) if (isPictureStart(bytes, i)) starts.push(i);
  return starts.map((start, i) => bytes.subarray(start, starts[i + 1] ?? bytes.length));
}

/** The bodies of an FLV file's video tags, without the byte that names the codec. */
function splitFlv(bytes: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let at = 13; at + 11 < bytes.length; ) {
    const size = (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    if (bytes[at] === 9) packets.push(bytes.subarray(at + 12, at + 11 + size));
    at += 11 + size + 4;
  }
  return packets;
}

const source = (width: number, height: number) => lavfi(`testsrc2=s=${width}x${height}:r=25`, 14);

describe('prediction + residual = picture', () => {
  it.each([
    ['QCIF', 176, 144, ['-q:v', '4', '-g', '6']],
    ['CIF with GOB headers', 352, 288, ['-q:v', '7', '-ps', '200']],
    ['4CIF, two rows to a GOB', 704, 576, ['-q:v', '9', '-ps', '300']],
    ['finest quantiser', 128, 96, ['-q:v', '1']],
  ] as const)('H.263: %s', (_name, width, height, options) => {
    const path = makeClip(source(width, height), ['-c:v', 'h263', '-threads', '1', ...options], 'h263');
    const decoded = decodeClip(path, width, height, 'simple', ['-f', 'h263']);
    const { differences, compared } = reconstruct(
      createParser(track('h263'), defaultLimits),
      splitH263(readFileSync(path)),
      decoded,
    );
    expect(differences).toEqual([]);
    expect(compared).toBe(14);
  });

  it.each([
    ['plain', ['-q:v', '5', '-g', '6']],
    ['four vectors', ['-q:v', '8', '-flags', '+mv4', '-mbd', 'rd']],
    ['finest quantiser', ['-q:v', '1']],
  ] as const)('FLV: %s', (_name, options) => {
    const path = makeClip(source(160, 112), ['-c:v', 'flv', '-threads', '1', ...options], 'flv');
    const { differences, compared } = reconstruct(
      createParser(track('flv1'), defaultLimits),
      splitFlv(readFileSync(path)),
      decodeClip(path, 160, 112),
    );
    expect(differences).toEqual([]);
    expect(compared).toBe(14);
  });
});

describe('headers', () => {
  /** PSC (22 bits), TR (8), then the given bits. */
  const picture = (bits: string) => {
    const all = `${'0'.repeat(16)}100000${'00000000'}${bits}`.padEnd(80, '0');
    return new Uint8Array((all.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  };

  it.each([
    ['PLUSPTYPE', '10000111'],
    ['Annex D', '1000001011'],
    ['Annex E', '10000010101'],
    ['Annex F', '100000101001'],
    ['Annex G', '1000001010001'],
  ])('names what changes the syntax: %s', (feature, bits) => {
    const parser = createParser(track('h263'), defaultLimits);
    expect(() => parser.headers(picture(bits))).toThrow(UnsupportedStreamError);
    expect(() => parser.headers(picture(bits))).toThrow(feature);
  });

  it('refuses nonsense', () => {
    const parser = createParser(track('h263'), defaultLimits);
    expect(() => parser.headers(picture('00000010'))).toThrow(MalformedStreamError);
    expect(() => parser.headers(picture('10000000'))).toThrow('source format');
    expect(() => parser.headers(new Uint8Array(3))).toThrow(MalformedStreamError);
  });
});
