/**
 * Two hundred files of every kind that people have through one `vultus analyze --out`: every row held against what is expected of
 * its file, memory sampled all the while. `npx tsx test/stress/many.ts [files, default 200]`.
 * Linux only: memory is read from /proc. Codecs that would be converted are to fail: VULTUS_FFMPEG points nowhere.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { main } from '../end-to-end/vultus.js';
import { type Expected, mixedFiles } from '../support/mixed-files.js';

interface Row {
  file: string;
  status: string;
  error: string | null;
  faces: number | null;
}

const folder = mkdtempSync(join(tmpdir(), 'vultus-many-'));
const [videos, out] = [join(folder, 'videos'), join(folder, 'out')];

/** Runs it over all files, named one by one: a folder's walk would pass over pipes and folders. */
function run(paths: readonly string[]): Promise<{ code: number | null; seconds: number; peak: number }> {
  const started = performance.now();
  const child = spawn(process.execPath, [main, 'analyze', ...paths, '--out', out, '--format', 'json,csv', '--report'], {
    env: { ...process.env, VULTUS_FFMPEG: join(folder, 'no-ffmpeg') },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  let peak = 0;
  const timer = setInterval(() => {
    try {
      const kb = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
      if (kb) peak = Math.round(Number(kb) / 1024);
    } catch {}
  }, 100);
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearInterval(timer);
      resolve({ code, seconds: (performance.now() - started) / 1000, peak });
    });
  });
}

/** What is wrong with a row, if anything. */
function complaint({ file, status, error, faces }: Row, wanted: Expected): string | undefined {
  if ('error' in wanted) {
    const oneLine = error !== null && wanted.error.test(error) && !/\n|internal error/.test(error);
    return oneLine ? undefined : `failed otherwise than expected: ${status}, ${error}`;
  }
  if (status !== 'done' || faces !== wanted.faces) return `${status}, ${faces} faces, ${error}`;
  const made = ['json', 'csv', 'html'].filter((type) => !existsSync(join(out, `${basename(file)}.${type}`)));
  return made.length > 0 ? `is without ${made.join(', ')}` : undefined;
}

try {
  mkdirSync(videos);
  const expected = mixedFiles(videos, Number(process.argv[2] ?? 200));
  const { code, seconds, peak } = await run([...expected.keys()]);
  const { files } = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')) as { files: Row[] };
  const complaints = files.flatMap((row) => {
    const found = complaint(row, expected.get(row.file)!);
    return found ? [`${basename(row.file)} ${found}`] : [];
  });
  const order = files.map(({ file }) => file).join('\n') === [...expected.keys()].join('\n');
  const done = files.filter(({ status }) => status === 'done').length;
  const reasons = new Map<string, number>();
  for (const { error } of files) {
    const reason = error?.replaceAll(folder, '');
    if (reason) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  console.log(
    `${files.length} files of ${expected.size} in ${order ? '' : 'ANOTHER '}order: ${done} done, ${files.length - done} failed`,
  );
  console.log(`exit ${code} after ${seconds.toFixed(0)} s; peak memory ${peak} MiB`);
  for (const [reason, count] of reasons) console.log(`${count} x ${reason}`);
  for (const text of complaints) console.log(`NOT AS EXPECTED: ${text}`);
  console.log(complaints.length === 0 ? 'every row is as expected' : `${complaints.length} rows are not`);
  if (!order || complaints.length > 0 || code !== 1) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
