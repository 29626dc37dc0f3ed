/** A few hundred cases of the fuzzer with every run of the tests; `npx tsx test/fuzz/mpeg4.ts` runs as many as you like. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { mpeg4Corpus } from './corpus.js';
import { makeSubject, runCase, type Subject } from './mpeg4-case.js';

describe('damaged MPEG-4 packets give a typed error or a flagged frame', () => {
  let subjects: Subject[];
  beforeAll(async () => {
    subjects = (await mpeg4Corpus()).map(makeSubject);
  });

  it('the same 250 cases every time', async () => {
    const outcomes: Record<string, number> = {};
    const memory = process.memoryUsage.rss();
    for (let seed = 1_000_000; seed < 1_000_250; seed++) {
      const outcome = await runCase(seed, subjects);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    // The generator must reach the macroblocks, not only break headers.
    expect(outcomes['damaged frame'] ?? 0).toBeGreaterThan(50);
    expect(outcomes.malformed ?? 0).toBeGreaterThan(20);
    expect((process.memoryUsage.rss() - memory) / 2 ** 20, 'megabytes more').toBeLessThan(600);
  }, 180_000);

  it('new cases every time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), async (seed) => {
        await runCase(seed, subjects);
      }),
      { numRuns: 100 },
    );
  }, 180_000);
});
