import { expect, it } from 'vitest';
import { learntFrom } from './overlap.js';

const [a, b, c] = ['a', 'b', 'c'].map((letter) => letter.repeat(64)) as [string, string, string];
const card = (sha256: string, origin?: string) => ({
  data: { name: 'set', sha256, folds: [1], clips: 3, ...(origin && { origin: { name: 'first', sha256: origin } }) },
});
const set = (hash: string, origin?: string) => ({
  hash,
  origin: origin === undefined ? undefined : { name: 'first', hash: origin },
});

it.each([
  ['the same set', card(a), set(a), true],
  ['another set', card(a), set(b), false],
  ['a set re-encoded after training', card(a), set(b, a), true],
  ['the set that training re-encoded', card(b, a), set(a), true],
  ['two re-encodings of one set', card(b, a), set(c, a), true],
  ['a re-encoding of another set', card(b, a), set(c), false],
])('%s', (_, trained, tested, known) => {
  expect(learntFrom(trained, tested)).toBe(known);
});
