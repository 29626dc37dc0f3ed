/**
 * The H.264 fuzzer as a script:
 *
 *     npx tsx test/fuzz/h264.ts --cases 20000 --seed 1
 *
 * runs the cases of seeds 1 … 20000. Run a failing one alone with `--cases 1 --seed N`.
 */
import { makeSubjects, runCase } from './h264-case.js';
import { runFuzzer } from './run.js';

await runFuzzer(import.meta.url, async () => {
  const subjects = makeSubjects();
  return (seed) => runCase(seed, subjects);
});
