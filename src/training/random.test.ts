/** The generator: seeds decide, state continues, distributions are what they say. */
import { describe, expect, it } from 'vitest';
import { Random } from './random.js';

const draw = (random: Random, n: number) => Array.from({ length: n }, () => random.next());

describe('Random', () => {
  it('gives the same sequence for the same seed on every machine', () => {
    expect(draw(new Random(1), 4)).toEqual(draw(new Random(1), 4));
    expect(draw(new Random(1), 4)).not.toEqual(draw(new Random(2), 4));
    // Kept from the first version: another sequence would make old runs impossible to repeat.
    expect(draw(new Random(42), 3)).toEqual([1959603763, 2423114712, 2466933512]);
  });

  it('continues from its state, also between the two deviates of a pair', () => {
    const random = new Random(3);
    random.normal();
    const state = JSON.parse(JSON.stringify(random.state()));
    const expected = [random.normal(), random.normal(), random.uniform()];
    const other = new Random(99);
    other.restore(state);
    expect([other.normal(), other.normal(), other.uniform()]).toEqual(expected);
  });

  it('is uniform and normal', () => {
    const random = new Random(4);
    const n = 100_000;
    const counts = new Array<number>(7).fill(0);
    let [sum, square, tail] = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      counts[random.int(7)]!++;
      const x = random.normal();
      sum += x;
      square += x * x;
      if (Math.abs(x) > 1.96) tail++;
    }
    // Bounds of five standard deviations.
    for (const count of counts) expect(Math.abs(count - n / 7)).toBeLessThan(5 * Math.sqrt((n * 6) / 49));
    expect(Math.abs(sum / n)).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(square / n - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(tail / n - 0.05)).toBeLessThan(5 * Math.sqrt((0.05 * 0.95) / n));
  });

  it('shuffles without losing anything, every order as likely', () => {
    const random = new Random(6);
    const orders = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = random.shuffle(['a', 'b', 'c']).join('');
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(6);
    for (const count of orders.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(1000));
  });
});
