/** Picture headers of H.263 (5.1), of MPEG-4's short_video_header (14496-2, 6.2.5.2), which is the same, and of FLV's H.263. */
import { MalformedStreamError, UnsupportedStreamError } from '../../errors.js';
import { BitReader } from '../bit-reader.js';
import { convertRemedy, type Layer } from '../mpeg4/layer.js';
import { defaultInterMatrix, defaultIntraMatrix } from '../mpeg4/scans.js';
import type { Vop } from '../mpeg4/vop.js';

export interface H263Picture {
  layer: Layer;
  vop: Vop;
}

/** Source format 1..5: sub-QCIF to 16CIF (table 5); the last number is the macroblock rows of a GOB (4.2.1). */
const formats: readonly (readonly [width: number, height: number, gobRows: number] | undefined)[] = [
  undefined,
  [128, 96, 1],
  [176, 144, 1],
  [352, 288, 1],
  [704, 576, 2],
  [1408, 1152, 4],
];

function layerOf(width: number, height: number, syntax: 'h263' | 'sorenson', gobRows: number): Layer {
  return {
    width,
    height,
    timeIncrementResolution: 30,
    timeIncrementBits: 5,
    interlaced: false,
    globalMotion: false,
    matrixQuantisation: false,
    intraMatrix: defaultIntraMatrix,
    interMatrix: defaultInterMatrix,
    quarterSample: false,
    complexityBits: { i: 0, p: 0, b: 0 },
    resyncMarkers: syntax === 'h263',
    dataPartitioned: false,
    reversibleVlc: false,
    syntax,
    gobRows,
  };
}

function vopOf(type: 'I' | 'P', quantiser: number, reference: number, dataBit: number): Vop {
  return {
    type,
    moduloTimeBase: 0,
    timeIncrement: reference,
    coded: true,
    roundingType: 0,
    intraDcThreshold: 99,
    topFieldFirst: false,
    alternateVerticalScan: false,
    quantiser,
    fcodeForward: 1,
    fcodeBackward: 1,
    dataBit,
  };
}

/** True if a picture start code (PSC, short_video_start_marker) stands at byte `at`. */
export function isPictureStart(bytes: Uint8Array, at = 0): boolean {
  return bytes.length >= at + 4 && bytes[at] === 0 && bytes[at + 1] === 0 && (bytes[at + 2]! & 0xfc) === 0x80;
}

/** The header that begins `packet`. Throws MalformedStreamError; UnsupportedStreamError for annexes that change the syntax. */
export function readH263Header(packet: Uint8Array): H263Picture {
  if (!isPictureStart(packet)) throw new MalformedStreamError('H.263: no picture start code', { offset: 0 });
  const reader = new BitReader(packet);
  reader.skip(22); // PSC
  const reference = reader.read(8); // TR
  const marker = reader.read(2); // PTYPE bits 1, 2: 1 0
  reader.skip(3); // split screen, document camera, freeze picture release
  const format = reader.read(3);
  if (marker !== 2) throw new MalformedStreamError('H.263: picture type bits are wrong', { offset: 3 });
  if (format === 7) throw new UnsupportedStreamError('H.263 PLUSPTYPE (H.263+)', convertRemedy);
  const size = formats[format];
  if (!size) throw new MalformedStreamError(`H.263: source format ${format}`, { offset: 4 });
  const inter = reader.flag();
  if (reader.flag()) throw new UnsupportedStreamError('H.263 Annex D (unrestricted motion vectors)', convertRemedy);
  if (reader.flag()) throw new UnsupportedStreamError('H.263 Annex E (arithmetic coding)', convertRemedy);
  if (reader.flag()) throw new UnsupportedStreamError('H.263 Annex F (advanced prediction)', convertRemedy);
  if (reader.flag()) throw new UnsupportedStreamError('H.263 Annex G (PB-frames)', convertRemedy);
  const quantiser = reader.read(5); // PQUANT
  if (reader.flag()) throw new UnsupportedStreamError('H.263 Annex C (continuous presence)', convertRemedy);
  skipExtra(reader);
  if (quantiser === 0) throw new MalformedStreamError('H.263: PQUANT is 0', { offset: 5 });
  const [width, height, gobRows] = size;
  return {
    layer: layerOf(width, height, 'h263', gobRows),
    vop: vopOf(inter ? 'P' : 'I', quantiser, reference, reader.position),
  };
}

/** PEI, PSUPP: bytes that no one reads. */
function skipExtra(reader: BitReader): void {
  while (reader.flag()) reader.skip(8);
  if (reader.overrun)
    throw new MalformedStreamError('H.263: picture header is cut short', { offset: reader.position >> 3 });
}

/** Sorenson's sizes by PictureSize code 2..6. */
const sorensonSizes: readonly (readonly [number, number] | undefined)[] = [
  undefined,
  undefined,
  [352, 288],
  [176, 144],
  [128, 96],
  [320, 240],
  [160, 120],
];

/** The header of an FLV video packet of codec 2 (FLV file format, H263VIDEOPACKET). */
export function readSorensonHeader(packet: Uint8Array): H263Picture {
  const reader = new BitReader(packet);
  if (reader.read(17) !== 1) throw new MalformedStreamError('FLV H.263: no picture start code', { offset: 0 });
  const version = reader.read(5);
  if (version > 1) throw new MalformedStreamError(`FLV H.263: version ${version}`, { offset: 2 });
  const reference = reader.read(8);
  const code = reader.read(3);
  const size =
    code === 0
      ? [reader.read(8), reader.read(8)]
      : code === 1
        ? [reader.read(16), reader.read(16)]
        : sorensonSizes[code];
  const type = reader.read(2); // 0 intra, 1 inter, 2 disposable inter
  reader.skip(1); // DeblockingFlag: a hint for display
  const quantiser = reader.read(5);
  skipExtra(reader);
  const [width, height] = size ?? [0, 0];
  if (!width || !height) throw new MalformedStreamError('FLV H.263: picture of no size', { offset: 3 });
  if (type === 3 || quantiser === 0)
    throw new MalformedStreamError('FLV H.263: picture type or quantiser is none', { offset: 4 });
  return {
    layer: layerOf(width, height, version === 1 ? 'sorenson' : 'h263', 1),
    vop: vopOf(type === 0 ? 'I' : 'P', quantiser, reference, reader.position),
  };
}
