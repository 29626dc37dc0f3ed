/** Macroblocks of B-VOPs (14496-2, 6.3.6, 7.6.9): between a past and a next anchor. */
import { bitPos, bitsAt, read, skip } from '../bits';
import { interBlocks, pack, writeFieldVectors, writeQuantiser, writeType, writeVector } from './macroblock';
import { cellOffset, NO_VECTOR, readComponent } from './motion';
import {
  anchorPredictionAt,
  anchorTypeAt,
  anchorVectorAt,
  BACKWARD,
  backwardAt,
  BAD_MB_TYPE,
  BAD_MVD,
  changeQuantiser,
  directWhole,
  fcodeBackward,
  fcodeForward,
  FIELD,
  FORWARD,
  INTER,
  INTER_SPLIT,
  interlaced,
  mbIndex,
  mbX,
  OK,
  SKIPPED,
  SPLIT,
  topFieldFirst,
  trb,
  trbField,
  trd,
  trdField,
  vectorAt,
} from './state';

/** Predictors: the last vector of each direction in this row, for the top and bottom field; y in frame lines. */
let forwardX0: i32 = 0;
let forwardY0: i32 = 0;
let forwardX1: i32 = 0;
let forwardY1: i32 = 0;
let backwardX0: i32 = 0;
let backwardY0: i32 = 0;
let backwardX1: i32 = 0;
let backwardY1: i32 = 0;

/** At the start of a row and of a video packet. */
export function resetPredictors(): void {
  forwardX0 = 0;
  forwardY0 = 0;
  forwardX1 = 0;
  forwardY1 = 0;
  backwardX0 = 0;
  backwardY0 = 0;
  backwardX1 = 0;
  backwardY1 = 0;
}

/** The macroblock at `index` of the next anchor was not coded: here it has no bits at all. */
// @ts-ignore: decorator
@inline
export function skippedInAnchor(index: i32): bool {
  return load<u8>(anchorTypeAt + <usize>index) == SKIPPED;
}

export function macroblockB(): i32 {
  if (mbX == 0) resetPredictors();
  if (skippedInAnchor(mbIndex)) {
    writeType(SKIPPED, FORWARD);
    writeQuantiser();
    return OK;
  }
  // modb: 1; 01: no cbpb; 00.
  if (read(1)) {
    writeQuantiser();
    return direct(0, 0);
  }
  const coded = !read(1);
  // mb_type: 1 direct, 01 interpolate, 001 backward, 0001 forward (table B-3).
  const bits = bitsAt(bitPos);
  const type = <i32>clz<u64>(bits);
  if (type > 3) return BAD_MB_TYPE;
  skip(type + 1);
  const cbp = coded ? <i32>read(6) : 0;
  if (type != 0 && cbp && read(1)) changeQuantiser(read(1) ? 2 : -2); // dbquant
  writeQuantiser();
  let fieldDct = false;
  let fieldPrediction = false;
  let references: u32 = 0;
  const forward = type == 1 || type == 3;
  const backward = type == 1 || type == 2;
  if (interlaced) {
    if (cbp) fieldDct = read(1) != 0;
    if (type != 0 && read(1)) {
      fieldPrediction = true;
      // forward_top, forward_bottom, backward_top, backward_bottom_field_reference: PredictionFlag's order upwards.
      if (forward) references = (read(1) << 4) | (read(1) << 5);
      if (backward) references |= (read(1) << 6) | (read(1) << 7);
    }
  }
  let error: i32;
  if (type == 0) {
    const x = readComponent(0, 1);
    if (x == NO_VECTOR) return BAD_MVD;
    const y = readComponent(0, 1);
    if (y == NO_VECTOR) return BAD_MVD;
    error = direct(x, y);
  } else {
    error = OK;
    if (forward) error = fieldPrediction ? readForwardFields() : readForward();
    if (!error && backward) error = fieldPrediction ? readBackwardFields() : readBackward();
    const flags = (forward ? FORWARD : 0) | (backward ? BACKWARD : 0) | (fieldPrediction ? FIELD : 0);
    writeType(INTER, <u8>(<u32>flags | references));
  }
  if (error) return error;
  return interBlocks(cbp, fieldDct);
}

function readForward(): i32 {
  const x = readComponent(forwardX0, fcodeForward);
  if (x == NO_VECTOR) return BAD_MVD;
  const y = readComponent(forwardY0, fcodeForward);
  if (y == NO_VECTOR) return BAD_MVD;
  forwardX0 = x;
  forwardX1 = x;
  forwardY0 = y;
  forwardY1 = y;
  writeVector(vectorAt, pack(x, y));
  return OK;
}

function readBackward(): i32 {
  const x = readComponent(backwardX0, fcodeBackward);
  if (x == NO_VECTOR) return BAD_MVD;
  const y = readComponent(backwardY0, fcodeBackward);
  if (y == NO_VECTOR) return BAD_MVD;
  backwardX0 = x;
  backwardX1 = x;
  backwardY0 = y;
  backwardY1 = y;
  writeVector(backwardAt, pack(x, y));
  return OK;
}

function readForwardFields(): i32 {
  const x0 = readComponent(forwardX0, fcodeForward);
  if (x0 == NO_VECTOR) return BAD_MVD;
  const y0 = readComponent(forwardY0 / 2, fcodeForward);
  if (y0 == NO_VECTOR) return BAD_MVD;
  const x1 = readComponent(forwardX1, fcodeForward);
  if (x1 == NO_VECTOR) return BAD_MVD;
  const y1 = readComponent(forwardY1 / 2, fcodeForward);
  if (y1 == NO_VECTOR) return BAD_MVD;
  forwardX0 = x0;
  forwardX1 = x1;
  forwardY0 = y0 << 1;
  forwardY1 = y1 << 1;
  writeFieldVectors(vectorAt, pack(x0, y0 << 1), pack(x1, y1 << 1));
  return OK;
}

function readBackwardFields(): i32 {
  const x0 = readComponent(backwardX0, fcodeBackward);
  if (x0 == NO_VECTOR) return BAD_MVD;
  const y0 = readComponent(backwardY0 / 2, fcodeBackward);
  if (y0 == NO_VECTOR) return BAD_MVD;
  const x1 = readComponent(backwardX1, fcodeBackward);
  if (x1 == NO_VECTOR) return BAD_MVD;
  const y1 = readComponent(backwardY1 / 2, fcodeBackward);
  if (y1 == NO_VECTOR) return BAD_MVD;
  backwardX0 = x0;
  backwardX1 = x1;
  backwardY0 = y0 << 1;
  backwardY1 = y1 << 1;
  writeFieldVectors(backwardAt, pack(x0, y0 << 1), pack(x1, y1 << 1));
  return OK;
}

// One component of a direct vector pair from the anchor's (7.6.9.5.2): MVF = TRB MV / TRD + MVD; MVB.
// @ts-ignore: decorator
@inline
function directForward(anchor: i32, delta: i32, b: i32, d: i32): i32 {
  return (anchor * b) / d + delta;
}

// @ts-ignore: decorator
@inline
function directBackward(anchor: i32, delta: i32, forward: i32, b: i32, d: i32): i32 {
  return delta ? forward - anchor : (anchor * (b - d)) / d;
}

/** Direct mode: the anchor's vectors scaled in time, plus one delta for all of them. */
function direct(deltaX: i32, deltaY: i32): i32 {
  const prediction = load<u8>(anchorPredictionAt + <usize>mbIndex);
  if (prediction & FIELD) return directFields(deltaX, deltaY, prediction);
  for (let n = 0; n < 4; n++) {
    const cell = cellOffset(n);
    const x = <i32>load<i16>(anchorVectorAt + cell);
    const y = <i32>load<i16>(anchorVectorAt + cell, 2);
    const fx = directForward(x, deltaX, trb, trd);
    const fy = directForward(y, deltaY, trb, trd);
    store<u32>(vectorAt + cell, pack(fx, fy));
    store<u32>(
      backwardAt + cell,
      pack(directBackward(x, deltaX, fx, trb, trd), directBackward(y, deltaY, fy, trb, trd)),
    );
  }
  // Prediction is formed per 8x8 block; old encoders did so only where the anchor had four vectors.
  const split = prediction & SPLIT || !directWhole;
  if (split) writeType(INTER_SPLIT, FORWARD | BACKWARD | SPLIT);
  else writeType(INTER, FORWARD | BACKWARD);
  return OK;
}

function directFields(deltaX: i32, deltaY: i32, prediction: u8): i32 {
  let flags = FORWARD | BACKWARD | FIELD;
  for (let field = 0; field < 2; field++) {
    const cell = cellOffset(field << 1);
    const x = <i32>load<i16>(anchorVectorAt + cell);
    const y = <i32>load<i16>(anchorVectorAt + cell, 2) >> 1;
    // Which field of the past anchor the anchor's field came from shifts both distances.
    const from = (<i32>prediction >> (4 + field)) & 1;
    const shift = topFieldFirst ? field - from : from - field;
    const b = trbField + shift;
    const d = max<i32>(trdField + shift, 1);
    const fx = directForward(x, deltaX, b, d);
    const fy = directForward(y, deltaY, b, d);
    const forward = pack(fx, fy << 1);
    const backward = pack(
      directBackward(x, deltaX, fx, b, d),
      directBackward(y, deltaY, fy, b, d) << 1,
    );
    store<u32>(vectorAt + cell, forward);
    store<u32>(vectorAt + cell, forward, 4);
    store<u32>(backwardAt + cell, backward);
    store<u32>(backwardAt + cell, backward, 4);
    // Backward references: the field of the same parity.
    flags |= <u8>(from << (4 + field));
  }
  flags |= <u8>128; // the bottom field's backward reference is the bottom field
  writeType(INTER, flags);
  return OK;
}
