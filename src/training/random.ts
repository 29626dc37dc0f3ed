/**
 * The one source of chance in training: sfc32 (Chris Doty-Humphrey's Small Fast Counting generator, 128 bits of state,
 * passes PractRand), seeded through splitmix32. Its state is five numbers, so a checkpoint can hold it.
 */

/** A generator's whole state: a, b, c, counter (uint32 each) and whether a second normal deviate is waiting (`NaN`: none). */
export type RandomState = readonly [number, number, number, number, number];

export class Random {
  private a = 0;
  private b = 0;
  private c = 0;
  private counter = 1;
  private spare = Number.NaN;

  /** @param seed any integer; equal seeds give equal sequences on every machine. */
  constructor(seed: number) {
    let z = seed >>> 0;
    const splitmix = () => {
      z = (z + 0x9e3779b9) >>> 0;
      let t = z ^ (z >>> 16);
      t = Math.imul(t, 0x21f0aaad);
      t ^= t >>> 15;
      t = Math.imul(t, 0x735a2d97);
      return (t ^ (t >>> 15)) >>> 0;
    };
    this.a = splitmix();
    this.b = splitmix();
    this.c = splitmix();
    for (let i = 0; i < 12; i++) this.next();
  }

  /** The next 32 random bits, as an integer in [0, 2^32). */
  next(): number {
    const t = (this.a + this.b + this.counter) >>> 0;
    this.counter = (this.counter + 1) >>> 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) >>> 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + t) >>> 0;
    return t;
  }

  /** Uniform in [0, 1), 32 bits of resolution. */
  uniform(): number {
    return this.next() / 2 ** 32;
  }

  /** Uniform integer in [0, n), without bias; `n` from 1 to 2^32. */
  int(n: number): number {
    const limit = 2 ** 32 - (2 ** 32 % n);
    let x = this.next();
    while (x >= limit) x = this.next();
    return x % n;
  }

  /** Standard normal deviate (polar method of Marsaglia). */
  normal(): number {
    if (!Number.isNaN(this.spare)) {
      const value = this.spare;
      this.spare = Number.NaN;
      return value;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s === 0 || s >= 1) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      this.spare = v * factor;
      return u * factor;
    }
  }

  /** Shuffles `items` in place (Fisher-Yates) and returns it. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const held = items[i]!;
      items[i] = items[j]!;
      items[j] = held;
    }
    return items;
  }

  /** The state, to be kept in a checkpoint. */
  state(): RandomState {
    return [this.a >>> 0, this.b >>> 0, this.c >>> 0, this.counter, this.spare];
  }

  /** Continues from a kept state. */
  restore(state: RandomState): void {
    [this.a, this.b, this.c, this.counter, this.spare] = state;
  }
}
