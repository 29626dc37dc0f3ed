/**
 * A long video through `vultus analyze --out`: memory sampled all the while, interrupted half-way and resumed, the bytes held
 * against those of an uninterrupted run. `npx tsx test/stress/long.ts [minutes, default 30]`.
 * Linux only: memory is read from /proc. The long video is read in parts by two threads; the run has one short video before it.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { grainyFace } from '../../bench/clips.js';
import { main } from '../end-to-end/vultus.js';
import { makeClip } from '../support/clips.js';
import { ffmpeg } from '../support/ffmpeg.js';

const minutes = Number(process.argv[2] ?? 30);
const folder = mkdtempSync(join(tmpdir(), 'vultus-long-'));
const encoder = ['-c:v', 'libx264', '-preset', 'veryfast', '-threads', '2', '-b:v', '1500k', '-g', '250', '-bf', '2'];
const minute = makeClip(grainyFace(1280, 720, 1200), encoder, 'mp4');
// The clip of 48 s, again and again, its packets copied.
const list = join(folder, 'list.txt');
writeFileSync(list, `file '${minute}'\n`.repeat(Math.round((minutes * 60) / 48)));
const long = join(folder, 'long.mp4');
ffmpeg(['-f', 'concat', '-safe', '0', '-i', list, '-c', 'copy', '-y', long]);

interface Run {
  code: number | null;
  seconds: number;
  /** MiB, one sample a second. */
  rss: number[];
  stdout: string;
}

function run(out: string, stopAfter = Number.POSITIVE_INFINITY): Promise<Run> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const child = spawn(process.execPath, [
    main,
    'analyze',
    minute,
    long,
    '--out',
    out,
    '--format',
    'json,csv',
    '--jobs',
    '2',
  ]);
  const rss: number[] = [];
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.pipe(process.stderr);
  let stopped = false;
  const timer = setInterval(() => {
    try {
      const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
      if (kb) rss.push(Math.round(Number(kb) / 1024));
    } catch {}
    if (seconds() > stopAfter && !stopped) stopped = child.kill('SIGINT');
  }, 1000);
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearInterval(timer);
      resolve({ code, seconds: seconds(), rss, stdout });
    });
  });
}

const files = (out: string) =>
  new Map(
    readdirSync(out)
      .filter((name) => !name.startsWith('.'))
      .map((name) => [name, readFileSync(join(out, name))]),
  );

/** Highest memory in each tenth of the run. */
function tenths({ rss }: Run): number[] {
  return Array.from({ length: 10 }, (_, i) =>
    Math.max(0, ...rss.slice(Math.floor((i * rss.length) / 10), Math.floor(((i + 1) * rss.length) / 10))),
  );
}

const tell = (name: string, run: Run) =>
  console.log(
    `${name}: exit ${run.code} after ${run.seconds.toFixed(0)} s; peak RSS ${Math.max(...run.rss)} MiB; by tenths ${tenths(run).join(' ')}\n${run.stdout.trim()}`,
  );

try {
  const [whole, halves] = [join(folder, 'whole'), join(folder, 'halves')];
  const first = await run(whole);
  tell('uninterrupted', first);
  const stopped = await run(halves, first.seconds / 2);
  tell('interrupted half-way', stopped);
  const resumed = await run(halves);
  tell('resumed', resumed);
  const [a, b] = [files(whole), files(halves)];
  const different = [...a].filter(([name, bytes]) => !b.get(name)?.equals(bytes)).map(([name]) => name);
  const same = a.size === b.size && different.length === 0;
  console.log(same ? `the ${a.size} files are the same byte for byte` : `different: ${different.join(', ')}`);
  if (!same || stopped.code !== 130 || resumed.code !== 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
