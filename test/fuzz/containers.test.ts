/** A few hundred cases of the container fuzzer with every run of the tests. */
import { expect, it } from 'vitest';
import { containerCorpus, runContainerCase } from './container-case.js';

it('damaged files give packets or a typed error', async () => {
  const corpus = containerCorpus();
  const outcomes: Record<string, number> = {};
  for (let seed = 2_000_000; seed < 2_000_200; seed++) {
    const outcome = await runContainerCase(seed, corpus);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  // The generator must both break files and leave some readable.
  expect(outcomes.packets ?? 0).toBeGreaterThan(10);
  expect(outcomes.malformed ?? 0).toBeGreaterThan(10);
});
