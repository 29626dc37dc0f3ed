/** Files of every kind that people have: what `analyze` must make of each, without one stopping another. */
import { spawnSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { face, lavfi, makeClip, remuxClip } from './clips.js';
import { ffmpeg } from './ffmpeg.js';

/** What is expected of a file: the number of faces, or the reason of its failure. */
export type Expected = { faces: number } | { error: RegExp };

const mpeg4 = ['-c:v', 'mpeg4', '-g', '12', '-bf', '0', '-q:v', '5', '-threads', '1'];
const h264 = ['-c:v', 'libx264', '-g', '24', '-threads', '1', '-preset', 'fast'];

/** One maker a kind: puts the file at the path. `undefined`: this system cannot make it, for the reason that was told. */
type Maker = (path: string) => Expected | undefined;

const one = { faces: 1 };
const small = face(320, 240, 40);

/** Links rather than copies: two hundred files take no more room than their kinds. */
const clip = (expected: Expected, make: () => string): Maker => {
  return (path) => {
    linkSync(make(), path);
    return expected;
  };
};
const plain = () => makeClip(small, mpeg4, 'mp4');
const changed = (expected: Expected, change: (bytes: Buffer) => Uint8Array | string): Maker => {
  return (path) => {
    writeFileSync(path, change(readFileSync(plain())));
    return expected;
  };
};

/** By file name. Codecs that are converted are expected to fail: run with VULTUS_FFMPEG pointing nowhere. */
export const mixedKinds: Readonly<Record<string, Maker>> = {
  'mpeg4.mp4': clip(one, plain),
  'b-frames.avi': clip(one, () => makeClip(small, ['-c:v', 'mpeg4', '-bf', '2', '-g', '12', '-q:v', '5'], 'avi')),
  'high.mkv': clip(one, () => makeClip(small, [...h264, '-bf', '2'], 'mkv')),
  'baseline.ts': clip(one, () => makeClip(small, [...h264, '-profile:v', 'baseline'], 'ts')),
  'sorenson.flv': clip(one, () => makeClip(small, ['-c:v', 'flv', '-g', '12', '-q:v', '5'], 'flv')),
  'phone.3gp': clip(one, () => makeClip(face(352, 288, 40), ['-c:v', 'h263', '-g', '12', '-q:v', '5'], '3gp')),
  'raw.m4v': clip(one, () => makeClip(small, mpeg4, 'm4v')),
  'raw.h264': clip(one, () => remuxClip(makeClip(small, [...h264, '-bf', '0'], 'mp4'), 'h264', 'h264_mp4toannexb')),
  'wrong-extension.avi': clip(one, plain),
  'odd näme, "quoted" #1.mp4': clip(one, plain),
  'nobody.mp4': clip({ faces: 0 }, () => makeClip(lavfi('testsrc2=s=320x240:r=25', 30), mpeg4, 'mp4')),
  'variable-rate.mkv': clip(one, () => {
    const uneven = `${small[small.indexOf('-vf') + 1]},select='not(eq(mod(n\\,5)\\,3))'`;
    const source = small.map((word, i) => (small[i - 1] === '-vf' ? uneven : word));
    return makeClip(source, [...mpeg4, '-vsync', 'vfr'], 'mkv');
  }),
  'rotated.mp4': clip(one, () => {
    const turned = small.map((word, i) => (small[i - 1] === '-vf' ? `${word},transpose=2` : word));
    // ffmpeg writes the flag where it copies packets; where it encodes, it leaves it out.
    const lying = makeClip(turned, mpeg4, 'mp4');
    return makeClip(['-i', lying], ['-c:v', 'copy', '-metadata:s:v:0', 'rotate=270'], 'mp4');
  }),
  'negative-times.mkv': clip(one, () =>
    makeClip(small, [...mpeg4, '-output_ts_offset', '-0.5', '-avoid_negative_ts', 'disabled'], 'mkv'),
  ),
  '8k.mp4': clip({ faces: 0 }, () => makeClip(lavfi('color=gray:s=7680x4320:r=25', 3), [...mpeg4, '-g', '3'], 'mp4')),
  'truncated.mp4': changed({ error: /moov|cut|ends|truncated/i }, (bytes) => bytes.subarray(0, bytes.length >> 1)),
  'zero-byte.mp4': changed({ error: /empty/ }, () => ''),
  'words.mkv': changed({ error: /not a container/ }, () => 'no video at all\n'.repeat(99)),
  'zeros.mp4': changed({ error: /not a container/ }, () => new Uint8Array(5000)),
  'no-pictures.mp4': clip({ error: /P-frames/ }, () => makeClip(small, ['-c:v', 'mpeg4', '-g', '1'], 'mp4')),
  'codec.webm': clip({ error: /VULTUS_FFMPEG|unsupported/ }, () =>
    makeClip(small, ['-c:v', 'libvpx', '-deadline', 'realtime'], 'webm'),
  ),
  'container.ogv': changed({ error: /unsupported: Ogg/ }, () => `OggS${'\0'.repeat(200)}`),
  'sound.mp4': (path) => {
    ffmpeg(['-f', 'lavfi', '-i', 'sine=d=1', '-c:a', 'aac', '-strict', '-2', '-f', 'mp4', path]);
    return { error: /no video|video track/i };
  },
  'folder.mp4': (path) => {
    mkdirSync(path);
    return { error: /folder|not a regular file/ };
  },
  'forbidden.mp4': (path) => {
    if (!process.getuid || process.getuid() === 0) {
      console.warn('root may read everything: a file without permission is not tried');
      return undefined;
    }
    writeFileSync(path, readFileSync(plain()));
    chmodSync(path, 0);
    return { error: /permission/ };
  },
  'pipe.mp4': (path) => {
    if (spawnSync('mkfifo', [path]).status === 0) return { error: /not a regular file/ };
    console.warn('no named pipes here: one in place of a video is not tried');
    return undefined;
  },
  'circle.mp4': (path) => {
    symlinkSync(path, path);
    return { error: /circle/ };
  },
  'dangling.mp4': (path) => {
    symlinkSync(`${path}.nowhere`, path);
    return { error: /no such file/ };
  },
};

/**
 * Puts `count` files of all kinds in turn into a folder, and gives what is expected of each, in the order of names in which a
 * folder is walked.
 */
export function mixedFiles(folder: string, count: number): Map<string, Expected> {
  const kinds = Object.entries(mixedKinds);
  const found = new Map<string, Expected>();
  for (let i = 0; i < count; i++) {
    const [name, make] = kinds[i % kinds.length]!;
    const path = join(folder, count > kinds.length ? `${String(i).padStart(3, '0')}-${name}` : name);
    const expected = make(path);
    if (expected) found.set(path, expected);
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
