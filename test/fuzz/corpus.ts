/** What the fuzzers damage: small clips with every feature, cut into packets. */

import { mpeg4Clips, oddClips, xvidClips } from '../conformance/mpeg4/clips.js';
import { makeClip } from '../support/clips.js';
import { parameterSets, readM4v } from '../support/streams.js';

export interface FuzzStream {
  name: string;
  width: number;
  height: number;
  /** VOS, VO and VOL headers. */
  config: Uint8Array;
  packets: Uint8Array[];
}

/** The clips of the conformance suite; the first pictures of each suffice. */
export function mpeg4Corpus(): FuzzStream[] {
  return [...mpeg4Clips, ...xvidClips, ...oddClips].map((clip) => {
    const { packets } = readM4v(makeClip(clip.source, clip.encoder, 'm4v'));
    const { name, width, height } = clip;
    // Copies: a parser that wrote into a packet would otherwise damage its neighbours.
    return {
      name,
      width,
      height,
      config: parameterSets(packets[0]!),
      packets: packets.slice(0, 14).map((p) => p.slice()),
    };
  });
}
