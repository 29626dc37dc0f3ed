/** The container fuzzer as a script: `npx tsx test/fuzz/containers.ts --cases 5000 --seed 1`. */
import { containerCorpus, runContainerCase } from './container-case.js';
import { runFuzzer } from './run.js';

await runFuzzer(import.meta.url, async () => {
  const corpus = containerCorpus();
  return (seed) => runContainerCase(seed, corpus);
});
