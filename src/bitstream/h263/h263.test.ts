/** H.263 and FLV's H.263 against ffmpeg: prediction from its pictures plus our residual gives its next picture. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { reconstruct } from '../../../test/conformance/mpeg4/reconstruct.js';
import { face, lavfi, makeClip, motion } from '../../../test/support/clips.js';
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
    ['plain', source(160, 112), 160, 112, ['-q:v', '5', '-g', '6']],
    ['four vectors', source(160, 112), 160, 112, ['-q:v', '8', '-flags', '+mv4', '-mbd', 'rd']],
    ['finest quantiser', source(160, 112), 160, 112, ['-q:v', '1']],
    ['a face, size in bytes', face(208, 144, 14), 208, 144, ['-q:v', '3', '-g', '250']],
    ['a face, size in words', face(400, 304, 14), 400, 304, ['-q:v', '6', '-g', '12']],
    ['a face, size by its code', face(320, 240, 14), 320, 240, ['-b:v', '300k']],
    ['vectors far out of the picture', motion.pan('352x288', 14), 352, 288, ['-q:v', '8', '-g', '14']],
    ['intra macroblocks in P-pictures', motion.cuts('176x144', 14), 176, 144, ['-q:v', '31', '-g', '14']],
  ] as const)('FLV: %s', (_name, source, width, height, options) => {
    const path = makeClip(source, ['-c:v', 'flv', '-threads', '1', ...options], 'flv');
    const { differences, compared } = reconstruct(
      createParser(track('flv1'), defaultLimits),
      splitFlv(readFileSync(path)),
      decodeClip(path, width, height),
    );
    expect(differences).toEqual([]);
    expect(compared).toBe(14);
  });
});

/** The same FLV packet with another size in its header, which stands after 33 bits: 3 bits of code, then bytes or words. */
function withSize(packet: Uint8Array, width: number, height: number): Uint8Array {
  const bits = [...packet.subarray(0, 12)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const each = { '000': 8, '001': 16 }[bits.slice(30, 33)];
  if (!each) throw new Error('the size stands in the header by its code alone');
  const size = [width, height].map((n) => n.toString(2).padStart(each, '0')).join('');
  const changed = (bits.slice(0, 33) + size + bits.slice(33 + size.length)).match(/.{8}/g)!;
  const copy = Uint8Array.from(packet);
  copy.set(changed.map((byte) => Number.parseInt(byte, 2)));
  return copy;
}

// As test/conformance/mpeg4/exact.test.ts does for MPEG-4: parsed with its size rounded up it is rebuilt, and the planes of the
// stream as it is are those, cut.
describe('prediction + residual = picture, in sizes that are not whole macroblocks', () => {
  it.each([
    ['of CREMA-D', 480, 360, ['-q:v', '4', '-g', '12']],
    ['in bytes', 202, 150, ['-q:v', '6', '-g', '14', '-flags', '+mv4']],
  ] as const)('FLV: %s', (_name, width, height, options) => {
    const path = makeClip(face(width, height, 14), ['-c:v', 'flv', '-threads', '1', ...options], 'flv');
    const packets = splitFlv(readFileSync(path));
    const [wideWidth, wideHeight] = [Math.ceil(width / 16) * 16, Math.ceil(height / 16) * 16];
    const widened = packets.map((packet) => withSize(packet, wideWidth, wideHeight));
    const wide = createParser(track('flv1'), defaultLimits);
    const { differences, compared } = reconstruct(wide, widened, decodeClip(path, width, height));
    expect(differences).toEqual([]);
    expect(compared).toBe(14);
    const parser = createParser(track('flv1'), defaultLimits);
    for (const [i, packet] of packets.entries()) {
      const [frame, whole] = [parser.parse(packet), wide.parse(widened[i]!)];
      expect([frame!.width, frame!.height]).toEqual([width, height]);
      for (const name of ['luma', 'cb', 'cr'] as const) {
        const [ours, theirs] = [frame![name]!, whole![name]!];
        for (let y = 0; y < ours.height; y++) {
          const row = (plane: typeof ours) => plane.data.subarray(y * plane.stride, y * plane.stride + ours.width);
          assert.deepStrictEqual(row(ours).slice(), row(theirs).slice());
        }
      }
    }
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
