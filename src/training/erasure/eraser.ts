/**
 * The min-min game without a game: where z_e and z_i are jointly Gaussian, both players have closed forms. The estimator's best q(z_i | z_e)
 * is linear regression, and the least that z_e can be changed by so that it regresses nothing is a projection:
 *
 *   r(x) = x - W^+ U_k U_k^T W (x - m),   W = Sigma_e^(-1/2),   U S V^T = W Sigma_ei
 *
 * (LEACE; Belrose, Schneider-Joseph, Ravfogel, Cotterell, Raff, Biderman: LEACE: Perfect linear concept erasure in closed form,
 * NeurIPS 2023), Sigma_e shrunk by Ledoit and Wolf's rule. Two things are ours. Covariances are those within an expression, so that what is taken out is what z_e tells of the
 * person beyond it: I(z_e; z_i | y). And not all of U is taken out but its first k columns, the directions of largest covariance:
 * with 56 people all of U is 55 of 128 dimensions, most of it noise that expressions need.
 *
 * r is affine, so it vanishes in the layer that gives z_e: a model without those directions costs what it cost before.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { ModelError } from '../../errors.js';

/** What the eraser learns from: one entry per clip each. */
export interface ErasureClips {
  /** z_e, equal lengths d. */
  embeddings: readonly Float32Array[];
  /** z_i, equal lengths: a descriptor, or 1 for the clip's person and 0 for the others. */
  identities: readonly Float32Array[];
  /** Expression of each. */
  labels: readonly number[];
}

/** x to A x + b; `matrix` is [d, d], row-major. */
export interface AffineMap {
  matrix: Float64Array;
  offset: Float64Array;
}

/** Directions of z_e by how much they covary with identity; any number of the first can be taken out. */
export class Eraser {
  /** Covariance of whitened z_e with z_i along each direction, from the largest, to 0 at the least. At most as many as z_i has ranks. */
  readonly strengths: readonly number[];
  readonly #mean: Float64Array;
  /** W^+ U and U^T W: [d, n] and [n, d]. */
  readonly #back: Matrix;
  readonly #onto: Matrix;

  /** Throws ModelError for fewer than two clips. */
  constructor({ embeddings, identities, labels }: ErasureClips) {
    const count = embeddings.length;
    if (count < 2) throw new ModelError(`identity cannot be erased with ${count} clips to see it in`);
    this.#mean = meanOf(embeddings);
    const x = withinLabels(embeddings, labels);
    const z = withinLabels(identities, labels);
    const { values, vectors } = symmetric(shrunk(x));
    const power = (p: number) => scaled(vectors, values, p);
    const whiten = power(-0.5);
    const across = whiten.mmul(x.transpose().mmul(z).div(count));
    const { values: squares, vectors: left } = symmetric(across.mmul(across.transpose()));
    const strengths = squares.map((v) => Math.sqrt(Math.max(0, v)));
    const rank = strengths.filter((s) => s > 1e-6 * strengths[0]!).length;
    this.strengths = strengths.slice(0, rank);
    const u = rank > 0 ? left.subMatrix(0, left.rows - 1, 0, rank - 1) : Matrix.zeros(left.rows, 0);
    this.#back = power(0.5).mmul(u);
    this.#onto = u.transpose().mmul(whiten);
  }

  /** The map that takes the `directions` strongest out; all of them where there are fewer. 0 gives the identity. */
  map(directions: number): AffineMap {
    const d = this.#mean.length;
    const n = Math.min(directions, this.strengths.length);
    const matrix = Matrix.eye(d);
    if (n > 0) {
      const [back, onto] = [this.#back.subMatrix(0, d - 1, 0, n - 1), this.#onto.subMatrix(0, n - 1, 0, d - 1)];
      matrix.sub(back.mmul(onto));
    }
    const moved = matrix.mmul(Matrix.columnVector(Array.from(this.#mean)));
    return { matrix: Float64Array.from(matrix.to1DArray()), offset: this.#mean.map((m, i) => m - moved.get(i, 0)) };
  }
}

/** A x + b. */
export function apply({ matrix, offset }: AffineMap, x: Float32Array): Float32Array {
  const d = offset.length;
  return Float32Array.from(offset, (b, i) => {
    let sum = b;
    for (let k = 0; k < d; k++) sum += matrix[i * d + k]! * x[k]!;
    return sum;
  });
}

function meanOf(rows: readonly Float32Array[]): Float64Array {
  const mean = new Float64Array(rows[0]!.length);
  for (const row of rows) for (let k = 0; k < mean.length; k++) mean[k]! += row[k]! / rows.length;
  return mean;
}

/** The rows, each less the mean of its label's rows: [n, d]. */
function withinLabels(rows: readonly Float32Array[], labels: readonly number[]): Matrix {
  const means = new Map<number, Float64Array>();
  for (const label of new Set(labels)) means.set(label, meanOf(rows.filter((_, i) => labels[i] === label)));
  return new Matrix(rows.map((row, i) => Array.from(row, (v, k) => v - means.get(labels[i]!)![k]!)));
}

/** Eigenvalues of a symmetric matrix from the largest, and their vectors as columns. */
function symmetric(matrix: Matrix): { values: number[]; vectors: Matrix } {
  const found = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const order = found.realEigenvalues
    .map((_, i) => i)
    .sort((a, b) => found.realEigenvalues[b]! - found.realEigenvalues[a]!);
  const { eigenvectorMatrix } = found;
  const rows = Array.from({ length: matrix.rows }, (_, i) => i);
  return {
    values: order.map((i) => found.realEigenvalues[i]!),
    vectors: eigenvectorMatrix.selection(rows, order),
  };
}

/** V diag(values^p) V^T; where nothing varies, values are 0 and stay so. */
function scaled(vectors: Matrix, values: readonly number[], p: number): Matrix {
  const factors = values.map((v) => (v > 0 ? v ** p : 0));
  return vectors.clone().mulRowVector(factors).mmul(vectors.transpose());
}

/**
 * The covariance of centred rows [n, d], drawn towards a multiple of the identity by as much as its own noise makes best (Ledoit,
 * Wolf: A well-conditioned estimator for large-dimensional covariance matrices, J. Multivariate Analysis 88, 2004): 128 clips tell 128
 * dimensions badly, and their inverse would be noise.
 */
function shrunk(x: Matrix): Matrix {
  const [n, d] = [x.rows, x.columns];
  const sample = x.transpose().mmul(x).div(n);
  const mean = sample.trace() / d;
  const squares = (m: Matrix) => m.to1DArray().reduce((sum, v) => sum + v * v, 0);
  const target = Matrix.eye(d).mul(mean);
  const dispersion = squares(Matrix.sub(sample, target));
  if (dispersion === 0) return sample;
  const fourth = x.to2DArray().reduce((sum, row) => sum + row.reduce((s, v) => s + v * v, 0) ** 2, 0);
  const noise = Math.min(dispersion, (fourth / n - squares(sample)) / n);
  const share = noise / dispersion;
  return sample.mul(1 - share).add(target.mul(share));
}
