/** What the fuzzers damage: small clips with every feature, cut into packets. */
import type { VideoTrack } from '../../src/container/packet.js';
import { mpeg4Clips, oddClips, xvidClips } from '../conformance/mpeg4/clips.js';
import { face, makeClip, motion } from '../support/clips.js';
import { readPackets } from '../support/packets.js';
import { parameterSets, rawTrack, readM4v } from '../support/streams.js';

export interface FuzzStream {
  name: string;
  /** `config` holds the VOS, VO and VOL headers (nothing in H.263). */
  track: VideoTrack;
  packets: Uint8Array[];
}

/** The first pictures of each clip suffice. */
const length = 14;

/**
 * The clips of the conformance suite; and, through containers, packets of two pictures and short headers. Packets are
 * copies: a parser that wrote into one would otherwise damage its neighbours.
 */
export async function mpeg4Corpus(): Promise<FuzzStream[]> {
  const raw = [...mpeg4Clips, ...xvidClips, ...oddClips].map((clip): FuzzStream => {
    const { packets } = readM4v(makeClip(clip.source, clip.encoder, 'm4v'));
    const track = rawTrack(clip.width, clip.height, parameterSets(packets[0]!));
    return { name: clip.name, track, packets: packets.slice(0, length).map((packet) => packet.slice()) };
  });
  const packed = makeClip(motion.bars('176x144', 40), ['-c:v', 'libxvid', '-q:v', '4', '-bf', '2', '-g', '40'], 'avi');
  const short = makeClip(face(176, 144, 20), ['-c:v', 'h263', '-q:v', '5', '-g', '12', '-ps', '300'], '3gp');
  const flash = makeClip(face(176, 144, 20), ['-c:v', 'flv', '-q:v', '5', '-g', '12', '-flags', '+mv4'], 'flv');
  for (const path of [packed, short, flash]) {
    const { track, packets } = await readPackets(path);
    // An AVI may keep its headers in the first packet alone.
    const config = track.config.length > 0 ? track.config : parameterSets(packets[0]!);
    const name = `${track.codec} in ${track.container}`;
    raw.push({ name, track: { ...track, config }, packets: packets.slice(0, length) });
  }
  return raw;
}
