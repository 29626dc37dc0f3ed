/** H.264 streams in the shapes in which containers hand them on: Annex B packets, or avcC with length-prefixed packets. */
import type { VideoTrack } from '../../src/container/packet.js';

/** The track of a raw H.264 stream; parameter sets lie in the packets unless `config` holds them. */
export function h264Track(config: Uint8Array = new Uint8Array(0)): VideoTrack {
  return { container: 'h264', codec: 'h264', width: 0, height: 0, rotation: 0, config, frameRate: undefined };
}

/** The NAL units of Annex B bytes, without start codes and trailing zeros. */
export function splitNalUnits(bytes: Uint8Array): Uint8Array[] {
  const starts: number[] = [];
  for (let i = 0; i + 3 < bytes.length; i++) {
    if (bytes[i] === 0 && bytes[i + 1] === 0 && bytes[i + 2] === 1) starts.push(i + 3);
  }
  return starts.map((start, i) => {
    let end = i + 1 < starts.length ? starts[i + 1]! - 3 : bytes.length;
    while (end > start && bytes[end - 1] === 0) end--;
    return bytes.slice(start, end);
  });
}

const typeOf = (nal: Uint8Array): number => nal[0]! & 31;
const SPS = 7;
const PPS = 8;

/** SPS and PPS of an access unit, with start codes. */
export function parameterSetsOf(accessUnit: Uint8Array): Uint8Array {
  const sets = splitNalUnits(accessUnit).filter((nal) => typeOf(nal) === SPS || typeOf(nal) === PPS);
  return Uint8Array.from(sets.flatMap((nal) => [0, 0, 0, 1, ...nal]));
}

/** AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1.2) with the parameter sets of an access unit. */
export function avcCOf(accessUnit: Uint8Array): Uint8Array {
  const nals = splitNalUnits(accessUnit);
  const list = (type: number): number[] =>
    nals.filter((nal) => typeOf(nal) === type).flatMap((nal) => [nal.length >> 8, nal.length & 255, ...nal]);
  const count = (type: number): number => nals.filter((nal) => typeOf(nal) === type).length;
  const [, profile, compatibility, level] = nals.find((nal) => typeOf(nal) === SPS)!;
  const head = [1, profile!, compatibility!, level!, 0xff, 0xe0 | count(SPS)];
  return Uint8Array.from([...head, ...list(SPS), count(PPS), ...list(PPS)]);
}

/** An access unit without its parameter sets, each NAL unit behind its length in four bytes. */
export function lengthPrefixed(accessUnit: Uint8Array): Uint8Array {
  const nals = splitNalUnits(accessUnit).filter((nal) => typeOf(nal) !== SPS && typeOf(nal) !== PPS);
  const out = new Uint8Array(nals.reduce((sum, nal) => sum + 4 + nal.length, 0));
  let at = 0;
  for (const nal of nals) {
    new DataView(out.buffer).setUint32(at, nal.length);
    out.set(nal, at + 4);
    at += 4 + nal.length;
  }
  return out;
}
