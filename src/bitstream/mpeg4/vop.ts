/** VideoObjectPlane() headers (14496-2, 6.2.5) and group_of_vop(). */
import { MalformedStreamError, UnsupportedStreamError } from '../../errors.js';
import { BitReader } from '../bit-reader.js';
import type { PictureType } from '../frame.js';
import { convertRemedy, type Layer } from './layer.js';

export interface Vop {
  type: PictureType;
  /** Seconds that passed since the last second counted (modulo_time_base ones). */
  moduloTimeBase: number;
  /** vop_time_increment, in ticks of the layer. */
  timeIncrement: number;
  /** vop_coded. All that follows is meaningless without it. */
  coded: boolean;
  roundingType: 0 | 1;
  /** Running quantiser below which intra DC has its own code (table 6-27). */
  intraDcThreshold: number;
  topFieldFirst: boolean;
  alternateVerticalScan: boolean;
  quantiser: number;
  fcodeForward: number;
  fcodeBackward: number;
  /** Where the macroblocks begin: bits from the start of the packet. */
  dataBit: number;
}

const intraDcThresholds = [99, 13, 15, 17, 19, 21, 23, 0] as const;

/** Reads the header of the VOP whose start code ends at byte `start`. Throws MalformedStreamError, UnsupportedStreamError. */
export function readVop(bytes: Uint8Array, start: number, end: number, layer: Layer): Vop {
  const reader = new BitReader(bytes, start, end);
  const malformed = (what: string) => new MalformedStreamError(`VOP header: ${what}`, { offset: reader.position >> 3 });
  const codingType = reader.read(2);
  const type: PictureType = codingType === 0 ? 'I' : codingType === 2 ? 'B' : 'P';
  let moduloTimeBase = 0;
  while (reader.flag()) moduloTimeBase++;
  const marker1 = reader.flag();
  const timeIncrement = reader.read(layer.timeIncrementBits);
  const marker2 = reader.flag();
  const coded = reader.flag(); // vop_coded
  if (reader.overrun) throw malformed('cut short');
  if (!marker1 || !marker2) throw malformed('a marker bit is missing');
  const vop: Vop = {
    type,
    moduloTimeBase,
    timeIncrement,
    coded,
    roundingType: 0,
    intraDcThreshold: 99,
    topFieldFirst: false,
    alternateVerticalScan: false,
    quantiser: 1,
    fcodeForward: 1,
    fcodeBackward: 1,
    dataBit: 0,
  };
  if (codingType === 3) throw new UnsupportedStreamError('global motion compensation (S-VOP)', convertRemedy);
  if (!coded) return vop;
  if (type === 'P') vop.roundingType = reader.flag() ? 1 : 0;
  const { i, p, b } = layer.complexityBits;
  reader.skip(i + (type === 'I' ? 0 : p) + (type === 'B' ? b : 0));
  vop.intraDcThreshold = intraDcThresholds[reader.read(3)]!;
  if (layer.interlaced) {
    vop.topFieldFirst = reader.flag();
    vop.alternateVerticalScan = reader.flag();
  }
  vop.quantiser = reader.read(5); // vop_quant
  if (type !== 'I') vop.fcodeForward = reader.read(3);
  if (type === 'B') vop.fcodeBackward = reader.read(3);
  if (reader.overrun) throw malformed('cut short');
  if (vop.quantiser === 0) throw malformed('vop_quant is 0');
  if (vop.fcodeForward === 0 || vop.fcodeBackward === 0) throw malformed('vop_fcode is 0');
  vop.dataBit = reader.position;
  return vop;
}

/** time_code of a group_of_vop(), in seconds. */
export function readGroupTime(bytes: Uint8Array, start: number, end: number): number | undefined {
  const reader = new BitReader(bytes, start, end);
  const hours = reader.read(5);
  const minutes = reader.read(6);
  reader.skip(1); // marker_bit
  const seconds = reader.read(6);
  return reader.overrun ? undefined : hours * 3600 + minutes * 60 + seconds;
}
