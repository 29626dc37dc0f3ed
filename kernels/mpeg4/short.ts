/**
 * Macroblocks with short_video_header: H.263 baseline (H.263, 5.3, 5.4), and Sorenson's H.263 as in FLV. Codes are
 * MPEG-4's; intra macroblocks have a fixed-length DC and no prediction, and all coefficients use the inter table.
 */
import { bitPos, bitsAt, read, show, skip } from '../bits';
import { extent, readCoefficients, skipCoefficients } from './coefficients';
import { COEF, MCBPC_INTER, MCBPC_INTRA, SCAN_ZIGZAG } from './memory';
import { interMacroblock, readCbpy, readDquant, skippedMacroblock, writeQuantiser, writeType } from './macroblock';
import { stampMacroblock } from './motion';
import { putBlock, scaleLog2, wantedBlocks } from './planes';
import { BAD_CBPY, BAD_MCBPC, I_VOP, INTRA, intraAt, mbIndex, OK, quantiser, vopType } from './state';

const STUFFING: u32 = 5;

export function macroblockShort(): i32 {
  while (true) {
    let value: u32;
    if (vopType == I_VOP) {
      const e = <u32>load<u16>(MCBPC_INTRA + (<usize>show(9) << 1));
      if (e == 0) return BAD_MCBPC;
      skip(e & 15);
      value = e >>> 4;
    } else {
      const bits = bitsAt(bitPos);
      if (<i64>bits < 0) {
        skip(1);
        skippedMacroblock();
        return OK;
      }
      const e = <u32>load<u16>(MCBPC_INTER + (<usize>((bits << 1) >>> 55) << 1));
      if (e == 0) return BAD_MCBPC;
      skip(1 + (e & 15));
      value = e >>> 4;
    }
    const type = value >>> 2;
    if (type == STUFFING) continue;
    return type < 3 ? interMacroblock(value) : intraMacroblockShort(value);
  }
}

function intraMacroblockShort(value: u32): i32 {
  const cbpy = readCbpy();
  if (cbpy < 0) return BAD_CBPY;
  const cbp = (cbpy << 2) | <i32>(value & 3);
  if (value >>> 2 == 4) readDquant();
  stampMacroblock();
  store<u8>(intraAt + <usize>mbIndex, 1);
  writeType(INTRA, 0);
  writeQuantiser();
  const wanted = wantedBlocks();
  for (let n = 0; n < 6; n++) {
    const bit = 32 >> n;
    const code = <i32>read(8); // INTRADC (table 12): 255 stands for 128
    let reach: u32 = 0;
    if (cbp & bit) {
      const full = wanted & bit && scaleLog2 < 3;
      const error = full
        ? readCoefficients(false, 1, SCAN_ZIGZAG, quantiser << 1, (quantiser - 1) | 1)
        : skipCoefficients(false, 1);
      if (error) return error;
      if (full) reach = extent;
    }
    if (wanted & bit) {
      store<i16>(COEF, <i16>((code == 255 ? 128 : code) << 3));
      putBlock(n, reach, false, 0, 255);
    }
  }
  return OK;
}
