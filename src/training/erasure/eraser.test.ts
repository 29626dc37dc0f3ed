/** The eraser against Gaussians whose mutual information is known, against a probe, and folded into weights. */
import { determinant, Matrix, pseudoInverse } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { type EmbeddedClip, leakageOf } from '../../evaluation/leakage.js';
import { Random } from '../random.js';
import { erasedWeights } from './erased-model.js';
import { apply, Eraser } from './eraser.js';

const rhos = [0.9, 0.7, 0.5, 0.3];

/** z_i of 4 dimensions, and z_e of 7: 4 that correlate with z_i by `rhos`, 3 that do not, all mixed. */
function gaussians(n: number, seed = 1): { embeddings: Float32Array[]; identities: Float32Array[] } {
  const random = new Random(seed);
  const mixing = Matrix.from1DArray(
    7,
    7,
    Array.from({ length: 49 }, () => random.normal()),
  );
  const [embeddings, identities]: [Float32Array[], Float32Array[]] = [[], []];
  for (let i = 0; i < n; i++) {
    const zi = Float32Array.from(rhos, () => random.normal());
    const parts = [
      ...rhos.map((rho, k) => rho * zi[k]! + Math.sqrt(1 - rho ** 2) * random.normal()),
      ...[1, 2, 3].map(() => random.normal()),
    ];
    identities.push(zi);
    embeddings.push(Float32Array.from(mixing.mmul(Matrix.columnVector(parts)).to1DArray()));
  }
  return { embeddings, identities };
}

/** Rows less their mean. */
function centred(rows: readonly Float32Array[]): Matrix {
  const x = new Matrix(rows.map((row) => Array.from(row)));
  return x.subRowVector(x.mean('column'));
}

/** Of jointly Gaussian rows, in nats: half the log of how much regression on x shrinks the volume of y. */
function information(x: readonly Float32Array[], y: readonly Float32Array[]): number {
  const [a, b] = [centred(x), centred(y)];
  const covariance = (p: Matrix, q: Matrix) => p.transpose().mmul(q).div(p.rows);
  const across = covariance(a, b);
  const explained = across
    .transpose()
    .mmul(pseudoInverse(covariance(a, a), 1e-6))
    .mmul(across);
  const own = covariance(b, b);
  return 0.5 * Math.log(determinant(own) / determinant(Matrix.sub(own, explained)));
}

describe('Eraser', () => {
  it('takes out the strongest first: what is left is the information of the others', () => {
    const n = 20_000;
    const { embeddings, identities } = gaussians(n);
    const eraser = new Eraser({ embeddings, identities, labels: new Array(n).fill(0) });
    expect(eraser.strengths).toHaveLength(4);
    rhos.forEach((rho, k) => {
      expect(eraser.strengths[k]).toBeCloseTo(rho, 1);
    });
    for (let k = 0; k <= 4; k++) {
      const map = eraser.map(k);
      const left = information(
        embeddings.map((x) => apply(map, x)),
        identities,
      );
      const known = rhos.slice(k).reduce((sum, rho) => sum - 0.5 * Math.log(1 - rho ** 2), 0);
      expect(Math.abs(left - known)).toBeLessThan(0.02);
    }
  });

  it('is a projection that moves z_e less than the orthogonal one', () => {
    const n = 2000;
    const { embeddings, identities } = gaussians(n);
    const { matrix } = new Eraser({ embeddings, identities, labels: new Array(n).fill(0) }).map(4);
    const a = Matrix.from1DArray(7, 7, Array.from(matrix));
    expect(Matrix.sub(a.mmul(a), a).norm()).toBeLessThan(1e-9);
    expect(a.trace()).toBeCloseTo(3, 9);
    const [x, z] = [centred(embeddings), centred(identities)];
    const across = x.transpose().mmul(z);
    // Both erase: no linear function of what is left covaries with z_i.
    expect(a.mmul(across).norm() / across.norm()).toBeLessThan(1e-5);
    const orthogonal = Matrix.sub(Matrix.eye(7), across.mmul(pseudoInverse(across)));
    const moved = (by: Matrix) => Matrix.sub(x.mmul(by.transpose()), x).norm();
    expect(moved(a)).toBeLessThan(0.95 * moved(orthogonal));
  });

  it('takes out what z_e tells of the person beyond the expression', () => {
    const random = new Random(5);
    const clips = Array.from({ length: 400 }, (_, i) => {
      const person = i % 4;
      // Each person shows two of four expressions: to know the person is to know much of the expression.
      const label = (person + (Math.floor(i / 4) % 2)) % 4;
      return { person, label };
    });
    const embeddings = clips.map(({ person, label }) =>
      Float32Array.from([label, person + 0.1 * random.normal(), random.normal()]),
    );
    const identities = clips.map(({ person }) => Float32Array.from([0, 1, 2, 3], (p) => Number(p === person)));
    const eraser = new Eraser({ embeddings, identities, labels: clips.map(({ label }) => label) });
    const left = embeddings.map((x) => apply(eraser.map(9), x));
    left.forEach((x, i) => {
      expect(x[0]).toBeCloseTo(clips[i]!.label, 4);
    });
    /** The largest difference between two people's means of x[1] among clips of one expression. */
    const between = (rows: readonly Float32Array[]) =>
      Math.max(
        ...[0, 1, 2, 3].map((label) => {
          const means = [label, (label + 3) % 4].map((person) => {
            const own = rows.filter((_, i) => clips[i]!.label === label && clips[i]!.person === person);
            return own.reduce((sum, x) => sum + x[1]! / own.length, 0);
          });
          return Math.abs(means[0]! - means[1]!);
        }),
      );
    expect(between(embeddings)).toBeGreaterThan(0.9);
    expect(between(left)).toBeLessThan(1e-4);
  });

  it('leaves a probe at chance on clips that it was not fitted to', () => {
    const random = new Random(3);
    const people = Array.from({ length: 8 }, () => Float32Array.from({ length: 32 }, () => random.normal()));
    const clips = people.flatMap((mean, p) =>
      Array.from({ length: 80 }, (_, i): EmbeddedClip & { own: boolean } => ({
        ...{ clip: `${p} ${i}`, subject: `P${p}`, emotion: ['anger', 'fear'][i % 2]!, own: i % 4 < 2 },
        embedding: mean.map((m) => m + 0.8 * random.normal()),
      })),
    );
    const [own, others] = [clips.filter(({ own }) => own), clips.filter(({ own }) => !own)];
    const eraser = new Eraser({
      embeddings: own.map(({ embedding }) => embedding),
      identities: own
        .map(({ subject }) => people.map((_, p) => Number(subject === `P${p}`)))
        .map((x) => Float32Array.from(x)),
      labels: own.map(({ emotion }) => (emotion === 'fear' ? 1 : 0)),
    });
    expect(eraser.strengths).toHaveLength(7);
    const probe = (k: number) => {
      const map = eraser.map(k);
      return leakageOf(others.map((one) => ({ ...one, embedding: apply(map, one.embedding) })))!.probe.accuracy;
    };
    expect(probe(0)).toBeGreaterThan(0.95);
    expect(probe(2)).toBeLessThan(probe(0));
    expect(probe(7)).toBeLessThan(0.3);
  });

  it('takes out a person whom few clips of many dimensions show, and little else', () => {
    const random = new Random(8);
    // 40 clips of 64 dimensions: their covariance has no inverse. Two people differ in one direction.
    const draw = (n: number) =>
      Array.from({ length: n }, (_, i) =>
        Float32Array.from({ length: 64 }, (_, k) => random.normal() + (k === 0 ? 6 * (i % 2) : 0)),
      );
    const few = draw(40);
    const identities = few.map((_, i) => Float32Array.of(i % 2, 1 - (i % 2)));
    const map = new Eraser({ embeddings: few, identities, labels: few.map(() => 0) }).map(1);
    const fresh = draw(400);
    const left = fresh.map((x) => apply(map, x));
    const difference = (rows: readonly Float32Array[]) => {
      const mean = (own: number) =>
        rows.filter((_, i) => i % 2 === own).reduce((sum, x) => sum + x[0]! / (rows.length / 2), 0);
      return Math.abs(mean(1) - mean(0));
    };
    expect(difference(fresh)).toBeGreaterThan(5);
    expect(difference(left)).toBeLessThan(1.5);
    const moved = left.reduce((sum, x, i) => sum + x.reduce((s, v, k) => s + (v - fresh[i]![k]!) ** 2, 0), 0) / 400;
    // The direction itself holds 9 + 1 of 73 of the variance.
    expect(moved).toBeLessThan(20);
  });

  it('has nothing to take out of a z_e that stands still, and refuses a single clip', () => {
    const still = { embeddings: [1, 2, 3].map(() => Float32Array.of(1, 2)), labels: [0, 0, 0] };
    const eraser = new Eraser({ ...still, identities: [1, 2, 3].map((v) => Float32Array.of(v)) });
    expect(eraser.strengths).toEqual([]);
    expect([...apply(eraser.map(3), Float32Array.of(4, 5))]).toEqual([4, 5]);
    const one = { embeddings: [Float32Array.of(1)], identities: [Float32Array.of(1)], labels: [0] };
    expect(() => new Eraser(one)).toThrow('cannot be erased with 1 clips');
  });
});

describe('erasedWeights', () => {
  it('folds the map into the layer of z_e and replaces the classifier', () => {
    const array = (shape: number[], ...data: number[]) => ({ shape, data: Float32Array.from(data) });
    const weights = new Map([
      ['stem.weight', array([1], 7)],
      ['embedding.weight', array([3, 2], 1, 2, 3, 4, 5, 6)],
      ['embedding.bias', array([2], 0.5, -0.5)],
      ['classifier.weight', array([2, 3], 0, 0, 0, 0, 0, 0)],
      ['classifier.bias', array([3], 0, 0, 0)],
    ]);
    const map = { matrix: Float64Array.of(1, 2, -1, 0.5), offset: Float64Array.of(10, 20) };
    const classifier = { weight: Float64Array.of(1, 2, 3, 4, 5, 6), bias: Float64Array.of(7, 8, 9), predict: () => 0 };
    const made = erasedWeights(weights, map, classifier);
    const dense = (name: string, x: readonly number[]) => {
      const { shape, data } = made.get(`${name}.weight`)!;
      const outputs = shape[1]!;
      return Array.from(made.get(`${name}.bias`)!.data, (b, o) =>
        x.reduce((sum, v, i) => sum + v * data[i * outputs + o]!, b),
      );
    };
    // (1, 1, 2): z_e was (14.5, 17.5), and A z_e + b is:
    expect(dense('embedding', [1, 1, 2])).toEqual([14.5 + 35 + 10, -14.5 + 8.75 + 20]);
    expect(dense('classifier', [1, 10])).toEqual([1 + 20 + 7, 3 + 40 + 8, 5 + 60 + 9]);
    expect(made.get('stem.weight')).toBe(weights.get('stem.weight'));
  });
});
