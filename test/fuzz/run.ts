/**
 * Runs the cases of a fuzzer in a child process, under a watchdog: a case that hangs is stopped and reported, and the
 * run goes on with the next seed. Prints progress and a summary; exit code 1 if any case failed.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export type RunCase = (seed: number) => Promise<string>;

/** What the child reports after every case. */
interface Report {
  seed: number;
  outcome: string | undefined;
  failure: string | undefined;
  /** Resident memory of the process in MB. */
  memory: number;
}

/** Seconds without a report after which a case counts as hanging. */
const patience = 30;

/** Tells the child process its seeds: first and end. */
const seedsVariable = 'VULTUS_FUZZ_SEEDS';

async function work(runCase: RunCase, first: number, end: number): Promise<void> {
  for (let seed = first; seed < end; seed++) {
    const report: Report = { seed, outcome: undefined, failure: undefined, memory: 0 };
    try {
      report.outcome = await runCase(seed);
    } catch (error) {
      report.failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    report.memory = process.memoryUsage.rss() / 2 ** 20;
    process.send!(report);
  }
}

/** Runs seeds `first` … `end` - 1 until they are done or one hangs; returns the seed to go on with. */
function supervise(script: string, first: number, end: number, onReport: (report: Report) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    let next = first;
    let hanging = false;
    // The same node, the same loader: `process.execArgv` is what brought TypeScript here.
    const child = fork(script, [], { env: { ...process.env, [seedsVariable]: `${first},${end}` } });
    const hang = (): void => {
      hanging = true;
      child.kill('SIGKILL');
    };
    let watchdog = setTimeout(hang, 4 * patience * 1000); // the first report waits for the clips to be made
    child.on('message', (report: Report) => {
      clearTimeout(watchdog);
      watchdog = setTimeout(hang, patience * 1000);
      next = report.seed + 1;
      onReport(report);
    });
    child.on('exit', (code, signal) => {
      clearTimeout(watchdog);
      if (next >= end) return resolve(next);
      if (next === first && !hanging) return reject(new Error(`the child process does not start (${code ?? signal})`));
      const failure = hanging ? `no end after ${patience} s` : `the process died (${code ?? signal})`;
      onReport({ seed: next, outcome: undefined, failure, memory: 0 });
      resolve(next + 1);
    });
  });
}

async function main(script: string): Promise<void> {
  const { values } = parseArgs({
    options: { cases: { type: 'string', default: '20000' }, seed: { type: 'string', default: '1' } },
  });
  const first = Number(values.seed);
  const end = first + Number(values.cases);
  const outcomes = new Map<string, number>();
  const failures: Report[] = [];
  const start = performance.now();
  let memory = 0;
  const onReport = (report: Report): void => {
    memory = Math.max(memory, report.memory);
    if (report.failure === undefined) outcomes.set(report.outcome!, (outcomes.get(report.outcome!) ?? 0) + 1);
    else {
      failures.push(report);
      console.error(`seed ${report.seed}: ${report.failure}`);
    }
    const done = report.seed + 1 - first;
    if (done % 1000 === 0) console.error(`${done} cases, ${failures.length} failures, ${memory.toFixed(0)} MB`);
  };
  for (let next = first; next < end; ) next = await supervise(script, next, end, onReport);
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `${end - first} cases (seeds ${first} to ${end - 1}) in ${seconds.toFixed(0)} s, at most ${memory.toFixed(0)} MB`,
  );
  for (const [outcome, count] of [...outcomes].sort((a, b) => b[1] - a[1])) console.log(`  ${outcome}: ${count}`);
  console.log(
    `  failures: ${failures.length}${failures.length ? `; seeds ${failures.map((f) => f.seed).join(' ')}` : ''}`,
  );
  process.exitCode = failures.length ? 1 : 0;
}

/**
 * Runs the fuzzer of the script at `script` (its own `import.meta.url`). In the child process `prepare` makes what the
 * cases share, and returns the function that runs one case: it returns how the case ended, or throws if it failed.
 */
export async function runFuzzer(script: string, prepare: () => Promise<RunCase>): Promise<void> {
  const seeds = process.env[seedsVariable];
  if (seeds === undefined) return main(fileURLToPath(script));
  const [first, end] = seeds.split(',').map(Number);
  await work(await prepare(), first!, end!);
  process.disconnect();
}
