/** Every container times every codec it may hold: the packets are those that ffmpeg's demultiplexer sees. */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { makeClip, motion, remuxClip } from '../../test/support/clips.js';
import { ffmpeg } from '../../test/support/ffmpeg.js';
import { adler32, oraclePackets } from '../../test/support/framecrc.js';
import { openContainer, type VideoSource } from './index.js';

const frames = 40;
const groupLength = 12;
const mpeg4 = ['-c:v', 'mpeg4', '-g', String(groupLength), '-q:v', '5', '-threads', '1'];

/** ffmpeg calls a packed bitstream's dummies (of an I-VOP's type) key frames, and every packet of H.263 in some containers. */
const dummyBytes = 8;

/** How clips are encoded, and the file types that ffmpeg puts them into. */
const encodings: Record<string, { size: string; encoder: readonly string[]; extensions: readonly string[] }> = {
  'mpeg4 (I, P)': {
    size: '176x144',
    encoder: [...mpeg4, '-bf', '0'],
    extensions: ['mp4', 'mov', '3gp', 'mkv', 'ts', 'avi', 'm4v'],
  },
  'mpeg4 with B-VOPs': {
    size: '176x144',
    encoder: [...mpeg4, '-bf', '2'],
    extensions: ['mp4', 'mov', '3gp', 'mkv', 'ts', 'avi', 'm4v'],
  },
  'libxvid with B-VOPs': {
    size: '176x144',
    encoder: ['-c:v', 'libxvid', '-bf', '2', '-g', String(groupLength), '-q:v', '5'],
    extensions: ['mp4', 'mkv', 'avi'],
  },
  h263: {
    size: '176x144',
    encoder: ['-c:v', 'h263', '-g', String(groupLength)],
    extensions: ['3gp', 'mov', 'mkv', 'avi', 'h263'],
  },
  'flv1 (Sorenson)': {
    size: '176x144',
    encoder: ['-c:v', 'flv', '-g', String(groupLength)],
    extensions: ['flv', 'avi', 'mkv'],
  },
  h264: {
    size: '176x144',
    encoder: ['-c:v', 'libx264', '-g', String(groupLength), '-bf', '2', '-threads', '1'],
    extensions: ['mp4', 'mov', 'mkv', 'ts', 'avi', 'flv', 'h264'],
  },
};

const codecs: Record<string, string> = { h263: 'h263', h264: 'h264', 'flv1 (Sorenson)': 'flv1' };

async function comparePackets(path: string, source: VideoSource = path): Promise<void> {
  const expected = oraclePackets(path);
  const container = await openContainer(source);
  try {
    const table = (await container.table()).filter((packet) => packet.size > 0); // ffmpeg passes over empty chunks
    expect(container.damage).toBeUndefined();
    expect(table.map(({ size }) => size)).toEqual(expected.map(({ size }) => size));
    const keys = table.map(({ key }) => key);
    if (container.track.codec === 'h263') expect(keys).toEqual(keys.map((_, i) => i % groupLength === 0));
    else expect(keys).toEqual(expected.map(({ key, size }) => key && size > dummyBytes));
    for (const [i, { index, timestamp }] of table.entries()) {
      const packet = await container.read(index);
      expect(packet.size).toBe(packet.data.length);
      expect(adler32(packet.data)).toBe(expected[i]!.checksum);
      // ffmpeg counts a raw stream at 25 frames per second, whatever its own clock says.
      if (timestamp !== undefined && container.track.container !== 'h263')
        expect(timestamp).toBeCloseTo(expected[i]!.pts!, 6);
    }
  } finally {
    container.close();
  }
}

for (const [name, { size, encoder, extensions }] of Object.entries(encodings)) {
  describe(name, () => {
    for (const extension of extensions) {
      it(`in ${extension}: bytes, key flags, times and order are ffmpeg's`, async () => {
        const path = makeClip(motion.bars(size, frames), encoder, extension);
        await comparePackets(path);
        const container = await openContainer(path);
        const { track } = container;
        const timed = !['avi', 'm4v', 'h264'].includes(extension);
        expect((await container.table()).every(({ timestamp }) => (timestamp !== undefined) === timed)).toBe(true);
        container.close();
        expect(track.container).toBe(extension);
        expect(track.codec).toBe(codecs[name] ?? 'mpeg4');
        if (!['ts', 'flv', 'm4v', 'h263', 'h264'].includes(extension)) {
          expect(`${track.width}x${track.height}`).toBe(size);
        }
        expect(track.frameRate).toBe(extension === 'avi' ? 25 : undefined);
      });
    }
  });
}

describe('other shapes of the same', () => {
  const clip = () => makeClip(motion.bars('176x144', frames), [...mpeg4, '-bf', '2'], 'mp4');
  const flags: Record<string, readonly string[]> = {
    'index in front': ['-movflags', '+faststart'],
    'fragments, one to a group': ['-movflags', '+frag_keyframe+empty_moov'],
    'fragments, one to a frame': ['-movflags', '+frag_every_frame+empty_moov+default_base_moof'],
    'fragments behind a movie that holds packets': ['-movflags', '+frag_keyframe'],
    'negative composition offsets': ['-movflags', '+negative_cts_offsets'],
    'no edit list': ['-use_editlist', '0'],
  };
  for (const [name, args] of Object.entries(flags)) {
    it(`MP4: ${name}`, async () => {
      await comparePackets(makeClip(['-i', clip()], ['-c:v', 'copy', ...args], 'mp4'));
    });
  }

  it('MP4 with sound', async () => {
    const tone = ['-f', 'lavfi', '-i', 'sine=d=2'];
    const path = makeClip(
      ['-i', clip(), ...tone],
      ['-map', '1:a', '-map', '0:v', '-c:v', 'copy', '-c:a', 'aac'],
      'mp4',
    );
    await comparePackets(path);
  });

  it('MKV written to a pipe: clusters and segment of unknown size', async () => {
    const bytes = ffmpeg(['-i', clip(), '-c:v', 'copy', '-f', 'matroska', '-']);
    await comparePackets(remuxClip(clip(), 'mkv'), bytes);
  });

  it('AVI written to a pipe: lists of unknown size, no index', async () => {
    const source = makeClip(motion.bars('176x144', frames), [...mpeg4, '-bf', '0'], 'avi');
    const bytes = ffmpeg(['-i', source, '-c:v', 'copy', '-f', 'avi', '-']);
    await comparePackets(source, bytes);
  });

  it('MPEG-TS with time codes (M2TS)', async () => {
    const path = makeClip(['-i', clip()], ['-c:v', 'copy', '-bsf:v', 'dump_extra', '-mpegts_m2ts_mode', '1'], 'ts');
    await comparePackets(path);
  });

  it('a packed bitstream in AVI', async () => {
    const path = makeClip(
      motion.bars('176x144', frames),
      ['-c:v', 'libxvid', '-bf', '2', '-g', String(groupLength)],
      'avi',
    );
    await comparePackets(path);
  });

  it('the configuration is what the encoder wrote, in esds and in CodecPrivate', async () => {
    const config = async (path: string) => {
      const container = await openContainer(path);
      container.close();
      return Buffer.from(container.track.config).toString('hex');
    };
    const mp4 = await config(clip());
    expect(mp4).toMatch(/^000001b0.*00000120/); // visual object sequence … video object layer
    expect(await config(remuxClip(clip(), 'mov'))).toBe(mp4);
    expect(await config(remuxClip(clip(), 'mkv'))).toBe(mp4);
    // The raw stream repeats it in front of the first picture.
    const raw = readFileSync(remuxClip(clip(), 'm4v', 'dump_extra'));
    expect(raw.subarray(0, mp4.length / 2).toString('hex')).toBe(mp4);
  });

  it('avcC of H.264', async () => {
    const path = makeClip(motion.bars('176x144', frames), encodings.h264!.encoder, 'mp4');
    for (const file of [path, remuxClip(path, 'mkv')]) {
      const container = await openContainer(file);
      expect(container.track.config[0]).toBe(1); // configurationVersion
      expect(container.track.config.length).toBeGreaterThan(20);
      container.close();
    }
  });

  it('rotation', async () => {
    for (const degrees of [90, 180, 270]) {
      // Set on the command line, ffmpeg 4.1 writes the inverse; asked what the file says, it agrees with us.
      const path = makeClip(['-i', clip()], ['-c:v', 'copy', '-metadata:s:v:0', `rotate=${360 - degrees}`], 'mp4');
      expect(
        ffmpeg(['-i', path, '-c', 'copy', '-f', 'ffmetadata', '-map_metadata', '0:s:0', '-']).toString(),
      ).toContain(`rotate=${degrees}`);
      const container = await openContainer(path);
      expect(container.track.rotation).toBe(degrees);
      container.close();
    }
  });

  it('AVI packets, one behind the other, are the raw stream', async () => {
    const path = makeClip(motion.bars('176x144', frames), [...mpeg4, '-bf', '2'], 'avi');
    const container = await openContainer(path);
    const parts: Uint8Array[] = [];
    for (const { index } of await container.table()) parts.push((await container.read(index)).data.slice());
    container.close();
    expect(Buffer.concat(parts).equals(ffmpeg(['-i', path, '-c', 'copy', '-f', 'm4v', '-']))).toBe(true);
  });
});

describe('sources', () => {
  const everything = async (source: VideoSource) => {
    const container = await openContainer(source);
    const packets = [];
    for (const { index } of await container.table()) {
      const { data, ...info } = await container.read(index);
      packets.push({ ...info, checksum: adler32(data) });
    }
    container.close();
    return { track: container.track, packets };
  };

  for (const extension of ['mp4', 'mkv', 'ts', 'avi', 'm4v']) {
    it(`path, URL, bytes and Blob give the same: ${extension}`, async () => {
      const path = makeClip(motion.bars('176x144', frames), [...mpeg4, '-bf', '2'], extension);
      const bytes = readFileSync(path);
      const fromPath = await everything(path);
      expect(fromPath.packets.length).toBe(frames);
      expect(await everything(pathToFileURL(path))).toEqual(fromPath);
      expect(await everything(new Uint8Array(bytes))).toEqual(fromPath);
      expect(await everything(new Uint8Array(bytes).buffer)).toEqual(fromPath);
      expect(await everything(new Blob([new Uint8Array(bytes)]))).toEqual(fromPath);
    });
  }

  it('a file that is not there: the error of the file system', async () => {
    await expect(openContainer('/nowhere/clip.mp4')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
