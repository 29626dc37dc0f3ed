/**
 * Multinomial logistic regression, fitted to its optimum: standardised features, a small quadratic penalty, accelerated
 * gradient descent (Nesterov 1983) with the step that the curvature allows. Deterministic, no settings to tune.
 */

/** Weight of the quadratic penalty beside the mean log-loss. */
const ridge = 1e-2;
const iterations = 400;

/**
 * Fits a classifier of `classes` classes; gives the function that answers for new features.
 * @param features equal lengths; @param labels from 0, one each
 */
export function fitSoftmax(
  features: readonly Float32Array[],
  labels: readonly number[],
  classes: number,
): (features: Float32Array) => number {
  const n = features.length;
  const size = features[0]!.length;
  const { mean, scale } = moments(features);
  const standard = (x: Float32Array) => Float64Array.from(x, (v, k) => (v - mean[k]!) * scale[k]!);
  const rows = features.map(standard);
  const width = size + 1;
  // Hessian of the mean log-loss is at most half the features' second moment (Boehning 1992); 1 is the bias's share.
  const step = 1 / (0.5 * (largestMoment(rows) + 1) + ridge);
  let weights = new Float64Array(classes * width);
  let ahead = weights.slice();
  for (let t = 1; t <= iterations; t++) {
    const gradient = ahead.map((w, i) => (i % width === size ? 0 : ridge * w));
    for (let i = 0; i < n; i++) {
      const shares = softmax(scores(ahead, rows[i]!, classes));
      shares[labels[i]!]! -= 1;
      for (let c = 0; c < classes; c++) {
        const factor = shares[c]! / n;
        const row = rows[i]!;
        const at = c * width;
        for (let k = 0; k < size; k++) gradient[at + k]! += factor * row[k]!;
        gradient[at + size]! += factor;
      }
    }
    const next = ahead.map((w, i) => w - step * gradient[i]!);
    const momentum = (t - 1) / (t + 2);
    ahead = next.map((w, i) => w + momentum * (w - weights[i]!));
    weights = next;
  }
  return (x) => {
    const answer = scores(weights, standard(x), classes);
    return answer.indexOf(Math.max(...answer));
  };
}

function scores(weights: Float64Array, row: Float64Array, classes: number): Float64Array {
  const width = row.length + 1;
  const result = new Float64Array(classes);
  for (let c = 0; c < classes; c++) {
    let sum = weights[c * width + row.length]!;
    for (let k = 0; k < row.length; k++) sum += weights[c * width + k]! * row[k]!;
    result[c] = sum;
  }
  return result;
}

function softmax(values: Float64Array): Float64Array {
  const top = Math.max(...values);
  const powers = values.map((v) => Math.exp(v - top));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((v) => v / sum);
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
