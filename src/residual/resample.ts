/**
 * Area resampling of one axis: every output sample is the mean of the source over the output sample's footprint. Where the
 * output is coarser than the source this is the box filter (no aliasing); where it is finer, it repeats source samples with
 * exact seams. Two passes, columns then rows, resample a plane.
 */

/** For each output sample: which source samples it covers, and how much of the footprint each of them fills. */
export interface AxisWeights {
  /** First source sample covered. */
  start: Int32Array;
  /** Number of source samples covered; 0 where the footprint lies outside the source. */
  count: Int32Array;
  /** `taps` weights per output sample. They add up to 1, or to less where part of the footprint is outside (reads as 0). */
  weights: Float64Array;
  taps: number;
  /** Source samples that some output sample covers: from `first` up to, not including, `end`. */
  first: number;
  end: number;
}

/**
 * @param length number of output samples
 * @param origin where the first output sample begins, in pixels
 * @param pitch pixels per output sample
 * @param sourceOrigin where the first source sample begins, in pixels
 * @param sourcePitch pixels per source sample
 * @param sourceLength number of source samples
 */
export function axisWeights(
  length: number,
  origin: number,
  pitch: number,
  sourceOrigin: number,
  sourcePitch: number,
  sourceLength: number,
): AxisWeights {
  const footprint = pitch / sourcePitch;
  const taps = Math.ceil(footprint) + 1;
  const start = new Int32Array(length);
  const count = new Int32Array(length);
  const weights = new Float64Array(length * taps);
  let [lowest, highest] = [sourceLength, 0];
  for (let i = 0; i < length; i++) {
    const from = (origin + i * pitch - sourceOrigin) / sourcePitch;
    const to = from + footprint;
    const first = Math.max(0, Math.floor(from));
    const end = Math.min(sourceLength, Math.ceil(to), first + taps);
    start[i] = first;
    count[i] = Math.max(0, end - first);
    if (end > first) {
      lowest = Math.min(lowest, first);
      highest = Math.max(highest, end);
    }
    for (let j = first; j < end; j++) {
      const overlap = Math.min(to, j + 1) - Math.max(from, j);
      weights[i * taps + j - first] = Math.max(0, overlap) / footprint;
    }
  }
  return { start, count, weights, taps, first: Math.min(lowest, highest), end: highest };
}

/**
 * Resamples rows of `source` by `columns` and `rows`. `load(y, line)` fills `line` with source row y, from
 * `columns.first` to `columns.end`: no more of it is read.
 * @param out `rows.start.length` x `columns.start.length` values
 */
export function resamplePlane(
  columns: AxisWeights,
  rows: AxisWeights,
  load: (y: number, line: Float64Array) => void,
  line: Float64Array,
  out: Float64Array,
): void {
  const { start, count, weights, taps } = columns;
  const width = start.length;
  const height = rows.start.length;
  const squeezed = new Float64Array(width);
  out.fill(0);
  // Each source row is squeezed once, then spread over the output rows that cover it.
  let firstOutput = 0;
  for (let y = rows.start[0] ?? 0; firstOutput < height; y++) {
    while (firstOutput < height && rows.start[firstOutput]! + rows.count[firstOutput]! <= y) firstOutput++;
    if (firstOutput >= height) break;
    if (rows.start[firstOutput]! > y) {
      y = rows.start[firstOutput]! - 1;
      continue;
    }
    load(y, line);
    for (let x = 0; x < width; x++) {
      const from = start[x]!;
      const covered = count[x]!;
      let value = 0;
      for (let t = 0, w = x * taps; t < covered; t++, w++) value += weights[w]! * line[from + t]!;
      squeezed[x] = value;
    }
    for (let o = firstOutput; o < height && rows.start[o]! <= y; o++) {
      const tap = y - rows.start[o]!;
      if (tap >= rows.count[o]!) continue;
      const weight = rows.weights[o * rows.taps + tap]!;
      for (let x = 0; x < width; x++) out[o * width + x]! += weight * squeezed[x]!;
    }
  }
}
