/**
 * Multinomial logistic regression, fitted to its optimum: standardised features, a small quadratic penalty, accelerated
 * gradient descent (Nesterov 1983) with the step that the curvature allows. Deterministic, no settings to tune.
 */

/** Weight of the quadratic penalty beside the mean log-loss. */
const ridge = 1e-2;
/** At most; and where no derivative is larger than the tolerance, there is nothing left to gain. */
const iterations = 300;
const tolerance = 1e-4;

/** A fitted classifier: the class with the largest of `weight x + bias`. */
export interface SoftmaxRegression {
  /** [classes, features], row-major. */
  weight: Float64Array;
  bias: Float64Array;
  /** The class of new features. */
  predict(features: Float32Array): number;
}

/**
 * Fits a classifier of `classes` classes.
 * @param features equal lengths; @param labels from 0, one each
 */
export function fitSoftmax(
  features: readonly Float32Array[],
  labels: readonly number[],
  classes: number,
): SoftmaxRegression {
  const n = features.length;
  const size = features[0]!.length;
  const { mean, scale } = moments(features);
  const standard = (x: Float32Array) => Float64Array.from(x, (v, k) => (v - mean[k]!) * scale[k]!);
  const rows = features.map(standard);
  const width = size + 1;
  // Hessian of the mean log-loss is at most half the features' second moment (Boehning 1992); 1 is the bias's share.
  const step = 1 / (0.5 * (largestMoment(rows) + 1) + ridge);
  const weights = new Float64Array(classes * width);
  const ahead = new Float64Array(classes * width);
  const gradient = new Float64Array(classes * width);
  const shares = new Float64Array(classes);
  let since = 0;
  for (let t = 0; t < iterations; t++) {
    for (let i = 0; i < gradient.length; i++) gradient[i] = i % width === size ? 0 : ridge * ahead[i]!;
    for (let i = 0; i < n; i++) {
      const row = rows[i]!;
      scores(ahead, row, shares);
      softmax(shares);
      shares[labels[i]!]! -= 1;
      for (let c = 0; c < classes; c++) {
        const factor = shares[c]! / n;
        const at = c * width;
        for (let k = 0; k < size; k++) gradient[at + k]! += factor * row[k]!;
        gradient[at + size]! += factor;
      }
    }
    if (gradient.every((g) => Math.abs(g) < tolerance)) break;
    // The momentum is dropped where it leads uphill (O'Donoghue and Candes 2015).
    let uphill = 0;
    const momentum = since / (since + 3);
    for (let i = 0; i < weights.length; i++) {
      const next = ahead[i]! - step * gradient[i]!;
      const move = next - weights[i]!;
      uphill += gradient[i]! * move;
      ahead[i] = next + momentum * move;
      weights[i] = next;
    }
    since = uphill > 0 ? 0 : since + 1;
    if (uphill > 0) ahead.set(weights);
  }
  const answer = new Float64Array(classes);
  return {
    ...unstandardised(weights, mean, scale),
    predict(x) {
      scores(weights, standard(x), answer);
      return answer.indexOf(Math.max(...answer));
    },
  };
}

/** Weights of standardised features as those of the features themselves. */
function unstandardised(weights: Float64Array, mean: Float64Array, scale: Float64Array) {
  const size = mean.length;
  const classes = weights.length / (size + 1);
  const weight = new Float64Array(classes * size);
  const bias = Float64Array.from({ length: classes }, (_, c) => weights[c * (size + 1) + size]!);
  for (let c = 0; c < classes; c++) {
    for (let k = 0; k < size; k++) {
      const w = weights[c * (size + 1) + k]! * scale[k]!;
      weight[c * size + k] = w;
      bias[c]! -= w * mean[k]!;
    }
  }
  return { weight, bias };
}

/** w x + b of every class, into `result`. Four sums at once: one alone would wait for itself. */
function scores(weights: Float64Array, row: Float64Array, result: Float64Array): void {
  const size = row.length;
  const width = size + 1;
  for (let c = 0; c < result.length; c++) {
    const at = c * width;
    let [s0, s1, s2, s3] = [weights[at + size]!, 0, 0, 0];
    let k = 0;
    for (; k + 3 < size; k += 4) {
      s0 += weights[at + k]! * row[k]!;
      s1 += weights[at + k + 1]! * row[k + 1]!;
      s2 += weights[at + k + 2]! * row[k + 2]!;
      s3 += weights[at + k + 3]! * row[k + 3]!;
    }
    for (; k < size; k++) s0 += weights[at + k]! * row[k]!;
    result[c] = s0 + s1 + s2 + s3;
  }
}

/** In place. */
function softmax(values: Float64Array): void {
  let [top, sum] = [Number.NEGATIVE_INFINITY, 0];
  for (const v of values) top = Math.max(top, v);
  for (let i = 0; i < values.length; i++) {
    values[i] = Math.exp(values[i]! - top);
    sum += values[i]!;
  }
  for (let i = 0; i < values.length; i++) values[i]! /= sum;
}

function moments(features: readonly Float32Array[]): { mean: Float64Array; scale: Float64Array } {
  const n = features.length;
  const mean = new Float64Array(features[0]!.length);
  const square = new Float64Array(mean.length);
  for (const row of features) for (let k = 0; k < mean.length; k++) mean[k]! += row[k]! / n;
  for (const row of features) for (let k = 0; k < mean.length; k++) square[k]! += (row[k]! - mean[k]!) ** 2 / n;
  return { mean, scale: square.map((v) => (v > 1e-12 ? 1 / Math.sqrt(v) : 0)) };
}

/** Largest eigenvalue of the rows' second moment, from below by power iteration, with a tenth to spare. */
function largestMoment(rows: readonly Float64Array[]): number {
  let v = Float64Array.from(rows[0]!, (_, k) => 1 + 0.01 * k);
  let value = 0;
  for (let t = 0; t < 50; t++) {
    const next = new Float64Array(v.length);
    for (const row of rows) {
      let dot = 0;
      for (let k = 0; k < v.length; k++) dot += row[k]! * v[k]!;
      for (let k = 0; k < v.length; k++) next[k]! += (dot * row[k]!) / rows.length;
    }
    value = Math.hypot(...next) / (Math.hypot(...v) || 1);
    const norm = Math.hypot(...next) || 1;
    v = next.map((x) => x / norm);
  }
  return 1.1 * value;
}
