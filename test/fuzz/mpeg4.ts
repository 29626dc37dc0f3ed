/**
 * The MPEG-4 fuzzer as a script:
 *
 *     npx tsx test/fuzz/mpeg4.ts --cases 20000 --seed 1
 *
 * runs the cases of seeds 1 … 20000. Run a failing one alone with `--cases 1 --seed N`.
 */
import { mpeg4Corpus } from './corpus.js';
import { makeSubject, runCase } from './mpeg4-case.js';
import { runFuzzer } from './run.js';

await runFuzzer(import.meta.url, async () => {
  const subjects = (await mpeg4Corpus()).map(makeSubject);
  return (seed) => runCase(seed, subjects);
});
